#include "tests/library/engine_fixture.hpp"

#include <algorithm>
#include <random>
#include <tuple>

BOOST_AUTO_TEST_SUITE(engine_joining_test)

namespace {

/// Everybody in the order of joining, page by page.
std::vector<rollcall::member> all_members(rollcall::engine& engine,
                                          const rollcall::member_order& order, std::size_t limit) {
  std::vector<rollcall::member> all;
  std::string cursor;
  do {
    auto page = engine.members("Buyers", order, cursor, limit);
    need(page);
    std::move(page->members.begin(), page->members.end(), std::back_inserter(all));
    cursor = page->cursor;
  } while (!cursor.empty() && all.size() < 10'000);
  return all;
}

auto key_of(const rollcall::member& m) {
  return std::tuple{m.joined_at, m.place.partition, m.place.number};
}

} // namespace

BOOST_FIXTURE_TEST_CASE(pages_by_joining_are_what_sorting_everybody_gives, engine_fixture) {
  create("Buyers", bought_lately);
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  for (int i = 0; i < 150; ++i) {
    batch_maker batch;
    const auto who = "u" + std::to_string(random() % 90);
    apply(batch.event({who}, "Placed Order", model::format_instant(engine->now()), 1,
                      "order " + std::to_string(i)));
    // Some join in the same second.
    if (random() % 3 == 0)
      need(engine->advance(engine->now() + std::chrono::seconds{1 + random() % 5}));
  }
  auto plain = engine->members("Buyers", {}, 10'000);
  need(plain);
  std::ranges::sort(plain->members, {}, key_of);
  for (const std::size_t limit : {1u, 7u, 10'000u}) {
    auto up = all_members(*engine, {}, limit);
    auto down = all_members(*engine, {.is_descending = true}, limit);
    std::ranges::reverse(down);
    BOOST_REQUIRE_EQUAL(up.size(), plain->members.size());
    BOOST_REQUIRE_EQUAL(down.size(), plain->members.size());
    for (std::size_t i = 0; i < up.size(); ++i) {
      BOOST_CHECK(key_of(up[i]) == key_of(plain->members[i]));
      BOOST_CHECK(key_of(down[i]) == key_of(plain->members[i]));
      BOOST_CHECK_EQUAL(up[i].profile, plain->members[i].profile);
    }
  }
  const auto from = plain->members[plain->members.size() / 3].joined_at;
  const auto to = plain->members[2 * plain->members.size() / 3].joined_at;
  const auto between = all_members(*engine, {.from = from, .to = to}, 4);
  const auto expected = std::ranges::count_if(
    plain->members, [&](const auto& m) { return m.joined_at >= from && m.joined_at < to; });
  BOOST_CHECK_EQUAL(between.size(), static_cast<std::size_t>(expected));
}

BOOST_FIXTURE_TEST_CASE(when_somebody_joined_is_told_in_the_order_asked, engine_fixture) {
  create("Buyers", bought_lately);
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-31").profile({"u2"}));
  const auto u1 = engine->find_profile("u1");
  const auto u2 = engine->find_profile("u2");
  need(u1);
  need(u2);
  const rollcall::profile_place nobody{1'000, 0};
  const auto told = engine->joined_at("Buyers", {{*u2, *u1, nobody, *u1}});
  need(told);
  BOOST_REQUIRE_EQUAL(told->size(), 4u);
  BOOST_CHECK(!(*told)[0]);
  BOOST_CHECK((*told)[1] == engine->members("Buyers", {}, 1)->members.front().joined_at);
  BOOST_CHECK(!(*told)[2]);
  BOOST_CHECK((*told)[3] == (*told)[1]);
  BOOST_CHECK(engine->joined_at("Nobody", {{*u1}}).error().code
              == model::failure_code::not_found);
}

BOOST_FIXTURE_TEST_CASE(a_cursor_of_another_order_is_refused, engine_fixture) {
  create("Buyers", bought_lately);
  for (const auto* cursor : {"2:1234", "joined", "joined 1 2 3 4", "joined x 0 0"})
    BOOST_CHECK(engine->members("Buyers", rollcall::member_order{}, cursor, 10).error().code
                == model::failure_code::invalid_input);
}

BOOST_FIXTURE_TEST_CASE(an_added_list_is_known_by_its_id_and_survives_reopening, engine_fixture) {
  const auto added = engine->add_list("VIP");
  need(added);
  BOOST_CHECK(engine->add_list("VIP").error().code == model::failure_code::conflict);
  BOOST_CHECK(engine->add_list("").error().code == model::failure_code::invalid_input);
  create("In VIP", R"({"type":"profile-group-membership","is_member":true,"group_ids":[")"
                     + added->id + R"("],"timeframe_filter":null})");
  batch_maker batch;
  batch.join({"u1"}, "VIP");
  apply(batch);
  BOOST_CHECK(members("In VIP") == (names{"u1"}));
  reopen();
  const auto lists = engine->lists();
  need(lists);
  BOOST_REQUIRE_EQUAL(lists->size(), 1u);
  BOOST_CHECK_EQUAL(lists->front().id, added->id);
}

BOOST_AUTO_TEST_SUITE_END()
