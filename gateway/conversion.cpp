#include "gateway/conversion.hpp"

#include "gateway/custom_metric_body.hpp"
#include "gateway/custom_metrics.hpp"
#include "gateway/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view field = "conversion_metric_id";

/// The statistics that add up what conversions are worth.
constexpr std::array<std::string_view, 4> value_statistics = {
  "average_order_value", "conversion_value", "revenue_per_recipient", "text_message_roi"};

/// Empty = the custom metric has what the statistics need.
std::string obstacle(const json::object& definition, const std::vector<std::string>& statistics) {
  const auto asked = std::ranges::find_if(statistics, [](const std::string& name) {
    return std::ranges::find(value_statistics, name) != value_statistics.end();
  });
  if (asked == statistics.end() || definition.at("aggregation_method") == json::string{"value"})
    return {};
  return fmt::format("is a metric that does not support querying for values data, which '{}' needs",
                     *asked);
}

/// Events of one group as the engine's requests write them; nothing = reports do not know its
/// filters.
std::optional<json::object> events_of(const json::object& group) {
  json::object made{{"name", group.at("metric_id")}};
  const auto* kept = group.at("metric_filters").if_array();
  if (kept != nullptr && !kept->empty()) {
    auto filters = engine_filters(*kept);
    if (!filters)
      return std::nullopt;
    made["where"] = std::move(*filters);
  }
  if (const auto& value = group.at("value_property"); !value.is_null())
    made["value"] = value;
  return made;
}

bool is_in_dictionary(const account& whose, std::string_view name) {
  const auto entries = value_of(whose.engine->dictionary());
  return std::ranges::any_of(entries, [&](const rollcall::dictionary_entry& e) {
    return e.kind == "conversion"
        && (e.name == name || std::ranges::find(e.synonyms, name) != e.synonyms.end());
  });
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
  if (is_in_dictionary(*c.whose, *given)) {
    wanted["conversion_metric"] = *given;
    return;
  }
  const auto custom = find_custom_metric(*c.whose, *given);
  if (!custom)
    return attributes.refuse(field, fmt::format("'{}' is neither the id nor the name of a metric, "
                                                "nor a conversion metric of the dictionary, nor "
                                                "the id of a custom metric",
                                                *given));
  const auto& definition = custom->at("definition").as_object();
  if (auto why = obstacle(definition, statistics); !why.empty())
    return attributes.refuse(field, std::move(why));
  json::array metrics_asked;
  std::set<std::string> names;
  for (const auto& group : definition.at("metric_groups").as_array()) {
    auto events = events_of(group.as_object());
    if (!events)
      return attributes.refuse(field, "is a custom metric with a list filter by numbers, or by the "
                                      "beginning or end of items, which reports do not know");
    if (!names.insert(std::string{events->at("name").as_string()}).second)
      return attributes.refuse(field, "is a custom metric with several groups of one metric, which "
                                      "reports do not add up");
    metrics_asked.push_back(std::move(*events));
  }
  wanted["conversion_metric"] = {{"metrics", std::move(metrics_asked)}};
}

} // namespace gateway
