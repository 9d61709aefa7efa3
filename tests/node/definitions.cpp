#include "tests/node/definitions.hpp"

#include "model/value.hpp"

namespace node_tests {

namespace {

std::string measured(std::string_view metric, std::string_view measurement,
                     std::string_view comparison, double number, const std::string& during,
                     const std::string& where) {
  std::string out = R"({"type":"profile-metric","metric_id":)";
  model::append_json_string(out, metric);
  out += R"(,"measurement":")" + std::string{measurement}
       + R"(","measurement_filter":{"type":"numeric","operator":")" + std::string{comparison}
       + R"(","value":)" + model::format_number(number) + R"(},"timeframe_filter":)" + during
       + R"(,"metric_filters":)" + where + "}";
  return out;
}

} // namespace

const std::string alltime = R"({"type":"date","operator":"alltime"})";

std::string last_days(int days) {
  return R"({"type":"date","operator":"in-the-last","quantity":)" + std::to_string(days)
       + R"(,"unit":"day"})";
}

std::string counted(std::string_view metric, std::string_view comparison, double number,
                    const std::string& during, const std::string& where) {
  return measured(metric, "count", comparison, number, during, where);
}

std::string summed(std::string_view metric, std::string_view comparison, double number,
                   const std::string& during) {
  return measured(metric, "sum", comparison, number, during, "null");
}

std::string all_of(std::initializer_list<std::string> conditions) {
  std::string out;
  for (const auto& condition : conditions)
    out += (out.empty() ? R"({"conditions":[)" : R"(,{"conditions":[)") + condition + "]}";
  return R"({"condition_groups":[)" + out + "]}";
}

} // namespace node_tests
