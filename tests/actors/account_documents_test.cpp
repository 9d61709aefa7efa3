#include "actors/account_store.hpp"
#include "actors/document_check.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(account_documents_test)

namespace {

using lines = std::vector<std::string>;

struct fixture {
  tests::temporary_directory directory;
  std::unique_ptr<actors::account_store> store;

  fixture() {
    open();
  }
  void open() {
    store.reset();
    auto opened = actors::account_store::open(directory.path() / "account", {});
    BOOST_REQUIRE(opened);
    store = std::move(*opened);
  }
  void save(std::string_view kind, std::string id, std::string json) {
    BOOST_REQUIRE(store->save_document(kind, {std::move(id), std::move(json)}));
  }
  lines documents(std::string_view kind) {
    const auto found = store->documents(kind);
    BOOST_REQUIRE(found);
    lines all;
    for (const auto& d : *found)
      all.push_back(d.id + " " + d.json);
    return all;
  }
};

bool is_refused(const model::status& checked, std::string_view because) {
  return !checked && checked.error().code == model::failure_code::invalid_input
      && checked.error().message.find(because) != std::string::npos;
}

} // namespace

BOOST_FIXTURE_TEST_CASE(documents_of_a_kind_come_by_id_and_kinds_do_not_mix, fixture) {
  const std::string longest(64, 'k');
  save("key", "b", "2");
  save("key", "a", "1");
  save("key", "B", "0");
  save("keys", "a", "other");
  save("ke", "a", "other");
  save(longest, longest, "long");
  const auto check = [&] {
    BOOST_TEST(documents("key") == (lines{"B 0", "a 1", "b 2"}), boost::test_tools::per_element());
    BOOST_TEST(documents(longest) == (lines{longest + " long"}), boost::test_tools::per_element());
    BOOST_TEST(documents("none").empty());
  };
  check();
  open();
  check();
}

BOOST_FIXTURE_TEST_CASE(a_document_is_replaced_and_erased, fixture) {
  save("key", "a", "old");
  save("key", "a", "new");
  save("key", "b", "stays");
  BOOST_TEST(documents("key") == (lines{"a new", "b stays"}), boost::test_tools::per_element());
  const auto erased = store->erase_document("key", "a");
  BOOST_REQUIRE(erased);
  BOOST_TEST(*erased);
  const auto again = store->erase_document("key", "a");
  BOOST_REQUIRE(again);
  BOOST_TEST(!*again);
  BOOST_REQUIRE(store->erase_document("kez", "b"));
  open();
  BOOST_TEST(documents("key") == (lines{"b stays"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(a_document_of_a_mebibyte_is_kept_byte_by_byte, fixture) {
  std::string json = "[\"";
  while (json.size() < actors::document_bytes_max - 2)
    json += static_cast<char>('a' + json.size() % 26);
  json += "\"]";
  BOOST_REQUIRE(actors::check_document_json(json));
  save("key", "large", json);
  open();
  BOOST_TEST((documents("key") == lines{"large " + json}));
}

BOOST_AUTO_TEST_CASE(what_may_not_name_a_document_is_told) {
  using namespace actors;
  BOOST_TEST(check_document_kind("k").has_value());
  BOOST_TEST(check_document_id(std::string(64, 'x')).has_value());
  BOOST_TEST(check_document_id("two words, \"quotes\" and \xc3\xa9").has_value());
  BOOST_TEST(is_refused(check_document_kind(""), "kind of 0 bytes: 1 to 64"));
  BOOST_TEST(is_refused(check_document_id(""), "id of 0 bytes: 1 to 64"));
  BOOST_TEST(is_refused(check_document_id(std::string(65, 'x')), "id of 65 bytes: 1 to 64"));
  BOOST_TEST(is_refused(check_document_id(std::string_view{"a\0b", 3}), "zero byte"));
}

BOOST_AUTO_TEST_CASE(what_is_no_json_or_too_long_is_told) {
  using actors::check_document_json;
  for (const auto* json : {"{}", "null", "3", "\"text\"", R"({"a":[1,{"b":null}]})", " [ ] "})
    BOOST_TEST(check_document_json(json).has_value(), json);
  for (const auto* json : {"", "{", "{} {}", "{'a':1}", "nul", "\"\xff\"", "[1,]"})
    BOOST_TEST(is_refused(check_document_json(json), "valid JSON"), json);
  const auto large = '"' + std::string(actors::document_bytes_max - 1, 'x') + '"';
  BOOST_TEST(is_refused(check_document_json(large), "of 1048577 bytes: at most 1048576"));
}

BOOST_AUTO_TEST_SUITE_END()
