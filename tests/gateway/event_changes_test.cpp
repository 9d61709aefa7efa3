#include "gateway/events.hpp"
#include "gateway/identity.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

BOOST_AUTO_TEST_SUITE(event_changes_test)

namespace {

using gateway_test::answered;
using gateway_test::body_of;
using gateway_test::event_body;
using gateway_test::metric_named;
using gateway_test::profile_with;
using gateway_test::tells;

/// Somebody who sends events.
struct sender : gateway_test::resources {
  sender() : resources{{gateway::add_event_routes}} {
  }

  answered send(const std::string& body) {
    return post("/api/events", body);
  }
  /// What the engine knows of a profile.
  boost::json::value profile(std::string_view identifier) {
    auto shown = engine().profile(identifier);
    need(shown);
    return gateway::own_json(*shown);
  }
  std::uint64_t events_of(std::string_view metric) {
    auto metrics = engine().metrics();
    need(metrics);
    for (const auto& m : *metrics)
      if (m.name == metric)
        return m.events;
    return 0;
  }
  double value_of(std::string_view metric) {
    auto metrics = engine().metrics();
    need(metrics);
    for (const auto& m : *metrics)
      if (m.name == metric)
        return m.value_sum;
    return 0;
  }
};

/// `count` members "k0": 0, "k1": 0, …
std::string many_properties(std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += fmt::format("{}\"k{}\":0", i == 0 ? "" : ",", i);
  return all;
}

/// `event-bulk-create`: the events of one profile.
std::string group(std::string_view identifier, std::string_view events) {
  return fmt::format(
    R"({{"type":"event-bulk-create","attributes":{{{},"events":{{"data":[{}]}}}}}})",
    profile_with(fmt::format(R"("external_id":"{}")", identifier)), events);
}

std::string event_in_group(std::string_view metric, std::string_view more = {}) {
  return fmt::format(R"({{"type":"event","attributes":{{{},"properties":{{}}{}}}}})",
                     metric_named(metric), more);
}

std::string job(std::string_view groups) {
  return body_of("event-bulk-create-job",
                 fmt::format(R"("events-bulk-create":{{"data":[{}]}})", groups));
}

} // namespace

BOOST_FIXTURE_TEST_CASE(an_event_of_somebody_unknown_makes_him, sender) {
  const auto made = send(event_body("Placed Order", R"("ProductName":"x")", R"(,"value":9.5)"));
  BOOST_TEST(made.status == 202U);
  BOOST_TEST(made.text.empty());
  BOOST_TEST(events_of("Placed Order") == 1U);
  BOOST_TEST(value_of("Placed Order") == 9.5);
  BOOST_TEST(profile("ada@x.io").at("email") == "ada@x.io");
}

BOOST_FIXTURE_TEST_CASE(the_request_that_the_sdk_sends_is_taken, sender) {
  const auto made = send(
    R"({"data":{"type":"event","attributes":{"properties":{"ProductName":"x","items":[{"sku_id":1}]},)"
    R"("time":"2024-01-01T00:00:00.000Z","value":9.99,"value_currency":"USD","unique_id":"u1",)"
    R"("backfill":true,"metric":{"data":{"type":"metric","attributes":{"name":"Placed Order",)"
    R"("service":"api"}}},"profile":{"data":{"type":"profile","attributes":{"email":"x@y.z",)"
    R"("first_name":"F","properties":{"fooBar":1}}}}}}})");
  BOOST_TEST(made.status == 202U);
  const auto who = profile("x@y.z");
  BOOST_TEST(who.at("first_name") == "F");
  BOOST_TEST(who.at("properties").at("fooBar") == 1);
}

