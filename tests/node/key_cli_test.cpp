// `rollcall key` and `rollcall account` on a directory that nobody serves.
#include "tests/node/program.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <unistd.h>

namespace {

using namespace node_tests;
namespace json = boost::json;

struct store_of_keys {
  scratch_directory scratch;
  std::string data = scratch / "store";

  [[nodiscard]] json::value ask(std::vector<std::string> words) const {
    words.insert(words.begin() + 2, {"--data", data, "--json"});
    const auto run = rollcall(words);
    BOOST_REQUIRE_MESSAGE(run.status == 0, run.out << run.err);
    return json::parse(run.out);
  }
  [[nodiscard]] std::string text(const std::vector<std::string>& words,
                                 std::string_view name) const {
    return json::value_to<std::string>(ask(words).at(name));
  }
  /// "route status about" of each line of an account's audit log.
  [[nodiscard]] std::vector<std::string> noted(const std::string& account = {}) const {
    std::vector<std::string> all;
    const auto directory = account.empty() ? data : data + "/accounts/" + account;
    for (const auto& line : lines_of(read_file(directory + "/audit.log"))) {
      const auto entry = json::parse(line);
      BOOST_TEST(entry.at("key").as_string() == fmt::format("uid:{}", ::getuid()));
      BOOST_TEST(entry.at("method").as_string() == "COMMAND");
      const auto* about = entry.as_object().if_contains("about");
      all.push_back(
        fmt::format("{} {} {}", std::string_view{entry.at("route").as_string()},
                    entry.at("status").to_number<int>(),
                    about == nullptr ? std::string_view{} : std::string_view{about->as_string()}));
    }
    return all;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(key_cli_test)

BOOST_FIXTURE_TEST_CASE(what_commands_do_with_keys_is_in_the_audit_log, store_of_keys) {
  const auto id = text({"key", "create", "--name", "shop"}, "id");
  BOOST_TEST(rollcall({"key", "create", "--data", data, "--scopes", "no:such"}).status == 1);
  BOOST_TEST(ask({"key", "list"}).as_array().size() == 1U);
  BOOST_TEST(text({"key", "revoke", id}, "revoked") == id);
  BOOST_TEST(rollcall({"key", "revoke", "--data", data, "aaaaaa"}).status == 3);
  BOOST_TEST(noted()
               == (std::vector<std::string>{
                 "rollcall key create 201 " + id, "rollcall key create 400 ",
                 "rollcall key revoke 204 " + id, "rollcall key revoke 404 aaaaaa"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_new_account_is_noted_by_the_default_one_and_by_itself, store_of_keys) {
  const auto key = text({"account", "create", "shop"}, "key");
  BOOST_TEST(rollcall({"account", "create", "--data", data, "shop"}).status == 4);
  const auto second = text({"key", "create", "--account", "shop"}, "id");
  BOOST_TEST(noted()
               == (std::vector<std::string>{"rollcall account create 201 shop",
                                            "rollcall account create 409 shop"}),
             boost::test_tools::per_element());
  BOOST_TEST(noted("shop")
               == (std::vector<std::string>{"rollcall key create 201 " + key.substr(3, 6),
                                            "rollcall key create 201 " + second}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
