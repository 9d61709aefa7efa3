// Whatever address an answer offers, there is something.
#include "gateway/all_routes.hpp"
#include "tests/gateway/resources.hpp"
#include "tests/library/engine_fixture.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <deque>
#include <set>
#include <string>

BOOST_AUTO_TEST_SUITE(document_links_test)

namespace {

using namespace gateway_test;
namespace json = boost::json;

/// An account with one of everything.
struct shop : resources {
  shop() : resources{gateway::add_all_routes} {
    batch_maker batch;
    batch.event({"u1"}, "Placed Order", "2025-12-20")
      .describe(model::object_kind::campaign, "C1",
                R"({"id":"C1","name":"Sale","channel":"email","messages":[{"id":"M1"}]})")
      .describe(model::object_kind::flow, "F1",
                R"({"id":"F1","name":"Welcome","messages":[{"id":"M2","channel":"email"}]})");
    apply(batch);
    create_segment("Buyers", bought_lately);
    const auto made = [&](const char* path, const char* body) {
      const auto a = post(path, body);
      BOOST_TEST(a.status / 100 == 2U, path << ": " << a.text);
      return a;
    };
    made("/api/lists", R"({"data":{"type":"list","attributes":{"name":"VIP"}}})");
    made("/api/tags", R"({"data":{"type":"tag","attributes":{"name":"sale"}}})");
    made(
      "/api/webhooks",
      R"({"data":{"type":"webhook","attributes":{"name":"Mine","endpoint_url":)"
      R"("https://hooks.example.com/in","secret_key":"0123456789abcdef"},"relationships":)"
      R"({"webhook-topics":{"data":[{"type":"webhook-topic","id":"rollcall.segment.joined"}]}}}})");
    made("/api/profile-bulk-import-jobs",
         R"({"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[)"
         R"({"type":"profile","attributes":{"email":"a@b.c"}},)"
         R"({"type":"profile","attributes":{"colour":"red"}}]}}}})");
    made(
      "/api/profile-suppression-bulk-create-jobs",
      R"({"data":{"type":"profile-suppression-bulk-create-job","attributes":{"profiles":{"data":)"
      R"([{"type":"profile","attributes":{"email":"a@b.c"}}]}}}})");
  }
};

/// Every link of a document, and of what is in it.
void add_links(const json::value& from, std::deque<std::string>& to) {
  if (const auto* array = from.if_array()) {
    for (const auto& each : *array)
      add_links(each, to);
    return;
  }
  const auto* object = from.if_object();
  if (object == nullptr)
    return;
  for (const auto& [name, value] : *object) {
    const auto* links = name == "links" ? value.if_object() : nullptr;
    if (links == nullptr) {
      add_links(value, to);
      continue;
    }
    for (const auto& [kind, link] : *links)
      if (link.is_string())
        to.emplace_back(link.get_string());
  }
}

} // namespace

BOOST_FIXTURE_TEST_CASE(whatever_an_answer_links_to_is_there, shop) {
  std::deque<std::string> next;
  for (const auto* collection :
       {"profiles", "events", "lists", "segments", "tags", "tag-groups", "metrics",
        "campaigns?filter=equals(messages.channel,'email')", "flows", "webhooks", "webhook-topics",
        "profile-bulk-import-jobs", "profile-suppression-bulk-create-jobs"})
    next.push_back(std::string{"http://127.0.0.1:8080/api/"} + collection);
  std::set<std::string> seen;
  while (!next.empty() && seen.size() < 1'000) {
    const auto link = next.front();
    next.pop_front();
    if (!seen.insert(link).second)
      continue;
    const auto a = follow(json::string{link});
    BOOST_TEST(a.status == 200U, link << " gives " << a.status << ": " << a.text);
    add_links(a.body, next);
  }
  BOOST_TEST(seen.size() > 50U);
}

BOOST_AUTO_TEST_SUITE_END()
