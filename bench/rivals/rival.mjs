#!/usr/bin/env node
// One rival in one process: node rival.mjs duckdb|clickhouse load|ask|report|race key=value…
// Prints a JSON line for each thing measured; the harness (../run.mjs) collects them.
//   load  directory= generator= profiles= seed= threads=             makes the tables from the generated store
//   ask   directory= questions=a.json,b.json runs= threads=         answers questions, median of `runs` after a warm-up
//   report directory= reports=reports.json runs= threads=            answers reports, in the fastest of their shapes
//   race  directory= file=events.ndjson runs= threads=               loads the NDJSON file, as it is, into an empty table

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

const EVENTS_PER_FILE = 10_000_000;
const MEMORY_GB = 10;

const [, , name, order, ...rest] = process.argv;
const given = Object.fromEntries(rest.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
const threads = Number(given.threads ?? 2);
const runs = Number(given.runs ?? 5);

const say = (line) => process.stdout.write(`${JSON.stringify({ rival: name, ...line })}\n`);
const median = (numbers) => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
};
async function milliseconds(work) {
  const start = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - start) / 1e6;
}
/** Processor time of all threads, which a busy machine distorts less. */
async function timed(work) {
  const before = process.cpuUsage();
  const wall = await milliseconds(work);
  const { user, system } = process.cpuUsage(before);
  return { wall, cpu: (user + system) / 1000 };
}

async function openRival() {
  mkdirSync(given.directory, { recursive: true });
  const rival = name === 'duckdb'
    ? await (await import('./duckdb.mjs')).DuckDb.open(given.directory, threads, MEMORY_GB)
    : await (await import('./clickhouse.mjs')).ClickHouse.open(given.directory, threads, MEMORY_GB);
  say({ version: await rival.version() });
  return rival;
}

async function load(rival) {
  const generate = (what, file, from = 0, to = Number.MAX_SAFE_INTEGER) => execFileSync(given.generator, ['--seed', given.seed,
    '--profiles', given.profiles, '--what', what, '--format', 'csv', '--from', String(from), '--to', String(to), '--out', file]);
  const file = (what) => `${given.directory}/${what}.csv`;
  generate('profiles', file('profiles'));
  generate('lists', file('lists'));
  let spent = await milliseconds(() => rival.loadProfiles(file('profiles'), file('lists')));
  const events = Number(execFileSync(given.generator, ['--seed', given.seed, '--profiles', given.profiles, '--what', 'count']));
  for (let from = 0; from < events; from += EVENTS_PER_FILE) {
    generate('events', file('events'), from, from + EVENTS_PER_FILE);
    spent += await milliseconds(() => rival.loadEvents(file('events'), from === 0));
    rmSync(file('events'));
  }
  spent += await milliseconds(() => rival.finishLoad());
  rmSync(file('profiles'));
  rmSync(file('lists'));
  say({ work: 'load from CSV', value: Math.round(events / (spent / 1000)), unit: 'events/s', events });
  say({ work: 'size on disk', value: await rival.bytes(), unit: 'bytes', events });
}

/** The fastest shape of a question's SQL, after a warm-up run of each. */
async function bestShape(rival, shapes) {
  let best = null;
  for (const [shape, members] of Object.entries(shapes)) {
    let count;
    await rival.count(members);
    const spent = await milliseconds(async () => { count = await rival.count(members); });
    if (best && best.count !== count) throw new Error(`shapes disagree: ${best.count} by ${best.shape}, ${count} by ${shape}`);
    if (!best || spent < best.spent) best = { shape, members, count, spent };
  }
  return best;
}

const storeTimes = (stored) => ({ store_ms: median(stored.map((t) => t.wall)), store_cpu_ms: median(stored.map((t) => t.cpu)) });

async function askOne(rival, question) {
  const best = await bestShape(rival, question.sql[name]);
  const counted = [];
  const stored = [];
  for (let run = 0; run < runs; ++run) {
    counted.push(await milliseconds(() => rival.count(best.members)));
    stored.push(await timed(() => rival.store(0, best.members)));
    await rival.forgetMembers();
  }
  say({ question: question.name, shape: best.shape, members: best.count, count_ms: median(counted), ...storeTimes(stored) });
}

async function askMany(rival, question) {
  const chosen = [];
  for (const segment of question.segments) chosen.push(await bestShape(rival, segment.sql[name]));
  const stored = [];
  for (let run = 0; run < runs; ++run) {
    stored.push(await timed(async () => {
      for (const [i, segment] of chosen.entries()) await rival.store(i, segment.members);
    }));
    await rival.forgetMembers();
  }
  say({ question: question.name, members: chosen.map((c) => c.count), ...storeTimes(stored) });
}

async function ask(rival) {
  for (const file of given.questions.split(',')) {
    const question = JSON.parse(readFileSync(file, 'utf8'));
    await (question.segments ? askMany(rival, question) : askOne(rival, question));
  }
}

/** Rows, and every measure added up over them; the last columns of a query are its measures. */
function checkOf(answers, measures) {
  const sums = Array(measures).fill(0);
  let rows = 0;
  for (const answer of answers)
    for (const row of answer) {
      ++rows;
      for (let m = 0; m < measures; ++m) sums[m] += Number(row[row.length - measures + m]);
    }
  return { rows, sums };
}

async function report(rival) {
  for (const asked of JSON.parse(readFileSync(given.reports, 'utf8'))) {
    if (!asked.sql) continue;
    const statistics = asked.request.statistics;
    let best = null;
    for (const [shape, queries] of Object.entries(asked.sql[name])) {
      const answer = async () => {
        const answers = [];
        for (const query of queries) answers.push(await rival.run(query));
        return answers;
      };
      const check = checkOf(await answer(), statistics.length);
      const times = [];
      for (let run = 0; run < runs; ++run) times.push(await milliseconds(answer));
      if (best && JSON.stringify(best.check) !== JSON.stringify(check)) throw new Error(`shapes of "${asked.name}" disagree`);
      if (!best || median(times) < best.ms) best = { shape, check, ms: median(times) };
    }
    say({ report: asked.name, shape: best.shape, ms: best.ms, rows: best.check.rows,
      ...Object.fromEntries(statistics.map((s, i) => [s, best.check.sums[i]])) });
  }
}

async function race(rival) {
  const rates = [];
  for (let run = 0; run < runs; ++run) {
    let rows;
    const spent = await milliseconds(async () => { rows = await rival.race(given.file); });
    rates.push(rows / (spent / 1000));
    await rival.forgetRace();
  }
  say({ work: 'insert NDJSON', value: Math.round(median(rates)), unit: 'events/s' });
}

const orders = { load, ask, report, race };
if (!(name === 'duckdb' || name === 'clickhouse') || !(order in orders)) {
  process.stderr.write('usage: rival.mjs duckdb|clickhouse load|ask|report|race key=value…\n');
  process.exit(2);
}
const rival = await openRival();
await orders[order](rival);
await rival.close();
