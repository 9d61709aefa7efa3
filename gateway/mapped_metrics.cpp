#include "gateway/mapped_metrics.hpp"

#include "gateway/body.hpp"
#include "gateway/custom_metrics.hpp"
#include "gateway/document.hpp"
#include "gateway/field_names.hpp"
#include "gateway/metrics.hpp"
#include "gateway/notes.hpp"
#include "gateway/query.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view mapped_metric_kind = "mapped-metric";
constexpr std::array<std::string_view, 7> meanings = {
  "added_to_cart", "cancelled_sales",  "ordered_product", "refunded_sales",
  "revenue",       "started_checkout", "viewed_product"};
/// Of a meaning that nobody has set yet; the API has no null here.
constexpr std::string_view never = "1970-01-01T00:00:00+00:00";

/// A note has the id of a metric under `metric`, or of a custom metric under `custom-metric`.
const json::string* mapped(const json::object& note, std::string_view relationship) {
  const auto* id = note.if_contains(relationship);
  return id == nullptr ? nullptr : id->if_string();
}

const std::string& meaning_of(const call& c) {
  const auto& id = c.captured.front();
  if (std::ranges::find(meanings, id) == meanings.end())
    throw refusal{not_found(mapped_metric_kind, id)};
  return id;
}

json::object note_of(const call& c) {
  return notes{*c.whose, mapped_metric_kind}.of(meaning_of(c));
}

resource mapped_resource(std::string_view id, const json::object& note) {
  resource r{std::string{mapped_metric_kind}, std::string{id}};
  const auto* updated = note.if_contains("updated");
  r.attributes["updated"] = updated == nullptr ? json::value(never) : *updated;
  for (const auto* name : {"metric", "custom-metric"}) {
    relationship to{name, {}};
    if (const auto* target = mapped(note, name))
      to.data = resource_identifier(name, *target);
    r.relationships.push_back(std::move(to));
  }
  return r;
}

// --- queries ---

query_rules fields_of(std::initializer_list<std::string_view> types) {
  query_rules rules;
  for (const auto type : types)
    rules.fields.emplace(type, field_names(type));
  return rules;
}

query_rules mapped_metric_rules() {
  auto rules = fields_of({"custom-metric", "mapped-metric", "metric"});
  rules.includes = {"custom-metric", "metric"};
  return rules;
}

// --- what is related ---

/// Null when nothing is mapped, or the metric has vanished.
json::value written_metric(const call& c, const json::object& note, const parsed_query& query) {
  const auto* id = mapped(note, "metric");
  if (id == nullptr)
    return nullptr;
  const known_metrics metrics{*c.whose};
  const auto* metric = metrics.by_id(*id);
  if (metric == nullptr)
    return nullptr;
  return resource_object(c.asked, metric_resource(*metric), query);
}

json::value written_custom_metric(const call& c, const json::object& note,
                                  const parsed_query& query) {
  const auto* id = mapped(note, "custom-metric");
  auto kept = id == nullptr ? std::nullopt : find_custom_metric(*c.whose, *id);
  if (!kept)
    return nullptr;
  return resource_object(c.asked, custom_metric_resource(std::string{*id}, std::move(*kept)),
                         query);
}

void include(const call& c, const json::object& note, const parsed_query& query,
             included_resources& all) {
  if (query.includes("metric"))
    if (auto written = written_metric(c, note, query); written.is_object())
      all.add(std::move(written.get_object()));
  if (query.includes("custom-metric"))
    if (auto written = written_custom_metric(c, note, query); written.is_object())
      all.add(std::move(written.get_object()));
}

// --- handlers ---

answer list_mapped_metrics(const call& c) {
  static const auto rules = mapped_metric_rules();
  const auto query = parse_query(c.asked, rules);
  const auto all = notes{*c.whose, mapped_metric_kind}.all();
  json::array data;
  included_resources included;
  for (const auto id : meanings) {
    const auto found = all.find(std::string{id});
    const auto note = found == all.end() ? json::object{} : found->second;
    data.push_back(resource_object(c.asked, mapped_resource(id, note), query));
    include(c, note, query, included);
  }
  return document_answer(200,
                         collection_document(c.asked, std::move(data), {}, std::move(included)));
}

