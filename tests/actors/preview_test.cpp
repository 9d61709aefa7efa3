#include "actors/partition.hpp"
#include "model/change.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <set>

BOOST_AUTO_TEST_SUITE(preview_test)

namespace {

using actors::partition;

constexpr std::uint32_t people = 9'000; // Three blocks, so that a preview needs three slices.
const model::instant now = model::from_ms(1'750'000'000'000);

/// Has at least ten points and has ordered.
constexpr std::string_view rule =
  R"({"condition_groups":[{"conditions":[)"
  R"({"type":"profile-property","property":"properties['points']","filter":)"
  R"({"type":"numeric","operator":"greater-than-or-equal","value":10}}]},{"conditions":[)"
  R"({"type":"profile-metric","metric_id":"Placed Order","measurement":"count","measurement_filter":)"
  R"({"type":"numeric","operator":"greater-than","value":0},"timeframe_filter":)"
  R"({"type":"date","operator":"alltime"}}]}]})";

std::uint32_t name(model::change_batch& batch, std::string_view text) {
  batch.names.push_back(batch.add_text(text));
  return static_cast<std::uint32_t>(batch.names.size() - 1);
}

/// Points for everybody in [from, to): the profile's number modulo 20.
model::change_batch points(std::uint32_t from, std::uint32_t to) {
  model::change_batch batch;
  const auto property = name(batch, "properties['points']");
  for (auto profile = from; profile < to; ++profile) {
    model::change_record r;
    r.kind = model::change_kind::profile;
    r.profile = profile;
    r.who.external_id = batch.add_text(fmt::format("u{}", profile));
    r.first_property = static_cast<std::uint32_t>(batch.properties.size());
    r.property_count = 1;
    batch.properties.push_back({property,
                                model::value_kind::number,
                                model::property_action::set,
                                static_cast<double>(profile % 20),
                                {}});
    batch.records.push_back(r);
  }
  return batch;
}

model::change_record about(std::uint32_t profile, model::change_kind kind) {
  model::change_record r;
  r.kind = kind;
  r.profile = profile;
  return r;
}

struct fixture {
  tests::temporary_directory directory;
  std::unique_ptr<partition> owned;

  fixture() {
    actors::partition_options options;
    options.directory = directory.path() / "partition";
    auto opened = partition::open(options);
    BOOST_REQUIRE(opened);
    owned = std::move(*opened);
    commit(points(0, people));
  }

  void commit(const model::change_batch& batch) {
    const actors::incoming_batch incoming{&batch};
    BOOST_REQUIRE(owned->commit({&incoming, 1}, now));
  }
  std::uint64_t begin() {
    const auto begun = owned->begin_preview(rule, now);
    BOOST_REQUIRE(begun);
    return *begun;
  }
  partition::preview_result slice() {
    return owned->preview_slice(std::chrono::microseconds{0});
  }
  /// Goes on until a preview is through.
  partition::found_members finish() {
    for (int i = 0; i < 100; ++i)
      if (auto result = slice(); !result.found.empty())
        return std::move(result.found.front());
    BOOST_FAIL("the preview does not end");
    return {};
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(changes_between_the_slices_are_seen_whether_their_block_was_read_or_not,
                        fixture) {
  std::set<std::uint32_t> expected;
  const auto number = begin();
  BOOST_REQUIRE(slice().found.empty()); // The first block is read.

  model::change_batch batch = points(people, people + 15); // Some new ones at the end.
  const auto ordered = name(batch, "Placed Order");
  for (const auto profile : {3u, 4'200u, 8'500u}) { // No points, but an order.
    auto r = about(profile, model::change_kind::event);
    r.name = ordered;
    batch.records.push_back(r);
  }
  for (const auto profile : {15u, 4'215u, 8'515u}) // Ten points or more, but gone.
    batch.records.push_back(about(profile, model::change_kind::erase));
  commit(batch);
  batch = {}; // Points and an order.
  const auto ordered_again = name(batch, "Placed Order");
  for (const auto profile : {11u, 4'111u, 8'511u}) {
    auto r = about(profile, model::change_kind::event);
    r.name = ordered_again;
    batch.records.push_back(r);
    expected.insert(profile);
  }
  commit(batch);

  const auto found = finish();
  BOOST_CHECK_EQUAL(found.preview, number);
  BOOST_CHECK((std::set<std::uint32_t>{found.profiles.begin(), found.profiles.end()} == expected));
  begin();
  BOOST_CHECK(finish().profiles == found.profiles);
}

BOOST_FIXTURE_TEST_CASE(a_fold_between_the_slices_changes_no_answer, fixture) {
  model::change_batch batch;
  const auto ordered = name(batch, "Placed Order");
  for (std::uint32_t profile = 0; profile < people; profile += 7) {
    auto r = about(profile, model::change_kind::event);
    r.name = ordered;
    batch.records.push_back(r);
  }
  commit(batch);
  begin();
  slice();
  for (bool done = false; !done;) {
    const auto merged = owned->merge_slice(std::chrono::microseconds{0});
    BOOST_REQUIRE(merged);
    done = *merged;
  }
  std::vector<std::uint32_t> expected;
  for (std::uint32_t profile = 0; profile < people; profile += 7)
    if (profile % 20 >= 10)
      expected.push_back(profile);
  BOOST_CHECK(finish().profiles == expected);
}

BOOST_FIXTURE_TEST_CASE(previews_go_one_after_the_other_and_each_is_handed_over_once, fixture) {
  const auto first = begin();
  const auto second = begin();
  BOOST_CHECK_EQUAL(finish().preview, first);
  BOOST_CHECK_EQUAL(finish().preview, second);
  BOOST_CHECK(slice().done);
}

BOOST_FIXTURE_TEST_CASE(a_comparison_asks_everybody_everything_at_one_moment, fixture) {
  const partition::question same{rule, now};
  const std::vector<partition::question> questions{same, same, same};
  BOOST_REQUIRE(owned->begin_comparison(questions, 3));
  // Between any two slices somebody becomes a member, somebody stops being one, somebody is new.
  partition::preview_result result;
  std::uint32_t next = 0;
  for (; result.found.empty(); ++next) {
    model::change_batch batch = points(people + next, people + next + 1);
    const auto ordered = name(batch, "Placed Order");
    for (const auto profile : {10 + 20 * next, 4'110 + 20 * next, 8'510 + 20 * next}) {
      auto r = about(profile, model::change_kind::event);
      r.name = ordered;
      batch.records.push_back(r);
    }
    if (next > 0)
      batch.records.push_back(about(10 + 20 * (next - 1), model::change_kind::erase));
    commit(batch);
    result = slice();
  }
  BOOST_TEST(next >= 3U);
  const auto& steps = result.found.front().steps;
  BOOST_REQUIRE(steps.size() == 3U);
  BOOST_TEST(steps[0].members == 2 * next + 1);
  BOOST_TEST(steps[0].joined == steps[0].members);
  BOOST_TEST(steps[0].some_joined.size() == 3U);
  for (const auto& step : {steps[1], steps[2]}) {
    BOOST_TEST(step.members == steps[0].members);
    BOOST_TEST(step.joined + step.left == 0U);
  }
  BOOST_TEST(slice().done);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_definition_is_told_at_once, fixture) {
  const auto begun = owned->begin_preview("{", now);
  BOOST_REQUIRE(!begun);
  BOOST_CHECK(begun.error().code == model::failure_code::invalid_input);
  BOOST_CHECK(slice().done);
}

BOOST_AUTO_TEST_SUITE_END()
