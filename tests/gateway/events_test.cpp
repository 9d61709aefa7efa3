#include "gateway/events.hpp"
#include "gateway/identity.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

#include <algorithm>
#include <set>
#include <vector>

BOOST_AUTO_TEST_SUITE(events_test)

namespace {

using gateway_test::answered;
using gateway_test::tells;

/// Ada has bought three times, Bob once and looked once.
struct shop : gateway_test::resources {
  std::string ada, bob;       // Ids of profiles.
  std::string bought, looked; // Ids of metrics.

  shop() : resources{{gateway::add_event_routes}} {
    batch_maker b;
    b.event({"ada"}, "Placed Order", "2025-12-01T10:00:00Z", 10, "o1");
    b.set("size", "L");
    b.event({"ada"}, "Placed Order", "2025-12-02T10:00:00Z", 20);
    b.event({"ada"}, "Placed Order", "2025-12-03T10:00:00.750Z", 30);
    b.event({"bob"}, "Placed Order", "2025-12-02T11:00:00Z", 40);
    b.event({"bob"}, "Viewed Product", "2025-12-02T09:00:00Z");
    apply(b);
    ada = id_of("ada");
    bob = id_of("bob");
    auto metrics = engine().metrics();
    need(metrics);
    for (const auto& m : *metrics)
      (m.name == "Placed Order" ? bought : looked) = m.id;
  }

  std::string id_of(std::string_view identifier) {
    const auto place = engine().find_profile(identifier);
    need(place);
    return gateway::profile_id(*place);
  }
  /// The instants of the events that a query finds, in order.
  std::vector<std::string> found(const std::string& query) {
    const auto a = get("/api/events" + query);
    BOOST_TEST(a.status == 200U, a.text);
    std::vector<std::string> all;
    for (const auto& event : a.at("/data").as_array())
      all.emplace_back(event.at("attributes").at("datetime").as_string());
    return all;
  }
};

using texts = std::vector<std::string>;

constexpr const char* first = "2025-12-01T10:00:00+00:00";
constexpr const char* looked_at = "2025-12-02T09:00:00+00:00";
constexpr const char* second = "2025-12-02T10:00:00+00:00";
constexpr const char* of_bob = "2025-12-02T11:00:00+00:00";
constexpr const char* third = "2025-12-03T10:00:00+00:00";

} // namespace

BOOST_FIXTURE_TEST_CASE(events_come_in_the_order_of_time_with_everything_about_them, shop) {
  const auto a = get("/api/events");
  BOOST_TEST(a.status == 200U);
  BOOST_TEST(a.size_at("/data") == 5U);
  const auto& event = a.at("/data/0");
  BOOST_TEST(event.at("type") == "event");
  BOOST_TEST(gateway::json_text(event.at("attributes").at("timestamp")) == "1764583200");
  BOOST_TEST(event.at("attributes").at("datetime") == first);
  BOOST_TEST(gateway::is_uuid(std::string_view{event.at("attributes").at("uuid").as_string()}));
  BOOST_TEST(gateway::json_text(event.at("attributes").at("event_properties"))
             == R"({"size":"L","$event_id":"o1","$value":10})");
  BOOST_TEST(a.text_at("/data/0/relationships/profile/data/id") == ada);
  BOOST_TEST(a.text_at("/data/0/relationships/metric/data/id") == bought);
  const auto id = a.text_at("/data/0/id");
  BOOST_TEST(a.text_at("/data/0/relationships/profile/links/related")
             == "http://127.0.0.1:8080/api/events/" + id + "/profile");
  BOOST_TEST(a.text_at("/data/0/links/self") == "http://127.0.0.1:8080/api/events/" + id);
  BOOST_TEST(a.at("/links/next").is_null());
}

BOOST_FIXTURE_TEST_CASE(filters_narrow_and_sorting_turns, shop) {
  BOOST_TEST(found("") == (texts{first, looked_at, second, of_bob, third}),
             boost::test_tools::per_element());
  BOOST_TEST(found("?sort=-datetime") == (texts{third, of_bob, second, looked_at, first}),
             boost::test_tools::per_element());
  BOOST_TEST(found("?filter=equals(metric_id,\"" + looked + "\")") == (texts{looked_at}),
             boost::test_tools::per_element());
  BOOST_TEST(found("?filter=equals(metric_id,[\"" + looked + "\",\"" + bought + "\"])").size()
             == 5U);
  BOOST_TEST(found("?filter=equals(profile_id,\"" + ada + "\")") == (texts{first, second, third}),
             boost::test_tools::per_element());
  BOOST_TEST(
    found("?filter=equals(profile_id,\"" + bob + "\"),equals(metric_id,\"" + bought + "\")")
      == (texts{of_bob}),
    boost::test_tools::per_element());
  BOOST_TEST(found("?filter=has(profile),has(metric)").size() == 5U);
  BOOST_TEST(found("?filter=equals(metric_id,\"ZZZZZZ\")").empty());
  BOOST_TEST(found("?filter=equals(profile_id,\"nobody\")").empty());
  BOOST_TEST(
    found("?filter=equals(profile_id,\"" + ada + "\"),equals(profile_id,\"" + bob + "\")").empty());
  BOOST_TEST(
    found("?filter=equals(metric_id,\"" + looked + "\"),equals(metric_id,\"" + bought + "\")")
      .empty());
}

