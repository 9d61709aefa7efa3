#include "gateway/field_names.hpp"
#include "gateway/query.hpp"
#include "tests/gateway/refusals.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(query_test)

namespace {

using namespace gateway;
using namespace gateway_test;
using boost::test_tools::per_element;

query_rules profile_rules() {
  using enum filter_operator;
  query_rules rules;
  rules.filters = {{"email", {equals, any}, filter_kind::text, true},
                   {"created", {greater_than, less_than}, filter_kind::instant},
                   {"id", {any}}};
  rules.sorts = {"created", "email"};
  rules.includes = {"lists", "push-tokens"};
  rules.fields = {{"profile", field_names("profile")}, {"list", field_names("list")}};
  rules.additional_fields = {{"profile", {"subscriptions", "predictive_analytics"}}};
  rules.page = page_rule{20, 1, 100};
  rules.has_cursor = true;
  return rules;
}

std::vector<error_entry> faults(named_texts query, const query_rules& rules = profile_rules()) {
  return refused([&] { return parse_query(get("/api/profiles", std::move(query)), rules); });
}

/// The only fault, which must be of this parameter.
std::string fault(const std::string& parameter, const std::string& value) {
  const auto all = faults({{parameter, value}});
  BOOST_TEST_REQUIRE(all.size() == 1U);
  BOOST_TEST(all[0].status == 400U);
  BOOST_TEST(all[0].parameter == parameter);
  BOOST_TEST(all[0].pointer.empty());
  return all[0].detail;
}

std::string cursor_in(const std::string& value) {
  return parse_query(get("/api/profiles", {{"page[cursor]", value}}), profile_rules()).cursor;
}

} // namespace

BOOST_AUTO_TEST_CASE(the_first_request_of_appendix_d_is_understood) {
  const auto query = parse_query(
    get("/api/profiles",
        {{"additional-fields[profile]", "subscriptions,predictive_analytics"},
         {"fields[profile]", "email,first_name"},
         {"filter", R"(equals(email,"a+b c@x.co"),greater-than(created,1970-01-01T00:00:00.000Z),)"
                    R"(any(id,["a","b"]))"},
         {"include", "push-tokens"},
         {"page[size]", "50"},
         {"sort", "-created"}}),
    profile_rules());
  BOOST_TEST(query.filter.size() == 3U);
  BOOST_TEST(query.filter[0].text() == "a+b c@x.co");
  BOOST_TEST(query.sort == "created");
  BOOST_TEST(query.is_descending);
  BOOST_TEST(query.includes("push-tokens"));
  BOOST_TEST(!query.includes("lists"));
  BOOST_TEST(query.page_size == 50U);
  BOOST_TEST(query.cursor.empty());
  BOOST_TEST(query.has_additional("profile", "subscriptions"));
  BOOST_TEST(!query.has_additional("list", "profile_count"));
  // What was asked for by either parameter is wanted.
  BOOST_TEST(
    *query.fields_of("profile")
      == (std::vector<std::string>{"email", "first_name", "subscriptions", "predictive_analytics"}),
    per_element());
  BOOST_TEST(query.fields_of("list") == nullptr);
}

BOOST_AUTO_TEST_CASE(an_empty_query_means_the_presets) {
  const auto query = parse_query(get("/api/profiles"), profile_rules());
  BOOST_TEST(query.page_size == 20U);
  BOOST_TEST(query.filter.empty());
  BOOST_TEST(query.sort.empty());
  BOOST_TEST(query.fields_of("profile") == nullptr);
  BOOST_TEST(parse_query(get("/api/accounts"), {}).page_size == 0U);
}

BOOST_AUTO_TEST_CASE(blank_lists_and_nested_names_are_taken) {
  const auto query = parse_query(get("/", {{"fields[profile]", " location.city , email,email"},
                                           {"fields[list]", ""},
                                           {"sort", ""},
                                           {"include", ""},
                                           {"filter", ""}}),
                                 profile_rules());
  BOOST_TEST(*query.fields_of("profile") == (std::vector<std::string>{"location.city", "email"}),
             per_element());
  BOOST_TEST_REQUIRE(query.fields_of("list") != nullptr);
  BOOST_TEST(query.fields_of("list")->empty());
  BOOST_TEST(query.include.empty());
}

