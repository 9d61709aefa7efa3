#include "gateway/custom_metrics.hpp"

#include "gateway/body.hpp"
#include "gateway/collection.hpp"
#include "gateway/custom_metric_body.hpp"
#include "gateway/field_names.hpp"
#include "gateway/instant.hpp"
#include "gateway/notes.hpp"
#include "gateway/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view custom_metric_kind = "custom-metric";
constexpr std::size_t custom_metrics_max = 1'000;

/// 32 hex digits.
std::string new_id() {
  std::random_device chance;
  std::string id;
  for (int i = 0; i < 4; ++i)
    id += fmt::format("{:08x}", chance());
  return id;
}

/// The metrics of its groups, each once, in order.
std::vector<std::string> metric_ids_of(const json::object& kept) {
  std::vector<std::string> ids;
  for (const auto& group : kept.at("definition").at("metric_groups").as_array()) {
    std::string id{group.at("metric_id").as_string()};
    if (std::ranges::find(ids, id) == ids.end())
      ids.push_back(std::move(id));
  }
  return ids;
}

json::object kept_at(const call& c) {
  const auto& id = c.captured.front();
  auto kept = find_custom_metric(*c.whose, id);
  if (!kept)
    throw refusal{not_found(custom_metric_kind, id)};
  return std::move(*kept);
}

// --- queries ---

query_rules custom_metric_rules(bool has_include) {
  query_rules rules;
  rules.fields = {{std::string{custom_metric_kind}, field_names(custom_metric_kind)}};
  if (has_include) {
    rules.fields.emplace("metric", field_names("metric"));
    rules.includes = {"metrics"};
  }
  return rules;
}

query_rules metric_rules() {
  query_rules rules;
  rules.fields = {{"metric", field_names("metric")}};
  return rules;
}

/// Adds the metrics and says in the relationship which they are.
void include_metrics(const call& c, const parsed_query& query, const known_metrics& metrics,
                     const json::object& kept, resource& r, included_resources& included) {
  if (!query.includes("metrics"))
    return;
  json::array data;
  for (const auto& id : metric_ids_of(kept)) {
    data.push_back(resource_identifier("metric", id));
    if (const auto* metric = metrics.by_id(id); metric != nullptr && included.is_new("metric", id))
      included.add(resource_object(c.asked, metric_resource(*metric), query));
  }
  r.relationships.front().data = std::move(data);
}

// --- handlers ---

answer list_custom_metrics(const call& c) {
  static const auto rules = custom_metric_rules(true);
  const auto query = parse_query(c.asked, rules);
  const auto kept = notes{*c.whose, custom_metric_kind}.all();
  const known_metrics metrics{*c.whose};
  std::vector<resource> all;
  for (const auto& [id, one] : kept)
    all.push_back(custom_metric_resource(id, one));
  collection_rules shown;
  shown.sort_preset = "name";
  shown.include = [&](resource& r, included_resources& included) {
    include_metrics(c, query, metrics, kept.at(r.id), r, included);
  };
  return collection_answer(c.asked, query, std::move(all), shown);
}

answer show_custom_metric(const call& c) {
  static const auto rules = custom_metric_rules(true);
  const auto query = parse_query(c.asked, rules);
  const auto kept = kept_at(c);
  auto r = custom_metric_resource(c.captured.front(), kept);
  included_resources included;
  include_metrics(c, query, known_metrics{*c.whose}, kept, r, included);
  return document_answer(
    200,
    single_document(c.asked, resource_object(c.asked, std::move(r), query), std::move(included)));
}

