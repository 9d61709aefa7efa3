#include "gateway/keys.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <set>

BOOST_AUTO_TEST_SUITE(keys_test)

namespace {

using gateway::key_book;
using gateway::new_key;
using model::failure_code;
using namespace std::chrono_literals;

const auto now = *model::parse_instant("2026-07-15T12:00:00Z");

/// Documents of one account in memory.
struct memory_store {
  std::map<std::string, std::string, std::less<>> documents;
  bool is_full = false;

  gateway::key_store store() {
    return {[this]() -> model::outcome<std::vector<rollcall::engine::document>> {
              std::vector<rollcall::engine::document> all;
              for (const auto& [id, json] : documents)
                all.push_back({id, json});
              return all;
            },
            [this](std::string_view id, std::string_view json) -> model::status {
              if (is_full)
                return model::failure{failure_code::storage_full, "the disk is full"};
              documents.insert_or_assign(std::string{id}, std::string{json});
              return model::nothing{};
            }};
  }
  std::unique_ptr<key_book> open() {
    auto book = key_book::open(store());
    BOOST_REQUIRE(book);
    return std::move(*book);
  }
};

gateway::made_key made(key_book& book, const new_key& wanted = {}) {
  auto key = book.create(wanted, now);
  if (!key)
    BOOST_FAIL(key.error().message);
  return std::move(*key);
}

/// The key with its last character changed.
std::string nearly(std::string key) {
  key.back() = key.back() == 'x' ? 'y' : 'x';
  return key;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_key_begins_with_what_finds_it_and_ends_with_a_secret) {
  const auto key = gateway::make_key({}, now);
  BOOST_REQUIRE(key);
  BOOST_TEST(key->key.starts_with("pk_" + key->kept.id));
  BOOST_TEST(key->kept.id.size() == 6U);
  BOOST_TEST(key->key.size() == 3U + 6U + gateway::key_secret_characters);
  BOOST_TEST(gateway::id_of_key(key->key) == key->kept.id);
  BOOST_TEST(gateway::key_secret_characters >= 32U);
}

BOOST_AUTO_TEST_CASE(what_is_no_key_has_no_id) {
  const auto key = gateway::make_key({}, now)->key;
  for (const auto& text : {std::string{}, std::string{"pk_"}, key + "a", key.substr(1),
                           "PK" + key.substr(2), key.substr(0, key.size() - 1) + "_"})
    BOOST_TEST(gateway::id_of_key(text).empty(), text);
}

BOOST_AUTO_TEST_CASE(no_two_keys_are_alike_and_every_character_occurs) {
  std::set<std::string> keys;
  std::map<char, int> seen;
  for (int i = 0; i < 500; ++i) {
    const auto key = gateway::make_key({}, now)->key;
    keys.insert(key);
    for (const auto c : key.substr(3))
      ++seen[c];
  }
  BOOST_TEST(keys.size() == 500U);
  BOOST_TEST(seen.size() == 62U);
  // 23,000 characters, 371 of each expected; 7 standard deviations are 134.
  for (const auto& [c, count] : seen)
    BOOST_TEST((count > 237 && count < 505), c << " came " << count << " times");
}

BOOST_AUTO_TEST_CASE(what_is_kept_of_a_key_does_not_hold_it) {
  memory_store memory;
  const auto book = memory.open();
  const auto key = made(*book, {.name = "shop"});
  const auto& json = memory.documents.at(key.kept.id);
  BOOST_TEST(json.find(key.key) == std::string::npos);
  BOOST_TEST(json.find(key.key.substr(9)) == std::string::npos);
  BOOST_TEST(json.find("\"shop\"") != std::string::npos);
  // The same key twice would have two hashes.
  BOOST_TEST(key.kept.salt != made(*book).kept.salt);
}

BOOST_AUTO_TEST_CASE(only_the_key_itself_is_let_in) {
  memory_store memory;
  const auto book = memory.open();
  const auto key = made(*book);
  const auto other = made(*book);
  BOOST_REQUIRE(book->verify(key.key, now));
  BOOST_TEST(book->verify(key.key, now)->id == key.kept.id);
  BOOST_TEST(!book->verify(nearly(key.key), now));
  BOOST_TEST(!book->verify("pk_" + other.kept.id + key.key.substr(9), now));
  BOOST_TEST(!book->verify("pk_" + key.kept.id, now));
  BOOST_TEST(!book->verify("", now));
  memory_store elsewhere; // Another account knows nothing of it.
  BOOST_TEST(!elsewhere.open()->verify(key.key, now));
}

BOOST_AUTO_TEST_CASE(a_key_ends_at_its_instant) {
  memory_store memory;
  const auto book = memory.open();
  const auto key = made(*book, {.expires = now + 1h});
  BOOST_TEST(bool(book->verify(key.key, now + 1h - 1ms)));
  BOOST_TEST(!book->verify(key.key, now + 1h));
}

BOOST_AUTO_TEST_CASE(a_revoked_key_is_refused_at_once_and_stays_so) {
  memory_store memory;
  auto book = memory.open();
  const auto key = made(*book);
  BOOST_REQUIRE(book->revoke(key.kept.id, now + 1min));
  BOOST_TEST(!book->verify(key.key, now + 2min));
  book = memory.open();
  BOOST_TEST(!book->verify(key.key, now));
  const auto again = book->revoke(key.kept.id, now + 1h);
  BOOST_REQUIRE(again);
  BOOST_CHECK(*again->revoked == now + 1min);
  BOOST_CHECK(book->revoke("nobody", now).error().code == failure_code::not_found);
}

BOOST_AUTO_TEST_CASE(keys_are_there_after_opening_again) {
  memory_store memory;
  auto book = memory.open();
  const auto first = made(*book, {.name = "a \"name\"", .scopes = {"lists:read", "tags:write"}});
  const auto second = book->create({.name = "second", .expires = now + 24h}, now + 1s);
  book = memory.open();
  BOOST_TEST(bool(book->verify(first.key, now)));
  const auto all = book->all();
  BOOST_REQUIRE_EQUAL(all.size(), 2U);
  BOOST_TEST(all[0].name == "a \"name\"");
  BOOST_TEST(all[0].scopes == (std::vector<std::string>{"lists:read", "tags:write"}),
             boost::test_tools::per_element());
  BOOST_CHECK(all[0].created == now && !all[0].expires && !all[0].revoked);
  BOOST_CHECK(all[1].expires == now + 24h);
}

BOOST_AUTO_TEST_CASE(wrong_wishes_are_refused_with_what_is_allowed) {
  memory_store memory;
  const auto book = memory.open();
  const auto reason = [&](const new_key& wanted) {
    const auto key = book->create(wanted, now);
    BOOST_REQUIRE(!key);
    BOOST_CHECK(key.error().code == failure_code::invalid_input);
    return key.error().message;
  };
  BOOST_TEST(reason({.scopes = {"lists:read", "lists:drop"}}).find("\"lists:drop\" is none")
             != std::string::npos);
  BOOST_TEST(reason({.scopes = {}}).find("read-only") != std::string::npos);
  BOOST_TEST(reason({.name = std::string(257, 'n')}).find("at most 256") != std::string::npos);
  BOOST_TEST(reason({.expires = now}).find("is over already") != std::string::npos);
  BOOST_TEST(memory.documents.empty());
}

BOOST_AUTO_TEST_CASE(a_key_that_could_not_be_kept_is_none) {
  memory_store memory;
  auto book = memory.open();
  const auto key = made(*book);
  memory.is_full = true;
  BOOST_CHECK(book->create({}, now).error().code == failure_code::storage_full);
  BOOST_CHECK(book->revoke(key.kept.id, now).error().code == failure_code::storage_full);
  BOOST_TEST(bool(book->verify(key.key, now)));
  BOOST_TEST(book->all().size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_damaged_document_is_told_and_not_passed_over) {
  for (const auto* text :
       {"", "{}", "[]", R"({"name":1,"scopes":[],"created":"2026-01-01","expires":null})"}) {
    memory_store memory;
    memory.documents["AAAAAA"] = text;
    const auto book = key_book::open(memory.store());
    BOOST_REQUIRE(!book);
    BOOST_CHECK(book.error().code == failure_code::storage_broken);
    BOOST_TEST(book.error().message.find("AAAAAA") != std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
