#include "segments/evaluate.hpp"
#include "tests/segments/memory_history.hpp"
#include "tests/segments/plain_evaluator.hpp"
#include "tests/segments/random_account.hpp"

#include <boost/test/results_collector.hpp>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <vector>

/// Random people, rules and instants: profile by profile, block by block and plainly, the answers
/// must be the same. ROLLCALL_CASES multiplies the work (default 1), ROLLCALL_SEED repeats one
/// case.
BOOST_AUTO_TEST_SUITE(evaluate_differential_test)

namespace {

constexpr std::uint64_t cases_by_default = 1'500;
constexpr std::uint64_t first_seed = 20'240'229;
constexpr std::int64_t second = 1'000;
constexpr std::int64_t day = 86'400 * second;

template <class Check>
void for_all_seeds(std::uint64_t cases, const Check& check) {
  if (const char* only = std::getenv("ROLLCALL_SEED")) {
    check(std::strtoull(only, nullptr, 10));
    return;
  }
  const char* scale = std::getenv("ROLLCALL_CASES");
  const double times = scale ? std::strtod(scale, nullptr) : 1;
  cases = static_cast<std::uint64_t>(static_cast<double>(cases) * times);
  std::cout << "seeds " << first_seed << " to " << first_seed + cases - 1 << "\n";
  for (std::uint64_t n = 0; n < cases; ++n) {
    check(first_seed + n);
    if (boost::unit_test::results_collector
          .results(boost::unit_test::framework::current_test_case().p_id)
          .p_assertions_failed
        > 0) {
      std::cout << "repeat with ROLLCALL_SEED=" << first_seed + n << "\n";
      return;
    }
  }
}

std::string at(std::int64_t t) {
  return t >= model::to_ms(model::instant_max) ? "never" : model::format_instant(model::from_ms(t));
}

bool bit(const std::vector<std::uint64_t>& words, std::uint32_t row) {
  return (words[row / 64] >> (row % 64) & 1) != 0;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_profile_is_judged_as_the_plain_rules_say) {
  std::uint64_t yes = 0;
  std::uint64_t no = 0;
  for_all_seeds(cases_by_default * 4, [&](std::uint64_t seed) {
    random_account account{seed};
    memory_history::names names;
    const auto c = account.next_criterion();
    const auto compiled = segments::compile(c, names, account.zone());
    for (int person = 0; person < 6; ++person) {
      const auto source = account.next_profile();
      const memory_history::profile profile{source, names};
      for (int n = 0; n < 4; ++n) {
        const std::int64_t now = account.next_now(source);
        const bool engine = compiled->evaluate(profile, now).holds;
        const bool plainly = plain::holds(c, source, now, account.zone());
        BOOST_CHECK_MESSAGE(engine == plainly, "seed " << seed << ", person " << person << ", now "
                                                       << at(now) << ", zone " << account.zone()
                                                       << ": engine " << engine << ", plainly "
                                                       << plainly << ": " << segments::describe(c));
        ++(plainly ? yes : no);
      }
    }
  });
  std::cout << yes << " yes, " << no << " no\n";
  if (std::getenv("ROLLCALL_SEED") == nullptr)
    BOOST_CHECK_GT(std::min(yes, no) * 10, std::max(yes, no)); // The cases must try both answers.
}

BOOST_AUTO_TEST_CASE(a_block_is_judged_as_its_profiles_one_by_one) {
  for_all_seeds(cases_by_default, [&](std::uint64_t seed) {
    random_account account{seed};
    memory_history::names names;
    std::vector<segments::criterion> criteria;
    std::vector<std::shared_ptr<const segments::compiled_criterion>> compiled;
    for (int n = 0; n < 8; ++n) {
      criteria.push_back(account.next_criterion());
      compiled.push_back(segments::compile(criteria.back(), names, account.zone()));
    }
    std::vector<plain::profile> people(1 + account.random()() % 150);
    for (auto& person : people)
      person = account.next_profile();
    const memory_history::block block{people, names, account.random()};
    for (std::size_t k = 0; k < criteria.size(); ++k) {
      const std::int64_t now = account.next_now(people.front());
      std::vector<std::uint64_t> holds((people.size() + 63) / 64, 0);
      std::vector<segments::compiled_criterion::due_row> due;
      // Nothing, the next days, or for ever.
      const auto days = std::int64_t{1} << account.random()() % 11;
      const auto until = account.random()() % 8 == 0 ? INT64_MIN
                       : account.random()() % 4 == 0 ? INT64_MAX
                                                     : now + days * 86'400'000 / 16;
      compiled[k]->scan(block, now, until, holds, due);
      std::vector<std::int64_t> flips(people.size(), model::to_ms(model::instant_max));
      for (const auto& d : due) {
        BOOST_CHECK_MESSAGE(flips[d.row] == model::to_ms(model::instant_max),
                            "seed " << seed << ": row " << d.row << " is due twice");
        flips[d.row] = d.next_flip;
      }
      for (std::uint32_t row = 0; row < people.size(); ++row) {
        auto expected = block.is_alive(row) ? compiled[k]->evaluate(block.profile(row), now)
                                            : segments::verdict{};
        if (expected.next_flip > until)
          expected.next_flip = model::to_ms(model::instant_max);
        BOOST_CHECK_MESSAGE(bit(holds, row) == expected.holds && flips[row] == expected.next_flip,
                            "seed " << seed << ", criterion " << k << ", row " << row << ", now "
                                    << at(now) << ", until " << until << ": scanned "
                                    << bit(holds, row) << " until " << at(flips[row]) << ", alone "
                                    << expected.holds << " until " << at(expected.next_flip) << ": "
                                    << segments::describe(criteria[k]));
      }
      for (std::size_t row = people.size(); row < 64 * holds.size(); ++row)
        BOOST_CHECK(!bit(holds, static_cast<std::uint32_t>(row)));
    }
  });
}

/// More attributes than there can be combinations of.
BOOST_AUTO_TEST_CASE(a_block_is_judged_by_many_lists_at_once) {
  constexpr std::uint64_t seed = 20'261'125;
  std::mt19937_64 random{seed};
  for (const std::size_t count : {2U, 14U, 15U, 16U, 33U, 64U, 70U}) {
    segments::list_criterion any_of;
    for (std::size_t i = 0; i < count; ++i)
      any_of.lists.push_back("list " + std::to_string(i));
    auto none_of = any_of;
    none_of.is_member = false;
    std::vector<plain::profile> people(200);
    for (auto& person : people)
      for (const auto& list : any_of.lists)
        if (random() % count == 0)
          person.attributes["list['" + list + "']"] = model::value::of_number(
            static_cast<double>(random() % 1'000));
    memory_history::names names;
    for (const auto& c : {any_of, none_of}) {
      const auto compiled = segments::compile(c, names, "UTC");
      const memory_history::block block{people, names, random};
      std::vector<std::uint64_t> holds(4, 0);
      std::vector<segments::compiled_criterion::due_row> due;
      compiled->scan(block, 0, INT64_MAX, holds, due);
      for (std::uint32_t row = 0; row < people.size(); ++row)
        BOOST_REQUIRE_MESSAGE(
          bit(holds, row)
            == (block.is_alive(row) && compiled->evaluate(block.profile(row), 0).holds),
          "seed " << seed << ", " << count << " lists, row " << row);
    }
  }
}

BOOST_AUTO_TEST_CASE(no_verdict_changes_before_its_next_flip_and_exact_ones_do_change) {
  std::uint64_t flips = 0;
  for_all_seeds(cases_by_default * 2, [&](std::uint64_t seed) {
    random_account account{seed};
    memory_history::names names;
    const auto c = account.next_criterion();
    const auto compiled = segments::compile(c, names, account.zone());
    for (int person = 0; person < 4; ++person) {
      const auto source = account.next_profile();
      const memory_history::profile profile{source, names};
      const std::int64_t now = account.next_now(source);
      const auto first = compiled->evaluate(profile, now);
      const auto says = [&](std::int64_t then) {
        return plain::holds(c, source, then, account.zone());
      };
      BOOST_CHECK_MESSAGE(first.next_flip == model::to_ms(model::instant_max)
                            || (first.next_flip > now && first.next_flip % second == 0),
                          "seed " << seed << ": next flip " << at(first.next_flip) << " after "
                                  << at(now));
      BOOST_CHECK_MESSAGE(first.next_flip == model::to_ms(model::instant_max)
                            || compiled->depends_on_time(),
                          "seed " << seed << ": a criterion without time has a flip");
      const std::int64_t until = std::min(first.next_flip, now + 1'100 * day);
      std::vector<std::int64_t> thens{until - second, until - day, now + second, now + day};
      for (int n = 0; n < 6; ++n)
        thens.push_back(
          now
          + static_cast<std::int64_t>(account.random()() % static_cast<std::uint64_t>(until - now))
              / second * second);
      for (const std::int64_t then : thens)
        if (then > now && then < until)
          BOOST_CHECK_MESSAGE(says(then) == first.holds,
                              "seed " << seed << ", person " << person << ", now " << at(now)
                                      << " holds " << first.holds << ", promised until "
                                      << at(first.next_flip) << ", but changed by " << at(then)
                                      << ": " << segments::describe(c));
      const std::int64_t exact = segments::exact_next_flip(*compiled, profile, now);
      if (exact == model::to_ms(model::instant_max))
        continue;
      ++flips;
      BOOST_CHECK_MESSAGE(exact >= first.next_flip && says(exact) != first.holds
                            && says(exact - second) == first.holds,
                          "seed " << seed << ", person " << person << ": no flip at " << at(exact)
                                  << ": " << segments::describe(c));
    }
  });
  if (std::getenv("ROLLCALL_SEED") == nullptr)
    BOOST_CHECK_GT(flips, 100);
}

BOOST_AUTO_TEST_CASE(an_event_of_no_concern_changes_nothing) {
  std::uint64_t unconcerned = 0;
  for_all_seeds(cases_by_default, [&](std::uint64_t seed) {
    random_account account{seed};
    memory_history::names names;
    const auto c = account.next_criterion(1 + account.random()() % 2);
    const auto compiled = segments::compile(c, names, account.zone());
    auto source = account.next_profile();
    if (source.events.empty())
      return;
    const memory_history::profile before{source, names};
    const std::int64_t now = account.next_now(source);
    const auto with = compiled->evaluate(before, now);
    const auto& last = source.events.back();
    const std::uint32_t metric = names.metric(last.metric);
    const model::event_view event{last.time, last.value, source.events.size() - 1};
    if (compiled->concerns(before, metric, event))
      return;
    ++unconcerned;
    auto fewer = source;
    fewer.events.pop_back();
    const memory_history::profile after{fewer, names};
    const auto without = compiled->evaluate(after, now);
    BOOST_CHECK_MESSAGE(with.holds == without.holds && with.next_flip == without.next_flip,
                        "seed " << seed << ", now " << at(now) << ": " << segments::describe(c));
  });
  if (std::getenv("ROLLCALL_SEED") == nullptr)
    BOOST_CHECK_GT(unconcerned, 100);
}

BOOST_AUTO_TEST_SUITE_END()
