#pragma once

#include "model/instant.hpp"
#include "model/value.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

/// How rules look at people, whatever keeps them. Two faces of the same data: one profile at a time
/// (live changes, due times, explanations) and a block of neighbouring profiles as columns
/// (builds). Names are numbers here; `name_binder` gives them, once, when a rule is compiled.
namespace model {

/// Turns names into the numbers that views take. Asking for a new name makes its number, so that a
/// rule may speak of a metric that has no events yet.
class name_binder {
public:
  virtual ~name_binder() = default;
  virtual std::uint32_t metric(std::string_view name) = 0;
  virtual std::uint32_t attribute(std::string_view path) = 0;
  virtual std::uint32_t event_property(std::string_view key) = 0;
};

/// The value of an event that came without one.
inline constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

/// One event as rules see it. `handle` finds its properties again in the view that gave it.
struct event_view {
  std::int64_t time = 0;   // Milliseconds since 1970 UTC.
  double value = no_value; // NaN = the event has no value.
  std::uint64_t handle = 0;
};

/// One profile. Spans and texts live until the view is asked about another profile or the data
/// changes.
class profile_view {
public:
  virtual ~profile_view() = default;
  [[nodiscard]] virtual value_view attribute(std::uint32_t attribute) const = 0;
  /// The profile's events of a metric in time order; equal times in the order in which they were
  /// taken.
  [[nodiscard]] virtual std::span<const event_view> events(std::uint32_t metric) const = 0;
  [[nodiscard]] virtual value_view property(std::uint32_t metric, const event_view& event,
                                            std::uint32_t event_property) const = 0;
  /// Time of the earliest and latest event of any metric, milliseconds; first > last = there is
  /// none.
  struct span_of_time {
    std::int64_t first = 0;
    std::int64_t last = -1;
  };
  [[nodiscard]] virtual span_of_time event_times() const = 0;
};

/// A column of integers: row i is `base + scale * raw(i)`. Width in bytes: 0 (all raws are 0), 1,
/// 2, 4 or 8.
struct integer_column {
  const std::byte* raws = nullptr;
  std::uint8_t width = 0;
  std::int64_t base = 0;
  std::int64_t scale = 1;

  [[nodiscard]] std::uint64_t raw(std::size_t row) const {
    switch (width) {
    case 1:
      return reinterpret_cast<const std::uint8_t*>(raws)[row];
    case 2:
      return reinterpret_cast<const std::uint16_t*>(raws)[row];
    case 4:
      return reinterpret_cast<const std::uint32_t*>(raws)[row];
    case 8:
      return reinterpret_cast<const std::uint64_t*>(raws)[row];
    default:
      return 0;
    }
  }
  [[nodiscard]] std::int64_t at(std::size_t row) const {
    return base + scale * static_cast<std::int64_t>(raw(row));
  }
};

/// The distinct values of a column, code 1 … size; code 0 means "not set".
class value_dictionary {
public:
  virtual ~value_dictionary() = default;
  [[nodiscard]] virtual std::uint32_t size() const = 0;
  /// `code` from 1 to size(); several codes may stand for equal values.
  [[nodiscard]] virtual value_view entry(std::uint32_t code) const = 0;
  /// True: no two codes stand for equal values.
  [[nodiscard]] virtual bool is_distinct() const {
    return false;
  }
  /// What `parse_instant` makes of entry 1 … size(), milliseconds, from row 0; null: some entry is
  /// no text that names an instant, or nobody has worked them out.
  [[nodiscard]] virtual const integer_column* instants() const {
    return nullptr;
  }
  /// Entries 1 … size() when every one is a number, from row 0; null: some are not, or they do not
  /// lie side by side.
  [[nodiscard]] virtual const double* numbers() const {
    return nullptr;
  }
};

/// A column of codes into a dictionary. Width in bytes: 0 (every row has `constant`), 1, 2 or 4.
struct coded_column {
  const value_dictionary* dictionary = nullptr; // Null: no row is set.
  const std::byte* codes = nullptr;
  std::uint8_t width = 0;
  std::uint32_t constant = 0;

  [[nodiscard]] std::uint32_t code(std::size_t row) const {
    switch (width) {
    case 1:
      return reinterpret_cast<const std::uint8_t*>(codes)[row];
    case 2:
      return reinterpret_cast<const std::uint16_t*>(codes)[row];
    case 4:
      return reinterpret_cast<const std::uint32_t*>(codes)[row];
    default:
      return constant;
    }
  }
};

/// A column of doubles in one of two forms: `integers` divided by `divisor` (exact: the division
/// gives back the very double that was stored), or plain doubles when `doubles` is not null. NaN =
/// none. In integer form the raw value all-ones of its width means "none" when `has_none` is set.
struct number_column {
  const double* doubles = nullptr;
  integer_column integers{};
  double divisor = 1;
  bool has_none = false;
  bool all_none = true; // No row has a value.

  [[nodiscard]] double at(std::size_t row) const {
    if (all_none)
      return no_value;
    if (doubles)
      return doubles[row];
    if (has_none && integers.width != 0) {
      const auto none = integers.width == 8 ? UINT64_MAX
                                            : (std::uint64_t{1} << (8 * integers.width)) - 1;
      if (integers.raw(row) == none)
        return no_value;
    }
    return static_cast<double>(integers.at(row)) / divisor;
  }
};

/// The events of one metric in one block. Profile-major: row r's events are [first[r], first[r +
/// 1]), in time order.
class event_columns {
public:
  virtual ~event_columns() = default;
  std::span<const std::uint32_t> first; // One more than the block has profiles.
  integer_column times;                 // Milliseconds.
  number_column values;
  [[nodiscard]] virtual coded_column property(std::uint32_t event_property) const = 0;
  /// By row: one more than the raw time of its newest event, 0 = it has no events. Empty = nobody
  /// keeps that.
  [[nodiscard]] virtual std::span<const std::uint32_t> newest() const {
    return {};
  }
};

/// Neighbouring profiles as columns. What was not yet folded into columns is listed in `is_dirty`:
/// those rows must be read through `profile`, the rest through the columns.
class block_view {
public:
  virtual ~block_view() = default;
  [[nodiscard]] virtual std::uint32_t profiles() const = 0;
  /// Null: nobody in this block has such an event in the columns.
  [[nodiscard]] virtual const event_columns* events(std::uint32_t metric) const = 0;
  [[nodiscard]] virtual coded_column attribute(std::uint32_t attribute) const = 0;
  /// Every metric with events in the columns of this block.
  [[nodiscard]] virtual std::span<const std::uint32_t> metrics() const = 0;
  /// One bit a row: 1 = the columns do not tell the whole truth about this profile.
  [[nodiscard]] virtual std::span<const std::uint64_t> dirty() const = 0;
  /// One bit a row: 1 = a living profile (not erased, not merged away).
  [[nodiscard]] virtual std::span<const std::uint64_t> alive() const = 0;
  [[nodiscard]] virtual const profile_view& profile(std::uint32_t row) const = 0;
};

} // namespace model
