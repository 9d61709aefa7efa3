#include "gateway/client.hpp"
#include "gateway/identity.hpp"
#include "gateway/notes.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

BOOST_AUTO_TEST_SUITE(client_test)

namespace {

using gateway_test::answered;
using gateway_test::body_of;
using gateway_test::event_body;
using gateway_test::metric_named;
using gateway_test::profile_with;
using gateway_test::tells;

struct browser : gateway_test::resources {
  browser() : resources{{gateway::add_client_routes}} {
  }

  answered send(std::string_view path, std::string body) {
    return post(fmt::format("/client/{}?company_id=AbC123", path), std::move(body));
  }
  answered identify(std::string_view attributes) {
    return send("profiles", body_of("profile", attributes));
  }
  answered subscribe(std::string_view profile, std::string_view more = {}) {
    return send("subscriptions",
                fmt::format(R"({{"data":{{"type":"subscription","attributes":{{{}{}}}}}}})",
                            profile_with(profile), more));
  }
  boost::json::value profile(std::string_view identifier) {
    auto shown = engine().profile(identifier);
    need(shown);
    return gateway::own_json(*shown);
  }
  bool knows(std::string_view identifier) {
    return engine().find_profile(identifier).has_value();
  }
  std::string at(std::string_view identifier, std::string_view pointer) {
    const auto who = profile(identifier);
    boost::system::error_code failed;
    const auto* found = who.find_pointer(pointer, failed);
    return found == nullptr ? "nothing" : gateway::json_text(*found);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_browser_sends_events_and_profiles, browser) {
  const auto event = send("events", event_body("Viewed Product", R"("a":1)"));
  BOOST_TEST(event.status == 202U, event.text);
  BOOST_TEST(event.text.empty());
  BOOST_TEST(at("ada@x.io", "/events/Viewed Product/count") == "1");
  BOOST_TEST(identify(R"("email":"ada@x.io","first_name":"Ada","anonymous_id":"x")").status
             == 202U);
  BOOST_TEST(at("ada@x.io", "/first_name") == "\"Ada\"");
  const auto patched = send("profiles",
                            R"({"data":{"type":"profile","attributes":{"email":"ada@x.io"},)"
                            R"("meta":{"patch_properties":{"append":{"tags":["a"]}}}}})");
  BOOST_TEST(patched.status == 202U, patched.text);
  BOOST_TEST(at("ada@x.io", "/properties/tags") == R"(["a"])");
}

BOOST_FIXTURE_TEST_CASE(a_browser_sends_many_events_of_one_person, browser) {
  const auto one = [](std::string_view id) {
    return fmt::format(
      R"({{"type":"event","attributes":{{{},"properties":{{}},"unique_id":"{}"}}}})",
      metric_named("M"), id);
  };
  const auto all = [&](const std::string& events) {
    return body_of("event-bulk-create", profile_with(R"("email":"ada@x.io")")
                                          + R"(,"backfill":true,"events":{"data":[)" + events
                                          + "]}");
  };
  BOOST_TEST(send("event-bulk-create", all(one("1") + "," + one("2"))).status == 202U);
  BOOST_TEST(at("ada@x.io", "/events/M/count") == "2");
  const auto twice = send("event-bulk-create", all(one("3") + "," + one("3")));
  BOOST_TEST(twice.status == 400U);
  BOOST_TEST(tells(twice.error(), "/data/attributes/events/data/1/attributes/unique_id: "));
  BOOST_TEST(tells(send("event-bulk-create", "{}").error(), "/data: an object is needed"));
  BOOST_TEST(at("ada@x.io", "/events/M/count") == "2");
}

BOOST_FIXTURE_TEST_CASE(identifiers_of_somebody_known_stay_as_they_are, browser) {
  identify(R"("external_id":"a","email":"ada@x.io")");
  BOOST_TEST(identify(R"("external_id":"a","email":"eve@x.io","title":"Dr")").status == 202U);
  BOOST_TEST(at("a", "/email") == "\"ada@x.io\"");
  BOOST_TEST(at("a", "/title") == "\"Dr\"");
  BOOST_TEST(!knows("eve@x.io"));
  // What he has none of is taken, unless it is somebody else's.
  BOOST_TEST(identify(R"("external_id":"a","phone_number":"+15005550006")").status == 202U);
  BOOST_TEST(at("a", "/phone_number") == "\"+15005550006\"");
  identify(R"("external_id":"b")");
  BOOST_TEST(identify(R"("external_id":"b","email":"ada@x.io","title":"Sir")").status == 202U);
  BOOST_TEST(at("b", "/email") == "nothing");
  BOOST_TEST(at("b", "/title") == "\"Sir\"");
  // Events are no way around it.
  BOOST_TEST(
    send("events", body_of("event", metric_named("M") + R"(,"properties":{},)"
                                      + profile_with(R"("external_id":"a","email":"eve@x.io")")))
      .status
    == 202U);
  BOOST_TEST(at("a", "/email") == "\"ada@x.io\"");
  BOOST_TEST(at("a", "/events/M/count") == "1");
}

BOOST_FIXTURE_TEST_CASE(a_subscription_is_consent_on_the_channels_of_the_addresses, browser) {
  BOOST_TEST(subscribe(R"("email":"ada@x.io","phone_number":"+15005550006","first_name":"Ada")",
                       R"(,"custom_source":"Footer")")
               .status
             == 202U);
  BOOST_TEST(at("ada@x.io", "/first_name") == "\"Ada\"");
  BOOST_TEST(at("ada@x.io", "/subscriptions/email/marketing/consent") == "\"SUBSCRIBED\"");
  BOOST_TEST(at("ada@x.io", "/subscriptions/email/marketing/custom_method_detail") == "\"Footer\"");
  BOOST_TEST(tells(at("ada@x.io", "/subscriptions/sms/marketing/consent_timestamp"), "2026-01-01"));
  BOOST_TEST(at("ada@x.io", "/subscriptions/whatsapp") == "nothing");
}

BOOST_FIXTURE_TEST_CASE(named_channels_are_the_only_ones, browser) {
  const auto only_sms = subscribe(R"("email":"bob@x.io","phone_number":"+15005550007",)"
                                  R"("subscriptions":{"sms":{"marketing":{"consent":"SUBSCRIBED"},)"
                                  R"("transactional":{"consent":"SUBSCRIBED"}}})");
  BOOST_TEST(only_sms.status == 202U, only_sms.text);
  BOOST_TEST(at("bob@x.io", "/subscriptions/email") == "nothing");
  BOOST_TEST(at("bob@x.io", "/subscriptions/sms/marketing/consent") == "\"SUBSCRIBED\"");
}

BOOST_FIXTURE_TEST_CASE(what_kept_from_sending_is_lifted_but_not_a_bounce, browser) {
  batch_maker b;
  b.profile({.email = "ada@x.io"});
  b.with("subscriptions['email']['consent']", "UNSUBSCRIBED");
  b.append("subscriptions['email']['suppression']", "UNSUBSCRIBE|2025-01-01T00:00:00Z");
  b.append("subscriptions['email']['suppression']", "HARD_BOUNCE|2025-01-02T00:00:00Z");
  apply(b);
  BOOST_TEST(subscribe(R"("email":"ada@x.io")").status == 202U);
  BOOST_TEST(at("ada@x.io", "/subscriptions/email/marketing/consent") == "\"SUBSCRIBED\"");
  BOOST_TEST(at("ada@x.io", "/subscriptions/email/marketing/suppression")
             == R"([{"reason":"HARD_BOUNCE","timestamp":"2025-01-02T00:00:00Z"}])");
}

BOOST_FIXTURE_TEST_CASE(a_subscription_joins_its_list, browser) {
  const auto list = engine().add_list("News");
  need(list);
  const auto with = [&](std::string_view id) {
    return send(
      "subscriptions",
      fmt::format(R"({{"data":{{"type":"subscription","attributes":{{{}}},)"
                  R"("relationships":{{"list":{{"data":{{"type":"list","id":"{}"}}}}}}}}}})",
                  profile_with(R"("email":"ada@x.io")"), id));
  };
  BOOST_TEST(with(list->id).status == 202U);
  BOOST_TEST(tells(at("ada@x.io", "/lists"), "News"));
  BOOST_TEST(with("nobody").status == 404U);
}

BOOST_FIXTURE_TEST_CASE(mistakes_name_their_place, browser) {
  const std::string who = "/data/attributes/profile/data/attributes";
  const auto refused = [](const answered& a) {
    BOOST_TEST(a.status == 400U, a.text);
    return a.error();
  };
  BOOST_TEST(refused(subscribe(R"("external_id":"a")"))
             == who + ": an email or a phone_number is needed");
  BOOST_TEST(tells(refused(subscribe(R"("email":"a","subscriptions":{"fax":{}})")),
                   who + "/subscriptions/fax"));
  BOOST_TEST(tells(refused(subscribe(R"("email":"a","subscriptions":{"email":{"marketing":{)"
                                     R"("consent":"UNSUBSCRIBED"}}})")),
                   who + "/subscriptions/email/marketing/consent: 'consent' must be 'SUBSCRIBED'"));
  BOOST_TEST(tells(refused(subscribe(R"("email":"a","subscriptions":{"email":{"marketing":{)"
                                     R"("consent":"SUBSCRIBED","consented_at":"2025-01-01"}}})")),
                   who + "/subscriptions/email/marketing/consented_at: "));
  BOOST_TEST(tells(refused(subscribe(R"("email":"a","subscriptions":{"push":{"tokens":[]}})")),
                   who + "/subscriptions/push/tokens: "));
  BOOST_TEST(tells(refused(subscribe(R"("email":"a")", R"(,"x":1)")), "/data/attributes/x"));
  BOOST_TEST(tells(refused(identify(R"("title":"Dr")")), "/data/attributes: an identifier"));
  BOOST_TEST(tells(refused(identify(R"("email":"a","x":1)")), "/data/attributes/x: 'x' is not"));
  BOOST_TEST(
    tells(refused(identify(R"("email":"a","properties":3)")), "/data/attributes/properties: "));
  BOOST_TEST(
    tells(refused(post("/client/events?x=1", event_body("M", ""))), "'x' is no parameter"));
}

BOOST_AUTO_TEST_SUITE_END()
