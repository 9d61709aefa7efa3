#include "library/page_cursor.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(page_cursor_test)

namespace {

using rollcall::parse_cursor;
using rollcall::to_cursor;

actors::profile_line some_line() {
  actors::profile_line line;
  line.at = -3;
  line.text = "someone@example.org";
  line.place = {2, 77};
  return line;
}

const actors::event_key some_event{1'700'000'000'123, {3, 4'000'000}, 12, 0xfedcba9876543210};

} // namespace

BOOST_AUTO_TEST_CASE(a_profile_cursor_names_its_line) {
  const actors::profile_question query;
  const auto again = parse_cursor(to_cursor(some_line(), query), query);
  BOOST_REQUIRE(again);
  BOOST_TEST(again->at == -3);
  BOOST_TEST(again->text == "someone@example.org");
  BOOST_TEST((again->place == some_line().place));
  BOOST_TEST(!again->is_without);
}

BOOST_AUTO_TEST_CASE(a_cursor_of_another_query_is_none) {
  actors::profile_question query;
  query.order = actors::profile_order::instant;
  query.attribute = "created";
  query.list = "VIP";
  query.from = 1;
  const auto cursor = to_cursor(some_line(), query);
  BOOST_TEST(parse_cursor(cursor, query).has_value());
  const auto is_of = [&](const auto& change) {
    auto other = query;
    change(other);
    return parse_cursor(cursor, other).has_value();
  };
  BOOST_TEST(!is_of([](auto& q) { q.order = actors::profile_order::text; }));
  BOOST_TEST(!is_of([](auto& q) { q.is_descending = true; }));
  BOOST_TEST(!is_of([](auto& q) { q.attribute = "updated"; }));
  BOOST_TEST(!is_of([](auto& q) { q.list = "VIPs"; }));
  BOOST_TEST(!is_of([](auto& q) { q.from = 2; }));
  BOOST_TEST(!is_of([](auto& q) { q.to = 2; }));
  BOOST_TEST(!is_of([](auto& q) { std::swap(q.attribute, q.list); }));
  BOOST_TEST(is_of([](auto& q) { q.limit = 7; })); // Pages may grow on the way.
  BOOST_TEST(!parse_cursor(cursor, actors::event_question{}));
}

BOOST_AUTO_TEST_CASE(an_event_cursor_belongs_to_its_query) {
  actors::event_question query;
  query.metrics = std::vector<std::string>{"A", "B"};
  const auto cursor = to_cursor(some_event, query);
  BOOST_REQUIRE(parse_cursor(cursor, query));
  BOOST_TEST((*parse_cursor(cursor, query) == some_event));
  const auto is_of = [&](const auto& change) {
    auto other = query;
    change(other);
    return parse_cursor(cursor, other).has_value();
  };
  BOOST_TEST(is_of([](auto& q) {
    q.metrics = std::vector<std::string>{"B", "A"};
  })); // The same ones.
  BOOST_TEST(!is_of([](auto& q) { q.metrics = std::vector<std::string>{"AB"}; }));
  BOOST_TEST(!is_of([](auto& q) { q.metrics.reset(); }));
  BOOST_TEST(!is_of([](auto& q) { q.profile = 7; }));
  BOOST_TEST(!is_of([](auto& q) { q.newest_first = true; }));
  BOOST_TEST(!is_of([](auto& q) { q.to = 7; }));
}

BOOST_AUTO_TEST_CASE(what_is_no_cursor_is_not_read) {
  const actors::profile_question profiles;
  const actors::event_question events;
  const auto profile_cursor = to_cursor(some_line(), profiles);
  const auto event_cursor = to_cursor(some_event, events);
  for (std::size_t size = 0; size < event_cursor.size(); ++size)
    BOOST_TEST(!parse_cursor(event_cursor.substr(0, size), events));
  BOOST_TEST(!parse_cursor(event_cursor + "AAAA", events));
  BOOST_TEST(!parse_cursor(profile_cursor.substr(0, 20), profiles));
  BOOST_TEST(!parse_cursor("not a cursor", profiles));
  auto long_line = some_line();
  long_line.text.assign(actors::order_text_bytes_max + 1, 'x');
  BOOST_TEST(!parse_cursor(to_cursor(long_line, profiles), profiles));
  auto never = some_event;
  never.time = INT64_MAX;
  BOOST_TEST(!parse_cursor(to_cursor(never, events), events));
}

BOOST_AUTO_TEST_CASE(an_event_id_finds_its_key_and_nothing_else_is_one) {
  const auto id = rollcall::to_event_id(some_event);
  BOOST_TEST(id.size() == 39u);
  BOOST_REQUIRE(rollcall::parse_event_id(id));
  BOOST_TEST((*rollcall::parse_event_id(id) == some_event));
  BOOST_TEST(!rollcall::parse_event_id(""));
  BOOST_TEST(!rollcall::parse_event_id("order-17"));
  BOOST_TEST(!rollcall::parse_event_id(id + "A"));
  BOOST_TEST(!rollcall::parse_event_id(to_cursor(some_event, actors::event_question{})));
}

BOOST_AUTO_TEST_SUITE_END()