answer shown_answer(const call& c, const std::string& id, const json::object& note,
                    const parsed_query& query) {
  included_resources included;
  include(c, note, query, included);
  auto written = resource_object(c.asked, mapped_resource(id, note), query);
  return document_answer(200, single_document(c.asked, std::move(written), std::move(included)));
}

answer show_mapped_metric(const call& c) {
  static const auto rules = mapped_metric_rules();
  const auto query = parse_query(c.asked, rules);
  return shown_answer(c, meaning_of(c), note_of(c), query);
}

/// Whether a relationship was given, and with null.
bool is_unset(const json::value& body, std::string_view name) {
  const auto* relationships = body.at("data").as_object().if_contains("relationships");
  const auto* all = relationships == nullptr ? nullptr : relationships->if_object();
  const auto* one = all == nullptr ? nullptr : all->if_contains(name);
  if (one == nullptr || one->is_null())
    return one != nullptr;
  const auto* data = one->as_object().if_contains("data");
  return data != nullptr && data->is_null();
}

answer update_mapped_metric(const call& c) {
  static const auto rules = fields_of({"mapped-metric"});
  const auto query = parse_query(c.asked, rules);
  const auto& id = meaning_of(c);
  const auto body = read_body(c.asked);
  mistakes found;
  data_rule rule{std::string{mapped_metric_kind}, id};
  rule.needs_attributes = false;
  data_reader reader{body, rule, found};
  const auto metric = reader.related_one("metric", "metric", presence::nullable);
  const auto custom = reader.related_one("custom-metric", "custom-metric", presence::nullable);
  reader.finish();
  found.refuse_if_any();
  const std::string above = "/data/relationships/";
  if (!metric.empty() && !custom.empty())
    found.add("/data/relationships", "either 'metric' or 'custom-metric' may be set, not both");
  if (!metric.empty() && known_metrics{*c.whose}.by_id(metric) == nullptr)
    found.add(above + "metric/data/id", fmt::format("'{}' is no metric's id", metric));
  const auto lock = lock_notes(*c.whose);
  if (!custom.empty() && !find_custom_metric(*c.whose, custom))
    found.add(above + "custom-metric/data/id",
              fmt::format("'{}' is no custom metric's id", custom));
  found.refuse_if_any();
  auto note = note_of(c);
  if (!metric.empty() || !custom.empty()) {
    note.clear();
    note[metric.empty() ? "custom-metric" : "metric"] = metric.empty() ? custom : metric;
  }
  for (const auto* name : {"metric", "custom-metric"})
    if (is_unset(body, name))
      note.erase(name);
  note["updated"] = instant_text(c.whose->engine->now());
  notes{*c.whose, mapped_metric_kind}.put(id, note);
  return shown_answer(c, id, note, query);
}

answer show_mapped(const call& c) {
  static const auto rules = fields_of({"metric"});
  const auto query = parse_query(c.asked, rules);
  return document_answer(200, single_document(c.asked, written_metric(c, note_of(c), query)));
}

answer show_custom_metric(const call& c) {
  static const auto rules = fields_of({"custom-metric"});
  const auto query = parse_query(c.asked, rules);
  return document_answer(200,
                         single_document(c.asked, written_custom_metric(c, note_of(c), query)));
}

answer show_related_id(const call& c, std::string_view name) {
  parse_query(c.asked, nothing_allowed);
  const auto note = note_of(c);
  const auto* id = mapped(note, name);
  return document_answer(
    200, single_document(c.asked, id == nullptr ? json::value{} : resource_identifier(name, *id)));
}

} // namespace

void add_mapped_metric_routes(route_table& routes) {
  const std::string all = "/api/mapped-metrics";
  const std::string one = all + "/{id}";
  const auto add = [&](const std::string& pattern, plain_handler act) {
    routes.add("GET", pattern, {"metrics:read"}, std::move(act), "S");
  };
  add(all, list_mapped_metrics);
  add(one, show_mapped_metric);
  routes.add("PATCH", one, {"metrics:write"}, update_mapped_metric, "XS");
  add(one + "/metric", show_mapped);
  add(one + "/relationships/metric", [](const call& c) { return show_related_id(c, "metric"); });
  add(one + "/custom-metric", show_custom_metric);
  add(one + "/relationships/custom-metric",
      [](const call& c) { return show_related_id(c, "custom-metric"); });
}

} // namespace gateway
