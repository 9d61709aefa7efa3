#include "storage/environment.hpp"
#include "tests/storage/older_directory.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(keyspaces_test)

namespace {

using storage::documents_key;
using storage::short_text;

} // namespace

BOOST_AUTO_TEST_CASE(short_texts_are_kept_whole_and_in_the_order_of_their_bytes) {
  const std::vector<std::string> texts{"",
                                       "\x01",
                                       "a",
                                       "a\x01",
                                       "aaaaaaaa",
                                       "aaaaaaaab",
                                       "ab",
                                       "b",
                                       "\xc3\xa9",
                                       std::string(63, '\xff'),
                                       std::string(64, '\xff')};
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const short_text text{texts[i]};
    BOOST_TEST(text.text() == texts[i]);
    if (i != 0)
      BOOST_TEST((short_text{texts[i - 1]}.words() < text.words()));
  }
}

BOOST_AUTO_TEST_CASE(the_key_of_a_document_is_read_back_and_orders_by_kind_then_id) {
  const documents_key key{short_text{"webhook"}, short_text{std::string(64, 'x')}};
  const auto again = documents_key::of(key.words());
  BOOST_TEST(again.kind.text() == "webhook");
  BOOST_TEST(again.id.text() == std::string(64, 'x'));
  BOOST_TEST((documents_key{short_text{"a"}, short_text{"z"}}.words()
              < documents_key{short_text{"b"}, short_text{"a"}}.words()));
}

BOOST_AUTO_TEST_CASE(a_keyspace_that_an_older_release_did_not_have_is_there_and_empty) {
  const tests::temporary_directory directory;
  const storage::checkpoints_key old_key{storage::checkpoint_kind::build, 7};
  const documents_key new_key{short_text{"kind"}, short_text{"id"}};
  const std::array<storage::word, 1> record{42};
  const auto open = [&] {
    auto e = storage::environment::open(directory.path());
    BOOST_REQUIRE(e);
    return std::move(*e);
  };
  auto e = open();
  BOOST_REQUIRE(e->update([&](storage::write_transaction& t) -> model::status {
    t.put(old_key, record);
    t.put(new_key, record);
    return t.health();
  }));
  e.reset();
  tests::forget_keyspace(directory.path(), storage::keyspace::documents);
  e = open();
  {
    const auto snapshot = e->read();
    BOOST_REQUIRE(snapshot);
    BOOST_TEST(snapshot->get(old_key).has_value());
    BOOST_TEST(!snapshot->get(new_key));
    BOOST_TEST(snapshot->count(storage::keyspace::documents) == 0u);
  }
  BOOST_REQUIRE(e->update([&](storage::write_transaction& t) -> model::status {
    t.put(new_key, record);
    return t.health();
  }));
  const auto snapshot = e->read();
  BOOST_REQUIRE(snapshot);
  BOOST_TEST(snapshot->get(new_key).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
