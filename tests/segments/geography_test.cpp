#include "segments/evaluate.hpp"
#include "segments/zip_points.hpp"
#include "tests/segments/evaluation_support.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <random>

using namespace evaluation_support;
using namespace segments;

/// Who is near and who is in a region (semantics S24, S26).
BOOST_AUTO_TEST_SUITE(geography_test)

namespace {

constexpr std::string_view noon = "2024-03-10T12:00:00Z";

person standing_at(double latitude, double longitude) {
  return person{}
    .with("location['latitude']", number(latitude))
    .with("location['longitude']", number(longitude));
}

} // namespace

BOOST_AUTO_TEST_CASE(own_coordinates_come_before_the_zip_code) {
  // 10 miles around Boston's 02110.
  const auto boston = zip_point("02110").value();
  const distance_criterion near{boston.latitude, boston.longitude, 10, true};
  const distance_criterion far{boston.latitude, boston.longitude, 10, false};
  const auto at_zip = person{}
                        .with("location['country']", text("United States"))
                        .with("location['zip']", text("02110"));
  BOOST_CHECK(holds(near, at_zip, noon));
  BOOST_CHECK(!holds(far, at_zip, noon));
  const auto moved = person{at_zip}
                       .with("location['latitude']", number(40.7))
                       .with("location['longitude']", number(-74));
  BOOST_CHECK(holds(far, moved, noon));
  auto elsewhere = person{at_zip}.with("location['country']", text("Germany"));
  BOOST_CHECK(!holds(near, elsewhere, noon));
  BOOST_CHECK(!holds(far, elsewhere, noon));
}

BOOST_AUTO_TEST_CASE(regions_go_by_exact_country_names_and_codes) {
  const region_criterion in_union{true, region::european_union};
  const region_criterion outside_union{false, region::european_union};
  const auto in = [](std::string_view country) {
    return person{}.with("location['country']", text(country));
  };
  BOOST_CHECK(holds(in_union, in("Germany"), noon));
  BOOST_CHECK(holds(in_union, in("PT"), noon));
  BOOST_CHECK(!holds(in_union, in("germany"), noon));
  BOOST_CHECK(holds(outside_union, in("GB"), noon));
  BOOST_CHECK(!holds(in_union, person{}, noon));
  BOOST_CHECK(!holds(outside_union, person{}, noon));
  BOOST_CHECK(holds(region_criterion{true, region::united_states}, in("US"), noon));
}

/// Most people are told by their parallel alone. That must not change a verdict, least of all at
/// the edge, across a pole or where a coordinate is no place on earth.
BOOST_AUTO_TEST_CASE(distances_are_compared_as_the_haversine_says) {
  constexpr std::uint64_t seed = 20240310;
  std::mt19937_64 random{seed};
  const auto in = [&](double from, double to) {
    return std::uniform_real_distribution{from, to}(random);
  };
  const auto check = [&](geo_point centre, double miles, geo_point at) {
    const auto apart = miles_between(centre, at);
    const auto who = standing_at(at.latitude, at.longitude);
    const auto near = holds(distance_criterion{centre.latitude, centre.longitude, miles, true}, who,
                            noon);
    const auto far = holds(distance_criterion{centre.latitude, centre.longitude, miles, false}, who,
                           noon);
    BOOST_REQUIRE_MESSAGE(near == (apart < miles) && far == (apart > miles),
                          "seed " << seed << ": " << at.latitude << ", " << at.longitude << " is "
                                  << apart << " miles from " << centre.latitude << ", "
                                  << centre.longitude << "; the limit is " << miles);
  };
  for (int i = 0; i < 20'000; ++i) {
    const geo_point centre{in(-90, 90), in(-180, 180)};
    const geo_point at{in(-90, 90), in(-180, 180)};
    check(centre, in(0, 13'000), at);
    check(centre, miles_between(centre, at), at);
    // On one meridian the parallel tells all, up to the last bit.
    const geo_point north{in(-90, 90), centre.longitude};
    const auto apart = miles_between(centre, north);
    for (const auto limit : {apart, std::nextafter(apart, 0.0), std::nextafter(apart, 1e9)})
      check(centre, limit, north);
  }
  for (const double latitude : {-200.0, -90.1, 90.0, 90.1, 179.0, 400.0})
    for (const double centre : {-90.0, -45.0, 0.0, 89.0, 90.0})
      for (const double miles : {0.0, 10.0, 700.0, 6'500.0, 12'500.0})
        check({centre, 10}, miles, {latitude, -170});
}

BOOST_AUTO_TEST_SUITE_END()
