#include "gateway/json_text.hpp"
#include "gateway/profile_shape.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <rollcall/rollcall.hpp>

#include <memory>
#include <string>

/// Attributes on their way into an engine and out again.
BOOST_AUTO_TEST_SUITE(profile_round_trip_test)

namespace {

using namespace gateway;
namespace json = boost::json;

/// Ends the test with the failure's sentence.
template <class T>
T needed(model::outcome<T> found) {
  if (!found)
    BOOST_FAIL(found.error().message);
  return std::move(*found);
}

struct account_with_people {
  tests::temporary_directory directory;
  std::unique_ptr<rollcall::engine> engine;
  messages::ndjson_reader reader;

  account_with_people() {
    rollcall::options options;
    options.directory = directory.path() / "store";
    options.clock = rollcall::clock_kind::manual;
    options.start = model::parse_instant("2026-01-01");
    engine = needed(rollcall::engine::open(options));
  }

  void apply(model::change_batch batch) {
    BOOST_TEST_REQUIRE(needed(engine->apply(std::move(batch))).rejected.empty());
  }
  void write(std::string_view attributes, std::string_view meta = "{}",
             const profile_identifiers& known = {}) {
    const auto given = own_json(attributes);
    const auto more = own_json(meta);
    mistakes found;
    const auto line = make_profile_line(given.as_object(), &more.as_object(), known, found);
    found.refuse_if_any();
    model::change_batch batch;
    read_profile_line(reader, line, batch);
    apply(std::move(batch));
  }
  void write_line(std::string_view line) {
    messages::line_block block{line};
    model::change_batch batch;
    std::vector<messages::line_error> errors;
    reader.read(block, batch, errors);
    BOOST_TEST_REQUIRE(errors.empty());
    apply(std::move(batch));
  }
  std::string told(std::string_view identifier) {
    return needed(engine->profile(identifier));
  }
  json::object shown(std::string_view identifier, profile_parts parts = {}) {
    return profile_attributes(told(identifier), parts);
  }
};

constexpr std::string_view full =
  R"({"email":"a@b.c","phone_number":"+15005550006","external_id":"e","first_name":"Ä \"q\"",)"
  R"("last_name":"x","organization":"o","locale":"en-US","title":"t","image":"https://x/i",)"
  R"("location":{"address1":"1","address2":"2","city":"c","country":"d","latitude":42.125,)"
  R"("longitude":-71.5,"region":"r","zip":"02","timezone":"UTC","ip":"::1"},)"
  R"("properties":{"big number":1234567890123,"flag":false,"list":["a",1,true],"n":0.1,)"
  R"("nested":{"x":[{"y":null}]}}})";

} // namespace

BOOST_FIXTURE_TEST_CASE(attributes_come_back_as_they_went_in, account_with_people) {
  write(full);
  const auto attributes = shown("e");
  const auto given = own_json(full);
  for (const auto& [name, value] : given.as_object())
    BOOST_TEST(attributes.at(name) == value, name << ": " << json_text(attributes.at(name)));
  BOOST_TEST(attributes.at("last_event_date").is_null());
}

BOOST_FIXTURE_TEST_CASE(null_clears_and_patches_reach_one_property, account_with_people) {
  write(full);
  const auto known = identifiers_of(std::string_view{told("e")});
  BOOST_TEST(known.phone_number == "+15005550006");
  write(R"({"email":null,"title":null,"location":{"city":null},"properties":{"flag":null}})",
        R"({"patch_properties":{"append":{"list":["b","a"]},"unset":["n"]}})", known);
  auto attributes = shown("e");
  BOOST_TEST(attributes.at("email").is_null());
  BOOST_TEST(attributes.at("title").is_null());
  BOOST_TEST(attributes.at("last_name") == "x");
  BOOST_TEST(attributes.at("location").at("city").is_null());
  BOOST_TEST(attributes.at("location").at("zip") == "02");
  BOOST_TEST(attributes.at("properties")
             == own_json(R"({"big number":1234567890123,"list":["a",1,true,"b"],)"
                         R"("nested":{"x":[{"y":null}]}})"));
  write(R"({"location":null})", "{}", identifiers_of(std::string_view{told("e")}));
  attributes = shown("e");
  for (const auto& [name, value] : attributes.at("location").as_object())
    BOOST_TEST(value.is_null(), name);
  BOOST_TEST(engine->figures()->profiles == 1U);
}

