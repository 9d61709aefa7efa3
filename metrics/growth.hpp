#pragma once

#include "metrics/fold.hpp"

#include <cstdint>
#include <vector>

namespace metrics {

/// Joins and leaves of segments by interval, counted from their feeds in one partition.
class growth {
public:
  explicit growth(const fold_order& order);

  /// One segment of the order, by index: how many members it has now. Its flips follow.
  void begin(std::size_t segment, std::uint64_t members_now);
  void add(std::int64_t at, bool joined);
  [[nodiscard]] fold_result result() const;

private:
  struct interval_counts {
    std::uint64_t joins = 0;
    std::uint64_t leaves = 0;
  };
  struct segment_counts {
    std::uint64_t members_now = 0;
    interval_counts before;                   // The timeframe.
    std::vector<interval_counts> by_interval; // The last one: after the timeframe.
  };
  [[nodiscard]] std::uint64_t value_of(counting what, const segment_counts& counts,
                                       std::size_t interval) const;
  /// Of the groupings and the filter.
  [[nodiscard]] std::string value(std::size_t segment, std::size_t grouping) const;
  [[nodiscard]] bool passes(std::size_t segment) const;
  /// What became of the segment's joins and leaves, or of its members.
  [[nodiscard]] measure_tally tally(counting what, std::size_t segment) const;

  const fold_order& order_;
  std::vector<std::int64_t> ends_; // Of the intervals.
  std::vector<segment_counts> segments_;
  std::size_t current_ = 0;
  std::uint64_t flips_ = 0;
};

} // namespace metrics
