#include "segments/calendar.hpp"
#include "segments/due_index.hpp"

#include <boost/test/unit_test.hpp>

#include <map>
#include <random>
#include <set>

BOOST_AUTO_TEST_SUITE(due_index_test)

namespace {

using segments::day_ms;
using segments::hour_ms;

/// The plainest index: who waits in which bucket, by the rule that due_index documents.
class plain_index {
public:
  void add(std::uint32_t number, std::uint32_t profile, std::int64_t due, std::int64_t now) {
    const bool waits_exactly = due % day_ms == 0 || due - now <= 2 * hour_ms;
    waiting[waits_exactly ? due : due - due % hour_ms][number].insert(profile);
  }
  std::map<std::int64_t, std::map<std::uint32_t, std::set<std::uint32_t>>> waiting;
};

} // namespace

BOOST_AUTO_TEST_CASE(everybody_is_asked_when_a_plain_index_says_so) {
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    for (int round = 0; round < 20; ++round) {
      segments::due_index index;
      plain_index plain;
      std::int64_t now = 1'700'000'000'000 + static_cast<std::int64_t>(random() % day_ms);
      const auto some_due = [&] {
        const std::int64_t range = random() % 3 == 0 ? 3 * hour_ms : 5 * day_ms;
        auto due = now + 1
                 + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(range));
        if (random() % 4 == 0)
          due = (due / hour_ms + 1) * hour_ms;
        return due / 1000 * 1000 + (random() % 5 == 0 ? 1 : 0);
      };
      const auto add_some = [&](std::size_t count) {
        for (; count > 0; --count) {
          const auto number = static_cast<std::uint32_t>(random() % 3);
          const auto profile = static_cast<std::uint32_t>(random() % 9'000);
          const auto due = some_due();
          index.add(number, profile, due, now);
          plain.add(number, profile, due, now);
        }
      };
      const auto gather_some = [&] {
        const auto number = static_cast<std::uint32_t>(random() % 3);
        std::vector<segments::compiled_criterion::due_row> rows;
        for (std::uint32_t row = 0; row < 40; row += 1 + static_cast<std::uint32_t>(random() % 5)) {
          rows.push_back({row, some_due()});
          plain.add(number, 4096 + row, rows.back().next_flip, now);
        }
        index.gather(number, 4096, rows, now);
      };
      add_some(random() % 5'000);
      for (int steps = 0; steps < 300 && !plain.waiting.empty(); ++steps) {
        const auto& [key, by_number] = *plain.waiting.begin();
        BOOST_REQUIRE(index.next() == key);
        std::vector<std::uint32_t> numbers;
        for (const auto& [number, profiles] : by_number)
          numbers.push_back(number);
        BOOST_REQUIRE(index.criteria_at(key) == numbers);
        for (const auto& [number, profiles] : by_number) {
          const auto* found = index.at(number, key);
          BOOST_REQUIRE(found != nullptr);
          BOOST_REQUIRE((std::set<std::uint32_t>{found->begin(), found->end()} == profiles));
        }
        if (random() % 3 == 0) {
          // One by one, as when a change settles somebody.
          for (const auto& [number, profiles] : by_number)
            for (const auto profile : profiles)
              index.remove(number, key, profile);
        } else {
          for (const auto number : numbers)
            index.remove_bucket(number, key);
        }
        now = std::max(now, key);
        plain.waiting.erase(plain.waiting.begin());
        if (!plain.waiting.empty() && random() % 2 == 0)
          BOOST_REQUIRE(index.next_after(now) == plain.waiting.begin()->first);
        add_some(random() % 10);
        if (random() % 4 == 0)
          gather_some();
        if (random() % 50 == 0) {
          const auto number = static_cast<std::uint32_t>(random() % 3);
          index.forget(number);
          for (auto at = plain.waiting.begin(); at != plain.waiting.end();) {
            at->second.erase(number);
            at = at->second.empty() ? plain.waiting.erase(at) : std::next(at);
          }
        }
      }
      std::uint64_t left = 0;
      for (const auto& [key, by_number] : plain.waiting)
        for (const auto& [number, profiles] : by_number)
          left += profiles.size();
      BOOST_TEST(index.size() == left);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
