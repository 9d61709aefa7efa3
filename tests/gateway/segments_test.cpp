#include "gateway/segments.hpp"
#include "gateway/tags.hpp"
#include "tests/gateway/resources.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>
#include <string_view>

BOOST_AUTO_TEST_SUITE(segments_test)

namespace {

using namespace gateway_test;
namespace json = boost::json;

constexpr std::string_view
  buyers = R"({"condition_groups":[{"conditions":[{"type":"profile-metric",)"
           R"("metric_id":"Placed Order","measurement":"count","measurement_filter":)"
           R"({"type":"numeric","operator":"greater-than","value":0},)"
           R"("timeframe_filter":{"type":"date","operator":"alltime"}}]}]})";

resources shop() {
  return resources{gateway::add_segment_routes, gateway::add_tag_routes};
}

std::string body(std::string_view attributes, std::string_view id = {}) {
  std::string text = R"({"data":{"type":"segment",)";
  if (!id.empty())
    text += R"("id":")" + std::string{id} + R"(",)";
  return text + R"("attributes":)" + std::string{attributes} + "}}";
}

std::string named(std::string_view name) {
  return body(R"({"name":")" + std::string{name} + R"(","definition":)" + std::string{buyers}
              + "}");
}

/// Creates a segment and waits until it is live.
std::string create(resources& s, std::string_view name) {
  const auto made = s.post("/api/segments", named(name));
  BOOST_REQUIRE_EQUAL(made.status, 201);
  const auto id = made.text_at("/data/id");
  resources::need(s.engine().wait_built(id));
  return id;
}

/// People who bought, "p0" to "p<count-1>", one a minute from the first of January on.
void buy(resources& s, int count) {
  for (int i = 0; i < count; ++i) {
    batch_maker batch;
    batch.event({.external_id = "p" + std::to_string(i), .email = std::to_string(i) + "@x.co"},
                "Placed Order", model::format_instant(s.engine().now()));
    s.apply(batch);
    resources::need(s.engine().advance(s.engine().now() + std::chrono::minutes{1}));
  }
}

std::vector<std::string> all_pages(resources& s, std::string target, std::string_view pointer) {
  std::vector<std::string> found;
  for (int page = 0; page < 100; ++page) {
    const auto a = s.get(target);
    BOOST_REQUIRE_EQUAL(a.status, 200);
    for (const auto& one : a.at("/data").as_array()) {
      boost::system::error_code failed;
      found.emplace_back(one.find_pointer(pointer, failed)->as_string());
    }
    const auto& next = a.at("/links/next");
    if (next.is_null())
      return found;
    target = std::string{next.as_string()}.substr(std::string_view{"http://127.0.0.1:8080"}.size());
  }
  BOOST_FAIL("pages have no end");
  return found;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_segment_is_made_shown_changed_and_deleted) {
  auto s = shop();
  buy(s, 3);
  const auto id = create(s, "Buyers");
  const auto shown = s.get("/api/segments/" + id + "?additional-fields[segment]=profile_count");
  BOOST_TEST(shown.status == 200u);
  BOOST_TEST(shown.text_at("/data/attributes/name") == "Buyers");
  BOOST_TEST(shown.at("/data/attributes/profile_count").to_number<int>() == 3);
  BOOST_TEST(shown.at("/data/attributes/is_processing").as_bool() == false);
  BOOST_TEST(shown.at("/data/attributes/is_active").as_bool() == true);
  // A client reads the condition only when every key is there.
  BOOST_TEST(shown.at("/data/attributes/definition/condition_groups/0/conditions/0/metric_filters")
               .is_null());

  const auto changed = s.ask("PATCH", "/api/segments/" + id,
                             body(R"({"name":"Customers","is_starred":true})", id));
  BOOST_TEST(changed.status == 200u);
  BOOST_TEST(changed.text_at("/data/attributes/name") == "Customers");
  BOOST_TEST(changed.at("/data/attributes/is_starred").as_bool() == true);
  BOOST_TEST(s.get("/api/segments?filter=equals(is_starred,true)").size_at("/data") == 1u);

  BOOST_TEST(s.ask("DELETE", "/api/segments/" + id).status == 204u);
  const auto gone = s.get("/api/segments/" + id);
  BOOST_TEST(gone.status == 404u);
  BOOST_TEST(gone.text_at("/errors/0/code") == "not_found");
}

BOOST_AUTO_TEST_CASE(an_edit_is_rebuilt_and_the_members_follow) {
  auto s = shop();
  buy(s, 2);
  const auto id = create(s, "Buyers");
  auto two = std::string{buyers};
  two.replace(two.find("\"value\":0"), 9, "\"value\":1");
  BOOST_TEST(s.ask("PATCH", "/api/segments/" + id, body(R"({"definition":)" + two + "}", id)).status
             == 200u);
  resources::need(s.engine().wait_built(id));
  BOOST_TEST(s.get("/api/segments/" + id + "/profiles").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(mistakes_in_a_definition_point_into_the_body) {
  auto s = shop();
  const auto a = s.post(
    "/api/segments",
    body(
      R"({"name":"X","definition":{"condition_groups":[{"conditions":[{"type":"profile-metrik"}]}]}})"));
  BOOST_TEST(a.status == 400u);
  BOOST_TEST(a.text_at("/errors/0/source/pointer")
             == "/data/attributes/definition/condition_groups/0/conditions/0/type");
  BOOST_TEST(
    s.post("/api/segments", body(R"({"definition":{}})")).text_at("/errors/0/source/pointer")
    == "/data/attributes/name");
  BOOST_TEST(s.post("/api/segments", named("")).status == 400u);
  const auto unknown = s.post("/api/segments", body(R"({"name":"X","colour":"red","definition":)"
                                                    + std::string{buyers} + "}"));
  BOOST_TEST(unknown.text_at("/errors/0/source/pointer") == "/data/attributes/colour");
}

BOOST_AUTO_TEST_CASE(a_taken_name_is_a_conflict_and_changes_nothing) {
  auto s = shop();
  create(s, "Buyers");
  const auto other = create(s, "Others");
  BOOST_TEST(s.post("/api/segments", named("Buyers")).status == 409u);
  const auto a = s.ask("PATCH", "/api/segments/" + other, body(R"({"name":"Buyers"})", other));
  BOOST_TEST(a.status == 409u);
  BOOST_TEST(a.text_at("/errors/0/source/pointer") == "/data/attributes/name");
  BOOST_TEST(s.get("/api/segments/" + other).text_at("/data/attributes/name") == "Others");
}

BOOST_AUTO_TEST_CASE(the_id_of_the_body_must_be_that_of_the_path) {
  auto s = shop();
  const auto id = create(s, "Buyers");
  BOOST_TEST(s.ask("PATCH", "/api/segments/" + id, body(R"({"name":"Y"})", "ZZZZZZ")).status
             == 400u);
}

BOOST_AUTO_TEST_CASE(an_inactive_segment_keeps_its_members_until_it_is_active_again) {
  auto s = shop();
  const auto id = create(s, "Buyers");
  buy(s, 2);
  const auto change = [&](std::string_view attributes) {
    const auto a = s.ask("PATCH", "/api/segments/" + id, body(attributes, id));
    resources::need(s.engine().wait_built(id));
    return a;
  };
  const auto refused = change(R"({"is_active":false,"name":"Customers"})");
  BOOST_TEST(refused.status == 400u);
  BOOST_TEST(refused.error().starts_with("/data/attributes/is_active: "));
  const auto off = change(R"({"is_active":false})");
  BOOST_TEST(off.status == 200u);
  BOOST_TEST(off.at("/data/attributes/is_active").as_bool() == false);
  buy(s, 5);
  const auto members = [&] {
    return s.get("/api/segments/" + id + "/relationships/profiles").size_at("/data");
  };
  BOOST_TEST(members() == 2u);
  BOOST_TEST(s.get("/api/segments?filter=equals(is_active,[false])").size_at("/data") == 1u);
  BOOST_TEST(change(R"({"is_active":true,"name":"Customers"})").status == 200u);
  BOOST_TEST(members() == 5u);
  BOOST_TEST(s.get("/api/segments?filter=equals(is_active,[false])").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(names_are_no_ids) {
  auto s = shop();
  create(s, "Buyers");
  BOOST_TEST(s.get("/api/segments/Buyers").status == 404u);
}

BOOST_AUTO_TEST_CASE(segments_come_ten_a_page_in_the_order_asked) {
  auto s = shop();
  std::set<std::string> names;
  for (int i = 0; i < 23; ++i) {
    const auto name = "S" + std::to_string(i);
    names.insert(name);
    create(s, name);
  }
  const auto up = all_pages(s, "/api/segments?sort=name", "/attributes/name");
  BOOST_TEST(up == std::vector(names.begin(), names.end()), boost::test_tools::per_element());
  const auto down = all_pages(s, "/api/segments?sort=-name&page[size]=7", "/attributes/name");
  BOOST_TEST(down == std::vector(names.rbegin(), names.rend()), boost::test_tools::per_element());
  BOOST_TEST(s.get("/api/segments").size_at("/data") == 10u);
  BOOST_TEST(s.get("/api/segments?page[size]=11").status == 400u);
  BOOST_TEST(s.get("/api/segments?sort=colour").status == 400u);
  BOOST_TEST(s.get("/api/segments?additional-fields[segment]=profile_count").status == 400u);
  BOOST_TEST(s.get("/api/segments?filter=any(name,[\"S1\",\"S2\"])").size_at("/data") == 2u);
}

BOOST_AUTO_TEST_CASE(members_come_in_pages_with_their_joining) {
  auto s = shop();
  buy(s, 25);
  const auto id = create(s, "Buyers");
  const auto path = "/api/segments/" + id + "/profiles";
  const auto by_place = all_pages(s, path + "?page[size]=4", "/attributes/external_id");
  BOOST_TEST(std::set(by_place.begin(), by_place.end()).size() == 25u);
  BOOST_TEST(s.get(path).text_at("/data/0/attributes/joined_group_at").size() == 25u);
  const auto ids = all_pages(s, "/api/segments/" + id + "/relationships/profiles", "/id");
  BOOST_TEST(std::set(ids.begin(), ids.end()).size() == 25u);
}

BOOST_AUTO_TEST_CASE(members_come_by_joining_and_within_instants) {
  auto s = shop();
  const auto id = create(s, "Buyers"); // Live before anybody buys: joining is buying.
  buy(s, 12);
  const auto path = "/api/segments/" + id + "/profiles";
  const auto up = all_pages(s, path + "?sort=joined_group_at&page[size]=5",
                            "/attributes/external_id");
  BOOST_REQUIRE_EQUAL(up.size(), 12u);
  for (std::size_t i = 0; i < up.size(); ++i)
    BOOST_TEST(up[i] == "p" + std::to_string(i));
  const auto down = all_pages(s, path + "?sort=-joined_group_at&page[size]=5",
                              "/attributes/external_id");
  BOOST_TEST(std::vector(down.rbegin(), down.rend()) == up, boost::test_tools::per_element());
  const auto some = all_pages(
    s,
    path
      + "?filter=greater-or-equal(joined_group_at,2026-01-01T00:03:00Z),"
        "less-than(joined_group_at,2026-01-01T00:06:00Z)&sort=joined_group_at",
    "/attributes/external_id");
  BOOST_TEST(some == (std::vector<std::string>{"p3", "p4", "p5"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(members_are_found_by_what_identifies_them) {
  auto s = shop();
  buy(s, 5);
  const auto id = create(s, "Buyers");
  batch_maker stranger;
  stranger.profile({.external_id = "stranger", .email = "s@x.co"});
  s.apply(stranger);
  const auto path = "/api/segments/" + id + "/profiles";
  BOOST_TEST(s.get(path + "?filter=equals(email,\"2@x.co\")").text_at("/data/0/attributes/email")
             == "2@x.co");
  BOOST_TEST(s.get(path + "?filter=any(email,[\"2@x.co\",\"s@x.co\",\"4@x.co\"])").size_at("/data")
             == 2u);
  // An external id is no e-mail address, though the engine finds by either.
  BOOST_TEST(s.get(path + "?filter=equals(email,\"p2\")").size_at("/data") == 0u);
  const auto found = s.get(path + "?filter=equals(email,\"3@x.co\")").text_at("/data/0/id");
  BOOST_TEST(s.get(path + "?filter=equals(profile_id,\"" + found + "\")").size_at("/data") == 1u);
  BOOST_TEST(s.get(path + "?filter=equals(push_token,\"x\")").size_at("/data") == 0u);
}

BOOST_AUTO_TEST_CASE(a_cursor_of_another_segment_or_made_up_is_refused) {
  auto s = shop();
  buy(s, 5);
  const auto one = create(s, "One");
  const auto two = create(s, "Two");
  const auto page = s.get("/api/segments/" + one + "/profiles?page[size]=2");
  const std::string next{page.at("/links/next").as_string()};
  const auto cursor = next.substr(next.find("cursor%5D=") + 10);
  BOOST_TEST(s.get("/api/segments/" + two + "/profiles?page[cursor]=" + cursor).status == 400u);
  BOOST_TEST(s.get("/api/segments?page[cursor]=abc").text_at("/errors/0/detail")
             == "Invalid cursor provided.");
}

BOOST_AUTO_TEST_CASE(sparse_fields_leave_the_rest_out) {
  auto s = shop();
  const auto id = create(s, "Buyers");
  const auto a = s.get("/api/segments/" + id + "?fields[segment]=name");
  BOOST_TEST(a.size_at("/data/attributes") == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
