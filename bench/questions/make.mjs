#!/usr/bin/env node
// Writes the question files of this folder: a definition in Rollcall's JSON and the SQL that asks the rivals the same.
// Run it after a change here or in ../rivals/sql.mjs; the files are kept in the repository so that they can be read.

import { writeFileSync } from 'node:fs';
import * as dialects from '../rivals/dialects.mjs';
import { SegmentSql } from '../rivals/sql.mjs';

const NOW = '2026-06-15T09:30:00Z';
const now = Date.parse(NOW) / 1000;
const compilers = { duckdb: new SegmentSql(dialects.duckdb, now), clickhouse: new SegmentSql(dialects.clickhouse, now) };

// --- a short hand for definitions -----------------------------------------------------------------------------------------

const text = (operator, value) => ({ type: 'string', operator, value });
const number = (operator, value) => ({ type: 'numeric', operator, value });
const list = (operator, value) => ({ type: 'list', operator, value });
const relative = (operator, quantity, unit = 'day') => ({ type: 'date', operator, quantity, unit });
const last = (quantity, unit = 'day') => relative('in-the-last', quantity, unit);
const between = (start, end) => ({ type: 'date', operator: 'between', start, end, unit: 'day' });
const alltime = { type: 'date', operator: 'alltime' };
const isSet = { type: 'existence', operator: 'is-set' };
const notSet = { type: 'existence', operator: 'not-set' };

const property = (name, filter) => ({ type: 'profile-property', property: name, filter });
const custom = (name, filter) => property(`properties['${name}']`, filter);
const location = (name, filter) => property(`location['${name}']`, filter);
const where = (filters) => Object.entries(filters).map(([name, filter]) => ({ property: name, filter }));
const metric = (name, measurement, test, during, filters = {}, measured = undefined) => ({
  type: 'profile-metric', metric_id: name, measurement,
  ...(measured ? { measurement_property: measured } : {}),
  measurement_filter: test, timeframe_filter: during,
  metric_filters: Object.keys(filters).length ? where(filters) : null,
});
const atLeast = (name, times, during, filters) => metric(name, 'count', number('greater-than-or-equal', times), during, filters);
const never = (name, during, filters) => metric(name, 'count', number('equals', 0), during, filters);
const member = (name, during = null) => ({ type: 'profile-group-membership', is_member: true, group_ids: [name], timeframe_filter: during });
const stranger = (name) => ({ type: 'profile-group-membership', is_member: false, group_ids: [name] });
const consent = (channel, subscription, filters = null) => ({
  type: 'profile-marketing-consent', consent: { channel, can_receive_marketing: true, consent_status: { subscription, filters } },
});
const predicted = (dimension, filter) => ({ type: 'profile-predictive-analytics', dimension, filter });
const region = (name, inside = true) => ({ type: 'profile-region', in_region: inside, region: name });
const near = (miles) => ({
  type: 'profile-postal-code-distance', country_code: 'USA', postal_code: '02110', unit: 'miles', filter: number('less-than', miles),
});
const abandonedCheckout = {
  type: 'profile-metric-funnel', timeframe_filter: last(30), completion_window_seconds: 'DAYS_3',
  steps: [
    { metric_exists: true, metric_id: 'Viewed Product', metric_filters: null },
    { metric_exists: true, metric_id: 'Started Checkout', metric_filters: where({ 'Item Count': number('greater-than', 1) }) },
    { metric_exists: false, metric_id: 'Placed Order', metric_filters: null },
  ],
};
const all = (...groups) => ({ condition_groups: groups.map((g) => ({ conditions: Array.isArray(g) ? g : [g] })) });

// --- one question for each kind of criterion --------------------------------------------------------------------------------

