#include "gateway/instant.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(instant_test)

namespace {

using namespace gateway;

std::string read(std::string_view text) {
  const auto at = read_instant(text);
  return at ? model::format_instant(*at) : "nothing";
}

} // namespace

BOOST_AUTO_TEST_CASE(all_spellings_of_clients_are_read) {
  for (const auto* spelling :
       {"2024-01-31T10:00:00Z", "2024-01-31T10:00:00.000Z", "2024-01-31T12:00:00+02:00",
        "2024-01-31T12:00:00 02:00", "2024-01-31 12:00:00 02:00", "2024-01-31T12:00 02:00",
        "2024-01-31T05:00:00-05:00", "2024-01-31T10:00:00", "2024-01-31 10:00:00",
        "2024-01-31 10:00", "2024-01-31T12:00:00.000 02:00"})
    BOOST_TEST(read(spelling) == "2024-01-31T10:00:00Z", spelling);
  BOOST_TEST(read("2024-01-31") == "2024-01-31T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(other_texts_are_no_instants) {
  for (const auto* text :
       {"", " ", "yesterday", "2024-02-30", "2024-01-31T10:00:00 ", "2024-01-31T10:00:00  02:00",
        "2024-01-31 02:00 02:00 02:00", "0000-12-31T00:00:00Z", "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-00:01", "1700000000"})
    BOOST_TEST(read(text) == "nothing", text);
  BOOST_TEST(read("0001-01-01") == "0001-01-01T00:00:00Z");
  BOOST_TEST(read("9999-12-31T23:59:59Z") == "9999-12-31T23:59:59Z");
}

BOOST_AUTO_TEST_CASE(instants_have_an_offset_and_no_fraction) {
  BOOST_TEST(instant_text(*read_instant("2022-11-08T01:23:45.999Z"))
             == "2022-11-08T01:23:45+00:00");
  BOOST_TEST(instant_text(*read_instant("1969-12-31T23:59:59.5Z")) == "1969-12-31T23:59:59+00:00");
}

BOOST_AUTO_TEST_SUITE_END()
