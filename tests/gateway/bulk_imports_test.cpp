#include "gateway/bulk_imports.hpp"
#include "gateway/identity.hpp"
#include "gateway/lists.hpp"
#include "gateway/profiles.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(bulk_imports_test)

namespace {

using namespace gateway_test;

constexpr std::string_view path = "/api/profile-bulk-import-jobs";

resources shop() {
  return resources{gateway::add_bulk_import_routes, gateway::add_list_routes,
                   gateway::add_profile_routes};
}

std::string job(std::string_view items, std::string_view list = {}) {
  auto body = R"({"data":{"type":"profile-bulk-import-job","attributes":{"profiles":{"data":[)"
            + std::string{items} + "]}}";
  if (!list.empty())
    body += R"(,"relationships":{"lists":{"data":[{"type":"list","id":")" + std::string{list}
          + R"("}]}})";
  return body + "}}";
}

std::string item(std::string_view attributes, std::string_view more = {}) {
  return R"({"type":"profile","attributes":{)" + std::string{attributes} + "}" + std::string{more}
       + "}";
}

std::string create_list(resources& s) {
  const auto made = s.post("/api/lists", R"({"data":{"type":"list","attributes":{"name":"VIP"}}})");
  BOOST_REQUIRE_EQUAL(made.status, 201);
  return made.text_at("/data/id");
}

std::string id_of(resources& s, std::string_view identifier) {
  const auto place = s.engine().find_profile(identifier);
  resources::need(place);
  return gateway::profile_id(*place);
}

std::string shown(resources& s, std::string_view identifier) {
  return s
    .get("/api/profiles/" + id_of(s, identifier) + "?additional-fields[profile]=subscriptions")
    .text;
}

/// Imports and gives the path of the job.
std::string import(resources& s, const std::string& body) {
  const auto made = s.post(path, body);
  BOOST_REQUIRE_EQUAL(made.status, 202);
  return std::string{path} + '/' + made.text_at("/data/id");
}

const auto ann = item(R"("email":"ann@x.co","first_name":"Ann","properties":{"size":"L"})");
const auto bob = item(R"("external_id":"bob","location":{"city":"Boston"})");
const auto eve = item(R"("email":"eve@x.co","frist_name":"Eve")");

} // namespace

BOOST_AUTO_TEST_CASE(people_are_created_and_join_the_list) {
  auto s = shop();
  const auto list = create_list(s);
  const auto made = s.post(path, job(ann + "," + bob, list));
  BOOST_TEST(made.status == 202u);
  const auto about = std::string{path} + '/' + made.text_at("/data/id");
  const auto told = s.get(about + "?include=lists");
  BOOST_TEST(told.text_at("/data/attributes")
             == R"({"status":"complete","created_at":"2026-01-01T00:00:00+00:00","total_count":2,)"
                R"("completed_count":2,"failed_count":0,)"
                R"("completed_at":"2026-01-01T00:00:00+00:00",)"
                R"("expires_at":"2026-01-08T00:00:00+00:00",)"
                R"("started_at":"2026-01-01T00:00:00+00:00"})");
  BOOST_TEST(told.text_at("/included/0/attributes/name") == "VIP");
  BOOST_TEST(told.text_at("/data/relationships/lists/data/0/id") == list);
  BOOST_TEST(s.get(about + "/lists").text_at("/data/0/attributes/name") == "VIP");
  BOOST_TEST(s.get(about + "/relationships/lists").text_at("/data/0/id") == list);
  BOOST_TEST(s.get("/api/lists/" + list + "/profiles").size_at("/data") == 2u);
  BOOST_TEST(s.get("/api/profiles/" + id_of(s, "bob")).text_at("/data/attributes/location/city")
             == "Boston");
}

BOOST_AUTO_TEST_CASE(the_people_of_a_job_come_in_pages) {
  auto s = shop();
  std::string items = ann + "," + ann; // Once is enough.
  std::set<std::string> wanted{"ann@x.co"};
  for (int i = 0; i < 24; ++i) {
    const auto email = "p" + std::to_string(i) + "@x.co";
    items += "," + item(R"("email":")" + email + '"');
    wanted.insert(email);
  }
  const auto about = import(s, job(items));
  std::set<std::string> found;
  auto page = s.get(about + "/profiles?page[size]=10&fields[profile]=email");
  std::size_t pages = 1;
  for (;; ++pages) {
    for (const auto& one : page.at("/data").as_array())
      BOOST_TEST(found.emplace(one.at("attributes").at("email").as_string()).second);
    if (page.at("/links/next").is_null())
      break;
    page = s.follow(page.at("/links/next"));
  }
  BOOST_TEST(pages == 3u);
  BOOST_TEST(found == wanted, boost::test_tools::per_element());
  BOOST_TEST(s.get(about + "/relationships/profiles?page[size]=100").size_at("/data") == 25u);
}

