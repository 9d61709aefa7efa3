#include "segments/zip_points.hpp"

#include <cmath>
#include <cstdint>
#include <numbers>
#include <vector>

namespace segments {

namespace {

constexpr std::string_view packed_lines[] = {
#include "segments/zip_points.inc"
};

constexpr double earth_radius_miles = 3958.7613;
constexpr std::size_t zips_in_all = 100'000;

/// Degrees in millionths.
struct fixed_point {
  std::int32_t latitude = INT32_MIN; // No such ZIP.
  std::int32_t longitude = 0;
};

std::uint32_t digit_value(char c) {
  if (c >= 'A' && c <= 'Z')
    return static_cast<std::uint32_t>(c - 'A');
  if (c >= 'a' && c <= 'z')
    return static_cast<std::uint32_t>(c - 'a') + 26;
  if (c >= '0' && c <= '9')
    return static_cast<std::uint32_t>(c - '0') + 52;
  return c == '+' ? 62 : 63;
}

/// Takes one number off the front; scripts/make-zip-points tells the form.
std::int32_t unpack(std::string_view& text) {
  std::uint32_t bits = 0;
  std::uint32_t digit = 0;
  int shift = 0;
  do {
    digit = digit_value(text.front());
    text.remove_prefix(1);
    bits |= (digit & 31u) << shift;
    shift += 5;
  } while ((digit & 32u) != 0);
  const auto size = static_cast<std::int32_t>(bits >> 1);
  return (bits & 1u) != 0 ? -size : size;
}

/// Every ZIP's point, indexed by the ZIP read as a number.
std::vector<fixed_point> unpack_all() {
  std::vector<fixed_point> points(zips_in_all);
  std::int32_t zip = 0;
  fixed_point at{0, 0};
  for (auto line : packed_lines) {
    while (!line.empty()) {
      zip += unpack(line);
      at.latitude += unpack(line);
      at.longitude += unpack(line);
      points[static_cast<std::size_t>(zip)] = at;
    }
  }
  return points;
}

bool all_digits(std::string_view text) {
  for (const char c : text)
    if (c < '0' || c > '9')
      return false;
  return true;
}

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

} // namespace

std::optional<geo_point> zip_point(std::string_view zip) {
  const bool is_plain = zip.size() == 5 && all_digits(zip);
  const bool is_extended = zip.size() == 10 && zip[5] == '-' && all_digits(zip.substr(0, 5))
                        && all_digits(zip.substr(6));
  if (!is_plain && !is_extended)
    return std::nullopt;
  std::size_t number = 0;
  for (const char c : zip.substr(0, 5))
    number = number * 10 + static_cast<std::size_t>(c - '0');
  static const auto points = unpack_all();
  const auto& found = points[number];
  if (found.latitude == INT32_MIN)
    return std::nullopt;
  return geo_point{found.latitude / 1e6, found.longitude / 1e6};
}

double miles_between(geo_point a, geo_point b) {
  const double latitudes = std::sin(radians(b.latitude - a.latitude) / 2);
  const double longitudes = std::sin(radians(b.longitude - a.longitude) / 2);
  const double h = latitudes * latitudes
                 + std::cos(radians(a.latitude)) * std::cos(radians(b.latitude)) * longitudes
                     * longitudes;
  return 2 * earth_radius_miles * std::asin(std::sqrt(std::fmin(1.0, h)));
}

} // namespace segments
