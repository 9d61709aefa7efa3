#include "gateway/document.hpp"
#include "gateway/field_names.hpp"
#include "gateway/json_text.hpp"
#include "gateway/profile_shape.hpp"
#include "tests/gateway/refusals.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(profile_shape_test)

namespace {

using namespace gateway;
using namespace gateway_test;
using boost::test_tools::per_element;
namespace json = boost::json;

/// As engine::profile tells it.
constexpr std::string_view ann =
  R"({"external_id":"a1","email":"ann@x.co","first_name":"Ann","created":"2024-01-31T10:00:00.500Z",)"
  R"("location":{"city":"Boston","latitude":42.5},)"
  R"("predictive_analytics":{"churn_probability":0.25,"expected_date_of_next_order":"2026-03-01",)"
  R"("ranked_channel_affinity":["sms","email"],"predicted_gender":"likely_female"},)"
  R"("properties":{"vip":true,"sizes":["S",1],"deep":{"a":[{}]}},)"
  R"("subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED","consent_timestamp":"2020-01-02",)"
  R"("double_optin":true,"suppression":[{"reason":"HARD_BOUNCE","timestamp":"2020-01-03T00:00:00Z"}]}},)"
  R"("sms":{"transactional":{"consent":"SUBSCRIBED","method":"API"}},)"
  R"("whatsapp":{"marketing":{"consent":"UNSUBSCRIBED","phone_number":"+1","valid_until":"2027-01-01",)"
  R"("metadata":{"k":[1]}}}},)"
  R"("lists":[{"id":"L","joined_at":"2020-01-01T00:00:00Z"}],)"
  R"("events":{"Placed Order":{"count":2,"first":"2024-01-01T00:00:00Z","last":"2024-03-01T12:00:00Z"},)"
  R"("Opened Email":{"count":1,"first":"2024-02-01T00:00:00Z","last":"2024-02-01T00:00:00Z"}},)"
  R"("segments":[1,2]})";

/// Every path of an object, dotted, as fields[…] names them.
void add_paths(const json::object& from, const std::string& above, std::set<std::string>& paths) {
  for (const auto& [key, value] : from) {
    const auto path = above + std::string{key};
    paths.insert(path);
    if (value.is_object() && path != "properties" && !path.ends_with("metadata"))
      add_paths(value.get_object(), path + '.', paths);
  }
}

struct made {
  profile_line line;
  std::vector<std::string> faults; // `pointer | detail`.
};

made line_of(std::string_view attributes, const profile_identifiers& known = {},
             std::string_view meta = {}) {
  const auto given = own_json(attributes);
  const auto more = own_json(meta.empty() ? "{}" : meta);
  mistakes found;
  made m;
  m.line = make_profile_line(given.as_object(), meta.empty() ? nullptr : &more.as_object(), known,
                             found);
  for (const auto& e : found.all())
    m.faults.push_back(e.pointer + " | " + e.detail);
  return m;
}

/// What the reader says to the line: `pointer | detail`, or nothing.
std::string refused_by_reader(std::string_view attributes, std::string_view meta = {}) {
  const auto m = line_of(attributes, {}, meta);
  BOOST_TEST(m.faults.empty());
  messages::ndjson_reader reader;
  model::change_batch batch;
  const auto errors = refused([&] {
    read_profile_line(reader, m.line, batch);
    return 0;
  });
  BOOST_TEST(errors.empty() == !batch.records.empty());
  return errors.empty() ? "" : errors[0].pointer + " | " + errors[0].detail;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_profile_has_every_attribute_in_the_outgoing_form) {
  BOOST_TEST(
    json_text(profile_attributes(ann))
    == R"({"email":"ann@x.co","phone_number":null,"external_id":"a1","first_name":"Ann",)"
       R"("last_name":null,"organization":null,"locale":null,"title":null,"image":null,)"
       R"("created":"2024-01-31T10:00:00+00:00","updated":null,)"
       R"("last_event_date":"2024-03-01T12:00:00+00:00","location":{"address1":null,)"
       R"("address2":null,"city":"Boston","country":null,"latitude":42.5,"longitude":null,)"
       R"("region":null,"zip":null,"timezone":null,"ip":null},)"
       R"("properties":{"vip":true,"sizes":["S",1],"deep":{"a":[{}]}}})");
}

BOOST_AUTO_TEST_CASE(of_an_empty_profile_everything_is_unknown) {
  const auto attributes = profile_attributes(R"({"lists":[],"events":{},"segments":[]})",
                                             {true, true});
  for (const auto* name :
       {"email", "phone_number", "external_id", "first_name", "last_name", "organization", "locale",
        "title", "image", "created", "updated", "last_event_date"})
    BOOST_TEST(attributes.at(name).is_null(), name);
  BOOST_TEST(json_text(attributes.at("properties")) == "{}");
  BOOST_TEST(attributes.at("location").at("city").is_null());
  BOOST_TEST(json_text(attributes.at("predictive_analytics"))
             == R"({"historic_clv":null,"predicted_clv":null,"total_clv":null,)"
                R"("historic_number_of_orders":null,"predicted_number_of_orders":null,)"
                R"("average_days_between_orders":null,"average_order_value":null,)"
                R"("churn_probability":null,"expected_date_of_next_order":null,)"
                R"("ranked_channel_affinity":null})");
  BOOST_TEST(json_text(attributes.at("subscriptions").at("email"))
             == R"({"marketing":{"can_receive_email_marketing":true,"consent":"NEVER_SUBSCRIBED",)"
                R"("consent_timestamp":null,"last_updated":null,"method":null,)"
                R"("method_detail":null,"custom_method_detail":null,"double_optin":null,)"
                R"("suppression":[],"list_suppressions":[]},)"
                R"("open_tracking":{"can_receive":false,"consent":"NEVER_SUBSCRIBED",)"
                R"("consent_timestamp":null,"last_updated":null,"created_timestamp":null,)"
                R"("metadata":null,"valid_until":null}})");
}

BOOST_AUTO_TEST_CASE(all_names_of_appendix_b_are_there_and_no_others) {
  std::set<std::string> paths{"id"};
  add_paths(profile_attributes(ann, {true, true}), {}, paths);
  const auto names = field_names("profile");
  BOOST_TEST(paths == std::set<std::string>(names.begin(), names.end()), per_element());
  std::set<std::string> plain{"id"};
  add_paths(profile_attributes(ann), {}, plain);
  const auto fewer = field_names("profile", {"subscriptions", "predictive_analytics"});
  BOOST_TEST(plain == std::set<std::string>(fewer.begin(), fewer.end()), per_element());
}

BOOST_AUTO_TEST_CASE(subscriptions_are_shown_in_full) {
  const auto attributes = profile_attributes(ann, {true, false});
  BOOST_TEST(!attributes.contains("predictive_analytics"));
  const auto& all = attributes.at("subscriptions");
  BOOST_TEST(
    json_text(all.at("email").at("marketing"))
    == R"({"can_receive_email_marketing":false,"consent":"SUBSCRIBED",)"
       R"("consent_timestamp":"2020-01-02T00:00:00+00:00","last_updated":null,"method":null,)"
       R"("method_detail":null,"custom_method_detail":null,"double_optin":true,)"
       R"("suppression":[{"reason":"HARD_BOUNCE","timestamp":"2020-01-03T00:00:00+00:00"}],)"
       R"("list_suppressions":[]})");
  BOOST_TEST(json_text(all.at("sms"))
             == R"({"marketing":{"can_receive_sms_marketing":false,"consent":"NEVER_SUBSCRIBED",)"
                R"("consent_timestamp":null,"method":null,"method_detail":null,)"
                R"("last_updated":null},"transactional":{"can_receive_sms_transactional":true,)"
                R"("consent":"SUBSCRIBED","consent_timestamp":null,"method":"API",)"
                R"("method_detail":null,"last_updated":null}})");
  BOOST_TEST(json_text(all.at("mobile_push"))
             == R"({"marketing":{"can_receive_push_marketing":false,)"
                R"("consent":"NEVER_SUBSCRIBED","consent_timestamp":null}})");
  BOOST_TEST(json_text(all.at("whatsapp").at("marketing"))
             == R"({"can_receive":false,"consent":"UNSUBSCRIBED","consent_timestamp":null,)"
                R"("last_updated":null,"created_timestamp":null,"metadata":{"k":[1]},)"
                R"("valid_until":"2027-01-01T00:00:00+00:00","phone_number":"+1"})");
}

BOOST_AUTO_TEST_CASE(who_can_receive_follows_consent_and_suppression) {
  const auto can_receive = [](std::string_view channel, std::string_view kept,
                              std::string_view field, std::string_view consent) {
    const auto text = std::string{R"({"subscriptions":{")"}.append(channel).append(
                        R"(":{"marketing":)")
                    + std::string{kept} + "}}}";
    const auto attributes = profile_attributes(text, {true, false});
    const auto& shown = attributes.at("subscriptions").at(channel).at("marketing");
    BOOST_TEST(shown.at("consent") == json::string{consent});
    return shown.at(field).as_bool();
  };
  constexpr std::string_view email = "can_receive_email_marketing";
  constexpr std::string_view sms = "can_receive_sms_marketing";
  constexpr std::string_view push = "can_receive_push_marketing";
  BOOST_TEST(can_receive("email", R"({"consent":"SUBSCRIBED"})", email, "SUBSCRIBED"));
  BOOST_TEST(can_receive("email", "{}", email, "NEVER_SUBSCRIBED"));
  BOOST_TEST(can_receive("email", R"({"suppression":[]})", email, "NEVER_SUBSCRIBED"));
  BOOST_TEST(!can_receive("email", R"({"consent":"UNSUBSCRIBED"})", email, "UNSUBSCRIBED"));
  BOOST_TEST(!can_receive("email", R"({"suppression":[{"reason":"USER_SUPPRESSED"}]})", email,
                          "NEVER_SUBSCRIBED"));
  BOOST_TEST(can_receive("sms", R"({"consent":"SUBSCRIBED"})", sms, "SUBSCRIBED"));
  BOOST_TEST(!can_receive("sms", R"({"consent":"UNSUBSCRIBED"})", sms, "UNSUBSCRIBED"));
  BOOST_TEST(!can_receive("sms", "{}", sms, "NEVER_SUBSCRIBED"));
  BOOST_TEST(can_receive("mobile_push", R"({"consent":"SUBSCRIBED"})", push, "SUBSCRIBED"));
  BOOST_TEST(!can_receive("mobile_push", "{}", push, "NEVER_SUBSCRIBED"));
}

BOOST_AUTO_TEST_CASE(predictions_are_shown_in_full) {
  const auto attributes = profile_attributes(ann, {false, true});
  BOOST_TEST(!attributes.contains("subscriptions"));
  BOOST_TEST(json_text(attributes.at("predictive_analytics"))
             == R"({"historic_clv":null,"predicted_clv":null,"total_clv":null,)"
                R"("historic_number_of_orders":null,"predicted_number_of_orders":null,)"
                R"("average_days_between_orders":null,"average_order_value":null,)"
                R"("churn_probability":0.25,)"
                R"("expected_date_of_next_order":"2026-03-01T00:00:00+00:00",)"
                R"("ranked_channel_affinity":["sms","email"]})");
}

BOOST_AUTO_TEST_CASE(sparse_fields_reach_into_a_profile) {
  auto attributes = profile_attributes(ann, {true, true});
  keep_fields(attributes, {"email", "location.city",
                           "subscriptions.email.marketing.can_receive_email_marketing"});
  BOOST_TEST(json_text(attributes)
             == R"({"email":"ann@x.co","location":{"city":"Boston"},"subscriptions":{"email":)"
                R"({"marketing":{"can_receive_email_marketing":false}}}})");
}

BOOST_AUTO_TEST_CASE(the_profile_of_appendix_d_becomes_a_line) {
  const auto m = line_of(
    R"({"email":"a@b.c","phone_number":"+1","external_id":"e","first_name":"A","location":)"
    R"({"address1":"x","latitude":"42","longitude":-71.5,"zip":"1"},"properties":{"myProp":1,)"
    R"("other_prop":{"nestedKey":2}}})");
  BOOST_TEST(m.faults.empty());
  BOOST_TEST(m.line.text
             == R"({"external_id":"e","email":"a@b.c","phone_number":"+1","first_name":"A",)"
                R"("location":{"address1":"x","latitude":"42","longitude":-71.5,"zip":"1"},)"
                R"("properties":{"myProp":1,"other_prop":{"nestedKey":2}}})");
  BOOST_TEST(m.line.who.external_id == "e");
  BOOST_TEST(m.line.who.email == "a@b.c");
  BOOST_TEST(m.line.who.phone_number == "+1");
  BOOST_TEST(!m.line.names_known);
}

BOOST_AUTO_TEST_CASE(null_clears_and_what_is_left_out_stays) {
  const auto m = line_of(R"({"first_name":null,"last_name":"x","location":null,"properties":null,)"
                         R"("email":null})",
                         {"e1", "old@x.co", ""});
  BOOST_TEST(m.faults.empty());
  BOOST_TEST(m.line.text
             == R"({"external_id":"e1","email":null,"first_name":null,"last_name":"x",)"
                R"("location":{"address1":null,"address2":null,"city":null,"country":null,)"
                R"("latitude":null,"longitude":null,"region":null,"zip":null,"timezone":null,)"
                R"("ip":null}})");
  BOOST_TEST(m.line.names_known);
  BOOST_TEST(m.line.who.email.empty());
}

BOOST_AUTO_TEST_CASE(an_update_names_the_profile_by_what_it_does_not_change) {
  const profile_identifiers known{"e1", "old@x.co", ""};
  const auto changed = line_of(R"({"email":"new@x.co","phone_number":"+2"})", known);
  BOOST_TEST(changed.line.text == R"({"external_id":"e1","email":"new@x.co","phone_number":"+2"})");
  BOOST_TEST(changed.line.names_known);
  BOOST_TEST(!line_of(R"({"email":"new@x.co","external_id":"e2"})", known).line.names_known);
  BOOST_TEST(line_of("{}", known).line.text == R"({"external_id":"e1","email":"old@x.co"})");
}

BOOST_AUTO_TEST_CASE(patches_come_from_meta) {
  const auto m = line_of(R"({"email":"a@b.c"})", {},
                         R"({"patch_properties":{"append":{"k":"v"},"unappend":{"j":["a"]},)"
                         R"("unset":"skus"},"patch_identifiers":{}})");
  BOOST_TEST(m.faults.empty());
  BOOST_TEST(m.line.text
             == R"({"email":"a@b.c","patch_properties":{"append":{"k":"v"},)"
                R"("unappend":{"j":["a"]},"unset":"skus"}})");
  BOOST_TEST(
    line_of(R"({"email":"a"})", {}, R"({"patch_identifiers":{"append":{"email":"b"}},"else":1})")
        .faults
      == (std::vector<std::string>{
        "/data/meta/patch_identifiers | 'patch_identifiers' is not supported: a profile "
        "has one e-mail address",
        "/data/meta/else | 'else' is not a valid field for the resource 'profile'."}),
    per_element());
}

BOOST_AUTO_TEST_CASE(mistakes_among_the_attributes_are_collected) {
  const auto faults = line_of(R"({"last_nmae":"x","email":7,"title":true,"location":"Boston",)"
                              R"("properties":[],"_kx":"k","external_id":")"
                              + std::string(256, 'x') + R"("})")
                        .faults;
  const std::vector<std::string> expected = {
    "/data/attributes/external_id | 'external_id' is a text of 256 bytes; at most 255 are allowed",
    "/data/attributes/email | 'email' must be text, found a number",
    "/data/attributes/title | 'title' must be text, found true or false",
    "/data/attributes/location | 'location' must be an object, found text",
    "/data/attributes/properties | 'properties' must be an object, found a list",
    "/data/attributes/_kx | '_kx' is not supported, because only Klaviyo can read it; name the "
    "profile by external_id, email or phone_number",
    "/data/attributes/last_nmae | 'last_nmae' is not a valid field for the resource 'profile'."};
  BOOST_TEST(faults == expected, per_element());
}

