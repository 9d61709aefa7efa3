#include "gateway/filter.hpp"

#include <boost/test/unit_test.hpp>

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(filter_test)

namespace {

using namespace gateway;

std::string value_shown(const filter_value& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return '"' + *text + '"';
  if (const auto* number = std::get_if<double>(&value))
    return std::to_string(*number);
  if (const auto* flag = std::get_if<bool>(&value))
    return *flag ? "true" : "false";
  return model::format_instant(std::get<model::instant>(value));
}

/// `field operation values`, one term after the other; a failure's message for a wrong filter.
std::string shown(std::string_view filter) {
  const auto terms = parse_filter(filter);
  if (!terms)
    return terms.error().message;
  std::string out;
  for (const auto& term : *terms) {
    out += out.empty() ? "" : "; ";
    out += term.field + ' ' + std::string{name_of(term.operation)};
    out += term.is_list ? " [" : "";
    for (const auto& value : term.values)
      out += ' ' + value_shown(value);
    out += term.is_list ? " ]" : "";
  }
  return out;
}

bool is_refused(std::string_view filter, std::string_view why) {
  const auto terms = parse_filter(filter);
  BOOST_TEST_INFO_SCOPE(filter);
  BOOST_TEST_INFO_SCOPE((terms ? "taken" : terms.error().message));
  return !terms && terms.error().message.find(why) != std::string::npos;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_the_sdk_builds_is_read) {
  BOOST_TEST(shown(R"(equals(email,"a+b c@x.co"),greater-than(created,1970-01-01T00:00:00.000Z),)"
                   R"(any(id,["a","b"]))")
             == R"(email equals "a+b c@x.co"; created greater-than 1970-01-01T00:00:00Z; )"
                R"(id any [ "a" "b" ])");
  BOOST_TEST(shown(R"(greater-or-equal(timestamp,1700000000),less-than(value,-1.5e2))")
             == "timestamp greater-or-equal 1700000000.000000; value less-than -150.000000");
  BOOST_TEST(shown("equals(archived,false)") == "archived equals false");
  BOOST_TEST(shown("").empty());
  BOOST_TEST(shown("  ").empty());
}

BOOST_AUTO_TEST_CASE(every_operator_is_known) {
  BOOST_TEST(shown("less-or-equal(n,1),contains(s,'x'),contains-any(s,['x']),"
                   "contains-all(s,['x','y']),starts-with(s,'x'),ends-with(s,'x'),has(profile)")
             == "n less-or-equal 1.000000; s contains \"x\"; s contains-any [ \"x\" ]; "
                "s contains-all [ \"x\" \"y\" ]; s starts-with \"x\"; s ends-with \"x\"; "
                "profile has");
}

BOOST_AUTO_TEST_CASE(and_is_taken_apart_however_deep) {
  BOOST_TEST(shown(" and( equals( a , 1 ) , and(equals(b,2),equals(c,3)) ) , equals (d,4) ")
             == "a equals 1.000000; b equals 2.000000; c equals 3.000000; d equals 4.000000");
  BOOST_TEST(shown("and(equals(a,1))") == "a equals 1.000000");
  const auto nested = [](std::size_t depth) {
    std::string filter = "has(x)";
    for (std::size_t i = 0; i < depth; ++i)
      filter = "and(" + filter + ')';
    return filter;
  };
  BOOST_TEST(shown(nested(filter_nesting_max)) == "x has");
  BOOST_TEST(is_refused(nested(filter_nesting_max + 1), "more than 16"));
}

BOOST_AUTO_TEST_CASE(quotes_may_be_double_or_single_with_the_escapes_of_json) {
  BOOST_TEST(shown(R"(equals(a,"x\"y\\z\u00e9\n"))") == "a equals \"x\"y\\zé\n\"");
  BOOST_TEST(shown(R"(equals(a,'it\'s "so"'))") == R"(a equals "it's "so"")");
  BOOST_TEST(shown(R"(equals(a,'a,b)]'))") == R"(a equals "a,b)]")");
  BOOST_TEST(shown(R"(equals(a,""))") == R"(a equals "")");
  BOOST_TEST(shown(R"(equals(a,"\ud83d\ude00"))") == "a equals \"😀\"");
  BOOST_TEST(is_refused(R"(equals(a,"x\q"))", "character 10: the text has an escape"));
  BOOST_TEST(is_refused("equals(a,\"x\ny\")", "control character"));
  BOOST_TEST(is_refused(R"(equals(a,"x))", "character 10: the text has no closing quote"));
  BOOST_TEST(is_refused(R"(equals(a,"x\)", "no closing quote"));
  BOOST_TEST(is_refused("equals(a,\"\xff\")", "valid UTF-8"));
}

