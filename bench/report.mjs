// bench/results/*.json as tables for people.

import { existsSync, readFileSync } from 'node:fs';
import { clusterSection, isOfCluster } from './cluster_report.mjs';
import { SIZES } from './sizes.mjs';

const RIVALS = ['duckdb', 'clickhouse'];

const figure = (n, digits = 1) => (n === undefined || n === null ? '–'
  : n >= 1000 ? Math.round(n).toLocaleString('en-US') : n.toFixed(n < 10 ? digits : 0));
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

/** The targets of the table in the project's first issue. */
const TARGETS = { 'one criterion': 5, 'twenty criteria': 20, 'a hundred segments': 30 };

class SizeResult {
  constructor(kept) {
    Object.assign(this, kept);
  }
  answer(who, question) {
    return this.lines.find((l) => l.who === who && l.question === question && (l.members !== undefined || l.store_ms !== undefined));
  }
  /** Of Rollcall there are two lines: the program's count and, from engine_bench, the time. */
  ourTime(question) {
    return this.lines.find((l) => l.who === 'rollcall' && l.question === question && l.store_ms !== undefined);
  }
  ourCount(question) {
    return this.lines.find((l) => l.who === 'rollcall' && l.question === question && l.members !== undefined);
  }
  value(who, work) {
    return this.lines.find((l) => l.who === who && l.work === work)?.value;
  }
  version(who) {
    return this.lines.find((l) => l.who === who && l.version)?.version ?? who;
  }
  best(question) {
    const times = RIVALS.map((r) => this.answer(r, question)?.store_ms).filter((t) => t !== undefined);
    return times.length ? Math.min(...times) : undefined;
  }
}

function buildTable(result, questions) {
  const rows = questions.map((q) => {
    const rivals = RIVALS.map((r) => result.answer(r, q.name));
    const ours = result.ourTime(q.name)?.store_ms;
    const best = result.best(q.name);
    const ratio = ours && best ? best / ours : undefined;
    const target = TARGETS[q.work];
    const members = rivals.find(Boolean)?.members ?? result.ourCount(q.name)?.members;
    const counted = Array.isArray(members) ? `${figure(members.reduce((a, b) => a + b, 0))} in all` : figure(members, 0);
    return [q.name.replaceAll('_', ' '), counted,
      ...rivals.map((a) => (a ? `${figure(a.store_ms)}${a.count_ms === undefined ? '' : ` (${figure(a.count_ms)})`}` : '–')),
      figure(ours), ratio === undefined ? '–' : `${figure(ratio)}×`, `${target}×`,
      ratio === undefined ? '–' : ratio >= target ? 'met' : 'missed'];
  });
  return table(['question', 'members', 'DuckDB ms', 'ClickHouse ms', 'Rollcall ms', 'ratio to the better', 'target', ''], rows);
}

/** How far our builds are from what memory alone would let them be. */
function bandwidthTable(result, questions) {
  const measured = questions.map((q) => result.ourTime(q.name)).filter((l) => l?.read_bytes);
  return measured.length ? table(['question', 'MiB read', 'ms to read them', 'build ms', 'times as long'],
    measured.map((l) => [l.question.replaceAll('_', ' '), figure(l.read_bytes / 2 ** 20), figure(l.read_ms, 2), figure(l.store_ms),
      `${figure(l.store_ms / l.read_ms)}×`])) : '';
}

function loadTable(result) {
  const per = (who) => {
    const bytes = result.value(who, 'size on disk');
    return bytes === undefined ? '–' : (bytes / result.about.events).toFixed(1);
  };
  const everyone = [...RIVALS, 'rollcall'];
  return table(['', 'DuckDB', 'ClickHouse', 'Rollcall'], [
    [`NDJSON to queryable, ${result.about.race_events.toLocaleString('en-US')} events, events/s`,
      ...everyone.map((w) => figure(result.value(w, 'insert NDJSON')))],
    ['bytes on disk per event, profiles included', ...everyone.map(per)],
  ]);
}