BOOST_AUTO_TEST_CASE(what_is_not_allowed_is_told_with_what_is) {
  BOOST_TEST(fault("fields[profile]", "email,shoe_size,hat")
               .starts_with("not allowed: 'shoe_size', 'hat'; allowed: created, email,"));
  BOOST_TEST(fault("include", "segments")
             == "not allowed: 'segments'; allowed: lists, push-tokens");
  BOOST_TEST(fault("additional-fields[profile]", "profile_count")
             == "not allowed: 'profile_count'; allowed: subscriptions, predictive_analytics");
  BOOST_TEST(fault("sort", "-id")
             == "cannot sort by 'id'; allowed, with - before it for descending: created, email");
  BOOST_TEST(tells(fault("sort", "created,email"), "cannot sort by 'created,email'"));
  BOOST_TEST(fault("page[size]", "101")
             == "'101' is no page size; allowed: a whole number from 1 to 100");
  for (const auto* size : {"0", "-1", "", "ten", "20.0", "99999999999999999999", " 5"})
    BOOST_TEST(tells(fault("page[size]", size), "is no page size"));
  BOOST_TEST(fault("filter", "equals(email,\"a\"") == "character 17: expected ')', found the end");
  BOOST_TEST(fault("filter", "equals(created,2024-01-01)")
             == "character 1: 'created' cannot be filtered with equals; allowed: greater-than, "
                "less-than");
}

BOOST_AUTO_TEST_CASE(unknown_parameters_are_refused) {
  BOOST_TEST(fault("page_cursor", "x")
             == "'page_cursor' is no parameter of this endpoint; allowed: fields[list], "
                "fields[profile], additional-fields[profile], filter, include, sort, page[size], "
                "page[cursor]");
  for (const auto* name : {"fields[segment]", "fields[]", "fields", "fields[profile", "pageSize",
                           "", "filter[name]", "additional-fields[list]"})
    BOOST_TEST(tells(fault(name, "x"), "is no parameter of this endpoint"));
  query_rules bare;
  for (const auto* name : {"filter", "sort", "include", "page[size]", "page[cursor]"})
    BOOST_TEST(faults({{name, "x"}}, bare).at(0).detail
               == std::string{"'"} + name + "' is no parameter of this endpoint; allowed: none");
  bare.others = {"company_id"};
  BOOST_TEST(faults({{"company_id", "ABC123"}}, bare).empty());
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_at_once) {
  const auto all = faults({{"sort", "id"},
                           {"filter", "equals(size,1),equals(colour,1)"},
                           {"page[size]", "0"},
                           {"include", "a,b"},
                           {"what", "1"}});
  BOOST_TEST(all.size() == 6U);
  BOOST_TEST(faults({{"sort", "email"}, {"sort", "email"}}).at(0).detail
             == "given twice; a parameter may be given once");
  BOOST_TEST(faults({{"sort", "\xff"}}).at(0).detail == "must be valid UTF-8");
  BOOST_TEST(faults({{"\xff", ""}}).at(0).parameter.empty());
}

BOOST_AUTO_TEST_CASE(a_cursor_may_be_the_address_of_the_next_page) {
  BOOST_TEST(cursor_in("bmV4dDo6aWQ6OjEyMw") == "bmV4dDo6aWQ6OjEyMw");
  // As appendix D has it, decoded once by the server.
  BOOST_TEST(cursor_in("http://HOST/api/profiles?page%5Bcursor%5D=bmV4") == "bmV4");
  BOOST_TEST(cursor_in("http://HOST/api/profiles?sort=id&page[cursor]=bmV4&page[size]=5")
             == "bmV4");
  // Encoded once or twice more.
  BOOST_TEST(cursor_in("http:%2F%2FHOST%2Fapi%2Fprofiles%3Fpage%255Bcursor%255D%3DbmV4") == "bmV4");
  BOOST_TEST(cursor_in("http%253A%252F%252FHOST%252Fapi%253Fpage%25255Bcursor%25255D%253DbmV4")
             == "bmV4");
  BOOST_TEST(cursor_in("https://HOST/api/profiles?page%5Bcursor%5D=bmV4#top") == "bmV4");
  // No cursor inside: it stays what it is, and will not open.
  for (const auto* value : {"http://HOST/api/profiles", "http://HOST/api/profiles?sort=id", "%",
                            "%%%", "?page[cursor]=x", "://"})
    BOOST_TEST(cursor_in(value) == value);
}

BOOST_AUTO_TEST_CASE(reports_call_their_cursor_otherwise) {
  query_rules rules;
  rules.has_page_cursor = true;
  const auto asked = get("/api/flow-values-reports",
                         {{"page_cursor", "http://HOST/api/flow-values-reports?page_cursor=c1"}});
  BOOST_TEST(parse_query(asked, rules).cursor == "c1");
  BOOST_TEST(faults({{"page[cursor]", "c1"}}, rules).size() == 1U);
}

BOOST_AUTO_TEST_CASE(an_error_stays_short_however_long_the_value) {
  const std::string is_long(5'000, 'x');
  BOOST_TEST(fault("sort", is_long).size() < 300U);
  std::string names = "n0";
  for (int i = 1; i < 1'000; ++i)
    names += ",n" + std::to_string(i);
  BOOST_TEST(fault("include", names) == "more than 200 names");
  named_texts many;
  for (int i = 0; i < 500; ++i)
    many.emplace_back("p" + std::to_string(i), "");
  BOOST_TEST(faults(many).size() == 100U);
}

BOOST_AUTO_TEST_SUITE_END()
