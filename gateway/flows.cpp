#include "gateway/flows.hpp"

#include "gateway/collection.hpp"
#include "gateway/described.hpp"
#include "gateway/field_names.hpp"
#include "gateway/tags.hpp"

#include <algorithm>
#include <array>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr auto kind = model::object_kind::flow;
constexpr std::array<std::string_view, 6> triggers = {
  "Added to List", "Date Based", "Low Inventory", "Metric", "Price Drop", "Unconfigured"};

query_rules read_rules() {
  query_rules rules;
  rules.includes = {"flow-actions", "tags"};
  rules.fields = {{"flow", field_names("flow")},
                  {"tag", field_names("tag")},
                  {"flow-action", field_names("flow-action")}};
  return rules;
}

query_rules list_rules() {
  using enum filter_operator;
  const std::vector<filter_operator> any_instant{equals, greater_or_equal, greater_than,
                                                 less_or_equal, less_than};
  auto rules = read_rules();
  rules.filters = {
    {"id", {any}},
    {"name", {contains, ends_with, equals, starts_with}},
    {"status", {equals}},
    {"archived", {equals}, filter_kind::boolean},
    {"created", any_instant, filter_kind::instant},
    {"updated", any_instant, filter_kind::instant},
    {"trigger_type", {equals}, filter_kind::text, false, {triggers.begin(), triggers.end()}}};
  rules.sorts = {"created", "id", "name", "status", "trigger_type", "updated"};
  rules.page = page_rule{50, 1, 50};
  rules.has_cursor = true;
  return rules;
}

answer list_flows(const call& c) {
  static const auto rules = list_rules();
  const auto query = parse_query(c.asked, rules);
  std::vector<resource> all;
  for (const auto& flow : described_objects(*c.whose, kind))
    all.push_back(flow_resource(flow));
  return collection_answer(c.asked, query, std::move(all), including_tags(c, query, "flow"));
}

answer get_flow(const call& c) {
  static const auto rules = read_rules();
  const auto query = parse_query(c.asked, rules);
  auto r = flow_resource(find_described(*c.whose, kind, c.captured[0]));
  included_resources included;
  if (const auto including = including_tags(c, query, "flow"); including.include)
    including.include(r, included);
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, r, query), std::move(included)));
}

answer get_message(const call& c) {
  query_rules rules;
  rules.fields = {{"flow-message", field_names("flow-message")}};
  const auto query = parse_query(c.asked, rules);
  const auto [flow, message] = find_message(*c.whose, kind, c.captured[0]);
  resource r{"flow-message",
             message.id,
             {{"channel", text_or_null(message.channel)},
              {"created", instant_or_null(flow.created)},
              {"updated", instant_or_null(flow.updated)},
              {"definition", nullptr}}};
  for (const auto* name : {"flow-action", "template"})
    r.relationships.push_back({name, {}});
  return document_answer(200, single_document(c.asked, resource_object(c.asked, r, query)));
}

/// An empty collection of something that belongs to a thing that is there.
plain_handler nothing_of(std::function<void(const call&)> check, const std::string& type,
                         bool ids_only) {
  return [check = std::move(check), type, ids_only](const call& c) {
    check(c);
    query_rules rules;
    if (!ids_only)
      rules.fields = {{type, field_names(type)}};
    parse_query(c.asked, rules);
    return identifiers_answer(c.asked, type, {});
  };
}

} // namespace

resource flow_resource(const model::described_object& flow) {
  const bool is_known = std::ranges::find(triggers, flow.trigger_type) != triggers.end();
  resource r{"flow",
             flow.id,
             {{"name", text_or_null(flow.name)},
              {"status", text_or_null(flow.status)},
              {"archived", flow.archived},
              {"created", instant_or_null(flow.created)},
              {"updated", instant_or_null(flow.updated)},
              {"trigger_type", is_known ? json::value(flow.trigger_type) : json::value(nullptr)}}};
  for (const auto* name : {"flow-actions", "tags"})
    r.relationships.push_back({name, {}});
  return r;
}

void add_flow_trigger_routes(route_table& routes, const std::string& type,
                             const std::vector<std::string>& scopes,
                             std::function<void(const call&)> check) {
  const auto one = collection_of(type) + "/{id}";
  routes.add("GET", one + "/flow-triggers", scopes, nothing_of(check, "flow", false), "S");
  routes.add("GET", one + "/relationships/flow-triggers", scopes, nothing_of(check, "flow", true),
             "S");
}

void add_flow_routes(route_table& routes) {
  const std::vector<std::string> read{"flows:read"};
  const std::string one = "/api/flows/{id}";
  const auto check = [](const call& c) { find_described(*c.whose, kind, c.captured[0]); };
  routes.add("GET", "/api/flows", read, list_flows, "S");
  routes.add("GET", one, read, get_flow, "S");
  routes.add("GET", one + "/flow-actions", read, nothing_of(check, "flow-action", false), "S");
  routes.add("GET", one + "/relationships/flow-actions", read,
             nothing_of(check, "flow-action", true), "S");
  routes.add("GET", "/api/flow-messages/{id}", read, get_message, "S");
  add_tagged_routes(routes, "flow", "flows:read", check);
}

} // namespace gateway
