// Writes docs/klaviyo-compatibility.md from what the story found out.
//   node write_compatibility.mjs build/klaviyo-conformance.json docs/klaviyo-compatibility.md
import fs from 'node:fs';

const [source, target] = process.argv.slice(2);
const found = JSON.parse(fs.readFileSync(source, 'utf8'));
const cell = (text) => String(text).replaceAll('|', '\\|').replaceAll('\n', ' ');
const count = (rows, result) => rows.filter((row) => row.result === result).length;
const summary = (rows) =>
  `${count(rows, 'works')} work, ${count(rows, 'differs')} differ, ${count(rows, 'absent')} are absent.`;

const lines = [
  '# Compatibility with Klaviyo',
  '',
  `Made by \`tests/sdk\` with Klaviyo's own Node SDK ${found.sdk}, unmodified, against \`rollcall serve\`. Every answer was held against`,
  `Klaviyo's OpenAPI description of revision ${found.revision}. Do not edit it by hand: \`tests/sdk/run --write-page\` writes it anew.`,
  '',
  '* **works**: asked through the SDK, answered as the description says, and the story went on with what it said.',
  '* **differs**: there, and different in the way that is said.',
  '* **absent**: there is no such address here, for the reason that is said.',
  '',
  `Of ${found.operations.length} endpoints ${summary(found.operations)} Of ${found.conditions.length} kinds of condition ${summary(found.conditions)}`,
];
if (found.everywhere.length > 0) {
  lines.push('', '## Everywhere', '');
  for (const sentence of found.everywhere)
    lines.push(`* ${sentence}`);
}
lines.push('', '## Endpoints');
let section = '';
for (const row of found.operations) {
  if (row.section !== section) {
    section = row.section;
    lines.push('', `### ${section.replace(/^2\.\d+ /, '')}`, '', '| endpoint | | |', '|---|---|---|');
  }
  lines.push(`| \`${row.method} ${row.path}\` | ${row.result} | ${cell(row.note)} |`);
}
lines.push('', '## Condition types of segments', '',
  'Each was created, built and read back unchanged.', '', '| condition | | |', '|---|---|---|');
for (const row of found.conditions)
  lines.push(`| ${cell(row.name)} | ${row.result} | ${cell(row.note)} |`);
fs.writeFileSync(target, `${lines.join('\n')}\n`);