BOOST_AUTO_TEST_CASE(errors_of_the_reader_point_into_the_request) {
  BOOST_TEST(
    refused_by_reader(R"({"email":"a","properties":{"a.b":{"c":[1]},"n":1e300}})").empty());
  BOOST_TEST(refused_by_reader("{}")
             == "/data/attributes | nobody is named: external_id, email or phone_number is needed");
  BOOST_TEST(refused_by_reader(R"({"email":"a","location":{"ctiy":"x"}})")
               .starts_with("/data/attributes/location/ctiy | 'location.ctiy': not a field of "
                            "location; allowed: address1,"));
  BOOST_TEST(refused_by_reader(R"({"email":"a","location":{"latitude":[]}})")
             == "/data/attributes/location/latitude | 'location.latitude': expected a number from "
                "-90 to 90, or text that is one, found a list");
  // Keys with dots and slashes, and items of lists.
  std::string deep = "1";
  for (int i = 0; i < 11; ++i)
    deep = "[" + deep + "]";
  BOOST_TEST(refused_by_reader(R"({"email":"a","properties":{"a":1,"a.b/c":{"x":)" + deep + "}}}")
               .starts_with("/data/attributes/properties/a.b~1c/x/0/0/0/0/0/0/0/0"));
  BOOST_TEST(refused_by_reader(R"({"email":"a","properties":{"":1}})")
             == "/data/attributes/properties | 'properties.': a property's name may not be empty");
  BOOST_TEST(
    refused_by_reader(R"({"email":"a","properties":{")" + std::string(300, 'k') + R"(":1}})")
      .starts_with("/data/attributes/properties | 'properties.kkkk"));
  BOOST_TEST(refused_by_reader(R"({"email":"a"})", R"({"patch_properties":{"append":{"k":{}}}})")
             == "/data/meta/patch_properties/append/k | 'patch_properties.append.k': expected "
                "text, a number, true or false, or a list of them");
  BOOST_TEST(refused_by_reader(R"({"email":"a"})", R"({"patch_properties":{"unset":[1]}})")
               .starts_with("/data/meta/patch_properties/unset/0 | "));
}

