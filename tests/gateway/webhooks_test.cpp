#include "gateway/webhooks.hpp"
#include "tests/gateway/receiver.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <thread>

BOOST_AUTO_TEST_SUITE(webhooks_test)

namespace {

using namespace gateway_test;
using gateway_tests::receiver;

constexpr std::string_view
  in_vip = R"({"type":"profile-group-membership","is_member":true,"group_ids":["VIP"],)"
           R"("timeframe_filter":null})";

resources shop() {
  return resources{gateway::add_webhook_routes};
}

std::string body(std::string_view attributes, std::string_view topics = {},
                 std::string_view id = {}) {
  std::string text = R"({"data":{"type":"webhook",)";
  if (!id.empty())
    text += R"("id":")" + std::string{id} + R"(",)";
  text += R"("attributes":{)" + std::string{attributes} + "}";
  if (!topics.empty())
    text += R"(,"relationships":{"webhook-topics":{"data":[)" + std::string{topics} + "]}}";
  return text + "}}";
}

constexpr std::string_view joined = R"({"type":"webhook-topic","id":"rollcall.segment.joined"})";
constexpr std::string_view left = R"({"type":"webhook-topic","id":"rollcall.segment.left"})";

std::string attributes(std::string_view url) {
  return R"("name":"Mine","endpoint_url":")" + std::string{url}
       + R"(","secret_key":"0123456789abcdef")";
}

} // namespace

