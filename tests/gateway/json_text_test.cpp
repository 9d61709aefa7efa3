#include "gateway/json_text.hpp"
#include "tests/gateway/refusals.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <charconv>
#include <cmath>
#include <random>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(json_text_test)

namespace {

using namespace gateway;
namespace json = boost::json;

std::string rewritten(std::string_view text) {
  std::vector<json_fault> faults;
  const auto value = read_json(text, faults);
  return value ? json_text(*value) : faults.at(0).pointer + " | " + faults.at(0).reason;
}

} // namespace

BOOST_AUTO_TEST_CASE(values_are_written_as_they_were_read) {
  for (const auto* text : {"null", "true", "false", "0", "-17", "12.5", "\"\"", "[]", "{}",
                           R"({"b":[1,{"a":null}],"a":"\"\\\nä😀"})", "18446744073709551615",
                           "-9223372036854775808", "0.1", "1e-07", "1.7976931348623157e+308"})
    BOOST_TEST(rewritten(text) == text);
  BOOST_TEST(rewritten(" { \"a\" : [ 1.50 , 1E2, \"\\u00e9\\/\" ] } ")
             == R"({"a":[1.5,100,"é/"]})");
}

BOOST_AUTO_TEST_CASE(numbers_are_the_nearest_doubles) {
  std::mt19937_64 random{4711};
  std::uniform_real_distribution<double> exponents{-300, 300};
  for (int i = 0; i < 20'000; ++i) {
    const auto number = std::pow(10.0, exponents(random));
    char text[64];
    const auto* end = std::to_chars(text, text + sizeof text, number).ptr;
    std::vector<json_fault> faults;
    const auto read = read_json({text, static_cast<std::size_t>(end - text)}, faults);
    BOOST_TEST_REQUIRE(read->to_number<double>() == number);
  }
  BOOST_TEST(rewritten("123456789012345678901234567890") == "1.2345678901234568e+29");
  BOOST_TEST(rewritten("1e-400") == "0");
  BOOST_TEST(rewritten("-1e999").find("the number is too large at line 1") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused_with_its_position) {
  BOOST_TEST(rewritten("{\"a\":1,\n \"b\":tru}")
             == " | not valid JSON: syntax error at line 2, column 6");
  BOOST_TEST(rewritten("{\"a\":") == " | the text ends too early at line 1, column 6");
  BOOST_TEST(rewritten("") == " | the text ends too early at line 1, column 1");
  BOOST_TEST(rewritten("{} x") == " | more text after the end of the JSON at line 1, column 4");
  for (const auto* text : {"{'a':1}", "[1,]", "{\"a\":1,}", "NaN", "01", "\"\xff\"", "\"\x01\"",
                           "\"\\ud800\"", "// x\n1", "\xef\xbb\xbf{}"})
    BOOST_TEST(rewritten(text).find(" at line 1, column ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_may_stand_once_in_its_object) {
  BOOST_TEST(rewritten(R"({"data":[{},{"x":{"a/b":1,"c":2,"a/b":3}}]})")
             == "/data/1/x/a~1b | given twice; a field may be given once");
  std::vector<json_fault> faults;
  BOOST_TEST(!read_json(R"({"a":1,"a":{"b":1,"b":2},"a":3})", faults));
  BOOST_TEST(faults.size() == 3U);
  BOOST_TEST(rewritten(R"([{"a":1},{"a":1,"b":{"a":1}}])") == R"([{"a":1},{"a":1,"b":{"a":1}}])");
}

BOOST_AUTO_TEST_CASE(nesting_is_limited) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  BOOST_TEST(rewritten(nested(json_nesting_max)) == nested(json_nesting_max));
  BOOST_TEST(rewritten(nested(json_nesting_max + 1)).find("more than 32 deep")
             != std::string::npos);
  BOOST_TEST(rewritten(std::string(1'000'000, '[')).find("more than 32 deep") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(own_json_may_be_deeper_than_what_comes_in) {
  const auto text = std::string(40, '[') + std::string(40, ']');
  BOOST_TEST(json_text(own_json(text)) == text);
}

BOOST_AUTO_TEST_SUITE_END()
