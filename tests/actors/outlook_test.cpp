#include "segments/membership.hpp"
#include "tests/actors/listing_fixture.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <set>

// Flips of time are noted some days ahead; outlooks bring the days after that.
BOOST_AUTO_TEST_SUITE(outlook_test)

namespace {

using segments::day_ms;
using segments::hour_ms;

constexpr const char*
  rule = R"({"condition_groups":[{"conditions":[{"type":"profile-property","property":)"
         R"("properties['seen']","filter":{"type":"date","operator":"in-the-last","quantity":30,)"
         R"("unit":"day"}}]}]})";
constexpr std::uint64_t segment = 1;
constexpr std::int64_t start = 1'750'000'000'000;
constexpr std::uint32_t people = 9'000; // Several blocks.
constexpr std::size_t few_evaluations = 40;

/// Everybody was seen in the last 30 days, somebody in every hour of them.
struct empty_fixture : listing_fixture {
  void add_people() {
    rollcall::batch_builder builder;
    std::vector<std::uint32_t> numbers;
    for (std::uint32_t p = 0; p < people; ++p) {
      see(builder, p, start - p % 720 * hour_ms);
      numbers.push_back(p);
    }
    commit(builder, numbers, model::from_ms(start));
  }
  void define() {
    const actors::new_definition order{segment, 1, rule};
    BOOST_REQUIRE(owned->define({&order, 1}, model::from_ms(start)));
    build(start);
  }

  static void see(rollcall::batch_builder& builder, std::uint32_t profile, std::int64_t at) {
    builder.profile({.external_id = "p" + std::to_string(profile)})
      .set("properties['seen']", model::format_instant(model::from_ms(at)));
  }
  void build(std::int64_t now) {
    for (bool done = false; !done;) {
      const auto built = owned->build_slice(model::from_ms(now), std::chrono::microseconds{0});
      BOOST_REQUIRE(built);
      done = built->done;
    }
  }
  void advance(std::int64_t to, std::size_t evaluations_max = few_evaluations) {
    for (bool done = false; !done;) {
      const auto ticked = owned->advance(model::from_ms(to), evaluations_max);
      BOOST_REQUIRE(ticked);
      done = ticked->done;
    }
  }
  std::set<std::uint32_t> members() {
    std::set<std::uint32_t> all;
    for (const auto& m : owned->members(segment, std::nullopt, people))
      all.insert(m.profile);
    return all;
  }
  /// Everybody asked, whatever was noted.
  std::set<std::uint32_t> members_at(std::int64_t now) {
    BOOST_REQUIRE(owned->begin_preview(rule, model::from_ms(now)));
    const auto result = owned->preview_slice(std::chrono::hours{1});
    BOOST_REQUIRE_EQUAL(result.found.size(), 1);
    return {result.found[0].profiles.begin(), result.found[0].profiles.end()};
  }
  void check(std::int64_t now) {
    const auto live = members();
    const auto expected = members_at(now);
    BOOST_TEST_CONTEXT("at " << model::format_instant(model::from_ms(now)))
    BOOST_CHECK_EQUAL_COLLECTIONS(live.begin(), live.end(), expected.begin(), expected.end());
  }
};

struct fixture : empty_fixture {
  fixture() {
    add_people();
    define();
  }
};

void check_noted(std::uint64_t entries) {
  BOOST_TEST(entries > 0U);
  BOOST_TEST(entries < people / 5); // Three days of thirty.
}

} // namespace

BOOST_FIXTURE_TEST_CASE(nobody_is_noted_for_longer_who_comes_after_the_definition, empty_fixture) {
  define();
  add_people();
  check_noted(owned->figures().due_entries);
  for (int day = 1; day <= 8; ++day) {
    advance(start + day * day_ms);
    check(start + day * day_ms);
  }
  merge();
  open(); // What was stored says the same.
  advance(start + 40 * day_ms);
  BOOST_TEST(members().empty());
}

BOOST_FIXTURE_TEST_CASE(only_the_next_days_are_noted, fixture) {
  check_noted(owned->figures().due_entries);
  BOOST_REQUIRE(owned->next_due());
  BOOST_TEST(model::to_ms(*owned->next_due()) <= start + segments::membership::ahead_ms);
}

BOOST_FIXTURE_TEST_CASE(members_leave_day_by_day_and_after_a_long_silence, fixture) {
  for (int day = 1; day <= 9; ++day) {
    advance(start + day * day_ms);
    check(start + day * day_ms);
  }
  BOOST_TEST(!members().empty());
  advance(start + 25 * day_ms);
  check(start + 25 * day_ms);
  BOOST_TEST(!members().empty());
  advance(start + 90 * day_ms);
  BOOST_TEST(members().empty());
}

BOOST_FIXTURE_TEST_CASE(a_change_after_a_long_silence_comes_behind_what_was_due, fixture) {
  const auto now = start + 12 * day_ms;
  rollcall::batch_builder builder;
  see(builder, 700, now);
  commit(builder, {700}, model::from_ms(now));
  check(now);
  std::int64_t last = 0;
  for (const auto& flip : owned->feed(segment, people, people)) {
    BOOST_TEST(model::to_ms(flip.at) >= last);
    last = model::to_ms(flip.at);
  }
  advance(now + 30 * day_ms + day_ms);
  BOOST_TEST(members().empty());
}

BOOST_FIXTURE_TEST_CASE(an_outlook_that_a_crash_took_is_made_again, fixture) {
  merge(); // Up to here it is stored.
  const auto now = start + 10 * day_ms;
  rollcall::batch_builder builder;
  advance(now);
  see(builder, 5, now);
  commit(builder, {5}, model::from_ms(now));
  see(builder, 6, now - hour_ms);
  commit(builder, {6}, model::from_ms(now)); // With it goes what the one before did.
  open();
  check(now);
  for (int hour = 1; hour <= 30 * 24; hour += 31) {
    advance(now + hour * hour_ms);
    check(now + hour * hour_ms);
  }
  BOOST_TEST(owned->check(1).empty());
}

BOOST_FIXTURE_TEST_CASE(an_outlook_goes_on_while_changes_come_and_definitions_go, fixture) {
  // Time for an outlook, which takes more than one slice.
  const auto now = start + segments::membership::again_ms + hour_ms;
  for (int slice = 0; slice < 3; ++slice)
    BOOST_REQUIRE(owned->advance(model::from_ms(now), 1));
  rollcall::batch_builder builder;
  see(builder, 1, now - 28 * day_ms);
  see(builder, people - 1, now - 28 * day_ms);
  commit(builder, {1, people - 1}, model::from_ms(now));
  const actors::new_definition order{segment + 1, 1, rule};
  BOOST_REQUIRE(owned->define({&order, 1}, model::from_ms(now)));
  build(now);
  for (int hour = 1; hour <= 8 * 24; hour += 7) {
    advance(now + hour * hour_ms, 100);
    check(now + hour * hour_ms);
  }
  BOOST_REQUIRE(owned->drop(segment + 1, model::from_ms(now + 8 * day_ms)));
  advance(now + 40 * day_ms);
  BOOST_TEST(members().empty());
}

BOOST_AUTO_TEST_SUITE_END()
