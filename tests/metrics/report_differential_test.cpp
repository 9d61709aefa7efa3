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

std::string compare_values(const request& asked, const plain::shown_values& got,
                           const plain::shown_values& expected) {
  if (got.size() != expected.size())
    return std::to_string(got.size()) + " statistics for " + std::to_string(expected.size());
  for (std::size_t s = 0; s < got.size(); ++s) {
    if (got[s].size() != expected[s].size())
      return "intervals: " + std::to_string(got[s].size()) + " for "
           + std::to_string(expected[s].size());
    for (std::size_t t = 0; t < got[s].size(); ++t)
      if (got[s][t] != expected[s][t])
        return asked.statistics[s] + " in interval " + std::to_string(t) + " is "
             + text_of(got[s][t]) + ", plainly " + text_of(expected[s][t]);
  }
  return {};
}

std::string compare_row(const request& asked, const answer_row& got,
                        const plain::shown_row& expected) {
  if (auto wrong = compare_values(asked, got.statistics, expected.statistics); !wrong.empty())
    return wrong;
  if (auto wrong = compare_values(asked, got.before, expected.before); !wrong.empty())
    return "before: " + wrong;
  return {};
}

std::string compare_total(const request& asked, const char* name,
                          const std::optional<answer_row>& got,
                          const std::optional<plain::shown_row>& expected) {
  if (got.has_value() != expected.has_value())
    return std::string{name} + (got ? " should not be there" : " is missing");
  const auto wrong = got ? compare_row(asked, *got, *expected) : std::string{};
  return wrong.empty() ? wrong : std::string{name} + ": " + wrong;
}

std::string compare_gaps(const std::vector<row_gap>& got,
                         const std::vector<plain::shown_gap>& expected) {
  if (got.size() != expected.size())
    return std::to_string(got.size()) + " gaps for " + std::to_string(expected.size());
  for (std::size_t i = 0; i < got.size(); ++i)
    if (got[i].statistic != expected[i].statistic || got[i].rows != expected[i].rows
        || got[i].total != expected[i].all || got[i].because.empty())
      return "another gap";
  return {};
}

std::string compare_rollup(const request& asked, const answer_rollup& got,
                           const plain::shown_rollup& expected, std::size_t rollup) {
  for (std::size_t g = 0; g < got.groupings.size(); ++g)
    if (got.groupings[g] != asked.rollups[rollup][g].name)
      return "calls " + asked.rollups[rollup][g].name + " " + got.groupings[g];
  if (got.rows_in_all != expected.rows.size())
    return std::to_string(got.rows_in_all) + " rows in all, plainly "
         + std::to_string(expected.rows.size());
  if (got.rows.size() != std::min(asked.limit, expected.rows.size()))
    return "another number of rows";
  for (std::size_t i = 0; i < got.rows.size(); ++i) {
    if (got.rows[i].values != expected.rows[i].values)
      return text_of(got.rows[i].values) + " stands where " + text_of(expected.rows[i].values)
           + " belongs";
    if (auto wrong = compare_row(asked, got.rows[i], expected.rows[i]); !wrong.empty())
      return text_of(got.rows[i].values) + ": " + wrong;
  }
  if (auto wrong = compare_total(asked, "all", got.all, expected.all); !wrong.empty())
    return wrong;
  if (auto wrong = compare_total(asked, "listed", got.listed, expected.listed); !wrong.empty())
    return wrong;
  if (auto wrong = compare_total(asked, "other", got.other, expected.other); !wrong.empty())
    return wrong;
  return compare_gaps(got.gaps, expected.gaps);
}

plain::tally tally_of(const measure_tally& t) {
  plain::tally made{t.counted, {}};
  for (std::size_t i = 0; i < exclusions; ++i)
    if (t.excluded[i] != 0)
      made.left_out[static_cast<exclusion>(i)] = t.excluded[i];
  return made;
}

std::string text_of(const plain::tally& t) {
  auto out = std::to_string(t.counted) + " counted";
  for (const auto& [why, count] : t.left_out)
    out += ", " + std::to_string(count) + " " + std::string{describe(why)};
  return out;
}

std::string compare_completeness(const answer& got, const plain::report& expected) {
  if (got.measures != expected.measures)
    return "other measures";
  for (std::size_t m = 0; m < got.measures.size(); ++m) {
    if (const auto t = tally_of(got.tallies[m]); t != expected.tallies[m])
      return got.measures[m] + ": " + text_of(t) + "; plainly " + text_of(expected.tallies[m]);
    if (got.intervals.empty() && got.totals[m] != expected.totals[m])
      return got.measures[m] + " is " + text_of(got.totals[m]) + " in all, plainly "
           + text_of(expected.totals[m]);
  }
  const auto number = [](const char* name, std::uint64_t a, std::uint64_t b) {
    return a == b ? std::string{}
                  : std::to_string(a) + " " + name + ", plainly " + std::to_string(b);
  };
  auto wrong = number("without send", got.without_send, expected.without_send);
  if (wrong.empty())
    wrong = number("touches", got.touches, expected.touches);
  if (wrong.empty())
    wrong = number("open touches", got.open_touches, expected.open_touches);
  return wrong;
}

std::string compare(const request& asked, const answer& got, const plain::report& plainly) {
  if (got.intervals != plainly.intervals || got.before_intervals != plainly.before_intervals)
    return "other intervals";
  for (std::size_t r = 0; r < got.rollups.size(); ++r)
    if (const auto wrong = compare_rollup(asked, got.rollups[r], plainly.rollups[r], r);
        !wrong.empty())
      return "rollup " + std::to_string(r) + " " + wrong;
  return compare_completeness(got, plainly);
}

/// How much of everything there was to compare.
struct compared_counts {
  std::uint64_t rows = 0;
  std::uint64_t credits = 0;
  std::uint64_t rows_before = 0;
  std::uint64_t cut_off = 0;
  std::uint64_t asked_again = 0; // For the people of rows.
  std::uint64_t gaps = 0;
  std::uint64_t left_out = 0;
  std::uint64_t without_send = 0;
  std::uint64_t open_touches = 0;

  void add(const plain::report& r) {
    for (const auto& rollup : r.rollups) {
      rows += rollup.rows.size();
      cut_off += rollup.other ? 1 : 0;
      gaps += rollup.gaps.size();
      for (const auto& row : rollup.rows)
        rows_before += row.before.empty() ? 0 : 1;
    }
    for (const auto& t : r.tallies)
      for (const auto& [why, count] : t.left_out)
        left_out += count;
    credits += r.credited;
    without_send += r.without_send;
    open_touches += r.open_touches;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(every_row_and_value_is_what_the_plain_evaluator_says) {
  compared_counts all;
  report_run::for_all_seeds(report_run::cases_by_default, [&](std::uint64_t seed) -> std::string {
    report_run::asked_case c{seed};
    if (auto wrong = c.ask(c.drawn.next_request()); !wrong.empty())
      return wrong;
    const auto plainly = c.plainly();
    all.add(plainly);
    all.asked_again += c.was_asked_again ? 1 : 0;
    if (const auto wrong = compare(c.asked, c.concluded(), plainly); !wrong.empty())
      return wrong + "\n" + c.described();
    return {};
  });
  std::cout << all.rows << " rows, " << all.rows_before << " of them compared, " << all.credits
            << " credits, " << all.cut_off << " times rows cut off, " << all.asked_again
            << " times asked again, " << all.gaps << " gaps, " << all.left_out
            << " events left out, " << all.without_send << " without send, " << all.open_touches
            << " open touches\n";
}

BOOST_AUTO_TEST_SUITE_END()
