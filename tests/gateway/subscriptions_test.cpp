#include "gateway/identity.hpp"
#include "gateway/lists.hpp"
#include "gateway/profiles.hpp"
#include "gateway/subscriptions.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(subscriptions_test)

namespace {

using namespace gateway_test;

constexpr std::string_view create_path = "/api/profile-subscription-bulk-create-jobs";
constexpr std::string_view delete_path = "/api/profile-subscription-bulk-delete-jobs";

resources shop() {
  return resources{gateway::add_subscription_routes, gateway::add_list_routes,
                   gateway::add_profile_routes};
}

std::string quoted(std::string_view text) {
  return '"' + std::string{text} + '"';
}

/// A job of some items, which are joined by commas.
std::string job(std::string_view path, std::string_view items, std::string_view more = {},
                std::string_view list = {}) {
  auto body = R"({"data":{"type":"profile-subscription-bulk-)"
            + std::string{path == create_path ? "create" : "delete"}
            + R"(-job","attributes":{"profiles":{"data":[)" + std::string{items} + "]}"
            + std::string{more} + "}";
  if (!list.empty())
    body += R"(,"relationships":{"list":{"data":{"type":"list","id":)" + quoted(list) + "}}}";
  return body + "}}";
}

std::string person(std::string_view attributes, std::string_view id = {}) {
  return R"({"type":"profile",)" + (id.empty() ? std::string{} : R"("id":)" + quoted(id) + ",")
       + R"("attributes":{)" + std::string{attributes} + "}}";
}

constexpr std::string_view ann_by_email =
  R"("email":"ann@x.co","subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED"}}})";
constexpr std::string_view ann_is_off =
  R"("email":"ann@x.co","subscriptions":{"email":{"marketing":{"consent":"UNSUBSCRIBED"}}})";

std::string create_list(resources& s, std::string_view more = {}) {
  const auto made = s.post("/api/lists", R"({"data":{"type":"list","attributes":{"name":"News")"
                                           + std::string{more} + "}}}");
  BOOST_REQUIRE_EQUAL(made.status, 201);
  return made.text_at("/data/id");
}

std::string id_of(resources& s, std::string_view identifier) {
  const auto place = s.engine().find_profile(identifier);
  resources::need(place);
  return gateway::profile_id(*place);
}

answered shown(resources& s, std::string_view identifier) {
  return s.get("/api/profiles/" + id_of(s, identifier)
               + "?additional-fields[profile]=subscriptions");
}

constexpr std::string_view consents = "/data/attributes/subscriptions/";

std::string consent(resources& s, std::string_view identifier, std::string_view what) {
  return shown(s, identifier).text_at(std::string{consents} + std::string{what});
}

} // namespace

BOOST_AUTO_TEST_CASE(somebody_unknown_subscribes_and_joins_the_list) {
  auto s = shop();
  const auto list = create_list(s);
  const auto given = s.post(
    create_path, job(create_path, person(ann_by_email), R"(,"custom_source":"Booth 7")", list));
  BOOST_TEST(given.status == 202u);
  BOOST_TEST(given.text == "");
  const auto ann = shown(s, "ann@x.co");
  const auto at = [&](std::string_view what) {
    return ann.text_at(std::string{consents} + "email/marketing/" + std::string{what});
  };
  BOOST_TEST(at("consent") == "SUBSCRIBED");
  BOOST_TEST(at("consent_timestamp") == "2026-01-01T00:00:00+00:00");
  BOOST_TEST(at("method") == "API");
  BOOST_TEST(at("custom_method_detail") == "Booth 7");
  BOOST_TEST(at("double_optin") == "false");
  BOOST_TEST(s.get("/api/lists/" + list + "/profiles").size_at("/data") == 1u);
}

BOOST_AUTO_TEST_CASE(every_channel_is_kept_under_its_own_name) {
  auto s = shop();
  const auto given = s.post(
    create_path,
    job(
      create_path,
      person(
        R"("email":"ann@x.co","phone_number":"+15005550006","age_gated_date_of_birth":null,)"
        R"("subscriptions":{"email":{"open_tracking":{"consent":"SUBSCRIBED"}},)"
        R"("sms":{"marketing":{"consent":"SUBSCRIBED"},"transactional":{"consent":"SUBSCRIBED"}},)"
        R"("whatsapp":{"transactional":{"consent":"SUBSCRIBED"}},)"
        R"("push":{"marketing":{"consent":"SUBSCRIBED"},"tokens":[{"token":"t",)"
        R"("platform":"ios","vendor":"apns"}]}})")));
  BOOST_TEST(given.status == 202u);
  BOOST_TEST(consent(s, "ann@x.co", "email/open_tracking/consent") == "SUBSCRIBED");
  BOOST_TEST(consent(s, "ann@x.co", "email/marketing/consent") == "NEVER_SUBSCRIBED");
  BOOST_TEST(consent(s, "ann@x.co", "sms/marketing/consent") == "SUBSCRIBED");
  BOOST_TEST(consent(s, "ann@x.co", "sms/transactional/consent") == "SUBSCRIBED");
  BOOST_TEST(consent(s, "ann@x.co", "whatsapp/marketing/consent") == "NEVER_SUBSCRIBED");
  BOOST_TEST(consent(s, "ann@x.co", "whatsapp/transactional/consent") == "SUBSCRIBED");
  BOOST_TEST(consent(s, "ann@x.co", "mobile_push/marketing/consent") == "SUBSCRIBED");
}

