#include "node/demo_segments.hpp"

#include "model/value.hpp"

#include <fmt/format.h>

namespace node {

namespace {

std::string quoted(std::string_view text) {
  std::string literal;
  model::append_json_string(literal, text);
  return literal;
}

constexpr std::string_view alltime = R"({"type":"date","operator":"alltime"})";

std::string last_days(int days) {
  return fmt::format(R"({{"type":"date","operator":"in-the-last","quantity":{},"unit":"day"}})",
                     days);
}

/// "count of the metric's events in the time frame compares with a number".
std::string counted(std::string_view metric, std::string_view comparison, int number,
                    std::string_view during, std::string_view where = "null") {
  return fmt::format(
    R"({{"type":"profile-metric","metric_id":{},"measurement":"count","measurement_filter":)"
    R"({{"type":"numeric","operator":"{}","value":{}}},"timeframe_filter":{},"metric_filters":{}}})",
    quoted(metric), comparison, number, during, where);
}

std::string groups(std::initializer_list<std::string> conditions) {
  std::string out;
  for (const auto& condition : conditions)
    out += fmt::format(R"({}{{"conditions":[{}]}})", out.empty() ? "" : ",", condition);
  return fmt::format(R"({{"condition_groups":[{}]}})", out);
}

constexpr std::string_view near_boston =
  R"({"type":"profile-postal-code-distance","country_code":"USA","postal_code":"02110","unit":"miles",)"
  R"("filter":{"type":"numeric","operator":"less-than","value":10}})";
constexpr std::string_view takes_sms =
  R"({"type":"profile-marketing-consent","consent":{"channel":"sms","can_receive_marketing":true,)"
  R"("consent_status":{"subscription":"subscribed","filters":null}}})";
constexpr std::string_view orders_soon =
  R"({"type":"profile-predictive-analytics","dimension":"expected_date_of_next_purchase",)"
  R"("filter":{"type":"date","operator":"in-the-next","quantity":14,"unit":"day"}})";
constexpr std::string_view birthday_soon =
  R"({"type":"profile-property","property":"properties['birthday']",)"
  R"("filter":{"type":"date","operator":"anniversary-next","quantity":7,"unit":"day"}})";
constexpr std::string_view new_vip =
  R"({"type":"profile-group-membership","is_member":true,"group_ids":["VIP"],)"
  R"("timeframe_filter":{"type":"date","operator":"in-the-last","quantity":90,"unit":"day"}})";
constexpr std::string_view
  in_europe = R"({"type":"profile-region","in_region":true,"region":"european_union"})";
constexpr std::string_view jeans =
  R"([{"property":"Category","filter":{"type":"string","operator":"equals","value":"Jeans"}}])";
constexpr std::string_view spent =
  R"({"type":"profile-metric","metric_id":"Placed Order","measurement":"sum","measurement_filter":)"
  R"({"type":"numeric","operator":"greater-than","value":499.99},"timeframe_filter":)"
  R"({"type":"date","operator":"in-the-last","quantity":90,"unit":"day"},"metric_filters":null})";
constexpr std::string_view abandoned =
  R"({"type":"profile-metric-funnel","timeframe_filter":{"type":"date","operator":"in-the-last","quantity":14,)"
  R"("unit":"day"},"completion_window_seconds":"DAYS_1","steps":[{"metric_exists":true,"metric_id":"Started Checkout"},)"
  R"({"metric_exists":false,"metric_id":"Placed Order"}]})";
constexpr std::string_view bought_what_they_saw =
  R"({"type":"profile-metric-funnel","timeframe_filter":{"type":"date","operator":"in-the-last","quantity":60,)"
  R"("unit":"day"},"completion_window":{"quantity":2,"unit":"hour"},"equal_property":"Brand","steps":)"
  R"([{"metric_exists":true,"metric_id":"Viewed Product"},{"metric_exists":true,"metric_id":"Placed Order"}]})";
constexpr std::string_view many_brands =
  R"({"type":"profile-metric","metric_id":"Viewed Product","measurement":"distinct","measurement_property":"Brand",)"
  R"("measurement_filter":{"type":"numeric","operator":"greater-than-or-equal","value":4},)"
  R"("timeframe_filter":{"type":"date","operator":"in-the-last","quantity":90,"unit":"day"}})";
constexpr std::string_view last_was_large =
  R"({"type":"profile-metric","metric_id":"Placed Order","measurement":"last","picked_filters":)"
  R"([{"property":"$value","filter":{"type":"numeric","operator":"greater-than","value":200}}],)"
  R"("timeframe_filter":{"type":"date","operator":"alltime"}})";
constexpr std::string_view wins_back =
  R"({"all_of":[{"segment":"Lapsed buyers"},{"any_of":[{"segment":"SMS consented"},)"
  R"({"type":"profile-property","property":"properties['loyalty_points']","filter":)"
  R"({"type":"numeric","operator":"greater-than-or-equal","value":500}}]},)"
  R"({"none_of":[{"segment":"Looked at jeans"},{"type":"profile-property","property":"properties['is_wholesale']",)"
  R"("filter":{"type":"boolean","operator":"equals","value":true}}]}]})";

} // namespace

std::vector<demo_segment> shop_segments() {
  const auto ordered = [](std::string_view comparison, int number, std::string_view during) {
    return counted("Placed Order", comparison, number, during);
  };
  return {
    {"Recent buyers", "events in a window",
     groups({ordered("greater-than-or-equal", 1, last_days(30))})},
    {"Lapsed buyers", "events, and none lately",
     groups({ordered("greater-than-or-equal", 1, alltime), ordered("equals", 0, last_days(30))})},
    {"Big spenders", "sum of values", groups({std::string{spent}})},
    {"Looked at jeans", "an event's property",
     groups({counted("Viewed Product", "greater-than-or-equal", 1, last_days(10), jeans)})},
    {"Abandoned checkout", "sequence with \"did not\"", groups({std::string{abandoned}})},
    {"Bought what they saw", "sequence, same property",
     groups({std::string{bought_what_they_saw}})},
    {"Many brands", "distinct count", groups({std::string{many_brands}})},
    {"Last order was large", "latest event", groups({std::string{last_was_large}})},
    {"Near Boston", "distance from a ZIP code", groups({std::string{near_boston}})},
    {"SMS consented", "consent", groups({std::string{takes_sms}})},
    {"Next order expected", "prediction, future date", groups({std::string{orders_soon}})},
    {"Birthday soon", "anniversary", groups({std::string{birthday_soon}})},
    {"New VIPs", "static list, join date", groups({std::string{new_vip}})},
    {"Europeans", "region", groups({std::string{in_europe}})},
    {"Win back", "segments in a segment", std::string{wins_back}},
  };
}

std::vector<demo_segment> segments_over(std::span<const std::string> metrics) {
  std::vector<demo_segment> all;
  for (const auto& metric : metrics) {
    all.push_back({metric + ", last 30 days", "events in a window",
                   groups({counted(metric, "greater-than-or-equal", 1, last_days(30))})});
    all.push_back({metric + ", but not lately", "events, and none lately",
                   groups({counted(metric, "greater-than-or-equal", 1, alltime),
                           counted(metric, "equals", 0, last_days(30))})});
    all.push_back({metric + ", 3 times or more", "number of events",
                   groups({counted(metric, "greater-than-or-equal", 3, alltime)})});
  }
  return all;
}

} // namespace node
