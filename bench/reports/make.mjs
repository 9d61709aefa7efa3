#!/usr/bin/env node
// Writes reports.json: each report as a request of Rollcall and as SQL of the rivals, who may be asked in several shapes.
// node bench/reports/make.mjs

import { writeFileSync } from 'node:fs';

const FROM = '2025-06-16';
const TO = '2026-06-15'; // Included.
const TO_SQL = '2026-06-16';

const dialect = {
  duckdb: {
    month: "date_trunc('month', time)",
    instant: (day) => `TIMESTAMP '${day} 00:00:00'`,
    people: 'count(DISTINCT profile)',
  },
  clickhouse: {
    month: 'toStartOfMonth(time)',
    instant: (day) => `toDateTime('${day} 00:00:00', 'UTC')`,
    people: 'uniqExact(profile)',
  },
};

function sql(name, metric, groupings, measures) {
  const d = dialect[name];
  const column = { campaign_id: 'campaign_id', client: 'client', month: d.month };
  const measured = measures.map((m) => (m === 'people' ? d.people : 'count(*)'));
  const where = `FROM events WHERE metric = '${metric}' AND time >= ${d.instant(FROM)} AND time < ${d.instant(TO_SQL)}`;
  const one = (grouping) => `SELECT ${[...grouping.map((g) => column[g]), ...measured].join(', ')} ${where}` +
    (grouping.length ? ` GROUP BY ${grouping.map((g) => column[g]).join(', ')}` : '');
  if (groupings.length === 1) return { plain: [one(groupings[0])] };
  const all = [...new Set(groupings.flat())];
  const sets = groupings.map((grouping) => `(${grouping.map((g) => column[g]).join(', ')})`).join(', ');
  return {
    sets: [`SELECT ${[...all.map((g) => column[g]), ...measured].join(', ')} ${where} GROUP BY GROUPING SETS (${sets})`],
    separate: groupings.map(one),
  };
}

const dimension = { campaign_id: 'property:campaign_id', client: 'property:Client', month: 'month' };
const statistic = { events: 'count', people: 'unique' };

function report(name, metric, groupings, measures) {
  return {
    name,
    request: {
      datasource: 'account', metric, statistics: measures.map((m) => statistic[m]), timeframe: { start: FROM, end: TO }, limit: 100000,
      rollups: groupings.map((grouping) => grouping.map((g) => dimension[g])),
    },
    sql: { duckdb: sql('duckdb', metric, groupings, measures), clickhouse: sql('clickhouse', metric, groupings, measures) },
  };
}

const finest = ['campaign_id', 'client', 'month'];
const four = [finest, ['campaign_id'], ['client', 'month'], []];
const CAMPAIGN = {
  datasource: 'campaign', timeframe: { start: FROM, end: TO }, group_by: ['campaign_id'], limit: 100000,
};
const rates = ['open_rate', 'click_rate', 'click_to_open_rate', 'bounce_rate', 'delivery_rate', 'unsubscribe_rate', 'spam_complaint_rate',
  'conversion_rate', 'revenue_per_recipient', 'average_order_value', 'failed_rate', 'bounced_or_failed_rate'];
const bases = ['opens_unique', 'delivered', 'clicks_unique', 'bounced', 'recipients', 'unsubscribe_uniques', 'spam_complaints',
  'conversion_uniques', 'conversion_value', 'conversions', 'failed', 'bounced_or_failed'];

const reports = [
  report('one grouping, events', 'Opened Email', [['campaign_id']], ['events']),
  report('finest grouping, events', 'Opened Email', [finest], ['events']),
  report('four groupings, events', 'Opened Email', four, ['events']),
  report('finest grouping, people', 'Opened Email', [finest], ['events', 'people']),
  report('four groupings, people', 'Opened Email', four, ['events', 'people']),
  // Rollcall alone: its own statements about cost.
  { name: 'campaigns, twelve base measures', request: { ...CAMPAIGN, statistics: bases } },
  { name: 'campaigns, twelve rates', request: { ...CAMPAIGN, statistics: rates } },
];

writeFileSync(new URL('reports.json', import.meta.url), `${JSON.stringify(reports, null, 1)}\n`);