BOOST_AUTO_TEST_CASE(what_was_written_reaches_the_batch_and_comes_back) {
  // What the engine would tell of a profile that has just these attributes.
  const std::string attributes =
    R"({"email":"a@b.c","phone_number":"+1","external_id":"e","first_name":"Ä \"q\"\n",)"
    R"("last_name":"x","organization":"o","locale":"en-US","title":"t","image":"i",)"
    R"("location":{"address1":"1","address2":"2","city":"c","country":"d","latitude":42.125,)"
    R"("longitude":-71.5,"region":"r","zip":"02","timezone":"UTC","ip":"::1"},)"
    R"("properties":{"n":0.1,"big":9007199254740993,"l":["a",1,true],"o":{"x":[{"y":null}]}}})";
  const auto m = line_of(attributes);
  BOOST_TEST_REQUIRE(m.faults.empty());
  messages::ndjson_reader reader;
  model::change_batch batch;
  read_profile_line(reader, m.line, batch);
  BOOST_TEST_REQUIRE(batch.records.size() == 1U);
  const auto& record = batch.records[0];
  BOOST_TEST((record.kind == model::change_kind::profile));
  BOOST_TEST(batch.text(record.who.email) == "a@b.c");
  std::set<std::string> names;
  for (const auto& p : batch.properties)
    names.emplace(batch.name(p.name));
  BOOST_TEST(names.contains("first_name"));
  BOOST_TEST(names.contains("location['latitude']"));
  BOOST_TEST(names.contains("properties['o']"));
  BOOST_TEST(batch.properties.size() == 6U + 10U + 4U);
  // The line is in the engine's own shape, so it can be shown as it is.
  auto shown = profile_attributes(m.line.text);
  for (const auto* name : {"created", "updated", "last_event_date"})
    shown.erase(name);
  const auto given = own_json(attributes);
  BOOST_TEST(shown.size() == given.as_object().size());
  for (const auto& [name, value] : given.as_object())
    BOOST_TEST(json_text(shown.at(name)) == json_text(value));
}

BOOST_AUTO_TEST_CASE(identifiers_are_found_in_both_shapes) {
  const auto who = identifiers_of(ann);
  BOOST_TEST(who.external_id == "a1");
  BOOST_TEST(who.email == "ann@x.co");
  BOOST_TEST(who.phone_number.empty());
  BOOST_TEST(!who.is_empty());
  BOOST_TEST(identifiers_of(own_json(R"({"email":null,"external_id":7})").as_object()).is_empty());
}

BOOST_AUTO_TEST_SUITE_END()
