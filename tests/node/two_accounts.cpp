#include "tests/node/two_accounts.hpp"

#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace node_tests {

namespace {

using std::string;
using std::string_view;

string data_of(string_view type, string_view attributes, string_view relationships = {}) {
  return fmt::format(
    R"({{"data":{{"type":"{}","attributes":{{{}}}{}}}}})", type, attributes,
    relationships.empty() ? string{} : fmt::format(R"(,"relationships":{{{}}})", relationships));
}

string one_of(string_view name, string_view type, string_view id) {
  return fmt::format(R"("{}":{{"data":{{"type":"{}","id":"{}"}}}})", name, type, id);
}

string many_of(string_view type, string_view id) {
  return fmt::format(R"({{"data":[{{"type":"{}","id":"{}"}}]}})", type, id);
}

/// The value at a JSON pointer, as text; ends the test when there is none.
string at(const heard& a, string_view pointer) {
  boost::system::error_code failed;
  const auto* found = a.body.find_pointer(pointer, failed);
  if (found == nullptr)
    BOOST_FAIL("nothing at " << pointer << " of " << a.text);
  return found->is_string() ? string{found->get_string()} : gateway::json_text(*found);
}

} // namespace

two_accounts::two_accounts() {
  gateway::set_log_level("off");
  node::serve_settings wanted;
  wanted.data = scratch_ / "store";
  wanted.limits.factor = 0;
  auto started = node::serving::start(wanted);
  if (!started)
    BOOST_FAIL(started.error().message);
  running_ = std::move(*started);
  ours = open("ours", 2);
  theirs = open("theirs", 400); // So ours has nobody at the places of their last ones.
}

shop two_accounts::open(string_view mark, int people) {
  shop s;
  s.mark = fmt::format("of-{}-only", mark);
  auto made = running_->accounts().create(mark);
  if (!made)
    BOOST_FAIL(made.error().message);
  s.account = std::move(*made);
  auto key = running_->accounts().create_key(s.account, {}, s.account->engine->now());
  if (!key)
    BOOST_FAIL(key.error().message);
  s.key = key->key;
  s.ids["account"] = s.account->id;
  s.ids["key"] = key->kept.id;
  fill(s, people);
  note_what_was_sent(s);
  return s;
}

heard two_accounts::ask(const shop& by, string_view method, string_view target,
                        string_view body) const {
  std::vector<string> headers{"Authorization: Klaviyo-API-Key " + by.key, "X-Request-Id: r",
                              "Connection: close"};
  if (!body.empty())
    headers.emplace_back("Content-Type: application/vnd.api+json");
  auto text = gateway_tests::post(target, body, headers);
  text.replace(0, string_view{"POST"}.size(), method);
  gateway_tests::client c{running_->server().port()};
  auto raw = c.ask(text);
  BOOST_TEST(raw.is_whole, method << ' ' << target);
  heard h{raw.status, std::move(raw.body)};
  std::vector<gateway::json_fault> faults;
  if (auto read = gateway::read_json(h.text, faults))
    h.body = std::move(*read);
  return h;
}

void two_accounts::want(const shop& s, string_view method, string_view target,
                        const string& body) const {
  const auto a = ask(s, method, target, body);
  BOOST_REQUIRE_MESSAGE(a.status / 100 == 2, method << ' ' << target << ": " << a.text);
}

string two_accounts::make(shop& s, const string& kind, string_view target,
                          const string& body) const {
  const auto a = ask(s, "POST", target, body);
  BOOST_REQUIRE_MESSAGE(a.status / 100 == 2, target << ": " << a.text);
  return s.ids[kind] = at(a, "/data/id");
}

