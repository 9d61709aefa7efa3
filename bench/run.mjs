#!/usr/bin/env node
// The harness behind bench/run. For each size: rivals load, answer and race; Rollcall does the same; counts are compared;
// everything measured goes to bench/results/<size>.json, and bench/RESULTS.md is written anew from all of these.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Clustered } from './cluster.mjs';
import { isOfCluster } from './cluster_report.mjs';
import { Served } from './http.mjs';
import { machine } from './machine.mjs';
import { Rollcall } from './ours.mjs';
import { render } from './report.mjs';
import { SEED, SIZES } from './sizes.mjs';

const RIVALS = ['duckdb', 'clickhouse'];
const here = new URL('.', import.meta.url).pathname; // Ends in a slash.

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    threads: { type: 'string', default: '2' },
    work: { type: 'string', default: process.env.ROLLCALL_BENCH_WORK ?? `${os.tmpdir()}/rollcall-bench` },
    build: { type: 'string', default: 'build' },
    skip: { type: 'string', multiple: true, default: [] },
    only: { type: 'string', multiple: true, default: [] }, // "reports", "builds", "http", "cluster": everything else keeps its last figures.
    cycles: { type: 'string' }, // How often somebody of a cluster is killed, of each kind; else by size.
    keep: { type: 'boolean', default: false },
  },
});
const sizes = positionals.includes('all') ? Object.keys(SIZES).filter((name) => name !== 'tiny') : positionals.length ? positionals : ['quick'];
for (const size of sizes)
  if (!(size in SIZES)) {
    process.stderr.write(`bench/run: no size "${size}"; there are ${Object.keys(SIZES).join(', ')} and all\n`);
    process.exit(2);
  }
const runs = Number(options.runs);
const isPartial = options.only.length > 0;
if (options.only.some((part) => !['reports', 'builds', 'http', 'cluster'].includes(part))) {
  process.stderr.write(`bench/run: --only takes "reports", for everybody, and "builds", "http" and "cluster", for Rollcall\n`);
  process.exit(2);
}
// A cluster is measured when it is asked for: it takes long, and needs NATS servers.
const isWanted = (part) => (part === 'cluster' ? options.only.includes(part) : !isPartial || options.only.includes(part));
const isStoreWanted = !isPartial || options.only.some((part) => part !== 'cluster');
const skipsRivals = options.skip.includes('rivals') || !isWanted('reports');
// Trials of the harness leave no figures in the repository.
const results = sizes.includes('tiny') ? options.work : here;

const generator = [`${options.build}/bench_generate`, `${options.build}/bench/bench_generate`].find(existsSync);
if (!generator) {
  process.stderr.write(`bench/run: no bench_generate under ${options.build}; build the target "benches" first (make bench does)\n`);
  process.exit(1);
}

const questionFiles = readdirSync(`${here}questions`).filter((f) => f.endsWith('.json')).sort().map((f) => `${here}questions/${f}`);
const questions = questionFiles.map((f) => JSON.parse(readFileSync(f, 'utf8')));

