#include "segments/attribute_rule.hpp"
#include "segments/zip_points.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <optional>
#include <utility>

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
  [[nodiscard]] verdict judge(const values& v, moment&) const override {
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
    latitude_at_ = look_at("location['latitude']", context.names);
    longitude_at_ = look_at("location['longitude']", context.names);
    country_at_ = look_at("location['country']", context.names);
    zip_at_ = look_at("location['zip']", context.names);
  }

protected:
  [[nodiscard]] verdict judge(const values& v, moment&) const override {
    const auto point = point_of(v);
    return {point && holds_at(*point), never};
  }

private:
  /// Most people live too far north or south, which their latitude tells, or have a ZIP of which
  /// the block has few.
  void scan_clean(const model::block_view& block, std::int64_t now,
                  const scan_result& result) const override {
    const block_rows rows{block};
    const auto is_number = [](model::value_view v) { return v.kind == model::value_kind::number; };
    row_bits has_latitude(rows.words());
    row_bits has_longitude(rows.words());
    row_bits is_far(rows.words());
    row_bits is_american(rows.words());
    row_bits zip_holds(rows.words());
    const bool is_told = rows_with(block, latitude_at_, is_number, has_latitude)
                      && rows_with(block, longitude_at_, is_number, has_longitude)
                      && rows_with(
                           block, latitude_at_,
                           [&](model::value_view v) {
                             return is_number(v) && is_far_north(v.number);
                           },
                           is_far)
                      && rows_with(block, country_at_, has_zips, is_american)
                      && rows_with(
                           block, zip_at_,
                           [&](model::value_view v) {
                             const auto point = point_of(v);
                             return point && holds_at(*point);
                           },
                           zip_holds);
    if (!is_told)
      return attribute_rule::scan_clean(block, now, result);
    auto near = std::move(has_latitude);
    for (std::size_t w = 0; w < rows.words(); ++w) {
      const auto has_point = near[w] & has_longitude[w];
      const auto told = (~has_point & is_american[w] & zip_holds[w])
                      | (nearer_ ? 0 : has_point & is_far[w]);
      result.holds[w] |= told & rows.clean(w);
      near[w] = has_point & ~is_far[w] & rows.clean(w);
    }
    judge_rows(block, now, near, result, [&](const values& v, moment&) {
      return verdict{holds_at(*point_of(v)), never};
    });
  }

  static constexpr double margin = 1 + 1e-9; // Far above the rounding of `miles_between`.

  /// Nobody is nearer than their parallel, which spares most of them the trigonometry.
  [[nodiscard]] bool is_far_north(double latitude) const {
    return std::abs(latitude) <= 90 && std::abs(latitude - centre_.latitude) > degrees_north_max_;
  }
  [[nodiscard]] bool holds_at(geo_point point) const {
    if (is_far_north(point.latitude))
      return !nearer_;
    const double miles = miles_between(centre_, point);
    return nearer_ ? miles < miles_ : miles > miles_;
  }
  static double miles_a_degree() {
    return miles_between({0, 0}, {1, 0});
  }
  static bool has_zips(model::value_view country) {
    return country.kind == model::value_kind::text
        && (is_united_states(country.text) || country.text == "USA");
  }
  static std::optional<geo_point> point_of(model::value_view zip) {
    return zip.kind == model::value_kind::text ? zip_point(zip.text) : std::nullopt;
  }
  [[nodiscard]] std::optional<geo_point> point_of(const values& v) const {
    using model::value_kind;
    if (const auto latitude = v[latitude_at_]; latitude.kind == value_kind::number)
      if (const auto longitude = v[longitude_at_]; longitude.kind == value_kind::number)
        return geo_point{latitude.number, longitude.number};
    return has_zips(v[country_at_]) ? point_of(v[zip_at_]) : std::nullopt;
  }

  std::size_t latitude_at_ = 0; // Places of what is looked at.
  std::size_t longitude_at_ = 0;
  std::size_t country_at_ = 0;
  std::size_t zip_at_ = 0;
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
