#include "actors/account_store.hpp"
#include "messages/object_reader.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(object_catalogue_test)

namespace {

using actors::object_catalogue;
using actors::object_draft;
using model::object_kind;

bool take(object_draft& draft, object_kind kind, std::string_view json) {
  const auto read = messages::read_object(kind, json);
  BOOST_REQUIRE_MESSAGE(read.update.has_value(), read.reason);
  const auto changed = draft.take(*read.update);
  BOOST_REQUIRE(changed);
  return *changed;
}

void accept(object_catalogue& known, const object_draft& draft) {
  for (const auto& [which, change] : draft.changes())
    if (change.becomes)
      known.accept({change.number, *change.becomes});
    else
      known.forget(which);
}

std::vector<std::string> shown(const object_catalogue& known) {
  std::vector<std::string> all;
  for (const auto& object : *known.all())
    all.push_back(std::string{model::name_of(object.kind)} + messages::object_json(object));
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_draft_sees_its_own_changes_and_the_catalogue_none_before_they_are_accepted) {
  object_catalogue known;
  object_draft draft{known};
  BOOST_TEST(take(draft, object_kind::tag, R"({"id":"T","name":"one"})"));
  BOOST_TEST(!take(draft, object_kind::tag, R"({"id":"T","name":"one"})"));
  BOOST_TEST(take(draft, object_kind::tag, R"({"id":"T","name":"two"})"));
  BOOST_TEST(take(draft, object_kind::flow, R"({"id":"T"})")); // Another kind, another object.
  BOOST_TEST(take(draft, object_kind::flow, R"({"id":"gone"})"));
  BOOST_TEST(take(draft, object_kind::flow, R"({"id":"gone","deleted":true})"));
  BOOST_TEST(!take(draft, object_kind::flow, R"({"id":"gone","deleted":true})"));
  BOOST_TEST(!take(draft, object_kind::flow, R"({"id":"never","deleted":true})"));
  BOOST_TEST(known.all()->empty());
  accept(known, draft);
  BOOST_TEST(shown(known)
               == (std::vector<std::string>{R"(flow{"id":"T"})", R"(tag{"id":"T","name":"two"})"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_snapshot_stays_as_it_was) {
  object_catalogue known;
  object_draft first{known};
  take(first, object_kind::tag, R"({"id":"T","name":"one"})");
  accept(known, first);
  const auto before = known.all();
  BOOST_TEST(before == known.all()); // Made once.
  object_draft second{known};
  take(second, object_kind::tag, R"({"id":"T","deleted":true})");
  accept(known, second);
  BOOST_TEST(before->size() == 1u);
  BOOST_TEST(known.all()->empty());
}

BOOST_AUTO_TEST_CASE(the_store_gives_back_objects_and_how_far_each_source_has_come) {
  tests::temporary_directory directory;
  std::vector<std::string> kept;
  {
    auto store = actors::account_store::open(directory.path() / "account", {});
    BOOST_REQUIRE(store);
    object_catalogue known;
    object_draft draft{known};
    take(draft, object_kind::campaign, R"({"id":"C","send_time":"2026-03-01","tags":["sale"]})");
    take(draft, object_kind::tag, R"({"id":"T","name":"x"})");
    BOOST_REQUIRE((*store)->save_objects(draft, "shop", 7));
    accept(known, draft);
    object_draft later{known};
    take(later, object_kind::tag, R"({"id":"T","deleted":true})");
    take(later, object_kind::campaign, R"({"id":"C","name":"Sale"})");
    BOOST_REQUIRE((*store)->save_objects(later, {}, 9));
    accept(known, later);
    kept = shown(known);
    BOOST_REQUIRE_EQUAL(kept.size(), 1u);
  }
  auto store = actors::account_store::open(directory.path() / "account", {});
  BOOST_REQUIRE(store);
  const auto loaded = (*store)->load_catalogue();
  BOOST_REQUIRE(loaded);
  BOOST_TEST(shown(loaded->objects) == kept, boost::test_tools::per_element());
  BOOST_TEST(*(*store)->described_up_to("shop") == 7u);
  BOOST_TEST(*(*store)->described_up_to("nobody") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
