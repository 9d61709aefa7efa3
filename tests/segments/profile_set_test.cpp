#include "segments/profile_set.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <array>
#include <random>
#include <set>
#include <vector>

BOOST_AUTO_TEST_SUITE(profile_set_test)

namespace {

using segments::profile_set;
using plain_set = std::set<std::uint32_t>;

std::vector<std::uint32_t> members(const plain_set& plain, std::uint64_t first, std::size_t limit) {
  std::vector<std::uint32_t> found;
  for (const auto profile : plain)
    if (profile >= first && found.size() < limit)
      found.push_back(profile);
  return found;
}

void check_same(const profile_set& set, const plain_set& plain) {
  BOOST_REQUIRE_EQUAL(set.size(), plain.size());
  BOOST_REQUIRE(set.list(0, SIZE_MAX) == members(plain, 0, SIZE_MAX));
  const auto bits = set.bitmap();
  BOOST_REQUIRE_EQUAL(bits.cardinality(), plain.size());
  BOOST_REQUIRE(std::equal(bits.begin(), bits.end(), plain.begin(), plain.end()));
  BOOST_REQUIRE(profile_set{bits}.list(0, SIZE_MAX) == members(plain, 0, SIZE_MAX));
}

} // namespace

BOOST_AUTO_TEST_CASE(random_changes_agree_with_a_plain_set) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937_64 random{seed};
      const auto below = [&](std::uint64_t n) { return random() % n; };
      const std::uint64_t profiles = std::array{70U, 5'000U, 200'000U}[below(3)];
      profile_set set;
      plain_set plain;
      for (int step = 0; step < 3'000; ++step) {
        const auto profile = static_cast<std::uint32_t>(below(profiles));
        const bool in = below(3) != 0;
        const bool changes = plain.contains(profile) != in;
        BOOST_REQUIRE_EQUAL(set.contains(profile), plain.contains(profile));
        BOOST_REQUIRE_EQUAL(set.set(profile, in), changes);
        if (in)
          plain.insert(profile);
        else
          plain.erase(profile);
      }
      check_same(set, plain);
      for (int page = 0; page < 20; ++page) {
        const auto first = below(profiles + 100);
        const auto limit = below(50);
        BOOST_REQUIRE(set.list(first, limit) == members(plain, first, limit));
      }
      const auto word = below(profiles / 64);
      const auto bits = random();
      set.set_word(word, bits);
      for (std::uint32_t i = 0; i < 64; ++i) {
        const auto profile = static_cast<std::uint32_t>(64 * word + i);
        if ((bits >> i & 1) != 0)
          plain.insert(profile);
        else
          plain.erase(profile);
      }
      BOOST_REQUIRE_EQUAL(set.word(word), bits);
      check_same(set, plain);
    }
  }
}

/// As a build does: blocks one by one, changes in those that are done.
BOOST_AUTO_TEST_CASE(a_scan_fills_blocks) {
  profile_set set;
  set.block(0, 64)[3] = 1;
  set.set(7, true);
  set.block(1, 64);
  set.block(2, 1)[0] = 0b101;
  set.filled();
  check_same(set, {7, 192, 8'192, 8'194});
}

BOOST_AUTO_TEST_CASE(nobody_is_in_an_empty_set) {
  profile_set set;
  BOOST_CHECK(!set.contains(0));
  BOOST_CHECK(!set.contains(UINT32_MAX));
  BOOST_CHECK(!set.set(1'000'000, false));
  BOOST_CHECK_EQUAL(set.words(), 0U); // Taking out what is not there takes no room.
  check_same(set, {});
}

BOOST_AUTO_TEST_SUITE_END()