BOOST_FIXTURE_TEST_CASE(times_are_compared_as_they_are_shown, shop) {
  const auto with = [&](const std::string& filter) { return found("?filter=" + filter); };
  BOOST_TEST(with("greater-than(datetime,2025-12-02T11:00:00Z)") == (texts{third}),
             boost::test_tools::per_element());
  BOOST_TEST(with("greater-or-equal(datetime,2025-12-02T11:00:00Z)") == (texts{of_bob, third}),
             boost::test_tools::per_element());
  BOOST_TEST(with("less-than(datetime,2025-12-02T09:00:00Z)") == (texts{first}),
             boost::test_tools::per_element());
  BOOST_TEST(with("less-or-equal(datetime,2025-12-02T09:00:00Z)") == (texts{first, looked_at}),
             boost::test_tools::per_element());
  // The third order came 750 ms after the second that is shown.
  BOOST_TEST(with("greater-than(datetime,2025-12-03T10:00:00Z)").empty());
  BOOST_TEST(with("less-or-equal(datetime,2025-12-03T10:00:00Z)").size() == 5U);
  BOOST_TEST(with("greater-or-equal(timestamp,1764756000)") == (texts{third}),
             boost::test_tools::per_element());
  BOOST_TEST(with("less-than(timestamp,1764583200.5)") == (texts{first}),
             boost::test_tools::per_element());
  BOOST_TEST(with("greater-than(timestamp,1),less-than(timestamp,1e300)").size() == 5U);
  BOOST_TEST(
    with("greater-than(datetime,2025-12-03T00:00:00Z),less-than(datetime,2025-12-02T00:00:00Z)")
      .empty());
}

BOOST_FIXTURE_TEST_CASE(pages_lead_to_the_end_and_have_each_event_once, shop) {
  for (const auto* sort : {"datetime", "-timestamp"}) {
    std::vector<std::string> ids;
    auto page = get(std::string{"/api/events?page[size]=2&include=metric&sort="} + sort);
    for (;;) {
      BOOST_TEST(page.status == 200U);
      for (const auto& event : page.at("/data").as_array())
        ids.emplace_back(event.at("id").as_string());
      if (page.at("/links/next").is_null())
        break;
      BOOST_TEST(page.size_at("/data") == 2U);
      page = follow(page.at("/links/next"));
    }
    BOOST_TEST(ids.size() == 5U);
    BOOST_TEST(std::set<std::string>(ids.begin(), ids.end()).size() == 5U);
  }
  const auto first_page = get("/api/events?page[size]=2");
  auto next = std::string{first_page.text_at("/links/next")};
  BOOST_TEST(get(next + "&filter=equals(profile_id,\"" + ada + "\")").error()
             == "/data/: Invalid cursor provided.");
}

BOOST_FIXTURE_TEST_CASE(profiles_and_metrics_are_included_once, shop) {
  const auto a = get("/api/events?include=profile,metric,attributions&fields[profile]=external_id"
                     "&fields[event]=timestamp&fields[metric]=name");
  BOOST_TEST(a.size_at("/included") == 4U);
  std::set<std::string> included;
  for (const auto& r : a.at("/included").as_array())
    included.insert(gateway::json_text(r.at("attributes")));
  BOOST_TEST(
    included
    == (std::set<std::string>{R"({"external_id":"ada"})", R"({"external_id":"bob"})",
                              R"({"name":"Placed Order"})", R"({"name":"Viewed Product"})"}));
  BOOST_TEST(a.text_at("/data/0/attributes") == R"({"timestamp":1764583200})");
  BOOST_TEST(a.size_at("/data/0/relationships/attributions/data") == 0U);
}

