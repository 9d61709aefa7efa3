#include "tests/metrics/plain_report.hpp"
#include "tests/metrics/random_reports.hpp"
#include "tests/metrics/report_run.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>
#include <vector>

/// Random accounts and requests: what the engine answers is compared with the plain evaluator, row
/// by row and value by value. ROLLCALL_REPORT_CASES says how many, ROLLCALL_SEED repeats one.
BOOST_AUTO_TEST_SUITE(report_differential_test)

namespace {

using namespace metrics;

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
    random_reports::words(), statistic, [&](const std::string& name) -> statistic_value {
      const auto m = static_cast<std::size_t>(std::ranges::find(plainly.measures, name)
                                              - plainly.measures.begin());
      return values[m].shown(random_reports::words().measures.find(name)->second.counts);
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
    for (std::size_t g = 0; g < rows.groupings.size(); ++g)
      if (rows.groupings[g] != asked.rollups[r][g].name)
        return where + "calls " + asked.rollups[r][g].name + " " + rows.groupings[g];
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

} // namespace

BOOST_AUTO_TEST_CASE(every_row_and_value_is_what_the_plain_evaluator_says) {
  std::uint64_t rows = 0;
  std::uint64_t credited = 0;
  report_run::for_all_seeds(report_run::cases_by_default, [&](std::uint64_t seed) -> std::string {
    report_run::asked_case c{seed};
    if (auto wrong = c.ask(c.drawn.next_request()); !wrong.empty())
      return wrong;
    const auto plainly = c.plainly();
    const auto whole = c.concluded_whole();
    for (const auto& r : whole.rollups)
      rows += r.rows.size();
    credited += plainly.credited;
    if (const auto wrong = compare(c.asked, whole, plainly); !wrong.empty())
      return wrong + "\n" + c.described();
    return {};
  });
  std::cout << rows << " rows, " << credited << " credits\n";
}

BOOST_AUTO_TEST_SUITE_END()
