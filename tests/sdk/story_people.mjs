// People come: by themselves, in bulk, with consents, on lists.

const person = (attributes, more = {}) => ({ data: { type: 'profile', attributes, ...more } });

export async function tellOfPeople(c, story) {
  const made = await c.call('create_profile', [person({
    email: 'ada@shop.example', external_id: 'ada', phone_number: '+4915112345678',
    first_name: 'Ada', last_name: 'Lovelace', title: 'Countess', organization: 'Analytical',
    location: { city: 'London', country: 'United Kingdom', latitude: '51.5', longitude: -0.12 },
    properties: { loyalty_points: 300, is_wholesale: false, Sizes: ['M', 'XL'] },
  })], 201);
  story.ada = made.data?.data?.id;
  c.expect(made.body?.data?.attributes?.firstName === 'Ada', 'the SDK reads a new profile',
    made.body?.data?.attributes);
  const twice = await c.call('create_profile', [person({ email: 'ada@shop.example' })], 409);
  c.expect(twice.data?.errors?.[0]?.meta?.duplicate_profile_id === story.ada,
    'a duplicate names the profile that is there', twice.data);

  const shown = await c.call('get_profile', [story.ada,
    { additional_fields_profile: ['subscriptions', 'predictive_analytics'],
      include: ['lists', 'segments'] }]);
  c.expect(shown.data?.data?.attributes?.properties?.loyalty_points === 300,
    'properties keep their names', shown.data?.data?.attributes?.properties);
  c.expect(shown.body?.data?.attributes?.created instanceof Date, 'the SDK reads instants');

  const changed = await c.call('update_profile', [story.ada,
    person({ last_name: null, title: 'Programmer' }, { id: story.ada })]);
  c.expect(changed.data?.data?.attributes?.last_name === null, 'null clears', changed.data);
  c.expect(changed.data?.data?.attributes?.title === 'Programmer', 'a value replaces');
  c.expect(changed.data?.data?.attributes?.first_name === 'Ada', 'what is left out stays');

  await c.call('create_or_update_profile', [person({ email: 'grace@shop.example' })], 201);
  const updated = await c.call('create_or_update_profile',
    [person({ email: 'grace@shop.example', first_name: 'Grace' })], 200);
  story.grace = updated.data?.data?.id;

  const found = await c.call('get_profiles',
    [{ filter: 'equals(email,"grace@shop.example")', fields_profile: ['email', 'first_name'] }]);
  c.expect(found.data?.data?.length === 1 && found.data.data[0].id === story.grace,
    'a filter finds somebody', found.data);
  c.expect(Object.keys(found.data?.data?.[0]?.attributes ?? {}).sort().join() === 'email,first_name',
    'sparse fields', found.data?.data?.[0]?.attributes);
  await c.call('get_profiles', [{ filter: 'equals(horoscope,"x")' }], 400);
  await c.call('get_profile', ['01ZZZZZZZZZZZZZZZZZZZZZZZZ'], 404);

  await c.call('create_or_update_profile', [person({ email: 'double@shop.example' })], 201);
  const double = await c.call('get_profiles', [{ filter: 'equals(email,"double@shop.example")' }]);
  const from = double.data?.data?.[0]?.id;
  await c.call('merge_profiles', [{ data: { type: 'profile-merge', id: story.grace,
    relationships: { profiles: { data: [{ type: 'profile', id: from }] } } } }]);
  c.expect(await c.eventually(() => c.client.call('getProfile', from),
    (answer) => answer.status === 404), 'a merged profile is gone');
}

export async function tellOfManyPeople(c, story) {
  const profiles = [];
  for (let i = 0; i < 45; ++i)
    profiles.push({ type: 'profile', attributes: { email: `many${i}@shop.example`,
      external_id: `many${i}`, properties: { number: i } } });
  profiles.push({ type: 'profile', attributes: { first_name: 'Nobody' } }); // Whom it does not say.
  const job = await c.call('bulk_import_profiles', [{ data: { type: 'profile-bulk-import-job',
    attributes: { profiles: { data: profiles } },
    relationships: { lists: { data: [{ type: 'list', id: story.list }] } } } }], 202);
  story.importJob = job.data?.data?.id;
  const done = await c.eventually(
    () => c.call('get_bulk_import_profiles_job', [story.importJob]),
    (answer) => answer.data?.data?.attributes?.status === 'complete');
  c.expect(done?.data.data.attributes.completed_count === 45, 'the import counts who came',
    done?.data.data.attributes);
  c.expect(done?.data.data.attributes.failed_count === 1, 'and who could not');
  await c.call('get_bulk_import_profiles_jobs', [{}]);
  await c.call('get_profiles_for_bulk_import_profiles_job', [story.importJob]);
  await c.call('get_profile_ids_for_bulk_import_profiles_job', [story.importJob]);
  await c.call('get_list_for_bulk_import_profiles_job', [story.importJob]);
  await c.call('get_list_ids_for_bulk_import_profiles_job', [story.importJob]);
  const errors = await c.call('get_errors_for_bulk_import_profiles_job', [story.importJob]);
  c.expect(errors.data?.data?.length === 1
    && errors.data.data[0].attributes.source?.pointer?.startsWith('/data/attributes/profiles/data/45'),
  'the import tells its errors, and where they are', errors.data);

  // Every page, each person once.
  const seen = new Set();
  let pages = 0;
  for (let cursor; pages < 20;) {
    const page = await c.call('get_profiles',
      [{ page_size: 20, sort: 'email', ...(cursor ? { page_cursor: cursor } : {}) }]);
    ++pages;
    for (const each of page.data?.data ?? [])
      c.expect(!seen.has(each.id) && seen.add(each.id), 'nobody comes twice', each.id);
    cursor = page.data?.links?.next;
    if (!cursor)
      break;
  }
  c.expect(seen.size === 47, 'pages have everybody', seen.size);
  c.expect(pages === 3, 'in as few pages as it takes', pages);
}

