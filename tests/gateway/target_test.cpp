#include "gateway/target.hpp"

#include <boost/test/unit_test.hpp>

namespace {

using gateway::named_texts;

std::string path_of(std::string_view text) {
  const auto read = gateway::read_target(text);
  return read ? read->path : "refused: " + read.error().message;
}

named_texts query_of(std::string_view text) {
  const auto read = gateway::read_query(text);
  BOOST_REQUIRE_MESSAGE(read.has_value(), text);
  return *read;
}

bool is_refused(std::string_view text) {
  return !gateway::read_target(text);
}

} // namespace

BOOST_AUTO_TEST_SUITE(target_test)

BOOST_AUTO_TEST_CASE(a_path_is_decoded_and_loses_its_last_slashes) {
  BOOST_TEST(path_of("/api/lists") == "/api/lists");
  BOOST_TEST(path_of("/api/lists/") == "/api/lists");
  BOOST_TEST(path_of("/api/lists///?a=b") == "/api/lists");
  BOOST_TEST(path_of("/") == "/");
  BOOST_TEST(path_of("/api/My%20list") == "/api/My list");
  BOOST_TEST(path_of("/api/%C3%A9t%c3%a9") == "/api/\u00e9t\u00e9");
  BOOST_TEST(path_of("*") == "*");
}

BOOST_AUTO_TEST_CASE(a_plus_in_a_path_is_a_plus_and_in_a_query_a_space) {
  BOOST_TEST(path_of("/api/a+b") == "/api/a+b");
  BOOST_TEST((query_of("a+b=c+d%2Be") == named_texts{{"a b", "c d+e"}}));
}

BOOST_AUTO_TEST_CASE(a_slash_inside_of_a_name_does_not_part_it) {
  BOOST_TEST(path_of("/api/segments/50%25%20%2F%20off/profiles")
             == "/api/segments/50%25 %2F off/profiles");
  BOOST_TEST(gateway::decode_part("50%25 %2F off") == "50% / off");
  BOOST_TEST(gateway::decode_part("100%") == "100%");
}

BOOST_AUTO_TEST_CASE(the_origin_before_a_path_is_dropped) {
  BOOST_TEST(path_of("http://shop.example:80/api/x?q") == "/api/x");
  BOOST_TEST(path_of("https://shop.example") == "/");
  BOOST_TEST(path_of("/api/x?next=http://other/") == "/api/x");
}

BOOST_AUTO_TEST_CASE(queries_keep_order_repetitions_and_empty_values) {
  BOOST_TEST(
    (query_of("b=1&a=2&b=3&c&d=&&e=f=g")
     == named_texts{{"b", "1"}, {"a", "2"}, {"b", "3"}, {"c", ""}, {"d", ""}, {"e", "f=g"}}));
  BOOST_TEST(query_of("").empty());
}

BOOST_AUTO_TEST_CASE(brackets_are_the_same_raw_and_encoded) {
  const named_texts wanted{{"fields[profile]", "email,first_name"}, {"page[size]", "10"}};
  BOOST_TEST((query_of("fields%5Bprofile%5D=email,first_name&page%5bsize%5d=10") == wanted));
  BOOST_TEST((query_of("fields[profile]=email%2Cfirst_name&page[size]=10") == wanted));
}

BOOST_AUTO_TEST_CASE(filters_of_the_sdk_arrive_as_they_were_meant) {
  BOOST_TEST((query_of("filter=equals(email,%22a%2Bb@c.d%22),greater-than(created,"
                       "1970-01-01T00:00:00.000Z)")
              == named_texts{{"filter", R"(equals(email,"a+b@c.d"),)"
                                        "greater-than(created,1970-01-01T00:00:00.000Z)"}}));
}

BOOST_AUTO_TEST_CASE(broken_encodings_are_refused_with_the_place) {
  for (const auto* text : {"/%", "/%4", "/%zz", "/a?b=%2", "/a?%=b", "/a?b=%G0"})
    BOOST_TEST(is_refused(text), text);
  BOOST_TEST(path_of("/a%zzb").find("'%zz' is no percent-encoding") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_text_is_refused) {
  BOOST_TEST(is_refused("/%FF"));
  BOOST_TEST(is_refused("/a?b=%C3"));
  BOOST_TEST(is_refused("/a%00b"));
  BOOST_TEST(is_refused("/a%0Ab"));
  BOOST_TEST(is_refused("api/lists"));
  BOOST_TEST(!is_refused("/a?b=%0A"));
}

BOOST_AUTO_TEST_SUITE_END()
