#include "gateway/identity.hpp"
#include "gateway/lists.hpp"
#include "gateway/segments.hpp"
#include "gateway/tags.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(lists_test)

namespace {

using namespace gateway_test;

resources shop() {
  return resources{gateway::add_list_routes, gateway::add_segment_routes, gateway::add_tag_routes};
}

std::string body(std::string_view attributes, std::string_view id = {}) {
  std::string text = R"({"data":{"type":"list",)";
  if (!id.empty())
    text += R"("id":")" + std::string{id} + R"(",)";
  return text + R"("attributes":)" + std::string{attributes} + "}}";
}

std::string create(resources& s, const std::string& name) {
  const auto made = s.post("/api/lists", body(R"({"name":")" + name + R"("})"));
  BOOST_REQUIRE_EQUAL(made.status, 201);
  return made.text_at("/data/id");
}

/// A new profile's id.
std::string person(resources& s, std::string_view external_id) {
  batch_maker batch;
  batch.profile({.external_id = external_id});
  s.apply(batch);
  const auto place = s.engine().find_profile(external_id);
  resources::need(place);
  return gateway::profile_id(*place);
}

std::string identifiers(std::initializer_list<std::string> ids) {
  std::string text = R"({"data":[)";
  for (const auto& id : ids)
    text += (text.ends_with('[') ? "" : ",") + (R"({"type":"profile","id":")" + id + R"("})");
  return text + "]}";
}

} // namespace

BOOST_AUTO_TEST_CASE(an_empty_list_is_there_and_people_join_and_leave_it) {
  auto s = shop();
  const auto list = create(s, "VIP");
  const auto ann = person(s, "ann");
  const auto bob = person(s, "bob");
  const auto path = "/api/lists/" + list + "/relationships/profiles";
  BOOST_TEST(s.get("/api/lists/" + list + "?additional-fields[list]=profile_count")
               .at("/data/attributes/profile_count")
               .to_number<int>()
             == 0);
  BOOST_TEST(s.post(path, identifiers({ann, bob})).status == 204u);
  BOOST_TEST(s.get(path).size_at("/data") == 2u);
  BOOST_TEST(s.get("/api/lists/" + list + "?additional-fields[list]=profile_count")
               .at("/data/attributes/profile_count")
               .to_number<int>()
             == 2);
  BOOST_TEST(
    s.get("/api/lists/" + list + "/profiles").text_at("/data/0/attributes/joined_group_at")
    == "2026-01-01T00:00:00+00:00");
  BOOST_TEST(s.ask("DELETE", path, identifiers({ann})).status == 204u);
  BOOST_TEST(s.get(path).text_at("/data/0/id") == bob);
}

BOOST_AUTO_TEST_CASE(somebody_unknown_keeps_everybody_out) {
  auto s = shop();
  const auto list = create(s, "VIP");
  const auto ann = person(s, "ann");
  const auto path = "/api/lists/" + list + "/relationships/profiles";
  const auto nobody = gateway::profile_id({0, 4'000'000});
  BOOST_TEST(s.post(path, identifiers({ann, nobody})).status == 404u);
  BOOST_TEST(s.post(path, identifiers({ann, "x"})).status == 404u);
  BOOST_TEST(s.get(path).size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(a_renamed_list_keeps_its_members_and_its_meaning) {
  auto s = shop();
  const auto list = create(s, "VIP");
  const auto ann = person(s, "ann");
  const auto path = "/api/lists/" + list + "/relationships/profiles";
  BOOST_TEST(s.post(path, identifiers({ann})).status == 204u);
  s.create_segment("In VIP",
                   R"({"type":"profile-group-membership","is_member":true,"group_ids":[")" + list
                     + R"("],"timeframe_filter":null})");
  const auto renamed = s.ask("PATCH", "/api/lists/" + list,
                             body(R"({"name":"Best","opt_in_process":"single_opt_in"})", list));
  BOOST_TEST(renamed.status == 200u);
  BOOST_TEST(renamed.text_at("/data/attributes/name") == "Best");
  BOOST_TEST(renamed.text_at("/data/attributes/opt_in_process") == "single_opt_in");
  BOOST_TEST(*s.engine().count("In VIP") == 1u);
  // The old name is free, and is another list now.
  const auto second = create(s, "VIP");
  BOOST_TEST(second != list);
  BOOST_TEST(s.get("/api/lists/" + second + "/profiles").size_at("/data") == 0u);
  BOOST_TEST(s.post("/api/lists", body(R"({"name":"Best"})")).status == 409u);
}

BOOST_AUTO_TEST_CASE(who_was_in_a_deleted_list_is_in_it_no_more) {
  auto s = shop();
  const auto list = create(s, "VIP");
  const auto ann = person(s, "ann");
  s.post("/api/lists/" + list + "/relationships/profiles", identifiers({ann}));
  s.create_segment("In VIP",
                   R"({"type":"profile-group-membership","is_member":true,"group_ids":["VIP"],)"
                   R"("timeframe_filter":null})");
  BOOST_TEST(*s.engine().count("In VIP") == 1u);
  BOOST_TEST(s.ask("DELETE", "/api/lists/" + list).status == 204u);
  BOOST_TEST(s.get("/api/lists/" + list).status == 404u);
  BOOST_TEST(*s.engine().count("In VIP") == 0u);
  BOOST_TEST(s.get("/api/lists").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(lists_that_came_with_changes_are_lists_too) {
  auto s = shop();
  batch_maker batch;
  batch.join({.external_id = "ann"}, "Newsletter");
  s.apply(batch);
  const auto lists = s.get("/api/lists?filter=equals(name,\"Newsletter\")");
  BOOST_TEST(lists.size_at("/data") == 1u);
  BOOST_TEST(lists.at("/data/0/attributes/created").is_null());
}

BOOST_AUTO_TEST_CASE(wrong_bodies_name_the_field) {
  auto s = shop();
  BOOST_TEST(s.post("/api/lists", body(R"({"nme":"VIP"})")).status == 400u);
  const auto a = s.post("/api/lists", body(R"({"name":"VIP","opt_in_process":"maybe"})"));
  BOOST_TEST(a.text_at("/errors/0/source/pointer") == "/data/attributes/opt_in_process");
  BOOST_TEST(s.post("/api/lists/zzzzzz/relationships/profiles", identifiers({"x"})).status == 404u);
}

BOOST_AUTO_TEST_SUITE_END()
