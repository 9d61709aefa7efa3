#include "metrics/formula.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>
#include <map>

BOOST_AUTO_TEST_SUITE(formula_test)

namespace {

using metrics::formula;

formula read(std::string_view text) {
  formula::fault why;
  auto made = formula::read(text, why);
  BOOST_REQUIRE_MESSAGE(made, text << ": column " << why.column << ": " << why.message);
  return *made;
}

/// `column: message`, or nothing when the text is a formula.
std::string fault_of(std::string_view text) {
  formula::fault why;
  if (formula::read(text, why))
    return {};
  return std::to_string(why.column) + ": " + why.message;
}

std::optional<double> value_of(std::string_view text,
                               const std::map<std::string, double>& known = {},
                               std::optional<double> when_zero = 0.0) {
  const auto made = read(text);
  return made.value(
    [&](std::size_t index) -> std::optional<double> {
      const auto found = known.find(made.names()[index]);
      return found == known.end() ? std::nullopt : std::optional{found->second};
    },
    when_zero);
}

bool begins(const std::string& text, std::string_view start) {
  return text.starts_with(start);
}

} // namespace

BOOST_AUTO_TEST_CASE(products_bind_closer_than_sums_and_both_go_from_left_to_right) {
  BOOST_TEST(value_of("1 + 2 * 3").value() == 7);
  BOOST_TEST(value_of("(1 + 2) * 3").value() == 9);
  BOOST_TEST(value_of("10 - 4 - 3").value() == 3);
  BOOST_TEST(value_of("100 / 10 / 5").value() == 2);
  BOOST_TEST(value_of("2 * 3 / 4").value() == 1.5);
  BOOST_TEST(value_of("-2 * -3").value() == 6);
  BOOST_TEST(value_of("--2").value() == 2);
  BOOST_TEST(value_of(" 0.5\t*\n4 ").value() == 2);
}

BOOST_AUTO_TEST_CASE(names_are_asked_by_their_place_in_the_order_of_first_use) {
  const auto made = read("clicks / delivered + clicks * opens_2");
  const std::vector<std::string> expected{"clicks", "delivered", "opens_2"};
  BOOST_TEST(made.names() == expected, boost::test_tools::per_element());
  BOOST_TEST(value_of("clicks / delivered", {{"clicks", 1}, {"delivered", 4}}).value() == 0.25);
}

BOOST_AUTO_TEST_CASE(a_name_without_value_leaves_none) {
  BOOST_TEST(!value_of("a + b", {{"a", 1}}));
}

BOOST_AUTO_TEST_CASE(a_division_by_zero_gives_what_was_said) {
  BOOST_TEST(value_of("1 / 0").value() == 0);
  BOOST_TEST(value_of("1 + 1 / 0", {}, 5.0).value() == 6);
  BOOST_TEST(!value_of("1 / 0", {}, std::nullopt));
}

BOOST_AUTO_TEST_CASE(a_value_that_no_double_can_hold_is_none) {
  const double most = std::numeric_limits<double>::max();
  BOOST_TEST(!value_of("a * 10", {{"a", most}}));
  BOOST_TEST(!value_of("1 / (a * 10)", {{"a", most}}));
  BOOST_TEST(!value_of("a", {{"a", std::numeric_limits<double>::quiet_NaN()}}));
}

BOOST_AUTO_TEST_CASE(nothing_is_never_minus_zero) {
  BOOST_TEST(!std::signbit(value_of("-a", {{"a", 0.0}}).value()));
}

BOOST_AUTO_TEST_CASE(faults_name_the_column_and_what_was_expected) {
  BOOST_TEST(begins(fault_of(""), "0: found the end; expected a name"));
  BOOST_TEST(begins(fault_of("a +"), "3: found the end; expected a name"));
  BOOST_TEST(begins(fault_of("a b"), "2: found \"b\"; expected an operator"));
  BOOST_TEST(begins(fault_of("(a"), "2: found the end; expected \")\""));
  BOOST_TEST(begins(fault_of("a)"), "1: found \")\"; expected an operator"));
  BOOST_TEST(begins(fault_of("2x"), "1: found \"x\"; expected an operator"));
  BOOST_TEST(begins(fault_of("1.2.3"), "3: found \".\"; expected an operator"));
  BOOST_TEST(begins(fault_of("1e5"), "1: found \"e\""));
  BOOST_TEST(begins(fault_of("a % b"), "2: found \"%\""));
  BOOST_TEST(begins(fault_of("é"), "0: found \"é\""));
  BOOST_TEST(begins(fault_of(".5"), "0: found \".\""));
}

BOOST_AUTO_TEST_CASE(depth_length_and_size_of_numbers_have_bounds) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '(') + "a" + std::string(depth, ')');
  };
  BOOST_TEST(fault_of(nested(formula::depth_max)).empty());
  BOOST_TEST(fault_of(nested(formula::depth_max + 1)).find("deep") != std::string::npos);
  BOOST_TEST(fault_of(std::string(100'000, '-')).find("deep") != std::string::npos);
  std::string wide = "a";
  for (std::size_t i = 1; i < formula::steps_max / 2; ++i)
    wide += "+a";
  BOOST_TEST(fault_of(wide).empty());
  BOOST_TEST(!fault_of(wide + "+a+a").empty());
  BOOST_TEST(!fault_of(std::string(400, '9')).empty());
}

BOOST_AUTO_TEST_CASE(ratios_have_the_names_above_and_below) {
  const auto found = read("(a + b) / c + d / (2 * e)").ratios();
  BOOST_REQUIRE(found.size() == 2);
  const std::vector<std::string> above{"a", "b"};
  BOOST_TEST(found[0].above == above, boost::test_tools::per_element());
  BOOST_TEST(found[0].below == std::vector<std::string>{"c"}, boost::test_tools::per_element());
  BOOST_TEST(found[1].above == std::vector<std::string>{"d"}, boost::test_tools::per_element());
  BOOST_TEST(found[1].below == std::vector<std::string>{"e"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(sums_have_the_names_that_are_added_group_by_group) {
  const auto found = read("(a + b - c) / (d - 1)").sums();
  BOOST_REQUIRE(found.size() == 2);
  const std::vector<std::string> first{"a", "b", "c"};
  BOOST_TEST(found[0] == first, boost::test_tools::per_element());
  BOOST_TEST(found[1] == std::vector<std::string>{"d"}, boost::test_tools::per_element());
  BOOST_TEST(read("a * b / c").sums().empty());
}

BOOST_AUTO_TEST_SUITE_END()
