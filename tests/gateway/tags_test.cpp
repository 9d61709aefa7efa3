#include "gateway/campaigns.hpp"
#include "gateway/flows.hpp"
#include "gateway/lists.hpp"
#include "gateway/segments.hpp"
#include "gateway/tags.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(tags_test)

namespace {

using namespace gateway_test;

resources shop() {
  return resources{gateway::add_tag_routes, gateway::add_segment_routes, gateway::add_list_routes,
                   gateway::add_campaign_routes, gateway::add_flow_routes};
}

std::string create(resources& s, const std::string& type, const std::string& name,
                   const std::string& more = {}) {
  const auto made = s.post("/api/" + type + 's', R"({"data":{"type":")" + type
                                                   + R"(","attributes":{"name":")" + name + "\""
                                                   + more + "}}}");
  BOOST_REQUIRE_EQUAL(made.status, 201);
  return made.text_at("/data/id");
}

std::string create_in(resources& s, const std::string& name, const std::string& group) {
  const auto made = s.post("/api/tags", R"({"data":{"type":"tag","attributes":{"name":")" + name
                                          + R"("},"relationships":{"tag-group":{"data":{"type":)"
                                          + R"("tag-group","id":")" + group + R"("}}}}})");
  BOOST_REQUIRE_EQUAL(made.status, 201);
  return made.text_at("/data/id");
}

std::string bearer(const std::string& type, const std::string& id) {
  return R"({"data":[{"type":")" + type + R"(","id":")" + id + R"("}]})";
}

void describe_spring(resources& s) {
  batch_maker batch;
  batch.describe(
    model::object_kind::campaign, "C1",
    R"({"id":"C1","name":"Spring","channel":"email","send_time":"2026-03-01T09:00:00Z",)"
    R"("messages":[{"id":"M1","name":"Hello"}]})");
  batch.describe(
    model::object_kind::flow, "F1",
    R"({"id":"F1","name":"Welcome","status":"live","messages":[{"id":"W1","name":"Hi",)"
    R"("channel":"email"}]})");
  s.apply(batch);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_tag_is_made_renamed_and_deleted) {
  auto s = shop();
  const auto id = create(s, "tag", "Season");
  BOOST_TEST(s.get("/api/tags/" + id + "/tag-group").at("/data/attributes/default").as_bool());
  BOOST_TEST(
    s.ask("PATCH", "/api/tags/" + id,
          R"({"data":{"type":"tag","id":")" + id + R"(","attributes":{"name":"Holiday"}}})")
      .status
    == 204u);
  BOOST_TEST(s.get("/api/tags/" + id).text_at("/data/attributes/name") == "Holiday");
  BOOST_TEST(
    s.post("/api/tags", R"({"data":{"type":"tag","attributes":{"name":"Holiday"}}})").status
    == 409u);
  BOOST_TEST(s.get("/api/tags?filter=starts-with(name,\"Hol\")").size_at("/data") == 1u);
  BOOST_TEST(s.ask("DELETE", "/api/tags/" + id).status == 204u);
  BOOST_TEST(s.get("/api/tags/" + id).status == 404u);
}

BOOST_AUTO_TEST_CASE(campaigns_flows_lists_and_segments_bear_tags) {
  auto s = shop();
  describe_spring(s);
  const auto tag = create(s, "tag", "Season");
  const auto list = create(s, "list", "VIP");
  s.create_segment("Known", R"({"type":"profile-property","property":"email","filter":)"
                            R"({"type":"existence","operator":"is-set"}})");
  const auto segment = s.get("/api/segments").text_at("/data/0/id");
  const std::pair<std::string, std::string> bearers[] = {
    {"campaign", "C1"}, {"flow", "F1"}, {"list", list}, {"segment", segment}};
  for (const auto& [type, id] : bearers) {
    const auto path = "/api/tags/" + tag + "/relationships/" + type + 's';
    BOOST_TEST(s.post(path, bearer(type, id)).status == 204u, type);
    BOOST_TEST(s.post(path, bearer(type, id)).status == 204u, type); // Again changes nothing.
    BOOST_TEST(s.get(path).text_at("/data/0/id") == id);
    BOOST_TEST(s.get(path).size_at("/data") == 1u);
    const auto borne = s.get("/api/" + type + "s/" + id + "/tags");
    BOOST_TEST(borne.text_at("/data/0/attributes/name") == "Season");
    const auto shown = s.get("/api/" + type + "s/" + id + "?include=tags");
    BOOST_TEST(shown.text_at("/included/0/id") == tag);
  }
  BOOST_TEST(s.ask("DELETE", "/api/tags/" + tag).status == 204u);
  for (const auto& [type, id] : bearers)
    BOOST_TEST(s.get("/api/" + type + "s/" + id + "/relationships/tags").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(an_exclusive_group_lends_one_tag) {
  auto s = shop();
  const auto group = create(s, "tag-group", "Stage", R"(,"exclusive":true)");
  const auto early = create_in(s, "Early", group);
  const auto late = create_in(s, "Late", group);
  const auto list = create(s, "list", "VIP");
  BOOST_TEST(s.post("/api/tags/" + early + "/relationships/lists", bearer("list", list)).status
             == 204u);
  BOOST_TEST(s.post("/api/tags/" + late + "/relationships/lists", bearer("list", list)).status
             == 400u);
  BOOST_TEST(s.get("/api/tag-groups/" + group + "/tags").size_at("/data") == 2u);
  BOOST_TEST(s.ask("DELETE", "/api/tag-groups/" + group).status == 204u);
  BOOST_TEST(s.get("/api/tags/" + early).status == 404u);
}

BOOST_AUTO_TEST_CASE(the_default_group_stays) {
  auto s = shop();
  const auto groups = s.get("/api/tag-groups?filter=equals(default,true)");
  BOOST_TEST(groups.size_at("/data") == 1u);
  BOOST_TEST(s.ask("DELETE", "/api/tag-groups/" + groups.text_at("/data/0/id")).status == 400u);
}

BOOST_AUTO_TEST_CASE(something_unknown_bears_nothing) {
  auto s = shop();
  const auto tag = create(s, "tag", "Season");
  BOOST_TEST(s.post("/api/tags/" + tag + "/relationships/lists", bearer("list", "zzzzzz")).status
             == 404u);
  BOOST_TEST(s.post("/api/tags/" + tag + "/relationships/lists", bearer("segment", "zzzzzz")).status
             == 400u);
}

BOOST_AUTO_TEST_CASE(campaigns_are_listed_by_channel) {
  auto s = shop();
  describe_spring(s);
  BOOST_TEST(s.get("/api/campaigns").status == 400u);
  BOOST_TEST(s.get("/api/campaigns?filter=equals(messages.channel,'sms')").size_at("/data") == 0u);
  const auto found = s.get(
    "/api/campaigns?filter=equals(messages.channel,'email')&include=campaign-messages");
  BOOST_TEST(found.text_at("/data/0/attributes/send_time") == "2026-03-01T09:00:00+00:00");
  BOOST_TEST(found.text_at("/data/0/attributes/send_strategy/method") == "unsupported");
  BOOST_TEST(found.text_at("/included/0/id") == "M1");
  BOOST_TEST(s.get("/api/campaign-messages/M1?include=campaign").text_at("/included/0/id") == "C1");
  BOOST_TEST(s.get("/api/campaigns/C1/relationships/campaign-messages").text_at("/data/0/id")
             == "M1");
  BOOST_TEST(s.get("/api/flows/C1").status == 404u);
  BOOST_TEST(s.get("/api/flows?filter=equals(status,'live')").text_at("/data/0/attributes/name")
             == "Welcome");
}

BOOST_AUTO_TEST_CASE(the_messages_of_a_flow_are_found_through_the_actions_that_send_them) {
  auto s = shop();
  describe_spring(s);
  const auto actions = s.get("/api/flows/F1/flow-actions?filter=equals(action_type,'send-email')");
  BOOST_REQUIRE(actions.size_at("/data") == 1u);
  const auto id = actions.text_at("/data/0/id");
  BOOST_TEST(actions.text_at("/data/0/relationships/flow/data/id") == "F1");
  BOOST_TEST(!actions.at("/data/0/attributes").as_object().contains("action_type"));
  BOOST_TEST(s.get("/api/flows/F1/flow-actions?filter=equals(status,'draft')").size_at("/data")
             == 0u);
  const auto one = s.get("/api/flow-actions/" + id + "?include=flow,flow-messages");
  BOOST_TEST(one.size_at("/included") == 2u);
  const auto sent = s.get("/api/flow-actions/" + id + "/flow-messages?sort=-name");
  const auto message = sent.text_at("/data/0/id");
  BOOST_TEST(
    s.get("/api/flow-messages/" + message + "?include=flow-action").text_at("/included/0/id")
    == id);
  const auto ids = s.get("/api/flow-actions/" + id + "/relationships/flow-messages");
  BOOST_TEST(ids.at("/data/0").as_object().size() == 2u);
  BOOST_TEST(s.get("/api/flows/F1/relationships/flow-actions").text_at("/data/0/id") == id);
  const auto flow = s.get("/api/flows/F1?include=flow-actions&additional-fields[flow]=definition");
  BOOST_TEST(flow.text_at("/included/0/id") == id);
  BOOST_TEST(flow.text_at("/data/relationships/flow-actions/data/0/id") == id);
  BOOST_TEST(flow.at("/data/attributes/definition").is_null());
  BOOST_TEST(s.get("/api/flow-actions/nothing").status == 404u);
}

BOOST_AUTO_TEST_SUITE_END()
