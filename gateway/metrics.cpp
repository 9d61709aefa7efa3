#include "gateway/metrics.hpp"

#include "gateway/collection.hpp"
#include "gateway/field_names.hpp"
#include "gateway/json_text.hpp"
#include "gateway/query.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using rollcall::metric_info;
using rollcall::metric_property;

constexpr std::size_t metrics_in_page = 200; // Nobody can ask for another number.

/// What Klaviyo itself reports (klaviyo-api.md §2.6). Everything else came in by the API.
constexpr std::array<std::string_view, 34> internal_metrics = {"Active on Site",
                                                               "Bounced Email",
                                                               "Bounced Push",
                                                               "Clicked Email",
                                                               "Clicked Push",
                                                               "Clicked SMS",
                                                               "Closed Form",
                                                               "Dropped Email",
                                                               "Failed SMS",
                                                               "Failed to Deliver SMS",
                                                               "Marked Email as Spam",
                                                               "Marked as Spam",
                                                               "Merged Profile",
                                                               "Opened Email",
                                                               "Opened Push",
                                                               "Qualified Form",
                                                               "Received Email",
                                                               "Received Push",
                                                               "Received SMS",
                                                               "Sent SMS",
                                                               "Submitted Form",
                                                               "Submitted Form Step",
                                                               "Subscribed to Email Marketing",
                                                               "Subscribed to List",
                                                               "Subscribed to SMS Marketing",
                                                               "Unsubscribed",
                                                               "Unsubscribed from Email Marketing",
                                                               "Unsubscribed from List",
                                                               "Unsubscribed from SMS Marketing",
                                                               "Updated Email Preferences",
                                                               "Viewed Form",
                                                               "Viewed Form Step",
                                                               "Received WhatsApp",
                                                               "Clicked WhatsApp"};

json::object integration_of(std::string_view metric) {
  const bool is_internal = std::ranges::find(internal_metrics, metric) != internal_metrics.end();
  json::object out;
  out["object"] = "integration";
  out["id"] = is_internal ? "klaviyo" : "api";
  out["key"] = out["id"];
  out["name"] = is_internal ? "Klaviyo" : "API";
  out["category"] = is_internal ? "Internal" : "API";
  return out;
}

// --- ids of properties: 12 hex digits for the metric's id, 20 for the property's name. ---

constexpr std::size_t metric_id_size = 6;
constexpr std::size_t property_id_size = 32;
constexpr std::size_t name_digest_size = (property_id_size - 2 * metric_id_size) / 2;

void append_hex(std::string& out, unsigned char byte) {
  out += fmt::format("{:02x}", byte);
}

std::string property_id(std::string_view metric_id, std::string_view property) {
  std::string id;
  for (const char c : metric_id)
    append_hex(id, static_cast<unsigned char>(c));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(property.data(), property.size(), digest.data(), &size, EVP_sha256(), nullptr);
  for (std::size_t i = 0; i < name_digest_size; ++i)
    append_hex(id, digest[i]);
  return id;
}

/// Of a property's id; empty = it is none.
std::string metric_id_in(std::string_view id) {
  if (id.size() != property_id_size)
    return {};
  std::string metric;
  for (std::size_t i = 0; i < metric_id_size; ++i) {
    unsigned byte = 0;
    const auto* digits = id.data() + 2 * i;
    const auto read = std::from_chars(digits, digits + 2, byte, 16);
    if (read.ec != std::errc{} || read.ptr != digits + 2)
      return {};
    metric += static_cast<char>(byte);
  }
  return metric;
}

/// A sample as the value that it is.
json::value sample_value(const metric_property& property, const std::string& text) {
  if (property.kind == "Boolean")
    return text == "true";
  if (property.kind == "Number") {
    std::vector<json_fault> faults;
    if (auto number = read_json(text, faults); number && number->is_number())
      return std::move(*number);
  }
  return json::value(text);
}

resource property_resource(const metric_info& metric, const metric_property& property,
                           const parsed_query& query) {
  resource r{"metric-property", property_id(metric.id, property.name)};
  r.attributes["label"] = property.name;
  r.attributes["property"] = property.name;
  r.attributes["inferred_type"] = property.kind;
  if (query.has_additional("metric-property", "sample_values")) {
    json::array samples;
    for (const auto& text : property.samples)
      samples.push_back(sample_value(property, text));
    r.attributes["sample_values"] = std::move(samples);
  }
  r.relationships.push_back({"metric", resource_identifier("metric", metric.id)});
  return r;
}

// --- queries ---

query_rules metric_rules() {
  query_rules rules;
  rules.fields = {{"metric", field_names("metric")}};
  return rules;
}

query_rules shown_metric_rules() {
  auto rules = metric_rules();
  rules.fields.emplace("flow", field_names("flow"));
  rules.includes = {"flow-triggers"};
  return rules;
}

query_rules listed_rules() {
  auto rules = shown_metric_rules();
  rules.filters = {{"integration.name", {filter_operator::equals}},
                   {"integration.category", {filter_operator::equals}}};
  rules.has_cursor = true;
  return rules;
}

query_rules property_rules(bool has_include) {
  query_rules rules;
  rules.fields = {{"metric-property", field_names("metric-property")}};
  rules.additional_fields = {{"metric-property", {"sample_values"}}};
  if (has_include) {
    rules.fields.emplace("metric", field_names("metric"));
    rules.includes = {"metric"};
  }
  return rules;
}

query_rules flow_rules() {
  query_rules rules;
  rules.fields = {{"flow", field_names("flow")}};
  return rules;
}

// --- what is asked about ---

