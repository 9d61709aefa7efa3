// Segment definitions as the SQL that an expert would write for the tables of tables.mjs. Two shapes for a definition with several
// conditions: `membersBySets` (one semi-join for each condition on events) and `membersByPass` (one pass over the events with conditional
// aggregates). The harness times both and takes the rival's faster one.

import { interval, nextAnniversaries } from './windows.mjs';

const COMPARE = {
  equals: '=', 'not-equals': '<>', 'greater-than': '>', 'greater-than-or-equal': '>=', 'less-than': '<',
  'less-than-or-equal': '<=', 'length-equals': '=', 'length-greater-than': '>', 'length-greater-than-or-equal': '>=',
  'length-less-than': '<', 'length-less-than-or-equal': '<=',
};
const HOLDS = {
  equals: (a, b) => a === b, 'not-equals': (a, b) => a !== b, 'greater-than': (a, b) => a > b,
  'greater-than-or-equal': (a, b) => a >= b, 'less-than': (a, b) => a < b, 'less-than-or-equal': (a, b) => a <= b,
};

const PROFILE_COLUMNS = {
  email: 'email', first_name: 'first_name', last_name: 'last_name', created: 'created', phone_number: 'phone_number',
  "location['city']": 'city', "location['region']": 'region', "location['country']": 'country', "location['zip']": 'zip',
  "properties['loyalty_points']": 'loyalty_points', "properties['is_wholesale']": 'is_wholesale',
  "properties['birthday']": 'birthday', "properties['sizes']": 'sizes', "properties['favorite_brand']": 'favorite_brand',
  "properties['referrer']": 'referrer',
};
const EVENT_COLUMNS = {
  Brand: 'brand', Category: 'category', Categories: 'categories', 'Item Count': 'item_count', campaign_id: 'campaign_id',
  Client: 'client', browser: 'client', Quantity: 'quantity', Rating: 'rating', $value: 'value',
};
const PREDICTION_COLUMNS = {
  expected_date_of_next_purchase: 'next_order', churn_probability: 'churn_probability', historic_clv: 'historic_clv',
  predicted_clv: 'predicted_clv', historic_number_of_orders: 'historic_number_of_orders',
  average_order_value: 'average_order_value', predicted_gender: 'predicted_gender',
};
const WINDOW_SECONDS = {
  HOURS_1: 3_600, DAYS_1: 86_400, DAYS_3: 3 * 86_400, DAYS_5: 5 * 86_400, WEEKS_1: 7 * 86_400, DAYS_30: 30 * 86_400,
  DAYS_90: 90 * 86_400, DAYS_180: 180 * 86_400, YEARS_1: 365 * 86_400,
};
const EU = ('Austria AT Belgium BE Bulgaria BG Croatia HR Cyprus CY Czechia CZ Denmark DK Estonia EE Finland FI France FR Germany DE ' +
  'Greece GR Hungary HU Ireland IE Italy IT Latvia LV Lithuania LT Luxembourg LU Malta MT Netherlands NL Poland PL Portugal PT ' +
  'Romania RO Slovakia SK Slovenia SI Spain ES Sweden SE').split(' ');
const US = ['United States', 'US', 'USA'];

/** Centres of the distance questions, from the same ZIP table as the data. */
const POSTAL_CODES = { '02110': [42.358254, -71.051927] };
const EARTH_MILES = 3958.7613;

function known(table, key) {
  if (!(key in table)) throw new Error(`no column for ${key}`);
  return table[key];
}

/** Compiles definitions for one rival at one instant. */
export class SegmentSql {
  constructor(dialect, now) {
    this.sql = dialect;
    this.now = now;
  }

  // --- tests of one value ---------------------------------------------------------------------------------------------

  timeTest(column, filter) {
    const { from, to } = interval(filter, this.now);
    const tests = [];
    if (from !== null) tests.push(`${column} >= ${this.sql.time(from)}`);
    if (to !== null) tests.push(`${column} < ${this.sql.time(to)}`);
    return tests.join(' AND ') || 'true';
  }

