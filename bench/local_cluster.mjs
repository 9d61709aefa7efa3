// A cluster on loopback: three NATS servers that have every record on disk before they acknowledge, and three nodes.
// Each of them can be killed, stopped and started again.

import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { RunningProgram, eventually, freePorts, pause } from './processes.mjs';

const NAMES = ['n1', 'n2', 'n3'];
const PARTITIONS = 4;
const LOG_MEBIBYTES_MAX = 16_384; // Room for the whole store: nothing is cut before there are snapshots.
const PATIENCE_S = 120;

const run = promisify(execFile);

export class LocalCluster {
  constructor({ program, build, directory }) {
    Object.assign(this, { program, directory });
    this.nats = execFileSync('scripts/install-nats', [`${build}/nats`], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] }).trim();
    this.servers = {};
    this.nodes = {};
    this.ports = {};
  }

  get file() {
    return `${this.directory}/cluster/cluster.toml`;
  }
  get names() {
    return NAMES;
  }
  get partitions() {
    return PARTITIONS;
  }
  get natsVersion() {
    return execFileSync(this.nats, ['--version'], { encoding: 'utf8' }).trim();
  }
  data(name) {
    return `${this.directory}/data-${name}`;
  }

  async start() {
    mkdirSync(this.directory, { recursive: true });
    const ports = await freePorts(5 * NAMES.length);
    for (const name of NAMES) {
      const [client, watch, route, peer, http] = ports.splice(0, 5);
      this.ports[name] = { client, watch, route, peer, http };
    }
    for (const name of NAMES) {
      this.writeServerFile(name);
      this.startServer(name);
      await eventually(`NATS server ${name}`, PATIENCE_S, () => this.monitoring(name, '/varz'));
    }
    await this.untilOneGroup();
    const each = (make) => NAMES.map((name) => make(this.ports[name], name));
    execFileSync(this.program, ['cluster', 'init', `${this.directory}/cluster`, '--partitions', `${PARTITIONS}`,
      '--nodes', ...each((p, name) => `${name}=127.0.0.1:${p.peer}`), '--nats', ...each((p) => `nats://127.0.0.1:${p.client}`),
      '--monitoring', ...each((p) => `http://127.0.0.1:${p.watch}`)]);
    this.settle({ log_mebibytes_max: LOG_MEBIBYTES_MAX });
    for (const name of NAMES) this.startNode(name);
    await this.untilSound();
    this.key = await eventually('a key', PATIENCE_S, async () => (await this.tell('key', '--name', 'bench'))?.key);
    await eventually('a leader', PATIENCE_S, async () => {
      const { leader, partition } = await this.standing();
      this.partition = partition;
      return leader;
    });
  }

  async stop() {
    for (const node of Object.values(this.nodes)) await node.end('SIGKILL');
    for (const server of Object.values(this.servers)) await server.end('SIGKILL');
  }

  // --- NATS servers

  writeServerFile(name) {
    const p = this.ports[name];
    const routes = NAMES.map((other) => `nats-route://127.0.0.1:${this.ports[other].route}`).join(', ');
    writeFileSync(`${this.directory}/nats-${name}.conf`, `server_name: ${name}
listen: 127.0.0.1:${p.client}
http: 127.0.0.1:${p.watch}
max_payload: 8MB
jetstream { store_dir: "${this.directory}/nats-${name}", max_memory_store: 256MB, sync_interval: always
            max_file_store: ${(PARTITIONS + 2) * LOG_MEBIBYTES_MAX}MB }
cluster { name: rollcall, listen: 127.0.0.1:${p.route}, routes: [ ${routes} ] }
`);
  }

  startServer(name) {
    this.servers[name] = new RunningProgram(this.nats, ['-c', `${this.directory}/nats-${name}.conf`], { log: `${this.directory}/nats-${name}.log` });
  }

  /** What a server's monitoring tells; nothing when it does not answer. */
  monitoring(name, path) {
    return fetch(`http://127.0.0.1:${this.ports[name].watch}${path}`, { signal: AbortSignal.timeout(3_000) })
      .then((answer) => (answer.ok ? answer.json() : undefined)).catch(() => undefined);
  }

  async isOneGroup() {
    for (const name of NAMES) {
      const told = (await this.monitoring(name, '/jsz'))?.meta_cluster;
      if (!told?.leader || told.cluster_size !== NAMES.length || !(await this.monitoring(name, '/healthz'))) return false;
    }
    return true;
  }

  /** Now and then two of three fresh servers make a group by themselves, until the third comes again. */
  async untilOneGroup() {
    const until = performance.now() + 15_000;
    while (performance.now() < until) {
      if (await this.isOneGroup()) return;
      await pause(200);
    }
    const last = NAMES.at(-1);
    await this.servers[last].end('SIGTERM');
    this.startServer(last);
    await eventually('NATS servers that are one group', PATIENCE_S, () => this.isOneGroup());
  }

  /** The log of the account's partition: which server leads it, and what is in it. */
  async log() {
    const stream = `ROLLCALL_P${String(this.partition).padStart(2, '0')}`;
    for (const name of NAMES) {
      const told = await this.monitoring(name, '/jsz?accounts=true&streams=true');
      const found = told?.account_details?.flatMap((account) => account.stream_detail ?? []).find((one) => one.name === stream);
      if (found?.cluster?.leader === name) return { leader: name, ...found.state };
    }
    return undefined;
  }

  // --- nodes

  startNode(name, level = 'warn') {
    this.nodes[name] = new RunningProgram(this.program, ['--log', level, 'serve', '--cluster', this.file, '--node', name, '--data', this.data(name),
      '--listen', `127.0.0.1:${this.ports[name].http}`, '--rate-limits', 'off'], { log: `${this.directory}/${name}.log` });
  }

  async stopNode(name) {
    const status = await this.nodes[name].end('SIGTERM');
    if (status !== 0) throw new Error(`node ${name} ended with ${status}: ${this.lastWords(name)}`);
  }

  wipeNode(name) {
    rmSync(this.data(name), { recursive: true });
  }

  lastWords(name) {
    const log = `${this.directory}/${name}.log`;
    return existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-10).join('\n') : '';
  }

  /** Writes settings into cluster.toml, for nodes that start from now on. Nothing = as delivered. */
  settle(settings) {
    const text = readFileSync(this.file, 'utf8');
    const [top, ...sections] = text.split(/^(?=\[)/m);
    const inTop = (key) => !['log_mebibytes_max'].includes(key);
    const lines = (wanted, where) => Object.entries(wanted).reduce((all, [key, value]) => {
      const without = all.replace(new RegExp(`^${key} = .*\n`, 'm'), '');
      if (value === undefined) return without;
      return where === 'top' ? `${key} = ${value}\n${without}` : without.replace('\n', `\n${key} = ${value}\n`);
    }, where === 'top' ? top : sections[0]);
    const pick = (test) => Object.fromEntries(Object.entries(settings).filter(([key]) => test(key)));
    writeFileSync(this.file, lines(pick(inTop), 'top') + lines(pick((key) => !inTop(key)), 'nats') + sections.slice(1).join(''));
  }

  setting(key) {
    return Number(new RegExp(`^${key} = (\\d+)`, 'm').exec(readFileSync(this.file, 'utf8'))?.[1]);
  }

  /** All nodes stop in order, and start with other settings. */
  async restartWith(settings) {
    await Promise.all(NAMES.map((name) => this.stopNode(name)));
    this.settle(settings);
    for (const name of NAMES) this.startNode(name);
    await this.untilSound();
  }

  /** What `rollcall cluster` answers; nothing when that is no answer. */
  async tell(what, ...words) {
    const told = await run(this.program, ['cluster', what, '--cluster', this.file, '--node', NAMES[0], '--json', ...words], { encoding: 'utf8', maxBuffer: 2 ** 26 })
      .catch((failed) => failed);
    try {
      return JSON.parse(told.stdout);
    } catch {
      return undefined;
    }
  }

  status() {
    return this.tell('status');
  }

  /** Who leads the partition of the account; nothing while nobody does. */
  async standing() {
    for (const node of (await this.status()) ?? [])
      for (const one of node.partitions ?? [])
        if (one.leads && one.accounts.includes('default')) return { leader: node.node, partition: one.partition };
    return {};
  }

  async leader() {
    const found = await eventually('a leader', PATIENCE_S, async () => (await this.standing()).leader);
    return { leader: found, followers: NAMES.filter((name) => name !== found) };
  }

  async untilSound(seconds = PATIENCE_S) {
    await eventually('a sound cluster', seconds, async () => (await this.tell('check'))?.sound === true, 200).catch(async (failed) => {
      throw new Error(`${failed.message}: ${JSON.stringify((await this.tell('check'))?.faults)}\n${NAMES.map((name) => this.lastWords(name)).join('\n')}`);
    });
  }

  /** Where a node's replica of the account's partition stands, by its own figures; nothing when it does not answer. */
  async figures(name) {
    const text = await fetch(`http://127.0.0.1:${this.ports[name].http}/metrics`, { signal: AbortSignal.timeout(3_000) })
      .then((answer) => (answer.ok ? answer.text() : undefined)).catch(() => undefined);
    const of = (family, labels = `{partition="${this.partition}"}`) => {
      const at = text?.indexOf(`\nrollcall_cluster_${family}${labels} `) ?? -1;
      return at < 0 ? undefined : Number(text.slice(at + 1, text.indexOf('\n', at + 1)).split(' ').pop());
    };
    const at = of('read_at_seconds', '');
    return at === undefined ? undefined
      : { at, position: of('position'), performed: of('performed_position'), leads: of('leads') === 1 };
  }

  /** Every node has performed what is in the log now. */
  async untilEqual(seconds = PATIENCE_S) {
    const end = await eventually('the log', PATIENCE_S, async () => (await this.log())?.last_seq);
    for (const name of NAMES)
      await eventually(`${name} to have performed record ${end}`, seconds, async () => ((await this.figures(name))?.performed ?? 0) >= end);
  }

  replica(name) {
    return `${this.data(name)}/partition-${String(this.partition).padStart(2, '0')}`;
  }
  account(name) {
    return `${this.replica(name)}/accounts/default`;
  }
  snapshot(name, position) {
    return `${this.replica(name)}/snapshots/${position}`;
  }
}
