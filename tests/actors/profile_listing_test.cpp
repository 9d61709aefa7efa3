#include "actors/first_lines.hpp"
#include "actors/profile_listing.hpp"
#include "tests/actors/listing_fixture.hpp"

#include <fmt/format.h>

#include <numeric>
#include <random>

BOOST_AUTO_TEST_SUITE(profile_listing_test)

namespace {

using actors::profile_order;
using actors::profile_question;
using numbers = std::vector<std::uint32_t>;

constexpr std::uint32_t
  people = 9'000; // Three blocks, so that a listing of all needs three slices.

profile_question question(profile_order order, std::string attribute, std::size_t limit = people) {
  profile_question q;
  q.order = order;
  q.attribute = std::move(attribute);
  q.limit = limit;
  return q;
}

numbers numbers_of(const actors::profile_lines& found) {
  numbers all;
  for (const auto& line : found.lines)
    all.push_back(line.place.profile);
  return all;
}

struct fixture : listing_fixture {
  /// Everybody's email sorts against the numbers: the last profile has the first text.
  fixture() {
    rollcall::batch_builder batch;
    numbers all(people);
    std::iota(all.begin(), all.end(), 0U);
    for (const auto i : all) {
      const auto email = fmt::format("{:05}@example.org", people - i);
      batch.profile({"", email});
    }
    commit(batch, all);
  }
  void check_changes_between_slices() {
    const auto before = ask(question(profile_order::text, "email"));
    BOOST_TEST(numbers_of(before) == backwards(people - 1, people),
               boost::test_tools::per_element());
    owned->begin_listing(question(profile_order::text, "email"));
    BOOST_REQUIRE(owned->listing_slice(std::chrono::microseconds{0}).found.empty());
    rollcall::batch_builder batch; // Of the block that was read, and of those that were not.
    for (const auto* email : {"a", "b", "c", "d"})
      batch.profile({"", email});
    batch.erase({}).erase({}).erase({}).profile({"", "new"});
    commit(batch, {3, 4'200, 8'500, 4'200, 17, 4'217, 8'517, people});
    merge(); // Nor does this change the answer.
    BOOST_TEST(numbers_of(finish<actors::profile_lines>()) == numbers_of(before),
               boost::test_tools::per_element());
    const auto after = ask(question(profile_order::text, "email"));
    BOOST_TEST(after.lines.size() == people - 2);
    BOOST_TEST(after.lines.back().place.profile == people);
  }
  static numbers backwards(std::uint32_t from, std::uint32_t count) {
    numbers all;
    for (std::uint32_t i = 0; i < count; ++i)
      all.push_back(from - i);
    return all;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_changes_between_the_slices_is_told_as_it_was, fixture) {
  check_changes_between_slices();
}

BOOST_FIXTURE_TEST_CASE(what_changes_between_the_slices_is_told_as_it_was_in_the_blocks, fixture) {
  merge();
  check_changes_between_slices();
}

BOOST_FIXTURE_TEST_CASE(the_first_lines_behind_a_line_are_found, fixture) {
  auto q = question(profile_order::text, "email", 5);
  auto found = ask(q);
  BOOST_TEST(numbers_of(found) == backwards(people - 1, 5), boost::test_tools::per_element());
  q.after = found.lines.back();
  BOOST_TEST(numbers_of(ask(q)) == backwards(people - 6, 5), boost::test_tools::per_element());
  q.is_descending = true;
  q.after.reset();
  found = ask(q);
  BOOST_TEST(numbers_of(found) == (numbers{0, 1, 2, 3, 4}), boost::test_tools::per_element());
  q.after = found.lines.back();
  BOOST_TEST(numbers_of(ask(q)) == (numbers{5, 6, 7, 8, 9}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(by_place_no_more_blocks_are_read_than_needed, fixture) {
  auto q = question(profile_order::place, "", 3);
  q.after.emplace().place = {index, 4'095};
  owned->begin_listing(q);
  const auto slice = owned->listing_slice(std::chrono::microseconds{0});
  BOOST_REQUIRE_EQUAL(slice.found.size(), 1u);
  BOOST_TEST(numbers_of(std::get<actors::profile_lines>(slice.found[0].answer))
               == (numbers{4'096, 4'097, 4'098}),
             boost::test_tools::per_element());
  q.after->place = {index - 1, 8'000}; // Of the partition before.
  BOOST_TEST(numbers_of(ask(q)) == (numbers{0, 1, 2}), boost::test_tools::per_element());
  q.after->place = {index + 1, 0};
  BOOST_TEST(ask(q).lines.empty());
  q.is_descending = true;
  BOOST_TEST(numbers_of(ask(q)) == backwards(people - 1, 3), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(who_has_nothing_to_be_ordered_by_comes_last_both_ways, fixture) {
  rollcall::batch_builder batch;
  numbers changed;
  const auto set = [&](std::uint32_t profile, std::string_view text) {
    batch.profile({}).set("properties['rank']", text);
    changed.push_back(profile);
  };
  set(8'000, "b");
  set(7, "a");
  set(4'500, "b");
  batch.profile({}).set("properties['rank']", 3.0); // No text.
  changed.push_back(1);
  commit(batch, changed);
  auto q = question(profile_order::text, "properties['rank']", 5);
  BOOST_TEST(numbers_of(ask(q)) == (numbers{7, 4'500, 8'000, 0, 1}),
             boost::test_tools::per_element());
  q.is_descending = true; // Equal ones by place, this way too.
  const auto found = ask(q);
  BOOST_TEST(numbers_of(found) == (numbers{4'500, 8'000, 7, 0, 1}),
             boost::test_tools::per_element());
  q.after = found.lines[3];
  q.limit = 2;
  BOOST_TEST(numbers_of(ask(q)) == (numbers{1, 2}), boost::test_tools::per_element());
  q.after = found.lines[0];
  BOOST_TEST(numbers_of(ask(q)) == (numbers{8'000, 7}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(instants_are_ordered_as_instants_and_may_be_bounded, fixture) {
  rollcall::batch_builder batch;
  // The same instant in two zones; texts would sort otherwise.
  batch.profile({}).set("updated", "2025-06-01T12:00:00+02:00");
  batch.profile({}).set("updated", "2025-06-01T09:30:00Z");
  batch.profile({}).set("updated", "2025-06-01T10:00:00Z");
  batch.profile({}).set("updated", "no date");
  commit(batch, {5, 4'100, 8'200, 9});
  auto q = question(profile_order::instant, "updated", 4);
  const auto check = [&] {
    q.from.reset();
    q.to.reset();
    BOOST_TEST(numbers_of(ask(q)) == (numbers{4'100, 5, 8'200, 0}),
               boost::test_tools::per_element());
    q.from = model::to_ms(*model::parse_instant("2025-06-01T10:00:00Z"));
    BOOST_TEST(numbers_of(ask(q)) == (numbers{5, 8'200}), boost::test_tools::per_element());
    q.to = *q.from;
    q.from.reset();
    BOOST_TEST(numbers_of(ask(q)) == (numbers{4'100}), boost::test_tools::per_element());
  };
  check();
  merge();
  check();
  open();
  check();
}

BOOST_FIXTURE_TEST_CASE(of_a_list_only_members_are_told_with_when_they_joined, fixture) {
  rollcall::batch_builder batch;
  const auto at = [](std::int64_t ms) { return model::from_ms(1'700'000'000'000 + ms); };
  batch.join({}, "VIP", at(3)).join({}, "VIP", at(1)).join({}, "VIP", at(2)).join({}, "Other");
  batch.leave({}, "VIP");
  commit(batch, {2, 4'100, 8'200, 6, 8'200});
  auto q = question(profile_order::joined, "", 10);
  q.list = "VIP";
  const auto check = [&] {
    const auto found = ask(q);
    BOOST_TEST(numbers_of(found) == (numbers{4'100, 2}), boost::test_tools::per_element());
    BOOST_TEST(found.lines[0].joined_at.value() == 1'700'000'000'001);
    auto by_place = q;
    by_place.order = profile_order::place;
    BOOST_TEST(numbers_of(ask(by_place)) == (numbers{2, 4'100}), boost::test_tools::per_element());
    auto by_email = q;
    by_email.order = profile_order::text;
    by_email.attribute = "email";
    BOOST_TEST(numbers_of(ask(by_email)) == (numbers{4'100, 2}), boost::test_tools::per_element());
    auto nobody = q;
    nobody.list = "Nobody's";
    BOOST_TEST(ask(nobody).lines.empty());
  };
  check();
  merge();
  check();
}

BOOST_FIXTURE_TEST_CASE(listings_go_on_in_turns, fixture) {
  const auto slow = owned->begin_listing(question(profile_order::text, "email"));
  const auto quick = owned->begin_listing(question(profile_order::place, "", 1));
  std::vector<std::uint64_t> ended;
  for (bool done = false; !done;) {
    auto result = owned->listing_slice(std::chrono::microseconds{0});
    done = result.done;
    for (const auto& one : result.found)
      ended.push_back(one.listing);
  }
  BOOST_TEST(ended == (std::vector<std::uint64_t>{quick, slow}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(long_texts_are_ordered_by_their_beginning_and_then_by_place) {
  listing_fixture f;
  rollcall::batch_builder batch;
  const std::string same(actors::order_text_bytes_max, 'x');
  batch.profile({"a"}).set("properties['t']", same + "b");
  batch.profile({"b"}).set("properties['t']", same + "a");
  f.commit(batch, {0, 1});
  const auto found = f.ask(question(profile_order::text, "properties['t']"));
  BOOST_TEST(numbers_of(found) == (numbers{0, 1}), boost::test_tools::per_element());
  BOOST_TEST(found.lines[0].text.size() == actors::order_text_bytes_max);
}

BOOST_AUTO_TEST_CASE(some_attributes_are_ordered_as_instants) {
  for (const auto* path : {"created", "updated", "predictive['expected_date_of_next_order']",
                           "subscriptions['email']['consent_timestamp']"})
    BOOST_TEST(actors::is_ordered_as_instant(path), path);
  for (const auto* path : {"email", "properties['created']", "subscriptions['email']['consent']"})
    BOOST_TEST(!actors::is_ordered_as_instant(path), path);
}

BOOST_AUTO_TEST_CASE(the_first_lines_of_many_are_those_of_a_sort) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    for (int round = 0; round < 200; ++round) {
      std::vector<int> all(random() % 60);
      for (auto& n : all)
        n = static_cast<int>(random() % 1'000);
      const auto limit = 1 + random() % 20;
      actors::first_lines<int, std::less<>> first{limit, {}};
      for (const auto n : all)
        first.add(n);
      std::ranges::sort(all);
      all.resize(std::min<std::size_t>(all.size(), limit));
      BOOST_TEST(first.take() == all, boost::test_tools::per_element());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
