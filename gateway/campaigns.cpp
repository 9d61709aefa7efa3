#include "gateway/campaigns.hpp"

#include "gateway/collection.hpp"
#include "gateway/described.hpp"
#include "gateway/field_names.hpp"
#include "gateway/tags.hpp"

#include <algorithm>
#include <array>

namespace gateway {

namespace {

namespace json = boost::json;
using model::described_object;

constexpr auto kind = model::object_kind::campaign;
constexpr std::array<std::string_view, 18> campaign_statuses = {"Adding Recipients",
                                                                "Cancelled",
                                                                "Cancelled: Account Disabled",
                                                                "Cancelled: Billing Limit",
                                                                "Cancelled: Internal Error",
                                                                "Cancelled: Misconfigured",
                                                                "Cancelled: No Recipients",
                                                                "Cancelled: Smart Sending",
                                                                "Draft",
                                                                "Preparing to schedule",
                                                                "Preparing to send",
                                                                "Queued without Recipients",
                                                                "Scheduled",
                                                                "Sending",
                                                                "Sending Segments",
                                                                "Sent",
                                                                "Unknown",
                                                                "Variations Sent"};

/// Campaigns call the channel of push messages otherwise than reports do.
std::string_view channel_here(std::string_view channel) {
  return channel == "push-notification" ? "mobile_push" : channel;
}

/// Null where what was told is not enough for the method.
json::object strategy_of(const model::send_strategy& s) {
  if (s.method == "static" && s.datetime) {
    json::value options = nullptr;
    if (s.is_local == true)
      options = {
        {"is_local", true},
        {"send_past_recipients_immediately", s.send_past_recipients_immediately.value_or(false)}};
    else if (s.is_local)
      options = {{"is_local", false}};
    return {{"method", s.method},
            {"datetime", instant_or_null(s.datetime)},
            {"options", std::move(options)}};
  }
  if (s.method == "throttled" && s.datetime && s.throttle_percentage)
    return {{"method", s.method},
            {"datetime", instant_or_null(s.datetime)},
            {"throttle_percentage", *s.throttle_percentage}};
  if (s.method == "smart_send_time" && !s.date.empty())
    return {{"method", s.method}, {"date", s.date}};
  if (s.method == "immediate" || s.method == "ab_test_campaign")
    return {{"method", s.method}};
  return {{"method", "unsupported"}};
}

/// When it was created: as told, or the earliest instant that anything is known about it.
model::instant created_at(const described_object& o) {
  auto at = o.created;
  for (const auto& [field, member] : model::object_instants)
    if (!o.created && o.*member && (!at || *(o.*member) < *at))
      at = o.*member;
  return at.value_or(model::instant{});
}

resource campaign_resource(const described_object& o) {
  const bool is_known = std::ranges::find(campaign_statuses, o.status) != campaign_statuses.end();
  resource r{"campaign",
             o.id,
             {{"name", o.name.empty() ? o.id : o.name},
              {"status", is_known ? std::string_view{o.status} : "Unknown"},
              {"archived", o.archived},
              {"audiences", {{"included", json::array{}}, {"excluded", json::array{}}}},
              {"send_options", {{"use_smart_sending", nullptr}}},
              {"tracking_options", nullptr},
              {"send_strategy", strategy_of(o.strategy)},
              {"created_at", instant_text(created_at(o))},
              {"scheduled_at", instant_or_null(o.scheduled)},
              {"updated_at", instant_text(o.updated.value_or(created_at(o)))},
              {"send_time", instant_or_null(o.send_time)}}};
  for (const auto* name : {"campaign-messages", "tags"})
    r.relationships.push_back({name, {}});
  return r;
}

resource message_resource(const described_object& o, const model::object_message& m) {
  json::value times = nullptr;
  if (o.send_time)
    times = json::array{json::object{{"datetime", instant_or_null(o.send_time)},
                                     {"is_local", o.strategy.is_local.value_or(false)}}};
  resource r{"campaign-message",
             m.id,
             {{"definition", nullptr},
              {"send_times", std::move(times)},
              {"created_at", instant_or_null(o.created)},
              {"updated_at", instant_or_null(o.updated)}}};
  r.relationships.push_back({"campaign", resource_identifier("campaign", o.id)});
  for (const auto* name : {"template", "image"})
    r.relationships.push_back({name, {}});
  return r;
}

query_rules read_rules() {
  query_rules rules;
  rules.includes = {"campaign-messages", "tags"};
  rules.fields = {{"campaign", field_names("campaign")},
                  {"campaign-message", field_names("campaign-message")},
                  {"tag", field_names("tag")}};
  return rules;
}

query_rules list_rules() {
  using enum filter_operator;
  const std::vector<filter_operator> any_instant{greater_or_equal, greater_than, less_or_equal,
                                                 less_than};
  auto rules = read_rules();
  rules.filters = {{"id", {any}},
                   {"messages.channel",
                    {equals},
                    filter_kind::text,
                    false,
                    {"email", "sms", "mobile_push", "whatsapp"}},
                   {"name", {contains}},
                   {"status",
                    {any, equals},
                    filter_kind::text,
                    true,
                    {campaign_statuses.begin(), campaign_statuses.end()}},
                   {"archived", {equals}, filter_kind::boolean},
                   {"created_at", any_instant, filter_kind::instant},
                   {"scheduled_at", any_instant, filter_kind::instant},
                   {"updated_at", any_instant, filter_kind::instant}};
  rules.sorts = {"created_at", "id", "name", "scheduled_at", "updated_at"};
  rules.page = page_rule{100, 1, 100};
  rules.has_cursor = true;
  return rules;
}

/// Tags and messages, as far as the query includes them.
collection_rules including(const call& c, const parsed_query& query) {
  auto rules = including_tags(c, query, "campaign");
  if (!query.includes("campaign-messages"))
    return rules;
  rules.include = [&c, &query, tags = std::move(rules.include)](resource& r,
                                                                included_resources& into) {
    if (tags)
      tags(r, into);
    const auto o = find_described(*c.whose, kind, r.id);
    json::array data;
    for (const auto& m : o.messages) {
      data.emplace_back(resource_identifier("campaign-message", m.id));
      if (into.is_new("campaign-message", m.id))
        into.add(resource_object(c.asked, message_resource(o, m), query));
    }
    r.relationships.front().data = std::move(data);
  };
  return rules;
}

/// The channels of a campaign and of its messages.
json::value channels_of(const described_object& o) {
  json::array all;
  if (!o.channel.empty())
    all.emplace_back(channel_here(o.channel));
  for (const auto& m : o.messages)
    if (!m.channel.empty())
      all.emplace_back(channel_here(m.channel));
  return all;
}

answer list_campaigns(const call& c) {
  static const auto rules = list_rules();
  const auto query = parse_query(c.asked, rules);
  if (std::ranges::find(query.filter, "messages.channel", &filter_term::field)
      == query.filter.end())
    throw refusal{invalid_parameter(
      "filter", "A channel filter is required: equals(messages.channel,'email'), 'sms' or "
                "'mobile_push'.")};
  std::vector<resource> all;
  std::map<std::string, json::value> channels;
  for (const auto& o : described_objects(*c.whose, kind)) {
    channels.emplace(o.id, channels_of(o));
    all.push_back(campaign_resource(o));
  }
  auto shown = including(c, query);
  shown.field = [&](const resource& r, std::string_view field) {
    return field == "messages.channel" ? std::optional{channels.at(r.id)} : std::nullopt;
  };
  return collection_answer(c.asked, query, std::move(all), shown);
}

answer get_campaign(const call& c) {
  static const auto rules = read_rules();
  const auto query = parse_query(c.asked, rules);
  auto r = campaign_resource(find_described(*c.whose, kind, c.captured[0]));
  included_resources included;
  if (const auto shown = including(c, query); shown.include)
    shown.include(r, included);
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, r, query), std::move(included)));
}

