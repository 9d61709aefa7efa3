// Load on `rollcall serve` over the loaded directory, with a thousand segments live.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';

const QUIET_CONNECTIONS = 1_000;

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

const campaignReport = (statistics, group_by) => JSON.stringify({ data: { type: 'campaign-values-report', attributes: {
  statistics, timeframe: { start: '2026-05-01T00:00:00Z', end: '2026-05-31T00:00:00Z' }, conversion_metric_id: 'Placed Order',
  ...(group_by ? { group_by } : {}) } } });

/** Reports as a screen asks for them. */
const REPORTS = [
  campaignReport(['recipients', 'opens_unique', 'open_rate', 'clicks_unique', 'click_rate']),
  campaignReport(['delivered', 'conversions', 'conversion_rate', 'conversion_value']),
];

/** Most people are in it: a page of it may be anywhere. */
const MEMBERS = { condition_groups: [{ conditions: [{ type: 'profile-metric', metric_id: 'Received Email', measurement: 'count',
  measurement_filter: { type: 'numeric', operator: 'greater-than', value: 0 }, timeframe_filter: { type: 'date', operator: 'alltime' } }] }] };

export class Served {
  constructor({ ours, build, questions, seconds, say }) {
    Object.assign(this, { ours, questions, seconds, say });
    this.loader = [`${build}/bench_http_load`, `${build}/bench/bench_http_load`].find(existsSync);
    this.events = 0; // Sent so far: each has a number, which makes its unique id.
  }

  async measure() {
    if (!this.loader) throw new Error('no bench_http_load; build the target "benches" first (make bench does)');
    const { ours } = this;
    const everybody = `${ours.work}/members.json`;
    writeFileSync(everybody, JSON.stringify(MEMBERS));
    this.members = JSON.parse(ours.run('segment', 'create', '--data', ours.data, 'Members', '--definition', everybody, '--json')).id;
    this.key = JSON.parse(ours.run('key', 'create', '--data', ours.data, '--name', 'bench', '--json')).key;
    await this.serving(() => this.bulk('one live segment'));
    const segments = `${ours.work}/live-segments.ndjson`;
    writeFileSync(segments, spawnSync(this.loader, ['--load', 'segments', '--questions', this.questions],
      { encoding: 'utf8', maxBuffer: 2 ** 28 }).stdout);
    ours.run('segment', 'create', '--data', ours.data, '--many', segments);
    await this.serving(() => this.loads());
  }

  /** Does `work` while a server runs. */
  async serving(work) {
    await this.start();
    try {
      await work();
    } finally {
      this.server.kill('SIGTERM');
      const [status] = await once(this.server, 'exit');
      if (status !== 0) throw new Error(`rollcall serve ended with ${status}`);
    }
  }

  async start() {
    this.port = await freePort();
    const log = openSync(`${this.ours.work}/serve.log`, 'a');
    this.server = spawn(this.ours.program, ['--log', 'warn', 'serve', '--data', this.ours.data, '--listen', `127.0.0.1:${this.port}`,
      '--rate-limits', 'off'], { stdio: ['ignore', log, log] });
    for (let tries = 0; tries < 3_000; ++tries) {
      const ready = await fetch(`http://127.0.0.1:${this.port}/readyz`).then((r) => r.ok, () => false);
      if (ready) return;
      await new Promise((done) => { setTimeout(done, 100); });
    }
    throw new Error('rollcall serve is not ready after five minutes');
  }

  /** Memory of the server that is not a mapped file, in MiB. */
  memory() {
    const status = readFileSync(`/proc/${this.server.pid}/status`, 'utf8');
    return Math.round(Number(/RssAnon:\s+(\d+)/.exec(status)[1]) / 1024);
  }

  load(name, options) {
    const sendsEvents = ['single', 'jobs', 'lines'].includes(options.load);
    const words = Object.entries({ port: this.port, key: this.key, name: `HTTP: ${name}`, profiles: this.ours.profiles, seconds: this.seconds,
      ...(sendsEvents ? { first: this.events } : {}), ...options }).flatMap(([option, value]) => [`--${option}`, String(value)]);
    const done = spawnSync(this.loader, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
    if (done.status !== 0) throw new Error(`bench_http_load ${name}: status ${done.status}`);
    const lines = done.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
    for (const line of lines) this.say(line);
    if (sendsEvents) this.events += 100_000_000; // More than any load sends.
    return lines[0].value;
  }

  watched(name, options) {
    const watcher = spawn(this.ours.program, ['inspect', '--url', `http://127.0.0.1:${this.port}`, '--follow'],
      { stdio: 'ignore', env: { ...process.env, ROLLCALL_KEY: this.key } });
    try {
      this.load(name, options);
    } finally {
      watcher.kill('SIGTERM');
    }
  }

  bulk(live) {
    this.load(`events in jobs of 1,000, durable, 16 connections, ${live}`, { load: 'jobs', connections: 16 });
    this.load(`events as NDJSON, 5,000 a request, durable, 8 connections, ${live}`, { load: 'lines', connections: 8, 'per-request': 5_000 });
  }

  loads() {
    this.say({ work: 'HTTP: memory beyond the page cache at the start', value: this.memory(), unit: 'MiB' });
    const members = `/api/segments/${this.members}/profiles?page%5Bsize%5D=100`;
    this.load('member pages of 100, one connection', { load: 'pages', connections: 1, path: members });
    this.load('member pages of 100, four connections', { load: 'pages', connections: 4, path: members });
    const bodies = `${this.ours.work}/reports.ndjson`;
    writeFileSync(bodies, `${REPORTS.join('\n')}\n`);
    this.load('campaign reports of a month, one connection',
      { load: 'posts', connections: 1, path: '/api/campaign-values-reports', bodies });
    const single = this.load('single events, durable, as fast as 512 connections can', { load: 'single', connections: 512 });
    this.watched('single events, the same beside an inspection that looks every second', { load: 'single', connections: 512 });
    this.load('single events, durable, half of that offered', { load: 'single', connections: 512, rate: Math.round(single / 2) });
    this.bulk('1,000 live segments');
    this.load(`single events beside ${QUIET_CONNECTIONS} idle connections, half of that offered`,
      { load: 'single', connections: 512, rate: Math.round(single / 2), idle: QUIET_CONNECTIONS });
    const before = this.memory();
    this.say({ work: 'HTTP: memory beyond the page cache after the events', value: before, unit: 'MiB' });
  }
}
