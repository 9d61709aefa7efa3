#include "tests/metrics/plain_report.hpp"
#include "tests/metrics/random_reports.hpp"
#include "tests/metrics/report_run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

/// Random accounts and requests: what the engine answers is compared with the plain evaluator, row
/// by row and value by value. ROLLCALL_REPORT_CASES says how many, ROLLCALL_SEED repeats one.
BOOST_AUTO_TEST_SUITE(report_differential_test)

namespace {

using namespace metrics;

constexpr std::uint64_t cases_by_default = 3'000;
constexpr std::uint64_t first_seed = 28'340'000;

/// `check` gives what is wrong, empty when nothing is.
template <class Check>
void for_all_seeds(std::uint64_t cases, const Check& check) {
  std::uint64_t first = first_seed;
  if (const char* only = std::getenv("ROLLCALL_SEED")) {
    first = std::strtoull(only, nullptr, 10);
    cases = 1;
  } else if (const char* wanted = std::getenv("ROLLCALL_REPORT_CASES")) {
    cases = std::max<std::uint64_t>(cases * std::strtoull(wanted, nullptr, 10) / cases_by_default,
                                    1);
  }
  int told = 0;
  for (std::uint64_t seed = first; seed < first + cases; ++seed)
    if (const auto wrong = check(seed); !wrong.empty()) {
      BOOST_ERROR(wrong << "\nrepeat with ROLLCALL_SEED=" << seed);
      if (++told == 3)
        return;
    }
}

std::string text_of(const std::optional<double>& v) {
  return v ? model::format_number(*v) : "none";
}

std::string text_of(const std::vector<std::string>& values) {
  std::string out = "(";
  for (const auto& v : values)
    out += (out.size() > 1 ? ", " : "") + v;
  return out + ")";
}

/// A statistic of a plain row, worked out by the dictionary's formula.
std::optional<double> plain_statistic(const plain::report& plainly, const std::string& statistic,
                                      const std::vector<plain::reported>& values) {
  return evaluate(
    report_run::standard_words(), statistic, [&](const std::string& name) -> statistic_value {
      const auto m = static_cast<std::size_t>(std::ranges::find(plainly.measures, name)
                                              - plainly.measures.begin());
      return values[m].shown(report_run::standard_words().measures.find(name)->second.counts);
    });
}

std::string compare_row(const request& asked, const answer_row& got, const plain::report& plainly,
                        const plain::report_row& expected) {
  for (std::size_t s = 0; s < asked.statistics.size(); ++s)
    for (std::size_t t = 0; t < expected.size(); ++t) {
      const auto value = plain_statistic(plainly, asked.statistics[s], expected[t]);
      if (got.statistics[s].size() != expected.size())
        return "intervals: " + std::to_string(got.statistics[s].size()) + " for "
             + std::to_string(expected.size());
      if (got.statistics[s][t] != value)
        return asked.statistics[s] + " in interval " + std::to_string(t) + " is "
             + text_of(got.statistics[s][t]) + ", plainly " + text_of(value);
    }
  return {};
}

std::string compare(const request& asked, const answer& got, const plain::report& plainly) {
  if (got.intervals != plainly.intervals)
    return "other intervals";
  for (std::size_t r = 0; r < got.rollups.size(); ++r) {
    const auto& rows = got.rollups[r];
    const auto where = "rollup " + std::to_string(r) + " ";
    for (const auto& row : rows.rows) {
      const auto expected = plainly.rollups[r].find(row.values);
      if (expected == plainly.rollups[r].end())
        return where + text_of(row.values) + " should not be there";
      if (const auto wrong = compare_row(asked, row, plainly, expected->second); !wrong.empty())
        return where + text_of(row.values) + ": " + wrong;
    }
    for (const auto& [values, row] : plainly.rollups[r])
      if (std::ranges::find(rows.rows, values, &answer_row::values) == rows.rows.end())
        return where + text_of(values) + " is missing";
    if (rows.rows_in_all != rows.rows.size())
      return where + "counts its rows wrongly";
    if (!rows.rows.empty()) {
      if (!rows.all)
        return where + "has no total";
      if (const auto wrong = compare_row(asked, *rows.all, plainly,
                                         plainly.rollups.back().begin()->second);
          !wrong.empty())
        return where + "total: " + wrong;
    }
  }
  return {};
}

struct asked_case {
  explicit asked_case(std::uint64_t seed, bool orderly = false)
    : drawn(seed, orderly), account(drawn) {
  }
  /// Empty: it was read.
  std::string ask(const std::string& json) {
    text = json;
    auto result = account.read(json);
    std::string wrong;
    for (const auto& e : result.errors)
      wrong += e.pointer + ": " + e.found + " instead of " + e.allowed + "\n";
    if (!result.read)
      return "refused: " + wrong + json;
    asked = *result.read;
    order = with_total(plan(asked, report_run::standard_words(), drawn.now()));
    parts = account.folded(order, drawn);
    return {};
  }
  [[nodiscard]] answer concluded() const {
    return conclude(asked, report_run::standard_words(), order, parts, std::nullopt, {});
  }
  [[nodiscard]] answer concluded_whole() const {
    auto all = asked;
    all.limit = limit_max;
    return conclude(all, report_run::standard_words(), order, parts, std::nullopt, {});
  }
  [[nodiscard]] plain::report plainly() const {
    return plain::report_of(asked, report_run::standard_words(), account.living(),
                            account.described(), drawn.now());
  }

  random_reports drawn;
  report_run::account account;
  std::string text;
  request asked;
  fold_order order;
  std::vector<fold_result> parts;
};

} // namespace

BOOST_AUTO_TEST_CASE(every_row_and_value_is_what_the_plain_evaluator_says) {
  std::uint64_t rows = 0;
  std::uint64_t credited = 0;
  for_all_seeds(cases_by_default, [&](std::uint64_t seed) -> std::string {
    asked_case c{seed};
    if (auto wrong = c.ask(c.drawn.next_request()); !wrong.empty())
      return wrong;
    const auto plainly = c.plainly();
    const auto whole = c.concluded_whole();
    for (const auto& r : whole.rollups)
      rows += r.rows.size();
    credited += plainly.credited;
    if (const auto wrong = compare(c.asked, whole, plainly); !wrong.empty())
      return wrong + "\n" + c.text + "\nzone " + c.drawn.zone() + ", now "
           + std::to_string(c.drawn.now());
    return {};
  });
  std::cout << rows << " rows, " << credited << " credits\n";
}

BOOST_AUTO_TEST_SUITE_END()
