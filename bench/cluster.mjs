// What a cluster costs and how fast it comes back: three nodes and three NATS servers on this machine against one
// embedded server on the same machine, with the same store, the same segments and the same loads.

import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { PREFIX } from './cluster_report.mjs';
import { MEMBERS } from './http.mjs';
import { ask, feed, headers, loaderIn, sendLoad } from './load.mjs';
import { LocalCluster } from './local_cluster.mjs';
import { RunningProgram, eventually, freePorts, pause, removeAtExit } from './processes.mjs';


const LOADS = {
  lines: { name: 'events as NDJSON, 5,000 a request, 8 connections', load: 'lines', connections: 8, 'per-request': 5_000, each: 5_000 },
  jobs: { name: 'events in jobs of 1,000, 16 connections', load: 'jobs', connections: 16, each: 1_000 },
  single: { name: 'single events, 512 connections', load: 'single', connections: 512, each: 1 },
};
const SEGMENTS = 200; // Each is an order by itself.
const SEGMENTS_AT_ONCE = 8;
const EVENTS_A_LOAD_MAX = 100_000_000; // Each event has a number of its own, which makes its unique id.
const LOOK_EVERY_MS = 100;
const SINGLES_PER_SECOND = 50; // While somebody is killed.
const HANDED_OVER_AFTER_MS = 40_000; // To the node that should lead, if another was there first.
const BACK_WITHIN_S = 120;
const COPIED_WITHIN_S = 600;
const SHORT_TTL_MS = 6_000;
const BOOTSTRAP_SNAPSHOT_RECORDS = 1_000; // So that two snapshots cut even the log of a small store.
const RECORD_BYTES = [256, 192 << 10]; // Of a lone change, and the largest that bulk makes.

/** Of numbers; the least one that is not below `share` of them. */
function quantile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

const spread = (values) => ({ p50: quantile(values, 0.5), p99: quantile(values, 0.99), max: Math.max(...values), samples: values.length });

const bytesUnder = (directory) => readdirSync(directory, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile()).reduce((sum, entry) => sum + statSync(`${entry.parentPath ?? entry.path}/${entry.name}`).size, 0);

/** Single events that are sent when they are due, whether or not earlier ones are answered, each once. */
class SteadySender {
  constructor({ port, key, perSecond, name }) {
    Object.assign(this, { port, key, name });
    this.agent = new Agent({ keepAlive: true });
    this.events = []; // { sent, answered, status }, in milliseconds.
    const begun = performance.now();
    this.timer = setInterval(() => {
      while (this.events.length < ((performance.now() - begun) / 1_000) * perSecond) this.send();
    }, 2);
  }

  send() {
    const one = { sent: performance.now() };
    const number = this.events.push(one);
    const body = JSON.stringify({ data: { type: 'event', attributes: { properties: {}, unique_id: `${this.name}-${number}`,
      metric: { data: { type: 'metric', attributes: { name: 'Placed Order' } } },
      profile: { data: { type: 'profile', attributes: { external_id: `steady-${number % 1_000}` } } } } } });
    const over = (status) => {
      one.status ??= status;
      one.answered ??= performance.now();
    };
    const asked = request({ port: this.port, host: '127.0.0.1', method: 'POST', path: '/api/events', agent: this.agent,
      headers: { ...headers(this.key, 'application/json'), 'Content-Length': Buffer.byteLength(body) } }, (answer) => {
      answer.resume();
      answer.on('end', () => over(answer.statusCode));
      answer.on('error', () => over(0));
    });
    asked.on('error', () => over(0));
    asked.end(body);
  }

  /** The first acknowledged one of those that were sent at or after `instant`. */
  firstAfter(instant) {
    return this.events.filter((one) => one.sent >= instant && one.status === 202).sort((a, b) => a.answered - b.answered)[0];
  }

  /** No further ones; waits for the answers. */
  async stop() {
    clearInterval(this.timer);
    await eventually('answers', 60, () => this.events.every((one) => one.status !== undefined)).catch(() => {});
    this.agent.destroy();
  }
}

export class Clustered {
  constructor({ ours, build, questions, size, cycles, say }) {
    Object.assign(this, { ours, build, questions, size, cycles });
    this.say = (line) => say({ ...line, work: PREFIX + line.work });
    this.loader = loaderIn(build);
    this.logLoader = [`${build}/bench_log_load`, `${build}/bench/bench_log_load`].find(existsSync);
    this.directory = `${ours.work}/cluster`;
    this.events = 0;
    this.rates = {};
  }