BOOST_AUTO_TEST_CASE(a_webhook_is_made_shown_changed_and_dropped) {
  auto s = shop();
  const auto made = s.post("/api/webhooks", body(attributes("https://hooks.example.com:444/in?k=s"),
                                                 std::string{left} + "," + std::string{joined}));
  BOOST_TEST(made.status == 201u);
  BOOST_TEST(made.text_at("/data/attributes")
             == R"({"name":"Mine","description":null,)"
                R"("endpoint_url":"https://hooks.example.com:444/...","enabled":true,)"
                R"("created_at":"2026-01-01T00:00:00+00:00",)"
                R"("updated_at":"2026-01-01T00:00:00+00:00"})");
  BOOST_TEST(made.text.find("0123456789abcdef") == std::string::npos);
  const auto one = "/api/webhooks/" + made.text_at("/data/id");
  const auto shown = s.get(one + "?include=webhook-topics&fields[webhook]=name");
  BOOST_TEST(shown.text_at("/data/attributes") == R"({"name":"Mine"})");
  BOOST_TEST(shown.size_at("/data/relationships/webhook-topics/data") == 2u);
  BOOST_TEST(shown.text_at("/included/0/id") == "rollcall.segment.joined");
  s.advance("2026-01-02");
  const auto changed = s.ask(
    "PATCH", one,
    body(R"("description":"For us","enabled":false)", left, made.text_at("/data/id")));
  BOOST_TEST(changed.status == 200u);
  BOOST_TEST(changed.text_at("/data/attributes/name") == "Mine");
  BOOST_TEST(changed.text_at("/data/attributes/description") == "For us");
  BOOST_TEST(changed.text_at("/data/attributes/enabled") == "false");
  BOOST_TEST(changed.text_at("/data/attributes/updated_at") == "2026-01-02T00:00:00+00:00");
  BOOST_TEST(changed.text_at("/data/meta/delivery/status") == "off");
  BOOST_TEST(changed.size_at("/data/relationships/webhook-topics/data") == 1u);
  BOOST_TEST(s.get("/api/webhooks").size_at("/data") == 1u);
  BOOST_TEST(s.ask("DELETE", one).status == 204u);
  BOOST_TEST(s.get(one).status == 404u);
  BOOST_TEST(s.ask("DELETE", one).status == 404u);
  BOOST_TEST(s.get("/api/webhooks").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(a_webhook_is_told_what_happens_from_then_on) {
  auto s = shop();
  receiver there;
  s.create_segment("VIPs", in_vip);
  const auto made = s.post("/api/webhooks", body(attributes(there.url()), joined));
  BOOST_TEST(made.status == 201u);
  batch_maker batch;
  batch.join({.external_id = "ann"}, "VIP");
  s.apply(batch);
  const auto message = there.await(1).front();
  BOOST_TEST(*message.header("klaviyo-webhook-id") == made.text_at("/data/id"));
  BOOST_TEST(message.body.find(R"("profile_name":"ann")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_disabled_webhook_goes_on_where_it_stopped) {
  auto s = shop();
  receiver there;
  s.create_segment("VIPs", in_vip);
  const auto made = s.post("/api/webhooks", body(attributes(there.url()), joined));
  const auto id = made.text_at("/data/id");
  const auto one = "/api/webhooks/" + id;
  BOOST_TEST(s.ask("PATCH", one, body(R"("enabled":false)", {}, id)).status == 200u);
  batch_maker batch;
  batch.join({.external_id = "ann"}, "VIP");
  s.apply(batch);
  BOOST_TEST(s.ask("PATCH", one, body(R"("enabled":true)", {}, id)).status == 200u);
  BOOST_TEST(there.await(1).front().body.find(R"("profile_name":"ann")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_webhook_says_that_nobody_takes_what_it_tells) {
  auto s = shop();
  std::string gone;
  {
    const receiver closed;
    gone = closed.url();
  }
  s.create_segment("VIPs", in_vip);
  const auto made = s.post("/api/webhooks", body(attributes(gone), joined));
  const auto one = "/api/webhooks/" + made.text_at("/data/id");
  batch_maker batch;
  batch.join({.external_id = "ann"}, "VIP");
  s.apply(batch);
  auto shown = s.get(one);
  while (shown.text_at("/data/meta/delivery/status") != "failing") {
    std::this_thread::yield();
    shown = s.get(one);
  }
  BOOST_TEST(shown.text_at("/data/meta/delivery/last_error").find("cannot be reached")
             != std::string::npos);
  BOOST_TEST(!shown.at("/data/meta/delivery/next_attempt_at").is_null());
}

BOOST_AUTO_TEST_CASE(topics_are_those_that_are_told) {
  auto s = shop();
  const auto topics = s.get("/api/webhook-topics");
  BOOST_TEST(topics.size_at("/data") == 2u);
  BOOST_TEST(topics.text_at("/data/0")
             == R"({"type":"webhook-topic","id":"rollcall.segment.joined","links":{"self":)"
                R"("http://127.0.0.1:8080/api/webhook-topics/rollcall.segment.joined"}})");
  BOOST_TEST(s.get("/api/webhook-topics/rollcall.segment.left").status == 200u);
  BOOST_TEST(s.get("/api/webhook-topics/event:klaviyo.opened_email").status == 404u);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_with_its_place) {
  auto s = shop();
  const auto refused = [&](const std::string& what, std::string_view topics = joined) {
    return s.post("/api/webhooks", body(what, topics)).error();
  };
  BOOST_TEST(refused(attributes("http://example.com/"))
             == "/data/attributes/endpoint_url: 'endpoint_url' must begin with https://; http is "
                "for 127.0.0.1, ::1 and localhost only");
  BOOST_TEST(refused(attributes("https://a b/"))
             == "/data/attributes/endpoint_url: 'endpoint_url' 'https://a b/' has characters that "
                "must be encoded");
  BOOST_TEST(refused(R"("name":"Mine","endpoint_url":"https://a/","secret_key":"short")")
             == "/data/attributes/secret_key: 'secret_key' has 5 bytes; at least 16 are needed");
  BOOST_TEST(refused(attributes("https://a/"), R"({"type":"webhook-topic","id":"x"})")
             == "/data/relationships/webhook-topics/data/0/id: 'x' is not a topic that is told; "
                "allowed: rollcall.segment.joined, rollcall.segment.left");
  BOOST_TEST(refused(attributes("https://a/"), {})
             == "/data/relationships: 'relationships' is required, with 'webhook-topics'");
  BOOST_TEST(s.get("/api/webhooks").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(there_may_be_twenty_webhooks) {
  auto s = shop();
  for (int i = 0; i < 20; ++i)
    BOOST_TEST(s.post("/api/webhooks", body(attributes("https://a.invalid/"), joined)).status
               == 201u);
  BOOST_TEST(s.post("/api/webhooks", body(attributes("https://a.invalid/"), joined)).status
             == 409u);
}

BOOST_AUTO_TEST_SUITE_END()
