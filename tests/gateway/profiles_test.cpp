#include "gateway/identity.hpp"
#include "gateway/lists.hpp"
#include "gateway/profiles.hpp"
#include "gateway/segments.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(profiles_test)

namespace {

using namespace gateway_test;

resources shop() {
  return resources{gateway::add_profile_routes, gateway::add_list_routes,
                   gateway::add_segment_routes};
}

std::string body(std::string_view attributes, std::string_view id = {},
                 std::string_view more = {}) {
  std::string text = R"({"data":{"type":"profile",)";
  if (!id.empty())
    text += R"("id":")" + std::string{id} + R"(",)";
  return text + R"("attributes":)" + std::string{attributes} + std::string{more} + "}}";
}

std::string create(resources& s, std::string_view attributes) {
  const auto made = s.post("/api/profiles", body(attributes));
  BOOST_REQUIRE_EQUAL(made.status, 201);
  return made.text_at("/data/id");
}

} // namespace

BOOST_AUTO_TEST_CASE(a_profile_is_made_shown_and_changed) {
  auto s = shop();
  const auto id = create(s, R"({"email":"a@b.c","first_name":"Ann","location":{"zip":"02110"},)"
                            R"("properties":{"points":3,"tags":["x"]}})");
  const auto shown = s.get("/api/profiles/" + id);
  BOOST_TEST(shown.status == 200u);
  BOOST_TEST(shown.text_at("/data/attributes/email") == "a@b.c");
  BOOST_TEST(shown.at("/data/attributes/properties/points").to_number<int>() == 3);
  BOOST_TEST(shown.at("/data/attributes/last_name").is_null());
  const auto changed = s.ask(
    "PATCH", "/api/profiles/" + id,
    body(R"({"first_name":null,"last_name":"Lee","properties":{"points":4}})", id,
         R"(,"meta":{"patch_properties":{"append":{"tags":"y"}}})"));
  BOOST_TEST(changed.status == 200u);
  BOOST_TEST(changed.at("/data/attributes/first_name").is_null());
  BOOST_TEST(changed.text_at("/data/attributes/last_name") == "Lee");
  BOOST_TEST(changed.text_at("/data/attributes/properties/tags") == R"(["x","y"])");
  BOOST_TEST(changed.text_at("/data/attributes/location/zip") == "02110");
}

BOOST_AUTO_TEST_CASE(a_known_identifier_is_a_conflict_that_names_its_owner) {
  auto s = shop();
  const auto ann = create(s, R"({"email":"a@b.c","external_id":"ann"})");
  const auto bob = create(s, R"({"external_id":"bob"})");
  const auto again = s.post("/api/profiles", body(R"({"email":"a@b.c"})"));
  BOOST_TEST(again.status == 409u);
  BOOST_TEST(again.text_at("/errors/0/meta/duplicate_profile_id") == ann);
  BOOST_TEST(again.text_at("/errors/0/code") == "duplicate_profile");
  const auto taken = s.ask("PATCH", "/api/profiles/" + bob, body(R"({"email":"a@b.c"})", bob));
  BOOST_TEST(taken.status == 409u);
  BOOST_TEST(taken.text_at("/errors/0/meta/duplicate_profile_id") == ann);
}

BOOST_AUTO_TEST_CASE(an_import_creates_once_and_updates_after) {
  auto s = shop();
  const auto first = s.post("/api/profile-import", body(R"({"email":"a@b.c"})"));
  BOOST_TEST(first.status == 201u);
  const auto second = s.post("/api/profile-import",
                             body(R"({"email":"a@b.c","phone_number":"+15005550006"})"));
  BOOST_TEST(second.status == 200u);
  BOOST_TEST(second.text_at("/data/id") == first.text_at("/data/id"));
  BOOST_TEST(second.text_at("/data/attributes/phone_number") == "+15005550006");
  // Now the phone number finds it too.
  BOOST_TEST(
    s.post("/api/profile-import", body(R"({"phone_number":"+15005550006","first_name":"Ann"})"))
      .text_at("/data/attributes/email")
    == "a@b.c");
  BOOST_TEST(s.post("/api/profile-import", body(R"({"first_name":"Nobody"})")).status == 400u);
}

BOOST_AUTO_TEST_CASE(an_identifier_changes_while_another_stays) {
  auto s = shop();
  const auto id = create(s, R"({"email":"a@b.c","external_id":"ann"})");
  const auto changed = s.ask("PATCH", "/api/profiles/" + id, body(R"({"email":"z@b.c"})", id));
  BOOST_TEST(changed.status == 200u);
  BOOST_TEST(changed.text_at("/data/id") == id);
  BOOST_TEST(changed.text_at("/data/attributes/email") == "z@b.c");
  const auto all = s.ask("PATCH", "/api/profiles/" + id,
                         body(R"({"email":"y@b.c","external_id":"anna"})", id));
  BOOST_TEST(all.status == 400u);
  BOOST_TEST(s.get("/api/profiles").size_at("/data") == 1u);
}

