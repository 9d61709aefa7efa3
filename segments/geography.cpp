#include "segments/attribute_rule.hpp"
#include "segments/zip_points.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>

/// Criteria about where a person is (semantics S24, S26).
namespace segments {

namespace {

// The 27 members, by name and by ISO 3166 alpha-2 code; the Czech Republic has two names in use.
// Sorted.
constexpr std::string_view european_union[] = {
  "AT",
  "Austria",
  "BE",
  "BG",
  "Belgium",
  "Bulgaria",
  "CY",
  "CZ",
  "Croatia",
  "Cyprus",
  "Czech Republic",
  "Czechia",
  "DE",
  "DK",
  "Denmark",
  "EE",
  "ES",
  "Estonia",
  "FI",
  "FR",
  "Finland",
  "France",
  "GR",
  "Germany",
  "Greece",
  "HR",
  "HU",
  "Hungary",
  "IE",
  "IT",
  "Ireland",
  "Italy",
  "LT",
  "LU",
  "LV",
  "Latvia",
  "Lithuania",
  "Luxembourg",
  "MT",
  "Malta",
  "NL",
  "Netherlands",
  "PL",
  "PT",
  "Poland",
  "Portugal",
  "RO",
  "Romania",
  "SE",
  "SI",
  "SK",
  "Slovakia",
  "Slovenia",
  "Spain",
  "Sweden",
};
static_assert(std::is_sorted(std::begin(european_union), std::end(european_union)));

bool is_united_states(std::string_view country) {
  return country == "US" || country == "United States";
}

class region_rule final : public attribute_rule {
public:
  region_rule(const region_criterion& c, const compile_context& context)
    : inside_(c.inside), area_(c.area) {
    look_at("location['country']", context.names);
  }

protected:
  [[nodiscard]] verdict judge(values v, std::int64_t) const override {
    const auto country = v[0];
    if (country.kind != model::value_kind::text)
      return {};
    const bool is_in = area_ == region::united_states
                       ? is_united_states(country.text)
                       : std::binary_search(std::begin(european_union), std::end(european_union),
                                            country.text);
    return {is_in == inside_, never};
  }

private:
  bool inside_;
  region area_;
};

class distance_rule final : public attribute_rule {
public:
  distance_rule(const distance_criterion& c, const compile_context& context)
    : centre_{c.latitude, c.longitude}, miles_(c.miles), nearer_(c.nearer),
      degrees_north_max_(
        std::abs(c.latitude) <= 90 ? c.miles / miles_a_degree() * margin + margin - 1 : INFINITY) {
    look_at("location['latitude']", context.names);
    look_at("location['longitude']", context.names);
    look_at("location['country']", context.names);
    look_at("location['zip']", context.names);
  }

protected:
  [[nodiscard]] verdict judge(values v, std::int64_t) const override {
    const auto point = point_of(v);
    if (!point)
      return {};
    // Nobody is nearer than their parallel, which spares most of them the trigonometry.
    if (std::abs(point->latitude) <= 90
        && std::abs(point->latitude - centre_.latitude) > degrees_north_max_)
      return {!nearer_, never};
    const double miles = miles_between(centre_, *point);
    return {nearer_ ? miles < miles_ : miles > miles_, never};
  }

private:
  static constexpr double margin = 1 + 1e-9; // Far above the rounding of `miles_between`.

  static double miles_a_degree() {
    return miles_between({0, 0}, {1, 0});
  }
  static std::optional<geo_point> point_of(values v) {
    using model::value_kind;
    if (const auto latitude = v[0]; latitude.kind == value_kind::number)
      if (const auto longitude = v[1]; longitude.kind == value_kind::number)
        return geo_point{latitude.number, longitude.number};
    const auto country = v[2];
    if (country.kind != value_kind::text
        || !(is_united_states(country.text) || country.text == "USA"))
      return std::nullopt;
    const auto zip = v[3];
    return zip.kind == value_kind::text ? zip_point(zip.text) : std::nullopt;
  }

  geo_point centre_;
  double miles_;
  bool nearer_;
  double degrees_north_max_; // Farther north or south than this is farther than `miles_`.
};

} // namespace

std::shared_ptr<const rule> make_rule(const region_criterion& c, const compile_context& context) {
  return std::make_shared<region_rule>(c, context);
}

std::shared_ptr<const rule> make_rule(const distance_criterion& c, const compile_context& context) {
  return std::make_shared<distance_rule>(c, context);
}

} // namespace segments