BOOST_FIXTURE_TEST_CASE(an_update_may_change_all_identifiers_but_one, account_with_people) {
  write(full);
  write(R"({"email":"new@b.c","phone_number":"+15005550007"})", "{}",
        identifiers_of(std::string_view{told("e")}));
  write(R"({"external_id":"e2"})", "{}", identifiers_of(std::string_view{told("new@b.c")}));
  BOOST_TEST(engine->figures()->profiles == 1U);
  const auto attributes = shown("e2");
  BOOST_TEST(attributes.at("email") == "new@b.c");
  BOOST_TEST(attributes.at("phone_number") == "+15005550007");
}

BOOST_FIXTURE_TEST_CASE(what_the_engine_keeps_of_consent_is_shown, account_with_people) {
  write_line(
    R"({"external_id":"e","subscriptions":{"email":{"marketing":{"consent":"SUBSCRIBED",)"
    R"("consent_timestamp":"2020-01-02T03:04:05Z","method":"API","double_optin":true,)"
    R"("suppression":[{"reason":"HARD_BOUNCE","timestamp":"2020-01-03"}]}},)"
    R"("sms":{"transactional":{"consent":"SUBSCRIBED"}},)"
    R"("whatsapp":{"conversational":{"consent":"UNSUBSCRIBED","phone_number":"+1",)"
    R"("metadata":{"k":[1]}}}},"predictive_analytics":{"churn_probability":0.25,)"
    R"("expected_date_of_next_order":"2026-03-01","ranked_channel_affinity":["sms","email"]}})");
  write_line(
    R"({"metric":"Placed Order","profile":{"external_id":"e"},"time":"2025-12-24T18:00:00Z"})");
  write_line(R"({"metric":"Opened Email","profile":{"external_id":"e"},"time":"2025-12-20"})");
  const auto attributes = shown("e", {true, true});
  BOOST_TEST(attributes.at("last_event_date") == "2025-12-24T18:00:00+00:00");
  const auto& subscriptions = attributes.at("subscriptions");
  const auto& email = subscriptions.at("email").at("marketing");
  BOOST_TEST(email.at("can_receive_email_marketing") == false);
  BOOST_TEST(email.at("consent_timestamp") == "2020-01-02T03:04:05+00:00");
  BOOST_TEST(email.at("double_optin") == true);
  BOOST_TEST(json_text(email.at("suppression"))
             == R"([{"reason":"HARD_BOUNCE","timestamp":"2020-01-03T00:00:00+00:00"}])");
  BOOST_TEST(subscriptions.at("sms").at("transactional").at("can_receive_sms_transactional")
             == true);
  BOOST_TEST(subscriptions.at("sms").at("marketing").at("consent") == "NEVER_SUBSCRIBED");
  const auto& whatsapp = subscriptions.at("whatsapp").at("conversational");
  BOOST_TEST(whatsapp.at("can_receive") == false);
  BOOST_TEST(whatsapp.at("phone_number") == "+1");
  BOOST_TEST(json_text(whatsapp.at("metadata")) == R"({"k":[1]})");
  const auto& predicted = attributes.at("predictive_analytics");
  BOOST_TEST(predicted.at("churn_probability") == 0.25);
  BOOST_TEST(predicted.at("expected_date_of_next_order") == "2026-03-01T00:00:00+00:00");
  BOOST_TEST(json_text(predicted.at("ranked_channel_affinity")) == R"(["sms","email"])");
}

BOOST_AUTO_TEST_SUITE_END()
