#include "gateway/flows.hpp"

#include "gateway/collection.hpp"
#include "gateway/described.hpp"
#include "gateway/field_names.hpp"
#include "gateway/flow_actions.hpp"
#include "gateway/tags.hpp"

#include <algorithm>
#include <array>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr auto flow_kind = model::object_kind::flow;
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

/// Tags and actions, as far as the query wants them.
collection_rules including(const call& c, const parsed_query& query,
                           const std::vector<model::described_object>& flows) {
  auto rules = including_tags(c, query, "flow");
  if (!query.includes("flow-actions"))
    return rules;
  rules.include = [&c, &query, &flows, tags = std::move(rules.include)](resource& r,
                                                                        included_resources& into) {
    if (tags)
      tags(r, into);
    const auto& flow = *std::ranges::find(flows, r.id, &model::described_object::id);
    json::array actions;
    for (const auto& message : flow.messages) {
      actions.emplace_back(resource_identifier("flow-action", message.id));
      if (into.is_new("flow-action", message.id))
        into.add(resource_object(c.asked, flow_action_resource(flow, message), query));
    }
    std::ranges::find(r.relationships, "flow-actions", &relationship::name)->data = std::move(
      actions);
  };
  return rules;
}

answer list_flows(const call& c) {
  static const auto rules = list_rules();
  const auto query = parse_query(c.asked, rules);
  const auto flows = described_objects(*c.whose, flow_kind);
  std::vector<resource> all;
  for (const auto& flow : flows)
    all.push_back(flow_resource(flow));
  return collection_answer(c.asked, query, std::move(all), including(c, query, flows));
}

answer get_flow(const call& c) {
  static const auto rules = [] {
    auto one = read_rules();
    one.additional_fields.emplace("flow", std::vector<std::string>{"definition"});
    return one;
  }();
  const auto query = parse_query(c.asked, rules);
  const std::vector flows{find_described(*c.whose, flow_kind, c.captured[0])};
  auto r = flow_resource(flows.front());
  if (query.has_additional("flow", "definition"))
    r.attributes["definition"] = nullptr; // What it does is not known.
  included_resources included;
  if (const auto more = including(c, query, flows); more.include)
    more.include(r, included);
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, r, query), std::move(included)));
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
  const auto check = [](const call& c) { find_described(*c.whose, flow_kind, c.captured[0]); };
  routes.add("GET", "/api/flows", read, list_flows, "S");
  routes.add("GET", one, read, get_flow, "S");
  add_flow_action_routes(routes);
  add_tagged_routes(routes, "flow", "flows:read", check);
}

} // namespace gateway
