#include "messages/operation.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

namespace {

using messages::operation;
using messages::operation_kind;

operation an_edit() {
  return {.kind = operation_kind::edit_segment,
          .at = *model::parse_instant("2026-03-04T05:06:07Z"),
          .account = "shop",
          .texts = {"Buyers", R"({"condition_groups":[]})"}};
}

} // namespace

BOOST_AUTO_TEST_SUITE(operation_test)

BOOST_AUTO_TEST_CASE(what_is_encoded_comes_back) {
  for (const auto& what :
       {an_edit(), operation{.kind = operation_kind::tick},
        operation{.kind = operation_kind::activate_segment, .texts = {""}, .is_so = true},
        operation{.kind = operation_kind::create_segments, .texts = {"a", "{}", "b\n", "[\"\"]"}},
        operation{.kind = operation_kind::apply_batch, .batch = std::string(1'000, '\1')}}) {
    const auto back = messages::decode_operation(messages::encode(what));
    BOOST_REQUIRE(back);
    BOOST_CHECK(back->kind == what.kind);
    BOOST_CHECK(back->at == what.at);
    BOOST_TEST(back->account == what.account);
    BOOST_TEST(back->texts == what.texts);
    BOOST_TEST(back->is_so == what.is_so);
    BOOST_TEST(back->batch == what.batch);
  }
}

BOOST_AUTO_TEST_CASE(another_number_of_texts_is_refused) {
  for (const auto& what : {operation{.kind = operation_kind::edit_segment, .texts = {"alone"}},
                           operation{.kind = operation_kind::tick, .texts = {"one"}},
                           operation{.kind = operation_kind::create_segments},
                           operation{.kind = operation_kind::create_segments, .texts = {"a"}},
                           operation{.kind = operation_kind::apply_batch},
                           operation{.kind = operation_kind::tick, .batch = "x"}})
    BOOST_TEST(!messages::decode_operation(messages::encode(what)),
               std::string{messages::name_of(what.kind)});
}

BOOST_AUTO_TEST_CASE(what_is_no_operation_is_refused) {
  for (const auto* bytes : {"", "x", "12345678", "0123456789abcdef"})
    BOOST_TEST(!messages::decode_operation(bytes));
  BOOST_TEST(!messages::decode_operation(messages::encode({.kind = operation_kind{99}})));
}

// Whatever a disk or a network makes of it: an outcome, and what is taken can be encoded again.
BOOST_AUTO_TEST_CASE(damaged_bytes_are_refused_or_read_as_something_sound) {
  std::mt19937 chance{11};
  const auto whole = messages::encode(an_edit());
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = whole;
    for (auto n = 1 + chance() % 4; n > 0; --n)
      damaged[chance() % damaged.size()] = static_cast<char>(chance());
    if (chance() % 8 == 0)
      damaged.resize(chance() % damaged.size());
    if (const auto read = messages::decode_operation(damaged))
      BOOST_TEST_REQUIRE(messages::decode_operation(messages::encode(*read)).has_value());
  }
}

BOOST_AUTO_TEST_SUITE_END()