BOOST_FIXTURE_TEST_CASE(patches_count_in_both_places, sender) {
  const std::string patch = R"("meta":{"patch_properties":{"append":{"tags":"a"}}})";
  BOOST_TEST(send(body_of("event", metric_named("M") + R"(,"properties":{},)"
                                     + profile_with(R"("email":"in@x.io",)" + patch)))
               .status
             == 202U);
  BOOST_TEST(
    send(
      body_of("event", metric_named("M")
                         + R"(,"properties":{},"profile":{"data":{"type":"profile","attributes":)"
                           R"({"email":"beside@x.io"},)"
                         + patch + "}}"))
      .status
    == 202U);
  for (const auto* who : {"in@x.io", "beside@x.io"})
    BOOST_TEST(gateway::json_text(profile(who).at("properties").at("tags")) == R"(["a"])");

  const auto twice = send(
    body_of("event", metric_named("M")
                       + R"(,"properties":{},"profile":{"data":{"type":"profile","attributes":{)"
                         R"("email":"in@x.io",)"
                       + patch + "}," + patch + "}}"));
  BOOST_TEST(twice.status == 400U);
  BOOST_TEST(tells(twice.error(), "/data/attributes/profile/data/meta: 'meta' is given twice"));
  const auto wrong = send(body_of(
    "event", metric_named("M") + R"(,"properties":{},)"
               + profile_with(R"("email":"in@x.io","meta":{"patch_properties":{"append":3}})")));
  BOOST_TEST(tells(wrong.error(),
                   "/data/attributes/profile/data/attributes/meta/patch_properties/append: "));
}

BOOST_FIXTURE_TEST_CASE(null_attributes_clear_but_null_identifiers_say_nothing, sender) {
  send(body_of("event", metric_named("M") + R"(,"properties":{},)"
                          + profile_with(R"("external_id":"e","email":"ada@x.io","title":"Dr")")));
  const auto made = send(body_of(
    "event", metric_named("M") + R"(,"properties":{},"time":null,"value":null,"unique_id":null,)"
               + profile_with(
                 R"("external_id":"e","email":null,"phone_number":"","title":null,"_kx":null)")));
  BOOST_TEST(made.status == 202U);
  const auto who = profile("e");
  BOOST_TEST(who.at("email") == "ada@x.io");
  BOOST_TEST(who.as_object().if_contains("title") == nullptr);
}

BOOST_FIXTURE_TEST_CASE(a_profile_is_named_by_its_id_too, sender) {
  send(event_body("M", ""));
  const auto place = engine().find_profile("ada@x.io");
  need(place);
  const auto id = gateway::profile_id(*place);
  const auto with_id = [&](std::string_view attributes) {
    return send(body_of(
      "event",
      fmt::format(
        R"({},"properties":{{}},"unique_id":"second","profile":{{"data":{{"type":"profile","id":"{}"{}}}}})",
        metric_named("M"), id, attributes)));
  };
  BOOST_TEST(with_id("").status == 202U);
  BOOST_TEST(events_of("M") == 2U);
  BOOST_TEST(with_id(R"(,"attributes":{"title":"Dr"})").status == 202U);
  BOOST_TEST(profile("ada@x.io").at("title") == "Dr");
  const auto other = with_id(R"(,"attributes":{"email":"eve@x.io"})");
  BOOST_TEST(other.status == 400U);
  BOOST_TEST(tells(other.error(), "name another profile than 'id' does"));
  const auto nobody = send(
    body_of("event", metric_named("M")
                       + R"(,"properties":{},"profile":{"data":{"type":"profile","id":"x"}})"));
  BOOST_TEST(nobody.error()
             == "/data/attributes/profile/data/id: a profile with id 'x' does not "
                "exist");
}

BOOST_FIXTURE_TEST_CASE(a_known_unique_id_changes_nothing, sender) {
  for (const auto* value : {"1", "2"})
    BOOST_TEST(
      send(event_body("M", "", fmt::format(R"(,"unique_id":"u","value":{})", value))).status
      == 202U);
  BOOST_TEST(events_of("M") == 1U);
  BOOST_TEST(value_of("M") == 1.0);
}

