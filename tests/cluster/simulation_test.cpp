#include "tests/cluster/simulated_cluster.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>

BOOST_AUTO_TEST_SUITE(simulation_test)

namespace {

std::uint64_t setting(const char* variable, std::uint64_t otherwise) {
  const auto* given = std::getenv(variable);
  return given ? std::strtoull(given, nullptr, 10) : otherwise;
}

} // namespace

BOOST_AUTO_TEST_CASE(whatever_happens_there_is_one_owner_and_nothing_acknowledged_is_lost) {
  const auto first = setting("ROLLCALL_SIMULATION_SEED", 1);
  const auto seeds = setting("ROLLCALL_SIMULATION_SEEDS", 10'000);
  cluster_tests::simulation_figures all;
  for (auto seed = first; seed < first + seeds; ++seed) {
    cluster_tests::simulated_cluster world{seed};
    const auto complaint = world.run();
    BOOST_REQUIRE_MESSAGE(complaint.empty(),
                          "ROLLCALL_SIMULATION_SEED=" << seed << ": " << complaint);
    add(all, world.figures());
  }
  BOOST_TEST_MESSAGE("seeds " << seeds << ", events " << all.events << ", acknowledged "
                              << all.acknowledged << ", unknown " << all.unknown << ", markers "
                              << all.markers << ", stale " << all.stale << ", cut off "
                              << all.cut_off << ", refused " << all.refused << ", late " << all.late
                              << ", releases " << all.releases << ", snapshots " << all.snapshots
                              << ", trimmed " << all.trimmed << ", bootstraps " << all.bootstraps
                              << ", strong checks " << all.strong_checks << ", longest recovery "
                              << all.longest_recovery.count() << " ms");
  if (seeds < 1'000)
    return;
  // The rare cases are what this is about; per thousand seeds.
  const auto per = seeds / 1'000;
  BOOST_TEST(all.acknowledged > 20'000 * per);
  BOOST_TEST(all.unknown > 1'000 * per);
  BOOST_TEST(all.stale > 50 * per);
  BOOST_TEST(all.cut_off > 2 * per);
  BOOST_TEST(all.late > 500 * per);
  BOOST_TEST(all.releases > 100 * per);
  BOOST_TEST(all.trimmed > 10'000 * per);
  BOOST_TEST(all.bootstraps > 500 * per);
}

BOOST_AUTO_TEST_SUITE_END()