BOOST_AUTO_TEST_CASE(the_same_import_again_changes_nothing) {
  auto s = shop();
  const auto list = create_list(s);
  batch_maker batch;
  batch.profile({.email = "ann@x.co"});
  batch.set("subscriptions['email']['consent']", "UNSUBSCRIBED");
  s.apply(batch);
  const auto body = job(ann + "," + bob, list);
  const auto first = import(s, body);
  const auto before = shown(s, "ann@x.co");
  const auto members = s.get("/api/lists/" + list + "/profiles").text;
  BOOST_TEST(before.find(R"("consent":"UNSUBSCRIBED")") != std::string::npos);
  s.advance("2026-01-03");
  BOOST_TEST(import(s, body) != first);
  BOOST_TEST(shown(s, "ann@x.co") == before);
  BOOST_TEST(s.get("/api/lists/" + list + "/profiles").text == members);
  BOOST_TEST(members.find(R"("joined_group_at":"2026-01-01T00:00:00+00:00")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(whoever_has_a_mistake_keeps_out_nobody_else) {
  auto s = shop();
  const auto list = create_list(s);
  const auto about = import(s, job(ann + "," + eve + R"(,{"type":"profile","attributes":{}},7,)"
                                     + item(R"("email":"joe@x.co","location":{"town":"x"})") + ","
                                     + bob,
                                   list));
  const auto told = s.get(about);
  BOOST_TEST(told.text_at("/data/attributes/completed_count") == "2");
  BOOST_TEST(told.text_at("/data/attributes/failed_count") == "4");
  BOOST_TEST(s.get("/api/lists/" + list + "/profiles").size_at("/data") == 2u);
  const auto errors = s.get(about + "/import-errors");
  BOOST_TEST(errors.size_at("/data") == 4u);
  const auto pointer = [&](int i) {
    return errors.text_at("/data/" + std::to_string(i) + "/attributes/source/pointer");
  };
  BOOST_TEST(pointer(0) == "/data/attributes/profiles/data/1/attributes/frist_name");
  BOOST_TEST(errors.text_at("/data/0/attributes/detail")
             == "'frist_name' is not a valid field for the resource 'profile'.");
  BOOST_TEST(errors.text_at("/data/0/attributes/original_payload") == eve);
  BOOST_TEST(pointer(1) == "/data/attributes/profiles/data/2/attributes");
  BOOST_TEST(pointer(2) == "/data/attributes/profiles/data/3");
  BOOST_TEST(errors.at("/data/2/attributes/original_payload").is_null());
  BOOST_TEST(pointer(3) == "/data/attributes/profiles/data/4/attributes/location/town");
  BOOST_TEST(!s.engine().find_profile("joe@x.co"));
}

BOOST_AUTO_TEST_CASE(identifiers_of_two_people_are_an_error_of_the_import) {
  auto s = shop();
  const auto list = create_list(s);
  import(s, job(ann + "," + bob));
  const auto about = import(s, job(item(R"("external_id":"bob","email":"ann@x.co")"), list));
  const auto errors = s.get(about + "/import-errors");
  BOOST_TEST(errors.size_at("/data") == 1u);
  BOOST_TEST(errors.text_at("/data/0/attributes/code") == "conflict");
  BOOST_TEST(errors.text_at("/data/0/attributes/detail")
             == R"(external_id "bob" and email "ann@x.co" belong to different profiles)");
  BOOST_TEST(s.get(about + "/profiles").size_at("/data") == 0u);
  BOOST_TEST(s.get("/api/lists/" + list + "/profiles").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(an_id_names_the_profile_that_changes) {
  auto s = shop();
  import(s, job(ann));
  const auto id = id_of(s, "ann@x.co");
  const auto with_id = [](std::string_view one, std::string_view attributes) {
    return item(attributes, R"(,"id":")" + std::string{one} + '"');
  };
  const auto about = import(
    s, job(item(R"("title":"Dr")",
                R"(,"id":")" + id + R"(","meta":{"patch_properties":{"unset":"size"}})")
           + "," + with_id(id, R"("external_id":"ann","email":"a@x.co")") + ","
           + with_id(id, R"("last_name":"A")") + ","
           + with_id(gateway::profile_id({1, 77}), R"("last_name":"B")")));
  BOOST_TEST(s.get(about).text_at("/data/attributes/failed_count") == "2");
  const auto errors = s.get(about + "/import-errors");
  BOOST_TEST(errors.text_at("/data/0/attributes/source/pointer")
             == "/data/attributes/profiles/data/1/attributes");
  BOOST_TEST(errors.text_at("/data/1/attributes/source/pointer")
             == "/data/attributes/profiles/data/3/id");
  const auto told = s.get("/api/profiles/" + id);
  BOOST_TEST(told.text_at("/data/attributes/title") == "Dr");
  BOOST_TEST(told.text_at("/data/attributes/last_name") == "A");
  BOOST_TEST(told.text_at("/data/attributes/email") == "ann@x.co");
  BOOST_TEST(told.text_at("/data/attributes/properties") == "{}");
  BOOST_TEST(s.get(about + "/profiles").size_at("/data") == 1u);
}

BOOST_AUTO_TEST_CASE(many_long_errors_come_back_page_by_page) {
  auto s = shop();
  const std::string filling(90'000, 'x');
  std::string items;
  for (int i = 0; i < 30; ++i)
    items += (i == 0 ? "" : ",")
           + item(R"("email":"p)" + std::to_string(i) + R"(@x.co","nme":")" + filling + '"');
  items += "," + item(R"("email":"long@x.co","title":")" + std::string(110'000, 'x') + '"');
  const auto about = import(s, job(items));
  auto page = s.get(about + "/import-errors?page[size]=9");
  std::set<std::string> pointers;
  std::size_t payloads = 0;
  for (;;) {
    for (const auto& error : page.at("/data").as_array()) {
      const auto& attributes = error.at("attributes");
      pointers.emplace(attributes.at("source").at("pointer").as_string());
      payloads += attributes.at("original_payload").is_object() ? 1 : 0;
    }
    if (page.at("/links/next").is_null())
      break;
    page = s.follow(page.at("/links/next"));
  }
  BOOST_TEST(pointers.size() == 31u);
  BOOST_TEST(payloads == 30u);
  BOOST_TEST(pointers.contains("/data/attributes/profiles/data/30")); // Too long to be kept.
}

BOOST_AUTO_TEST_CASE(jobs_are_listed_and_forgotten_after_a_week) {
  auto s = shop();
  const auto first = import(s, job(ann));
  s.advance("2026-01-02");
  const auto second = import(s, job(bob));
  const auto listed = s.get(std::string{path}
                            + "?sort=-created_at&filter=equals(status,'complete')");
  BOOST_TEST(listed.size_at("/data") == 2u);
  BOOST_TEST(std::string{path} + '/' + listed.text_at("/data/0/id") == second);
  BOOST_TEST(
    s.get(std::string{path} + "?filter=any(status,[\"queued\",\"processing\"])").size_at("/data")
    == 0u);
  s.advance("2026-01-08");
  BOOST_TEST(s.get(first).status == 404u);
  BOOST_TEST(s.get(second).status == 200u);
  import(s, job(ann));
  BOOST_TEST(s.engine().documents("profile-bulk-import-job")->size() == 2u);
  const auto id = first.substr(path.size() + 1);
  BOOST_TEST(s.engine().documents("imported:" + id)->empty());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_around_the_profiles_refuses_the_job) {
  auto s = shop();
  BOOST_TEST(s.post(path, job("")).error()
             == "/data/attributes/profiles/data: 'data' is a list of 0 profiles; 1 to 10000 are "
                "allowed");
  BOOST_TEST(s.post(path, job(ann, "zzzzzz")).status == 404u);
  BOOST_TEST(!s.engine().find_profile("ann@x.co"));
  BOOST_TEST(s.post(path, job(item(R"("title":")" + std::string(5'300'000, 'x') + '"'))).status
             == 413u);
  BOOST_TEST(s.get(std::string{path} + "/01ARZ3NDEKTSV4RRFFQ69G5FAV").status == 404u);
}

BOOST_AUTO_TEST_SUITE_END()
