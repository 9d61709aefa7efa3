#include "tests/node/cross_account_asks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace node_tests {

namespace {

using std::string;
using std::string_view;

string one_of(string_view name, string_view type, string_view id) {
  return fmt::format(R"("{}":{{"data":{{"type":"{}","id":"{}"}}}})", name, type, id);
}

string many_of(string_view type, string_view id) {
  return fmt::format(R"({{"data":[{{"type":"{}","id":"{}"}}]}})", type, id);
}

string data_of(string_view type, string_view attributes, string_view relationships = {},
               string_view id = {}) {
  return fmt::format(
    R"({{"data":{{"type":"{}"{},"attributes":{{{}}}{}}}}})", type,
    id.empty() ? string{} : fmt::format(R"(,"id":"{}")", id), attributes,
    relationships.empty() ? string{} : fmt::format(R"(,"relationships":{{{}}})", relationships));
}

constexpr string_view person = R"("profile":{"data":{"type":"profile","id":"$their.profile",)"
                               R"("attributes":{}}})";
constexpr string_view measured = R"("metric":{"data":{"type":"metric","attributes":{"name":"Q"}}},)"
                                 R"("properties":{})";

string in_group(string_view id) {
  return fmt::format(R"({{"condition_groups":[{{"conditions":[{{"type":"profile-group-membership",)"
                     R"("is_member":true,"group_ids":["{}"],"timeframe_filter":null}}]}}]}})",
                     id);
}

string custom_metric(string_view name, string_view metric, string_view id = {}) {
  return data_of("custom-metric",
                 fmt::format(R"("name":"{}","definition":{{"aggregation_method":"count",)"
                             R"("metric_groups":[{{"metric_id":"{}"}}]}})",
                             name, metric),
                 {}, id);
}

constexpr string_view june = R"("timeframe":{"start":"2026-06-01T00:00:00Z",)"
                             R"("end":"2026-06-30T00:00:00Z"})";

string own_report(string_view metric) {
  return fmt::format(R"({{"datasource":"account","metric":"{}","statistics":["count"],)"
                     R"("timeframe":{{"start":"2026-06-01","end":"2026-06-30"}}}})",
                     metric);
}

/// Gathers asks; most go to the path that the pattern spells, with one id in it.
class ask_list {
public:
  /// `with` stands for what the pattern captures, `query` follows.
  void get(string_view pattern, string_view with = {}, unsigned status = 404,
           string_view query = {}) {
    add("GET", pattern, with, query, {}, status);
  }
  /// What a route tells the account of itself.
  void get_own(string_view pattern, string_view query = {}) {
    get(pattern, {}, 200, query);
  }
  void send(string_view method, string_view pattern, string_view with, string body,
            unsigned status = 404, string_view query = {}) {
    add(method, pattern, with, query, std::move(body), status);
  }
  void post(string_view pattern, string body, unsigned status, string_view query = {}) {
    add("POST", pattern, {}, query, std::move(body), status);
  }
  void drop(string_view pattern, string_view with, string body = {}) {
    add("DELETE", pattern, with, {}, std::move(body), 404);
  }