void two_accounts::fill(shop& s, int people) {
  const auto& m = s.mark;
  string lines;
  for (int i = 0; i < people; ++i)
    lines += fmt::format("{{\"external_id\":\"{0}-{1}\",\"email\":\"{1}@{0}.example\","
                         "\"first_name\":\"{0}\",\"properties\":{{\"{0}\":\"{0}\"}}}}\n",
                         m, i);
  lines += fmt::format(
    R"({{"campaign":{{"id":"C-{0}","name":"{0}","channel":"email","messages":[{{"id":"M-{0}","name":"{0}"}}]}}}})"
    "\n"
    R"({{"flow":{{"id":"F-{0}","name":"{0}","messages":[{{"id":"N-{0}","name":"{0}","channel":"email"}}]}}}})"
    "\n"
    R"({{"metric":"Order {0}","profile":{{"external_id":"{0}-1"}},"time":"2026-06-01T10:00:00Z","value":5,"unique_id":"{0}","properties":{{"{0}":"{0}"}}}})"
    "\n"
    R"({{"metric":"Received Email","profile":{{"external_id":"{0}-1"}},"time":"2026-06-01T10:00:00Z","properties":{{"campaign_id":"C-{0}","message_id":"M-{0}","flow_id":"F-{0}","form_id":"{0}"}}}})"
    "\n",
    m);
  const auto taken = ask(s, "POST", fmt::format("/api/rollcall/changes?source={}&sequence=0", m),
                         lines);
  BOOST_REQUIRE_MESSAGE(taken.text.find("\"refused\":0,\"complete\":true") != std::string::npos,
                        taken.text);

  const auto list = make(s, "list", "/api/lists",
                         data_of("list", fmt::format(R"("name":"L {}")", m)));
  for (const auto* kind : {"profile", "second_profile", "victim"})
    make(s, kind, "/api/profiles",
         data_of("profile",
                 fmt::format(R"("email":"{0}@{1}.example","external_id":"{0} {1}")", kind, m)));
  want(s, "POST", "/api/lists/" + list + "/relationships/profiles",
       many_of("profile", s.ids["profile"]));
  const auto group = make(s, "tag-group", "/api/tag-groups",
                          data_of("tag-group", fmt::format(R"("name":"G {}")", m)));
  const auto tag = make(
    s, "tag", "/api/tags",
    data_of("tag", fmt::format(R"("name":"Tag {}")", m), one_of("tag-group", "tag-group", group)));
  const auto segment = make(
    s, "segment", "/api/segments",
    data_of("segment",
            fmt::format(R"("name":"S {}","definition":{{"condition_groups":[{{"conditions":[)"
                        R"({{"type":"profile-group-membership","is_member":true,)"
                        R"("group_ids":["{}"],"timeframe_filter":null}}]}}]}})",
                        m, list)));
  const auto built = s.account->engine->wait_built(segment);
  BOOST_REQUIRE(built.has_value());
  s.ids["campaign"] = "C-" + m;
  s.ids["flow"] = "F-" + m;
  for (const auto* type : {"list", "segment", "campaign", "flow"})
    want(s, "POST", fmt::format("/api/tags/{}/relationships/{}s", tag, type),
         many_of(type, s.ids[type]));

  string metric;
  const auto metrics = ask(s, "GET", "/api/metrics");
  for (const auto& one : metrics.body.at("data").as_array())
    if (one.at("attributes").at("name").as_string() == "Order " + m)
      metric = one.at("id").as_string();
  s.ids["metric"] = metric;
  const auto custom_body = [&](string_view name) {
    return data_of("custom-metric",
                   fmt::format(R"("name":"{} {}","definition":{{"aggregation_method":"value",)"
                               R"("metric_groups":[{{"metric_id":"{}"}}]}})",
                               name, m, metric));
  };
  make(s, "custom-metric", "/api/custom-metrics", custom_body("K"));
  const auto mapped = make(s, "mapped_to", "/api/custom-metrics", custom_body("J"));
  want(s, "PATCH", "/api/mapped-metrics/revenue",
       fmt::format(R"({{"data":{{"type":"mapped-metric","id":"revenue","relationships":{{{}}}}}}})",
                   one_of("custom-metric", "custom-metric", mapped)));

  make(s, "import", "/api/profile-bulk-import-jobs",
       data_of("profile-bulk-import-job",
               fmt::format(R"("profiles":{{"data":[{{"type":"profile","attributes":)"
                           R"({{"email":"i@{0}.example"}}}},{{"type":"profile","attributes":)"
                           R"({{"title":"{0}"}}}}]}})",
                           m),
               fmt::format(R"("lists":{})", many_of("list", list))));
  for (const string_view what : {"create", "delete"}) {
    const auto type = fmt::format("profile-suppression-bulk-{}-job", what);
    make(s, fmt::format("{}_suppression", what), "/api/" + type + "s",
         data_of(type, "", one_of("list", "list", list)));
  }
  want(s, "POST", "/api/profile-subscription-bulk-create-jobs",
       data_of("profile-subscription-bulk-create-job",
               fmt::format(R"("profiles":{{"data":[{{"type":"profile","attributes":{{"email":)"
                           R"("s@{}.example","subscriptions":{{"email":{{"marketing":)"
                           R"({{"consent":"SUBSCRIBED"}}}}}}}}}}]}})",
                           m),
               one_of("list", "list", list)));
  const auto webhook = make(
    s, "webhook", "/api/webhooks",
    data_of(
      "webhook",
      fmt::format(R"("name":"W {0}","endpoint_url":"http://127.0.0.1:1/",)"
                  R"("secret_key":"0123456789abcdef")",
                  m),
      R"("webhook-topics":{"data":[{"type":"webhook-topic","id":"rollcall.segment.left"}]})"));
  want(s, "PATCH", "/api/webhooks/" + webhook,
       fmt::format(R"({{"data":{{"type":"webhook","id":"{}","attributes":{{"enabled":false}}}}}})",
                   webhook));
}

