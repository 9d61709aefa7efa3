#include "actors/event_listing.hpp"
#include "tests/actors/listing_fixture.hpp"

#include <fmt/format.h>

#include <numeric>

BOOST_AUTO_TEST_SUITE(event_listing_test)

namespace {

using actors::event_question;
using times = std::vector<std::int64_t>;

constexpr std::uint32_t people = 9'000; // Three blocks.
constexpr std::int64_t start = 1'700'000'000'000;

std::optional<model::instant> at(std::int64_t ms) {
  return model::from_ms(start + ms);
}

times times_of(const actors::event_keys& found) {
  times all;
  for (const auto& key : found.keys)
    all.push_back(key.time - start);
  return all;
}

event_question question(std::size_t limit, bool newest_first = false) {
  event_question q;
  q.limit = limit;
  q.newest_first = newest_first;
  return q;
}

struct fixture : listing_fixture {
  /// Profile i opens at 10 i, and every third one orders five later.
  fixture() {
    rollcall::batch_builder batch;
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < people; ++i) {
      batch.event({fmt::format("u{}", i)}, "Opened Email", at(10 * i));
      all.push_back(i);
      if (i % 3 == 0) {
        batch.event({}, "Placed Order", at(10 * i + 5), 2.0, fmt::format("order-{}", i))
          .set("size", static_cast<double>(i))
          .set("colour", "red");
        all.push_back(i);
      }
    }
    commit(batch, all);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(events_come_in_order_of_time_from_both_ends, fixture) {
  const auto check = [&] {
    auto q = question(4);
    auto found = ask(q);
    BOOST_TEST(times_of(found) == (times{0, 5, 10, 20}), boost::test_tools::per_element());
    q.after = found.keys.back();
    BOOST_TEST(times_of(ask(q)) == (times{30, 35, 40, 50}), boost::test_tools::per_element());
    q = question(4, true);
    found = ask(q);
    BOOST_TEST(times_of(found) == (times{89'990, 89'980, 89'975, 89'970}),
               boost::test_tools::per_element());
    q.after = found.keys.back();
    BOOST_TEST(times_of(ask(q)) == (times{89'960, 89'950, 89'945, 89'940}),
               boost::test_tools::per_element());
  };
  check();
  merge();
  check();
  open();
  check();
}

BOOST_FIXTURE_TEST_CASE(events_are_chosen_by_metric_time_and_profile, fixture) {
  rollcall::batch_builder batch; // One profile in the delta, the others in blocks.
  merge();
  batch.event({}, "Placed Order", at(29), {}, "a").event({}, "Placed Order", at(31), {}, "b");
  commit(batch, {7, 7});
  auto q = question(5);
  q.metrics = std::vector<std::string>{"Placed Order", "Unknown", "Placed Order"};
  q.from = start + 6;
  q.to = start + 65;
  BOOST_TEST(times_of(ask(q)) == (times{29, 31, 35}), boost::test_tools::per_element());
  q.newest_first = true;
  BOOST_TEST(times_of(ask(q)) == (times{35, 31, 29}), boost::test_tools::per_element());
  q = question(10);
  q.profile = 7;
  BOOST_TEST(times_of(ask(q)) == (times{29, 31, 70}), boost::test_tools::per_element());
  q.limit = 2;
  q.after = ask(q).keys[0];
  BOOST_TEST(times_of(ask(q)) == (times{31, 70}), boost::test_tools::per_element());
  q.profile = 3 * people; // There is nobody.
  q.after.reset();
  BOOST_TEST(ask(q).keys.empty());
  q.profile.reset();
  q.metrics = std::vector<std::string>{"Unknown"};
  BOOST_TEST(ask(q).keys.empty());
}

BOOST_FIXTURE_TEST_CASE(events_of_one_instant_have_an_order_and_none_is_lost_between_pages,
                        fixture) {
  rollcall::batch_builder batch;
  std::vector<std::uint32_t> who;
  for (const std::uint32_t i : {1u, 4'097u, 8'193u})
    for (int e = 0; e < 20; ++e) {
      batch.event({}, e % 2 == 0 ? "Placed Order" : "Opened Email", at(-7), {},
                  fmt::format("same-{}", e));
      who.push_back(i);
    }
  commit(batch, who);
  for (const bool newest_first : {false, true}) {
    auto q = question(1'000, newest_first);
    q.to = start;
    const auto whole = ask(q).keys;
    BOOST_REQUIRE_EQUAL(whole.size(), 60u);
    for (const std::size_t limit : {1u, 7u, 60u}) {
      auto paged = q;
      paged.limit = limit;
      std::vector<actors::event_key> all;
      for (;;) {
        const auto page = ask(paged).keys;
        if (page.empty())
          break;
        all.insert(all.end(), page.begin(), page.end());
        paged.after = page.back();
      }
      BOOST_TEST((all == whole), "pages of " << limit);
    }
  }
}

BOOST_FIXTURE_TEST_CASE(an_event_is_found_by_its_key_until_its_profile_is_gone, fixture) {
  auto q = question(3);
  q.from = start + 61;
  const auto keys = ask(q).keys; // An order of profile 6, an opening of 7 and of 8.
  const auto check = [&] {
    const auto order = owned->event(keys[0]);
    BOOST_REQUIRE(order);
    BOOST_TEST(order->metric == "Placed Order");
    BOOST_TEST(order->value.value() == 2.0);
    BOOST_TEST(order->unique_id == "order-6");
    BOOST_TEST(order->properties == R"({"colour":"red","size":6})");
    const auto opening = owned->event(keys[1]);
    BOOST_REQUIRE(opening);
    BOOST_TEST(opening->metric == "Opened Email");
    BOOST_TEST(!opening->value);
    BOOST_TEST(opening->unique_id == "1700000000"); // Its time in whole seconds.
    BOOST_TEST(opening->properties == "{}");
  };
  check();
  merge();
  check();
  open();
  check();
  const auto is_there_with = [&](const auto& change) {
    auto key = keys[0];
    change(key);
    return owned->event(key).has_value();
  };
  BOOST_TEST(!is_there_with([](auto& key) { ++key.time; }));
  BOOST_TEST(!is_there_with([](auto& key) { key.place.profile = 7; }));
  BOOST_TEST(!is_there_with([](auto& key) { key.place.profile = people * 2; }));
  BOOST_TEST(!is_there_with([](auto& key) { key.metric = 0; }));
  BOOST_TEST(!is_there_with([](auto& key) { key.metric = 1'000; }));
  BOOST_TEST(!is_there_with([](auto& key) { key.id_hash ^= 1; }));
  rollcall::batch_builder batch;
  batch.erase({});
  commit(batch, {6});
  BOOST_TEST(!owned->event(keys[0]));
}

BOOST_FIXTURE_TEST_CASE(who_is_erased_between_the_slices_is_told_and_no_longer_read, fixture) {
  merge();
  auto q = question(people * 2);
  const auto before = ask(q);
  owned->begin_listing(q);
  BOOST_REQUIRE(owned->listing_slice(std::chrono::microseconds{0}).found.empty());
  rollcall::batch_builder batch;
  batch.erase({}).event({}, "Placed Order", at(1)).event({}, "Placed Order", at(2)).erase({});
  commit(batch, {8'400, 4'100, 2, 12});
  const auto found = finish<actors::event_keys>();
  BOOST_TEST((found.keys == before.keys));
  std::size_t gone = 0;
  for (const auto& key : found.keys)
    gone += owned->event(key) ? 0u : 1u;
  BOOST_TEST(gone == 4u); // An opening and an order of each.
  BOOST_TEST(ask(q).keys.size() == before.keys.size() - 4 + 2);
}

BOOST_AUTO_TEST_SUITE_END()
