#include "gateway/cursor.hpp"
#include "tests/gateway/refusals.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(cursor_test)

namespace {

using namespace gateway;
using namespace gateway_test;

bool is_invalid(const std::string& scope, const std::string& token) {
  const auto errors = refused([&] { return open_cursor(scope, token); });
  return errors.size() == 1 && errors[0].status == 400 && errors[0].pointer == "/data/"
      && errors[0].detail == "Invalid cursor provided.";
}

} // namespace

BOOST_AUTO_TEST_CASE(what_was_sealed_opens_again) {
  std::string position;
  for (int size = 1; size < 300; ++size) {
    position += static_cast<char>(size * 37);
    BOOST_TEST_REQUIRE(open_cursor("/api/profiles", seal_cursor("/api/profiles", position))
                       == position);
  }
  BOOST_TEST(seal_cursor("/api/profiles", "").empty());
  BOOST_TEST(open_cursor("/api/profiles", "").empty());
}

BOOST_AUTO_TEST_CASE(a_token_survives_any_decoding) {
  std::string position(256, '\0');
  for (int i = 0; i < 256; ++i)
    position[static_cast<std::size_t>(i)] = static_cast<char>(i);
  const auto token = seal_cursor("scope", position);
  BOOST_TEST(
    token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    == std::string::npos);
  BOOST_TEST(open_cursor("scope", token + "==") == position);
}

BOOST_AUTO_TEST_CASE(the_form_of_tokens_stays_the_same) {
  // Clients keep them over an upgrade.
  BOOST_TEST(seal_cursor("/api/profiles", "0.17") == "30cfcRyu024wLjE3");
}

BOOST_AUTO_TEST_CASE(a_damaged_token_is_refused_whatever_the_damage) {
  const std::string scope = "/api/profiles";
  const auto token = seal_cursor(scope, "2.4711.x");
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char c : {'A', 'b', '7', '-', '_', '+', '/', '%', '\0', '\xff'}) {
      auto damaged = token;
      damaged[i] = c;
      if (damaged != token)
        BOOST_TEST_REQUIRE(is_invalid(scope, damaged));
    }
    BOOST_TEST_REQUIRE((i == 0 || is_invalid(scope, token.substr(0, i))));
  }
  BOOST_TEST(is_invalid(scope, token + token));
  BOOST_TEST(is_invalid(scope, "bmV4dDo6aWQ6OjEyMw=="));
  BOOST_TEST(is_invalid(scope, "==="));
  BOOST_TEST(is_invalid(scope, std::string(100'000, 'A')));
}

BOOST_AUTO_TEST_CASE(a_token_belongs_to_its_query) {
  const auto scope = cursor_scope(get("/api/profiles", {{"filter", "equals(email,\"a\")"}}));
  const auto token = seal_cursor(scope, "5");
  BOOST_TEST(is_invalid(cursor_scope(get("/api/profiles")), token));
  BOOST_TEST(
    is_invalid(cursor_scope(get("/api/profiles", {{"filter", "equals(email,\"b\")"}})), token));
  BOOST_TEST(is_invalid(
    cursor_scope(get("/api/segments/A/profiles", {{"filter", "equals(email,\"a\")"}})), token));
  BOOST_TEST(is_invalid(
    cursor_scope(get("/api/profiles", {{"filter", "equals(email,\"a\")"}, {"sort", "-created"}})),
    token));
  // How a page looks may change on the way, and the order of parameters.
  BOOST_TEST(cursor_scope(get("/api/profiles", {{"page[size]", "3"},
                                                {"fields[profile]", "email"},
                                                {"additional-fields[profile]", "subscriptions"},
                                                {"include", "lists"},
                                                {"page[cursor]", token},
                                                {"page_cursor", token},
                                                {"filter", "equals(email,\"a\")"}}))
             == scope);
  BOOST_TEST(cursor_scope(get("/x", {{"sort", "a"}, {"filter", "b"}}))
             == cursor_scope(get("/x", {{"filter", "b"}, {"sort", "a"}})));
}

BOOST_AUTO_TEST_SUITE_END()