void two_accounts::note_what_was_sent(shop& s) const {
  const auto& m = s.mark;
  s.ids["message"] = "M-" + m;
  s.ids["flow_message"] = "N-" + m;
  s.ids["metric_name"] = "Order " + m;
  s.ids["segment_name"] = "S " + m;
  s.ids["source"] = m;
  s.ids["email"] = "1@" + m + ".example";
  s.ids["form"] = m;
  s.ids["property"] = at(
    ask(s, "GET", "/api/metrics/" + s.ids["metric"] + "/relationships/metric-properties"),
    "/data/0/id");
  s.ids["event"] = at(
    ask(s, "GET", "/api/events?filter=equals(metric_id,\"" + s.ids["metric"] + "\")"),
    "/data/0/id");
  const auto page = ask(s, "GET", "/api/profiles?page[size]=1");
  const auto next = at(page, "/links/next");
  s.ids["cursor"] = next.substr(next.rfind('=') + 1);
  for (const string_view what : {"create", "delete"}) {
    const auto job = fmt::format("/api/profile-suppression-bulk-{}-jobs/{}", what,
                                 s.ids[fmt::format("{}_suppression", what)]);
    BOOST_TEST(gateway_tests::eventually(
      [&] { return at(ask(s, "GET", job), "/data/attributes/status") == "complete"; }));
  }
}

std::map<string, string> ids_of_nothing(const shop& like) {
  auto ids = like.ids;
  // Digits and letters change, what else is in an id does not; a checksum is made anew.
  for (auto& [kind, id] : ids)
    for (auto& c : id)
      if (c >= '1' && c <= '8')
        c = '9';
      else if (c >= 'b' && c <= 'f')
        c = 'a';
      else if ((c >= 'g' && c <= 'y') || (c >= 'B' && c <= 'Y'))
        ++c;
  for (const auto* kind : {"profile", "second_profile", "victim"}) {
    auto place = *gateway::profile_place_of(like.ids.at(kind));
    place.number += 1'000'000;
    ids[kind] = gateway::profile_id(place);
  }
  return ids;
}

} // namespace node_tests
