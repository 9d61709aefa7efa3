#include "gateway/body.hpp"
#include "gateway/json_text.hpp"
#include "tests/gateway/refusals.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(body_test)

namespace {

using namespace gateway;
using namespace gateway_test;
using boost::test_tools::per_element;
namespace json = boost::json;

json::value parsed(std::string_view text) {
  return own_json(text);
}

/// `pointer | detail` of each mistake.
std::vector<std::string> shown(const mistakes& found) {
  std::vector<std::string> all;
  for (const auto& e : found.all()) {
    BOOST_TEST(e.status == 400U);
    all.push_back(e.pointer + " | " + e.detail);
  }
  return all;
}

std::vector<error_entry> body_faults(const request& asked) {
  return refused([&] { return read_body(asked); });
}

/// What is wrong with a segment's body.
std::vector<std::string> segment_faults(std::string_view text, data_rule rule = {"segment"}) {
  const auto body = parsed(text);
  mistakes found;
  data_reader data{body, rule, found};
  data.attributes().text("name", presence::required);
  data.attributes().boolean("is_starred", presence::nullable);
  data.finish();
  return shown(found);
}

} // namespace

BOOST_AUTO_TEST_CASE(both_media_types_are_read_with_their_parameters) {
  for (const auto* type :
       {"application/json", "application/vnd.api+json", "application/json; charset=utf-8",
        "Application/JSON ;charset=UTF-8", "application/vnd.api+json;ext=\"x\""})
    BOOST_TEST(json_text(read_body(post("/", R"({"data":1})", type))) == R"({"data":1})");
  auto untyped = post("/", "{}");
  untyped.headers.clear();
  BOOST_TEST(json_text(read_body(untyped)) == "{}");
}

BOOST_AUTO_TEST_CASE(other_media_types_are_refused) {
  for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "", "json",
                           "application/jsonx", "application/vnd.api+json+x"}) {
    const auto errors = body_faults(post("/", "{}", type));
    BOOST_TEST_REQUIRE(errors.size() == 1U);
    BOOST_TEST(errors[0].status == 415U);
    BOOST_TEST(errors[0].detail == "a body must be application/json or application/vnd.api+json");
  }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_no_json_is_refused_with_its_position) {
  const auto errors = body_faults(post("/", "{\"data\":\n{]}"));
  BOOST_TEST_REQUIRE(errors.size() == 1U);
  BOOST_TEST(errors[0].status == 400U);
  BOOST_TEST(tells(errors[0].detail, "line 2, column 2"));
  BOOST_TEST(tells(body_faults(post("/", "")).at(0).detail, "a body is needed"));
  BOOST_TEST(tells(body_faults(post("/", std::string(33, '[') + std::string(33, ']'))).at(0).detail,
                   "more than 32 deep"));
  const auto twice = body_faults(post("/", R"({"data":{"type":"a","type":"b"}})"));
  BOOST_TEST(twice.at(0).pointer == "/data/type");
  BOOST_TEST(tells(twice.at(0).detail, "given twice"));
}

