#include "tests/metrics/plain_calendar.hpp"

#include <date/date.h>
#include <date/tz.h>

#include <algorithm>
#include <array>
#include <chrono>

namespace plain {

namespace {

using date::days;
using date::months;
using std::chrono::hours;
using std::chrono::milliseconds;
using instant_ms = date::sys_time<milliseconds>;

constexpr std::int64_t hour = 3'600'000;

const date::time_zone& of(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

std::int64_t start_of(const date::time_zone& zone, date::local_days day) {
  return milliseconds{zone.to_sys(day, date::choose::earliest).time_since_epoch()}.count();
}

/// The day whose first instant has come last.
date::local_days day_of(const date::time_zone& zone, std::int64_t t) {
  auto day = date::floor<days>(zone.to_local(instant_ms{milliseconds{t}}));
  while (start_of(zone, day + days{1}) <= t)
    day += days{1};
  return day;
}

date::local_days first_of_month(date::local_days day) {
  const date::year_month_day date{day};
  return date::local_days{date.year() / date.month() / 1};
}

date::local_days first_of_week(date::local_days day, int week_start) {
  const date::weekday first{static_cast<unsigned>(week_start + 1)}; // Sunday = 0 or 7.
  return day - (date::weekday{day} - first);
}

using span = report_calendar::span;

bool is_midnight(const date::time_zone& zone, std::int64_t t) {
  return start_of(zone, day_of(zone, t)) == t;
}

/// The same time on the wall on another day; the first of two, the next when there is none.
std::int64_t on_day(const date::time_zone& zone, std::int64_t t, date::local_days day) {
  if (is_midnight(zone, t))
    return start_of(zone, day);
  const auto clock = zone.to_local(instant_ms{milliseconds{t}}) - day_of(zone, t);
  const auto there = zone.to_sys(day + clock, date::choose::earliest);
  return milliseconds{there.time_since_epoch()}.count();
}

/// The clock's hour around `t`, cut where the clock was or will be set.
span hour_of(const date::time_zone& zone, std::int64_t t) {
  const auto info = zone.get_info(instant_ms{milliseconds{t}});
  const std::int64_t local = t + milliseconds{info.offset}.count();
  std::int64_t begin = t - ((local % hour) + hour) % hour;
  std::int64_t end = begin + hour;
  const std::int64_t since = milliseconds{info.begin.time_since_epoch()}.count();
  const std::int64_t until = milliseconds{info.end.time_since_epoch()}.count();
  if (begin < since && zone.get_info(info.begin - std::chrono::seconds{1}).offset != info.offset)
    begin = since;
  if (until < end && zone.get_info(info.end).offset != info.offset)
    end = until;
  return {begin, end};
}

} // namespace

report_calendar::report_calendar(const std::string& zone, int week_start)
  : zone_(date::locate_zone(zone == "UTC" ? "Etc/UTC" : zone)), week_start_(week_start) {
}

std::int64_t report_calendar::begin(part p, std::int64_t t) const {
  const auto& zone = of(zone_);
  const auto day = day_of(zone, t);
  switch (p) {
  case part::hour:
    return hour_of(zone, t).begin;
  case part::week:
    return start_of(zone, first_of_week(day, week_start_));
  case part::month:
    return start_of(zone, first_of_month(day));
  default:
    return start_of(zone, day);
  }
}

std::int64_t report_calendar::end(part p, std::int64_t t) const {
  const auto& zone = of(zone_);
  const auto day = day_of(zone, t);
  switch (p) {
  case part::hour:
    return hour_of(zone, t).end;
  case part::week:
    return start_of(zone, first_of_week(day, week_start_) + days{7});
  case part::month:
    return start_of(zone, first_of_month(first_of_month(day) + days{31}));
  default:
    return start_of(zone, day + days{1});
  }
}

std::vector<std::int64_t> report_calendar::all(part p, std::int64_t from, std::int64_t to) const {
  std::vector<std::int64_t> begins;
  for (std::int64_t t = from; t < to; t = end(p, t))
    begins.push_back(begin(p, t));
  return begins;
}

span report_calendar::previous_period(span range, bool by_weekday) const {
  const auto& zone = of(zone_);
  const auto first = day_of(zone, range.begin);
  const auto after = day_of(zone, range.end);
  if (by_weekday)
    for (auto back = days{7};; back += days{7}) {
      const auto end = on_day(zone, range.end, after - back);
      if (end <= range.begin)
        return {on_day(zone, range.begin, first - back), end};
    }
  if (!is_midnight(zone, range.begin) || !is_midnight(zone, range.end))
    return {range.begin - (range.end - range.begin), range.begin};
  if (first != first_of_month(first) || after != first_of_month(after))
    return {start_of(zone, first - (after - first)), range.begin};
  auto begin = first;
  for (auto month = first; month < after; month = first_of_month(month + days{31}))
    begin = first_of_month(begin - days{1});
  return {start_of(zone, begin), range.begin};
}

span report_calendar::previous_year(span range, bool by_weekday) const {
  const auto& zone = of(zone_);
  const auto earlier = [&](std::int64_t t) {
    const auto day = day_of(zone, t);
    if (by_weekday)
      return on_day(zone, t, day - days{7 * 52});
    const date::year_month_day date{day};
    auto there = date - date::years{1};
    if (!there.ok())
      there = there.year() / date::March / 1;
    return on_day(zone, t, date::local_days{there});
  };
  span made{earlier(range.begin), earlier(range.end)};
  if (made.begin == made.end && range.begin < range.end)
    made.end = end(part::day, made.begin);
  return made;
}

std::string report_calendar::text(part p, std::int64_t t) const {
  static const std::array<std::string, 7> names{"sunday",   "monday", "tuesday", "wednesday",
                                                "thursday", "friday", "saturday"};
  const auto& zone = of(zone_);
  const auto day = day_of(zone, t);
  const date::year_month_day date{day};
  switch (p) {
  case part::hour: {
    const auto first = date::floor<std::chrono::seconds>(
      instant_ms{milliseconds{hour_of(zone, t).begin}});
    return date::format("%FT%T%Ez", date::make_zoned(&zone, first));
  }
  case part::day:
    return date::format("%F", day);
  case part::week:
    return date::format("%F", first_of_week(day, week_start_));
  case part::month:
    return date::format("%Y-%m", day);
  case part::quarter:
    return date::format("%Y-Q", day)
         + std::to_string((static_cast<unsigned>(date.month()) + 2) / 3);
  case part::year:
    return date::format("%Y", day);
  case part::day_of_week:
    return names.at(date::weekday{day}.c_encoding());
  case part::hour_of_day: {
    const auto wall = zone.to_local(instant_ms{milliseconds{t}});
    const auto number = std::to_string((wall - date::floor<days>(wall)) / hours{1});
    return number.size() < 2 ? "0" + number : number;
  }
  }
  return {};
}

} // namespace plain
