#pragma once

#include "metrics/timeframe.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

// Inside the folder only.
namespace metrics {

/// The quarters of an hour of a timeframe, each with a small number that stands for everything that
/// rows say about time. Offsets of zones are whole quarters, so days and hours of any zone are too.
class time_slots {
public:
  static constexpr std::int64_t slot_ms = 15 * segments::minute_ms;
  static constexpr std::size_t slots_max = 1 << 20; // Thirty years.

  /// `unit`: hour or day, the shortest period that rows tell apart; `class_of` is asked once for
  /// each of them, with an instant in it, and gives equal numbers to those that rows cannot tell
  /// apart. Nothing when there are too many slots or the zone's clock does not keep to quarters.
  static std::optional<time_slots> make(const time_range& range, period unit,
                                        const segments::zone& zone, weekday week_start,
                                        const std::function<std::uint32_t(std::int64_t)>& class_of);

  /// Of an instant of the timeframe.
  [[nodiscard]] std::uint32_t class_of(std::int64_t t) const {
    return classes_[static_cast<std::size_t>((t - begin_) / slot_ms)];
  }

private:
  std::int64_t begin_ = 0;
  std::vector<std::uint32_t> classes_; // By slot.
};

} // namespace metrics
