// The rivals' tables, laid out as an expert would for these questions: sorted by metric, profile and time; few-valued texts as
// dictionaries; the place that the distance questions need worked out at load.

const PROFILE_TEXTS = ['external_id', 'email', 'phone_number', 'first_name', 'last_name', 'city', 'region', 'country', 'zip', 'timezone',
  'favorite_brand', 'referrer', 'email_consent', 'email_method', 'email_method_detail', 'suppression_reason', 'sms_consent', 'sms_method',
  'sms_method_detail', 'predicted_gender', 'best_channel'];
const FREE_TEXTS = new Set(['external_id', 'email', 'phone_number', 'zip']);
const PROFILE_TIMES = ['created', 'email_consent_time', 'suppression_time', 'sms_consent_time', 'next_order'];
const PROFILE_NUMBERS = ['historic_clv', 'predicted_clv', 'average_order_value', 'churn_probability'];
const EVENT_TEXTS = ['campaign_id', 'client', 'brand', 'category'];
const EVENT_COUNTS = ['item_count', 'quantity', 'rating'];

// S24: the profile's own point, else its ZIP's when it lives in the United States.
const place = (axis) => `coalesce(${axis}, CASE WHEN country IN ('United States', 'US', 'USA') THEN zip_${axis} END)`;

export const duckdb = {
  /** The values of a few-valued text, from the data. */
  createEnum: (name, file, column) => `CREATE TYPE ${name} AS ENUM (SELECT DISTINCT ${column} FROM read_csv('${file}', all_varchar = true) ` +
    `WHERE ${column} IS NOT NULL ORDER BY 1)`,
  profiles: (file) => {
    const texts = PROFILE_TEXTS.map((c) => (FREE_TEXTS.has(c) ? c : `${c}::enum_${c} AS ${c}`));
    const times = PROFILE_TIMES.map((c) => `make_timestamp(${c}::BIGINT * 1000000) AS ${c}`);
    const numbers = PROFILE_NUMBERS.map((c) => `${c}::DOUBLE AS ${c}`);
    return `CREATE TABLE profiles AS SELECT profile::UINTEGER AS profile, ${[...texts, ...times, ...numbers].join(', ')}, ` +
      `loyalty_points::INTEGER AS loyalty_points, is_wholesale::BOOLEAN AS is_wholesale, birthday::DATE AS birthday, ` +
      `string_split(sizes, '|') AS sizes, email_double_optin::BOOLEAN AS email_double_optin, ` +
      `historic_number_of_orders::INTEGER AS historic_number_of_orders, ` +
      `${place('latitude')}::DOUBLE AS geo_latitude, ${place('longitude')}::DOUBLE AS geo_longitude ` +
      `FROM read_csv('${file}', all_varchar = true) ORDER BY profile`;
  },
  profileEnums: PROFILE_TEXTS.filter((c) => !FREE_TEXTS.has(c)),
  eventEnums: ['metric', ...EVENT_TEXTS],
  // Texts stay texts until all their values are known.
  stagedEvents: (file) => `SELECT metric, profile::UINTEGER AS profile, make_timestamp(time::BIGINT * 1000000) AS time, ` +
    `value::DOUBLE AS value, unique_id, ${EVENT_TEXTS.join(', ')}, ${EVENT_COUNTS.map((c) => `${c}::UTINYINT AS ${c}`).join(', ')}, ` +
    `string_split(categories, '|') AS categories FROM read_csv('${file}', all_varchar = true)`,
  events: `CREATE TABLE events AS SELECT metric::enum_metric AS metric, profile, time, value, unique_id, ` +
    `${EVENT_TEXTS.map((c) => `${c}::enum_${c} AS ${c}`).join(', ')}, ${EVENT_COUNTS.join(', ')}, categories ` +
    `FROM staged ORDER BY metric, profile, time`,
  lists: (file) => `CREATE TABLE list_members AS SELECT list::enum_list AS list, profile::UINTEGER AS profile, ` +
    `make_timestamp(joined_at::BIGINT * 1000000) AS joined_at FROM read_csv('${file}', all_varchar = true) ORDER BY list, profile`,
  members: 'CREATE TABLE members (segment UINTEGER, profile UINTEGER)',
};

const lowCardinality = (c) => `${c} LowCardinality(String)`;
const eventColumns = `metric LowCardinality(String), profile UInt32, time DateTime('UTC'), value Float64, unique_id String, ` +
  `${EVENT_TEXTS.map(lowCardinality).join(', ')}, ${EVENT_COUNTS.map((c) => `${c} UInt8`).join(', ')}, ` +
  `categories Array(LowCardinality(String))`;