/** Runs a rival in a process of its own and hands on its lines. */
async function rival(name, order, given, say) {
  const words = Object.entries(given).map(([key, value]) => `${key}=${value}`);
  const child = spawn(process.execPath, [`${here}rivals/rival.mjs`, name, order, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = new Promise((done) => { child.on('exit', done); });
  for await (const line of createInterface({ input: child.stdout })) say(JSON.parse(line));
  const status = await ended;
  if (status !== 0) throw new Error(`${name} ${order}: status ${status}`);
}

async function measureRivals(size, work, race, say) {
  for (const name of RIVALS) {
    const directory = `${work}/${name}`;
    rmSync(directory, { recursive: true, force: true });
    const common = { directory, threads: options.threads, runs };
    await rival(name, 'load', { ...common, generator, profiles: size.profiles, seed: SEED }, say);
    if (!isPartial) await rival(name, 'ask', { ...common, questions: questionFiles.join(',') }, say);
    await rival(name, 'report', { ...common, reports: `${here}reports/reports.json` }, say);
    if (!isPartial) await rival(name, 'race', { ...common, file: race.file }, say);
    if (!options.keep) rmSync(directory, { recursive: true, force: true });
  }
}

async function measureOurs(size, work, race, say) {
  const ours = new Rollcall({ build: options.build, work, profiles: size.profiles, say });
  const live = questions.filter((q) => q.definition).map((q) => q.definition);
  if (!isPartial) ours.race(race.file, race.events, live, runs);
  rmSync(ours.data, { recursive: true, force: true });
  if (isStoreWanted) {
    await ours.load();
    ours.diskBytes();
  }
  if (!isPartial) for (const question of questions) ours.ask(question);
  if (isWanted('reports')) ours.reports(runs, `${here}reports/reports.json`);
  if (isWanted('builds')) ours.engine(runs, `${here}questions`, isPartial ? 'builds' : '');
  if (isWanted('http'))
    await new Served({ ours, build: options.build, questions: `${here}questions`, seconds: size.httpSeconds, say }).measure();
  if (isWanted('cluster'))
    await new Clustered({ ours, build: options.build, questions: `${here}questions`, size, cycles: Number(options.cycles ?? size.clusterCycles), say }).measure();
  if (!options.keep) rmSync(ours.data, { recursive: true, force: true });
}

function makeRace(size, work) {
  const file = `${work}/race.ndjson`;
  const all = Number(execFileSync(generator, ['--profiles', String(size.profiles), '--seed', String(SEED), '--what', 'count']));
  const events = Math.min(all, size.raceEvents);
  if (!isPartial) execFileSync(generator, ['--profiles', String(size.profiles), '--seed', String(SEED), '--to', String(events), '--out', file]);
  return { file, events, all };
}

for (const name of sizes) {
  const size = SIZES[name];
  const work = `${options.work}/${name}`;
  mkdirSync(work, { recursive: true });
  const kept = `${results}/results/${name}.json`;
  const before = existsSync(kept) ? JSON.parse(readFileSync(kept, 'utf8')) : { lines: [] };
  const lines = [];
  const speaker = (who) => (line) => {
    lines.push({ who, ...line });
    process.stderr.write(`${name} ${who} ${JSON.stringify(line)}\n`);
  };
  const race = makeRace(size, work);
  const about = { size: name, profiles: size.profiles, events: race.all, race_events: race.events, seed: SEED, runs,
    threads: Number(options.threads), machine: machine(work) };
  if (skipsRivals) lines.push(...before.lines.filter((l) => l.who !== 'rollcall'));
  else await measureRivals(size, work, race, (line) => speaker(line.rival)(line));
  const haveProgram = existsSync(`${options.build}/rollcall`);
  if (options.skip.includes('ours') || !haveProgram) {
    lines.push(...before.lines.filter((l) => l.who === 'rollcall'));
    if (!haveProgram) process.stderr.write(`${name}: no ${options.build}/rollcall, so that only the rivals were measured\n`);
  } else {
    await measureOurs(size, work, race, speaker('rollcall'));
  }
  rmSync(race.file, { force: true });
  // What was not measured again keeps its line.
  const subject = (l) => [l.who, l.report, l.question, l.store_ms === undefined, l.work, Boolean(l.version)].join();
  if (isPartial) {
    const isFresh = (l) => (isWanted('reports') && (l.report || /reports|beside them/.test(l.work ?? '')))
      || (isWanted('builds') && l.who === 'rollcall' && (l.store_ms !== undefined || /bandwidth/.test(l.work ?? '')))
      || (isWanted('http') && l.work?.startsWith('HTTP: '))
      || (isWanted('cluster') && isOfCluster(l));
    const fresh = lines.filter(isFresh);
    const measured = new Set(fresh.map(subject));
    lines.splice(0, lines.length, ...before.lines.filter((l) => !measured.has(subject(l)) && !(isWanted('cluster') && isOfCluster(l))), ...fresh);
  } else {
    lines.push(...before.lines.filter((l) => isOfCluster(l)));
  }
  mkdirSync(`${results}/results`, { recursive: true });
  // Rivals that were not measured in this run are shown with the run that they come from.
  const run = { date: about.machine.date, commit: about.machine.commit };
  const rivalsFrom = isPartial || skipsRivals
    ? before.rivals_from ?? { date: before.about?.machine.date, commit: before.about?.machine.commit } : run;
  const reportsFrom = isWanted('reports') && !skipsRivals ? run : before.reports_from;
  const buildsFrom = isPartial ? (isWanted('builds') ? run : before.builds_from) : undefined;
  const clusterFrom = isWanted('cluster') ? { ...run, load_at_start: about.machine.load_at_start } : before.cluster_from;
  const httpFrom = isPartial ? (isWanted('http') ? run : before.http_from) : undefined;
  writeFileSync(kept, `${JSON.stringify({ about: isPartial ? before.about ?? about : about, rivals_from: rivalsFrom,
    reports_from: reportsFrom, builds_from: buildsFrom, http_from: httpFrom, cluster_from: clusterFrom, lines }, null, 1)}\n`);
}

const { text, disagreements } = render(`${results}/results`, questions);
writeFileSync(`${results}/RESULTS.md`, text);
process.stderr.write(`wrote ${results}/RESULTS.md\n`);
if (disagreements > 0) {
  process.stderr.write(`bench/run: ${disagreements} counts differ between the engines; see "Counts" in RESULTS.md\n`);
  process.exit(1);
}
