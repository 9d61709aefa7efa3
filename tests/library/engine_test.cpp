#include "tests/library/engine_fixture.hpp"

#include <condition_variable>
#include <map>
#include <mutex>

BOOST_AUTO_TEST_SUITE(engine_test)

BOOST_FIXTURE_TEST_CASE(a_buyer_joins_at_once_and_leaves_when_thirty_days_have_passed,
                        engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20T10:00:00Z", 20)
          .event({"u2"}, "Viewed Product", "2025-12-30"));
  create("Buyers", bought_lately);
  BOOST_CHECK(members("Buyers") == (names{"u1"}));
  apply(batch.event({"u2"}, "Placed Order", "2025-12-31T23:00:00Z", 5));
  BOOST_CHECK(members("Buyers") == (names{"u1", "u2"}));

  std::string cursor;
  BOOST_CHECK(flips("Buyers", cursor) == (std::vector<std::string>{"+u1 build", "+u2 event"}));
  advance("2026-01-19");
  BOOST_CHECK(members("Buyers") == (names{"u1", "u2"}));
  advance("2026-03-01");
  BOOST_CHECK(members("Buyers").empty());
  auto page = engine->feed("Buyers", cursor, 10);
  BOOST_REQUIRE(page);
  BOOST_REQUIRE_EQUAL(page->flips.size(), 2u);
  // Thirty whole days after the day of the order, at midnight; not when somebody looked.
  BOOST_CHECK_EQUAL(page->flips[0].profile, "u1");
  BOOST_CHECK_EQUAL(model::format_instant(page->flips[0].at), "2026-01-20T00:00:00Z");
  BOOST_CHECK_EQUAL(model::format_instant(page->flips[1].at), "2026-01-31T00:00:00Z");
  BOOST_CHECK(page->flips[1].cause == model::flip_cause::clock);
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(pages_of_a_feed_are_full_until_its_end, engine_fixture) {
  batch_maker batch;
  for (int i = 0; i < 30; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-20");
  apply(batch);
  create("Buyers", bought_lately);
  std::string cursor;
  std::set<std::string> told;
  model::instant last{};
  for (const std::size_t expected : {7U, 7U, 7U, 7U, 2U, 0U}) {
    const auto page = engine->feed("Buyers", cursor, 7);
    need(page);
    BOOST_CHECK_EQUAL(page->flips.size(), expected);
    for (const auto& flip : page->flips) {
      BOOST_CHECK(told.insert(flip.profile).second);
      BOOST_CHECK(flip.at >= last);
      last = flip.at;
    }
    cursor = page->cursor;
  }
  BOOST_CHECK_EQUAL(told.size(), 30U);
}

BOOST_FIXTURE_TEST_CASE(a_cursor_ahead_of_the_feed_is_refused, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20"));
  create("Buyers", bought_lately);
  const auto end = engine->feed_end("Buyers");
  need(end);
  BOOST_CHECK_EQUAL(engine->feed("Buyers", *end, 10)->cursor, *end);
  BOOST_CHECK(engine->subscribe(
    "Buyers", [](const auto&) {}, *end));
  auto ahead = *end;
  ++ahead.back(); // By one, in the last partition.
  const auto read = engine->feed("Buyers", ahead, 10);
  BOOST_REQUIRE(!read);
  BOOST_CHECK(read.error().code == model::failure_code::invalid_input);
  BOOST_CHECK_EQUAL(read.error().message.find('"' + ahead + "\" is no cursor of this segment"), 0u);
  const auto heard = engine->subscribe(
    "Buyers", [](const auto&) {}, ahead);
  BOOST_REQUIRE(!heard);
  BOOST_CHECK(heard.error().code == model::failure_code::invalid_input);
  reopen();
  BOOST_CHECK(engine->feed("Buyers", *end, 10));
  BOOST_CHECK(!engine->feed("Buyers", ahead, 10));
}

BOOST_FIXTURE_TEST_CASE(an_edit_brings_its_own_flips_and_a_new_version, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20")
          .event({"u2"}, "Placed Order", "2025-12-21")
          .event({"u2"}, "Placed Order", "2025-12-22"));
  create("Buyers", bought_lately);
  std::string cursor;
  flips("Buyers", cursor);
  const auto edited = engine->edit("Buyers", bought_twice);
  need(edited);
  wait("Buyers");
  BOOST_CHECK(members("Buyers") == (names{"u2"}));
  BOOST_CHECK(flips("Buyers", cursor) == (std::vector<std::string>{"-u1 edit"}));
  const auto shown = engine->show("Buyers");
  BOOST_REQUIRE(shown);
  BOOST_CHECK_EQUAL(shown->version, 2u);
  BOOST_CHECK(shown->state == rollcall::segment_state::live);
  BOOST_REQUIRE_EQUAL(shown->history.size(), 2u);
  BOOST_CHECK_EQUAL(shown->history[0].json, bought_lately);
  BOOST_CHECK_EQUAL(shown->history[1].reason, "edited");
}

