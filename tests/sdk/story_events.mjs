// What people do, what it counts, and what reports make of it.

const event = (who, metric, more = {}) => ({ data: { type: 'event', attributes: {
  properties: more.properties ?? {}, ...(more.time ? { time: more.time } : {}),
  ...(more.value === undefined ? {} : { value: more.value }), unique_id: more.unique_id,
  metric: { data: { type: 'metric', attributes: { name: metric } } },
  profile: { data: { type: 'profile', attributes: { email: who } } } } } });

export { event };

const daysAgo = (days) => new Date(Date.now() - days * 86_400_000).toISOString();

export async function tellOfEvents(c, story) {
  await c.call('create_event', [event('ada@shop.example', 'Placed Order',
    { value: 99.5, unique_id: 'order-1',
      properties: { Brand: 'Acme', 'Client Name': 'Safari', items: [{ sku: 1 }] } })], 202);
  await c.call('bulk_create_events', [{ data: { type: 'event-bulk-create-job', attributes: {
    'events-bulk-create': { data: [{ type: 'event-bulk-create', attributes: {
      profile: { data: { type: 'profile', attributes: { email: 'many2@shop.example' } } },
      events: { data: [1, 2, 3].map((i) => ({ type: 'event', attributes: {
        properties: { Brand: 'Bcme', 'Client Name': 'Firefox' }, time: daysAgo(i), value: i, unique_id: `bulk-${i}`,
        metric: { data: { type: 'metric', attributes: { name: 'Placed Order' } } } } })) } } }] } } } }],
  202);
  const listed = await c.eventually(
    () => c.call('get_events', [{ include: ['metric', 'profile'], sort: '-datetime' }]),
    (answer) => answer.data?.data?.length >= 4);
  c.expect(listed, 'events are listed');
  const first = listed?.data.data.find((each) => each.attributes.event_properties?.Brand === 'Acme');
  c.expect(first?.attributes.event_properties.items?.[0]?.sku === 1,
    'properties of events stay as they are', first?.attributes);
  story.event = first?.id;
  await c.call('get_event', [story.event ?? 'none', {}]);
  await c.call('get_metric_for_event', [story.event ?? 'none', {}]);
  await c.call('get_metric_id_for_event', [story.event ?? 'none']);
  await c.call('get_profile_for_event', [story.event ?? 'none', {}]);
  await c.call('get_profile_id_for_event', [story.event ?? 'none']);
  const metrics = await c.call('get_metrics', [{}]);
  story.metric = metrics.data?.data?.find((each) => each.attributes.name === 'Placed Order')?.id;
  await c.call('get_metric', [story.metric ?? 'none', {}]);
  const properties = await c.call('get_properties_for_metric', [story.metric ?? 'none', {}]);
  story.metricProperty = properties.data?.data?.[0]?.id;
  await c.call('get_property_ids_for_metric', [story.metric ?? 'none']);
  await c.call('get_metric_property', [story.metricProperty ?? 'none', {}]);
  await c.call('get_metric_for_metric_property', [story.metricProperty ?? 'none', {}]);
}

export async function tellOfAggregates(c, story) {
  const ask = (more, expected) => c.call('query_metric_aggregates',
    [{ data: { type: 'metric-aggregate',
      attributes: { metric_id: story.metric, measurements: ['count', 'unique', 'sum_value'],
        interval: 'day', filter: [`greater-or-equal(datetime,${daysAgo(6)})`,
          `less-than(datetime,${daysAgo(-1)})`], timezone: 'UTC', ...more } } }], expected);
  const all = await ask({});
  const sum = (values) => (values ?? []).reduce((a, b) => a + b, 0);
  const measured = all.data?.data?.attributes?.data?.[0]?.measurements;
  c.expect(sum(measured?.count) === 4, 'aggregates count events', all.data);
  c.expect(sum(measured?.sum_value) === 105.5, 'and add up values', measured);
  const by = await ask({ by: ['Client Name'] });
  c.expect(by.data?.data?.attributes?.data?.map((row) => row.dimensions[0]).sort().join()
    === 'Firefox,Safari', 'by one of the dimensions', by.data);
}

/// A campaign and a flow that were sent elsewhere, and what came of them.
export async function describeSendings(c, story) {
  const lines = [
    { campaign: { id: story.campaign, name: 'Spring sale', channel: 'email', status: 'Sent',
      send_time: daysAgo(3), messages: [{ id: 'M1CAMP', name: 'Hello' }] } },
    { flow: { id: story.flow, name: 'Welcome', status: 'live', trigger_type: 'Metric',
      messages: [{ id: 'M1FLOW', name: 'Welcome' }] } },
  ];
  for (let i = 0; i < 10; ++i)
    for (const [metric, sent, id] of [['Received Email', 3, 'r'], ['Opened Email', 2.9, 'o'],
      ['Clicked Email', 2.8, 'c']])
      if (metric === 'Received Email' || i < 4)
        for (const properties of [{ campaign_id: story.campaign, message_id: 'M1CAMP' },
          { flow_id: story.flow, message_id: 'M1FLOW' }])
          lines.push({ metric, time: daysAgo(sent), properties,
            unique_id: `${id}${i}${Object.keys(properties)[0]}`,
            profile: { external_id: `many${i}` } });
  lines.push({ metric: 'Placed Order', time: daysAgo(2.7), value: 40, unique_id: 'conversion',
    profile: { external_id: 'many0' } });
  const taken = await c.client.plain('POST', '/api/rollcall/changes',
    lines.map((line) => JSON.stringify(line)).join('\n'),
    { 'Content-Type': 'application/x-ndjson' });
  c.expect(taken.status === 200, 'descriptions are taken', taken.data);
}

const report = (type, attributes) => ({ data: { type, attributes } });

export async function tellOfReports(c, story) {
  const timeframe = { key: 'last_7_days' };
  const statistics = ['recipients', 'opens_unique', 'open_rate', 'clicks_unique', 'conversions',
    'conversion_value'];
  const values = await c.call('query_campaign_values', [report('campaign-values-report',
    { statistics, timeframe, conversion_metric_id: story.metric })]);
  const row = values.data?.data?.attributes?.results?.[0];
  c.expect(row?.groupings?.campaign_id === story.campaign, 'a campaign has its row', values.data);
  c.expect(row?.statistics?.recipients === 10 && row.statistics.opens_unique === 4,
    'who received and who opened', row?.statistics);
  c.expect(row?.statistics?.open_rate === 0.4, 'rates are shares', row?.statistics);
  await c.call('query_flow_values', [report('flow-values-report',
    { statistics, timeframe, conversion_metric_id: story.metric })]);
  const series = await c.call('query_flow_series', [report('flow-series-report',
    { statistics, timeframe, interval: 'daily', conversion_metric_id: story.metric })]);
  c.expect(series.data?.data?.attributes?.date_times?.length === 7, 'a series has its days',
    series.data);
  await c.call('query_segment_values', [report('segment-values-report',
    { statistics: ['total_members', 'members_added', 'members_removed', 'net_members_changed'],
      timeframe })]);
  await c.call('query_segment_series', [report('segment-series-report',
    { statistics: ['total_members'], timeframe, interval: 'daily' })]);
  await c.call('query_form_values', [report('form-values-report',
    { statistics: ['viewed_form', 'submits'], timeframe })]);
  await c.call('query_form_series', [report('form-series-report',
    { statistics: ['viewed_form', 'submits'], timeframe, interval: 'daily' })]);
  await c.call('query_campaign_values', [report('campaign-values-report',
    { statistics: ['horoscope'], timeframe, conversion_metric_id: story.metric })], 400);
}
