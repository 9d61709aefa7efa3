#include "gateway/custom_metric_body.hpp"

#include "gateway/json_text.hpp"
#include "metrics/where.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
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

/// What only the grammar itself can tell: whether the value fits the operator.
void check_grammar(const json::value& filter, const std::string& pointer, mistakes& found) {
  std::vector<segments::definition_error> errors;
  metrics::parse_where(json_text(json::array{filter}), errors);
  for (const auto& error : errors) // They begin with the item's number.
    found.add(pointer
                + error.pointer.substr(std::min(error.pointer.find('/', 1), error.pointer.size())),
              fmt::format("found {}; allowed: {}", error.found, error.allowed));
}

bool read_filter(const json::value& from, const std::string& pointer, mistakes& found) {
  const auto* object = from.if_object();
  if (object == nullptr) {
    found.add(pointer, "an object with 'property' and 'filter' is needed");
    return false;
  }
  object_reader reader{*object, pointer, "custom-metric", found};
  const auto property = reader.text("property", presence::required, {1'000, false, {}});
  auto filter = reader.nested("filter", presence::required);
  reader.finish();
  if (!property || !filter || !check_form(*filter))
    return false;
  check_grammar(from, pointer, found);
  return true;
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

} // namespace gateway
