#!/usr/bin/env node
// How a cluster grows, calculated from what was measured: build time of 60 million profiles and live throughput on 1 to 64
// nodes. Pure: figures in, figures out. What it assumes stands in ASSUMPTIONS.
//   bench/scale_out.mjs [SIZE]     prints it for bench/results/SIZE.json

import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';

export const PROFILES = 60_000_000;
export const NODES = [1, 2, 3, 4, 6, 8, 16, 32, 64];
export const ACCOUNTS = [1, 60, 6_000];
const PARTITIONS = 64; // The most there can be, chosen once.
const REPLICAS = 3;
const DRAWS = 25; // Placements that are tried, with other names each; the median counts.

export const ASSUMPTIONS = [
  'An account lives on one cluster partition and is led by one node: more nodes make no single account faster. Accounts are of equal size and equally busy.',
  `There are ${PARTITIONS} partitions, the most that a cluster can have. Accounts go to partitions by hash and partitions to nodes by rank, as in \`cluster/placement\` ` +
    `(with another hash; the median of ${DRAWS} draws), so the fullest node decides. Nothing moves away from a busy node.`,
  `Each partition has ${REPLICAS} replicas, or as many as there are nodes, and every replica performs every operation: an applied change and a build cost as much on a standby as on a leader. ` +
    'A leader pays for HTTP, intake and appending besides.',
  `One NATS server runs beside each node; logs have ${REPLICAS} replicas and are spread evenly over the servers. The measured processor time of all three servers is divided among them.`,
  'A request comes to any node with the same chance; where another one leads, relaying costs what it was measured to cost.',
  'Nodes have the cores of the machine that was measured, their processors are the limit (processor time of each program by change, at full load), and cores of different nodes do not slow each other. ' +
    'The network is no limit; the latency between machines is not in it.',
  "A partition's log takes no more small records, and no more bytes in large ones, than a log by itself took on the machine that was measured, where three servers shared its cores and its disk.",
  'A build scans all profiles of a node with all its cores, as in the builds above; all accounts are built at the same time, without live traffic. An order through the log costs what it was measured to cost.',
];

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

/** What the model stands on, or nothing where it was not measured. `questions`: bench/questions. */
export function costsOf(result, questions) {
  const { about } = result;
  const cores = about.machine.cores;
  const lines = result.lines.filter((line) => line.who === 'rollcall');
  const scan = (names) => {
    const times = lines.filter((line) => line.store_ms !== undefined && names.includes(line.question)).map((line) => line.store_ms);
    return times.length ? (median(times) * 1e3 * about.threads) / about.profiles : undefined;
  };
  const of = (test) => lines.find((line) => line.kind && test(line));
  const segments = Math.max(...lines.filter((line) => line.kind === 'throughput').map((line) => line.segments));
  const live = (load) => {
    const is = (where, way) => of((l) => l.kind === 'throughput' && l.load === load && l.segments === segments && l.where === where && l.way === way);
    const [embedded, cluster, relayed] = [is('embedded'), is('three nodes'), is('three nodes', 'relayed')];
    if (!embedded || !cluster || !relayed) return undefined;
    const us = cluster.processor_us;
    const logs = lines.filter((l) => l.kind === 'log').sort((a, b) => a.bytes - b.bytes);
    const largest = logs.at(-1);
    return { embedded_us: embedded.processor_us.leader, leader_us: us.leader, standby_us: us.followers / 2, servers_us: us.nats,
      relay_us: Math.max(0, relayed.processor_us.followers - us.followers), bytes: cluster.log.bytes_per_change,
      log_bytes_per_s: largest && largest.value * largest.bytes,
      // A record carries as many changes as it did when they were measured.
      log_changes_per_s: logs.length ? (logs[0].value * cluster.value) / cluster.log.records_per_s : undefined };
  };
  const bulk = live('lines');
  const single = live('single');
  const order = (where) => of((l) => l.kind === 'order' && l.where === where)?.value;
  const one = scan(questions.filter((q) => q.work === 'one criterion').map((q) => q.name));
  const hundred = scan(questions.filter((q) => q.work === 'a hundred segments').map((q) => q.name));
  if (!bulk || !single || one === undefined || hundred === undefined) return undefined;
  const disk = lines.find((line) => line.work === 'size on disk')?.value;
  return { cores, segments, bulk, single, scan_us: { one, hundred }, order_s: Math.max(0, order('three nodes') - order('embedded')) / 1e3,
    disk_bytes: disk && disk / about.profiles };
}

