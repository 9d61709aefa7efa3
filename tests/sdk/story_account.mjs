// The account, its words and labels, and everything that is only looked at.

export async function tellOfAccount(c, story) {
  const accounts = await c.call('get_accounts', [{}]);
  story.account = accounts.data?.data?.[0]?.id;
  story.publicKey = accounts.data?.data?.[0]?.attributes?.public_api_key;
  c.expect(Boolean(story.publicKey), 'an account tells its public key', accounts.data);
  await c.call('get_account', [story.account ?? 'none', {}]);
  const stranger = await c.client.plain('GET', '/api/accounts', undefined,
    { Authorization: 'Klaviyo-API-Key pk_wrong' });
  c.expect(stranger.status === 401, 'a wrong key is refused', stranger.data);
}

export async function tellOfTags(c, story) {
  const group = await c.call('create_tag_group', [{ data: { type: 'tag-group',
    attributes: { name: 'Seasons', exclusive: false } } }], 201);
  const groupId = group.data?.data?.id ?? 'none';
  await c.call('update_tag_group', [groupId, { data: { type: 'tag-group', id: groupId,
    attributes: { name: 'Times of year' } } }]);
  await c.call('get_tag_groups', [{}]);
  await c.call('get_tag_group', [groupId, {}]);
  const tag = await c.call('create_tag', [{ data: { type: 'tag',
    attributes: { name: 'Spring' },
    relationships: { 'tag-group': { data: { type: 'tag-group', id: groupId } } } } }], 201);
  const id = tag.data?.data?.id ?? 'none';
  story.tag = id;
  await c.call('update_tag', [id, { data: { type: 'tag', id, attributes: { name: 'Summer' } } }]);
  await c.call('get_tag', [id, {}]);
  await c.call('get_tags', [{}]);
  await c.call('get_tag_group_for_tag', [id, {}]);
  await c.call('get_tag_group_id_for_tag', [id]);
  await c.call('get_tags_for_tag_group', [groupId, {}]);
  await c.call('get_tag_ids_for_tag_group', [groupId]);
  const kinds = { segment: story.segment, list: story.list, campaign: story.campaign,
    flow: story.flow };
  for (const [kind, thing] of Object.entries(kinds)) {
    const things = { data: [{ type: kind, id: thing }] };
    await c.call(`tag_${kind}s`, [id, things], 204);
    const bearers = await c.call(`get_${kind}_ids_for_tag`, [id]);
    c.expect(bearers.data?.data?.some((each) => each.id === thing), `a ${kind} bears its tag`,
      bearers.data);
    await c.call(`get_tags_for_${kind}`, [thing, {}]);
    await c.call(`get_tag_ids_for_${kind}`, [thing]);
    await c.call(`remove_tag_from_${kind}s`, [id, things], 204);
  }
  await c.call('delete_tag', [id], 204);
  await c.call('delete_tag_group', [groupId]);
}

export async function tellOfCustomMetrics(c, story) {
  const made = await c.call('create_custom_metric', [{ data: { type: 'custom-metric',
    attributes: { name: 'Large orders', definition: { aggregation_method: 'value',
      metric_groups: [{ metric_id: story.metric, metric_filters: [{ property: 'Brand',
        filter: { type: 'string', operator: 'equals', value: 'Acme' } }] }] } } } }], 201);
  const id = made.data?.data?.id ?? 'none';
  await c.call('get_custom_metrics', [{}]);
  await c.call('get_custom_metric', [id, {}]);
  await c.call('update_custom_metric', [id, { data: { type: 'custom-metric', id,
    attributes: { name: 'Orders of Acme' } } }]);
  await c.call('get_metrics_for_custom_metric', [id, {}]);
  await c.call('get_metric_ids_for_custom_metric', [id]);
  await c.call('get_mapped_metrics', [{}]);
  await c.call('get_mapped_metric', ['revenue', {}]);
  await c.call('update_mapped_metric', ['revenue', { data: { type: 'mapped-metric', id: 'revenue',
    relationships: { metric: { data: { type: 'metric', id: story.metric } } } } }]);
  await c.call('get_metric_for_mapped_metric', ['revenue', {}]);
  await c.call('get_metric_id_for_mapped_metric', ['revenue']);
  await c.call('get_custom_metric_for_mapped_metric', ['revenue', {}]);
  await c.call('get_custom_metric_id_for_mapped_metric', ['revenue']);
  await c.call('delete_custom_metric', [id], 204);
}

