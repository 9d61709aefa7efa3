#include "tests/actors/listing_fixture.hpp"

#include <fmt/format.h>

BOOST_AUTO_TEST_SUITE(property_sampling_test)

namespace {

using model::value_kind;

/// "size: 3 numbers, 2 texts of which 1 date = a, 7".
std::vector<std::string> lines_of(const actors::property_samples& found) {
  std::vector<std::string> all;
  for (const auto& p : found.properties) {
    const auto of = [&](value_kind kind) { return p.kinds[static_cast<std::size_t>(kind)]; };
    auto line = fmt::format(
      "{}: {} texts ({} dates), {} numbers, {} booleans, {} lists, {} nested =", p.name,
      of(value_kind::text), p.dates, of(value_kind::number), of(value_kind::boolean),
      of(value_kind::list), of(value_kind::nested));
    for (const auto& value : p.values)
      line += ' ' + value;
    all.push_back(std::move(line));
  }
  return all;
}

struct fixture : listing_fixture {
  std::vector<std::uint32_t> who;
  rollcall::batch_builder batch;

  rollcall::batch_builder& event(std::uint32_t profile, std::string_view metric,
                                 std::string_view id) {
    who.push_back(profile);
    return batch.event({}, metric, model::from_ms(1'700'000'000'000), {}, id);
  }
  void commit_all() {
    commit(batch, std::exchange(who, {}));
  }
  std::vector<std::string> properties(std::string metric) {
    return lines_of(ask(actors::property_question{std::move(metric)}));
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(every_property_is_told_with_what_its_values_are, fixture) {
  event(0, "Order", "1").set("size", 3.0).set("gift", true).set("on", "2025-06-01");
  event(0, "Order", "2").set("size", "large").set("tags", "x").set("on", "2025-06-01T10:00:00Z");
  event(1, "Order", "3").set("size", 3.0);
  event(1, "Other", "4").set("elsewhere", 1.0);
  commit_all();
  const std::vector<std::string> expected{
    "gift: 0 texts (0 dates), 0 numbers, 1 booleans, 0 lists, 0 nested = true",
    "on: 2 texts (2 dates), 0 numbers, 0 booleans, 0 lists, 0 nested = 2025-06-01 "
    "2025-06-01T10:00:00Z",
    "size: 1 texts (0 dates), 2 numbers, 0 booleans, 0 lists, 0 nested = 3 large",
    "tags: 1 texts (0 dates), 0 numbers, 0 booleans, 0 lists, 0 nested = x"};
  const auto check = [&] {
    BOOST_TEST(properties("Order") == expected, boost::test_tools::per_element());
    BOOST_TEST(properties("Nothing").empty());
  };
  check();
  merge();
  check();
  open();
  check();
}

BOOST_FIXTURE_TEST_CASE(what_only_an_erased_person_had_is_not_told, fixture) {
  event(0, "Order", "1").set("size", 3.0).set("secret", "mine");
  event(1, "Order", "2").set("size", 4.0);
  commit_all();
  merge();
  who.push_back(0);
  batch.erase({});
  commit_all(); // The columns still have it.
  const std::vector<std::string> expected{
    "size: 0 texts (0 dates), 1 numbers, 0 booleans, 0 lists, 0 nested = 4"};
  BOOST_TEST(properties("Order") == expected, boost::test_tools::per_element());
  merge();
  BOOST_TEST(properties("Order") == expected, boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_rare_property_in_a_late_block_is_found_and_values_are_a_few, fixture) {
  constexpr std::uint32_t people = 9'000;
  for (std::uint32_t i = 0; i < people; ++i) {
    auto& made = event(i, "Order", "1").set("size", static_cast<double>(i));
    if (i == people - 1)
      made.set("rare", std::string(300, 'x')); // Too long to be shown.
  }
  commit_all();
  const auto check = [&] {
    const auto found = ask(actors::property_question{"Order"});
    BOOST_REQUIRE_EQUAL(found.properties.size(), 2u);
    BOOST_TEST(found.properties[0].name == "rare");
    BOOST_TEST(found.properties[0].values.empty());
    BOOST_TEST(found.properties[0].kinds[static_cast<std::size_t>(value_kind::text)] == 1u);
    BOOST_TEST(found.properties[1].values.size() == 10u);
    BOOST_TEST(found.properties[1].kinds[static_cast<std::size_t>(value_kind::number)] == 1'000u);
  };
  check();
  merge();
  check();
}

BOOST_AUTO_TEST_SUITE_END()
