// Rollcall's side of the bench: the program as its users run it, and engine_bench for what only a running engine shows.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { NOW, SEED } from './sizes.mjs';

const START = ['--clock', 'manual', '--start', NOW];

function countLines(file) {
  const bytes = readFileSync(file);
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) ++lines;
  return lines;
}

export class Rollcall {
  constructor({ build, work, profiles, say }) {
    this.program = `${build}/rollcall`;
    this.engineBench = [`${build}/bench_engine`, `${build}/bench/bench_engine`].find(existsSync);
    this.reportBench = [`${build}/bench_report`, `${build}/bench/bench_report`].find(existsSync);
    this.generator = [`${build}/bench_generate`, `${build}/bench/bench_generate`].find(existsSync);
    this.work = work;
    this.data = `${work}/rollcall`;
    this.profiles = profiles;
    this.say = say;
  }

  run(...words) {
    const done = spawnSync(this.program, words, { encoding: 'utf8', maxBuffer: 2 ** 30 });
    if (done.status !== 0) throw new Error(`rollcall ${words.join(' ')}: status ${done.status}: ${done.stderr || done.error}`);
    return done.stdout;
  }

  /** Pipes the whole store in: profiles, then events in time order. Nothing of it lies on the disk as text. */
  async load() {
    for (const what of ['profiles', 'events']) {
      const start = process.hrtime.bigint();
      const from = spawn(this.generator, ['--seed', SEED, '--profiles', this.profiles, '--what', what].map(String),
        { stdio: ['ignore', 'pipe', 'inherit'] });
      const into = spawn(this.program, ['load', '--data', this.data, ...(what === 'profiles' ? START : []), '-'],
        { stdio: [from.stdout, 'ignore', 'inherit'] });
      const [[status]] = await Promise.all([once(into, 'exit'), once(from, 'exit')]);
      if (status !== 0) throw new Error(`rollcall load of ${what}: status ${status}`);
      const seconds = Number(process.hrtime.bigint() - start) / 1e9;
      this.say({ work: `load ${what} from the generator's pipe`, value: Number(seconds.toFixed(1)), unit: 's' });
      this.say({ work: `size on disk after the ${what}`, value: Math.round(this.bytes() / 2 ** 20), unit: 'MiB' });
    }
  }

  /** The members of a definition by the program, from start to exit. */
  preview(definition) {
    const rule = `${this.work}/definition.json`;
    const ids = `${this.work}/ids.txt`;
    writeFileSync(rule, JSON.stringify(definition));
    const start = process.hrtime.bigint();
    this.run('segment', 'preview', '--data', this.data, '--definition', rule, '--at', NOW, '--ids', ids);
    const process_ms = Number(process.hrtime.bigint() - start) / 1e6;
    const members = countLines(ids);
    rmSync(ids);
    return { members, process_ms };
  }

  ask(question) {
    if (question.segments) {
      const members = question.segments.map((segment) => this.preview(segment.definition).members);
      this.say({ question: question.name, members });
      return;
    }
    const { members, process_ms } = this.preview(question.definition);
    this.say({ question: question.name, members, process_ms });
  }

  /** Loads the race's file into a new directory that already keeps `live` segments. */
  race(file, events, live, runs) {
    const data = `${this.work}/raced`;
    const rates = [];
    for (let run = 0; run < runs; ++run) {
      rmSync(data, { recursive: true, force: true });
      mkdirSync(data, { recursive: true });
      const first = `${this.work}/first.ndjson`;
      writeFileSync(first, `${JSON.stringify({ external_id: 'cust-00000000' })}\n`);
      this.run('load', '--data', data, ...START, first);
      const segments = `${this.work}/segments.ndjson`;
      writeFileSync(segments, live.map((definition, i) => `${JSON.stringify({ name: `segment ${i}`, definition })}\n`).join(''));
      this.run('segment', 'create', '--data', data, '--many', segments);
      const start = process.hrtime.bigint();
      this.run('load', '--data', data, file);
      rates.push(events / (Number(process.hrtime.bigint() - start) / 1e9));
    }
    rmSync(data, { recursive: true, force: true });
    rates.sort((a, b) => a - b);
    this.say({ work: 'insert NDJSON', value: Math.round(rates[rates.length >> 1]), unit: 'events/s' });
  }

  /** Passes on what engine_bench prints: one JSON object a line, see README.md. */
  engine(runs, questions, only) {
    this.passOn(this.engineBench, '--questions', questions, runs, ...(only ? ['--only', only] : []));
  }

  reports(runs, reports) {
    this.passOn(this.reportBench, '--reports', reports, runs);
  }

  passOn(program, option, file, runs, ...more) {
    if (!program) return;
    const done = spawnSync(program,
      ['--data', this.data, '--profiles', this.profiles, '--seed', SEED, option, file, '--runs', runs, ...more].map(String),
      { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'] });
    if (done.status !== 0) throw new Error(`${program}: status ${done.status}`);
    for (const line of done.stdout.split('\n').filter(Boolean)) this.say(JSON.parse(line));
  }

  bytes() {
    return Number(spawnSync('du', ['-sB1', this.data], { encoding: 'utf8' }).stdout.split('\t')[0]);
  }

  diskBytes() {
    this.say({ work: 'size on disk', value: this.bytes(), unit: 'bytes' });
  }
}