const metric_info& metric_of(const known_metrics& metrics, const std::string& id) {
  const auto* found = metrics.by_id(id);
  if (found == nullptr)
    throw refusal{not_found("metric", id)};
  return *found;
}

std::vector<metric_property> properties_of(const call& c, const metric_info& metric) {
  return value_of(c.whose->engine->metric_properties(metric.id));
}

/// Which flows a metric triggers is not known: descriptions of flows do not say. So none is
/// included.
resource metric_with_triggers(const metric_info& metric, const parsed_query& query) {
  auto r = metric_resource(metric);
  if (query.includes("flow-triggers"))
    r.relationships.front().data = json::array{};
  return r;
}

answer list_metrics(const call& c) {
  static const auto rules = listed_rules();
  auto query = parse_query(c.asked, rules);
  query.page_size = metrics_in_page;
  const known_metrics metrics{*c.whose};
  std::vector<resource> all;
  for (const auto& metric : metrics.all())
    all.push_back(metric_with_triggers(metric, query));
  return collection_answer(c.asked, query, std::move(all));
}

answer show_metric(const call& c) {
  static const auto rules = shown_metric_rules();
  const auto query = parse_query(c.asked, rules);
  const known_metrics metrics{*c.whose};
  auto shown = metric_with_triggers(metric_of(metrics, c.captured.front()), query);
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, std::move(shown), query)));
}

answer list_properties(const call& c) {
  static const auto rules = property_rules(false);
  const auto query = parse_query(c.asked, rules);
  const known_metrics metrics{*c.whose};
  const auto& metric = metric_of(metrics, c.captured.front());
  json::array data;
  for (const auto& property : properties_of(c, metric))
    data.push_back(resource_object(c.asked, property_resource(metric, property, query), query));
  return document_answer(200, collection_document(c.asked, std::move(data)));
}

answer list_property_ids(const call& c) {
  parse_query(c.asked, nothing_allowed);
  const known_metrics metrics{*c.whose};
  const auto& metric = metric_of(metrics, c.captured.front());
  std::vector<std::string> ids;
  for (const auto& property : properties_of(c, metric))
    ids.push_back(property_id(metric.id, property.name));
  return identifiers_answer(c.asked, "metric-property", ids);
}

/// A property and its metric, by the property's id.
struct found_property {
  metric_info metric;
  metric_property property;
};

found_property find_property(const call& c) {
  const auto& id = c.captured.front();
  const known_metrics metrics{*c.whose};
  if (const auto* metric = metrics.by_id(metric_id_in(id)))
    for (auto& property : properties_of(c, *metric))
      if (property_id(metric->id, property.name) == id)
        return {*metric, std::move(property)};
  throw refusal{not_found("metric-property", id)};
}

answer show_property(const call& c) {
  static const auto rules = property_rules(true);
  const auto query = parse_query(c.asked, rules);
  const auto found = find_property(c);
  included_resources included;
  if (query.includes("metric"))
    included.add(resource_object(c.asked, metric_resource(found.metric), query));
  auto shown = property_resource(found.metric, found.property, query);
  return document_answer(200,
                         single_document(c.asked, resource_object(c.asked, std::move(shown), query),
                                         std::move(included)));
}

answer show_metric_of_property(const call& c) {
  static const auto rules = metric_rules();
  const auto query = parse_query(c.asked, rules);
  return document_answer(
    200, single_document(
           c.asked, resource_object(c.asked, metric_resource(find_property(c).metric), query)));
}

answer show_metric_id_of_property(const call& c) {
  parse_query(c.asked, nothing_allowed);
  return document_answer(
    200, single_document(c.asked, resource_identifier("metric", find_property(c).metric.id)));
}

answer list_flow_triggers(const call& c, const query_rules& rules) {
  parse_query(c.asked, rules);
  const known_metrics metrics{*c.whose};
  metric_of(metrics, c.captured.front());
  return document_answer(200, collection_document(c.asked, {}));
}

} // namespace

known_metrics::known_metrics(const account& whose)
  : known_metrics(value_of(whose.engine->metrics())) {
}

resource metric_resource(const metric_info& metric) {
  resource r{"metric", metric.id};
  r.attributes["name"] = metric.name;
  r.attributes["created"] = nullptr; // Nobody notes it.
  r.attributes["updated"] = nullptr;
  r.attributes["integration"] = integration_of(metric.name);
  r.relationships.push_back({"flow-triggers", {}});
  return r;
}

void add_metric_routes(route_table& routes) {
  const auto add = [&](std::string_view pattern, plain_handler act, std::string_view tier) {
    routes.add("GET", pattern, {"metrics:read"}, std::move(act), tier);
  };
  add("/api/metrics", list_metrics, "M");
  add("/api/metrics/{id}", show_metric, "M");
  add("/api/metrics/{id}/metric-properties", list_properties, "XS");
  add("/api/metrics/{id}/relationships/metric-properties", list_property_ids, "XS");
  add("/api/metric-properties/{id}", show_property, "XS");
  add("/api/metric-properties/{id}/metric", show_metric_of_property, "XS");
  add("/api/metric-properties/{id}/relationships/metric", show_metric_id_of_property, "XS");
  const std::vector<std::string> scopes = {"flows:read", "metrics:read"};
  routes.add(
    "GET", "/api/metrics/{id}/flow-triggers", scopes,
    [](const call& c) {
      static const auto rules = flow_rules();
      return list_flow_triggers(c, rules);
    },
    "M");
  routes.add(
    "GET", "/api/metrics/{id}/relationships/flow-triggers", scopes,
    [](const call& c) { return list_flow_triggers(c, nothing_allowed); }, "M");
}

} // namespace gateway
