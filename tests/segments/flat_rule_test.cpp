#include "segments/evaluate.hpp"
#include "segments/flat_rule.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdint>
#include <random>
#include <vector>

namespace {

using segments::boolean_kind;
using segments::expression;

constexpr std::uint32_t leaves = 6;

/// A tree of any shape; empty ones of every kind among them.
expression random_tree(std::mt19937& chance, int depth) {
  const auto kind = depth == 0 ? boolean_kind::leaf : static_cast<boolean_kind>(chance() % 4);
  expression e{
    kind, kind == boolean_kind::leaf ? static_cast<std::uint32_t>(chance()) % leaves : 0, {}};
  if (kind != boolean_kind::leaf)
    for (auto count = chance() % 4; count > 0; --count)
      e.children.push_back(random_tree(chance, depth - 1));
  return e;
}

} // namespace

BOOST_AUTO_TEST_SUITE(flat_rule_test)

BOOST_AUTO_TEST_CASE(says_what_the_tree_says) {
  const unsigned seed = 20'261'130;
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 chance{seed};
  // The numbers of criteria are not those of leaves.
  const std::vector<std::uint32_t> criteria{40, 7, 21, 0, 3, 11};
  int held = 0;
  for (int round = 0; round < 3'000; ++round) {
    const auto tree = random_tree(chance, 4);
    const segments::flat_rule flat{tree, criteria};
    for (unsigned bits = 0; bits < 1U << leaves; ++bits) {
      const auto leaf = [&](std::uint32_t number) { return (bits >> number & 1) != 0; };
      const auto criterion = [&](std::uint32_t number) {
        const auto at = std::ranges::find(criteria, number);
        return leaf(static_cast<std::uint32_t>(at - criteria.begin()));
      };
      const bool wanted = segments::holds(tree, leaf);
      BOOST_TEST_REQUIRE(flat.holds(criterion) == wanted, "round " << round << ", bits " << bits);
      held += wanted ? 1 : 0;
    }
  }
  BOOST_TEST(held > 20'000);
}

BOOST_AUTO_TEST_CASE(a_node_ends_behind_its_subtree) {
  expression root{boolean_kind::all_of, 0, {}};
  root.children.push_back({boolean_kind::leaf, 1, {}});
  root.children.push_back({boolean_kind::none_of, 0, {{boolean_kind::leaf, 0, {}}}});
  const segments::flat_rule flat{root, std::vector<std::uint32_t>{5, 9}};
  const auto nodes = flat.nodes();
  BOOST_TEST_REQUIRE(nodes.size() == 4U);
  BOOST_TEST(nodes[0].end == 4U);
  BOOST_TEST(nodes[1].end == 2U);
  BOOST_TEST(nodes[1].criterion == 9U);
  BOOST_TEST(nodes[2].end == 4U);
  BOOST_TEST(nodes[3].criterion == 5U);
}

BOOST_AUTO_TEST_SUITE_END()