BOOST_AUTO_TEST_CASE(profiles_are_listed_filtered_and_paged) {
  auto s = shop();
  for (int i = 0; i < 7; ++i)
    create(s, R"({"email":")" + std::to_string(i) + R"(@b.c"})");
  std::string target = "/api/profiles?page[size]=3&sort=email";
  std::string emails;
  for (;;) {
    const auto page = s.get(target);
    BOOST_REQUIRE_EQUAL(page.status, 200);
    for (const auto& one : page.at("/data").as_array())
      emails += one.at("attributes").at("email").as_string()[0];
    if (page.at("/links/next").is_null())
      break;
    target = std::string{page.at("/links/next").as_string()}.substr(21);
  }
  BOOST_TEST(emails == "0123456");
  BOOST_TEST(s.get("/api/profiles?filter=any(email,[\"1@b.c\",\"5@b.c\",\"x\"])").size_at("/data")
             == 2u);
  BOOST_TEST(s.get("/api/profiles?filter=equals(updated,2026-01-01)").status == 400u);
  BOOST_TEST(s.get("/api/profiles?page[size]=101").status == 400u);
}

BOOST_AUTO_TEST_CASE(a_merge_leaves_one_with_what_both_knew) {
  auto s = shop();
  const auto ann = create(s, R"({"email":"a@b.c","first_name":"Ann"})");
  const auto bob = create(s, R"({"external_id":"bob","last_name":"Lee"})");
  const auto merged = s.post("/api/profile-merge",
                             R"({"data":{"type":"profile-merge","id":")" + ann
                               + R"(","relationships":{"profiles":{"data":[{"type":"profile",)"
                               + R"("id":")" + bob + R"("}]}}}})");
  BOOST_TEST(merged.status == 201u);
  BOOST_TEST(merged.text_at("/data/id") == ann);
  BOOST_TEST(s.get("/api/profiles/" + bob).status == 404u);
  BOOST_TEST(s.get("/api/profiles/" + ann).text_at("/data/attributes/last_name") == "Lee");
}

BOOST_AUTO_TEST_CASE(a_deletion_forgets_and_tells_nobody_who_was_there) {
  auto s = shop();
  const auto ann = create(s, R"({"email":"a@b.c"})");
  const auto erase = [&](const std::string& who) {
    return s.post("/api/data-privacy-deletion-jobs",
                  R"({"data":{"type":"data-privacy-deletion-job","attributes":{"profile":{"data":)"
                  R"({"type":"profile",)"
                    + who + "}}}}}");
  };
  BOOST_TEST(erase(R"("attributes":{"email":"a@b.c"})").status == 202u);
  BOOST_TEST(s.get("/api/profiles/" + ann).status == 404u);
  BOOST_TEST(erase(R"("attributes":{"email":"a@b.c"})").status == 202u);
  BOOST_TEST(erase(R"("attributes":{"email":"a@b.c","phone_number":"+1"})").status == 400u);
  BOOST_TEST(erase(R"("attributes":{})").status == 400u);
}

BOOST_AUTO_TEST_CASE(a_profile_tells_its_lists_and_segments) {
  auto s = shop();
  const auto ann = create(s, R"({"email":"a@b.c","external_id":"ann"})");
  batch_maker batch;
  batch.join({.external_id = "ann"}, "VIP");
  s.apply(batch);
  s.create_segment("Known", R"({"type":"profile-property","property":"email","filter":)"
                            R"({"type":"existence","operator":"is-set"}})");
  BOOST_TEST(s.get("/api/profiles/" + ann + "/lists").text_at("/data/0/attributes/name") == "VIP");
  BOOST_TEST(s.get("/api/profiles/" + ann + "/segments").text_at("/data/0/attributes/name")
             == "Known");
  const auto both = s.get("/api/profiles/" + ann + "?include=lists,segments");
  BOOST_TEST(both.size_at("/included") == 2u);
}

BOOST_AUTO_TEST_CASE(mistakes_point_to_the_field) {
  auto s = shop();
  const auto a = s.post("/api/profiles", body(R"({"email":"a@b.c","last_nmae":"x"})"));
  BOOST_TEST(a.status == 400u);
  BOOST_TEST(a.text_at("/errors/0/source/pointer") == "/data/attributes/last_nmae");
  const auto named = s.post("/api/profiles", body(R"({"email":"a@b.c"})", "mine"));
  BOOST_TEST(named.status == 400u);
  BOOST_TEST(named.text_at("/errors/0/source/pointer") == "/data/id");
  const auto nowhere = s.post("/api/profiles",
                              body(R"({"email":"a@b.c","location":{"latitude":"abc"}})"));
  BOOST_TEST(nowhere.status == 400u);
  BOOST_TEST(nowhere.text_at("/errors/0/source/pointer") == "/data/attributes/location/latitude");
  BOOST_TEST(s.get("/api/profiles").size_at("/data") == 0u);
  BOOST_TEST(s.post("/api/profiles", "{").status == 400u);
  BOOST_TEST(s.get("/api/profiles/nonsense").status == 404u);
  BOOST_TEST(s.get("/api/profiles/" + gateway::profile_id({0, 77})).status == 404u);
}

BOOST_AUTO_TEST_SUITE_END()