BOOST_AUTO_TEST_CASE(a_sound_body_gives_its_attributes) {
  const auto body = parsed(R"({"data":{"type":"x","attributes":{"t":"T","n":1.5,"i":7,"w":2.0,
    "b":true,"at":"2024-01-31T08:00:00+01:00","o":{"k":1},"l":[1],"s":["a","b"],"any":[],
    "null":null,"below":{"t":"deep"}}}})");
  mistakes found;
  data_reader data{body, {"x"}, found};
  auto& a = data.attributes();
  BOOST_TEST(*a.text("t", presence::required) == "T");
  BOOST_TEST(*a.number("n", presence::required) == 1.5);
  BOOST_TEST(*a.number("i", presence::required) == 7);
  BOOST_TEST(*a.integer("i", presence::required) == 7);
  BOOST_TEST(*a.integer("w", presence::required) == 2);
  BOOST_TEST(*a.boolean("b", presence::required));
  BOOST_TEST(model::format_instant(*a.instant("at", presence::required)) == "2024-01-31T07:00:00Z");
  BOOST_TEST(a.object("o", presence::required)->at("k") == 1);
  BOOST_TEST(a.array("l", presence::required)->size() == 1U);
  BOOST_TEST(*a.texts("s", presence::required, 2) == (std::vector<std::string>{"a", "b"}),
             per_element());
  BOOST_TEST(a.any("any", presence::required)->is_array());
  const auto null = a.text("null", presence::nullable);
  BOOST_TEST(null.is_null());
  BOOST_TEST(!null);
  const auto absent = a.text("absent", presence::optional);
  BOOST_TEST(!absent.is_there);
  BOOST_TEST(!absent.is_null());
  BOOST_TEST(absent.value_or("preset") == "preset");
  BOOST_TEST(a.texts("null", presence::nullable, 1).is_null());
  auto below = a.nested("below", presence::required);
  BOOST_TEST_REQUIRE(below.has_value());
  BOOST_TEST(*below->text("t", presence::required) == "deep");
  BOOST_TEST(below->pointer() == "/data/attributes/below");
  BOOST_TEST(a.has("l"));
  below->finish();
  data.finish();
  BOOST_TEST(found.is_empty());
  BOOST_CHECK_NO_THROW(found.refuse_if_any());
}

BOOST_AUTO_TEST_CASE(the_type_must_be_the_expected_one) {
  for (const auto* text : {R"({"data":{"type":"list","attributes":{"name":"x"}}})",
                           R"({"data":{"type":null,"attributes":{"name":"x"}}})",
                           R"({"data":{"attributes":{"name":"x"}}})"})
    BOOST_TEST(segment_faults(text)
                 == std::vector<std::string>{"/data/type | 'type' must be "
                                             "'segment'"},
               per_element());
}

BOOST_AUTO_TEST_CASE(an_id_must_be_that_of_the_path) {
  data_rule rule{"segment"};
  rule.path_id = "S1";
  BOOST_TEST(
    segment_faults(R"({"data":{"type":"segment","id":"S1","attributes":{"name":"x"}}})", rule)
      .empty());
  BOOST_TEST(
    segment_faults(R"({"data":{"type":"segment","id":"S2","attributes":{"name":"x"}}})", rule)
      == std::vector<std::string>{"/data/id | 'id' must equal the id of the path, 'S1'"},
    per_element());
  BOOST_TEST(segment_faults(R"({"data":{"type":"segment","attributes":{"name":"x"}}})", rule)
               == std::vector<std::string>{"/data/id | 'id' is required"},
             per_element());
  BOOST_TEST(segment_faults(R"({"data":{"type":"segment","id":"S1","attributes":{"name":"x"}}})")
               == std::vector<
                 std::string>{"/data/id | 'id' is not a valid field for the resource 'segment'."},
             per_element());
  rule = {"segment"};
  rule.may_have_id = true;
  BOOST_TEST(
    segment_faults(R"({"data":{"type":"segment","id":"S9","attributes":{"name":"x"}}})", rule)
      .empty());
}

BOOST_AUTO_TEST_CASE(unknown_fields_are_refused_by_name) {
  BOOST_TEST(segment_faults(R"({"data":{"type":"segment","attributes":{"name":"x","nmae":1,"a/b":2},
                      "extra":1},"more":1})")
               == (std::vector<std::string>{
                 "/more | 'more' is not a valid field for the resource 'segment'.",
                 "/data/extra | 'extra' is not a valid field for the resource 'segment'.",
                 "/data/attributes/nmae | 'nmae' is not a valid field for the resource 'segment'.",
                 "/data/attributes/a~1b | 'a/b' is not a valid field for the resource 'segment'."}),
             per_element());
}

