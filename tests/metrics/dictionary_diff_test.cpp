#include "metrics/dictionary_diff.hpp"
#include "tests/metrics/dictionary_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

BOOST_AUTO_TEST_SUITE(dictionary_diff_test)

namespace {

using namespace dictionary_support;

std::vector<std::string> changes(std::string_view mine) {
  return metrics::difference(standard(), standard(mine));
}

} // namespace

BOOST_AUTO_TEST_CASE(equal_dictionaries_do_not_differ) {
  BOOST_TEST(changes("").empty());
}

BOOST_AUTO_TEST_CASE(an_entry_that_came_or_went_is_told) {
  const auto mine = entry("derived.mine", "unit = \"fraction\"\nformula = \"clicks / delivered\"");
  const std::vector<std::string> added{"derived mine: added"};
  const std::vector<std::string> removed{"derived mine: removed"};
  BOOST_TEST(changes(mine) == added, boost::test_tools::per_element());
  BOOST_TEST(metrics::difference(standard(mine), standard()) == removed,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_conversion_metric_that_means_something_else_is_told) {
  const auto placed_order = [](std::string_view metrics) {
    return std::string{"[conversion.placed_order]\ndescription = \"Other.\"\nowner = \"tests\"\n"
                       "version = 2\nsynonyms = [\"orders\"]\nmetrics = "}
      .append(metrics);
  };
  const std::vector<std::string> words{"conversion placed_order: words only (version 1 -> 2)"};
  const std::vector<std::string> value{
    "conversion placed_order: value may change (version 1 -> 2)"};
  BOOST_TEST(changes(placed_order("[\"Placed Order\"]")) == words,
             boost::test_tools::per_element());
  BOOST_TEST(changes(placed_order("[{name = \"Placed Order\", value = \"Net\"}]")) == value,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(other_words_are_told_apart_from_other_values) {
  const auto failed_rate = [](std::string_view formula) {
    std::string text = "[derived.failed_rate]\ndescription = \"Other.\"\nowner = \"tests\"\n"
                       "version = 2\nunit = \"fraction\"\nshare = true\nformula = \"";
    return text.append(formula).append("\"\n");
  };
  const std::vector<std::string> words{"derived failed_rate: words only (version 1 -> 2)"};
  const std::vector<std::string> value{"derived failed_rate: value may change (version 1 -> 2)"};
  BOOST_TEST(changes(failed_rate("failed/recipients")) == words, boost::test_tools::per_element());
  BOOST_TEST(changes(failed_rate("failed / (failed + delivered)")) == value,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_change_below_is_told_above) {
  const auto told = changes(R"([events.failed]
description = "Texts that failed for good."
owner = "tests"
version = 2
metrics = [{name = "Failed SMS For Good", channel = "sms"}]
)");
  const std::vector<std::string> expected{"derived bounced_or_failed: value may change",
                                          "derived bounced_or_failed_rate: value may change",
                                          "derived bounce_rate: value may change"};
  for (const auto& line : expected)
    BOOST_TEST((std::find(told.begin(), told.end(), line) != told.end()), line);
  BOOST_TEST(
    (std::find(told.begin(), told.end(), "events failed: value may change (version 1 -> 2)")
     != told.end()));
  BOOST_TEST(
    (std::find(told.begin(), told.end(), "derived open_rate: value may change") == told.end()));
}

BOOST_AUTO_TEST_SUITE_END()
