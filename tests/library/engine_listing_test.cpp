#include "tests/library/engine_fixture.hpp"

BOOST_AUTO_TEST_SUITE(engine_listing_test)

namespace {

using rollcall::profile_place;

struct listing_fixture : engine_fixture {
  profile_place place(std::string_view identifier) {
    const auto found = engine->find_profile(identifier);
    need(found);
    return *found;
  }
  std::vector<std::optional<std::string>> profiles(const std::vector<profile_place>& places) {
    auto shown = engine->profiles(places);
    need(shown);
    return std::move(*shown);
  }
  /// All lines, page by page: their external ids, and when they joined in brackets.
  std::vector<std::string> listed(const rollcall::profile_query& query, std::size_t limit) {
    std::vector<std::string> all;
    std::string cursor;
    do {
      const auto page = engine->list_profiles(query, cursor, limit);
      need(page);
      for (const auto& line : page->profiles) {
        const auto text = profiles({line.place}).front().value();
        const auto from = text.find("\"external_id\":\"") + 15;
        all.push_back(text.substr(from, text.find('"', from) - from));
        if (line.joined_at)
          all.back() += " (" + model::format_instant(*line.joined_at) + ')';
      }
      cursor = page->cursor;
    } while (!cursor.empty());
    return all;
  }
  /// All events, page by page: "Metric id".
  std::vector<std::string> events(const rollcall::event_query& query, std::size_t limit) {
    std::vector<std::string> all;
    std::string cursor;
    do {
      const auto page = engine->events(query, cursor, limit);
      need(page);
      for (const auto& e : page->events)
        all.push_back(e.metric + ' ' + e.unique_id);
      cursor = page->cursor;
    } while (!cursor.empty());
    return all;
  }
};

using lines = std::vector<std::string>;

template <class T>
bool is_wrong(const model::outcome<T>& answer, std::string_view because) {
  return !answer && answer.error().code == model::failure_code::invalid_input
      && answer.error().message.find(because) != std::string::npos;
}

/// What `profiles` tells of somebody of whom `profile` tells this.
std::string without_segments(const std::string& shown) {
  return shown.substr(0, shown.rfind(",\"segments\":")) + "}";
}

} // namespace

// --- many profiles at once -----------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(members_say_where_they_are_and_are_shown_there_in_one_go, listing_fixture) {
  batch_maker batch;
  for (int i = 0; i < 40; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-20");
  apply(batch);
  create("Buyers", bought_lately);
  const auto check = [&] {
    const auto page = engine->members("Buyers", {}, 100);
    need(page);
    BOOST_REQUIRE_EQUAL(page->members.size(), 40u);
    std::vector<profile_place> places;
    for (const auto& m : page->members) {
      BOOST_CHECK(m.place == place(m.profile));
      places.push_back(m.place);
    }
    const auto shown = profiles(places);
    BOOST_REQUIRE_EQUAL(shown.size(), places.size());
    for (std::size_t i = 0; i < shown.size(); ++i) {
      BOOST_REQUIRE(shown[i]);
      BOOST_CHECK_EQUAL(*shown[i], without_segments(*engine->profile(page->members[i].profile)));
    }
  };
  check();
  reopen();
  check();
}

BOOST_FIXTURE_TEST_CASE(profiles_come_in_the_order_asked_and_nothing_stands_for_who_is_gone,
                        listing_fixture) {
  batch_maker batch;
  for (int i = 0; i < 12; ++i)
    batch.profile({"u" + std::to_string(i)});
  apply(batch);
  std::vector<profile_place> places;
  for (const int i : {7, 3, 11, 3, 0, 5})
    places.push_back(place("u" + std::to_string(i)));
  const auto erased = engine->erase_profile("u11");
  need(erased);
  const auto merged = engine->merge_profiles("u0", "u5");
  need(merged);
  places.push_back({0, 4'000'000});
  places.push_back({77, 0});
  const auto check = [&] {
    const auto shown = profiles(places);
    BOOST_REQUIRE_EQUAL(shown.size(), places.size());
    BOOST_CHECK_EQUAL(shown[0].value(), without_segments(*engine->profile("u7")));
    BOOST_CHECK_EQUAL(shown[1].value(), without_segments(*engine->profile("u3")));
    BOOST_CHECK_EQUAL(shown[3].value(), *shown[1]);
    BOOST_CHECK_EQUAL(shown[5].value(), without_segments(*engine->profile("u5")));
    for (const std::size_t gone : {2, 4, 6, 7})
      BOOST_CHECK(!shown[gone]);
  };
  check();
  const auto folded = engine->fold();
  need(folded);
  check();
  reopen();
  check();
  BOOST_CHECK(profiles({}).empty());
}