BOOST_AUTO_TEST_CASE(who_agrees_again_is_suppressed_for_bounces_only) {
  auto s = shop();
  batch_maker batch;
  batch.profile({.email = "ann@x.co"});
  for (const auto* text : {"HARD_BOUNCE|2025-01-01", "UNSUBSCRIBE|2025-02-01",
                           "SPAM_COMPLAINT|2025-03-01", "USER_SUPPRESSED|2025-04-01"})
    batch.append("subscriptions['email']['suppression']", text);
  s.apply(batch);
  BOOST_TEST(s.post(create_path, job(create_path, person(ann_by_email))).status == 202u);
  const auto ann = shown(s, "ann@x.co");
  const auto left = std::string{consents} + "email/marketing/suppression";
  BOOST_TEST(ann.size_at(left) == 1u);
  BOOST_TEST(ann.text_at(left + "/0/reason") == "HARD_BOUNCE");
}

BOOST_AUTO_TEST_CASE(a_text_message_does_not_lift_the_suppression_of_mail) {
  auto s = shop();
  batch_maker batch;
  batch.profile({.email = "ann@x.co"});
  batch.append("subscriptions['email']['suppression']", "USER_SUPPRESSED|2025-04-01");
  s.apply(batch);
  const auto given = s.post(
    create_path,
    job(create_path, person(R"("email":"ann@x.co","phone_number":"+15005550006",)"
                            R"("subscriptions":{"sms":{"marketing":{"consent":"SUBSCRIBED"}}})")));
  BOOST_TEST(given.status == 202u);
  BOOST_TEST(shown(s, "ann@x.co").size_at(std::string{consents} + "email/marketing/suppression")
             == 1u);
}

BOOST_AUTO_TEST_CASE(consent_of_the_past_needs_its_date) {
  auto s = shop();
  const auto historical = R"(,"historical_import":true)";
  const auto with_date = [](std::string_view date) {
    return person(R"("email":"ann@x.co","subscriptions":{"email":{"marketing":{)"
                  R"("consent":"SUBSCRIBED","consented_at":)"
                  + quoted(date) + "}}}");
  };
  const std::string pointer = "/data/attributes/profiles/data/0/attributes/subscriptions/email/"
                              "marketing/consented_at: 'consented_at' ";
  BOOST_TEST(s.post(create_path, job(create_path, person(ann_by_email), historical)).error()
             == pointer + "is required");
  BOOST_TEST(s.post(create_path, job(create_path, with_date("2026-01-01"), historical)).error()
             == pointer + "must be in the past");
  BOOST_TEST(s.post(create_path, job(create_path, with_date("2025-01-01"))).error()
             == pointer + "is for imports of the past only; set 'historical_import' to true");
  BOOST_TEST(!s.engine().find_profile("ann@x.co"));
  BOOST_TEST(
    s.post(create_path, job(create_path, with_date("2025-06-07T08:09:10Z"), historical)).status
    == 202u);
  BOOST_TEST(consent(s, "ann@x.co", "email/marketing/consent_timestamp")
             == "2025-06-07T08:09:10+00:00");
}

BOOST_AUTO_TEST_CASE(an_id_names_the_profile_and_addresses_come_along) {
  auto s = shop();
  batch_maker batch;
  batch.profile({.external_id = "ann"});
  s.apply(batch);
  const auto id = id_of(s, "ann");
  BOOST_TEST(s.post(create_path, job(create_path, person(ann_by_email, id))).status == 202u);
  BOOST_TEST(id_of(s, "ann@x.co") == id);
  BOOST_TEST(consent(s, "ann", "email/marketing/consent") == "SUBSCRIBED");
  const auto nobody = s.post(create_path,
                             job(create_path, person(ann_by_email, gateway::profile_id({0, 99}))));
  BOOST_TEST(nobody.status == 404u);
  BOOST_TEST(nobody.text_at("/errors/0/source/pointer") == "/data/attributes/profiles/data/0/id");
}