export async function tellOfWebhooks(c, story) {
  const topics = await c.call('get_webhook_topics');
  const topic = topics.data?.data?.[0]?.id;
  await c.call('get_webhook_topic', [topic ?? 'none']);
  const made = await c.call('create_webhook', [{ data: { type: 'webhook',
    attributes: { name: 'Story', endpoint_url: 'https://hooks.shop.example/rollcall',
      secret_key: 'a secret of the story' },
    relationships: { 'webhook-topics': { data: [{ type: 'webhook-topic', id: topic }] } } } }],
  201);
  const id = made.data?.data?.id ?? 'none';
  await c.call('get_webhooks', [{}]);
  await c.call('get_webhook', [id, {}]);
  await c.call('update_webhook', [id, { data: { type: 'webhook', id,
    attributes: { name: 'Renamed' } } }]);
  await c.call('delete_webhook', [id], 204);
}

/// For browsers: no private key, and no method of the SDK.
export async function tellOfBrowsers(c, story) {
  const query = `?company_id=${story.publicKey}`;
  const profile = { data: { type: 'profile', attributes: { email: 'browser@shop.example' } } };
  await c.plain('create_client_profile', `/client/profiles${query}`, profile, 202);
  const visit = (unique_id) => ({ type: 'event', attributes: { properties: { page: '/' }, unique_id,
    metric: { data: { type: 'metric', attributes: { name: 'Viewed Product' } } }, profile } });
  await c.plain('create_client_event', `/client/events${query}`, { data: visit('visit-1') }, 202);
  const { profile: ignored, ...attributes } = visit('visit-2').attributes;
  await c.plain('bulk_create_client_events', `/client/event-bulk-create${query}`,
    { data: { type: 'event-bulk-create', attributes: { profile,
      events: { data: [{ type: 'event', attributes }] } } } }, 202);
  await c.plain('create_client_subscription', `/client/subscriptions${query}`,
    { data: { type: 'subscription', attributes: { profile: { data: { type: 'profile',
      attributes: { email: 'browser@shop.example',
        subscriptions: { email: { marketing: { consent: 'SUBSCRIBED' } } } } } } },
    relationships: { list: { data: { type: 'list', id: story.list } } } } }, 202);
  c.expect(await c.eventually(
    () => c.client.call('getEvents', { filter: `equals(metric_id,"${story.metric}")` }),
    (answer) => answer.status === 200), 'events are there');
}

/// Campaigns and flows as they were described.
export async function tellOfSendings(c, story) {
  await c.call('get_campaigns', ['equals(messages.channel,"email")', {}]);
  await c.call('get_campaign', [story.campaign, { include: ['campaign-messages', 'tags'] }]);
  const messages = await c.call('get_messages_for_campaign', [story.campaign, {}]);
  await c.call('get_message_ids_for_campaign', [story.campaign]);
  await c.call('get_campaign_message', [messages.data?.data?.[0]?.id ?? 'none', {}]);
  await c.call('get_flows', [{}]);
  await c.call('get_flow', [story.flow, {}]);
  const actions = await c.call('get_actions_for_flow', [story.flow, {}]);
  await c.call('get_action_ids_for_flow', [story.flow, {}]);
  const action = actions.data?.data?.[0]?.id ?? 'none';
  c.expect(action === 'M1FLOW', 'a flow has an action for each message', actions.data);
  await c.call('get_flow_action', [action, {}]);
  const sent = await c.call('get_flow_action_messages', [action, {}]);
  await c.call('get_message_ids_for_flow_action', [action, {}]);
  await c.call('get_flow_message', [sent.data?.data?.[0]?.id ?? 'none', {}]);
  for (const [kind, id] of [['metric', story.metric], ['list', story.list],
    ['segment', story.segment]]) {
    await c.call(`get_flows_triggered_by_${kind}`, [id, {}]);
    await c.call(`get_ids_for_flows_triggered_by_${kind}`, [id]);
  }
}

/// Endpoints that nobody has asked yet: whether there is anything at their addresses.
export async function knockEverywhere(c, scope) {
  for (const { operation, method, path } of scope) {
    if (c.operations.has(operation))
      continue;
    const target = path.replaceAll(/\{[^}]+\}/g, 'NOBODY');
    const content = method === 'GET' || method === 'DELETE' ? undefined : {};
    await c.plain(operation, target, content, [200, 202, 204, 400, 404]);
    c.operations.get(operation).isKnockedOnly = true;
  }
}