/** Reports: the faster shape of each rival, and what must be equal. */
function reportTable(result) {
  const ours = result.lines.filter((l) => l.who === 'rollcall' && l.report);
  const rows = ours.map((own) => {
    const rivals = RIVALS.map((r) => result.lines.find((l) => l.who === r && l.report === own.report));
    const times = rivals.filter(Boolean).map((l) => l.ms);
    const target = /four.*people/.test(own.report) ? 20 : times.length ? 2 : undefined;
    const ratio = times.length ? Math.min(...times) / own.ms : undefined;
    return [own.report, figure(own.rows, 0), ...rivals.map((l) => (l ? `${figure(l.ms)} (${l.shape})` : '–')), figure(own.ms),
      ratio === undefined ? '–' : `${figure(ratio)}×`, target === undefined ? '–' : `${target}×`,
      ratio === undefined ? '–' : ratio >= target ? 'met' : 'missed'];
  });
  return rows.length ? table(['report', 'rows', 'DuckDB ms', 'ClickHouse ms', 'Rollcall ms', 'ratio to the better', 'target', ''], rows) : '';
}

function reportDifferences(result) {
  const found = [];
  for (const own of result.lines.filter((l) => l.who === 'rollcall' && l.report))
    for (const r of RIVALS) {
      const other = result.lines.find((l) => l.who === r && l.report === own.report);
      for (const field of ['rows', 'count', 'unique'])
        if (other && other[field] !== own[field]) found.push(`report "${own.report}", ${field}: rollcall ${own[field]}, ${r} ${other[field]}`);
    }
  return found;
}

/** Everything else that Rollcall reported: rates, latencies, memory. */
function otherTable(result) {
  const shown = new Set(['insert NDJSON', 'size on disk']);
  const rest = result.lines.filter((l) => l.who === 'rollcall' && l.work && !shown.has(l.work) && !l.work.startsWith('HTTP: ') && !isOfCluster(l) && l.value !== undefined);
  return rest.length ? table(['work', 'value', 'unit'], rest.map((l) => [l.work, figure(l.value, 2), l.unit ?? ''])) : '';
}

/** What is measured through `rollcall serve`: a line for each load. */
function httpTable(result) {
  const prefix = 'HTTP: ';
  const lines = result.lines.filter((l) => l.work?.startsWith(prefix)).map((l) => ({ ...l, work: l.work.slice(prefix.length) }));
  const latency = (load, share) => figure(lines.find((l) => l.work === `${load}, ${share}`)?.value);
  const loads = lines.filter((l) => l.unit?.endsWith('/s'));
  const isOfLoad = (l) => loads.some((load) => l === load || ['p50', 'p99', 'p99.9'].some((share) => l.work === `${load.work}, ${share}`));
  const others = lines.filter((l) => !isOfLoad(l)).map((l) => `${l.work}: ${figure(l.value)} ${l.unit}.`);
  return loads.length ? [table(['load', 'a second', '', 'p50 ms', 'p99 ms', 'p99.9 ms'],
    loads.map((l) => [l.work, figure(l.value), l.unit.replace('/s', ''), ...['p50', 'p99', 'p99.9'].map((share) => latency(l.work, share))])),
  others.map((line) => `* ${line}`).join('\n')].join('\n\n') : '';
}

function differences(result, questions) {
  const found = [];
  for (const q of questions) {
    const counts = Object.fromEntries([...RIVALS.map((r) => [r, result.answer(r, q.name)?.members]),
      ['rollcall', result.ourCount(q.name)?.members]].filter(([, m]) => m !== undefined));
    const [first, ...others] = Object.values(counts);
    const list = (m) => (Array.isArray(m) ? m : [m]);
    for (const other of others)
      list(first).forEach((count, i) => {
        if (count !== list(other)[i]) found.push(`${q.name}${Array.isArray(first) ? ` segment ${i}` : ''}: ${Object.entries(counts)
          .map(([who, m]) => `${who} ${list(m)[i]}`).join(', ')}`);
      });
  }
  return [...new Set(found), ...reportDifferences(result)];
}

