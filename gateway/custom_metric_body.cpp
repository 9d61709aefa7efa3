#include "gateway/custom_metric_body.hpp"

#include "gateway/json_text.hpp"
#include "metrics/where.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::size_t groups_max = 20;
constexpr std::size_t filters_max = 20; // Of a group.

/// What the segment grammar knows and custom metrics take too (klaviyo-api.md §2.7).
struct filter_form {
  std::string_view type;
  std::vector<std::string_view> operators;
};

const std::vector<filter_form>& filter_forms() {
  static const std::vector<filter_form> forms = {
    {"numeric",
     {"equals", "not-equals", "greater-than", "greater-than-or-equal", "less-than",
      "less-than-or-equal"}},
    {"string",
     {"in", "equals", "not-equals", "contains", "not-contains", "starts-with", "not-starts-with",
      "ends-with", "not-ends-with", "regex", "nregex"}},
    {"boolean", {"equals"}},
    {"existence", {"is-set", "not-set"}},
    {"list",
     {"contains", "not-contains", "contains-starts-with", "not-contains-starts-with",
      "contains-ends-with", "not-contains-ends-with", "contains-substring",
      "not-contains-substring"}}};
  return forms;
}

/// True when the type and operator are among the forms.
bool check_form(object_reader& filter) {
  std::vector<std::string_view> types;
  for (const auto& form : filter_forms())
    types.push_back(form.type);
  const auto type = filter.text("type", presence::required, {1'000, true, types});
  const auto form = type ? std::ranges::find(filter_forms(), *type, &filter_form::type)
                         : filter_forms().end();
  if (form == filter_forms().end())
    return false;
  const auto operation = filter.text("operator", presence::required,
                                     {1'000, true, form->operators});
  return operation.value.has_value();
}

/// A filter in the segment grammar, where a list filter has several items. Nothing = it cannot say
/// it.
std::optional<json::object> engine_filter(const json::object& filter) {
  auto translated = filter;
  if (filter.at("type") != json::string{"list"})
    return translated;
  const std::string_view operation = filter.at("operator").as_string();
  const auto* value = filter.if_contains("value");
  const bool is_number = value != nullptr && value->is_int64();
  if (is_number || operation.ends_with("starts-with") || operation.ends_with("ends-with"))
    return std::nullopt;
  if (operation != "contains" && operation != "not-contains")
    return translated;
  translated["operator"] = std::string{operation} + "-any";
  translated["value"] = value == nullptr ? json::array{} : json::array{*value};
  return translated;
}

/// What only the grammar itself can tell: whether the value fits the operator.
void check_value(const json::object& filter, const std::string& pointer, mistakes& found) {
  const auto translated = engine_filter(filter);
  if (!translated) {
    const auto* value = filter.if_contains("value");
    if (value == nullptr || !(value->is_string() || value->is_int64()))
      found.add(pointer + "/value", "'value' must be text or a whole number");
    return;
  }
  std::vector<segments::definition_error> errors;
  const json::object whole{{"property", "p"}, {"filter", *translated}};
  metrics::parse_where(json_text(json::array{whole}), errors);
  constexpr std::string_view above = "/0/filter";
  for (const auto& error : errors)
    found.add(pointer + error.pointer.substr(std::min(above.size(), error.pointer.size())),
              fmt::format("found {}; allowed: {}", error.found, error.allowed));
}

void read_filter(const json::value& from, const std::string& pointer, mistakes& found) {
  const auto* object = from.if_object();
  if (object == nullptr)
    return found.add(pointer, "an object with 'property' and 'filter' is needed");
  object_reader reader{*object, pointer, "custom-metric", found};
  reader.text("property", presence::required, {256, false, {}});
  auto filter = reader.nested("filter", presence::required);
  reader.finish();
  if (filter && check_form(*filter))
    check_value(filter->content(), filter->pointer(), found);
}

void read_group(object_reader& group, const known_metrics& metrics, bool sums, json::array& into) {
  json::object written;
  if (const auto id = group.text("metric_id", presence::required)) {
    if (metrics.by_id(*id) == nullptr)
      group.refuse("metric_id", fmt::format("'{}' is no metric's id", *id));
    written["metric_id"] = *id;
  }
  written["metric_filters"] = nullptr;
  if (const auto* filters = group.array("metric_filters", presence::nullable)) {
    if (filters->size() > filters_max)
      group.refuse("metric_filters", fmt::format("has {} filters; at most {} are allowed",
                                                 filters->size(), filters_max));
    for (std::size_t i = 0; i < filters->size(); ++i)
      read_filter((*filters)[i], fmt::format("{}/{}", group.pointer_to("metric_filters"), i),
                  group.found());
    written["metric_filters"] = *filters;
  }
  const auto property = group.text("value_property", presence::nullable, {256, false, {}});
  if (property && !sums)
    group.refuse("value_property", "is for the aggregation_method 'value' only");
  written["value_property"] = property ? json::value(*property) : json::value{};
  group.finish();
  into.push_back(std::move(written));
}

} // namespace

std::optional<json::object> read_custom_metric(object_reader& attributes,
                                               const known_metrics& metrics, presence p) {
  auto definition = attributes.nested("definition", p);
  if (!definition)
    return std::nullopt;
  const auto method = definition->text("aggregation_method", presence::required,
                                       {1'000, true, {"count", "value"}});
  const auto* groups = definition->array("metric_groups", presence::required);
  json::array written;
  if (groups != nullptr && (groups->empty() || groups->size() > groups_max))
    definition->refuse("metric_groups", fmt::format("must have 1 to {} groups", groups_max));
  for (std::size_t i = 0; groups != nullptr && i < std::min(groups->size(), groups_max); ++i) {
    const auto pointer = fmt::format("{}/{}", definition->pointer_to("metric_groups"), i);
    if (const auto* object = (*groups)[i].if_object()) {
      object_reader group{*object, pointer, attributes.resource(), attributes.found()};
      read_group(group, metrics, !method || *method == "value", written);
    } else {
      attributes.found().add(pointer, "an object with 'metric_id' is needed");
    }
  }
  definition->finish();
  if (!method)
    return std::nullopt;
  return json::object{{"aggregation_method", *method}, {"metric_groups", std::move(written)}};
}

std::optional<json::array> engine_filters(const json::array& metric_filters) {
  json::array all;
  for (const auto& one : metric_filters) {
    auto filter = engine_filter(one.at("filter").as_object());
    if (!filter)
      return std::nullopt;
    all.push_back({{"property", one.at("property")}, {"filter", std::move(*filter)}});
  }
  return all;
}

} // namespace gateway