// Thresholds of money lie between two cents, so that the order in which a database adds cannot matter.
const single = {
  attribute_equals: location('city', text('equals', 'Boston')),
  attribute_regex: property('email', text('regex', '^[a-f][a-z]+\\.(smith|jones|garcia)\\.[0-9a-z]*@example\\.org$')),
  number_compare: custom('loyalty_points', number('greater-than-or-equal', 250)),
  boolean_equals: custom('is_wholesale', { type: 'boolean', operator: 'equals', value: false }),
  date_relative: property('created', last(6, 'week')),
  anniversary: custom('birthday', relative('anniversary-next', 7)),
  list_contains: custom('sizes', list('contains', 'XL')),
  not_set: custom('referrer', notSet),
  count_in_window: atLeast('Opened Email', 3, last(90)),
  count_alltime: atLeast('Viewed Product', 10, alltime),
  count_zero: never('Placed Order', last(30)),
  count_zero_alltime: never('Placed Order', alltime),
  sum_filtered: metric('Placed Order', 'sum', number('greater-than', 499.995), last(365), { Brand: text('equals', 'Northwind') }),
  event_list_filter: atLeast('Placed Order', 1, last(90), { Categories: list('contains-any', ['Jeans', 'Denim']) }),
  average: metric('Placed Order', 'avg', number('greater-than', 250.005), alltime),
  minimum: metric('Viewed Product', 'min', number('greater-than', 60.005), last(180)),
  maximum: metric('Added to Cart', 'max', number('greater-than', 150.005), last(180)),
  distinct: metric('Viewed Product', 'distinct', number('greater-than-or-equal', 5), last(180), {}, 'Brand'),
  funnel: abandonedCheckout,
  list_membership: member('Newsletter', last(30)),
  not_in_list: stranger('Newsletter'),
  consent_method: consent('email', 'subscribed', [
    { field: 'method', method: 'form', filter: text('in', ['FORM01', 'FORM03']) }, { field: 'status_date', filter: last(60) },
  ]),
  consent_sms: consent('sms', 'subscribed'),
  distance: near(10),
  region: region('european_union'),
  predictive_date: predicted('expected_date_of_next_purchase', relative('in-the-next', 14)),
  predictive_number: predicted('churn_probability', number('greater-than', 0.6)),
};

const twenty = all(
  [consent('email', 'any'), consent('sms', 'subscribed')],
  [atLeast('Placed Order', 1, last(365)), metric('Placed Order', 'sum', number('greater-than', 199.995), alltime), member('VIP')],
  [atLeast('Opened Email', 1, last(90)), atLeast('Clicked Email', 1, last(180)), atLeast('Active on Site', 2, last(60))],
  [never('Refunded Order', last(180)), custom('loyalty_points', number('greater-than', 1500))],
  [region('united_states'), region('european_union')],
  [atLeast('Viewed Product', 3, last(120), { Category: text('in', ['Jeans', 'Denim', 'Shoes', 'Boots']) }),
    atLeast('Added to Cart', 1, last(120), { Brand: text('equals', 'Northwind') }),
    metric('Viewed Product', 'distinct', number('greater-than-or-equal', 4), last(120), {}, 'Brand')],
  [predicted('churn_probability', number('less-than', 0.7)), custom('favorite_brand', isSet)],
  [stranger('Giveaway 2025'), custom('is_wholesale', { type: 'boolean', operator: 'equals', value: false })],
  [property('created', relative('at-least', 30))],
);

// --- a hundred segments, as marketers keep them -----------------------------------------------------------------------------

/** The same numbers everywhere: a small linear congruential generator, its high bits. */
function dice(seed) {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * bound);
  };
}