BOOST_FIXTURE_TEST_CASE(value_currency_and_unique_id_may_be_properties, sender) {
  BOOST_TEST(
    send(event_body("M", R"("$value":5,"$event_id":"u","$value_currency":"EUR","a":1)")).status
    == 202U);
  BOOST_TEST(send(event_body("M", R"("$event_id":"u")")).status == 202U);
  BOOST_TEST(events_of("M") == 1U);
  BOOST_TEST(value_of("M") == 5.0);
  BOOST_TEST(send(event_body("M", R"("$value":5)", R"(,"value":5.0,"unique_id":"v")")).status
             == 202U);
  const auto torn = send(event_body("M", R"("$value":5)", R"(,"value":6)"));
  BOOST_TEST(torn.error()
             == "/data/attributes/value: 'value' says something else than properties.$value");
}

BOOST_FIXTURE_TEST_CASE(mistakes_name_their_place, sender) {
  struct mistake {
    std::string body;
    std::string pointer;
    std::string detail;
  };
  const std::string who = profile_with(R"("email":"ada@x.io")");
  const std::string metric = metric_named("M");
  const auto event = [&](const std::string& attributes) { return body_of("event", attributes); };
  const std::string plain = metric + "," + who + R"(,"properties":{})";
  const mistake all[] = {
    {"{", "", "the text ends too early"},
    {"{}", "/data", "an object is needed"},
    {R"({"data":{"type":"event"}})", "/data/attributes", "is required"},
    {body_of("metric", plain), "/data/type", "must be 'event'"},
    {event(plain + R"(,"valeu":1)"), "/data/attributes/valeu", "not a valid field"},
    {event(who + R"(,"properties":{})"), "/data/attributes/metric", "is required"},
    {event(metric + R"(,"properties":{})"), "/data/attributes/profile", "is required"},
    {event(metric + "," + who), "/data/attributes/properties", "is required"},
    {event(metric + "," + who + R"(,"properties":[])"), "/data/attributes/properties",
     "must be an object"},
    {event(metric_named("") + "," + who + R"(,"properties":{})"),
     "/data/attributes/metric/data/attributes/name", "must not be empty"},
    {event(metric_named(std::string(128, 'm')) + "," + who + R"(,"properties":{})"),
     "/data/attributes/metric/data/attributes/name", "at most 127"},
    {event(R"("metric":{"data":{"type":"metric","attributes":{"name":"M","x":1}}},)" + who
           + R"(,"properties":{})"),
     "/data/attributes/metric/data/attributes/x", "not a valid field"},
    {event(metric + "," + profile_with(R"("title":"Dr")") + R"(,"properties":{})"),
     "/data/attributes/profile/data/attributes", "an identifier is needed"},
    {event(metric + "," + profile_with(R"("anonymous_id":"a")") + R"(,"properties":{})"),
     "/data/attributes/profile/data/attributes", "anonymous_id, which is not kept"},
    {event(metric + "," + profile_with(R"("_kx":"a")") + R"(,"properties":{})"),
     "/data/attributes/profile/data/attributes/_kx", "not supported"},
    {event(metric + "," + profile_with(R"("email":"a","frist_name":"A")") + R"(,"properties":{})"),
     "/data/attributes/profile/data/attributes/frist_name", "not a valid field"},
    {event(metric + "," + profile_with(R"("email":"a","location":{"latitude":"north"})")
           + R"(,"properties":{})"),
     "/data/attributes/profile/data/attributes/location/latitude", "north"},
    {event(plain + R"(,"time":"yesterday")"), "/data/attributes/time", "ISO 8601"},
    {event(plain + R"(,"time":"1989-12-31T23:59:59Z")"), "/data/attributes/time", "between 1990"},
    {event(plain + R"(,"time":"2027-02-01T00:00:00Z")"), "/data/attributes/time", "a year ahead"},
    {event(plain + R"(,"value":"12")"), "/data/attributes/value", "must be a number"},
    {event(plain + R"(,"value_currency":"EURO")"), "/data/attributes/value_currency", "at most 3"},
    {event(plain + R"(,"unique_id":")" + std::string(513, 'u') + '"'), "/data/attributes/unique_id",
     "at most 512"},
    {event(plain + R"(,"backfill":1)"), "/data/attributes/backfill", "true or false"},
    {event_body("M", R"("a":{"b":[1,{"c":")" + std::string(102'401, 'x') + R"("}]})"),
     "/data/attributes/properties/a/b/1/c", "102401"},
    {event_body("M", R"("deep":[[[[[[[[[[[1]]]]]]]]]]])"), "/data/attributes/properties/deep",
     "10"},
    {event_body("M", many_properties(401)), "/data/attributes/properties", "400"},
  };
  for (const auto& m : all) {
    const auto refused = send(m.body);
    BOOST_TEST_CONTEXT(m.body.substr(0, 300)) {
      BOOST_TEST(refused.status == 400U);
      const auto* pointer = refused.at("/errors/0/source").as_object().if_contains("pointer");
      const auto found = pointer == nullptr ? std::string{} : std::string{pointer->as_string()};
      BOOST_TEST(found.starts_with(m.pointer));
      if (!m.pointer.starts_with("/data/attributes/properties/deep"))
        BOOST_TEST(found == m.pointer);
      BOOST_TEST(tells(refused.text_at("/errors/0/detail"), m.detail), refused.text);
    }
  }
  BOOST_TEST(events_of("M") == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_is_just_allowed_is_taken, sender) {
  BOOST_TEST(send(event_body("M", many_properties(400))).status == 202U);
  BOOST_TEST(
    send(event_body(std::string(127, 'm'), R"("t":")" + std::string(102'400, 'x') + '"')).status
    == 202U);
  BOOST_TEST(send(event_body("M", "", R"(,"time":"1990-01-01T00:00:00Z")")).status == 202U);
  BOOST_TEST(send(event_body("M", "", R"(,"time":"2026-12-31T00:00:00Z")")).status == 202U);
}

BOOST_FIXTURE_TEST_CASE(a_body_beyond_five_megabytes_is_refused, sender) {
  std::string properties;
  for (std::size_t i = 0; i < 53; ++i)
    properties += fmt::format(R"({}"k{}":"{}")", i == 0 ? "" : ",", i, std::string(100'000, 'x'));
  const auto refused = send(event_body("M", properties));
  BOOST_TEST(refused.status == 413U);
  BOOST_TEST(tells(refused.error(), "at most 5242880"));
}

BOOST_FIXTURE_TEST_CASE(a_job_brings_events_of_many_people, sender) {
  const auto taken = post("/api/event-bulk-create-jobs",
                          job(group("a", event_in_group("M", R"(,"value":1,"unique_id":"1")") + ","
                                           + event_in_group("M", R"(,"value":2,"unique_id":"2")"))
                              + "," + group("b", event_in_group("N", R"(,"value":4)"))));
  BOOST_TEST(taken.status == 202U);
  BOOST_TEST(taken.text.empty());
  BOOST_TEST(events_of("M") == 2U);
  BOOST_TEST(value_of("M") == 3.0);
  BOOST_TEST(value_of("N") == 4.0);
  BOOST_TEST(profile("b").at("external_id") == "b");
}

BOOST_FIXTURE_TEST_CASE(the_job_that_the_sdk_sends_is_taken, sender) {
  BOOST_TEST(
    post("/api/event-bulk-create-jobs",
         R"({"data":{"type":"event-bulk-create-job","attributes":{"events-bulk-create":{"data":[)"
         R"({"type":"event-bulk-create","attributes":{"profile":{"data":{"type":"profile",)"
         R"("attributes":{"email":"x@y.z"}}},"events":{"data":[{"type":"event","attributes":)"
         R"({"properties":{"a":1},"time":"2024-01-01T00:00:00Z","value":1,"metric":{"data":)"
         R"({"type":"metric","attributes":{"name":"M"}}}}}]}}}]}}}})")
      .status
    == 202U);
  BOOST_TEST(events_of("M") == 1U);
}

BOOST_FIXTURE_TEST_CASE(one_bad_event_keeps_the_whole_job_out, sender) {
  const auto refused = post(
    "/api/event-bulk-create-jobs",
    job(group("a", event_in_group("M")) + ","
        + group("b", event_in_group("M") + "," + event_in_group("M", R"(,"value":true)"))));
  BOOST_TEST(refused.status == 400U);
  BOOST_TEST(tells(refused.error(), "/data/attributes/events-bulk-create/data/1/attributes/events/"
                                    "data/1/attributes/value: 'value' must be a number"));
  BOOST_TEST(events_of("M") == 0U);
  BOOST_TEST(!engine().find_profile("a").has_value());
}

BOOST_FIXTURE_TEST_CASE(a_unique_id_twice_keeps_the_whole_job_out, sender) {
  const std::string one = event_in_group("M", R"(,"unique_id":"u")");
  const auto same_group = post("/api/event-bulk-create-jobs", job(group("a", one + "," + one)));
  BOOST_TEST(same_group.status == 400U);
  BOOST_TEST(tells(same_group.error(), "events/data/1/attributes/unique_id: 'unique_id' 'u' comes "
                                       "twice for the same profile and metric"));
  const auto other_group = post("/api/event-bulk-create-jobs",
                                job(group("a", one) + "," + group("a", one)));
  BOOST_TEST(other_group.status == 400U);
  BOOST_TEST(events_of("M") == 0U);
  // Of another person or metric it is another event.
  BOOST_TEST(post("/api/event-bulk-create-jobs",
                  job(group("a", one + "," + event_in_group("N", R"(,"unique_id":"u")")) + ","
                      + group("b", one)))
               .status
             == 202U);
  BOOST_TEST(events_of("M") == 2U);
}

BOOST_FIXTURE_TEST_CASE(mistakes_in_jobs_name_their_place, sender) {
  const auto refused = [&](const std::string& body) {
    const auto a = post("/api/event-bulk-create-jobs", body);
    BOOST_TEST(a.status == 400U);
    return a.error();
  };
  const std::string groups = "/data/attributes/events-bulk-create/data";
  BOOST_TEST(tells(refused(body_of("event-bulk-create-job", "")), "events-bulk-create"));
  BOOST_TEST(refused(job("")) == groups + ": 'data' must not be empty");
  BOOST_TEST(tells(refused(job("3")), groups + "/0: an object with type 'event-bulk-create'"));
  BOOST_TEST(tells(refused(job(group("a", ""))),
                   groups + "/0/attributes/events/data: 'data' must not be empty"));
  BOOST_TEST(tells(refused(job(group("", event_in_group("M")))),
                   groups + "/0/attributes/profile/data/attributes: an identifier is needed"));
  BOOST_TEST(tells(refused(job(group("a", R"({"type":"event","attributes":{"properties":{}}})"))),
                   groups + "/0/attributes/events/data/0/attributes/metric: 'metric' is required"));
  BOOST_TEST(tells(refused(job(group("a", event_in_group("M", R"(,"profile":{})")))),
                   groups + "/0/attributes/events/data/0/attributes/profile"));
  std::string many = event_in_group("M");
  for (std::size_t i = 0; i < 1'000; ++i)
    many += "," + event_in_group("M");
  BOOST_TEST(tells(refused(job(group("a", many))), "more than 1000 events"));
  BOOST_TEST(events_of("M") == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_query_is_refused_where_there_is_none, sender) {
  const auto refused = post("/api/events?company_id=x", event_body("M", ""));
  BOOST_TEST(refused.status == 400U);
  BOOST_TEST(tells(refused.error(), "company_id"));
}

BOOST_AUTO_TEST_SUITE_END()