export async function tellOfConsents(c, story) {
  const subscribe = (type, attributes, list) => ({ data: { type, attributes: { profiles: { data: [
    { type: 'profile', attributes }] } },
  ...(list ? { relationships: { list: { data: { type: 'list', id: list } } } } : {}) } });
  await c.call('bulk_subscribe_profiles', [subscribe('profile-subscription-bulk-create-job',
    { email: 'ada@shop.example',
      subscriptions: { email: { marketing: { consent: 'SUBSCRIBED' } } } }, story.list)], 202);
  const consent = (answer) =>
    answer.data?.data?.attributes?.subscriptions?.email?.marketing?.consent;
  const ask = () => c.call('get_profile',
    [story.ada, { additional_fields_profile: ['subscriptions'] }]);
  c.expect(await c.eventually(ask, (answer) => consent(answer) === 'SUBSCRIBED'),
    'a subscription is seen');
  const unsubscribe = (list) => c.call('bulk_unsubscribe_profiles', [subscribe(
    'profile-subscription-bulk-delete-job', { email: 'ada@shop.example',
      subscriptions: { email: { marketing: { consent: 'UNSUBSCRIBED' } } } }, list)], 202);
  // Who is in the list leaves it and nothing else; who is not is unsubscribed altogether.
  await unsubscribe(story.list);
  c.expect(consent(await ask()) === 'SUBSCRIBED', 'a list is left without an end to the consent');
  await unsubscribe(story.list);
  c.expect(await c.eventually(ask, (answer) => consent(answer) === 'UNSUBSCRIBED'),
    'and its end');

  const suppress = (type) => ({ data: { type, attributes: { profiles: { data: [
    { type: 'profile', attributes: { email: 'many1@shop.example' } }] } } } });
  const job = await c.call('bulk_suppress_profiles',
    [suppress('profile-suppression-bulk-create-job')], 202);
  await c.call('get_bulk_suppress_profiles_jobs', [{}]);
  await c.call('get_bulk_suppress_profiles_job', [job.data?.data?.id ?? 'none']);
  const end = await c.call('bulk_unsuppress_profiles',
    [suppress('profile-suppression-bulk-delete-job')], 202);
  await c.call('get_bulk_unsuppress_profiles_jobs', [{}]);
  await c.call('get_bulk_unsuppress_profiles_job', [end.data?.data?.id ?? 'none']);
}

export async function tellOfLists(c, story) {
  const made = await c.call('create_list', [{ data: { type: 'list',
    attributes: { name: 'Newsletter' } } }], 201);
  story.list = made.data?.data?.id;
  await c.call('update_list', [story.list, { data: { type: 'list', id: story.list,
    attributes: { name: 'Weekly newsletter' } } }]);
  const people = { data: [{ type: 'profile', id: story.ada }, { type: 'profile', id: story.grace }] };
  await c.call('add_profiles_to_list', [story.list, people], 204);
  const members = () => c.call('get_profile_ids_for_list', [story.list]);
  c.expect(await c.eventually(members, (answer) => answer.data?.data?.length === 2),
    'two on the list');
  await c.call('remove_profiles_from_list',
    [story.list, { data: [{ type: 'profile', id: story.grace }] }], 204);
  c.expect(await c.eventually(members, (answer) => answer.data?.data?.length === 1),
    'one on the list');
  const shown = await c.call('get_list', [story.list,
    { additional_fields_list: ['profile_count'] }]);
  c.expect(shown.data?.data?.attributes?.profile_count === 1, 'a list counts', shown.data);
  c.expect(shown.data?.data?.attributes?.name === 'Weekly newsletter', 'it has its new name');
  const listed = await c.call('get_profiles_for_list', [story.list, {}]);
  c.expect(Boolean(listed.data?.data?.[0]?.attributes?.joined_group_at),
    'members say when they came', listed.data?.data?.[0]?.attributes);
  await c.call('get_lists', [{}]);
  await c.call('get_lists_for_profile', [story.ada, {}]);
  await c.call('get_list_ids_for_profile', [story.ada]);
  const short = await c.call('create_list', [{ data: { type: 'list',
    attributes: { name: 'Short-lived' } } }], 201);
  await c.call('delete_list', [short.data?.data?.id ?? 'none'], 204);
  await c.call('get_list', [short.data?.data?.id ?? 'none', {}], 404);
}

/// The end of the story: somebody wants to be forgotten.
export async function tellOfForgetting(c, story) {
  await c.call('request_profile_deletion', [{ data: { type: 'data-privacy-deletion-job',
    attributes: { profile: { data: { type: 'profile',
      attributes: { email: 'grace@shop.example' } } } } } }], 202);
  c.expect(await c.eventually(() => c.client.call('getProfile', story.grace),
    (answer) => answer.status === 404), 'whoever is deleted is gone');
  const left = await c.call('get_profiles', [{ filter: 'equals(email,"grace@shop.example")' }]);
  c.expect(left.data?.data?.length === 0, 'and found no more', left.data);
}
