// A shop's story, told through Klaviyo's unmodified SDK to a real server:
//   node story.mjs PROGRAM MODULES REFERENCE RESULT
// MODULES is a folder with node_modules, REFERENCE one with klaviyo-openapi.json. Ends with 1 when
// something is not as it should be.
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Client } from './client.mjs';
import { Conformance, readScope } from './conformance.mjs';
import * as notes from './notes.mjs';
import { startServer } from './server.mjs';
import * as account from './story_account.mjs';
import * as events from './story_events.mjs';
import * as people from './story_people.mjs';
import * as segments from './story_segments.mjs';
import { Validator } from './validator.mjs';

const [program, modules, reference, result] = process.argv.slice(2);
const require = createRequire(path.join(path.resolve(modules), 'package.json'));
const sdk = require('klaviyo-api');
const version = require('klaviyo-api/package.json').version;
const { default: Ajv } = require('ajv');

/// "works", "differs" or "absent", with what there is to say; failures are added up.
function verdict(c, name, found, absenceOf) {
  const mistakes = [...found.mistakes];
  const difference = notes.differences[name];
  if (found.isAbsent) {
    const why = absenceOf();
    c.expect(Boolean(why), `${name} is absent, and notes.mjs does not say why`, mistakes);
    return { result: 'absent', note: why ?? '' };
  }
  if (mistakes.length > 0)
    c.expect(Boolean(difference), `${name} is not as it should be`, mistakes);
  c.expect(!absenceOf(), `${name} is there, and notes.mjs says that it is absent`);
  if (difference)
    return { result: 'differs', note: difference };
  return { result: 'works', note: found.note ?? '' };
}

function operationRow(c, row) {
  const found = c.operations.get(row.operation);
  const absence = notes.absences.find(([pattern]) => pattern.test(`${row.method} ${row.path}`));
  if (!found.isAbsent && found.isKnockedOnly)
    c.expect(false, `${row.operation} is there, and the story does not ask it`);
  const bySdk = c.client.has(row.operation.replace(/_(\w)/g, (whole, letter) => letter.toUpperCase()));
  const note = bySdk ? '' : 'the SDK has no method for it; asked without it';
  return { ...row, ...verdict(c, row.operation, { ...found, note }, () => absence?.[1]) };
}

function conditionRow(c, [name, { mistakes, bySdk }]) {
  const note = bySdk ? '' : 'the SDK cannot send it; sent without it';
  return { name, ...verdict(c, name, { mistakes, note, isAbsent: name in notes.absentConditions },
    () => notes.absentConditions[name]) };
}

async function tell(c, scope) {
  const story = { campaign: 'CAMP01', flow: 'FLOW01' };
  const parts = [
    account.tellOfAccount, people.tellOfPeople, people.tellOfLists, people.tellOfManyPeople,
    people.tellOfConsents, events.tellOfEvents, events.tellOfAggregates, segments.tellOfSegments,
    events.describeSendings, events.tellOfReports, account.tellOfSendings, account.tellOfTags,
    account.tellOfCustomMetrics, account.tellOfWebhooks, account.tellOfBrowsers,
    (all, so) => segments.tellOfConditions(all, so,
      path.join(reference, 'klaviyo-segment-examples.json')),
    people.tellOfForgetting];
  for (const part of parts)
    try {
      await part(c, story);
    } catch (failed) {
      c.expect(false, `${part.name || 'a part'} broke off: ${failed.stack}`);
    }
  await account.knockEverywhere(c, scope);
  return story;
}

const server = await startServer(path.resolve(program));
let failed = true;
try {
  const client = new Client(sdk, server.url, server.key);
  const validator = new Validator(Ajv, path.join(reference, 'klaviyo-openapi.json'));
  const c = new Conformance(client, validator);
  const scope = readScope(path.join(reference, 'klaviyo-api.md'));
  const story = await tell(c, scope);
  const made = {
    sdk: version,
    revision: validator.document.info.version,
    joined_after_ms: story.joinedAfterMs,
    everywhere: notes.everywhere,
    operations: scope.map((row) => operationRow(c, row)),
    conditions: [...c.conditions].map((each) => conditionRow(c, each)),
    failures: c.failures,
  };
  fs.mkdirSync(path.dirname(result), { recursive: true });
  fs.writeFileSync(result, `${JSON.stringify(made, null, 1)}\n`);
  for (const failure of c.failures)
    console.error(`not so: ${failure}`);
  const works = made.operations.filter((row) => row.result === 'works').length;
  console.log(`${works} of ${made.operations.length} endpoints work; somebody joined after `
    + `${story.joinedAfterMs?.toFixed(0)} ms; ${c.failures.length} failures`);
  failed = c.failures.length > 0;
} finally {
  const status = await server.stop();
  if (status !== 0) {
    failed = true;
    console.error(`the server ended with ${status}: ${server.said()}`);
  }
}
process.exit(failed ? 1 : 0);