  std::vector<cross_ask> all;

private:
  void add(string_view method, string_view pattern, string_view with, string_view query,
           string body, unsigned status) {
    string target{pattern};
    if (const auto open = target.find('{'); open != string::npos)
      target.replace(open, target.find('}') - open + 1, with);
    all.push_back(
      {fmt::format("{} {}", method, pattern), target.append(query), std::move(body), status});
  }
};

/// The resource itself, and those that hang on it.
void get_with(ask_list& asks, const string& one, string_view id,
              std::initializer_list<string_view> below) {
  asks.get(one, id);
  for (const auto rest : below)
    for (const auto* way : {"/", "/relationships/"})
      asks.get(one + way + string{rest}, id);
}

void ask_for_people(ask_list& asks) {
  asks.get_own("/api/profiles");
  asks.get_own("/api/profiles", "?filter=equals(id,\"$their.profile\")");
  asks.get_own("/api/profiles", "?filter=equals(email,\"$their.email\")");
  asks.get_own("/api/profiles", "?page[size]=1&page[cursor]=$their.cursor");
  get_with(asks, "/api/profiles/{id}", "$their.profile", {"lists", "segments"});
  asks.get("/api/profiles/{id}", "$their.profile", 404, "?include=lists,segments");
  asks.post("/api/profiles", data_of("profile", R"("email":"new@$our.source.example")"), 201);
  asks.send("PATCH", "/api/profiles/{id}", "$their.profile",
            data_of("profile", R"("title":"X")", {}, "$their.profile"));
  asks.post("/api/profile-import", data_of("profile", R"("title":"X")", {}, "$their.profile"), 404);
  asks.post("/api/profile-bulk-import-jobs",
            data_of("profile-bulk-import-job",
                    R"("profiles":{"data":[{"type":"profile","id":"$their.profile",)"
                    R"("attributes":{"title":"X"}}]})"),
            202);
  asks.post("/api/profile-bulk-import-jobs",
            data_of("profile-bulk-import-job",
                    R"("profiles":{"data":[{"type":"profile","attributes":)"
                    R"({"email":"b@$our.source.example"}}]})",
                    R"("lists":)" + many_of("list", "$their.list")),
            404);
  asks.get_own("/api/profile-bulk-import-jobs");
  get_with(asks, "/api/profile-bulk-import-jobs/{id}", "$their.import", {"profiles", "lists"});
  asks.get("/api/profile-bulk-import-jobs/{id}", "$their.import", 404, "?include=lists");
  asks.get("/api/profile-bulk-import-jobs/{id}/import-errors", "$their.import");
  asks.get("/api/profile-bulk-import-jobs/{id}/relationships/import-errors", "$their.import");
}

void ask_for_consents(ask_list& asks) {
  for (const string_view what : {"create", "delete"}) {
    const auto consent = what == "create" ? "SUBSCRIBED" : "UNSUBSCRIBED";
    const auto type = fmt::format("profile-subscription-bulk-{}-job", what);
    const auto subscriber = [&](string_view id, string_view email) {
      return fmt::format(R"("profiles":{{"data":[{{"type":"profile"{},"attributes":{{"email":"{}",)"
                         R"("subscriptions":{{"email":{{"marketing":{{"consent":"{}"}}}}}}}}}}]}})",
                         id.empty() ? string{} : fmt::format(R"(,"id":"{}")", id), email, consent);
    };
    if (what == "create") // To end something, people are named by their addresses only.
      asks.post("/api/" + type + "s",
                data_of(type, subscriber("$their.profile", "c@$our.source.example")), 404);
    asks.post(
      "/api/" + type + "s",
      data_of(type, subscriber({}, "d@$our.source.example"), one_of("list", "list", "$their.list")),
      404);
    const auto job = fmt::format("profile-suppression-bulk-{}-job", what);
    const auto all = "/api/" + job + "s";
    for (const auto* from : {"list", "segment"})
      asks.post(all, data_of(job, "", one_of(from, from, fmt::format("$their.{}", from))), 404);
    asks.get_own(all);
    asks.get_own(all, "?filter=equals(list_id,\"$their.list\")");
    asks.get(all + "/{id}", fmt::format("$their.{}_suppression", what));
  }
}

void ask_for_events(ask_list& asks) {
  const auto event = fmt::format("{},{}", person, measured);
  asks.post("/api/events", data_of("event", event), 400);
  asks.post("/api/event-bulk-create-jobs",
            data_of("event-bulk-create-job",
                    fmt::format(R"("events-bulk-create":{{"data":[{{"type":"event-bulk-create",)"
                                R"("attributes":{{{},"events":{{"data":[{{"type":"event",)"
                                R"("attributes":{{{}}}}}]}}}}}}]}})",
                                person, measured)),
            400);
  asks.get_own("/api/events");
  asks.get_own("/api/events", "?filter=equals(profile_id,\"$their.profile\")");
  asks.get_own("/api/events", "?filter=equals(metric_id,\"$their.metric\")&include=profile,metric");
  get_with(asks, "/api/events/{id}", "$their.event", {"metric", "profile"});
  asks.get("/api/events/{id}", "$their.event", 404, "?include=profile,metric");

  // For browsers: the public key is the account's own, the bodies name what is another's.
  const string_view own_key = "?company_id=$our.account";
  asks.post("/client/events", data_of("event", event), 400, own_key);
  asks.post(
    "/client/event-bulk-create",
    data_of("event-bulk-create",
            fmt::format(R"({},"events":{{"data":[{{"type":"event","attributes":{{{}}}}}]}})",
                        person, measured)),
    400, own_key);
  asks.post("/client/profiles", data_of("profile", R"("title":"X")", {}, "$their.profile"), 400,
            own_key);
  asks.post("/client/subscriptions",
            data_of("subscription",
                    R"("profile":{"data":{"type":"profile",)"
                    R"("attributes":{"email":"e@$our.source.example"}}})",
                    one_of("list", "list", "$their.list")),
            404, own_key);
}

void ask_for_groups(ask_list& asks) {
  asks.get_own("/api/lists");
  asks.get_own("/api/lists", "?filter=equals(id,\"$their.list\")&include=tags");
  get_with(asks, "/api/lists/{id}", "$their.list", {"profiles", "tags", "flow-triggers"});
  asks.get("/api/lists/{id}", "$their.list", 404, "?additional-fields[list]=profile_count");
  asks.post("/api/lists", data_of("list", R"("name":"$our.source new")"), 201);
  asks.send("PATCH", "/api/lists/{id}", "$their.list",
            data_of("list", R"("name":"X")", {}, "$their.list"));
  const string members = "/api/lists/{id}/relationships/profiles";
  asks.send("POST", members, "$their.list", many_of("profile", "$our.profile"));
  asks.send("POST", members, "$our.list", many_of("profile", "$their.second_profile"));

  asks.get_own("/api/segments");
  asks.get_own("/api/segments", "?filter=equals(id,\"$their.segment\")&include=tags");
  get_with(asks, "/api/segments/{id}", "$their.segment", {"profiles", "tags", "flow-triggers"});
  asks.get("/api/segments/{id}", "$their.segment", 404,
           "?additional-fields[segment]=profile_count");
  asks.post("/api/segments",
            data_of("segment", R"("name":"$our.source new","definition":)" + in_group("$our.list")),
            201);
  asks.post("/api/segments",
            data_of("segment", R"("name":"$our.source folded",)"
                               R"("definition":{"segment":"$their.segment"})"),
            400);
  asks.send("PATCH", "/api/segments/{id}", "$their.segment",
            data_of("segment", R"("is_starred":true)", {}, "$their.segment"));

  // By name, as our own routes may be asked too.
  for (const auto* id : {"$their.segment", "$their.segment_name"}) {
    const string one = "/api/rollcall/segments/{id}/";
    asks.get(one + "feed", id);
    asks.get(one + "forecast", id, 404, "?days=1");
    asks.get(one + "members", id);
    asks.get(one + "explanation", id, 404, "?profile=$our.profile");
    asks.send("POST", one + "what-if", id,
              fmt::format(R"({{"definition":{}}})", in_group("$our.list")));
  }
  for (const auto* who : {"$their.profile", "$their.email"})
    asks.get("/api/rollcall/segments/{id}/explanation", "$our.segment", 404,
             fmt::format("?profile={}", who));
  asks.post("/api/rollcall/segment-previews", R"({"definition":{"segment":"$their.segment"}})",
            400);
}

void ask_for_tags(ask_list& asks) {
  asks.get_own("/api/tags");
  asks.get_own("/api/tags", "?filter=equals(name,\"Tag $their.source\")");
  get_with(asks, "/api/tags/{id}", "$their.tag", {"tag-group"});
  asks.post("/api/tags",
            data_of("tag", R"("name":"$our.source new")",
                    one_of("tag-group", "tag-group", "$their.tag-group")),
            404);
  asks.send("PATCH", "/api/tags/{id}", "$their.tag",
            data_of("tag", R"("name":"X")", {}, "$their.tag"));
  asks.get_own("/api/tag-groups");
  get_with(asks, "/api/tag-groups/{id}", "$their.tag-group", {"tags"});
  asks.post("/api/tag-groups", data_of("tag-group", R"("name":"$our.source new")"), 201);
  asks.send("PATCH", "/api/tag-groups/{id}", "$their.tag-group",
            data_of("tag-group", R"("name":"X")", {}, "$their.tag-group"));
  for (const string type : {"list", "segment", "campaign", "flow"}) {
    const auto bearers = "/api/tags/{id}/relationships/" + type + "s";
    asks.get(bearers, "$their.tag");
    asks.send("POST", bearers, "$their.tag", many_of(type, "$our." + type));
    asks.send("POST", bearers, "$our.tag", many_of(type, "$their." + type));
  }
  asks.get_own("/api/campaigns", "?filter=equals(messages.channel,'email')&include=tags");
  get_with(asks, "/api/campaigns/{id}", "$their.campaign", {"campaign-messages", "tags"});
  asks.get("/api/campaign-messages/{id}", "$their.message", 404, "?include=campaign");
  asks.get_own("/api/flows");
  asks.get_own("/api/flows", "?filter=any(id,[\"$their.flow\"])");
  get_with(asks, "/api/flows/{id}", "$their.flow", {"flow-actions", "tags"});
  asks.get("/api/flow-messages/{id}", "$their.flow_message");
  // The action that sends a message is called like it.
  for (const auto* below : {"", "/flow-messages", "/relationships/flow-messages"})
    asks.get(std::string{"/api/flow-actions/{id}"} + below, "$their.flow_message");
}

void ask_for_metrics(ask_list& asks) {
  asks.get_own("/api/metrics");
  get_with(asks, "/api/metrics/{id}", "$their.metric", {"metric-properties", "flow-triggers"});
  get_with(asks, "/api/metric-properties/{id}", "$their.property", {"metric"});
  asks.get("/api/metric-properties/{id}", "$their.property", 404,
           "?include=metric&additional-fields[metric-property]=sample_values");
  asks.get_own("/api/custom-metrics", "?include=metrics");
  get_with(asks, "/api/custom-metrics/{id}", "$their.custom-metric", {"metrics"});
  asks.post("/api/custom-metrics", custom_metric("$our.source new", "$their.metric"), 400);
  asks.send("PATCH", "/api/custom-metrics/{id}", "$their.custom-metric",
            custom_metric("X", "$our.metric", "$their.custom-metric"));
  asks.send("PATCH", "/api/custom-metrics/{id}", "$our.custom-metric",
            custom_metric("X", "$their.metric", "$our.custom-metric"), 400);
  // Meanings have the same ids everywhere; what they mean is each account's own.
  asks.get_own("/api/mapped-metrics", "?include=metric,custom-metric");
  const string meaning = "/api/mapped-metrics/{id}";
  asks.get(meaning, "revenue", 200, "?include=custom-metric");
  for (const auto* to : {"custom-metric", "metric"}) {
    for (const auto* way : {"/", "/relationships/"})
      asks.get(meaning + way + to, "revenue", 200);
    asks.send("PATCH", meaning, "revenue",
              data_of("mapped-metric", "", one_of(to, to, fmt::format("$their.{}", to)), "revenue"),
              400);
  }
  asks.post(
    "/api/metric-aggregates",
    data_of("metric-aggregate",
            R"~("metric_id":"$their.metric","measurements":["count"],"filter":[)~"
            R"~("greater-or-equal(datetime,2026-06-01)","less-than(datetime,2026-06-30)"])~"),
    400);
}

void ask_for_reports(ask_list& asks) {
  const auto report = [&](const string& kind, string_view statistic, string_view more,
                          unsigned status) {
    asks.post(
      fmt::format("/api/{}-reports", kind),
      data_of(kind + "-report", fmt::format(R"("statistics":["{}"],{},{})", statistic, june, more)),
      status);
  };
  const auto filtered = [](string_view name, string_view id) {
    return fmt::format(R"~("filter":"equals({},\"{}\")")~", name, id);
  };
  for (const string of : {"campaign", "flow"})
    for (const string form : {"values", "series"}) {
      if (of == "campaign" && form == "series")
        continue;
      const string interval = form == "series" ? R"("interval":"daily",)" : "";
      report(of + '-' + form, "delivered",
             interval + R"("conversion_metric_id":"$our.metric",)"
               + filtered(of + "_id", "$their." + of),
             200);
      report(of + '-' + form, "delivered", interval + R"("conversion_metric_id":"$their.metric")",
             400);
      report(of + '-' + form, "conversions",
             interval + R"("conversion_metric_id":"$their.custom-metric")", 400);
    }
  for (const string form : {"values", "series"}) {
    const string interval = form == "series" ? R"("interval":"daily",)" : "";
    report("segment-" + form, "total_members", interval + filtered("segment_id", "$their.segment"),
           200);
    report("form-" + form, "viewed_form", interval + filtered("form_id", "$their.form"), 200);
  }

  const string ours = "/api/rollcall/reports";
  // A metric that nobody knows is one without events yet.
  asks.post(ours, own_report("$their.metric_name"), 200);
  asks.post(ours + "/explanation", own_report("$their.metric_name"), 200);
  asks.post(ours + "/people",
            fmt::format(R"({{"request":{},"cell":{{"statistic":"count"}}}})",
                        own_report("$their.metric_name")),
            200);
  asks.post(ours + "/difference",
            fmt::format(R"({{"request":{},"first":"count","second":"count"}})",
                        own_report("$their.metric_name")),
            200);
}

void ask_for_the_account(ask_list& asks) {
  asks.get_own("/api/accounts");
  asks.get("/api/accounts/{id}", "$their.account");
  asks.get_own("/api/rollcall/keys");
  asks.get("/api/rollcall/keys/{id}", "$their.key");
  asks.post("/api/rollcall/keys", data_of("rollcall-key", R"("name":"$our.source")"), 201);
  asks.get("/api/rollcall/accounts", {}, 403);
  asks.post("/api/rollcall/accounts", data_of("rollcall-account", R"("name":"third")"), 403);
  asks.get_own("/api/rollcall/inspection");
  asks.get_own("/api/rollcall/log-level");
  asks.send("PUT", "/api/rollcall/log-level", {}, data_of("log-level", R"("level":"debug")"), 403);
  for (const auto* order : {"restart", "stop"})
    asks.send("POST", std::string{"/api/rollcall/actors/{name}/"} + order, "account", {}, 409);
  asks.get_own("/api/rollcall/report-settings");
  asks.send("PATCH", "/api/rollcall/report-settings", {}, R"({"week_start":"sunday"})", 200);

  asks.get_own("/api/webhooks", "?include=webhook-topics");
  asks.get("/api/webhooks/{id}", "$their.webhook");
  asks.post("/api/webhooks",
            data_of("webhook",
                    R"("name":"$our.source","endpoint_url":"http://127.0.0.1:1/",)"
                    R"("secret_key":"0123456789abcdef")",
                    R"("webhook-topics":)" + many_of("webhook-topic", "rollcall.segment.joined")),
            201);
  asks.send("PATCH", "/api/webhooks/{id}", "$their.webhook",
            data_of("webhook", R"("description":"X")", {}, "$their.webhook"));
  asks.get_own("/api/webhook-topics");
  asks.get("/api/webhook-topics/{id}", "rollcall.segment.joined", 200);

  // Whoever is named in changes becomes the account's own.
  asks.post("/api/rollcall/changes",
            R"({"list":"$our.source list","action":"add","profile":{"email":"$their.email"}})",
            200);
  asks.get_own("/api/rollcall/changes", "?source=$their.source");

  // The same for everybody.
  asks.get_own("/api/rollcall/dictionary");
  asks.get("/api/rollcall/dictionary/{name}", "open_rate", 200);
  asks.get("/api/rollcall/reports/{name}", "campaign_performance", 200);
  for (const auto* path : {"/openapi.json", "/docs", "/healthz", "/readyz", "/metrics"})
    asks.get_own(path);
}

void ask_to_delete(ask_list& asks) {
  const string members = "/api/lists/{id}/relationships/profiles";
  asks.drop(members, "$their.list", many_of("profile", "$our.profile"));
  asks.drop(members, "$our.list", many_of("profile", "$their.profile"));
  for (const string type : {"list", "segment", "campaign", "flow"}) {
    const auto bearers = "/api/tags/{id}/relationships/" + type + "s";
    asks.drop(bearers, "$their.tag", many_of(type, "$our." + type));
    asks.drop(bearers, "$our.tag", many_of(type, "$their." + type));
  }
  asks.drop("/api/webhooks/{id}", "$their.webhook");
  asks.drop("/api/custom-metrics/{id}", "$their.custom-metric");
  asks.drop("/api/segments/{id}", "$their.segment");
  asks.drop("/api/lists/{id}", "$their.list");
  asks.drop("/api/tags/{id}", "$their.tag");
  asks.drop("/api/tag-groups/{id}", "$their.tag-group");
  const auto merge = [&](string_view from, string_view into) {
    asks.post("/api/profile-merge",
              fmt::format(R"({{"data":{{"type":"profile-merge","id":"{}","relationships":)"
                          R"({{"profiles":{}}}}}}})",
                          into, many_of("profile", from)),
              404);
  };
  merge("$their.second_profile", "$our.profile");
  merge("$our.profile", "$their.victim");
  const auto erase = [&](string_view who, unsigned status) {
    asks.post("/api/data-privacy-deletion-jobs",
              data_of("data-privacy-deletion-job",
                      fmt::format(R"("profile":{{"data":{{"type":"profile",{}}}}})", who)),
              status);
  };
  erase(R"("id":"$their.victim","attributes":{})", 404);
  // Whoever is not there needs no deletion, and nobody is told who is.
  erase(R"("attributes":{"email":"$their.email"})", 202);
  asks.drop("/api/rollcall/keys/{id}", "$their.key");
}

} // namespace

std::vector<cross_ask> cross_asks() {
  ask_list asks;
  ask_for_people(asks);
  ask_for_consents(asks);
  ask_for_events(asks);
  ask_for_groups(asks);
  ask_for_tags(asks);
  ask_for_metrics(asks);
  ask_for_reports(asks);
  ask_for_the_account(asks);
  ask_to_delete(asks);
  return std::move(asks.all);
}

void replace_all(string& text, string_view from, string_view to) {
  for (auto at = text.find(from); at != string::npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

string filled(string text, const names& our, const names& their) {
  // Longer ones first: one may begin like another.
  for (auto it = our.rbegin(); it != our.rend(); ++it)
    replace_all(text, "$our." + it->first, it->second);
  for (auto it = their.rbegin(); it != their.rend(); ++it)
    replace_all(text, "$their." + it->first, it->second);
  return text;
}

bool tells_of_account_only(string_view route) {
  static constexpr std::array<string_view, 7> others{"GET /api/rollcall/segments/{id}/forecast",
                                                     "GET /metrics",
                                                     "GET /readyz",
                                                     "GET /api/rollcall/inspection",
                                                     "GET /api/rollcall/log-level",
                                                     "GET /healthz",
                                                     "GET /api/rollcall/accounts"};
  return std::ranges::find(others, route) == others.end();
}

} // namespace node_tests