BOOST_AUTO_TEST_CASE(identifiers_of_two_people_are_told_and_the_others_are_taken) {
  auto s = shop();
  batch_maker batch;
  batch.profile({.email = "ann@x.co"}).profile({.phone_number = "+15005550006"});
  s.apply(batch);
  const auto given = s.post(
    create_path,
    job(create_path,
        person(R"("email":"ann@x.co","phone_number":"+15005550006",)"
               R"("subscriptions":{"sms":{"marketing":{"consent":"SUBSCRIBED"}}})")
          + ","
          + person(R"("email":"bob@x.co",)"
                   R"("subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED"}}})")));
  BOOST_TEST(given.status == 409u);
  BOOST_TEST(given.size_at("/errors") == 1u);
  BOOST_TEST(given.text_at("/errors/0/source/pointer") == "/data/attributes/profiles/data/0");
  BOOST_TEST(consent(s, "bob@x.co", "email/marketing/consent") == "SUBSCRIBED");
}

BOOST_AUTO_TEST_CASE(who_is_in_the_list_leaves_it_and_everybody_else_is_unsubscribed) {
  auto s = shop();
  const auto list = create_list(s);
  BOOST_TEST(s.post(create_path, job(create_path, person(ann_by_email), {}, list)).status == 202u);
  const auto off = job(delete_path, person(ann_is_off), {}, list);
  BOOST_TEST(s.post(delete_path, off).status == 202u);
  BOOST_TEST(s.get("/api/lists/" + list + "/profiles").size_at("/data") == 0u);
  BOOST_TEST(consent(s, "ann@x.co", "email/marketing/consent") == "SUBSCRIBED");
  s.advance("2026-01-02");
  BOOST_TEST(s.post(delete_path, off).status == 202u);
  BOOST_TEST(consent(s, "ann@x.co", "email/marketing/consent") == "UNSUBSCRIBED");
  BOOST_TEST(consent(s, "ann@x.co", "email/marketing/consent_timestamp")
             == "2026-01-02T00:00:00+00:00");
}

BOOST_AUTO_TEST_CASE(who_is_unsubscribed_without_a_list_is_so_everywhere) {
  auto s = shop();
  const auto given = s.post(
    delete_path,
    job(delete_path,
        person(R"("phone_number":"+15005550006","subscriptions":{"whatsapp":{"conversational":{)"
               R"("consent":"UNSUBSCRIBED"}},"sms":{"marketing":{"consent":"UNSUBSCRIBED"}}})")));
  BOOST_TEST(given.status == 202u);
  BOOST_TEST(consent(s, "+15005550006", "sms/marketing/consent") == "UNSUBSCRIBED");
  BOOST_TEST(consent(s, "+15005550006", "whatsapp/conversational/consent") == "UNSUBSCRIBED");
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_told_with_its_place) {
  auto s = shop();
  const auto refused = [&](std::string_view path, std::string_view attributes) {
    return s.post(path, job(path, person(attributes))).error();
  };
  const std::string item = "/data/attributes/profiles/data/0/attributes";
  BOOST_TEST(
    refused(create_path, R"("subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED"}}})")
    == item + ": 'email' or 'phone_number' is needed, or the profile's id");
  BOOST_TEST(refused(create_path, R"("email":"a@b.c","subscriptions":{})")
             == item
                  + "/subscriptions: 'subscriptions' names nothing to agree to, such as "
                    "'email.marketing'");
  BOOST_TEST(refused(create_path, R"("email":"a@b.c","subscriptions":{"sms":{"marketing":)"
                                  R"({"consent":"SUBSCRIBED"}}})")
             == item + "/subscriptions/sms/marketing: 'sms.marketing' needs 'phone_number'");
  BOOST_TEST(refused(create_path, ann_is_off)
             == item + "/subscriptions/email/marketing/consent: 'consent' must be 'SUBSCRIBED'");
  BOOST_TEST(refused(create_path, R"("email":"a@b.c","subscriptions":{"fax":{}})")
             == item
                  + "/subscriptions/fax: 'fax' is not a valid field for the resource 'profile'.");
  BOOST_TEST(s.post(create_path, job(create_path, person(ann_by_email), {}, "zzzzzz")).status
             == 404u);
  BOOST_TEST(s.post(create_path, job(create_path, "")).error()
             == "/data/attributes/profiles/data: 'data' is a list of 0 profiles; 1 to 1000 are "
                "allowed");
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += (i == 0 ? "" : ",") + person(ann_is_off);
  BOOST_TEST(s.post(delete_path, job(delete_path, many)).error()
             == "/data/attributes/profiles/data: 'data' is a list of 101 profiles; 1 to 100 are "
                "allowed");
}

BOOST_AUTO_TEST_SUITE_END()