BOOST_FIXTURE_TEST_CASE(a_segment_in_a_segment_follows_its_edits, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20")
          .event({"u2"}, "Placed Order", "2025-12-21")
          .event({"u2"}, "Placed Order", "2025-12-22")
          .profile({"u3"}));
  create("Base", bought_lately);
  create("Others", R"({"none_of": [{"segment": "Base"}]})");
  create("All", R"({"any_of": [{"segment": "Others"}, {"segment": "Base"}]})");
  BOOST_CHECK(members("Others") == (names{"u3"}));
  BOOST_CHECK(members("All") == (names{"u1", "u2", "u3"}));

  BOOST_REQUIRE(engine->edit("Base", bought_twice));
  for (const auto* name : {"Base", "Others", "All"})
    wait(name);
  BOOST_CHECK(members("Base") == (names{"u2"}));
  BOOST_CHECK(members("Others") == (names{"u1", "u3"}));
  BOOST_CHECK(members("All") == (names{"u1", "u2", "u3"}));
  const auto shown = engine->show("All");
  BOOST_REQUIRE(shown);
  BOOST_CHECK_EQUAL(shown->history.back().reason, "segment Base was edited");

  const auto dropped = engine->drop("Base");
  BOOST_REQUIRE(!dropped);
  BOOST_CHECK(dropped.error().code == model::failure_code::conflict);
  BOOST_CHECK_NE(dropped.error().message.find("\"Others\""), std::string::npos);
  const auto cycle = engine->edit("Base", R"({"segment": "All"})");
  BOOST_REQUIRE(!cycle);
  BOOST_REQUIRE_EQUAL(cycle.faults().size(), 1u);
  BOOST_CHECK_NE(cycle.faults()[0].allowed.find("All"), std::string::npos);

  for (const auto* name : {"All", "Others", "Base"})
    BOOST_CHECK(engine->drop(name));
  BOOST_CHECK(engine->list()->empty());
  BOOST_CHECK(engine->count("Base").error().code == model::failure_code::not_found);
}

BOOST_FIXTURE_TEST_CASE(many_segments_are_created_in_one_go_or_none_is, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20")
          .event({"u2"}, "Placed Order", "2025-12-21")
          .event({"u2"}, "Placed Order", "2025-12-22")
          .profile({"u3"}));
  const std::string others = R"({"none_of": [{"segment": "Lately"}]})";
  const auto refused = engine->create({{"Lately", bought_lately}, {"Lately", bought_twice}});
  BOOST_REQUIRE(!refused);
  BOOST_CHECK(refused.error().code == model::failure_code::conflict);
  const auto wrong = engine->create({{"Lately", bought_lately}, {"Wrong", "{}"}});
  BOOST_REQUIRE(!wrong);
  BOOST_REQUIRE(!wrong.faults().empty());
  BOOST_CHECK(wrong.faults()[0].pointer.starts_with("/1"));
  BOOST_CHECK(engine->list()->empty());
  BOOST_CHECK(engine->create(std::vector<rollcall::new_segment>{})->empty());

  const auto made = engine->create(
    {{"Lately", bought_lately}, {"Twice", bought_twice}, {"Others", others}});
  BOOST_REQUIRE(made);
  BOOST_REQUIRE_EQUAL(made->size(), 3u);
  BOOST_CHECK_EQUAL((*made)[2].name, "Others");
  BOOST_CHECK((*made)[2].references == (std::vector<std::string>{"Lately"}));
  const auto all_are_right = [&] {
    for (const auto* name : {"Lately", "Twice", "Others"})
      wait(name);
    BOOST_CHECK(members("Lately") == (names{"u1", "u2"}));
    BOOST_CHECK(members("Twice") == (names{"u2"}));
    BOOST_CHECK(members("Others") == (names{"u3"}));
    for (const auto* name : {"Lately", "Twice", "Others"}) {
      const auto feed = engine->feed(name, {}, 10);
      BOOST_REQUIRE(feed);
      BOOST_CHECK_EQUAL(feed->flips.size(), members(name).size());
    }
  };
  all_are_right();
  reopen();
  all_are_right();
}