BOOST_AUTO_TEST_CASE(datetimes_have_all_the_spellings_that_clients_use) {
  for (const auto* spelling :
       {"2024-01-31T10:00:00Z", "2024-01-31T10:00:00.000Z", "2024-01-31T12:00:00+02:00",
        "2024-01-31T12:00:00 02:00", "2024-01-31 12:00:00 02:00", "2024-01-31T05:00:00-05:00",
        "2024-01-31T10:00:00", "2024-01-31 10:00:00", "2024-01-31 10:00"})
    BOOST_TEST(shown(std::string{"equals(t,"} + spelling + ')') == "t equals 2024-01-31T10:00:00Z");
  BOOST_TEST(shown("any(t,[2024-01-31,2024-02-01T00:00:00.250Z])")
             == "t any [ 2024-01-31T00:00:00Z 2024-02-01T00:00:00.250Z ]");
  BOOST_TEST(is_refused("equals(t,2024-02-30)", "character 10: expected text in quotes"));
  BOOST_TEST(is_refused("equals(t,2024-01-31T10:00:00 +02:00)", "character 10"));
}

BOOST_AUTO_TEST_CASE(fields_may_have_dots_dollars_and_blanks_inside) {
  BOOST_TEST(shown("equals(messages.channel,'email'),any($message,['M1']),equals(Bounce Type,'x'),"
                   "equals(_kx,'k')")
             == "messages.channel equals \"email\"; $message any [ \"M1\" ]; Bounce Type equals "
                "\"x\"; _kx equals \"k\"");
}

BOOST_AUTO_TEST_CASE(whatever_the_grammar_does_not_have_is_refused_where_it_stands) {
  BOOST_TEST(is_refused("or(equals(a,1),equals(b,2))", "character 1: expected an operator"));
  BOOST_TEST(is_refused("not(equals(a,1))", "character 1: expected an operator"));
  BOOST_TEST(is_refused("equals(a,1),", "character 13: expected an operator"));
  BOOST_TEST(is_refused("equals(a,1) equals(b,2)", "character 13: expected ',' or the end"));
  BOOST_TEST(is_refused("equals(a,1))", "character 12"));
  BOOST_TEST(is_refused("equals(a,1", "character 11: expected ')', found the end"));
  BOOST_TEST(is_refused("equals(a)", "character 9: expected ','"));
  BOOST_TEST(is_refused("equals(,1)", "character 8: expected the name of a field"));
  BOOST_TEST(is_refused("equals", "character 7: expected '('"));
  BOOST_TEST(is_refused("EQUALS(a,1)", "character 1"));
  BOOST_TEST(is_refused("has(profile,1)", "character 12: expected ')'"));
  BOOST_TEST(is_refused("and()", "character 5: expected an operator"));
  BOOST_TEST(is_refused("equals(a,null)", "character 10"));
  BOOST_TEST(is_refused("equals(a,b)", "character 10"));
  BOOST_TEST(is_refused("equals(a,)", "character 10"));
  BOOST_TEST(is_refused("equals(a,1.)", "character 10"));
  BOOST_TEST(is_refused("equals(a,inf)", "character 10"));
  BOOST_TEST(is_refused("equals(a,1e999)", "character 10"));
  BOOST_TEST(is_refused("equals(ä,1)!", "character 12: expected ','"));
}

BOOST_AUTO_TEST_CASE(lists_are_for_operators_that_take_them_and_of_one_kind) {
  BOOST_TEST(shown("equals(id,['a','b'])") == R"(id equals [ "a" "b" ])");
  BOOST_TEST(is_refused("any(id,'a')", "character 8: any needs a list"));
  BOOST_TEST(is_refused("contains-any(id,'a')", "needs a list"));
  BOOST_TEST(is_refused("greater-than(n,[1])", "character 16: greater-than takes one value"));
  BOOST_TEST(is_refused("starts-with(s,['a'])", "takes one value"));
  BOOST_TEST(is_refused("any(id,[])", "character 9"));
  BOOST_TEST(is_refused("any(id,['a',1])", "character 13: the values of a list must be of one"));
  BOOST_TEST(is_refused("any(id,[['a']])", "character 9"));
  BOOST_TEST(is_refused("any(id,['a'", "expected ']'"));
}

