#pragma once

#include "metrics/dictionary.hpp"
#include "metrics/fold.hpp"
#include "metrics/request.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// What plain reports are added up from.
namespace plain {

__extension__ typedef __int128 billionths;

/// The decimal with at most nine places next to a value, in billionths.
billionths billionths_of(double value);
/// The double next to so many billionths.
double value_of(billionths sum);

/// A measure in one row and interval.
struct reported {
  std::uint64_t count = 0; // Events, or distinct ones.
  billionths sum = 0;
  std::optional<double> least{};
  std::optional<double> most{};

  void add(const reported& more);
  /// What the report shows.
  [[nodiscard]] std::optional<double> shown(metrics::counting counts) const;
};

using row_values = std::vector<std::string>;
/// By interval, then measure.
using row_sums = std::vector<std::vector<reported>>;

/// What became of a measure's events.
struct tally {
  std::uint64_t counted = 0;
  std::map<metrics::exclusion, std::uint64_t> left_out;
  friend bool operator==(const tally&, const tally&) = default;
};

/// Everything that one timeframe holds.
class timeframe_sums {
public:
  using groupings = std::vector<metrics::grouping>;
  virtual ~timeframe_sums() = default;

  /// A row is there when something was counted in it.
  [[nodiscard]] virtual std::map<row_values, row_sums> rows(const groupings& by) const = 0;
  /// What some of those rows make together, everything and everybody once; nothing = none of it.
  [[nodiscard]] virtual std::optional<row_sums> together(const groupings& by,
                                                         const std::set<row_values>& of) const = 0;
  /// By measure.
  [[nodiscard]] virtual std::vector<tally> tallies() const = 0;
};

} // namespace plain
