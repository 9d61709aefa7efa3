#pragma once

#include "segments/calendar.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Which instants a report is about, in the days of a zone. Milliseconds since 1970 UTC throughout.
namespace metrics {

/// From `from` on, before `to`.
struct time_range {
  std::int64_t from = 0;
  std::int64_t to = 0;
  [[nodiscard]] bool holds(std::int64_t t) const {
    return from <= t && t < to;
  }
  friend bool operator==(const time_range&, const time_range&) = default;
};

/// The keys of Klaviyo's reports (klaviyo-api.md §2.15), in the order of `timeframe_keys()`.
enum class timeframe_key : std::uint8_t {
  today,
  yesterday,
  last_7_days,
  last_30_days,
  last_90_days,
  last_365_days,
  this_week,
  this_month,
  this_year,
  last_week,
  last_month,
  last_year,
  last_3_months,
  last_12_months
};
std::span<const std::string_view> timeframe_keys();

/// One end of a timeframe as it was written: what the clock on the wall shows.
struct wall_time {
  std::int64_t local = 0;    // Milliseconds since the zone's own 1970.
  bool is_whole_day = false; // A date without a time.
};
/// `2026-01-31`, or a date-time whose offset is ignored. Nothing for other text.
std::optional<wall_time> parse_wall_time(std::string_view text);

struct timeframe {
  std::optional<timeframe_key> key{};
  wall_time start{}; // Without a key.
  wall_time end{};
};

/// Monday = 0 … Sunday = 6.
using weekday = std::uint8_t;
std::span<const std::string_view> weekday_names();

/// The instants of a timeframe. `whole_days`: both ends are rounded outwards to days, both
/// included; otherwise a date-time is exact, the end not included. Empty ranges come out as such.
time_range range_of(const timeframe& asked, const segments::zone& zone, std::int64_t now,
                    weekday week_start, bool whole_days);

/// Lengths of time that calendars have names for.
enum class period : std::uint8_t { hour, day, week, month, quarter, year };

/// A period's number, rising with time: what `text_of` and `start_of` take. Hours are told by their
/// first instant.
std::int64_t number_of(period p, std::int64_t t, const segments::zone& zone, weekday week_start);
/// The first instant of a numbered period.
std::int64_t start_of(period p, std::int64_t number, const segments::zone& zone,
                      weekday week_start);
/// "2026-03-01T13:00:00-05:00", "2026-03-01", the week's first day, "2026-03", "2026-Q1", "2026".
std::string text_of(period p, std::int64_t number, const segments::zone& zone, weekday week_start);

/// The starts of the periods that a range touches, ascending, the first one perhaps before the
/// range. A day of 23 or 25 hours has so many. Nothing when there would be more than `most`.
std::optional<std::vector<std::int64_t>> periods_in(const time_range& range, period p,
                                                    const segments::zone& zone, weekday week_start,
                                                    std::size_t most);

/// The same length just before; ranges of whole days, months or years of the zone move by days,
/// months or years, so that a month is compared with the month before. `by_weekday`: by as many
/// whole weeks as it takes to lie before, so that Mondays meet Mondays.
time_range period_before(const time_range& range, const segments::zone& zone, bool by_weekday);
/// The same local dates a year earlier (29 February becomes 1 March); `by_weekday`: 52 weeks
/// earlier, so that Mondays meet Mondays.
time_range year_before(const time_range& range, const segments::zone& zone, bool by_weekday);

/// `2026-01-31T05:00:00+00:00`, as Klaviyo writes the starts of intervals.
std::string utc_text(std::int64_t t);

} // namespace metrics
