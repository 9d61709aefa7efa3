#include "tests/library/engine_fixture.hpp"

BOOST_AUTO_TEST_SUITE(engine_listing_test)

namespace {

using rollcall::profile_place;

struct listing_fixture : engine_fixture {
  profile_place place(std::string_view identifier) {
    const auto found = engine->find_profile(identifier);
    need(found);
    return *found;
  }
  std::vector<std::optional<std::string>> profiles(const std::vector<profile_place>& places) {
    auto shown = engine->profiles(places);
    need(shown);
    return std::move(*shown);
  }
};

} // namespace

// --- many profiles at once -----------------------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(members_say_where_they_are_and_are_shown_there_in_one_go, listing_fixture) {
  batch_maker batch;
  for (int i = 0; i < 40; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-20");
  apply(batch);
  create("Buyers", bought_lately);
  const auto check = [&] {
    const auto page = engine->members("Buyers", {}, 100);
    need(page);
    BOOST_REQUIRE_EQUAL(page->members.size(), 40u);
    std::vector<profile_place> places;
    for (const auto& m : page->members) {
      BOOST_CHECK(m.place == place(m.profile));
      places.push_back(m.place);
    }
    const auto shown = profiles(places);
    BOOST_REQUIRE_EQUAL(shown.size(), places.size());
    for (std::size_t i = 0; i < shown.size(); ++i) {
      BOOST_REQUIRE(shown[i]);
      BOOST_CHECK_EQUAL(*shown[i], *engine->profile(page->members[i].profile));
    }
  };
  check();
  reopen();
  check();
}

BOOST_FIXTURE_TEST_CASE(profiles_come_in_the_order_asked_and_nothing_stands_for_who_is_gone,
                        listing_fixture) {
  batch_maker batch;
  for (int i = 0; i < 12; ++i)
    batch.profile({"u" + std::to_string(i)});
  apply(batch);
  std::vector<profile_place> places;
  for (const int i : {7, 3, 11, 3, 0, 5})
    places.push_back(place("u" + std::to_string(i)));
  const auto erased = engine->erase_profile("u11");
  need(erased);
  const auto merged = engine->merge_profiles("u0", "u5");
  need(merged);
  places.push_back({0, 4'000'000});
  places.push_back({77, 0});
  const auto check = [&] {
    const auto shown = profiles(places);
    BOOST_REQUIRE_EQUAL(shown.size(), places.size());
    BOOST_CHECK_EQUAL(shown[0].value(), *engine->profile("u7"));
    BOOST_CHECK_EQUAL(shown[1].value(), *engine->profile("u3"));
    BOOST_CHECK_EQUAL(shown[3].value(), *shown[1]);
    BOOST_CHECK_EQUAL(shown[5].value(), *engine->profile("u5"));
    for (const std::size_t gone : {2, 4, 6, 7})
      BOOST_CHECK(!shown[gone]);
  };
  check();
  const auto folded = engine->fold();
  need(folded);
  check();
  reopen();
  check();
  BOOST_CHECK(profiles({}).empty());
}

BOOST_FIXTURE_TEST_CASE(more_profiles_than_one_message_has_are_all_shown, listing_fixture) {
  constexpr int people = 2'300;
  batch_maker batch;
  for (int i = 0; i < people; ++i)
    batch.profile({"u" + std::to_string(i)});
  apply(batch);
  std::vector<profile_place> places;
  for (int i = people - 1; i >= 0; --i)
    places.push_back(place("u" + std::to_string(i)));
  const auto shown = profiles(places);
  for (int i = 0; i < people; ++i)
    BOOST_REQUIRE_NE(shown[static_cast<std::size_t>(people - 1 - i)].value().find(
                       "\"external_id\":\"u" + std::to_string(i) + '"'),
                     std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(a_profile_is_found_by_whatever_names_it, listing_fixture) {
  batch_maker batch;
  apply(batch.profile({"u1", "one@example.org", "+15550001"}).profile({"", "two@example.org"}));
  BOOST_CHECK(place("u1") == place("one@example.org"));
  BOOST_CHECK(place("u1") == place("+15550001"));
  BOOST_CHECK(place("u1") != place("two@example.org"));
  const auto two = place("two@example.org");
  BOOST_CHECK(two == place('#' + std::to_string(two.partition) + ':' + std::to_string(two.number)));
  BOOST_CHECK(engine->find_profile("nobody").error().code == model::failure_code::not_found);
}

BOOST_AUTO_TEST_SUITE_END()
