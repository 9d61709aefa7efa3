#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/request.hpp"
#include "model/objects.hpp"
#include "tests/segments/plain_evaluator.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

/// Reports once more, as plainly as one can write them down from docs/reports.md and semantics.md
/// S28 to S34: every measure goes over all events by itself, and people are counted in sets. Slow,
/// and it shares nothing with the engine but the request and the dictionary as data, `range_of` and
/// `parse_where`.
namespace plain {

__extension__ typedef __int128 billionths;

/// A measure in one row and interval.
struct reported {
  std::uint64_t count = 0; // Events, or distinct ones.
  billionths sum = 0;
  std::optional<double> least{};
  std::optional<double> most{};

  /// What the report shows.
  [[nodiscard]] std::optional<double> shown(metrics::counting counts) const;
};

/// By interval, then measure.
using report_row = std::vector<std::vector<reported>>;

struct report {
  std::vector<std::string> measures; // Of all statistics, sorted.
  std::vector<std::int64_t> intervals;
  /// By the request's rollups, and the total of everything as the last one: values of the groupings
  /// and the row. A row is there when something was counted in it.
  std::vector<std::map<std::vector<std::string>, report_row>> rollups;
  std::uint64_t conversions = 0; // Of living people, at any time.
  std::uint64_t credited = 0;    // Those of them that some open touch had led to.
};

/// Whether a person is in a segment now, or was at an instant.
using member_rule = std::function<bool(const std::string& segment, const profile& person,
                                       std::optional<std::int64_t> at)>;

/// The report of `asked` about living `people` at `now`.
report report_of(const metrics::request& asked, const metrics::dictionary& words,
                 std::span<const profile* const> people,
                 std::span<const model::described_object> described, std::int64_t now,
                 const member_rule& is_member);

/// The decimal with at most nine places next to a value, in billionths.
billionths billionths_of(double value);
/// The double next to so many billionths.
double value_of(billionths sum);

} // namespace plain
