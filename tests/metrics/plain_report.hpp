#pragma once

#include "model/objects.hpp"
#include "tests/metrics/plain_events.hpp"
#include "tests/metrics/plain_growth.hpp"

#include <memory>

/// Reports once more, as plainly as one can write them down from docs/reports.md and semantics.md
/// S28 to S34: every measure goes over all events by itself, and people are counted in sets. Slow,
/// and it shares nothing with the engine but the request and the dictionary as data, formulas,
/// `range_of` and `parse_where`.
namespace plain {

/// What there is to report about.
struct account_view {
  const metrics::dictionary& words;
  std::span<const profile* const> people; // Living.
  std::span<const model::described_object> described;
  std::span<const segment> segments;
  std::int64_t now = 0;
  const member_rule& is_member;
};

/// By statistic, then interval.
using shown_values = std::vector<std::vector<std::optional<double>>>;

struct shown_row {
  row_values values;
  shown_values statistics;
  shown_values before; // Of the compared timeframe; empty when nothing is compared.
};

/// Rows that do not add up to all.
struct shown_gap {
  std::size_t statistic = 0;
  double rows = 0;
  double all = 0;
};

struct shown_rollup {
  std::vector<shown_row> rows;       // All of them, in order.
  std::optional<shown_row> all{};    // Nothing when there are no rows.
  std::optional<shown_row> listed{}; // When the limit left rows out.
  std::optional<shown_row> other{};
  std::vector<shown_gap> gaps{};
};

struct report {
  std::vector<std::int64_t> intervals;
  std::vector<std::int64_t> before_intervals;
  std::vector<shown_rollup> rollups;
  std::vector<std::string> measures;         // Of all statistics, sorted.
  std::vector<tally> tallies;                // By measure.
  std::vector<std::optional<double>> totals; // By measure; of reports without intervals.
  std::uint64_t without_send = 0;
  std::uint64_t touches = 0;
  std::uint64_t open_touches = 0;
  std::uint64_t conversions = 0; // Of living people, at any time.
  std::uint64_t credited = 0;    // Those of them that some open touch had led to.
};

report report_of(const metrics::request& asked, const account_view& account);

} // namespace plain
