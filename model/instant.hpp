#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace model {

/// A point in time, UTC, kept and compared to the millisecond (semantics S1).
using instant = std::chrono::sys_time<std::chrono::milliseconds>;

inline constexpr instant instant_min{std::chrono::milliseconds{INT64_MIN / 4}};
inline constexpr instant instant_max{std::chrono::milliseconds{INT64_MAX / 4}};

constexpr std::int64_t to_ms(instant t) {
  return t.time_since_epoch().count();
}

constexpr instant from_ms(std::int64_t ms) {
  return instant{std::chrono::milliseconds{ms}};
}

/// Evaluation instants are whole seconds (S1): the last whole second at or before `t`.
instant floor_second(instant t);

/// The first whole second at or after `t`.
instant ceil_second(instant t);

/// Reads ISO 8601 as semantics S10 says: `YYYY-MM-DD`, or with `T`/space and a time, a fraction,
/// `Z` or `±hh:mm` (also `±hhmm`, `±hh`). No zone means UTC, no time means 00:00. Digits beyond the
/// millisecond are cut. Nothing for text that is no date, impossible dates included.
std::optional<instant> parse_instant(std::string_view text);

/// `2026-11-25T07:02:54Z`, with `.mmm` only where the milliseconds are not zero.
std::string format_instant(instant t);

} // namespace model
