// What the engine says about itself over HTTP.
#include "gateway/inspection.hpp"
#include "tests/gateway/served_account.hpp"

#include <boost/test/unit_test.hpp>

#include <map>

BOOST_AUTO_TEST_SUITE(inspection_test)

namespace {

using namespace gateway_tests;

std::size_t count_kinds(const boost::json::value& actors, std::map<std::string, int>& kinds) {
  std::size_t depth = 0;
  for (const auto& actor : actors.as_array()) {
    ++kinds[std::string{actor.at("kind").as_string()}];
    depth = std::max(depth, 1 + count_kinds(actor.at("children"), kinds));
  }
  return depth;
}

std::uint64_t need_count(const served_account& account, std::string_view segment) {
  const auto count = account.engine().count(segment);
  need(count);
  return *count;
}

} // namespace

BOOST_AUTO_TEST_CASE(actors_partitions_and_their_figures_are_shown) {
  served_account account{{gateway::add_inspection_routes}};
  batch_maker batch;
  for (int i = 0; i < 30; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-03");
  account.apply(batch);
  account.create("Lately", bought_lately);

  const auto shown = account.get("/api/rollcall/inspection");
  BOOST_REQUIRE(shown.status == 200U);
  BOOST_TEST(shown.text("/as_of") == "2026-01-01T00:00:00Z");
  BOOST_TEST(shown.text("/engine/profiles") == "30");
  BOOST_TEST(shown.text("/engine/clock") == "manual");
  BOOST_TEST(shown.text("/account/id") == "AbC123");
  BOOST_TEST(shown.at("/builds").as_array().empty());

  const auto& partitions = shown.at("/partitions").as_array();
  BOOST_REQUIRE(partitions.size() == 3U);
  std::uint64_t profiles = 0;
  std::uint64_t due = 0;
  for (const auto& p : partitions) {
    profiles += p.at("profiles").to_number<std::uint64_t>();
    due += p.at("due").at("entries").to_number<std::uint64_t>();
    BOOST_TEST(p.at("lag_seconds").to_number<double>() == 0.0);
    BOOST_TEST(p.at("delta").at("records").to_number<int>() > 0);
    BOOST_TEST(p.at("trouble").is_null());
  }
  BOOST_TEST(profiles == 30U);
  BOOST_TEST(due == 30U); // Everybody leaves tomorrow.

  std::map<std::string, int> kinds;
  count_kinds(shown.at("/actors"), kinds);
  BOOST_TEST(kinds["profile"] == 3);
  BOOST_TEST(kinds["account"] == 1);
  const auto busy = [&](const boost::json::value& actor) {
    return actor.at("kind").as_string() == "profile";
  };
  const auto& actors = shown.at("/actors").as_array();
  const auto one = std::ranges::find_if(actors, busy);
  BOOST_REQUIRE(one != actors.end());
  BOOST_TEST(one->at("messages_in").to_number<int>() > 0);
  BOOST_TEST(!one->at("messages_by_type").as_object().empty());
  BOOST_TEST(one->at("busy_seconds").to_number<double>() > 0);
}

BOOST_AUTO_TEST_CASE(actors_are_restarted_by_name_or_it_is_said_why_not) {
  served_account account{{gateway::add_inspection_routes}};
  batch_maker batch;
  for (int i = 0; i < 30; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-03");
  account.apply(batch);
  account.create("Lately", bought_lately);
  const auto order = [&](const std::string& what) {
    return account.post("/api/rollcall/actors/" + what, "{}");
  };
  const auto done = order("profile%2F0/restart");
  BOOST_TEST(done.status == 200U);
  BOOST_TEST(done.text("/actor") == "profile/0");
  BOOST_TEST(done.text("/outcome") == "restarted");
  BOOST_TEST(done.text("/as_of") == "2026-01-01T00:00:00Z");
  BOOST_TEST(need_count(account, "Lately") == 30U);
  BOOST_TEST(order("account/restart").status == 409U);
  BOOST_TEST(order("profile%2F9/restart").status == 404U);
  BOOST_TEST(order("profile%2F0/stop").status == 409U);
}

// Which builds are listed is tested with the coordinator, where they can be held.
BOOST_AUTO_TEST_CASE(builds_come_and_go) {
  served_account account{{gateway::add_inspection_routes}};
  batch_maker batch;
  for (int i = 0; i < 20'000; ++i)
    batch.event({"u" + std::to_string(i)}, "Placed Order", "2025-12-03");
  account.apply(batch);
  need(account.engine().create("Lately", bought_lately));
  // The build may be over before we look; then nothing is shown, and the segment is there.
  const auto shown = account.get("/api/rollcall/inspection");
  for (const auto& build : shown.at("/builds").as_array()) {
    BOOST_TEST(build.at("segment").at("name").as_string() == "Lately");
    BOOST_TEST(build.at("definition_version").to_number<int>() == 1);
    BOOST_TEST(build.at("percent").to_number<double>() <= 100);
  }
  need(account.engine().wait_built("Lately"));
  BOOST_TEST(account.get("/api/rollcall/inspection").at("/builds").as_array().empty());
}

BOOST_AUTO_TEST_SUITE_END()
