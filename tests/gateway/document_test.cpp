#include "gateway/document.hpp"
#include "gateway/json_text.hpp"
#include "tests/gateway/refusals.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(document_test)

namespace {

using namespace gateway;
using namespace gateway_test;
namespace json = boost::json;

resource vip() {
  resource r{"segment", "Y6nRLr"};
  r.attributes = {{"name", "VIP"}, {"is_active", true}};
  return r;
}

json::object profile() {
  return {{"email", "a@b.c"},
          {"title", nullptr},
          {"location", {{"city", "Boston"}, {"zip", "02"}, {"ip", nullptr}}},
          {"properties", {{"location.city", 1}}},
          {"subscriptions", {{"email", {{"marketing", {{"consent", "X"}, {"method", "Y"}}}}}}}};
}

std::string kept(const std::vector<std::string>& wanted) {
  auto attributes = profile();
  keep_fields(attributes, wanted);
  return json_text(attributes);
}

} // namespace

BOOST_AUTO_TEST_CASE(a_resource_has_type_id_attributes_and_links) {
  const auto asked = get("/api/segments/Y6nRLr");
  BOOST_TEST(json_text(resource_object(asked, vip()))
             == R"({"type":"segment","id":"Y6nRLr","attributes":{"name":"VIP","is_active":true},)"
                R"("links":{"self":"http://127.0.0.1:8080/api/segments/Y6nRLr"}})");
}

BOOST_AUTO_TEST_CASE(relationships_have_links_and_data_where_it_is_known) {
  auto r = vip();
  r.relationships.push_back({"profiles", {}});
  r.relationships.push_back({"tags", json::array{resource_identifier("tag", "T1")}});
  r.relationships.push_back({"owner", json::value{}});
  BOOST_TEST(json_text(resource_object(get("/"), std::move(r)).at("relationships"))
             == R"({"profiles":{"links":{)"
                R"("self":"http://127.0.0.1:8080/api/segments/Y6nRLr/relationships/profiles",)"
                R"("related":"http://127.0.0.1:8080/api/segments/Y6nRLr/profiles"}},)"
                R"("tags":{"data":[{"type":"tag","id":"T1"}],"links":{)"
                R"("self":"http://127.0.0.1:8080/api/segments/Y6nRLr/relationships/tags",)"
                R"("related":"http://127.0.0.1:8080/api/segments/Y6nRLr/tags"}},)"
                R"("owner":{"data":null,"links":{)"
                R"("self":"http://127.0.0.1:8080/api/segments/Y6nRLr/relationships/owner",)"
                R"("related":"http://127.0.0.1:8080/api/segments/Y6nRLr/owner"}}})");
}

BOOST_AUTO_TEST_CASE(a_report_has_no_id_and_no_links) {
  resource r{"flow-values-report", ""};
  r.attributes = {{"results", json::array{}}};
  BOOST_TEST(json_text(resource_object(get("/"), std::move(r)))
             == R"({"type":"flow-values-report","attributes":{"results":[]}})");
}

BOOST_AUTO_TEST_CASE(collections_are_called_by_the_plural) {
  BOOST_TEST(collection_of("segment") == "/api/segments");
  BOOST_TEST(collection_of("metric-property") == "/api/metric-properties");
  BOOST_TEST(collection_of("profile-bulk-import-job") == "/api/profile-bulk-import-jobs");
  resource r{"key", "a/b c"};
  r.collection = "/api/rollcall/keys";
  BOOST_TEST(json_text(resource_object(get("/"), std::move(r)).at("links"))
             == R"({"self":"http://127.0.0.1:8080/api/rollcall/keys/a/b%20c"})");
}

BOOST_AUTO_TEST_CASE(only_wanted_fields_are_kept_in_their_order) {
  BOOST_TEST(kept({"title", "email"}) == R"({"email":"a@b.c","title":null})");
  BOOST_TEST(kept({"location.city", "location.ip"})
             == R"({"location":{"city":"Boston","ip":null}})");
  BOOST_TEST(kept({"location.city", "location"})
             == R"({"location":{"city":"Boston","zip":"02","ip":null}})");
  BOOST_TEST(kept({"subscriptions.email.marketing.consent"})
             == R"({"subscriptions":{"email":{"marketing":{"consent":"X"}}}})");
  BOOST_TEST(kept({"properties"}) == R"({"properties":{"location.city":1}})");
  BOOST_TEST(kept({"locatio", "location.cit", "id"}) == R"({"location":{}})");
  BOOST_TEST(kept({"title.x"}) == R"({"title":null})"); // Unknown stays unknown.
  BOOST_TEST(kept({}) == "{}");
}

BOOST_AUTO_TEST_CASE(a_query_says_which_fields_of_which_type_are_wanted) {
  parsed_query query;
  query.fields["segment"] = {"name"};
  BOOST_TEST(json_text(resource_object(get("/"), vip(), query).at("attributes"))
             == R"({"name":"VIP"})");
  query.fields = {{"tag", {}}};
  BOOST_TEST(json_text(resource_object(get("/"), vip(), query).at("attributes"))
             == R"({"name":"VIP","is_active":true})");
}

BOOST_AUTO_TEST_CASE(documents_link_to_themselves_and_their_neighbours) {
  const auto asked = get(
    "/api/profiles",
    {{"page[size]", "2"}, {"filter", "equals(email,\"a+b c@x.co\")"}, {"page[cursor]", "old"}});
  const auto document = collection_document(asked, {}, {"new", ""});
  BOOST_TEST(json_text(document)
             == R"({"data":[],"links":{"self":"http://127.0.0.1:8080/api/profiles)"
                R"(?page%5Bsize%5D=2&filter=equals(email,%22a%2Bb%20c@x.co%22))"
                R"(&page%5Bcursor%5D=old",)"
                R"("next":"http://127.0.0.1:8080/api/profiles)"
                R"(?page%5Bsize%5D=2&filter=equals(email,%22a%2Bb%20c@x.co%22))"
                R"(&page%5Bcursor%5D=new","prev":null}})");
  BOOST_TEST(json_text(single_document(get("/api/segments/S1"), vip().attributes))
             == R"({"data":{"name":"VIP","is_active":true},)"
                R"("links":{"self":"http://127.0.0.1:8080/api/segments/S1"}})");
}

BOOST_AUTO_TEST_CASE(the_first_page_gets_a_cursor_where_it_had_none) {
  BOOST_TEST(page_link(get("/api/x"), "page[cursor]", "c")
             == "http://127.0.0.1:8080/api/x?page%5Bcursor%5D=c");
  BOOST_TEST(page_link(get("/api/x", {{"sort", "-a"}}), "page_cursor", "c")
             == "http://127.0.0.1:8080/api/x?sort=-a&page_cursor=c");
  neighbours pages;
  pages.prev = "p";
  pages.parameter = "page_cursor";
  BOOST_TEST(json_text(collection_document(get("/api/x"), {}, pages).at("links").at("prev"))
             == R"("http://127.0.0.1:8080/api/x?page_cursor=p")");
}

BOOST_AUTO_TEST_CASE(paths_are_encoded_again) {
  BOOST_TEST(self_link(get("/api/segments/ä b%"))
             == "http://127.0.0.1:8080/api/segments/%C3%A4%20b%25");
}

BOOST_AUTO_TEST_CASE(what_is_included_is_there_once) {
  const auto asked = get("/");
  included_resources included;
  BOOST_TEST(included.is_new("segment", "Y6nRLr"));
  included.add(resource_object(asked, vip()));
  included.add(resource_object(asked, vip()));
  BOOST_TEST(!included.is_new("segment", "Y6nRLr"));
  BOOST_TEST(included.is_new("list", "Y6nRLr"));
  included.add(resource_object(asked, resource{"list", "Y6nRLr"}));
  const auto document = single_document(asked, nullptr, std::move(included));
  BOOST_TEST(document.at("included").as_array().size() == 2U);
  BOOST_TEST(document.at("data").is_null());
}

BOOST_AUTO_TEST_CASE(answers_carry_the_document) {
  const auto a = document_answer(201, json::object{{"data", 12.5}});
  BOOST_TEST(a.status == 201U);
  BOOST_TEST(a.content_type == json_api_type);
  BOOST_TEST(a.body == R"({"data":12.5})");
  const auto none = empty_answer(204);
  BOOST_TEST(none.status == 204U);
  BOOST_TEST(none.body.empty());
  BOOST_TEST(none.content_type.empty());
}

BOOST_AUTO_TEST_SUITE_END()
