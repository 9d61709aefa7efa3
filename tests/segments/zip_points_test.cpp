#include "segments/zip_points.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(zip_points_test)

namespace {

using namespace segments;

std::vector<geo_point> all_points() {
  std::vector<geo_point> points;
  char zip[12];
  for (int number = 0; number < 100'000; ++number) {
    std::snprintf(zip, sizeof zip, "%05d", number);
    if (const auto point = zip_point(zip))
      points.push_back(*point);
  }
  return points;
}

std::size_t points_within(double miles, const std::string& zip) {
  static const auto points = all_points();
  const auto center = zip_point(zip);
  BOOST_REQUIRE(center);
  std::size_t count = 0;
  for (const auto& point : points)
    count += miles_between(*center, point) <= miles ? 1 : 0;
  return count;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_area_of_the_census_has_its_point) {
  const auto points = all_points();
  BOOST_TEST(points.size() == 33'791u);
  for (const auto& point : points) {
    // From American Samoa to Alaska, from Maine over the date line to Guam.
    BOOST_TEST((point.latitude > -15 && point.latitude < 72));
    BOOST_TEST((point.longitude > -180 && point.longitude < 180));
  }
}

BOOST_AUTO_TEST_CASE(six_decimals_come_back_exactly) {
  const auto first = zip_point("00601");
  BOOST_REQUIRE(first);
  BOOST_TEST(first->latitude == 18.180555);
  BOOST_TEST(first->longitude == -66.749961);
  const auto last = zip_point("99929");
  BOOST_REQUIRE(last);
  BOOST_TEST(last->latitude == 56.221499);
  BOOST_TEST(last->longitude == -131.923588);
}

BOOST_AUTO_TEST_CASE(published_counts_of_neighbours_are_met) {
  BOOST_TEST(points_within(1, "02110") == 10u);
  BOOST_TEST(points_within(5, "02110") == 42u);
  BOOST_TEST(points_within(10, "02110") == 75u);
  BOOST_TEST(points_within(25, "02110") == 181u);
  BOOST_TEST(points_within(50, "02110") == 424u);
  BOOST_TEST(points_within(100, "02110") == 964u);
  BOOST_TEST(points_within(10, "10001") == 195u);
  BOOST_TEST(points_within(10, "60601") == 50u);
  BOOST_TEST(points_within(10, "94103") == 45u);
}

BOOST_AUTO_TEST_CASE(extended_codes_stand_at_their_five_digits) {
  const auto plain = zip_point("02110");
  const auto extended = zip_point("02110-1234");
  BOOST_REQUIRE(plain);
  BOOST_REQUIRE(extended);
  BOOST_TEST(plain->latitude == extended->latitude);
  BOOST_TEST(plain->longitude == extended->longitude);
}

BOOST_AUTO_TEST_CASE(text_that_is_no_zip_code_has_no_point) {
  for (const auto* text : {"", "2110", "021100", "02110-", "02110-12", "02110 1234", "0211O",
                           "02110-12x4", " 02110", "99999", "00000", "SW1A 1"})
    BOOST_TEST(!zip_point(text), text);
}

BOOST_AUTO_TEST_CASE(distance_is_symmetric_and_half_the_earth_at_most) {
  const geo_point here{10, 20};
  const geo_point antipode{-10, -160};
  BOOST_TEST(miles_between(here, here) == 0.0);
  BOOST_TEST(miles_between(here, antipode) == 12436.8154, boost::test_tools::tolerance(1e-6));
  BOOST_TEST(miles_between({0, 0}, {0, 1}) == 69.0933, boost::test_tools::tolerance(1e-5));
  BOOST_TEST(miles_between({3, 4}, {5, 6}) == miles_between({5, 6}, {3, 4}));
}

BOOST_AUTO_TEST_SUITE_END()
