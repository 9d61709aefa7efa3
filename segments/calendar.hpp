#pragma once

#include "model/instant.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Days and years in time zones, in plain integers: instants are milliseconds since 1970 UTC, days
/// are counted from 1970-01-01 of the zone's own calendar.
namespace segments {

inline constexpr std::int64_t second_ms = 1'000;
inline constexpr std::int64_t minute_ms = 60 * second_ms;
inline constexpr std::int64_t hour_ms = 60 * minute_ms;
inline constexpr std::int64_t day_ms = 24 * hour_ms;

/// "Never" and "always was" in milliseconds.
inline constexpr std::int64_t never = model::to_ms(model::instant_max);
inline constexpr std::int64_t always = model::to_ms(model::instant_min);

constexpr std::int64_t floor_divide(std::int64_t n, std::int64_t by) {
  return n / by - (n % by < 0 ? 1 : 0);
}
constexpr std::int64_t floor_to_second(std::int64_t ms) {
  return floor_divide(ms, second_ms) * second_ms;
}
constexpr std::int64_t ceil_to_second(std::int64_t ms) {
  return floor_to_second(ms + second_ms - 1);
}

/// A date of the Gregorian calendar.
struct civil_date {
  std::int64_t year = 1970;
  unsigned month = 1; // 1–12.
  unsigned day = 1;   // 1–31.
};

/// Any day within ±10^9 years; the calendar repeats every 400 years.
civil_date civil_of(std::int64_t day);
std::int64_t day_of(std::int64_t year, unsigned month, unsigned day);
bool is_leap(std::int64_t year);

/// A time zone as the list of its offsets, read once from the system's database. Immutable.
class zone {
public:
  /// UTC.
  zone() = default;
  struct period {
    std::int64_t begin;  // First instant at which the offset holds.
    std::int64_t offset; // Local time minus UTC, milliseconds.
  };
  zone(std::string name, std::vector<period> periods);

  [[nodiscard]] const std::string& name() const {
    return name_;
  }
  /// The day that has begun last at instant `t`: day_start(d) <= t < day_start(d + 1).
  [[nodiscard]] std::int64_t day(std::int64_t t) const {
    return periods_.empty() ? floor_divide(t, day_ms) : local_day(t);
  }
  /// The first instant of a local day. Days that a zone skipped begin where the next one does.
  [[nodiscard]] std::int64_t day_start(std::int64_t day) const {
    return periods_.empty() ? day * day_ms : instant_of(day * day_ms);
  }
  /// What the clock on the wall shows, as milliseconds since its own 1970.
  [[nodiscard]] std::int64_t local(std::int64_t t) const {
    return periods_.empty() ? t : t + offset_at(t);
  }
  /// The first instant at which the clock on the wall shows `local`; the end of the gap when it
  /// never does.
  [[nodiscard]] std::int64_t instant_of(std::int64_t local) const;

private:
  [[nodiscard]] std::int64_t offset_at(std::int64_t t) const;
  [[nodiscard]] std::int64_t local_day(std::int64_t t) const;

  std::string name_ = "UTC";
  std::vector<period> periods_; // Ascending; empty = UTC.
  // By stretches of 2^31 ms since the second period's begin: the period in which each begins.
  std::vector<std::uint16_t> period_by_stretch_;
};

const zone& utc();

/// The zone with this IANA name (links such as `US/Eastern` too); null when there is none. Zones
/// are read once and live until the process ends. Safe from every thread.
const zone* find_zone(std::string_view name);

} // namespace segments