/** Evenly distributed in [0, 1). */
const chance = (text) => createHash('sha256').update(text).digest().readUIntBE(0, 6) / 2 ** 48;

/** Which share of all accounts each node leads and holds, and the share of the fullest partition. */
function placed(nodes, accounts, draw) {
  const share = new Array(PARTITIONS).fill(0);
  for (let i = 0; i < accounts; ++i) share[Math.floor(chance(`${draw} account ${i}`) * PARTITIONS)] += 1 / accounts;
  const leads = new Array(nodes).fill(0);
  const holds = new Array(nodes).fill(0);
  share.forEach((part, partition) => {
    if (part === 0) return;
    const ranked = leads.map((_, node) => ({ node, weight: chance(`${draw} ${partition} node ${node}`) })).sort((a, b) => b.weight - a.weight);
    leads[ranked[0].node] += part;
    for (const { node } of ranked.slice(0, REPLICAS)) holds[node] += part;
  });
  return { leads, holds, fullest: Math.max(...share) };
}

/** Changes a second of a whole cluster. */
function throughput(cost, cores, nodes, { leads, holds, fullest }) {
  const servers = (cost.servers_us * Math.min(REPLICAS, nodes)) / REPLICAS / nodes;
  const busiest = Math.max(...leads.map((lead, node) => lead * cost.leader_us + (holds[node] - lead) * cost.standby_us + servers + ((1 - lead) / nodes) * cost.relay_us));
  const logs = Math.min(cost.log_changes_per_s ?? Infinity, cost.log_bytes_per_s ? cost.log_bytes_per_s / cost.bytes : Infinity) / fullest;
  return Math.min((cores * 1e6) / busiest, logs);
}

/** A row for each number of accounts and nodes. */
export function scaleOut(costs) {
  const rows = [];
  for (const accounts of ACCOUNTS)
    for (const nodes of NODES) {
      const draws = Array.from({ length: DRAWS }, (_, draw) => placed(nodes, accounts, draw));
      const fullest = median(draws.map((draw) => Math.max(...draw.holds)));
      const build = (us) => (PROFILES * fullest * us) / 1e6 / costs.cores + costs.order_s;
      rows.push({ accounts, nodes, build_one_s: build(costs.scan_us.one), build_hundred_s: build(costs.scan_us.hundred),
        bulk_per_s: median(draws.map((draw) => throughput(costs.bulk, costs.cores, nodes, draw))),
        single_per_s: median(draws.map((draw) => throughput(costs.single, costs.cores, nodes, draw))),
        disk_gb: costs.disk_bytes && (PROFILES * fullest * costs.disk_bytes) / 1e9 });
    }
  return rows;
}

/** The same without a cluster: one server. */
export function embedded(costs) {
  const build = (us) => (PROFILES * us) / 1e6 / costs.cores;
  return { build_one_s: build(costs.scan_us.one), build_hundred_s: build(costs.scan_us.hundred), bulk_per_s: (costs.cores * 1e6) / costs.bulk.embedded_us,
    single_per_s: (costs.cores * 1e6) / costs.single.embedded_us, disk_gb: costs.disk_bytes && (PROFILES * costs.disk_bytes) / 1e9 };
}

if (process.argv[1] && import.meta.url === `file://${process.argv[1]}`) {
  const here = new URL('.', import.meta.url).pathname;
  const size = process.argv[2] ?? '1m';
  const questions = readdirSync(`${here}questions`).filter((f) => f.endsWith('.json')).map((f) => JSON.parse(readFileSync(`${here}questions/${f}`, 'utf8')));
  const costs = costsOf(JSON.parse(readFileSync(`${here}results/${size}.json`, 'utf8')), questions);
  if (!costs) {
    process.stderr.write(`scale_out: results/${size}.json lacks figures; \`bench/run ${size} --only builds --only cluster\` measures them\n`);
    process.exit(1);
  }
  process.stdout.write(`${JSON.stringify(costs, null, 1)}\n`);
  console.table([{ accounts: '-', nodes: 'embedded', ...embedded(costs) }, ...scaleOut(costs)]);
}
