#include "gateway/flow_actions.hpp"

#include "gateway/collection.hpp"
#include "gateway/described.hpp"
#include "gateway/field_names.hpp"
#include "gateway/flows.hpp"

#include <map>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using model::described_object;
using model::object_message;

constexpr auto kind = model::object_kind::flow;

// --- resources -----------------------------------------------------------------------------------

/// What Klaviyo calls the action that sends on a channel.
json::value action_type_of(std::string_view channel) {
  static const std::map<std::string_view, std::string_view> types{
    {"email", "send-email"},
    {"sms", "send-sms"},
    {"push-notification", "send-push-notification"},
    {"whatsapp", "send-whatsapp"}};
  const auto found = types.find(channel);
  return found == types.end() ? json::value(nullptr) : json::value(found->second);
}

} // namespace

resource flow_action_resource(const described_object& flow, const object_message& message) {
  resource r{"flow-action",
             message.id,
             {{"created", instant_or_null(flow.created)},
              {"updated", instant_or_null(flow.updated)},
              {"definition", nullptr}}};
  r.relationships = {
    {"flow", resource_identifier("flow", flow.id)},
    {"flow-messages", json::value(json::array{resource_identifier("flow-message", message.id)})}};
  return r;
}

namespace {

resource message_resource(const described_object& flow, const object_message& message) {
  resource r{"flow-message",
             message.id,
             {{"channel", text_or_null(message.channel)},
              {"created", instant_or_null(flow.created)},
              {"updated", instant_or_null(flow.updated)},
              {"definition", nullptr}}};
  r.relationships = {{"flow-action", resource_identifier("flow-action", message.id)},
                     {"template", {}}};
  return r;
}

// --- collections ---------------------------------------------------------------------------------

const std::vector<filter_operator> any_instant{
  filter_operator::equals, filter_operator::greater_or_equal, filter_operator::greater_than,
  filter_operator::less_or_equal, filter_operator::less_than};

query_rules actions_rules(bool ids_only) {
  using enum filter_operator;
  query_rules rules;
  if (!ids_only)
    rules.fields = {{"flow-action", field_names("flow-action")}};
  rules.filters = {{"id", {any}},
                   {"action_type", {any, equals}, filter_kind::text, true},
                   {"status", {equals}},
                   {"created", any_instant, filter_kind::instant},
                   {"updated", any_instant, filter_kind::instant}};
  rules.sorts = {"action_type", "created", "id", "status", "updated"};
  rules.page = page_rule{50, 1, 50};
  rules.has_cursor = true;
  return rules;
}

query_rules messages_rules(bool ids_only) {
  using enum filter_operator;
  query_rules rules;
  if (!ids_only)
    rules.fields = {{"flow-message", field_names("flow-message")}};
  rules.filters = {{"name", {contains, ends_with, equals, starts_with}},
                   {"created", any_instant, filter_kind::instant},
                   {"updated", any_instant, filter_kind::instant}};
  if (!ids_only)
    rules.filters.push_back({"id", {any}});
  rules.sorts = {"created", "id", "name", "updated"};
  rules.page = page_rule{50, 1, 50};
  rules.has_cursor = true;
  return rules;
}

/// Attributes that are asked for by filters and orders and are not shown.
collection_rules hiding(std::vector<std::string_view> names, bool ids_only) {
  collection_rules rules;
  rules.shows_ids_only = ids_only;
  rules.include = [names = std::move(names)](resource& r, included_resources&) {
    for (const auto& name : names)
      r.attributes.erase(name);
  };
  return rules;
}

answer list_actions(const call& c, bool ids_only) {
  const auto flow = find_described(*c.whose, kind, c.captured[0]);
  const auto query = parse_query(c.asked, actions_rules(ids_only));
  std::vector<resource> all;
  for (const auto& message : flow.messages) {
    auto r = flow_action_resource(flow, message);
    r.attributes["action_type"] = action_type_of(message.channel);
    r.attributes["status"] = text_or_null(flow.status);
    all.push_back(std::move(r));
  }
  return collection_answer(c.asked, query, std::move(all),
                           hiding({"action_type", "status"}, ids_only));
}

answer list_messages(const call& c, bool ids_only) {
  const auto [flow, message] = find_message(*c.whose, kind, c.captured[0], "flow-action");
  const auto query = parse_query(c.asked, messages_rules(ids_only));
  auto r = message_resource(flow, message);
  r.attributes["name"] = text_or_null(message.name);
  return collection_answer(c.asked, query, {std::move(r)}, hiding({"name"}, ids_only));
}

// --- one -----------------------------------------------------------------------------------------

answer get_action(const call& c) {
  query_rules rules;
  rules.includes = {"flow", "flow-messages"};
  rules.fields = {{"flow-action", field_names("flow-action")},
                  {"flow", field_names("flow")},
                  {"flow-message", field_names("flow-message")}};
  const auto query = parse_query(c.asked, rules);
  const auto [flow, message] = find_message(*c.whose, kind, c.captured[0], "flow-action");
  included_resources included;
  if (query.includes("flow"))
    included.add(resource_object(c.asked, flow_resource(flow), query));
  if (query.includes("flow-messages"))
    included.add(resource_object(c.asked, message_resource(flow, message), query));
  return document_answer(
    200,
    single_document(c.asked, resource_object(c.asked, flow_action_resource(flow, message), query),
                    std::move(included)));
}

/// Templates are not known, so that including them brings nothing.
answer get_message(const call& c) {
  query_rules rules;
  rules.includes = {"flow-action", "template"};
  rules.fields = {{"flow-message", field_names("flow-message")},
                  {"flow-action", field_names("flow-action")}};
  const auto query = parse_query(c.asked, rules);
  const auto [flow, message] = find_message(*c.whose, kind, c.captured[0]);
  included_resources included;
  if (query.includes("flow-action"))
    included.add(resource_object(c.asked, flow_action_resource(flow, message), query));
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, message_resource(flow, message), query),
                         std::move(included)));
}

} // namespace

void add_flow_action_routes(route_table& routes) {
  const std::vector<std::string> read{"flows:read"};
  const std::string flow = "/api/flows/{id}";
  const std::string action = "/api/flow-actions/{id}";
  const auto add = [&](const std::string& pattern, plain_handler act) {
    routes.add("GET", pattern, read, std::move(act), "S");
  };
  add(flow + "/flow-actions", [](const call& c) { return list_actions(c, false); });
  add(flow + "/relationships/flow-actions", [](const call& c) { return list_actions(c, true); });
  add(action, get_action);
  add(action + "/flow-messages", [](const call& c) { return list_messages(c, false); });
  add(action + "/relationships/flow-messages",
      [](const call& c) { return list_messages(c, true); });
  add("/api/flow-messages/{id}", get_message);
}

} // namespace gateway
