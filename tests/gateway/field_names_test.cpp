#include "gateway/field_names.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(field_names_test)

namespace {

using boost::test_tools::per_element;
using gateway::field_names;

} // namespace

BOOST_AUTO_TEST_CASE(names_are_those_of_appendix_b) {
  BOOST_TEST(field_names("metric")
               == (std::vector<std::string>{"created", "id", "integration", "name", "updated"}),
             per_element());
  BOOST_TEST(field_names("tag") == (std::vector<std::string>{"id", "name"}), per_element());
  BOOST_TEST(field_names("profile").size() == 105U);
  BOOST_TEST(field_names("unheard-of").empty());
}

BOOST_AUTO_TEST_CASE(what_is_left_out_goes_with_everything_below_it) {
  const auto plain = field_names("profile", {"subscriptions", "predictive_analytics"});
  BOOST_TEST(plain.size() == 25U); // As of a profile that events include.
  BOOST_TEST(std::ranges::none_of(plain, [](const std::string& name) {
    return name.starts_with("subscriptions") || name.starts_with("predictive_analytics");
  }));
  BOOST_TEST(field_names("segment", {"profile_count"}).size() == field_names("segment").size() - 1);
  // Only whole names count.
  BOOST_TEST(field_names("profile", {"last"}).size() == 105U);
}

BOOST_AUTO_TEST_SUITE_END()