/// More than a partition switches to in one commit.
BOOST_FIXTURE_TEST_CASE(hundreds_of_segments_come_into_force_in_turns, engine_fixture) {
  constexpr int segments = 150;
  batch_maker batch;
  for (int i = 0; i < segments; ++i)
    batch.event({"u" + std::to_string(i)}, "Metric " + std::to_string(i), "2025-12-20");
  apply(batch);
  std::vector<rollcall::new_segment> wanted;
  for (int i = 0; i < segments; ++i) {
    std::string rule = bought_twice;
    rule.replace(rule.find("Placed Order"), 12, "Metric " + std::to_string(i));
    rule.replace(rule.find("\"value\": 2"), 10, "\"value\": 1");
    wanted.push_back({"Segment " + std::to_string(i), rule});
  }
  BOOST_REQUIRE(engine->create(wanted));
  const auto all_are_right = [&] {
    for (int i = 0; i < segments; ++i) {
      const auto name = "Segment " + std::to_string(i);
      wait(name);
      BOOST_REQUIRE(members(name) == (names{"u" + std::to_string(i)}));
      const auto feed = engine->feed(name, {}, 10);
      BOOST_REQUIRE(feed);
      BOOST_REQUIRE_EQUAL(feed->flips.size(), 1u);
    }
  };
  all_are_right();
  reopen();
  all_are_right();
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(a_time_zone_that_nobody_knows_is_told_with_its_place, engine_fixture) {
  const auto wrong = engine->create("Wrong", R"({"condition_groups": [{"conditions": [
    {"type": "profile-metric", "metric_id": "Placed Order", "measurement": "count",
     "measurement_filter": {"type": "numeric", "operator": "greater-than", "value": 0},
     "timeframe_filter": {"type": "date", "operator": "in-the-last", "quantity": 3, "unit": "day",
                          "zone": "Mars/Olympus"}}]}]})");
  BOOST_REQUIRE(!wrong);
  BOOST_REQUIRE_EQUAL(wrong.faults().size(), 1u);
  BOOST_CHECK_EQUAL(wrong.faults()[0].pointer,
                    "/condition_groups/0/conditions/0/timeframe_filter/zone");
  BOOST_CHECK_NE(wrong.faults()[0].found.find("Mars/Olympus"), std::string::npos);
  BOOST_CHECK(engine->list()->empty());
}

BOOST_FIXTURE_TEST_CASE(every_mistake_of_a_definition_is_told_with_its_place, engine_fixture) {
  const auto wrong = engine->create("Wrong", R"({"condition_groups": [{"conditions": [
    {"type": "profile-property", "property": "email", "filter": {"type": "string", "operator": "eq", "value": "a"}},
    {"type": "profile-region", "in_region": 1, "region": "mars"}]}]})");
  BOOST_REQUIRE(!wrong);
  BOOST_CHECK(wrong.error().code == model::failure_code::invalid_input);
  BOOST_REQUIRE_EQUAL(wrong.faults().size(), 3u);
  BOOST_CHECK_EQUAL(wrong.faults()[0].pointer, "/condition_groups/0/conditions/0/filter/operator");
  const auto preview = engine->preview("{", engine->now());
  BOOST_REQUIRE(!preview);
  BOOST_CHECK(!preview.faults().empty());
  BOOST_CHECK(engine->list()->empty());
}

BOOST_FIXTURE_TEST_CASE(a_preview_names_members_of_another_instant, engine_fixture) {
  batch_maker batch;
  apply(
    batch.event({"u1"}, "Placed Order", "2025-12-20").event({"u2"}, "Placed Order", "2025-10-01"));
  const auto members_at = [&](const char* at) {
    names found;
    const auto count = engine->preview(
      bought_lately, instant(at),
      [&](std::span<const std::string> labels) { found.insert(labels.begin(), labels.end()); });
    BOOST_REQUIRE(count);
    BOOST_CHECK_EQUAL(*count, found.size());
    return found;
  };
  BOOST_CHECK(members_at("2026-01-01") == (names{"u1"}));
  BOOST_CHECK(members_at("2025-10-15") == (names{"u2"}));
  BOOST_CHECK(members_at("2027-01-01").empty());
}

BOOST_FIXTURE_TEST_CASE(metrics_are_counted_and_definitions_may_use_their_ids, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20", 10.5, "a")
          .event({"u2"}, "Placed Order", "2025-12-21", 2, "b")
          .event({"u1"}, "Placed Order", "2025-12-22", {}, "c")
          .event({"u1"}, "Opened Email", "2025-12-22"));
  const auto metrics = engine->metrics();
  BOOST_REQUIRE(metrics);
  BOOST_REQUIRE_EQUAL(metrics->size(), 2u);
  const auto& orders = (*metrics)[1];
  BOOST_CHECK_EQUAL(orders.name, "Placed Order");
  BOOST_CHECK_EQUAL(orders.events, 3u);
  BOOST_CHECK_EQUAL(orders.profiles, 2u);
  BOOST_CHECK_EQUAL(orders.value_sum, 12.5);
  BOOST_CHECK_EQUAL(orders.id.size(), 6u);
  std::string by_id = bought_twice;
  by_id.replace(by_id.find("Placed Order"), 12, orders.id);
  create("Twice", by_id);
  BOOST_CHECK(members("Twice") == (names{"u1"}));
}

