#pragma once

#include "segments/date_window.hpp"
#include "segments/predicate.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

/// When time alone changes a verdict over the events in a moving window. In all of these, events 0
/// … in - 1 are inside at "now", events in … all - 1 are still to come, and `time_of(k)` never
/// decreases: the oldest leaves first and the oldest of those to come enters first.
namespace segments {

/// The next instant at which any event enters or leaves.
template <class TimeOf>
std::int64_t next_change(const date_window::fixed& w, std::size_t in, std::size_t all,
                         const TimeOf& time_of) {
  const std::int64_t leave = in > 0 && w.expels() ? w.leave(time_of(0)) : never;
  const std::int64_t enter = all > in ? w.enter(time_of(in)) : never;
  return std::min(leave, enter);
}

/// Walks through all changes until the count crosses a bound of the range.
template <class TimeOf>
std::int64_t walk_to_count_flip(const date_window::fixed& w, const count_range& range,
                                std::size_t in, std::size_t all, const TimeOf& time_of) {
  const bool holds_now = range.holds(static_cast<std::int64_t>(in));
  std::size_t left = 0;
  std::size_t entered = in;
  for (;;) {
    const std::int64_t leave = left < entered && w.expels() ? w.leave(time_of(left)) : never;
    const std::int64_t enter = entered < all ? w.enter(time_of(entered)) : never;
    const std::int64_t at = std::min(leave, enter);
    if (at >= never)
      return never;
    while (entered < all && w.enter(time_of(entered)) <= at)
      ++entered;
    while (left < entered && w.leave(time_of(left)) <= at)
      ++left;
    if (range.holds(static_cast<std::int64_t>(entered - left)) != holds_now)
      return at;
  }
}

/// The exact instant at which "count is in the range" changes. Shortcuts serve the cases in which
/// events only leave or only enter, and fall back to walking where several events that change at
/// once could jump over the range.
template <class TimeOf>
std::int64_t next_count_flip(const date_window::fixed& w, const count_range& range, std::size_t in,
                             std::size_t all, const TimeOf& time_of) {
  // No count is below nothing.
  if (!w.moves() || range.high < range.low || range.high < 0)
    return never;
  const auto count = static_cast<std::int64_t>(in);
  const auto at = [](std::int64_t t) { return std::min(t, never); };
  const bool within = range.low <= count && count <= range.high;
  if (all == in) {
    if (!w.expels() || count < range.low || (within && range.low <= 0))
      return never;
    if (within)
      return at(w.leave(time_of(static_cast<std::size_t>(count - range.low))));
    if (range.low <= 0)
      return at(w.leave(time_of(static_cast<std::size_t>(count - range.high - 1))));
  } else if (!w.expels()) {
    const auto most = static_cast<std::int64_t>(all);
    if (count > range.high)
      return never;
    if (within)
      return range.high >= most ? never
                                : at(w.enter(time_of(static_cast<std::size_t>(range.high))));
    if (range.low > most)
      return never;
    if (range.high >= most)
      return at(w.enter(time_of(static_cast<std::size_t>(range.low - 1))));
  }
  return walk_to_count_flip(w, range, in, all, time_of);
}

/// Sum in event order, the only order there is: all paths then agree to the bit.
/// NaN = no number = 0 (S11).
inline double sum_of(std::span<const double> numbers) {
  double sum = 0;
  for (const double x : numbers)
    sum += std::isnan(x) ? 0 : x;
  return sum;
}

/// The instant at which "the sum passes the test" changes: exact when events only leave or only
/// enter, else the next change. `holds_now` is the verdict over events 0 … in - 1, `numbers` has
/// one of each event.
template <class TimeOf>
std::int64_t next_sum_flip(const date_window::fixed& w, const number_filter& test, bool holds_now,
                           std::size_t in, std::span<const double> numbers, const TimeOf& time_of) {
  const std::size_t all = numbers.size();
  if (!w.moves())
    return never;
  const auto at = [](std::int64_t t) { return std::min(t, never); };
  if (all == in) {
    if (!w.expels() || in == 0)
      return never;
    // Sums of what remains, added from the back: near the true ones, and `error` says how near.
    thread_local std::vector<double> remaining;
    remaining.resize(in + 1);
    remaining[in] = 0;
    double size = 0;
    for (std::size_t k = in; k-- > 0;) {
      const double x = numbers[k];
      const double term = std::isnan(x) ? 0 : x;
      remaining[k] = remaining[k + 1] + term;
      size += std::abs(term);
    }
    const double error = 2 * static_cast<double>(in + 1) * std::numeric_limits<double>::epsilon()
                       * size;
    const auto is_clear = [&](double sum) {
      return std::abs(sum - test.operand) > error
          && (!test.upper || std::abs(sum - *test.upper) > error);
    };
    const auto holds_from = [&](std::size_t k) {
      return holds(test, is_clear(remaining[k]) ? remaining[k] : sum_of(numbers.subspan(k)));
    };
    for (std::size_t k = 1; k <= in; ++k) {
      if (holds_from(k) == holds_now)
        continue;
      const std::int64_t leave = w.leave(time_of(k - 1));
      while (k < in && w.leave(time_of(k)) == leave)
        ++k;
      if (holds_from(k) != holds_now)
        return at(leave);
    }
    return never;
  }
  if (w.expels())
    return next_change(w, in, all, time_of);
  double sum = sum_of(numbers.first(in));
  for (std::size_t k = in; k < all; ++k) {
    const double x = numbers[k];
    sum += std::isnan(x) ? 0 : x;
    if (holds(test, sum) == holds_now)
      continue;
    const std::int64_t enter = w.enter(time_of(k));
    while (k + 1 < all && w.enter(time_of(k + 1)) == enter) {
      const double more = numbers[++k];
      sum += std::isnan(more) ? 0 : more;
    }
    if (holds(test, sum) != holds_now)
      return at(enter);
  }
  return never;
}

/// Which instants come into a window that moves, or leave it, by and by.
class flips_by {
public:
  /// Up to and with `until`, which is not before the window's own instant unless nothing is asked
  /// for.
  flips_by(const date_window::fixed& w, std::int64_t until) {
    if (until < w.now())
      return;
    if (until >= never) {
      last_to_leave_ = w.latest();
      last_to_enter_ = never;
      return;
    }
    const auto then = w.at(until - until % 1'000 - (until % 1'000 < 0 ? 1'000 : 0));
    // Nothing leaves before it has come in.
    last_to_leave_ = std::min(w.latest(), then.earliest() - 1);
    last_to_enter_ = then.latest();
  }
  /// Of those inside; before the window when none does.
  [[nodiscard]] std::int64_t last_to_leave() const {
    return last_to_leave_;
  }
  /// Of those that are later than the window.
  [[nodiscard]] std::int64_t last_to_enter() const {
    return last_to_enter_;
  }

private:
  std::int64_t last_to_leave_ = always;
  std::int64_t last_to_enter_ = always;
};

} // namespace segments