BOOST_AUTO_TEST_CASE(length_conditions_and_items_are_limited) {
  const std::string filler(filter_bytes_max - 11, 'x');
  BOOST_TEST(parse_filter("equals(a,\"" + filler + "\")").has_value() == false);
  BOOST_TEST(parse_filter("equals(a,\"" + filler.substr(1) + "\")").has_value() == true);
  std::string terms = "has(a)";
  for (std::size_t i = 1; i < filter_terms_max; ++i)
    terms += ",has(a)";
  BOOST_TEST(parse_filter(terms)->size() == filter_terms_max);
  BOOST_TEST(is_refused(terms + ",has(a)", "more than 100 conditions"));
  std::string items = "1";
  for (std::size_t i = 1; i < filter_items_max; ++i)
    items += ",1";
  BOOST_TEST(parse_filter("any(a,[" + items + "])")->front().values.size() == filter_items_max);
  BOOST_TEST(is_refused("any(a,[" + items + ",1])", "more than 1000 values"));
}

BOOST_AUTO_TEST_CASE(an_endpoint_allows_its_own_fields_operators_and_kinds) {
  using enum filter_operator;
  const std::vector<filter_rule> rules = {
    {"id", {equals, any}, filter_kind::text, true},
    {"name", {contains, equals}},
    {"created", {greater_than}, filter_kind::instant},
    {"archived", {equals}, filter_kind::boolean},
    {"timestamp", {less_than}, filter_kind::number},
    {"profile", {has}},
    {"status", {equals}, filter_kind::text, false, {"live", "draft"}},
    {"status", {any}, filter_kind::text, true},
  };
  const auto faults = [&](std::string_view filter) {
    return check_filter(*parse_filter(filter), rules);
  };
  BOOST_TEST(faults("equals(id,['a']),any(id,['a']),equals(id,'a'),contains(name,'x'),has(profile),"
                    "greater-than(created,2024-01-01),equals(archived,true),less-than(timestamp,1),"
                    "equals(status,'live'),any(status,['whatever'])")
               .empty());
  const auto fault = [&](std::string_view filter) {
    const auto all = faults(filter);
    BOOST_TEST_REQUIRE(all.size() == 1U);
    return all.front();
  };
  BOOST_TEST(fault("equals(size,1)")
             == "character 1: 'size' cannot be filtered; allowed: id, name, created, archived, "
                "timestamp, profile, status");
  BOOST_TEST(fault("equals(id,'a'),less-than(created,2024-01-01)")
             == "character 16: 'created' cannot be filtered with less-than; allowed: greater-than");
  BOOST_TEST(fault("greater-than(created,\"2024-01-01\")")
             == "character 1: 'created' is compared with a date and time without quotes");
  BOOST_TEST(fault("equals(archived,'true')")
             == "character 1: 'archived' is compared with true or false");
  BOOST_TEST(fault("less-than(timestamp,2024-01-01)")
             == "character 1: 'timestamp' is compared with a number");
  BOOST_TEST(fault("equals(name,['a'])")
             == "character 1: equals of 'name' takes one value, not a list");
  BOOST_TEST(fault("equals(status,'sent')")
             == "character 1: 'sent' is no value of 'status'; allowed: live, draft");
  BOOST_TEST(fault("contains(status,'x')")
             == "character 1: 'status' cannot be filtered with contains; allowed: equals, any");
  BOOST_TEST(faults("equals(size,1),equals(colour,1)").size() == 2U);
  BOOST_TEST(check_filter(*parse_filter("has(a)"), {}).front()
             == "character 1: 'a' cannot be filtered; allowed: none");
}

BOOST_AUTO_TEST_CASE(a_term_gives_its_values_by_kind) {
  const auto terms = *parse_filter("equals(a,'x'),equals(b,2),equals(c,true),equals(d,2024-01-01),"
                                   "any(e,['x','y'])");
  BOOST_TEST(terms[0].text() == "x");
  BOOST_TEST(terms[1].number() == 2);
  BOOST_TEST(terms[2].boolean());
  BOOST_TEST(model::format_instant(terms[3].instant()) == "2024-01-01T00:00:00Z");
  BOOST_TEST(terms[4].texts() == (std::vector<std::string>{"x", "y"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
