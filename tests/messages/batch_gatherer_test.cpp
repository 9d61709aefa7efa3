#include "messages/batch_gatherer.hpp"
#include "tests/messages/batch_text.hpp"
#include "tests/messages/sample_batch.hpp"

#include <boost/test/unit_test.hpp>
#include <rollcall/batch_builder.hpp>

#include <set>

BOOST_AUTO_TEST_SUITE(batch_gatherer_test)

namespace {

using messages_test::shown;

model::change_batch order(std::string_view who, std::string_view brand) {
  rollcall::batch_builder builder;
  builder.event({who}, "Placed Order", {}, 5.0, who).set("Brand", brand);
  builder.profile({who}).set("properties['size']", "M");
  return builder.take();
}

} // namespace

BOOST_AUTO_TEST_CASE(pieces_stand_one_after_the_other) {
  const auto first = order("ada", "Northwind");
  const auto second = order("bob", "Southwind");
  model::change_batch whole;
  messages::batch_gatherer gatherer;
  gatherer.begin(whole);
  gatherer.append(first);
  gatherer.append(second);
  BOOST_CHECK(model::holds_together(whole));
  BOOST_TEST(shown(whole) == shown(first) + shown(second));
}

BOOST_AUTO_TEST_CASE(a_name_that_several_pieces_have_is_written_once) {
  model::change_batch whole;
  messages::batch_gatherer gatherer;
  gatherer.begin(whole);
  for (const auto* who : {"ada", "bob", "cyd"})
    gatherer.append(order(who, who));
  std::multiset<std::string_view> names;
  for (std::uint32_t i = 0; i < whole.names.size(); ++i)
    names.insert(whole.name(i));
  BOOST_CHECK(names
              == (std::multiset<std::string_view>{"Brand", "Placed Order", "properties['size']"}));
}

BOOST_AUTO_TEST_CASE(a_gatherer_is_used_for_one_batch_after_another) {
  messages::batch_gatherer gatherer;
  for (const auto* who : {"ada", "bob"}) {
    const auto piece = order(who, "Northwind");
    model::change_batch whole;
    gatherer.begin(whole);
    gatherer.append(piece);
    BOOST_TEST(shown(whole) == shown(piece));
  }
}

BOOST_AUTO_TEST_CASE(whatever_a_batch_may_hold_comes_through) {
  std::mt19937 random{20260715};
  messages::batch_gatherer gatherer;
  for (int round = 0; round < 200; ++round) {
    model::change_batch whole;
    std::string expected;
    gatherer.begin(whole);
    for (auto pieces = random() % 5 + 1; pieces != 0; --pieces) {
      const auto piece = random() % 8 == 0 ? messages_test::sample_batch()
                                           : messages_test::random_batch(random);
      BOOST_REQUIRE(model::holds_together(piece));
      gatherer.append(piece);
      expected += shown(piece);
    }
    BOOST_REQUIRE(model::holds_together(whole));
    BOOST_REQUIRE_EQUAL(shown(whole), expected);
  }
}

BOOST_AUTO_TEST_SUITE_END()