  test(column, filter) {
    switch (filter.type) {
      case 'string':
        return this.textTest(column, filter);
      case 'numeric':
        return `${column} ${COMPARE[filter.operator]} ${filter.value}`;
      case 'boolean':
        return `${column} = ${filter.value}`;
      case 'existence':
        return filter.operator === 'is-set' ? this.sql.isSet(column) : `NOT (${this.sql.isSet(column)})`;
      case 'list':
        return this.listTest(column, filter);
      case 'date':
        return filter.operator === 'anniversary-next'
          ? `${this.sql.monthDay(column)} IN (${nextAnniversaries(filter, this.now).join(', ')})`
          : this.timeTest(column, filter);
      default:
        throw new Error(`no SQL for filter type ${filter.type}`);
    }
  }

  textTest(column, { operator, value }) {
    switch (operator) {
      case 'equals':
        return `${column} = ${this.sql.text(value)}`;
      case 'not-equals':
        return this.sql.textDiffers(column, value);
      case 'in':
        return `${column} IN (${value.map(this.sql.text).join(', ')})`;
      case 'regex':
        return this.sql.matches(column, value);
      case 'starts-with':
        return this.sql.startsWith(column, value);
      case 'ends-with':
        return this.sql.endsWith(column, value);
      default:
        throw new Error(`no SQL for string operator ${operator}`);
    }
  }

  listTest(column, { operator, value }) {
    if (operator === 'contains') return this.sql.has(column, value);
    if (operator === 'contains-any') return this.sql.hasAny(column, value);
    // An unset list is empty in both rivals' tables, so that a length test has to ask for one item at least.
    if (operator in COMPARE && value > 0) return `${this.sql.size(column)} ${COMPARE[operator]} ${value}`;
    throw new Error(`no SQL for list operator ${operator}`);
  }

  eventTests(condition) {
    return (condition.metric_filters ?? []).map((f) => this.test(known(EVENT_COLUMNS, f.property), f.filter));
  }

  /** Which rows of `events` a metric condition looks at. */
  eventWhere(condition) {
    const time = this.timeTest('time', condition.timeframe_filter);
    return [`metric = ${this.sql.text(condition.metric_id)}`, ...(time === 'true' ? [] : [time]), ...this.eventTests(condition)]
      .join(' AND ');
  }

  // --- conditions on the profile's own row ----------------------------------------------------------------------------

  /** SQL over `profiles`, or null when the condition needs another table. */
  ownTest(condition) {
    switch (condition.type) {
      case 'profile-property':
        return this.test(known(PROFILE_COLUMNS, condition.property), condition.filter);
      case 'profile-predictive-analytics':
        return this.test(known(PREDICTION_COLUMNS, condition.dimension), condition.filter);
      case 'profile-region': {
        const names = condition.region === 'european_union' ? EU : US;
        const inside = this.sql.inMany('country', names);
        return condition.in_region ? inside : `(${this.sql.isSet('country')} AND NOT (${inside}))`;
      }
      case 'profile-postal-code-distance':
        return this.distanceTest(condition);
      case 'profile-marketing-consent':
        return this.consentTest(condition.consent);
      default:
        return null;
    }
  }

  distanceTest({ postal_code, filter }) {
    const [latitude, longitude] = known(POSTAL_CODES, postal_code);
    const radians = (degrees) => (degrees * Math.PI) / 180;
    const half = (column, centre) => `pow(sin(radians(${column} - (${centre})) / 2), 2)`;
    const miles = `2 * ${EARTH_MILES} * asin(sqrt(${half('geo_latitude', latitude)} + ${Math.cos(radians(latitude))} * ` +
      `cos(radians(geo_latitude)) * ${half('geo_longitude', longitude)}))`;
    if (filter.operator !== 'less-than') return `${miles} > ${filter.value}`;
    // A box around the circle spares most rows the trigonometry.
    const tall = (filter.value / EARTH_MILES) * (180 / Math.PI) * 1.001;
    const wide = tall / Math.cos(radians(Math.abs(latitude) + tall));
    return `geo_latitude BETWEEN ${latitude - tall} AND ${latitude + tall} AND ` +
      `geo_longitude BETWEEN ${longitude - wide} AND ${longitude + wide} AND ${miles} < ${filter.value}`;
  }