BOOST_AUTO_TEST_CASE(every_mistake_is_collected) {
  BOOST_TEST(
    segment_faults(R"({"data":{"type":"list","attributes":{"name":7,"is_starred":"yes","x":1}}})")
      == (std::vector<std::string>{
        "/data/type | 'type' must be 'segment'",
        "/data/attributes/name | 'name' must be text, found a number",
        "/data/attributes/is_starred | 'is_starred' must be true or false, found text",
        "/data/attributes/x | 'x' is not a valid field for the resource 'segment'."}),
    per_element());
  BOOST_TEST(segment_faults(R"({"data":{"type":"segment","attributes":{"name":null}}})")
               == std::vector<std::string>{"/data/attributes/name | 'name' must not be null"},
             per_element());
  BOOST_TEST(segment_faults(R"({"data":{"type":"segment"}})")
               == (std::vector<std::string>{"/data/attributes | 'attributes' is required",
                                            "/data/attributes/name | 'name' is required"}),
             per_element());
  mistakes many;
  for (int i = 0; i < 1'000; ++i)
    many.add("/x", "wrong");
  BOOST_TEST(refused([&] {
               many.refuse_if_any();
               return 0;
             }).size()
             == 100U);
}

BOOST_AUTO_TEST_CASE(a_body_without_data_is_told_what_is_needed) {
  for (const auto* text : {"[]", "{}", "7", R"({"data":[]})", R"({"data":null})"}) {
    const auto all = segment_faults(text);
    BOOST_TEST_REQUIRE(!all.empty());
    BOOST_TEST(tells(all[0], R"(an object is needed: {"data": {"type": "segment", …}})"));
  }
}

BOOST_AUTO_TEST_CASE(each_kind_of_value_has_its_rule) {
  const auto body = parsed(R"({"empty":"","long":"xxxx","word":"c","whole":1.5,"big":11,
    "at":"yesterday","list":["a",1,"xxxx"],"items":["a","b","c"],"object":[],"array":{},
    "huge":18446744073709551615})");
  mistakes found;
  object_reader reader{body.as_object(), "", "thing", found};
  text_rule words;
  words.choices = {"a", "b"};
  reader.text("empty", presence::required, {10, false, {}});
  reader.text("long", presence::required, {3, true, {}});
  reader.text("word", presence::required, words);
  reader.integer("whole", presence::required);
  reader.integer("big", presence::required, {1, 10});
  reader.integer("huge", presence::required, {0, 100});
  reader.instant("at", presence::required);
  reader.texts("list", presence::required, 3, {3, true, {}});
  reader.texts("items", presence::required, 2);
  reader.object("object", presence::required);
  reader.array("array", presence::required);
  reader.finish();
  const auto all = shown(found);
  const std::vector<std::string> expected = {
    "/empty | 'empty' must not be empty",
    "/long | 'long' is a text of 4 bytes; at most 3 are allowed",
    "/word | 'word' must be one of a, b",
    "/whole | 'whole' must be a whole number from -9223372036854775808 to 9223372036854775807",
    "/big | 'big' must be a whole number from 1 to 10",
    "/huge | 'huge' must be a whole number from 0 to 100",
    "/at | 'at' must be an ISO 8601 date and time as 2024-01-31T08:00:00Z",
    "/list/1 | an item must be text, found a number",
    "/list/2 | an item is a text of 4 bytes; at most 3 are allowed",
    "/items | 'items' is a list of 3 items; at most 2 are allowed",
    "/object | 'object' must be an object, found a list",
    "/array | 'array' must be a list, found an object"};
  BOOST_TEST(all == expected, per_element());
}

BOOST_AUTO_TEST_CASE(relationships_are_read_by_type) {
  const auto body = parsed(R"({"data":{"type":"profile-merge","id":"P1","relationships":{
    "profiles":{"data":[{"type":"profile","id":"P2"}]},
    "group":{"data":{"type":"tag-group","id":"G1"},"links":{}}}}})");
  mistakes found;
  data_rule rule{"profile-merge"};
  rule.may_have_id = true;
  rule.needs_attributes = false;
  data_reader data{body, rule, found};
  BOOST_TEST(data.id() == "P1");
  BOOST_TEST(*data.related_many("profiles", "profile", presence::required, 1)
               == std::vector<std::string>{"P2"},
             per_element());
  BOOST_TEST(data.related_one("group", "tag-group", presence::optional) == "G1");
  BOOST_TEST(data.related_one("other", "x", presence::optional).empty());
  data.finish();
  BOOST_TEST(found.is_empty());
}