BOOST_FIXTURE_TEST_CASE(more_profiles_than_one_message_has_are_all_shown, listing_fixture) {
  constexpr int people = 2'300;
  batch_maker batch;
  for (int i = 0; i < people; ++i)
    batch.profile({"u" + std::to_string(i)});
  apply(batch);
  std::vector<profile_place> places;
  for (int i = people - 1; i >= 0; --i)
    places.push_back(place("u" + std::to_string(i)));
  const auto shown = profiles(places);
  for (int i = 0; i < people; ++i)
    BOOST_REQUIRE_NE(shown[static_cast<std::size_t>(people - 1 - i)].value().find(
                       "\"external_id\":\"u" + std::to_string(i) + '"'),
                     std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_profile_is_found_by_whatever_names_it, listing_fixture) {
  batch_maker batch;
  apply(batch.profile({"u1", "one@example.org", "+15550001"}).profile({"", "two@example.org"}));
  BOOST_CHECK(place("u1") == place("one@example.org"));
  BOOST_CHECK(place("u1") == place("+15550001"));
  BOOST_CHECK(place("u1") != place("two@example.org"));
  const auto two = place("two@example.org");
  BOOST_CHECK(two == place('#' + std::to_string(two.partition) + ':' + std::to_string(two.number)));
  BOOST_CHECK(engine->find_profile("nobody").error().code == model::failure_code::not_found);
}

// --- lists of profiles ---------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(profiles_are_listed_by_place_by_instant_and_by_text, listing_fixture) {
  batch_maker batch;
  apply(batch.profile({"u1", "c@example.org"})
          .with("created", "2025-03-01")
          .profile({"u2", "a@example.org"})
          .with("created", "2025-01-01")
          .profile({"u3", "b@example.org"})
          .with("created", "2025-02-01")
          .profile({"u4"})); // Created now, without an address.
  const auto check = [&] {
    for (const std::size_t limit : {1, 3, 10}) {
      rollcall::profile_query q;
      auto by_place = listed(q, limit);
      std::ranges::sort(by_place);
      BOOST_TEST(by_place == (lines{"u1", "u2", "u3", "u4"}), boost::test_tools::per_element());
      q.order_by = "created";
      BOOST_TEST(listed(q, limit) == (lines{"u2", "u3", "u1", "u4"}),
                 boost::test_tools::per_element());
      q.is_descending = true;
      BOOST_TEST(listed(q, limit) == (lines{"u4", "u1", "u3", "u2"}),
                 boost::test_tools::per_element());
      q.from = instant("2025-01-01T00:00:01Z");
      q.to = instant("2025-03-01");
      BOOST_TEST(listed(q, limit) == (lines{"u3"}), boost::test_tools::per_element());
      q = {};
      q.order_by = "email";
      BOOST_TEST(listed(q, limit) == (lines{"u2", "u3", "u1", "u4"}),
                 boost::test_tools::per_element());
      q.is_descending = true;
      BOOST_TEST(listed(q, limit) == (lines{"u1", "u3", "u2", "u4"}),
                 boost::test_tools::per_element());
    }
  };
  check();
  need(engine->fold());
  check();
  reopen();
  check();
}