export const clickhouse = {
  profiles: `CREATE TABLE profiles (profile UInt32, ${PROFILE_TEXTS.map((c) => (FREE_TEXTS.has(c) ? `${c} String` : lowCardinality(c))).join(', ')}, ` +
    `${PROFILE_TIMES.map((c) => `${c} Nullable(DateTime('UTC'))`).join(', ')}, ` +
    `${PROFILE_NUMBERS.map((c) => `${c} Nullable(Float64)`).join(', ')}, loyalty_points Nullable(Int32), is_wholesale Nullable(Bool), ` +
    `birthday Nullable(Date32), sizes Array(LowCardinality(String)), email_double_optin Nullable(Bool), ` +
    `historic_number_of_orders Nullable(Int32), geo_latitude Nullable(Float64), geo_longitude Nullable(Float64)) ` +
    `ENGINE = MergeTree ORDER BY profile`,
  insertProfiles: (file) => {
    const texts = PROFILE_TEXTS;
    const times = PROFILE_TIMES.map((c) => `toDateTime(toUInt32OrNull(${c}), 'UTC')`);
    const numbers = PROFILE_NUMBERS.map((c) => `toFloat64OrNull(${c})`);
    const number = (axis) => `toFloat64OrNull(if(${axis} != '', ${axis}, if(country IN ('United States', 'US', 'USA'), zip_${axis}, '')))`;
    return `INSERT INTO profiles (profile, ${[...PROFILE_TEXTS, ...PROFILE_TIMES, ...PROFILE_NUMBERS].join(', ')}, loyalty_points, is_wholesale, ` +
      `birthday, sizes, email_double_optin, historic_number_of_orders, geo_latitude, geo_longitude) SELECT toUInt32(profile), ` +
      `${[...texts, ...times, ...numbers].join(', ')}, toInt32OrNull(loyalty_points), if(is_wholesale = '', NULL, is_wholesale = 'true'), ` +
      `toDate32OrNull(birthday), if(sizes = '', [], splitByChar('|', sizes)), if(email_double_optin = '', NULL, true), ` +
      `toInt32OrNull(historic_number_of_orders), ${number('latitude')}, ${number('longitude')} FROM file('${file}', 'CSVWithNames') ` +
      `SETTINGS input_format_csv_use_best_effort_in_schema_inference = 0, schema_inference_make_columns_nullable = 0`;
  },
  events: `CREATE TABLE events (${eventColumns}) ENGINE = MergeTree ORDER BY (metric, profile, time)`,
  insertEvents: (file) => `INSERT INTO events (metric, profile, time, value, unique_id, ${EVENT_TEXTS.join(', ')}, ${EVENT_COUNTS.join(', ')}, categories) ` +
    `SELECT metric, profile, time, value, unique_id, ${EVENT_TEXTS.join(', ')}, ${EVENT_COUNTS.join(', ')}, ` +
    `if(categories = '', [], splitByChar('|', categories)) FROM file('${file}', 'CSVWithNames', ` +
    `'metric String, profile UInt32, time UInt32, value Float64, unique_id String, ${EVENT_TEXTS.map((c) => `${c} String`).join(', ')}, ` +
    `categories String, ${EVENT_COUNTS.map((c) => `${c} UInt8`).join(', ')}')`,
  lists: `CREATE TABLE list_members (list LowCardinality(String), profile UInt32, joined_at DateTime('UTC')) ENGINE = MergeTree ` +
    `ORDER BY (list, profile)`,
  insertLists: (file) => `INSERT INTO list_members SELECT list, profile, joined_at FROM file('${file}', 'CSVWithNames', ` +
    `'list String, profile UInt32, joined_at UInt32')`,
  members: 'CREATE TABLE members (segment UInt32, profile UInt32) ENGINE = MergeTree ORDER BY (segment, profile)',
};

// --- the bulk load race: the very NDJSON file that Rollcall loads ---------------------------------------------------------

const property = { campaign_id: 'campaign_id', client: 'Client', brand: 'Brand', category: 'Category' };

export const race = {
  clickhouse: {
    table: `CREATE TABLE raced (metric LowCardinality(String), external_id String, time DateTime('UTC'), value Float64, unique_id String, ` +
      `${EVENT_TEXTS.map(lowCardinality).join(', ')}, categories Array(LowCardinality(String)), item_count UInt8, quantity UInt8, ` +
      `rating UInt8) ENGINE = MergeTree ORDER BY (metric, external_id, time)`,
    insert: (file) => `INSERT INTO raced SELECT metric, tupleElement(profile, 'external_id'), time, value, unique_id, ` +
      `${EVENT_TEXTS.map((c) => (c === 'client' ? `if(p.Client != '', p.Client, p.browser)` : `p.${property[c]}`)).join(', ')}, p.Categories, ` +
      `p."Item Count", p.Quantity, p.Rating FROM (SELECT *, properties AS p FROM file('${file}', 'JSONEachRow', 'unique_id String, ` +
      `metric String, profile Tuple(external_id String), time DateTime(\\'UTC\\'), value Float64, properties Tuple(campaign_id String, Client String, ` +
      `browser String, Brand String, Category String, Categories Array(String), "Item Count" UInt8, Quantity UInt8, Rating UInt8)')) ` +
      `SETTINGS date_time_input_format = 'best_effort', input_format_json_defaults_for_missing_elements_in_named_tuple = 1`,
  },
  duckdb: {
    insert: (file) => `CREATE OR REPLACE TABLE raced AS SELECT metric, profile.external_id AS external_id, time, value, unique_id, ` +
      `properties.campaign_id AS campaign_id, coalesce(properties.Client, properties.browser) AS client, properties.Brand AS brand, ` +
      `properties.Category AS category, properties.Categories AS categories, properties."Item Count" AS item_count, ` +
      `properties.Quantity AS quantity, properties.Rating AS rating FROM read_json('${file}', format = 'newline_delimited', columns = {` +
      `unique_id: 'VARCHAR', metric: 'VARCHAR', profile: 'STRUCT(external_id VARCHAR)', time: 'TIMESTAMP', value: 'DOUBLE', ` +
      `properties: 'STRUCT(campaign_id VARCHAR, Client VARCHAR, browser VARCHAR, Brand VARCHAR, Category VARCHAR, Categories VARCHAR[], ` +
      `"Item Count" UTINYINT, Quantity UTINYINT, Rating UTINYINT)'}) ORDER BY metric, external_id, time`,
  },
};