function hundred() {
  const roll = dice(20260615);
  const pick = (...values) => values[roll(values.length)];
  const brand = () => pick('Northwind', 'Alder & Ash', 'Bluecrest', 'Copperfield', 'Dunmore', 'Eastgate', 'Fernhill', 'Galway');
  const category = () => pick('Jeans', 'Denim', 'Shirts', 'Dresses', 'Shoes', 'Boots', 'Jackets', 'Knitwear');
  const days = () => pick(7, 14, 30, 60, 90, 180, 365);
  const events = [
    () => atLeast('Opened Email', pick(1, 2, 3, 5), last(days())),
    () => atLeast('Clicked Email', pick(1, 2), last(days())),
    () => atLeast('Placed Order', pick(1, 2, 3), pick(last(days()), alltime)),
    () => never('Placed Order', last(days())),
    () => never('Opened Email', last(days())),
    () => atLeast('Viewed Product', pick(1, 3, 5), last(days()), { Brand: text('equals', brand()) }),
    () => atLeast('Viewed Product', pick(1, 3, 5), last(days()), { Category: text('equals', category()) }),
    () => atLeast('Added to Cart', 1, last(days()), { Category: text('in', [category(), 'Bags']) }),
    () => atLeast('Started Checkout', 1, pick(last(days()), between(3, 30))),
    () => atLeast('Active on Site', pick(1, 3, 10), last(days())),
    () => metric('Placed Order', 'sum', number('greater-than', pick(99.995, 249.995, 499.995, 999.995)), pick(last(365), alltime)),
    () => atLeast('Ordered Product', 1, last(days()), { Brand: text('equals', brand()) }),
    () => atLeast('Placed Order', 1, last(days()), { Categories: list('contains-any', [category(), category()]) }),
    () => metric('Placed Order', 'avg', number('greater-than', pick(99.995, 199.995)), alltime),
    () => metric('Viewed Product', 'distinct', number('greater-than-or-equal', pick(3, 5)), last(days()), {}, 'Brand'),
  ];
  const attributes = [
    () => location('city', text('in', [pick('Boston', 'New York', 'Chicago', 'Houston'), pick('Seattle', 'Denver', 'Austin')])),
    () => location('country', text('equals', pick('United States', 'Germany', 'United Kingdom'))),
    () => custom('loyalty_points', number('greater-than-or-equal', pick(100, 250, 500, 1000))),
    () => property('created', last(pick(30, 90, 180, 365))),
    () => custom('sizes', list('contains', pick('M', 'L', 'XL'))),
    () => custom('favorite_brand', text('equals', brand())),
    () => consent('sms', 'subscribed'),
    () => member(pick('Newsletter', 'VIP', 'SMS Club'), pick(null, last(pick(30, 90)))),
    () => predicted('churn_probability', number('greater-than', pick(0.3, 0.5, 0.8))),
    () => predicted('expected_date_of_next_purchase', relative('in-the-next', pick(7, 14, 30))),
    () => near(pick(5, 10, 25)),
    () => region(pick('european_union', 'united_states')),
    () => custom('birthday', relative('anniversary-next', pick(7, 14))),
    () => property('email', text('ends-with', pick('@example.org', '@mailbox.example'))),
  ];
  const any = (pool) => pool[roll(pool.length)]();
  return Array.from({ length: 100 }, (_, i) => {
    const groups = i % 3 === 0 ? [] : [[consent('email', pick('any', 'subscribed'))]];
    groups.push([any(events)]);
    if (roll(2)) groups.push([any(events), any(events)]);
    if (roll(2)) groups.push([any(attributes)]);
    if (roll(4) === 0) groups.push([any(attributes), any(events), any(attributes)]);
    return all(...groups);
  });
}

// --- writing ------------------------------------------------------------------------------------------------------------------

function sqlOf(definition) {
  return Object.fromEntries(Object.entries(compilers).map(([name, compiler]) => {
    const sets = compiler.membersBySets(definition);
    const conditions = definition.condition_groups.flatMap((g) => g.conditions);
    const pass = conditions.length > 1 ? compiler.membersByPass(definition) : null;
    return [name, pass ? { sets, pass } : { sets }];
  }));
}

function write(name, content) {
  writeFileSync(new URL(`${name}.json`, import.meta.url), `${JSON.stringify({ name, now: NOW, ...content }, null, 1)}\n`);
}

for (const [name, condition] of Object.entries(single)) {
  const definition = all(condition);
  write(name, { work: 'one criterion', definition, sql: sqlOf(definition) });
}
write('twenty_criteria', { work: 'twenty criteria', definition: twenty, sql: sqlOf(twenty) });
write('hundred_segments', {
  work: 'a hundred segments', segments: hundred().map((definition) => ({ definition, sql: sqlOf(definition) })),
});
