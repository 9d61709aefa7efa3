// The cluster's part of RESULTS.md.

import { ACCOUNTS, ASSUMPTIONS, PROFILES, costsOf, embedded, scaleOut } from './scale_out.mjs';

export const PREFIX = 'cluster: '; // Of every line.

const whole = (n) => Math.round(n).toLocaleString('en-US');
const seconds = (ms) => (ms / 1_000).toFixed(1);
const row = (cells) => `| ${cells.join(' | ')} |`;
const table = (head, rows) => [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');
const small = (n) => (!Number.isFinite(n) ? '–' : n >= 100 ? whole(n) : n >= 10 ? n.toFixed(0) : n.toFixed(n < 1 ? 2 : 1));

export const isOfCluster = (line) => line.work?.startsWith(PREFIX) ?? false;

const title = (line) => line.work.slice(PREFIX.length).replace(/, (embedded|three nodes)$/, '');

function throughputTable(lines) {
  const here = lines.filter((l) => ['store', 'throughput'].includes(l.kind) && l.where === 'three nodes');
  const us = (l) => l.processor_us;
  return table(['load', 'embedded, changes/s', 'three nodes', 'ratio', 'p50 / p99 ms', 'processor time a change, µs: embedded', 'leader + both standbys + NATS', 'records/s', 'bytes a change in the log'],
    here.map((l) => {
      const same = lines.find((other) => other.kind === l.kind && other.where === 'embedded' && other.what === l.what && other.load === l.load && other.segments === l.segments);
      const name = title(l).replace('three nodes, ', '');
      const notes = [l.complaint && 'some refused', l.moved && 'the leader changed'].filter(Boolean).map((note) => `; ${note}`).join('');
      return [name + notes, whole(same.value), whole(l.value), (l.value / same.value).toFixed(2), l.p50 === undefined ? '–' : `${small(l.p50)} / ${small(l.p99)}`,
        small(us(same).leader), [us(l).leader, us(l).followers, us(l).nats].map(small).join(' + '), whole(l.log.records_per_s), small(l.log.bytes_per_change)];
    }));
}

function orderText(lines) {
  const both = (kind) => ['embedded', 'three nodes'].map((where) => lines.find((l) => l.kind === kind && l.where === where));
  const [segments, order] = [both('segments'), both('order')];
  const log = lines.filter((l) => l.kind === 'log');
  return [
    segments.every(Boolean) && `${title(segments[0])}: embedded ${small(segments[0].value)} s, three nodes ${small(segments[1].value)} s.`,
    order.every(Boolean) && `${title(order[0])}, median of 20: embedded ${small(order[0].value)} ms, three nodes ${small(order[1].value)} ms.`,
    log.length && `A log by itself, 32 appends on their way: ${log.map((l) => `${whole(l.value)} records/s of ${whole(l.bytes)} bytes (${small((l.value * l.bytes) / 1e6)} MB/s)`).join(', ')}.`,
  ].filter(Boolean).map((text) => `* ${text}`).join('\n');
}

function lagTable(lines) {
  return table(['standbys behind the leader, half of the throughput offered', 'changes/s offered', 'p50 ms', 'p99 ms', 'max ms', 'p50 records', 'p99 records', 'records/s', 'looks'],
    lines.filter((l) => l.kind === 'lag').map((l) => [title(l).replace('standbys behind the leader, ', '').replace(', half of that offered', '') + (l.complaint ? '; some refused' : ''),
      whole(l.offered), ...[l.ms.p50, l.ms.p99, l.ms.max, l.records.p50, l.records.p99].map(small), whole(l.records_per_s), l.ms.samples]));
}

function failoverTable(lines) {
  return table(['SIGKILL of', 'ttl s', 'pause p50 s', 'p99 s', 'max s', 'all who waited answered, p50 s', 'max s', 'cycles', 'sound again after its start, s', 'not acknowledged, a cycle'],
    lines.filter((l) => l.kind === 'failover').map((l) => [l.whom === 'node' ? 'the leading node' : "the NATS server that leads the partition's log", l.ttl_ms / 1_000,
      seconds(l.p50), seconds(l.p99), seconds(l.max), seconds(l.drained.p50), seconds(l.drained.max), l.samples, small(l.sound_again_s),
      Object.entries(l.not_acknowledged).map(([status, n]) => `${small(n / l.samples)} ${status === '0' ? 'broken off' : `with ${status}`}`).join(', ') || '0']));
}

function bootstrapTable(lines) {
  return table(['bootstrap', 'profiles', 'MB copied', 'caught up after s', 'of these for the copy', 'MB/s', 'from'],
    lines.filter((l) => l.kind === 'bootstrap').map((l, i) => [i + 1, whole(l.profiles), whole(l.bytes / 1e6), small(l.value), small(l.fetch_s), small(l.mb_per_s), `the ${l.from}`]));
}

/** Where the model has what it stands on. */
function scaleOutText(result, questions) {
  const costs = costsOf(result, questions);
  if (!costs || !Number.isFinite(costs.bulk.leader_us)) return '';
  const cells = (r) => [small(r.build_one_s), small(r.build_hundred_s), whole(r.bulk_per_s), whole(r.single_per_s), r.disk_gb ? small(r.disk_gb) : '–'];
  const rows = [['–', 'one server, embedded', ...cells(embedded(costs))],
    ...scaleOut(costs).map((r) => [whole(r.accounts), r.nodes, ...cells(r)])];
  const { bulk, single } = costs;
  const by = (c) => `${small(c.leader_us)} on the leader, ${small(c.standby_us)} on each standby, ${small(c.servers_us)} on the NATS servers, ${small(c.relay_us)} where it is relayed`;
  return ['#### Scale-out, calculated',
    `\`bench/scale_out.mjs\` calculates how ${whole(PROFILES)} profiles, in ${ACCOUNTS.map(whole).join(', ')} accounts, would be built and fed by nodes of ${costs.cores} cores each. It stands on the figures of this size: ` +
      `a scan of ${costs.scan_us.one.toFixed(4)} µs (one criterion, the median question) and ${costs.scan_us.hundred.toFixed(3)} µs (a hundred segments) a profile and core; with ${whole(costs.segments)} live segments ` +
      `a change in bulk takes µs of processor time: ${by(bulk)}; a single event: ${by(single)}; an order through the log ${small(costs.order_s * 1e3)} ms more than without.`,
    table(['accounts', 'nodes', 'build of one criterion, s', 'build of a hundred segments, s', 'bulk, changes/s', 'single events/s', 'GB on the fullest node'], rows),
    `What it assumes:\n\n${ASSUMPTIONS.map((one) => `* ${one}`).join('\n')}`].join('\n\n');
}

/** Paragraphs; none where no cluster was measured. */
export function clusterSection(result, questions) {
  const lines = result.lines.filter(isOfCluster);
  const settings = lines.find((l) => l.kind === 'settings');
  if (!settings) return [];
  const from = result.cluster_from;
  const equal = lines.find((l) => l.kind === 'equal');
  const scaled = scaleOutText(result, questions);
  return ['### Cluster: three nodes on this machine',
    `Three nodes and three NATS servers (${settings.nats}, \`sync_interval: always\`), ${settings.partitions} partitions of 3 replicas, ttl ${settings.ttl_ms / 1_000} s, on the same ${result.about.machine.cores} cores as the load generator, ` +
      `against one embedded \`rollcall serve\` in the same run: all six programs share what the one server has to itself, and each change is performed three times. ` +
      `From ${from.date}, commit ${from.commit}, load average at the start ${from.load_at_start}.`,
    throughputTable(lines), orderText(lines), lagTable(lines),
    `Pause: from SIGKILL to the first acknowledged event of those sent after it, 50 a second through a node that does not lead, each sent once. Those who were sent in the pause wait and are answered after it, each on a connection of its own.`,
    failoverTable(lines),
    'A standby is stopped, all it had is removed, and it is started with an empty directory.',
    bootstrapTable(lines),
    ...lines.filter((l) => l.kind === 'failure').map((l) => `**Not measured: ${l.name}.** ${l.why}`),
    ...(equal ? [`At the end each of the three replicas, read from its own disk, had the same ${whole(equal.value)} events.`] : []),
    ...(scaled ? [scaled] : [])];
}
