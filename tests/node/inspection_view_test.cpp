// What `rollcall inspect --url` makes of a server's answer.
#include "node/inspection_view.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(inspection_view_test)

namespace {

namespace json = boost::json;

json::object actor(std::string_view name, std::string_view kind, int depth, double share,
                   json::array children = {}) {
  return {{"id", 1},
          {"kind", kind},
          {"name", name},
          {"alive", name != "gone"},
          {"mailbox_depth", depth},
          {"mailbox_depth_max", 10 * depth},
          {"messages_in", 1'234'567},
          {"messages_per_second", 12.34},
          {"messages_by_type", json::object{}},
          {"busy_seconds", 1.5},
          {"busy_share", share},
          {"running_for_ms", depth > 5 ? json::value(2'500) : json::value{}},
          {"age_seconds", 125.0},
          {"last_error", depth > 5 ? json::value("the disk is full") : json::value{}},
          {"children", std::move(children)}};
}

json::object inspection() {
  json::object partition{{"index", 0},
                         {"profiles", 1'000},
                         {"log", {{"first", 3}, {"last", 17}}},
                         {"waiting_records", 42},
                         {"delta", {{"bytes", 3 << 20}, {"records", 5}}},
                         {"is_merging", true},
                         {"is_building", true},
                         {"due", {{"entries", 7}, {"next", "2026-01-02T00:00:00Z"}}},
                         {"lag_seconds", 2.0},
                         {"trouble", nullptr}};
  json::object build{{"segment", {{"id", "AbC123"}, {"name", "Buyers"}}},
                     {"definition_version", 2},
                     {"percent", 41.5},
                     {"profiles_done", 415},
                     {"profiles", 1'000},
                     {"left_ms", 3'200},
                     {"trouble", nullptr}};
  return {{"as_of", "2026-01-01T00:00:00Z"},
          {"log_positions", {17}},
          {"account", {{"id", "AbC123"}, {"name", "default"}}},
          {"engine", {{"clock", "real"}, {"zone", "UTC"}, {"profiles", 1'000}, {"segments", 1}}},
          {"partitions", {std::move(partition)}},
          {"builds", {std::move(build)}},
          {"actors",
           {actor("account", "account", 1, 0.5, {actor("segment/Buyers", "segment", 0, 0.75)}),
            actor("profile/0", "profile", 9, 0.25), actor("gone", "report", 2, 0)}}};
}

/// Where the names stand in the text, in this order.
bool stand_in_order(const std::string& text, const std::vector<std::string>& names) {
  std::size_t at = 0;
  for (const auto& name : names) {
    at = text.find(name, at);
    if (at == std::string::npos)
      return false;
  }
  return true;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_tree_has_partitions_builds_and_actors_below_those_who_made_them) {
  const auto text = node::inspection_text(inspection(), {});
  BOOST_TEST(text.starts_with("account default (AbC123), 1,000 profiles, 1 segment\n"
                              "as of 2026-01-01T00:00:00Z by the real clock, zone UTC, log "
                              "positions 17\n"));
  BOOST_TEST(stand_in_order(
    text, {"3-17", "42", "3.0", "merging, building", "2026-01-02T00:00:00Z", "2.0 s"}));
  BOOST_TEST(stand_in_order(text, {"Buyers", "41.5%", "415 of 1,000", "3.2 s"}));
  BOOST_TEST(
    stand_in_order(text, {"\naccount ", "\n  segment/Buyers", "\nprofile/0", "\ngone (ended)"}));
  BOOST_TEST(stand_in_order(text, {"profile/0", "9", "90", "1,234,567", "12.3", "25.0%", "2.5 s",
                                   "2 min 05 s", "the disk is full"}));
}

BOOST_AUTO_TEST_CASE(a_column_orders_actors_greatest_first) {
  const auto waiting = node::inspection_text(inspection(), {.top = "waiting"});
  BOOST_TEST(
    stand_in_order(waiting, {"\nprofile/0", "\ngone (ended)", "\naccount", "\nsegment/Buyers"}));
  const auto busy = node::inspection_text(inspection(), {.top = "busy"});
  BOOST_TEST(
    stand_in_order(busy, {"\nsegment/Buyers", "\naccount", "\nprofile/0", "\ngone (ended)"}));
}

BOOST_AUTO_TEST_CASE(texts_come_from_a_to_z_and_empty_ones_last) {
  const auto names = node::inspection_text(inspection(), {.top = "actor"});
  BOOST_TEST(
    stand_in_order(names, {"\naccount", "\ngone (ended)", "\nprofile/0", "\nsegment/Buyers"}));
  const auto errors = node::inspection_text(inspection(), {.top = "error"});
  BOOST_TEST(stand_in_order(errors, {"\nprofile/0", "\naccount"}));
}

BOOST_AUTO_TEST_CASE(json_has_the_actors_that_were_chosen_in_their_order) {
  const auto all = node::chosen(inspection(), {});
  BOOST_TEST(all.at("actors").as_array().size() == 3U); // The tree.
  const auto some = node::chosen(inspection(), {.top = "busy", .filter = "e"});
  const auto& list = some.at("actors").as_array();
  BOOST_REQUIRE(list.size() == 3U);
  BOOST_TEST(list[0].at("name").as_string() == "segment/Buyers");
  BOOST_TEST(list[1].at("name").as_string() == "profile/0");
  BOOST_TEST(!list[0].as_object().contains("children"));
}

BOOST_AUTO_TEST_CASE(a_filter_keeps_who_fits_and_those_above_them) {
  const auto tree = node::inspection_text(inspection(), {.filter = "Buy"});
  BOOST_TEST(stand_in_order(tree, {"\naccount ", "\n  segment/Buyers"}));
  BOOST_TEST(tree.find("profile/0") == std::string::npos);
  const auto list = node::inspection_text(inspection(), {.top = "age", .filter = "Buy"});
  BOOST_TEST(list.find("\naccount ") == std::string::npos);
  BOOST_TEST(list.find("\nsegment/Buyers") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
