#include "cluster/placement.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <string>

BOOST_AUTO_TEST_SUITE(placement_test)

namespace {

using namespace cluster;
using namespace std::chrono_literals;
using std::string;
using std::vector;

constexpr std::uint32_t partitions = 6'000;

vector<roster_entry> nodes(std::size_t count) {
  vector<roster_entry> all;
  for (std::size_t i = 0; i < count; ++i)
    all.push_back({"node-" + std::to_string(i)});
  return all;
}

vector<string> holders(std::uint32_t partition, const vector<roster_entry>& roster,
                       std::size_t replicas) {
  auto names = ranked(partition, roster);
  names.resize(std::min(replicas, names.size()));
  return names;
}

} // namespace

BOOST_AUTO_TEST_CASE(every_node_leads_and_holds_its_share) {
  std::map<string, std::uint32_t> leads;
  std::map<string, std::uint32_t> holds;
  const auto six = nodes(6);
  for (std::uint32_t p = 0; p < partitions; ++p) {
    const auto those = holders(p, six, 3);
    ++leads[those.front()];
    for (const auto& node : those)
      ++holds[node];
  }
  BOOST_TEST(leads.size() == 6U);
  for (const auto& [node, count] : leads) // 1,000 expected; five standard deviations are 144.
    BOOST_TEST((count > 856 && count < 1'144), node << " leads " << count);
  for (const auto& [node, count] : holds)
    BOOST_TEST((count > 2'806 && count < 3'194), node << " holds " << count);
}

BOOST_AUTO_TEST_CASE(the_order_in_which_nodes_are_named_says_nothing) {
  auto some = nodes(5);
  const auto straight = ranked(3, some);
  std::reverse(some.begin(), some.end());
  BOOST_TEST(ranked(3, some) == straight, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(when_a_node_joins_only_what_it_gets_moves) {
  const auto five = nodes(5);
  const auto six = nodes(6);
  std::uint32_t moved = 0;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    const auto before = ranked(p, five);
    auto after = ranked(p, six);
    moved += after.front() == "node-5";
    std::erase(after, "node-5");
    BOOST_REQUIRE_EQUAL_COLLECTIONS(before.begin(), before.end(), after.begin(), after.end());
  }
  BOOST_TEST((moved > 856 && moved < 1'144), moved << " have moved");
}

BOOST_AUTO_TEST_CASE(when_a_node_leaves_what_it_had_is_spread_over_the_others) {
  const auto six = nodes(6);
  auto five = six;
  five.erase(five.begin() + 2);
  std::map<string, std::uint32_t> heirs;
  for (std::uint32_t p = 0; p < partitions; ++p) {
    const auto before = ranked(p, six);
    const auto after = ranked(p, five);
    if (before.front() == "node-2")
      ++heirs[after.front()];
    else
      BOOST_REQUIRE_EQUAL(before.front(), after.front());
  }
  BOOST_TEST(heirs.size() == 5U);
  for (const auto& [node, count] : heirs) // 200 expected.
    BOOST_TEST((count > 130 && count < 270), node << " inherits " << count);
}

BOOST_AUTO_TEST_CASE(a_drained_node_holds_nothing_while_there_are_others) {
  auto roster = nodes(3);
  roster[1].draining = true;
  for (std::uint32_t p = 0; p < 100; ++p) {
    const auto those = ranked(p, roster);
    BOOST_TEST(those.size() == 2U);
    BOOST_TEST(std::count(those.begin(), those.end(), "node-1") == 0);
  }
  for (auto& e : roster)
    e.draining = true;
  BOOST_TEST(ranked(7, roster).size() == 3U);
  BOOST_TEST(ranked(7, roster) == ranked(7, nodes(3)), boost::test_tools::per_element());
  BOOST_TEST(ranked(7, {}).empty());
}

BOOST_AUTO_TEST_CASE(the_rank_counts_only_among_the_holders) {
  const vector<string> order{"c", "a", "b"};
  BOOST_TEST((rank_of("c", order, 2) == 0U));
  BOOST_TEST((rank_of("a", order, 2) == 1U));
  BOOST_TEST(!rank_of("b", order, 2));
  BOOST_TEST((rank_of("b", order, 5) == 2U));
  BOOST_TEST(!rank_of("d", order, 5));
}

/// Accounts stay where they are for good, so the numbers are written down here.
BOOST_AUTO_TEST_CASE(an_account_has_one_partition_for_good) {
  BOOST_TEST(partition_of("acme", 16) == 1U);
  BOOST_TEST(partition_of("globex", 16) == 15U);
  BOOST_TEST(partition_of("initech", 32) == 30U);
  std::map<std::uint32_t, int> spread;
  for (int i = 0; i < 16'000; ++i)
    ++spread[partition_of("account-" + std::to_string(i), 16)];
  BOOST_TEST(spread.size() == 16U);
  for (const auto& [partition, count] : spread)
    BOOST_TEST((count > 840 && count < 1'160), partition << " has " << count);
}

BOOST_AUTO_TEST_CASE(the_preferred_node_gets_the_partition_once_it_is_caught_up) {
  const vector<string> order{"a", "b", "c"};
  const hand_over_settings how{10, 30s};
  const auto better = [&](string owner, std::uint64_t position_of_a, std::chrono::seconds tenure) {
    const vector<replica_position> live{{"a", position_of_a}, {"b", 100}, {"c", 100}};
    return better_owner(owner, order, 3, live, 100, tenure, how);
  };
  BOOST_TEST((better("b", 90, 30s) == "a"));
  BOOST_TEST((better("b", 120, 30s) == "a")); // The tail is known late.
  BOOST_TEST(!better("b", 89, 30s));
  BOOST_TEST(!better("b", 90, 29s));
  BOOST_TEST(!better("c", 89, 30s)); // Nor to the second, from where it would move again.
  BOOST_TEST(!better("a", 100, 1h));
  BOOST_TEST(!better_owner("b", order, 3, {}, 100, 1h, how));
  BOOST_TEST(!better_owner("b", {}, 3, {}, 100, 1h, how));
}

BOOST_AUTO_TEST_CASE(an_owner_that_should_not_hold_it_gives_it_to_the_first_who_can) {
  const vector<string> order{"a", "b", "c"};
  const hand_over_settings how{10, 30s};
  const vector<replica_position> live{{"a", 10}, {"b", 95}, {"c", 100}, {"d", 100}};
  BOOST_TEST((better_owner("d", order, 2, live, 100, 0s, how) == "b"));
  BOOST_TEST((better_owner("c", order, 2, live, 100, 0s, how) == "b"));
  BOOST_TEST(!better_owner("d", order, 1, live, 100, 1h, how));
}

BOOST_AUTO_TEST_CASE(a_replica_is_spare_when_all_who_should_have_one_are_caught_up) {
  const vector<string> order{"a", "b", "c"};
  vector<replica_position> live{{"a", 95}, {"b", 95}, {"d", 100}};
  BOOST_TEST(is_spare("d", order, 2, live, 100, 10));
  BOOST_TEST(is_spare("c", order, 2, live, 100, 10));
  BOOST_TEST(!is_spare("a", order, 2, live, 100, 10));
  BOOST_TEST(!is_spare("d", order, 3, live, 100, 10)); // c has none.
  BOOST_TEST(!is_spare("d", order, 2, live, 106, 10));
  BOOST_TEST(!is_spare("d", {}, 2, live, 100, 10));
}

BOOST_AUTO_TEST_SUITE_END()