BOOST_FIXTURE_TEST_CASE(explanations_and_profiles_are_found_by_any_name, engine_fixture) {
  batch_maker batch;
  apply(batch.profile({"u1", "u1@example.org", "+15550100"})
          .with("first_name", "Ada")
          .event({"", "u1@example.org"}, "Placed Order", "2025-12-20", 3));
  create("Buyers", bought_lately);
  for (const auto* called : {"u1", "u1@example.org", "+15550100"}) {
    const auto shown = engine->profile(called);
    need(shown);
    BOOST_CHECK_NE(shown->find("\"Ada\""), std::string::npos);
    const auto why = engine->explain("Buyers", called);
    need(why);
    BOOST_CHECK_NE(why->find("\"member\":true"), std::string::npos);
    BOOST_CHECK_NE(why->find("2026-01-20T00:00:00Z"), std::string::npos);
  }
  BOOST_CHECK(engine->profile("nobody").error().code == model::failure_code::not_found);
  BOOST_CHECK(engine->explain("Nothing", "u1").error().code == model::failure_code::not_found);
}

BOOST_FIXTURE_TEST_CASE(a_subscriber_hears_every_flip_once_and_in_order, engine_fixture) {
  create("Buyers", bought_lately);
  std::mutex guard;
  std::condition_variable one_more;
  std::vector<rollcall::flip_record> heard;
  const auto note = [&](const rollcall::flip_record& f) {
    const std::lock_guard lock{guard};
    heard.push_back(f);
    one_more.notify_all();
  };
  const auto wait_for = [&](std::size_t count) {
    std::unique_lock lock{guard};
    BOOST_CHECK(
      one_more.wait_for(lock, std::chrono::minutes{2}, [&] { return heard.size() >= count; }));
  };
  batch_maker batch;
  apply(batch.event({"before"}, "Placed Order", "2025-12-20"));
  {
    auto subscribed = engine->subscribe("", note);
    need(subscribed);
    for (int i = 0; i < 40; ++i) {
      for (int k = 0; k < 25; ++k)
        batch.event({"u" + std::to_string(i * 25 + k)}, "Placed Order", "2025-12-20");
      apply(batch);
    }
    create("Later", bought_lately);
    wait_for(1'000 + 1'001);
  }
  std::map<std::pair<std::string, std::uint32_t>, std::uint64_t> last;
  std::map<std::string, std::size_t> by_segment;
  for (const auto& f : heard) {
    auto& before = last[{f.segment, f.partition}];
    BOOST_CHECK(before == 0 || f.sequence == before + 1);
    before = f.sequence;
    ++by_segment[f.segment];
    BOOST_CHECK_NE(f.segment == "Buyers" ? f.profile : "", "before");
  }
  BOOST_CHECK_EQUAL(by_segment["Buyers"], 1'000u);
  BOOST_CHECK_EQUAL(by_segment["Later"], 1'001u);

  heard.clear();
  auto from_start = engine->subscribe("Buyers", note, "0.0.0.0");
  BOOST_REQUIRE(from_start);
  wait_for(1'001);
  BOOST_CHECK_EQUAL(heard.size(), 1'001u);
}

BOOST_FIXTURE_TEST_CASE(the_inspector_sees_every_actor, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20"));
  names found;
  for (const auto& actor : engine->inspect()) {
    found.insert(actor.name);
    if (actor.name == "account") {
      BOOST_CHECK_GE(actor.messages_in, 1u);
      BOOST_CHECK(actor.alive);
      BOOST_CHECK_GT(actor.busy.count(), 0);
    }
  }
  for (const auto* name :
       {"account", "clock", "build_coordinator", "batch_port", "profile/0", "profile/3"})
    BOOST_CHECK_MESSAGE(found.contains(name), name);
  const auto figures = engine->figures();
  BOOST_REQUIRE(figures);
  BOOST_CHECK_EQUAL(figures->profiles, 1u);
  BOOST_CHECK_EQUAL(figures->partitions.size(), 4u);
}

BOOST_AUTO_TEST_SUITE_END()