function section(result, questions) {
  const { about } = result;
  const m = about.machine;
  const wrong = differences(result, questions);
  const compared = questions.reduce((sum, q) => sum + (q.segments?.length ?? 1), 0);
  const counters = ['duckdb', 'clickhouse', 'rollcall'].filter((w) => result.lines.some((l) => l.who === w && l.members !== undefined));
  const stale = result.rivals_from?.commit !== m.commit || result.rivals_from?.date !== m.date;
  return [
    `## ${about.size}: ${about.profiles.toLocaleString('en-US')} profiles, ${about.events.toLocaleString('en-US')} events`,
    `Measured ${m.date} at commit ${m.commit} on ${m.processor}, ${m.cores} cores, ${m.memory_gib} GiB, ${m.system}; load average at the start ` +
      `${m.load_at_start}. ${about.threads} threads each, median of ${about.runs} runs after a warm-up, seed ${about.seed}. ` +
      `${result.version('duckdb')}; ${result.version('clickhouse')}.` +
      (stale && result.rivals_from ? ` The rivals' figures are from ${result.rivals_from.date}, commit ${result.rivals_from.commit}.` : ''),
    '### Builds',
    'Time until the members are stored; in brackets the time only to count them.' +
      (result.builds_from ? ` Rollcall's are from ${result.builds_from.date}, commit ${result.builds_from.commit}.` : ''),
    buildTable(result, questions),
    ...(bandwidthTable(result, questions) ? ['### Builds against memory bandwidth',
      'Pages of the store that a build touches, and how long two threads need to read as many bytes at the bandwidth measured in the same run.',
      bandwidthTable(result, questions)] : []),
    ...(reportTable(result) ? ['### Reports', `Time until the answer is there; rows and sums are compared between all.` +
      (result.reports_from ? ` Everybody measured in one run, ${result.reports_from.date}, commit ${result.reports_from.commit}.` : ''),
      reportTable(result)] : []),
    '### Loading',
    loadTable(result),
    ...(otherTable(result) ? ['### Rollcall alone', otherTable(result)] : []),
    ...(httpTable(result) ? ['### Over HTTP', 'A thousand segments over two hundred criteria are live. Latencies are from when a request was due; ' +
      'the load generator runs on the same cores.' + (result.http_from ? ` From ${result.http_from.date}, commit ${result.http_from.commit}.` : ''),
      httpTable(result)] : []),
    ...clusterSection(result, questions),
    '### Counts',
    wrong.length === 0
      ? `${compared} counts compared between ${counters.join(', ')}: all equal.`
      : `${wrong.length} of ${compared} counts differ:\n\n${wrong.map((w) => `- ${w}`).join('\n')}`,
  ].join('\n\n');
}

function scaling(results, questions) {
  if (results.length < 2) return '';
  const rows = questions.map((q) => [q.name.replaceAll('_', ' '),
    ...results.flatMap((r) => [figure(r.best(q.name)), figure(r.ourTime(q.name)?.store_ms)])]);
  const head = ['question', ...results.flatMap((r) => [`better rival, ${r.about.size}`, `Rollcall, ${r.about.size}`])];
  return `## Cost against size (ms)\n\n${table(head, rows)}`;
}

/** The text of RESULTS.md and how many counts differ. */
export function render(folder, questions) {
  const results = Object.keys(SIZES).map((size) => `${folder}/${size}.json`).filter(existsSync)
    .map((file) => new SizeResult(JSON.parse(readFileSync(file, 'utf8'))));
  const order = Object.keys(TARGETS);
  const sorted = [...questions].sort((a, b) => order.indexOf(a.work) - order.indexOf(b.work) || a.name.localeCompare(b.name));
  const text = ['# Results', 'Written by `bench/run`; what is measured and how stands in [README.md](README.md).',
    scaling(results, sorted), ...results.map((r) => section(r, sorted))].filter(Boolean).join('\n\n');
  return { text: `${text}\n`, disagreements: results.reduce((sum, r) => sum + differences(r, sorted).length, 0) };
}