  async measure() {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true });
    removeAtExit(this.directory);
    try {
      await this.measureEmbedded();
      const cluster = new LocalCluster({ program: this.ours.program, build: this.build, directory: this.directory });
      try {
        await this.measureCluster(cluster);
      } finally {
        await cluster.stop();
      }
    } finally {
      rmSync(this.directory, { recursive: true, force: true });
    }
  }

  // --- what both are put through

  async measureEmbedded() {
    const data = `${this.directory}/embedded`;
    const key = JSON.parse(this.ours.run('key', 'create', '--data', data, '--name', 'bench', '--json')).key;
    const [port] = await freePorts(1);
    const server = new RunningProgram(this.ours.program, ['--log', 'warn', 'serve', '--data', data, '--listen', `127.0.0.1:${port}`,
      '--rate-limits', 'off'], { log: `${this.directory}/embedded.log` });
    await eventually('rollcall serve', 60, () => fetch(`http://127.0.0.1:${port}/readyz`).then((r) => r.ok, () => false));
    await this.compare({ where: 'embedded', port, key, programs: { leader: server } });
    if ((await server.end('SIGTERM')) !== 0) throw new Error(`rollcall serve ended with ${server.status}`);
    rmSync(data, { recursive: true });
  }

  /** The part of the measurement that an embedded server and a cluster have in common. */
  async compare(target) {
    await this.loadStore(target);
    for (const load of Object.values(LOADS)) await this.throughput(target, load, 1);
    await this.makeSegments(target);
    for (const load of Object.values(LOADS)) await this.throughput(target, load, SEGMENTS);
  }

  async loadStore(target) {
    await ask(target.port, target.key, 'POST', '/api/segments',
      { data: { type: 'segment', attributes: { name: 'Members', definition: MEMBERS } } });
    for (const what of ['profiles', 'events']) {
      const done = await this.accounted(target, () => feed({ generator: this.ours.generator, profiles: this.ours.profiles, what,
        to: what === 'events' ? this.size.clusterEvents : undefined, port: target.port, key: target.key }), (fed) => fed.lines);
      this.say({ work: `the store's ${what} as NDJSON, ${target.where}`, kind: 'store', what, where: target.where, changes: done.result.lines,
        value: Math.round(done.result.lines / done.result.seconds), unit: 'changes/s', seconds: done.result.seconds, ...done.costs });
    }
    if (target.cluster) await target.cluster.untilEqual();
  }

  /** Does `work` and says what it cost, by change: microseconds of processor time, and of the log. */
  async accounted(target, work, changesOf) {
    const spent = () => Object.fromEntries(Object.entries(target.programs).map(([who, program]) =>
      [who, [program].flat().reduce((sum, one) => sum + one.processorSeconds(), 0)]));
    const logBefore = await target.cluster?.log();
    const before = spent();
    const begun = performance.now();
    const result = await work();
    const seconds = (performance.now() - begun) / 1_000;
    // What standbys still have to do belongs to it.
    if (target.cluster) await target.cluster.untilEqual();
    const caughtUpAfter = (performance.now() - begun) / 1_000 - seconds;
    const after = spent();
    const logAfter = await target.cluster?.log();
    const changes = changesOf(result, seconds);
    const costs = { processor_us: Object.fromEntries(Object.keys(before).map((who) => [who, ((after[who] - before[who]) / changes) * 1e6])) };
    if (logBefore && logAfter) {
      const records = logAfter.last_seq - logBefore.last_seq;
      costs.log = { records, records_per_s: records / seconds, bytes_per_change: (logAfter.bytes - logBefore.bytes) / changes };
      costs.caught_up_after_s = caughtUpAfter;
    }
    return { result, costs };
  }

  async throughput(target, load, segments, more = {}) {
    const name = `${load.name}, ${segments === 1 ? 'one live segment' : `${segments.toLocaleString('en-US')} live segments`}, ${more.name ?? target.where}`;
    const leads = (await target.cluster?.leader())?.leader;
    const { result, costs } = await this.accounted(target, () => this.send(target, load, name, more.options), (sent) => sent.changes);
    this.say({ work: name, kind: 'throughput', load: load.load, segments, where: target.where, way: more.way, value: Math.round(result.rate), unit: 'changes/s',
      p50: result.p50, p99: result.p99, complaint: result.complaint || undefined,
      moved: target.cluster && (await target.cluster.leader()).leader !== leads ? true : undefined, ...costs });
    this.rates[load.load] = result.rate; // The last one of each is that of the cluster with all segments.
  }

  async send(target, load, name, options = {}) {
    const { each, name: _, ...plan } = load;
    const { lines, complaint } = await sendLoad(this.loader, { port: target.port, key: target.key, name, profiles: this.ours.profiles,
      seconds: this.size.clusterSeconds, first: this.events, ...plan, ...options });
    this.events += EVENTS_A_LOAD_MAX;
    if (complaint) process.stderr.write(`${complaint}\n`);
    const value = (suffix) => lines.find((line) => line.work === `${name}${suffix}`).value;
    return { rate: value(''), p50: value(', p50'), p99: value(', p99'), complaint, changes: lines[0].taken };
  }

  /** Segments as orders over HTTP, and then a few whose criteria are there: what an order costs by itself. */
  async makeSegments(target) {
    const file = `${this.directory}/segments.ndjson`;
    if (!existsSync(file))
      writeFileSync(file, spawnSync(this.loader, ['--load', 'segments', '--questions', this.questions], { encoding: 'utf8', maxBuffer: 2 ** 28 }).stdout);
    const wanted = readFileSync(file, 'utf8').split('\n').filter(Boolean).slice(0, SEGMENTS).map((line) => JSON.parse(line));
    const make = (one) => ask(target.port, target.key, 'POST', '/api/segments', { data: { type: 'segment', attributes: one } });
    const begun = performance.now();
    const queue = [...wanted];
    await Promise.all(Array.from({ length: SEGMENTS_AT_ONCE }, async () => {
      while (queue.length) await make(queue.pop());
    }));
    await this.untilBuilt(target);
    this.say({ work: `${wanted.length.toLocaleString('en-US')} segments, ${SEGMENTS_AT_ONCE} orders at a time, until all are built, ${target.where}`, kind: 'segments',
      where: target.where, value: (performance.now() - begun) / 1_000, unit: 's' });
    const times = [];
    for (let i = 0; i < 20; ++i) {
      const asked = performance.now();
      await make({ name: `once more ${i}`, definition: wanted[i].definition });
      times.push(performance.now() - asked);
    }
    this.say({ work: `an order by itself, a segment of known criteria, ${target.where}`, kind: 'order', where: target.where, value: quantile(times, 0.5), unit: 'ms' });
  }

  async untilBuilt(target) {
    await eventually('builds', 600, async () => (await ask(target.port, target.key, 'GET', '/api/rollcall/inspection')).builds.length === 0, 200);
    await target.cluster?.untilEqual(600);
  }

  // --- the cluster

  async measureCluster(cluster) {
    await cluster.start();
    this.say({ work: 'settings', kind: 'settings', ttl_ms: cluster.setting('ttl_ms'), partitions: cluster.partitions, nats: cluster.natsVersion,
      profiles: this.ours.profiles, cycles: this.cycles });
    const handedOver = pause(HANDED_OVER_AFTER_MS);
    await this.logAlone(cluster);
    await handedOver;
    const target = await this.targetOf(cluster);
    await this.compare(target);
    for (const load of [LOADS.lines, LOADS.single]) await this.part(`standby lag, ${load.name}`, () => this.lag(cluster, load));
    await this.part('through a node that does not lead', () => this.throughNobodyWhoLeads(cluster));
    const delivered = cluster.setting('ttl_ms');
    for (const ttl of [delivered, SHORT_TTL_MS]) {
      if (ttl !== delivered) await cluster.restartWith({ ttl_ms: ttl });
      for (const whom of ['node', 'server']) await this.part(`failover of a ${whom}, ttl ${ttl} ms`, () => this.failover(cluster, whom, ttl));
    }
    await this.part('bootstrap', () => this.bootstrap(cluster, delivered));
    await this.part('whether the replicas are equal', () => this.compareReplicas(cluster));
  }

  /** What fails keeps its figures from being there, and no others. */
  async part(name, work) {
    try {
      await work();
    } catch (failed) {
      process.stderr.write(`${failed.stack}\n`);
      process.exitCode = 1;
      this.say({ work: `not measured: ${name}`, kind: 'failure', name, why: failed.message.split('\n')[0].slice(0, 300) });
    }
  }

  /** Who leads now, and everybody's processor time. */
  async targetOf(cluster, portOf = (standing) => standing.leader) {
    const standing = await cluster.leader();
    return { where: 'three nodes', cluster, port: cluster.ports[portOf(standing)].http, key: cluster.key,
      programs: { leader: cluster.nodes[standing.leader], followers: standing.followers.map((name) => cluster.nodes[name]),
        nats: cluster.names.map((name) => cluster.servers[name]) } };
  }

  /** A stream of its own, without nodes before it. */
  async logAlone(cluster) {
    if (!this.logLoader) return;
    const list = (make) => cluster.names.map((name) => make(cluster.ports[name])).join(',');
    for (const bytes of RECORD_BYTES) {
      const told = JSON.parse(execFileSync(this.logLoader, ['--servers', list((p) => `nats://127.0.0.1:${p.client}`),
        '--monitoring', list((p) => `http://127.0.0.1:${p.watch}`), '--bytes', `${bytes}`, '--seconds', `${Math.min(5, this.size.clusterSeconds)}`,
        '--prefix', `bench_${bytes}`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }));
      this.say({ work: `a log by itself, records of ${bytes} bytes`, kind: 'log', bytes, value: told.records_per_s, unit: 'records/s' });
    }
  }

  async throughNobodyWhoLeads(cluster) {
    const target = await this.targetOf(cluster, (standing) => standing.followers[0]);
    for (const load of [LOADS.lines, LOADS.single])
      await this.throughput(target, load, SEGMENTS, { name: 'three nodes, through one that does not lead', way: 'relayed' });
  }

  // --- standby lag

  async lag(cluster, load) {
    const target = await this.targetOf(cluster);
    const full = this.rates[load.load];
    const name = `standbys behind the leader, ${load.name}, half of that offered`;
    await cluster.untilEqual();
    const { leader, followers } = await cluster.leader();
    const looks = Object.fromEntries(cluster.names.map((one) => [one, []]));
    let isOver = false;
    const looking = cluster.names.map(async (one) => {
      while (!isOver) {
        const begun = performance.now();
        const seen = await cluster.figures(one);
        if (seen) looks[one].push(seen);
        await pause(Math.max(1, LOOK_EVERY_MS - (performance.now() - begun)));
      }
    });
    const before = await cluster.log();
    const sent = await this.send(target, load, name, { rate: full / 2 / load.each });
    const after = await cluster.log();
    isOver = true;
    await Promise.all(looking);
    const behind = followers.flatMap((one) => lagsOf(looks[one], looks[leader]));
    if (behind.length === 0) throw new Error('no figures of standbys');
    this.say({ work: name, kind: 'lag', load: load.load, offered: full / 2, value: quantile(behind.map((l) => l.ms), 0.5), unit: 'ms',
      ms: spread(behind.map((l) => l.ms)), records: spread(behind.map((l) => l.records)), p50: sent.p50, p99: sent.p99, complaint: sent.complaint || undefined,
      records_per_s: (after.last_seq - before.last_seq) / this.size.clusterSeconds });
  }

  // --- failover

  async failover(cluster, whom, ttl) {
    const pauses = [];
    const drained = []; // Until everybody who had waited was answered.
    const back = [];
    const others = {}; // Answers that are no acknowledgement, by status; 0 = none came.
    for (let cycle = 0; cycle < this.cycles; ++cycle) {
      const { leader, followers } = await cluster.leader();
      let killed;
      const sender = new SteadySender({ port: cluster.ports[followers[cycle % followers.length]].http, key: cluster.key,
        perSecond: SINGLES_PER_SECOND, name: `${whom}-${ttl}-${cycle}` });
      try {
        await eventually('events to be taken', 30, () => sender.firstAfter(0));
        await pause(1_000);
        const victim = whom === 'node' ? leader : (await eventually('a leader of the log', 30, () => cluster.log())).leader;
        const programs = whom === 'node' ? cluster.nodes : cluster.servers;
        killed = performance.now();
        await programs[victim].end('SIGKILL');
        const first = await eventually('an event to be taken again', BACK_WITHIN_S, () => sender.firstAfter(killed), 20);
        pauses.push(first.answered - killed);
        await pause(500);
        const started = performance.now();
        if (whom === 'node') cluster.startNode(victim);
        else {
          cluster.startServer(victim);
          await eventually('one group', BACK_WITHIN_S, () => cluster.isOneGroup());
        }
        await cluster.untilSound();
        back.push((performance.now() - started) / 1_000);
      } finally {
        await sender.stop();
      }
      const resumed = killed + pauses.at(-1);
      drained.push(Math.max(...sender.events.filter((one) => one.status === 202 && one.sent >= killed && one.sent <= resumed).map((one) => one.answered)) - killed);
      for (const { status } of sender.events)
        if (status !== 202) others[status ?? 0] = (others[status ?? 0] ?? 0) + 1;
      await cluster.untilEqual();
      process.stderr.write(`cluster: cycle ${cycle + 1} of ${this.cycles}, ${whom}, ttl ${ttl} ms: ${Math.round(pauses.at(-1))} ms\n`);
    }
    if (pauses.length === 0) return;
    this.say({ work: `pause after SIGKILL of the ${whom === 'node' ? 'leading node' : "log's leading NATS server"}, ttl ${ttl / 1_000} s`, kind: 'failover', whom,
      ttl_ms: ttl, value: quantile(pauses, 0.5), unit: 'ms', ...spread(pauses), pauses: pauses.map(Math.round), drained: spread(drained), sound_again_s: quantile(back, 0.5), not_acknowledged: others });
  }

  // --- bootstrap

  async bootstrap(cluster, ttl) {
    await cluster.restartWith({ ttl_ms: ttl, snapshot_records: BOOTSTRAP_SNAPSHOT_RECORDS });
    const { leader, followers } = await cluster.leader();
    const snapshotsOf = async (name) => (await cluster.status())?.find((node) => node.node === name)?.partitions
      ?.find((one) => one.partition === cluster.partition)?.snapshots ?? [];
    // What several snapshots tell is cut up to the second newest.
    for (let round = 0; round < 2; ++round)
      for (const name of followers) {
        const had = Math.max(0, ...(await snapshotsOf(name)));
        await cluster.tell('snapshot', `${cluster.partition}`, name);
        await eventually(`a snapshot on ${name}`, BACK_WITHIN_S, async () => Math.max(0, ...(await snapshotsOf(name))) > had, 300);
      }
    await eventually('the log to be cut', BACK_WITHIN_S, async () => ((await cluster.log())?.first_seq ?? 1) > 1, 500);
    for (const name of followers) {
      await cluster.stopNode(name);
      cluster.wipeNode(name);
      const begun = performance.now();
      cluster.startNode(name, 'info');
      await eventually(`${name} to be there`, BACK_WITHIN_S, () => cluster.figures(name), 50);
      await cluster.untilSound(COPIED_WITHIN_S);
      const end = (await cluster.figures(leader))?.performed ?? Infinity;
      await eventually(`${name} to have caught up`, BACK_WITHIN_S, async () => ((await cluster.figures(name))?.performed ?? 0) >= end, 50);
      const seconds = (performance.now() - begun) / 1_000;
      const text = readFileSync(`${this.directory}/${name}.log`, 'utf8');
      const told = new RegExp(`partition ${cluster.partition} starts from the snapshot at (\\d+) of (\\S+), which was here after (\\d+) ms`).exec(text);
      if (!told) throw new Error(`${name} did not start from a snapshot:\n${cluster.lastWords(name)}`);
      const snapshot = cluster.snapshot(told[2], told[1]); // Unless newer ones have replaced it.
      const bytes = bytesUnder(existsSync(snapshot) ? snapshot : cluster.account(name));
      const fetched = Number(told[3]) / 1_000;
      this.say({ work: `bootstrap of ${name}, nothing of the account there`, kind: 'bootstrap', value: seconds, unit: 's', fetch_s: fetched,
        bytes, mb_per_s: bytes / 1e6 / fetched, profiles: this.ours.profiles, from: told[2] === leader ? 'leader' : 'standby' });
    }
  }

  /** Every replica has every event that was acknowledged, by what each has on its own disk. */
  async compareReplicas(cluster) {
    await cluster.untilEqual();
    for (const name of cluster.names) await cluster.stopNode(name);
    const counts = cluster.names.map((name) => JSON.parse(this.ours.run('metrics', '--data', cluster.account(name), '--json'))
      .reduce((sum, metric) => sum + metric.count, 0));
    if (new Set(counts).size !== 1) throw new Error(`the replicas have ${counts.join(', ')} events`);
    this.say({ work: 'events on each of the three replicas at the end', kind: 'equal', value: counts[0], unit: 'events', counts });
  }
}

/** By how much a standby is behind its leader at each look at it; both tell when they looked. */
export function lagsOf(standby, leader) {
  const lags = [];
  for (const { at, performed } of standby) {
    const next = leader.findIndex((l) => l.at >= at);
    if (next <= 0) continue; // The leader was not looked at before and after it.
    const between = (a, b, share) => a + (b - a) * share;
    const [before, after] = [leader[next - 1], leader[next]];
    const there = between(before.performed, after.performed, (at - before.at) / (after.at - before.at));
    const records = Math.max(0, there - performed);
    // When the leader was where the standby is now.
    let ms = 0;
    if (records > 0) {
      const past = leader.findLastIndex((l) => l.performed <= performed);
      const [from, to] = [leader[past], leader[past + 1]];
      if (!from) continue; // Before the first look.
      const then = from.performed === performed || !to ? from.at : between(from.at, to.at, (performed - from.performed) / (to.performed - from.performed));
      ms = Math.max(0, (at - then) * 1_000);
    }
    lags.push({ records, ms });
  }
  return lags;
}
