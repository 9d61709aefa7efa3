// What differs between the rivals' SQL. Texts that are not set are '' in ClickHouse (an expert avoids Nullable) and NULL in DuckDB.

const quoted = (text) => `'${String(text).replaceAll("'", "''")}'`;
const stamp = (seconds) => new Date(seconds * 1000).toISOString().slice(0, 19).replace('T', ' ');

export const duckdb = {
  name: 'duckdb',
  text: quoted,
  time: (seconds) => `TIMESTAMP '${stamp(seconds)}'`,
  isSet: (column) => `${column} IS NOT NULL`,
  textDiffers: (column, value) => `${column} <> ${quoted(value)}`,
  matches: (column, pattern) => `regexp_matches(${column}, ${quoted(pattern)})`,
  startsWith: (column, value) => `starts_with(${column}, ${quoted(value)})`,
  endsWith: (column, value) => `ends_with(${column}, ${quoted(value)})`,
  has: (column, value) => `list_contains(${column}, ${quoted(value)})`,
  hasAny: (column, values) => `list_has_any(${column}, [${values.map(quoted).join(', ')}])`,
  size: (column) => `len(${column})`,
  // A semi-join: a long IN list would be compared one by one, on the text behind the dictionary.
  inMany: (column, values) => `${column} IN (SELECT * FROM (VALUES ${values.map((v) => `(${quoted(v)})`).join(', ')}))`,
  monthDay: (column) => `month(${column}) * 100 + day(${column})`,
  countIf: (test) => `count(*) FILTER (WHERE ${test})`,
  aggregateIf: (name, column, test) => `${name}(${column}) FILTER (WHERE ${test})`,
  distinct: (column) => `count(DISTINCT ${column})`,
  distinctIf: (column, test) => `count(DISTINCT ${column}) FILTER (WHERE ${test})`,
};

export const clickhouse = {
  name: 'clickhouse',
  text: (value) => `'${String(value).replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`,
  time: (seconds) => `toDateTime('${stamp(seconds)}', 'UTC')`,
  isSet: (column) => `${column} != ''`,
  textDiffers: (column, value) => `(${column} != '' AND ${column} != ${clickhouse.text(value)})`,
  matches: (column, pattern) => `match(${column}, ${clickhouse.text(pattern)})`,
  startsWith: (column, value) => `startsWith(${column}, ${clickhouse.text(value)})`,
  endsWith: (column, value) => `endsWith(${column}, ${clickhouse.text(value)})`,
  has: (column, value) => `has(${column}, ${clickhouse.text(value)})`,
  hasAny: (column, values) => `hasAny(${column}, [${values.map(clickhouse.text).join(', ')}])`,
  size: (column) => `length(${column})`,
  inMany: (column, values) => `${column} IN (${values.map(clickhouse.text).join(', ')})`,
  monthDay: (column) => `toMonth(${column}) * 100 + toDayOfMonth(${column})`,
  countIf: (test) => `countIf(${test})`,
  aggregateIf: (name, column, test) => `${name}If(${column}, ${test})`,
  distinct: (column) => `uniqExact(${column})`,
  distinctIf: (column, test) => `uniqExactIf(${column}, ${test})`,
};