query_rules message_rules() {
  query_rules rules;
  rules.includes = {"campaign", "image", "template"};
  rules.fields = {{"campaign", field_names("campaign")},
                  {"campaign-message", field_names("campaign-message")},
                  {"image", field_names("image")},
                  {"template", field_names("template")}};
  return rules;
}

answer list_messages(const call& c) {
  static const auto rules = message_rules();
  const auto query = parse_query(c.asked, rules);
  const auto o = find_described(*c.whose, kind, c.captured[0]);
  json::array data;
  included_resources included;
  for (const auto& m : o.messages)
    data.emplace_back(resource_object(c.asked, message_resource(o, m), query));
  if (query.includes("campaign") && !data.empty())
    included.add(resource_object(c.asked, campaign_resource(o), query));
  return document_answer(200,
                         collection_document(c.asked, std::move(data), {}, std::move(included)));
}

answer list_message_ids(const call& c) {
  parse_query(c.asked, {});
  std::vector<std::string> ids;
  for (const auto& m : find_described(*c.whose, kind, c.captured[0]).messages)
    ids.push_back(m.id);
  return identifiers_answer(c.asked, "campaign-message", ids);
}

answer get_message(const call& c) {
  static const auto rules = message_rules();
  const auto query = parse_query(c.asked, rules);
  const auto [o, m] = find_message(*c.whose, kind, c.captured[0]);
  included_resources included;
  if (query.includes("campaign"))
    included.add(resource_object(c.asked, campaign_resource(o), query));
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, message_resource(o, m), query),
                         std::move(included)));
}

} // namespace

void add_campaign_routes(route_table& routes) {
  const std::vector<std::string> read{"campaigns:read"};
  const std::string one = "/api/campaigns/{id}";
  routes.add("GET", "/api/campaigns", read, list_campaigns, "M");
  routes.add("GET", one, read, get_campaign, "M");
  routes.add("GET", one + "/campaign-messages", read, list_messages, "M");
  routes.add("GET", one + "/relationships/campaign-messages", read, list_message_ids, "M");
  routes.add("GET", "/api/campaign-messages/{id}", read, get_message, "M");
  add_tagged_routes(routes, "campaign", "campaigns:read",
                    [](const call& c) { find_described(*c.whose, kind, c.captured[0]); });
}

} // namespace gateway
