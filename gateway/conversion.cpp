#include "gateway/conversion.hpp"

#include "gateway/custom_metrics.hpp"
#include "gateway/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view field = "conversion_metric_id";

/// The statistics that add up what conversions are worth.
constexpr std::array<std::string_view, 4> value_statistics = {
  "average_order_value", "conversion_value", "revenue_per_recipient", "text_message_roi"};

/// Empty = the engine can say what the custom metric says.
std::string obstacle(const json::object& definition, const std::vector<std::string>& statistics) {
  const auto& groups = definition.at("metric_groups").as_array();
  if (groups.size() != 1)
    return fmt::format("is a custom metric of {} groups; reports take those of one", groups.size());
  const auto asked = std::ranges::find_if(statistics, [](const std::string& name) {
    return std::ranges::find(value_statistics, name) != value_statistics.end();
  });
  if (asked == statistics.end())
    return {};
  if (definition.at("aggregation_method") != json::string{"value"})
    return fmt::format("is a metric that does not support querying for values data, which '{}' "
                       "needs",
                       *asked);
  if (!groups[0].as_object().at("value_property").is_null())
    return fmt::format("is a custom metric with a value_property of its own; '{}' is told for "
                       "$value only",
                       *asked);
  return {};
}

} // namespace

void read_conversion(const call& c, object_reader& attributes,
                     const std::vector<std::string>& statistics, json::object& wanted) {
  const auto given = attributes.text(field, presence::required, {1'000, false, {}});
  if (!given)
    return;
  const known_metrics metrics{*c.whose};
  const auto* metric = metrics.by_id(*given);
  if (metric == nullptr)
    metric = metrics.by_name(*given);
  if (metric != nullptr) {
    wanted["conversion_metric"] = metric->name;
    return;
  }
  const auto custom = find_custom_metric(*c.whose, *given);
  if (!custom)
    return attributes.refuse(field, fmt::format("'{}' is neither the id nor the name of a metric, "
                                                "nor the id of a custom metric",
                                                *given));
  const auto& definition = custom->at("definition").as_object();
  if (auto why = obstacle(definition, statistics); !why.empty())
    return attributes.refuse(field, std::move(why));
  const auto& group = definition.at("metric_groups").as_array()[0].as_object();
  wanted["conversion_metric"] = group.at("metric_id");
  if (const auto* filters = group.at("metric_filters").if_array();
      filters != nullptr && !filters->empty())
    wanted["conversion_filter"] = *filters;
}

} // namespace gateway