  consentTest({ channel, can_receive_marketing, consent_status }) {
    const suppressed = this.sql.isSet('suppression_reason');
    const unsubscribed = `email_consent = ${this.sql.text('UNSUBSCRIBED')}`;
    const tests = [];
    if (channel === 'email' && can_receive_marketing) {
      tests.push(`NOT (${suppressed})`);
      if (consent_status.subscription === 'subscribed') tests.push(`email_consent = ${this.sql.text('SUBSCRIBED')}`);
      else if (this.sql.name === 'duckdb') tests.push(`email_consent IS DISTINCT FROM 'UNSUBSCRIBED'`);
      else tests.push(`NOT (${unsubscribed})`);
    } else if (channel === 'email' && consent_status.subscription === 'unsubscribed') {
      tests.push(unsubscribed);
    } else if (channel === 'sms' && can_receive_marketing) {
      tests.push(`sms_consent = ${this.sql.text('SUBSCRIBED')}`);
    } else {
      throw new Error(`no SQL for consent ${channel} ${can_receive_marketing} ${consent_status.subscription}`);
    }
    for (const filter of consent_status.filters ?? []) {
      if (filter.field === 'method') tests.push(`${channel}_method = ${this.sql.text(filter.method.toUpperCase())}`);
      else if (filter.field === 'status_date') tests.push(this.timeTest(`${channel}_consent_time`, filter.filter));
      else throw new Error(`no SQL for consent filter ${filter.field}`);
      if (filter.field === 'method' && filter.filter)
        tests.push(`${channel}_method_detail IN (${filter.filter.value.map(this.sql.text).join(', ')})`);
    }
    return tests.join(' AND ');
  }

  // --- conditions on other tables ---------------------------------------------------------------------------------------

  /** {members: SELECT of profiles, complement: whether they are the ones who do not fulfil the condition}. */
  set(condition) {
    switch (condition.type) {
      case 'profile-metric':
        return this.metricSet(condition);
      case 'profile-metric-funnel':
        return { members: this.funnel(condition), complement: false };
      case 'profile-group-membership': {
        const joined = condition.timeframe_filter ? ` AND ${this.timeTest('joined_at', condition.timeframe_filter)}` : '';
        return {
          members: `SELECT DISTINCT profile FROM list_members WHERE list IN (${condition.group_ids.map(this.sql.text).join(', ')})${joined}`,
          complement: !condition.is_member,
        };
      }
      default:
        return null;
    }
  }

  measured(condition) {
    const column = condition.measurement_property ? known(EVENT_COLUMNS, condition.measurement_property) : 'value';
    return { count: 'count(*)', sum: 'sum(value)', avg: `avg(${column})`, min: `min(${column})`, max: `max(${column})`,
      distinct: this.sql.distinct(column) }[condition.measurement];
  }

  metricSet(condition) {
    const { operator, value } = condition.measurement_filter;
    const select = `FROM events WHERE ${this.eventWhere(condition)}`;
    const fromNothing = ['count', 'sum', 'distinct'].includes(condition.measurement);
    // Whoever has no such event measures 0: then ask for those who fail and take the others.
    const complement = fromNothing && HOLDS[operator](0, value);
    const test = `${this.measured(condition)} ${COMPARE[operator]} ${value}`;
    const having = complement ? `NOT (${test})` : test;
    const anyWillDo = condition.measurement === 'count'
      && (complement ? operator === 'equals' && value === 0 : operator === 'greater-than-or-equal' && value === 1);
    return {
      members: anyWillDo ? `SELECT DISTINCT profile ${select}` : `SELECT profile ${select} GROUP BY profile HAVING ${having}`,
      complement,
    };
  }

