#include "metrics/timeframe.hpp"

#include "model/instant.hpp"

#include <algorithm>
#include <array>

namespace metrics {

namespace {

using segments::civil_of;
using segments::day_ms;
using segments::day_of;
using segments::floor_divide;
using segments::hour_ms;

constexpr std::array<std::string_view, 14> keys{
  "today",         "yesterday", "last_7_days",   "last_30_days",  "last_90_days",
  "last_365_days", "this_week", "this_month",    "this_year",     "last_week",
  "last_month",    "last_year", "last_3_months", "last_12_months"};
constexpr std::array<std::string_view, 7> weekdays{"monday", "tuesday",  "wednesday", "thursday",
                                                   "friday", "saturday", "sunday"};

/// 1970-01-01 was a Thursday.
std::int64_t week_of(std::int64_t day, weekday week_start) {
  return floor_divide(day + 3 - week_start, 7);
}
std::int64_t first_day_of_week(std::int64_t week, weekday week_start) {
  return week * 7 - 3 + week_start;
}
std::int64_t month_of(std::int64_t day) {
  const auto date = civil_of(day);
  return date.year * 12 + static_cast<std::int64_t>(date.month) - 1;
}
std::int64_t first_day_of_month(std::int64_t month) {
  const auto year = floor_divide(month, 12);
  return day_of(year, static_cast<unsigned>(month - 12 * year) + 1, 1);
}
std::int64_t year_of(std::int64_t day) {
  return civil_of(day).year;
}

std::string digits(std::int64_t n, std::size_t width) {
  auto text = std::to_string(n);
  if (text.size() < width)
    text.insert(0, width - text.size(), '0');
  return text;
}

std::string date_text(std::int64_t day) {
  const auto date = civil_of(day);
  return digits(date.year, 4) + '-' + digits(date.month, 2) + '-' + digits(date.day, 2);
}

std::string clock_text(std::int64_t local) {
  const auto day = floor_divide(local, day_ms);
  const auto seconds = (local - day * day_ms) / segments::second_ms;
  return date_text(day) + 'T' + digits(seconds / 3600, 2) + ':' + digits(seconds / 60 % 60, 2) + ':'
       + digits(seconds % 60, 2);
}

std::string offset_text(std::int64_t offset) {
  const auto minutes = (offset < 0 ? -offset : offset) / segments::minute_ms;
  return (offset < 0 ? "-" : "+") + digits(minutes / 60, 2) + ':' + digits(minutes % 60, 2);
}

/// The days from `first` on, before `end`.
time_range days(std::int64_t first, std::int64_t end, const segments::zone& zone) {
  return {zone.day_start(first), zone.day_start(end)};
}

time_range range_of_key(timeframe_key key, std::int64_t today, const segments::zone& zone,
                        weekday week_start) {
  const auto week = week_of(today, week_start);
  const auto month = month_of(today);
  const auto year = year_of(today);
  switch (key) {
  case timeframe_key::today:
    return days(today, today + 1, zone);
  case timeframe_key::yesterday:
    return days(today - 1, today, zone);
  case timeframe_key::last_7_days:
    return days(today - 7, today, zone);
  case timeframe_key::last_30_days:
    return days(today - 30, today, zone);
  case timeframe_key::last_90_days:
    return days(today - 90, today, zone);
  case timeframe_key::last_365_days:
    return days(today - 365, today, zone);
  case timeframe_key::this_week:
    return days(first_day_of_week(week, week_start), today + 1, zone);
  case timeframe_key::this_month:
    return days(first_day_of_month(month), today + 1, zone);
  case timeframe_key::this_year:
    return days(day_of(year, 1, 1), today + 1, zone);
  case timeframe_key::last_week:
    return days(first_day_of_week(week - 1, week_start), first_day_of_week(week, week_start), zone);
  case timeframe_key::last_month:
    return days(first_day_of_month(month - 1), first_day_of_month(month), zone);
  case timeframe_key::last_year:
    return days(day_of(year - 1, 1, 1), day_of(year, 1, 1), zone);
  case timeframe_key::last_3_months:
    return days(first_day_of_month(month - 3), first_day_of_month(month), zone);
  case timeframe_key::last_12_months:
    return days(first_day_of_month(month - 12), first_day_of_month(month), zone);
  }
  return {};
}

/// The first instant of the hour that the clock on the wall shows at `t`. Where the clock was set
/// to another minute, that is the instant at which it was set.
std::int64_t hour_start(std::int64_t t, const segments::zone& zone) {
  const auto offset = zone.local(t) - t;
  auto first = floor_divide(t + offset, hour_ms) * hour_ms - offset;
  if (zone.local(first) - first == offset)
    return first;
  // The first instant after `first` with the offset of `t`.
  auto before = first;
  for (first = t; first - before > 1;) {
    const auto middle = before + (first - before) / 2;
    (zone.local(middle) - middle == offset ? first : before) = middle;
  }
  return first;
}

/// True when a local day begins at `t`.
bool is_midnight(std::int64_t t, const segments::zone& zone) {
  return zone.day_start(zone.day(t)) == t;
}

/// The same date in another year; 29 February becomes 1 March.
std::int64_t moved_by_years(std::int64_t day, std::int64_t years) {
  const auto date = civil_of(day);
  if (date.month == 2 && date.day == 29 && !segments::is_leap(date.year + years))
    return day_of(date.year + years, 3, 1);
  return day_of(date.year + years, date.month, date.day);
}

/// The same time on the wall some days earlier.
std::int64_t moved_by_days(std::int64_t t, std::int64_t days, const segments::zone& zone) {
  const auto day = zone.day(t);
  const auto clock = zone.local(t) - day * day_ms;
  return is_midnight(t, zone) ? zone.day_start(day - days)
                              : zone.instant_of((day - days) * day_ms + clock);
}

/// As few whole weeks earlier as it takes to end before the range begins.
time_range weeks_before(const time_range& range, const segments::zone& zone) {
  auto weeks = std::max<std::int64_t>((zone.day(range.to) - zone.day(range.from)) / 7, 1);
  while (moved_by_days(range.to, weeks * 7, zone) > range.from)
    ++weeks;
  return {moved_by_days(range.from, weeks * 7, zone), moved_by_days(range.to, weeks * 7, zone)};
}

} // namespace

std::span<const std::string_view> timeframe_keys() {
  return keys;
}

std::span<const std::string_view> weekday_names() {
  return weekdays;
}

std::optional<wall_time> parse_wall_time(std::string_view text) {
  constexpr std::size_t date_size = 10;
  // What stands after the seconds or their fraction is an offset, which does not count.
  auto local = text;
  if (text.size() > date_size) {
    const auto offset = text.find_first_of("Zz+-", date_size);
    if (!model::parse_instant(text))
      return std::nullopt;
    local = text.substr(0, offset);
  }
  const auto read = model::parse_instant(local);
  if (!read)
    return std::nullopt;
  return wall_time{model::to_ms(*read), text.size() == date_size};
}

time_range range_of(const timeframe& asked, const segments::zone& zone, std::int64_t now,
                    weekday week_start, bool whole_days) {
  if (asked.key)
    return range_of_key(*asked.key, zone.day(now), zone, week_start);
  const auto first_day = floor_divide(asked.start.local, day_ms);
  const auto last_day = floor_divide(asked.end.local, day_ms);
  const bool start_whole = whole_days || asked.start.is_whole_day;
  const bool end_whole = whole_days || asked.end.is_whole_day;
  const time_range range{
    start_whole ? zone.day_start(first_day) : zone.instant_of(asked.start.local),
    end_whole ? zone.day_start(last_day + 1) : zone.instant_of(asked.end.local)};
  return range.to < range.from ? time_range{range.from, range.from} : range;
}

std::int64_t number_of(period p, std::int64_t t, const segments::zone& zone, weekday week_start) {
  const auto day = zone.day(t);
  switch (p) {
  case period::hour:
    return hour_start(t, zone);
  case period::day:
    return day;
  case period::week:
    return week_of(day, week_start);
  case period::month:
    return month_of(day);
  case period::quarter:
    return floor_divide(month_of(day), 3);
  case period::year:
    return year_of(day);
  }
  return 0;
}

std::int64_t start_of(period p, std::int64_t number, const segments::zone& zone,
                      weekday week_start) {
  switch (p) {
  case period::hour:
    return number;
  case period::day:
    return zone.day_start(number);
  case period::week:
    return zone.day_start(first_day_of_week(number, week_start));
  case period::month:
    return zone.day_start(first_day_of_month(number));
  case period::quarter:
    return zone.day_start(first_day_of_month(number * 3));
  case period::year:
    return zone.day_start(day_of(number, 1, 1));
  }
  return 0;
}

std::string text_of(period p, std::int64_t number, const segments::zone& zone, weekday week_start) {
  switch (p) {
  case period::hour: {
    const auto local = zone.local(number);
    return clock_text(local) + offset_text(local - number);
  }
  case period::day:
    return date_text(number);
  case period::week:
    return date_text(first_day_of_week(number, week_start));
  case period::month:
    return date_text(first_day_of_month(number)).substr(0, 7);
  case period::quarter: {
    const auto year = floor_divide(number, 4);
    return digits(year, 4) + "-Q" + std::to_string(number - 4 * year + 1);
  }
  case period::year:
    return digits(number, 4);
  }
  return {};
}

std::optional<std::vector<std::int64_t>> periods_in(const time_range& range, period p,
                                                    const segments::zone& zone, weekday week_start,
                                                    std::size_t most) {
  std::vector<std::int64_t> starts;
  auto number = number_of(p, range.from, zone, week_start);
  for (auto start = start_of(p, number, zone, week_start); start < range.to;) {
    if (starts.size() == most)
      return std::nullopt;
    starts.push_back(start);
    if (p == period::hour) {
      // An hour on, or less where the zone's clock was set in between.
      auto next = hour_start(start + hour_ms, zone);
      for (auto before = hour_start(next - 1, zone); before > start;
           before = hour_start(next - 1, zone))
        next = before;
      start = next;
    } else {
      start = start_of(p, ++number, zone, week_start);
      // A day that the zone skipped begins where the next one does.
      if (start == starts.back())
        starts.pop_back();
    }
  }
  return starts;
}

time_range period_before(const time_range& range, const segments::zone& zone, bool by_weekday) {
  if (by_weekday)
    return weeks_before(range, zone);
  if (!is_midnight(range.from, zone) || !is_midnight(range.to, zone))
    return {range.from - (range.to - range.from), range.from};
  const auto first = zone.day(range.from);
  const auto end = zone.day(range.to);
  const auto from = civil_of(first);
  const auto to = civil_of(end);
  if (from.day == 1 && to.day == 1) {
    const auto months = month_of(end) - month_of(first);
    return days(first_day_of_month(month_of(first) - months), first, zone);
  }
  return days(first - (end - first), first, zone);
}

time_range year_before(const time_range& range, const segments::zone& zone, bool by_weekday) {
  const auto moved = [&](std::int64_t t) {
    const auto day = zone.day(t);
    return moved_by_days(t, by_weekday ? 52 * 7 : day - moved_by_years(day, -1), zone);
  };
  time_range made{moved(range.from), moved(range.to)};
  // Of 29 February alone, 1 March is left.
  if (made.to <= made.from && range.from < range.to)
    made.to = zone.day_start(zone.day(made.from) + 1);
  return made;
}

std::string utc_text(std::int64_t t) {
  return clock_text(t) + "+00:00";
}

} // namespace metrics