BOOST_FIXTURE_TEST_CASE(one_event_and_what_belongs_to_it_is_found_by_its_id, shop) {
  const auto id = get("/api/events").text_at("/data/1/id");
  const auto event = get("/api/events/" + id + "?include=profile,metric");
  BOOST_TEST(event.status == 200U);
  BOOST_TEST(event.text_at("/data/id") == id);
  BOOST_TEST(event.text_at("/data/attributes/datetime") == looked_at);
  // Without an id of its own, the second in which it happened is its id.
  BOOST_TEST(event.text_at("/data/attributes/event_properties") == R"({"$event_id":"1764666000"})");
  BOOST_TEST(event.size_at("/included") == 2U);
  const auto metric = get("/api/events/" + id + "/metric");
  BOOST_TEST(metric.text_at("/data/id") == looked);
  BOOST_TEST(metric.text_at("/data/attributes/name") == "Viewed Product");
  BOOST_TEST(get("/api/events/" + id + "/relationships/metric").text_at("/data")
             == R"({"type":"metric","id":")" + looked + "\"}");
  const auto profile = get("/api/events/" + id
                           + "/profile?additional-fields[profile]=subscriptions");
  BOOST_TEST(profile.text_at("/data/id") == bob);
  BOOST_TEST(profile.text_at("/data/attributes/external_id") == "bob");
  BOOST_TEST(profile.at("/data/attributes/subscriptions").is_object());
  BOOST_TEST(get("/api/events/" + id + "/relationships/profile").text_at("/data/id") == bob);
}

BOOST_FIXTURE_TEST_CASE(what_is_not_there_is_not_found, shop) {
  for (const auto* rest :
       {"", "/metric", "/profile", "/relationships/metric", "/relationships/profile"}) {
    const auto a = get(std::string{"/api/events/nothing"} + rest);
    BOOST_TEST(a.status == 404U);
    BOOST_TEST(tells(a.error(), "'nothing' does not exist"));
  }
}

BOOST_FIXTURE_TEST_CASE(events_that_were_sent_are_read_as_they_were, shop) {
  BOOST_TEST(
    post("/api/events",
         gateway_test::event_body("Sent", R"("a":1.5,"list":["x","y"],"deep":{"b":[1,{"c":null}]})",
                                  R"(,"time":"2025-12-31T23:59:59.999+02:00","value":9.99,)"
                                  R"("value_currency":"USD","unique_id":"u1")"))
      .status
    == 202U);
  const auto a = get("/api/events?sort=-datetime&page[size]=1");
  BOOST_TEST(a.text_at("/data/0/attributes/datetime") == "2025-12-31T21:59:59+00:00");
  const auto& properties = a.at("/data/0/attributes/event_properties");
  BOOST_TEST(gateway::json_text(properties.at("a")) == "1.5");
  BOOST_TEST(gateway::json_text(properties.at("list")) == R"(["x","y"])");
  BOOST_TEST(gateway::json_text(properties.at("deep").at("b").at(1)) == R"({"c":null})");
  BOOST_TEST(properties.at("$value_currency") == "USD");
  BOOST_TEST(properties.at("$event_id") == "u1");
  BOOST_TEST(gateway::json_text(properties.at("$value")) == "9.99");
}

BOOST_FIXTURE_TEST_CASE(parameters_that_do_not_fit_are_refused_by_name, shop) {
  const auto refused = [&](const std::string& query) {
    const auto a = get("/api/events?" + query);
    BOOST_TEST(a.status == 400U);
    return a.error();
  };
  BOOST_TEST(tells(refused("filter=contains(metric_id,\"x\")"), "filter: "));
  BOOST_TEST(tells(refused("filter=equals(name,\"x\")"), "'name' cannot be filtered"));
  BOOST_TEST(tells(refused("filter=greater-than(datetime,\"2025-12-01\")"), "filter: "));
  BOOST_TEST(tells(refused("sort=value"), "sort: "));
  BOOST_TEST(tells(refused("include=flows"), "include: "));
  BOOST_TEST(tells(refused("page[size]=1001"), "page[size]: "));
  BOOST_TEST(tells(refused("fields[profile]=subscriptions"), "fields[profile]: "));
  BOOST_TEST(tells(refused("page[cursor]=zz"), "Invalid cursor provided."));
}

BOOST_AUTO_TEST_CASE(only_events_of_somebody_named_by_an_identifier_are_handled_at_once) {
  gateway::request asked;
  asked.method = "POST";
  asked.path = "/api/events";
  asked.body = R"({"data":{"type":"event","attributes":{"profile":{"data":{"type":"profile",)"
               R"("attributes":{"email":"a@b.co"}}}}}})";
  BOOST_TEST(gateway::sends_event_at_once(asked));
  asked.body = R"({"data":{"type":"event","attributes":{"profile":{"data":{"type":"profile",)"
               R"("id":"01"}}}}})"; // The engine is asked who that is.
  BOOST_TEST(!gateway::sends_event_at_once(asked));
  asked.body.clear();
  asked.path = "/api/event-bulk-create-jobs";
  BOOST_TEST(!gateway::sends_event_at_once(asked));
  asked.path = "/api/events";
  asked.method = "GET";
  BOOST_TEST(!gateway::sends_event_at_once(asked));
}

BOOST_AUTO_TEST_SUITE_END()