  /** Two positive steps and a negative one (S20): a, then b within the window, and no c from b's time to the window's end. */
  funnel(condition) {
    const [first, second, third] = condition.steps;
    if (condition.steps.length !== 3 || third.metric_exists) throw new Error('no SQL for this funnel');
    const window = WINDOW_SECONDS[condition.completion_window_seconds];
    const step = (s) => [`metric = ${this.sql.text(s.metric_id)}`, ...this.eventTests(s)].join(' AND ');
    const during = this.timeTest('time', condition.timeframe_filter);
    if (this.sql.name === 'clickhouse')
      return `SELECT profile FROM (SELECT profile, groupArrayIf(time, ${step(first)}) AS a, groupArrayIf(time, ${step(second)}) AS b, ` +
        `groupArrayIf(time, ${step(third)}) AS c FROM events WHERE metric IN (${condition.steps.map((s) => this.sql.text(s.metric_id)).join(', ')}) ` +
        `AND ${during} GROUP BY profile HAVING notEmpty(a) AND notEmpty(b)) WHERE arrayExists(y -> arrayExists(x -> x <= y AND ` +
        `y <= x + ${window} AND NOT arrayExists(z -> z >= y AND z <= x + ${window}, c), a), b)`;
    const seen = (name, s) => `${name} AS (SELECT profile, time FROM events WHERE ${step(s)} AND ${during})`;
    return `WITH ${seen('a', first)}, ${seen('b', second)}, ${seen('c', third)} SELECT DISTINCT profile FROM (SELECT b.profile AS profile, ` +
      `b.time AS since, min(a.time) + INTERVAL ${window} SECOND AS until FROM b JOIN a ON a.profile = b.profile AND a.time <= b.time AND ` +
      `a.time >= b.time - INTERVAL ${window} SECOND GROUP BY b.profile, b.time) AS pair WHERE NOT EXISTS (SELECT 1 FROM c WHERE ` +
      `c.profile = pair.profile AND c.time >= pair.since AND c.time <= pair.until)`;
  }

  // --- whole definitions ------------------------------------------------------------------------------------------------

  conditionBySet(condition) {
    const own = this.ownTest(condition);
    if (own !== null) return `(${own})`;
    const { members, complement } = this.set(condition);
    return `profile ${complement ? 'NOT IN' : 'IN'} (${members})`;
  }

  groups(definition, test) {
    return definition.condition_groups
      .map((group) => group.conditions.map(test).join(' OR '))
      .map((text, i) => (definition.condition_groups[i].conditions.length > 1 ? `(${text})` : text))
      .join(' AND ');
  }

  membersBySets(definition) {
    const [group, ...rest] = definition.condition_groups;
    if (rest.length === 0 && group.conditions.length === 1) {
      const found = this.set(group.conditions[0]);
      if (found && !found.complement) return found.members;
    }
    return `SELECT profile FROM profiles WHERE ${this.groups(definition, (c) => this.conditionBySet(c))}`;
  }

  /** Null when the definition has no condition on events that a pass could answer. */
  membersByPass(definition) {
    const aggregates = [];
    const metrics = new Set();
    const starts = [];
    const test = (condition) => {
      if (condition.type !== 'profile-metric') return this.conditionBySet(condition);
      metrics.add(condition.metric_id);
      starts.push(interval(condition.timeframe_filter, this.now).from);
      const where = this.eventWhere(condition);
      const column = condition.measurement_property ? known(EVENT_COLUMNS, condition.measurement_property) : 'value';
      const name = `m${aggregates.length}`;
      aggregates.push(`${this.measuredIf(condition.measurement, column, where)} AS ${name}`);
      const { operator, value } = condition.measurement_filter;
      const compared = ['count', 'sum', 'distinct'].includes(condition.measurement) ? `coalesce(${name}, 0)` : name;
      return `${compared} ${COMPARE[operator]} ${value}`;
    };
    const where = this.groups(definition, test);
    if (aggregates.length === 0) return null;
    const since = starts.includes(null) ? '' : ` AND time >= ${this.sql.time(Math.min(...starts))}`;
    const pass = `SELECT profile, ${aggregates.join(', ')} FROM events WHERE metric IN ` +
      `(${[...metrics].map(this.sql.text).join(', ')})${since} GROUP BY profile`;
    return `SELECT profile FROM profiles LEFT JOIN (${pass}) AS pass USING (profile) WHERE ${where}`;
  }

  measuredIf(measurement, column, where) {
    if (measurement === 'count') return this.sql.countIf(where);
    if (measurement === 'distinct') return this.sql.distinctIf(column, where);
    // ClickHouse gives 0 or NaN for none; the questions compare from above, where neither passes.
    return this.sql.aggregateIf(measurement, measurement === 'sum' ? 'value' : column, where);
  }
}
