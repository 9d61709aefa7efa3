// Segments: of every condition type, and people who join while we watch.
import fs from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { camel } from './client.mjs';
import { event } from './story_events.mjs';

const segment = (name, conditions) => ({ data: { type: 'segment', attributes: { name,
  definition: { condition_groups: [{ conditions }] } } } });

/// Ordered at least twice, whenever.
const orderedTwice = (metric) => ({ type: 'profile-metric', metric_id: metric,
  measurement: 'count',
  measurement_filter: { type: 'numeric', operator: 'greater-than-or-equal', value: 2 },
  timeframe_filter: { type: 'date', operator: 'alltime' }, metric_filters: null });

const isReady = (answer) => answer.data?.data?.attributes?.is_processing === false;

/// Examples speak of ids of another account.
function ofThisAccount(condition, story) {
  const text = JSON.stringify(condition).replaceAll('"PLCORD"', `"${story.metric}"`)
    .replaceAll('"VWPROD"', `"${story.metric}"`).replaceAll('"NWSLTR"', `"${story.list}"`);
  return JSON.parse(text);
}

/// Through the SDK, or plainly where the SDK cannot send it; then what is wrong with the answer.
async function tryCondition(c, name, condition) {
  const body = segment(`Example: ${name}`, [condition]);
  const mistakes = [];
  let bySdk = true;
  let made = await c.client.call('createSegment', camel(body));
  if (!isDeepStrictEqual(made.sent, body)) {
    bySdk = false;
    if (made.status === 201)
      await c.client.call('deleteSegment', made.data.data.id);
    made = await c.client.plain('POST', '/api/segments', body);
  }
  const create = c.validator.operation('create_segment');
  mistakes.push(...c.validator.mistakes(create, made.status, made.data));
  if (made.status !== 201) {
    mistakes.push(`answers ${made.status}: ${made.data?.errors?.[0]?.detail}`);
    return { mistakes, bySdk };
  }
  const { id } = made.data.data;
  const ready = await c.eventually(() => c.client.call('getSegment', id), isReady);
  if (!ready)
    mistakes.push('never becomes ready');
  const back = ready?.data.data.attributes.definition?.condition_groups?.[0]?.conditions?.[0];
  if (ready && !isDeepStrictEqual(back, condition))
    mistakes.push(`comes back as ${JSON.stringify(back)}`);
  const members = await c.client.call('getProfileIdsForSegment', id);
  if (members.status !== 200)
    mistakes.push(`its members answer ${members.status}`);
  await c.client.call('deleteSegment', id);
  return { mistakes, bySdk };
}

export async function tellOfConditions(c, story, file) {
  const examples = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const [name, condition] of Object.entries(examples))
    c.condition(name, await tryCondition(c, name, ofThisAccount(condition, story)));
}

/// How long it takes from the answer to an event until its person is seen as a member.
async function watchSomebodyJoin(c, story, who) {
  await c.call('create_event', [event(who, 'Placed Order', { unique_id: `${who} 1` })], 202);
  const people = await c.eventually(
    () => c.client.call('getProfiles', { filter: `equals(email,"${who}")` }),
    (answer) => answer.data?.data?.length === 1);
  const id = people?.data.data[0].id;
  await c.call('create_event', [event(who, 'Placed Order', { unique_id: `${who} 2` })], 202);
  const begun = performance.now();
  const joined = await c.eventually(
    () => c.call('get_segment_ids_for_profile', [id ?? 'none']),
    (answer) => answer.data?.data?.some((each) => each.id === story.segment));
  return joined ? performance.now() - begun : Infinity;
}

export async function tellOfSegments(c, story) {
  const made = await c.call('create_segment',
    [segment('Regular customers', [orderedTwice(story.metric)])], 201);
  story.segment = made.data?.data?.id;
  c.expect(await c.eventually(() => c.call('get_segment', [story.segment, {}]), isReady),
    'a new segment becomes ready');
  c.expect(made.body?.data?.attributes?.definition?.conditionGroups?.[0]?.conditions?.[0]?.metricId
    === story.metric, 'the SDK reads a definition', made.body?.data?.attributes?.definition);

  const times = [];
  for (let i = 0; i < 3; ++i)
    times.push(await watchSomebodyJoin(c, story, `joiner${i}@shop.example`));
  story.joinedAfterMs = Math.min(...times);
  c.expect(story.joinedAfterMs < 1_000, 'somebody joins within a second of the event', times);

  for (let i = 0; i < 25; ++i)
    for (const order of [1, 2])
      await c.client.call('createEvent', camel(event(`many${i}@shop.example`, 'Placed Order',
        { unique_id: `page ${i} ${order}` })));
  const counted = await c.eventually(
    () => c.call('get_segment', [story.segment, { additional_fields_segment: ['profile_count'] }]),
    (answer) => answer.data?.data?.attributes?.profile_count === 28);
  c.expect(counted, 'a segment counts');
  const seen = new Set();
  let cursor;
  let pages = 0;
  do {
    const page = await c.call('get_profiles_for_segment',
      [story.segment, { page_size: 10, ...(cursor ? { page_cursor: cursor } : {}) }]);
    ++pages;
    for (const each of page.data?.data ?? []) {
      c.expect(!seen.has(each.id) && seen.add(each.id), 'no member comes twice', each.id);
      c.expect(Boolean(each.attributes?.joined_group_at), 'members say when they came');
    }
    cursor = page.data?.links?.next;
  } while (cursor && pages < 20);
  c.expect(seen.size === 28 && pages === 3, 'pages have every member', { seen: seen.size, pages });

  await c.call('get_profile_ids_for_segment', [story.segment, { page_size: 5 }]);
  await c.call('get_segments', [{ filter: 'equals(name,"Regular customers")' }]);
  await c.call('get_segments_for_profile', [story.ada, {}]);
  await c.call('update_segment', [story.segment, { data: { type: 'segment', id: story.segment,
    attributes: { name: 'Regulars' } } }]);
  // The SDK would leave out what it does not know.
  const wrong = await c.plain('create_segment', '/api/segments', segment('Wrong',
    [{ type: 'profile-region', in_region: true, region: 'atlantis' }]), 400);
  c.expect(wrong.data?.errors?.[0]?.source?.pointer
    === '/data/attributes/definition/condition_groups/0/conditions/0/region',
  'a mistake has its place', wrong.data);
  const change = (attributes) => c.call('update_segment', [story.segment, { data: {
    type: 'segment', id: story.segment, attributes } }]);
  const off = await change({ is_active: false });
  c.expect(off.data?.data?.attributes?.is_active === false, 'a segment is deactivated', off.data);
  for (const order of [1, 2])
    await c.call('create_event', [event('late@shop.example', 'Placed Order',
      { unique_id: `late ${order}` })], 202);
  const shown = await c.call('get_segment',
    [story.segment, { additional_fields_segment: ['profile_count'] }]);
  c.expect(shown.data?.data?.attributes?.profile_count === 28, 'and stands still', shown.data);
  await change({ is_active: true });
  c.expect(await c.eventually(
    () => c.call('get_segment', [story.segment, { additional_fields_segment: ['profile_count'] }]),
    (answer) => answer.data?.data?.attributes?.profile_count === 29),
  'made active again, it is true again');
  const gone = await c.call('create_segment',
    [segment('Short-lived', [orderedTwice(story.metric)])], 201);
  await c.call('delete_segment', [gone.data?.data?.id ?? 'none'], 204);
  await c.call('get_segment', [gone.data?.data?.id ?? 'none', {}], 404);
}