BOOST_FIXTURE_TEST_CASE(everybody_has_a_date_of_creation_also_when_none_was_given,
                        listing_fixture) {
  batch_maker batch;
  batch.join({"u1"}, "VIP");
  apply(batch.event({"u2"}, "Placed Order", "2025-12-20").profile({"u3"}).without("created"));
  for (const auto* who : {"u1", "u2", "u3"})
    BOOST_CHECK_NE(engine->profile(who)->find(R"("created":"2026-01-01T00:00:00Z")"),
                   std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(members_of_a_static_list_are_listed_with_when_they_joined,
                        listing_fixture) {
  batch_maker batch;
  batch.join({"u1"}, "VIP", instant("2025-06-02")).join({"u2"}, "VIP", instant("2025-06-01"));
  batch.join({"u3"}, "Others", instant("2025-06-03")).join({"u4"}, "VIP", instant("2025-06-04"));
  batch.leave({"u4"}, "VIP");
  apply(batch);
  const auto lists = engine->lists();
  need(lists);
  BOOST_REQUIRE_EQUAL(lists->size(), 2u);
  BOOST_CHECK_EQUAL((*lists)[0].name, "VIP");
  BOOST_CHECK_EQUAL((*lists)[1].name, "Others");
  BOOST_CHECK_EQUAL((*lists)[0].id.size(), 6u);
  for (const auto& called : {std::string{"VIP"}, (*lists)[0].id}) {
    rollcall::profile_query q;
    q.list = called;
    q.order_by = "joined_at";
    BOOST_TEST(listed(q, 1) == (lines{"u2 (2025-06-01T00:00:00Z)", "u1 (2025-06-02T00:00:00Z)"}),
               boost::test_tools::per_element());
    q.from = instant("2025-06-02");
    BOOST_TEST(listed(q, 1) == (lines{"u1 (2025-06-02T00:00:00Z)"}),
               boost::test_tools::per_element());
    q = {};
    q.list = called;
    BOOST_CHECK_EQUAL(listed(q, 1).size(), 2u);
  }
  rollcall::profile_query nobodys;
  nobodys.list = "Nobody's";
  BOOST_CHECK(engine->list_profiles(nobodys, {}, 1).error().code == model::failure_code::not_found);
}

BOOST_FIXTURE_TEST_CASE(pages_neither_repeat_nor_miss_anybody_while_others_change,
                        listing_fixture) {
  batch_maker batch;
  for (int i = 100; i < 200; ++i)
    batch.profile({"u" + std::to_string(i), std::to_string(i) + "@example.org"});
  apply(batch);
  rollcall::profile_query q;
  q.order_by = "email";
  std::set<profile_place> seen;
  std::string cursor;
  int page_number = 0;
  do {
    const auto page = engine->list_profiles(q, cursor, 7);
    need(page);
    for (const auto& line : page->profiles)
      BOOST_CHECK(seen.insert(line.place).second);
    cursor = page->cursor;
    // New ones before and behind, attributes of others, and the one that the cursor names goes.
    const auto n = std::to_string(page_number++);
    apply(batch.profile({"first" + n, "0" + n + "@example.org"})
            .profile({"last" + n, "z" + n + "@example.org"})
            .profile({"u150"})
            .with("first_name", n));
    if (page_number == 3)
      need(engine->fold());
    if (page_number == 5) {
      const auto gone = page->profiles.back().place;
      need(engine->erase_profile('#' + std::to_string(gone.partition) + ':'
                                 + std::to_string(gone.number)));
    }
  } while (!cursor.empty() && page_number < 100);
  BOOST_CHECK_LT(page_number, 100);
  for (int i = 100; i < 200; ++i)
    if (const auto found = engine->find_profile("u" + std::to_string(i)))
      BOOST_CHECK_MESSAGE(seen.contains(*found), "u" << i);
}

BOOST_FIXTURE_TEST_CASE(a_list_that_cannot_be_made_is_refused_with_the_reason, listing_fixture) {
  batch_maker batch;
  for (int i = 0; i < 9; ++i)
    batch.profile({"u" + std::to_string(i)});
  apply(batch);
  rollcall::profile_query q;
  BOOST_CHECK(is_wrong(engine->list_profiles(q, {}, 0), "page of 0: 1 to 10000"));
  BOOST_CHECK(is_wrong(engine->list_profiles(q, {}, 10'001), "1 to 10000"));
  BOOST_CHECK(engine->list_profiles(q, {}, 10'000));
  q.from = instant("2025-01-01");
  BOOST_CHECK(is_wrong(engine->list_profiles(q, {}, 1), "the order is by place"));
  q.order_by = "email";
  BOOST_CHECK(is_wrong(engine->list_profiles(q, {}, 1), "the order is by \"email\""));
  q = {};
  q.order_by = "joined_at";
  BOOST_CHECK(is_wrong(engine->list_profiles(q, {}, 1), "only with a list"));
  q.order_by = "last_event_date";
  BOOST_CHECK(is_wrong(engine->list_profiles(q, {}, 1), "worked out from events"));
  q.order_by = "created";
  const auto page = engine->list_profiles(q, {}, 2);
  need(page);
  BOOST_CHECK(engine->list_profiles(q, page->cursor, 2));
  BOOST_CHECK(is_wrong(engine->list_profiles(q, "nonsense", 2), "no cursor of this query"));
  q.is_descending = true;
  BOOST_CHECK(is_wrong(engine->list_profiles(q, page->cursor, 2), "no cursor of this query"));
}

// --- events --------------------------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(events_are_listed_and_found_again_by_their_ids, listing_fixture) {
  batch_maker batch;
  batch.event({"u1"}, "Placed Order", "2025-12-20T10:00:00Z", 20.5, "a")
    .set("items", 2.0)
    .set("gift", true);
  apply(batch.event({"u2"}, "Opened Email", "2025-12-20T10:00:01Z", {}, "b")
          .event({"u1"}, "Opened Email", "2025-12-20T09:00:00Z"));
  const auto check = [&] {
    for (const std::size_t limit : {1, 2, 10}) {
      rollcall::event_query q;
      BOOST_TEST(events(q, limit)
                   == (lines{"Opened Email 1766221200", "Placed Order a", "Opened Email b"}),
                 boost::test_tools::per_element());
      q.newest_first = true;
      q.metrics = {"Opened Email"};
      BOOST_TEST(events(q, limit) == (lines{"Opened Email b", "Opened Email 1766221200"}),
                 boost::test_tools::per_element());
      q.profile = place("u1");
      BOOST_TEST(events(q, limit) == (lines{"Opened Email 1766221200"}),
                 boost::test_tools::per_element());
      q.metrics.clear();
      q.from = instant("2025-12-20T09:00:01Z");
      q.to = instant("2025-12-20T10:00:00.001Z");
      BOOST_TEST(events(q, limit) == (lines{"Placed Order a"}), boost::test_tools::per_element());
    }
    const auto page = engine->events({}, {}, 10);
    need(page);
    for (const auto& e : page->events) {
      const auto again = engine->event(e.id);
      need(again);
      BOOST_CHECK_EQUAL(again->unique_id, e.unique_id);
      BOOST_CHECK(again->place == e.place);
      BOOST_CHECK(again->time == e.time);
    }
    const auto& order = page->events[1];
    BOOST_CHECK_EQUAL(order.value.value(), 20.5);
    BOOST_CHECK_EQUAL(order.properties, R"({"gift":true,"items":2})");
    BOOST_CHECK(order.place == place("u1"));
    BOOST_CHECK(!page->events[0].value);
    BOOST_CHECK_EQUAL(page->events[0].properties, "{}");
  };
  check();
  const auto id = engine->events({}, {}, 10)->events[1].id;
  need(engine->fold());
  check();
  reopen();
  check();
  need(engine->event(id)); // Ids outlive folds and processes.
  need(engine->erase_profile("u1"));
  BOOST_CHECK(engine->event(id).error().code == model::failure_code::not_found);
  BOOST_TEST(events({}, 10) == (lines{"Opened Email b"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(events_of_merged_people_are_those_of_one, listing_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20", 1, "a")
          .event({"u2"}, "Placed Order", "2025-12-21", 1, "b"));
  const auto id = engine->events({}, {}, 1)->events.front().id;
  const auto old = place("u1");
  need(engine->merge_profiles("u1", "u2"));
  rollcall::event_query q;
  q.profile = place("u2");
  BOOST_TEST(events(q, 1) == (lines{"Placed Order a", "Placed Order b"}),
             boost::test_tools::per_element());
  BOOST_TEST(events({}, 1) == (lines{"Placed Order a", "Placed Order b"}),
             boost::test_tools::per_element());
  BOOST_CHECK(engine->event(id).error().code == model::failure_code::not_found);
  q.profile = old; // Who is gone has no events, nor has who never was.
  BOOST_CHECK(events(q, 1).empty());
  q.profile = profile_place{99, 0};
  BOOST_CHECK(events(q, 1).empty());
}

BOOST_FIXTURE_TEST_CASE(events_that_cannot_be_listed_are_refused_with_the_reason, listing_fixture) {
  batch_maker batch;
  for (int i = 0; i < 9; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-20");
  apply(batch);
  rollcall::event_query q;
  BOOST_CHECK(is_wrong(engine->events(q, {}, 0), "page of 0"));
  BOOST_CHECK(is_wrong(engine->events(q, {}, 10'001), "1 to 10000"));
  const auto page = engine->events(q, {}, 2);
  need(page);
  BOOST_CHECK(is_wrong(engine->events(q, "nonsense", 2), "no cursor of this query"));
  q.newest_first = true;
  BOOST_CHECK(is_wrong(engine->events(q, page->cursor, 2), "no cursor of this query"));
  q = {};
  q.metrics = {"Placed Order", "Unknown"};
  const auto unknown = engine->events(q, {}, 2);
  BOOST_REQUIRE(!unknown);
  BOOST_CHECK(unknown.error().code == model::failure_code::not_found);
  BOOST_CHECK_NE(unknown.error().message.find("\"Unknown\""), std::string::npos);
  for (const auto* id : {"", "nonsense", "AwAAAAAA"})
    BOOST_CHECK(engine->event(id).error().code == model::failure_code::not_found);
  BOOST_CHECK(engine->event(page->cursor).error().code == model::failure_code::not_found);
}

BOOST_FIXTURE_TEST_CASE(a_metrics_properties_are_told_with_kind_and_samples, listing_fixture) {
  batch_maker batch;
  for (int i = 0; i < 40; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-20")
      .set("size", static_cast<double>(i))
      .set("colour", i % 2 == 0 ? "red" : "green")
      .set("gift", i % 2 == 0)
      .set("on", "2025-12-24")
      .append("tags", "x");
  batch.event({"u1"}, "Placed Order", "2025-12-21").set("size", "large");
  apply(batch.event({"u1"}, "Opened Email", "2025-12-20"));
  const auto id = engine->metrics()->at(1).id;
  const auto check = [&](std::string_view metric) {
    const auto told = engine->metric_properties(metric);
    need(told);
    lines all;
    for (const auto& p : *told)
      all.push_back(p.name + ' ' + p.kind + ' ' + std::to_string(p.samples.size()));
    BOOST_TEST(all
                 == (lines{"colour String 2", "gift Boolean 2", "on Date 1", "size Number 10",
                           "tags String 1"}),
               boost::test_tools::per_element());
    auto colours = (*told)[0].samples;
    std::ranges::sort(colours);
    BOOST_CHECK(colours == (lines{"green", "red"}));
    BOOST_CHECK_EQUAL((*told)[2].samples.front(), "2025-12-24");
  };
  check("Placed Order");
  need(engine->fold());
  check(id);
  reopen();
  check("Placed Order");
  BOOST_CHECK(engine->metric_properties("Opened Email")->empty());
  BOOST_CHECK(engine->metric_properties("Unknown").error().code == model::failure_code::not_found);
}

BOOST_AUTO_TEST_SUITE_END()
