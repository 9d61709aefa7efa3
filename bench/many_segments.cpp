#include "bench/many_segments.hpp"

#include "bench/generated_store.hpp"

#include <fmt/format.h>

#include <array>

namespace bench {

namespace {

std::string criterion(std::size_t number) {
  static constexpr std::array metrics{metric::opened_email,     metric::clicked_email,
                                      metric::viewed_product,   metric::added_to_cart,
                                      metric::started_checkout, metric::placed_order,
                                      metric::active_on_site,   metric::ordered_product};
  static constexpr std::array days{3, 7, 14, 30, 60, 90, 180, 365};
  const auto name = name_of(metrics[number % metrics.size()]);
  const auto window = days[number / metrics.size() % days.size()];
  switch (number % 5) {
  case 0: // Did not in the window.
    return fmt::format(
      R"({{"type":"profile-metric","metric_id":"{}","measurement":"count","measurement_filter":)"
      R"({{"type":"numeric","operator":"equals","value":0}},"timeframe_filter":)"
      R"({{"type":"date","operator":"in-the-last","quantity":{},"unit":"day"}}}})",
      name, window + static_cast<int>(number / 64));
  case 1:
    return fmt::format(
      R"({{"type":"profile-metric","metric_id":"{}","measurement":"sum","measurement_filter":)"
      R"({{"type":"numeric","operator":"greater-than","value":{}}},"timeframe_filter":)"
      R"({{"type":"date","operator":"in-the-last","quantity":{},"unit":"day"}}}})",
      name, 20 + number, window);
  case 2:
    return fmt::format(
      R"({{"type":"profile-property","property":"properties['loyalty_points']","filter":)"
      R"({{"type":"numeric","operator":"greater-than","value":{}}}}})",
      number * 5);
  default:
    return fmt::format(
      R"({{"type":"profile-metric","metric_id":"{}","measurement":"count","measurement_filter":)"
      R"({{"type":"numeric","operator":"greater-than-or-equal","value":{}}},"timeframe_filter":)"
      R"({{"type":"date","operator":"in-the-last","quantity":{},"unit":"day"}}}})",
      name, 1 + number / 64, window);
  }
}

} // namespace

std::vector<std::string> counting_conditions(std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back(criterion(i));
  return all;
}

std::vector<std::string> many_segments(std::size_t segments,
                                       const std::vector<std::string>& conditions) {
  std::vector<std::string> all;
  for (std::size_t s = 0; s < segments; ++s) {
    std::string groups;
    const auto count = 1 + s % 3;
    for (std::size_t g = 0; g < count; ++g) {
      // Steps that share no factor with the count visit every condition.
      const auto a = (s * 7 + g * 61) % conditions.size();
      const auto b = (s * 13 + g * 29 + 1) % conditions.size();
      groups += fmt::format("{}{{\"conditions\":[{},{}]}}", g == 0 ? "" : ",", conditions[a],
                            conditions[b]);
    }
    all.push_back("{\"condition_groups\":[" + groups + "]}");
  }
  return all;
}

} // namespace bench
