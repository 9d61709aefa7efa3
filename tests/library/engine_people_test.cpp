#include "tests/library/engine_fixture.hpp"

BOOST_AUTO_TEST_SUITE(engine_people_test)

BOOST_FIXTURE_TEST_CASE(a_record_that_names_two_people_is_rejected_with_its_line, engine_fixture) {
  batch_maker batch;
  const auto taken = apply(batch.profile({"u1"})
                             .profile({"u2", "two@example.org"})
                             .event({"u1", "two@example.org"}, "Placed Order", "2025-12-20")
                             .event({}, "Placed Order", "2025-12-20")
                             .erase({"nobody"}));
  BOOST_CHECK_EQUAL(taken.applied, 2u);
  BOOST_REQUIRE_EQUAL(taken.rejected.size(), 3u);
  BOOST_CHECK_EQUAL(taken.rejected[0].line, 3u);
  BOOST_CHECK_NE(taken.rejected[0].reason.find("different profiles"), std::string::npos);
  BOOST_CHECK_EQUAL(taken.rejected[1].record, 3u);
  BOOST_CHECK_EQUAL(taken.rejected[2].record, 4u);
}

BOOST_FIXTURE_TEST_CASE(an_address_that_was_given_up_is_free_from_the_next_record_on,
                        engine_fixture) {
  batch_maker batch;
  const auto taken = apply(batch.profile({"u1", "first@example.org"})
                             .profile({"u1", "second@example.org"})
                             .event({"", "first@example.org"}, "Placed Order", "2025-12-20")
                             .event({"", "second@example.org"}, "Opened Email", "2025-12-20")
                             .profile({"u1"})
                             .without("email")
                             .profile({"u3", "second@example.org"}));
  BOOST_CHECK_EQUAL(taken.applied, 6u);
  BOOST_CHECK_EQUAL(engine->figures()->profiles, 3u);
  const auto first = engine->profile("first@example.org");
  BOOST_REQUIRE(first);
  BOOST_CHECK_EQUAL(first->find("u1"), std::string::npos);
  BOOST_CHECK_NE(engine->profile("u1")->find("Opened Email"), std::string::npos);
  BOOST_CHECK_NE(engine->profile("second@example.org")->find("u3"), std::string::npos);
  reopen();
  BOOST_CHECK_NE(engine->profile("second@example.org")->find("u3"), std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(merged_people_are_one_wherever_they_were, engine_fixture) {
  create("Twice", bought_twice);
  batch_maker batch;
  // Sixteen pairs in four partitions: some share one, most do not.
  for (int i = 0; i < 16; ++i) {
    const auto n = std::to_string(i);
    batch.event({"a" + n, "a" + n + "@example.org"}, "Placed Order", "2025-12-20", 1, "x" + n)
      .event({"b" + n}, "Placed Order", "2025-12-21", 2, "y" + n);
  }
  apply(batch);
  BOOST_CHECK(members("Twice").empty());
  for (int i = 0; i < 8; ++i) {
    const auto n = std::to_string(i);
    const auto merged = engine->merge_profiles("a" + n, "b" + n);
    need(merged);
  }
  for (int i = 8; i < 16; ++i) {
    const auto n = std::to_string(i);
    batch.merge({"a" + n}, {"b" + n}).event({"b" + n}, "Opened Email", "2025-12-22");
  }
  BOOST_CHECK_EQUAL(apply(batch).applied, 16u);
  names all;
  for (int i = 0; i < 16; ++i)
    all.insert("b" + std::to_string(i));
  BOOST_CHECK(members("Twice") == all);
  std::string cursor;
  for (const auto& flip : flips("Twice", cursor))
    BOOST_CHECK_NE(flip.find(" merge"), std::string::npos);
  BOOST_CHECK_EQUAL(engine->figures()->profiles, 16u);
  BOOST_CHECK_EQUAL(engine->metrics()->at(1).events, 32u);
  const auto check_names = [&] {
    // `b` had no e-mail address and takes that of `a`; its own external id stays.
    BOOST_CHECK_NE(engine->profile("a3@example.org")->find("\"b3\""), std::string::npos);
    BOOST_CHECK(engine->profile("a3").error().code == model::failure_code::not_found);
  };
  check_names();
  BOOST_CHECK(engine->merge_profiles("b1", "b1").error().code == model::failure_code::conflict);
  BOOST_CHECK(engine->merge_profiles("b1", "nobody").error().code
              == model::failure_code::not_found);
  check_everything();
  reopen();
  check_names();
  BOOST_CHECK(members("Twice") == all);
}

// Half of one consent and half of another would be a consent that nobody gave.
BOOST_FIXTURE_TEST_CASE(a_merge_hands_over_consents_and_places_as_a_whole, engine_fixture) {
  const auto email = [](const char* field) {
    return "subscriptions['email']['" + std::string{field} + "']";
  };
  batch_maker batch;
  batch.profile({"old"})
    .with(email("consent"), "UNSUBSCRIBED")
    .with(email("consent_timestamp"), "2025-12-20")
    .with("subscriptions['sms']['consent']", "SUBSCRIBED")
    .with("location['city']", "Boston")
    .with("location['timezone']", "America/New_York")
    .with("first_name", "Ann");
  batch.profile({"new"})
    .with(email("consent"), "SUBSCRIBED")
    .with("location['zip']", "94105")
    .with("last_name", "Lee");
  apply(batch.merge({"old"}, {"new"}));
  const auto shown = *engine->profile("new");
  const auto has = [&](std::string_view text) { return shown.find(text) != std::string::npos; };
  BOOST_CHECK_MESSAGE(has(R"("email":{"marketing":{"consent":"SUBSCRIBED"}})"), shown);
  BOOST_CHECK_MESSAGE(has(R"("sms":{"marketing":{"consent":"SUBSCRIBED"}})"), shown);
  BOOST_CHECK_MESSAGE(!has("Boston") && has("94105") && has("America/New_York"), shown);
  BOOST_CHECK_MESSAGE(has("Ann") && has("Lee"), shown);
  check_everything();
  reopen();
  BOOST_CHECK_EQUAL(*engine->profile("new"), shown);
}

BOOST_FIXTURE_TEST_CASE(an_erased_person_leaves_everything_and_may_come_back_as_a_new_one,
                        engine_fixture) {
  create("Buyers", bought_lately);
  batch_maker batch;
  apply(
    batch.event({"u1"}, "Placed Order", "2025-12-20").event({"u2"}, "Placed Order", "2025-12-20"));
  const auto erased = engine->erase_profile("u1");
  need(erased);
  BOOST_CHECK(members("Buyers") == (names{"u2"}));
  BOOST_CHECK(engine->profile("u1").error().code == model::failure_code::not_found);
  BOOST_CHECK(engine->erase_profile("u1").error().code == model::failure_code::not_found);
  apply(batch.erase({"u2"}).event({"u2"}, "Opened Email", "2025-12-21"));
  BOOST_CHECK(members("Buyers").empty());
  BOOST_CHECK_EQUAL(engine->profile("u2")->find("Placed Order"), std::string::npos);
  BOOST_CHECK_EQUAL(engine->metrics()->at(1).events, 0u);
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(a_batch_that_is_sent_again_counts_once, engine_fixture) {
  batch_maker batch;
  const auto make = [&]() -> batch_maker& {
    for (int i = 0; i < 20; ++i)
      batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-20", 1, "first");
    return batch.erase({"u7"}).event({"u7"}, "Placed Order", "2025-12-21", 1, "second");
  };
  BOOST_CHECK_EQUAL(apply(make(), "shop", 1).applied, 22u);
  const auto again = apply(make(), "shop", 1);
  BOOST_CHECK_EQUAL(again.applied, 0u);
  BOOST_CHECK_EQUAL(again.duplicates, 22u);
  BOOST_CHECK_EQUAL(*engine->last_sequence("shop"), 1u);
  reopen();
  BOOST_CHECK_EQUAL(*engine->last_sequence("shop"), 1u);
  BOOST_CHECK_EQUAL(apply(make(), "shop", 1).duplicates, 22u);
  BOOST_CHECK_EQUAL(engine->metrics()->at(0).events, 20u);
  BOOST_CHECK_EQUAL(*engine->last_sequence("somebody else"), 0u);
}

BOOST_FIXTURE_TEST_CASE(a_batch_that_refers_outside_itself_is_refused_whole, engine_fixture) {
  batch_maker batch;
  auto broken = batch.event({"u1"}, "Placed Order", "2025-12-20").take();
  broken.records[0].name = 7;
  const auto refused = engine->apply(std::move(broken));
  BOOST_REQUIRE(!refused);
  BOOST_CHECK(refused.error().code == model::failure_code::invalid_input);
  BOOST_CHECK_EQUAL(apply(batch.event({"u1"}, "Placed Order", "2025-12-20")).applied, 1u);
}

BOOST_AUTO_TEST_SUITE_END()
