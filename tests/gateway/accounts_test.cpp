#include "tests/gateway/accounts_fixture.hpp"

#include <rollcall/batch_builder.hpp>

#include <atomic>
#include <fstream>
#include <thread>

BOOST_AUTO_TEST_SUITE(accounts_test)

namespace {

using namespace gateway_tests;
using gateway::accounts;
using model::failure_code;
using namespace std::chrono_literals;

using names = std::vector<std::string>;

names names_of(const accounts& all) {
  names list;
  for (const auto& one : all.all())
    list.push_back(one->name);
  return list;
}

/// Makes the account's own environment unreadable.
void damage(const std::filesystem::path& account) {
  std::filesystem::resize_file(account / "account" / "data.mdb", 0);
  std::ofstream{account / "account" / "data.mdb"} << std::string(16'384, 'x');
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_new_directory_is_the_default_account, open_accounts) {
  BOOST_TEST(names_of(*all) == names{"default"}, boost::test_tools::per_element());
  BOOST_TEST(first()->id.size() == 6U);
  BOOST_CHECK(first()->directory == data);
  BOOST_TEST(all->closed().empty());
}

BOOST_FIXTURE_TEST_CASE(accounts_keep_their_id_and_their_keys, open_accounts) {
  const auto key = key_for(must(all->create("shop"))).key;
  const auto id = all->by_name("shop")->id;
  BOOST_CHECK(all->by_name("shop")->directory == data / "accounts" / "shop");
  BOOST_TEST(id != first()->id);
  open();
  BOOST_TEST(names_of(*all) == (names{"default", "shop"}), boost::test_tools::per_element());
  BOOST_TEST(all->by_name("shop")->id == id);
  BOOST_TEST(all->by_key(key, noon).whose->name == "shop");
  BOOST_TEST(all->by_public_key(id).whose->name == "shop");
}

BOOST_FIXTURE_TEST_CASE(a_key_leads_to_its_own_account_alone, open_accounts) {
  const auto shop = must(all->create("shop"));
  const auto of_shop = key_for(shop);
  const auto of_first = key_for(first());
  BOOST_TEST(all->by_key(of_shop.key, noon).whose == shop);
  BOOST_TEST(all->by_key(of_shop.key, noon).key->id == of_shop.kept.id);
  BOOST_TEST(all->by_key(of_first.key, noon).whose == first());
  // A secret of one with the id of the other.
  const auto mixed = "pk_" + of_first.kept.id + of_shop.key.substr(9);
  BOOST_TEST(!all->by_key(mixed, noon).whose);
  for (const auto* wrong : {"", "pk_", "pk_AAAAAA"})
    BOOST_TEST(!all->by_key(wrong, noon).whose);
  BOOST_TEST(!all->by_key(must(gateway::make_key({}, noon)).key, noon).is_uncertain);
}

BOOST_FIXTURE_TEST_CASE(a_revoked_key_leads_nowhere, open_accounts) {
  const auto key = key_for(first());
  must(first()->keys->revoke(key.kept.id, noon));
  BOOST_TEST(!all->by_key(key.key, noon).whose);
  open();
  BOOST_TEST(!all->by_key(key.key, noon).whose);
}

BOOST_FIXTURE_TEST_CASE(two_accounts_share_no_data, open_accounts) {
  const auto shop = must(all->create("shop"));
  rollcall::batch_builder builder;
  builder.profile({"ada"});
  must(shop->engine->apply(builder.take()));
  BOOST_TEST(bool(shop->engine->profile("ada")));
  BOOST_CHECK(first()->engine->profile("ada").error().code == failure_code::not_found);
}

BOOST_FIXTURE_TEST_CASE(names_are_checked_and_taken_once, open_accounts) {
  must(all->create("shop"));
  BOOST_CHECK(all->create("shop").error().code == failure_code::conflict);
  BOOST_CHECK(all->create("default").error().code == failure_code::conflict);
  for (const auto* wrong : {"", "Shop", "../shop", "a/b", ".", "-a", "_a", "a b"}) {
    const auto made = all->create(wrong);
    BOOST_REQUIRE_MESSAGE(!made, wrong);
    BOOST_CHECK(made.error().code == failure_code::invalid_input);
  }
  BOOST_CHECK(!all->create(std::string(65, 'a')));
  BOOST_TEST(names_of(*all).size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_broken_account_keeps_no_other_from_serving, open_accounts) {
  const auto of_shop = key_for(must(all->create("shop"))).key;
  const auto of_other = key_for(must(all->create("other"))).key;
  const auto id_of_shop = all->by_name("shop")->id;
  const auto revoked = key_for(first());
  must(first()->keys->revoke(revoked.kept.id, noon));
  all.reset();
  damage(data / "accounts" / "shop");
  open();
  BOOST_TEST(names_of(*all) == (names{"default", "other"}), boost::test_tools::per_element());
  BOOST_REQUIRE_EQUAL(all->closed().size(), 1U);
  BOOST_TEST(all->closed()[0].name == "shop");
  BOOST_TEST(!all->closed()[0].why.message.empty());
  BOOST_TEST(all->by_key(of_other, noon).whose->name == "other");
  BOOST_TEST(!all->by_key(of_shop, noon).whose);
  BOOST_TEST(all->by_key(of_shop, noon).is_uncertain);
  BOOST_TEST(all->by_public_key(id_of_shop).is_uncertain);
  BOOST_TEST(!all->by_key(revoked.key, noon).is_uncertain); // It is known whose that was.
  BOOST_TEST(!all->by_key("no key at all", noon).is_uncertain);
  BOOST_CHECK(all->create("shop").error().code == failure_code::conflict);
}

BOOST_FIXTURE_TEST_CASE(the_others_serve_without_the_default_account, open_accounts) {
  const auto of_shop = key_for(must(all->create("shop"))).key;
  all.reset();
  damage(data);
  open();
  BOOST_TEST(names_of(*all) == names{"shop"}, boost::test_tools::per_element());
  BOOST_TEST(all->closed().at(0).name == "default");
  BOOST_TEST(all->by_key(of_shop, noon).whose->name == "shop");
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_was_copied_does_not_serve_twice, open_accounts) {
  const auto key = key_for(must(all->create("shop"))).key;
  all.reset();
  std::filesystem::copy(data / "accounts" / "shop", data / "accounts" / "twin",
                        std::filesystem::copy_options::recursive);
  open();
  BOOST_TEST(all->closed().at(0).name == "twin");
  BOOST_TEST(all->closed().at(0).why.message.find("copied") != std::string::npos);
  BOOST_TEST(all->by_key(key, noon).whose->name == "shop");
}

BOOST_FIXTURE_TEST_CASE(a_directory_that_somebody_has_open_is_not_served, open_accounts) {
  const auto again = accounts::open(options());
  BOOST_REQUIRE(!again);
  BOOST_CHECK(again.error().code == failure_code::in_use);
  must(all->create("shop"));
  all.reset();
  const auto held = must(rollcall::engine::open({.directory = data / "accounts" / "shop"}));
  const auto in_part = accounts::open(options());
  BOOST_REQUIRE(!in_part);
  BOOST_CHECK(in_part.error().code == failure_code::in_use);
}

BOOST_FIXTURE_TEST_CASE(foreign_directories_are_left_alone, open_accounts) {
  all.reset();
  std::filesystem::create_directories(data / "accounts" / "Lost+Found");
  open();
  BOOST_TEST(names_of(*all) == names{"default"}, boost::test_tools::per_element());
  BOOST_TEST(std::filesystem::is_empty(data / "accounts" / "Lost+Found"));
  std::filesystem::create_directories(directory.path() / "pictures" / "cats");
  const auto other = accounts::open({.data = directory.path() / "pictures"});
  BOOST_REQUIRE(!other);
  BOOST_CHECK(other.error().code == failure_code::conflict);
}

BOOST_FIXTURE_TEST_CASE(an_account_that_was_only_begun_is_finished, open_accounts) {
  all.reset();
  std::filesystem::create_directories(data / "accounts" / "shop");
  open();
  BOOST_TEST(names_of(*all) == (names{"default", "shop"}), boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(keys_are_made_and_used_at_the_same_time, open_accounts) {
  const auto known = key_for(first()).key;
  std::atomic<bool> is_over = false;
  std::atomic<int> missed = 0;
  std::thread uses{[&] {
    while (!is_over)
      if (!all->by_key(known, noon).whose)
        ++missed;
  }};
  for (int i = 0; i < 20; ++i) {
    const auto made = key_for(first());
    BOOST_TEST(bool(all->by_key(made.key, noon).whose));
  }
  is_over = true;
  uses.join();
  BOOST_TEST(missed.load() == 0);
}

BOOST_FIXTURE_TEST_CASE(changes_of_an_account_reach_its_engine, open_accounts) {
  rollcall::batch_builder builder;
  builder.profile({"ada"});
  std::atomic<bool> is_there = false;
  first()->changes->add(builder.take(), [&](const auto& answer) { is_there = bool(answer); });
  all->by_name("default")->changes.reset(); // Ends when everything is answered.
  BOOST_TEST(is_there.load());
  BOOST_TEST(bool(first()->engine->profile("ada")));
}

BOOST_AUTO_TEST_SUITE_END()
