// Load on `rollcall serve` over the loaded directory, with a thousand segments live.

import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { loaderIn, sendLoad } from './load.mjs';
import { RunningProgram, eventually, freePorts } from './processes.mjs';

const QUIET_CONNECTIONS = 1_000;

const campaignReport = (statistics, group_by) => JSON.stringify({ data: { type: 'campaign-values-report', attributes: {
  statistics, timeframe: { start: '2026-05-01T00:00:00Z', end: '2026-05-31T00:00:00Z' }, conversion_metric_id: 'Placed Order',
  ...(group_by ? { group_by } : {}) } } });

/** Reports as a screen asks for them. */
const REPORTS = [
  campaignReport(['recipients', 'opens_unique', 'open_rate', 'clicks_unique', 'click_rate']),
  campaignReport(['delivered', 'conversions', 'conversion_rate', 'conversion_value']),
];

/** Most people are in it: a page of it may be anywhere. */
export const MEMBERS = { condition_groups: [{ conditions: [{ type: 'profile-metric', metric_id: 'Received Email', measurement: 'count',
  measurement_filter: { type: 'numeric', operator: 'greater-than', value: 0 }, timeframe_filter: { type: 'date', operator: 'alltime' } }] }] };

export class Served {
  constructor({ ours, build, questions, seconds, say }) {
    Object.assign(this, { ours, questions, seconds, say });
    this.loader = loaderIn(build);
    this.events = 0; // Sent so far: each has a number, which makes its unique id.
  }

  async measure() {
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
      const status = await this.server.end('SIGTERM');
      if (status !== 0) throw new Error(`rollcall serve ended with ${status}`);
    }
  }

  async start() {
    [this.port] = await freePorts(1);
    this.server = new RunningProgram(this.ours.program, ['--log', 'warn', 'serve', '--data', this.ours.data, '--listen', `127.0.0.1:${this.port}`,
      '--rate-limits', 'off'], { log: `${this.ours.work}/serve.log` });
    await eventually('rollcall serve', 300, () => fetch(`http://127.0.0.1:${this.port}/readyz`).then((r) => r.ok, () => false));
  }

  async load(name, options) {
    const sendsEvents = ['single', 'jobs', 'lines'].includes(options.load);
    const { lines, complaint } = await sendLoad(this.loader, { port: this.port, key: this.key, name: `HTTP: ${name}`, profiles: this.ours.profiles,
      seconds: this.seconds, ...(sendsEvents ? { first: this.events } : {}), ...options });
    if (complaint) throw new Error(complaint);
    for (const line of lines) this.say(line);
    if (sendsEvents) this.events += 100_000_000; // More than any load sends.
    return lines[0].value;
  }

  async watched(name, options) {
    const watcher = spawn(this.ours.program, ['inspect', '--url', `http://127.0.0.1:${this.port}`, '--follow'],
      { stdio: 'ignore', env: { ...process.env, ROLLCALL_KEY: this.key } });
    try {
      await this.load(name, options);
    } finally {
      watcher.kill('SIGTERM');
    }
  }

  async bulk(live) {
    await this.load(`events in jobs of 1,000, durable, 16 connections, ${live}`, { load: 'jobs', connections: 16 });
    await this.load(`events as NDJSON, 5,000 a request, durable, 8 connections, ${live}`, { load: 'lines', connections: 8, 'per-request': 5_000 });
  }

  async loads() {
    this.say({ work: 'HTTP: memory beyond the page cache at the start', value: this.server.memory(), unit: 'MiB' });
    const members = `/api/segments/${this.members}/profiles?page%5Bsize%5D=100`;
    await this.load('member pages of 100, one connection', { load: 'pages', connections: 1, path: members });
    await this.load('member pages of 100, four connections', { load: 'pages', connections: 4, path: members });
    const bodies = `${this.ours.work}/reports.ndjson`;
    writeFileSync(bodies, `${REPORTS.join('\n')}\n`);
    await this.load('campaign reports of a month, one connection',
      { load: 'posts', connections: 1, path: '/api/campaign-values-reports', bodies });
    const single = await this.load('single events, durable, as fast as 512 connections can', { load: 'single', connections: 512 });
    await this.watched('single events, the same beside an inspection that looks every second', { load: 'single', connections: 512 });
    await this.load('single events, durable, half of that offered', { load: 'single', connections: 512, rate: Math.round(single / 2) });
    await this.bulk('1,000 live segments');
    await this.load(`single events beside ${QUIET_CONNECTIONS} idle connections, half of that offered`,
      { load: 'single', connections: 512, rate: Math.round(single / 2), idle: QUIET_CONNECTIONS });
    const before = this.server.memory();
    this.say({ work: 'HTTP: memory beyond the page cache after the events', value: before, unit: 'MiB' });
  }
}