/// The request's changes over what was kept; throws every mistake. Held under the lock of notes,
/// so that a name is taken once.
json::object changed(const call& c, json::object kept, const std::string& id,
                     const data_rule& rule) {
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader reader{body, rule, found};
  auto& attributes = reader.attributes();
  const bool is_new = kept.empty();
  const auto p = is_new ? presence::required : presence::nullable;
  const auto name = attributes.text("name", p, {1'000, false, {}});
  if (name) {
    kept["name"] = *name;
    for (const auto& [other, one] : notes{*c.whose, custom_metric_kind}.all())
      if (other != id && one.at("name") == json::string{*name})
        attributes.refuse("name", fmt::format("'{}' is taken by another custom metric", *name));
  }
  if (auto definition = read_custom_metric(attributes, known_metrics{*c.whose}, p))
    kept["definition"] = std::move(*definition);
  reader.finish();
  found.refuse_if_any();
  const auto now = instant_text(c.whose->engine->now());
  if (is_new)
    kept["created"] = now;
  kept["updated"] = now;
  return kept;
}

answer shown_answer(const call& c, unsigned status, const std::string& id, json::object kept,
                    const parsed_query& query) {
  auto written = resource_object(c.asked, custom_metric_resource(id, std::move(kept)), query);
  return document_answer(status, single_document(c.asked, std::move(written)));
}

answer create_custom_metric(const call& c) {
  static const auto rules = custom_metric_rules(false);
  const auto query = parse_query(c.asked, rules);
  const auto lock = lock_notes(*c.whose);
  const notes all{*c.whose, custom_metric_kind};
  if (all.all().size() >= custom_metrics_max)
    throw refusal{invalid_body(
      "/data", fmt::format("an account has at most {} custom metrics", custom_metrics_max))};
  const auto id = new_id();
  auto kept = changed(c, {}, id, {std::string{custom_metric_kind}});
  all.put(id, kept);
  return shown_answer(c, 201, id, std::move(kept), query);
}

answer update_custom_metric(const call& c) {
  static const auto rules = custom_metric_rules(false);
  const auto query = parse_query(c.asked, rules);
  const auto lock = lock_notes(*c.whose);
  const auto& id = c.captured.front();
  data_rule rule{std::string{custom_metric_kind}, id};
  auto kept = changed(c, kept_at(c), id, rule);
  notes{*c.whose, custom_metric_kind}.put(id, kept);
  return shown_answer(c, 200, id, std::move(kept), query);
}

answer delete_custom_metric(const call& c) {
  parse_query(c.asked, nothing_allowed);
  const auto lock = lock_notes(*c.whose);
  const auto& id = c.captured.front();
  const notes mappings{*c.whose, "mapped-metric"};
  for (const auto& [mapped, one] : mappings.all())
    if (const auto* to = one.if_contains("custom-metric"); to != nullptr && *to == json::string{id})
      throw refusal{error_entry{
        409, "conflict", "Conflict.",
        fmt::format("the mapped metric '{}' means this one; unset that first", mapped)}};
  if (!notes{*c.whose, custom_metric_kind}.drop(id))
    throw refusal{not_found(custom_metric_kind, id)};
  return empty_answer(204);
}

answer list_metrics(const call& c) {
  static const auto rules = metric_rules();
  const auto query = parse_query(c.asked, rules);
  const known_metrics metrics{*c.whose};
  json::array data;
  for (const auto& id : metric_ids_of(kept_at(c)))
    if (const auto* metric = metrics.by_id(id))
      data.push_back(resource_object(c.asked, metric_resource(*metric), query));
  return document_answer(200, collection_document(c.asked, std::move(data)));
}

answer list_metric_ids(const call& c) {
  parse_query(c.asked, nothing_allowed);
  return identifiers_answer(c.asked, "metric", metric_ids_of(kept_at(c)));
}

} // namespace

std::optional<json::object> find_custom_metric(const account& whose, std::string_view id) {
  auto kept = notes{whose, custom_metric_kind}.of(id);
  if (kept.empty())
    return std::nullopt;
  return kept;
}

resource custom_metric_resource(const std::string& id, json::object kept) {
  resource r{std::string{custom_metric_kind}, id};
  r.attributes = std::move(kept);
  r.relationships.push_back({"metrics", {}});
  return r;
}

void add_custom_metric_routes(route_table& routes) {
  const std::string all = "/api/custom-metrics";
  const std::string one = all + "/{id}";
  routes.add("GET", all, {"metrics:read"}, list_custom_metrics, "S");
  routes.add("POST", all, {"metrics:write"}, create_custom_metric, "XS");
  routes.add("GET", one, {"metrics:read"}, show_custom_metric, "S");
  routes.add("PATCH", one, {"metrics:write"}, update_custom_metric, "XS");
  routes.add("DELETE", one, {"metrics:write"}, delete_custom_metric, "S");
  routes.add("GET", one + "/metrics", {"metrics:read"}, list_metrics, "S");
  routes.add("GET", one + "/relationships/metrics", {"metrics:read"}, list_metric_ids, "S");
}

} // namespace gateway