BOOST_AUTO_TEST_CASE(wrong_relationships_are_refused_where_they_are_wrong) {
  const auto body = parsed(R"({"data":{"type":"tag","attributes":{},"relationships":{
    "many":{"data":[{"type":"list","id":"L"},{"type":"profile"},7]},
    "one":{"data":{"type":"profile","id":"","x":1}},"unknown":{}}}})");
  mistakes found;
  data_reader data{body, {"tag"}, found};
  BOOST_TEST(!data.related_many("many", "profile", presence::required, 10).has_value());
  BOOST_TEST(data.related_one("one", "profile", presence::required).empty());
  BOOST_TEST(data.related_one("missing", "profile", presence::required).empty());
  data.finish();
  const auto all = shown(found);
  const std::vector<std::string> expected = {
    "/data/relationships/many/data/0/type | 'type' must be 'profile'",
    "/data/relationships/many/data/1/id | 'id' is required",
    "/data/relationships/many/data/2 | must be an object with type and id, found a number",
    "/data/relationships/one/data/id | 'id' must not be empty",
    "/data/relationships/one/data/x | 'x' is not a valid field for the resource 'profile'.",
    "/data/relationships/missing | 'missing' is required",
    "/data/relationships/unknown | 'unknown' is not a valid field for the resource 'tag'."};
  BOOST_TEST(all == expected, per_element());
}

BOOST_AUTO_TEST_CASE(a_piece_of_a_body_is_read_like_a_body) {
  const auto body = parsed(R"({"data":{"type":"event","attributes":{"profile":{"data":{
    "type":"profile","attributes":{"emial":"x"}}}}}})");
  mistakes found;
  data_reader event{body, {"event"}, found};
  const auto* inner = event.attributes().any("profile", presence::required);
  data_reader profile{*inner, {"profile"}, found, event.attributes().pointer_to("profile")};
  profile.attributes().text("email", presence::optional);
  profile.finish();
  event.finish();
  BOOST_TEST(shown(found)
               == std::vector<std::string>{"/data/attributes/profile/data/attributes/emial | "
                                           "'emial' is not a valid field for the resource "
                                           "'profile'."},
             per_element());
}

BOOST_AUTO_TEST_CASE(identifiers_are_read_from_a_list) {
  const auto read = [](std::string text, std::size_t max = 1'000) {
    return read_identifiers(post("/", std::move(text)), "profile", max);
  };
  BOOST_TEST(read(R"({"data":[{"type":"profile","id":"P1"},{"type":"profile","id":"P2"}]})")
               == (std::vector<std::string>{"P1", "P2"}),
             per_element());
  const auto fault = [&](std::string text) {
    const auto errors = refused([&] { return read(std::move(text), 2); });
    return errors.at(0).pointer + " | " + errors.at(0).detail;
  };
  BOOST_TEST(fault(R"({"data":[]})").starts_with("/data | a list of at least one"));
  BOOST_TEST(fault(R"({"data":{"type":"profile","id":"P1"}})").starts_with("/data | a list"));
  BOOST_TEST(fault("[]").starts_with("/data | a list"));
  BOOST_TEST(fault(R"({"data":[1,2,3]})") == "/data | a list of 3 items; at most 2 are allowed");
  BOOST_TEST(fault(R"({"data":[{"type":"list","id":"L1"}]})")
             == "/data/0/type | 'type' must be 'profile'");
}

BOOST_AUTO_TEST_CASE(an_error_is_json_even_when_it_quotes_what_is_no_text) {
  gateway::error_entry e;
  e.status = 400;
  e.detail = "found 'fields%\xE5"
             "Blist'";
  const auto a = gateway::to_answer({e}, "r");
  BOOST_TEST(gateway::own_json(a.body).at("errors").at(0).at("detail").as_string()
             == "found 'fields%?Blist'");
}

BOOST_AUTO_TEST_SUITE_END()
