#include "gateway/report_time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

namespace {

using metrics::timeframe;
using metrics::timeframe_key;
using segments::day_ms;

constexpr std::int64_t year_days = 366; // The longest one.

struct interval_rule {
  std::string_view name;
  std::int64_t days_max;
};
constexpr std::array<interval_rule, 4> interval_rules{
  {{"daily", 60}, {"hourly", 7}, {"monthly", 52 * 7}, {"weekly", year_days}}};

/// Of the calendar, and so never longer than a year has months.
bool is_of_months(timeframe_key key) {
  return key == timeframe_key::last_12_months || key == timeframe_key::last_year
      || key == timeframe_key::this_year;
}

std::optional<timeframe_key> read_key(object_reader& from) {
  const auto known = metrics::timeframe_keys();
  text_rule rule;
  rule.choices.assign(known.begin(), known.end());
  const auto key = from.text("key", presence::required, rule);
  if (!key)
    return std::nullopt;
  return static_cast<timeframe_key>(std::ranges::find(known, *key) - known.begin());
}

std::optional<metrics::wall_time> read_wall_time(object_reader& from, std::string_view name) {
  const auto text = from.text(name, presence::required);
  if (!text)
    return std::nullopt;
  auto read = metrics::parse_wall_time(*text);
  if (!read)
    from.refuse(name, "must be an ISO 8601 date and time as 2024-01-31T08:00:00");
  return read;
}

std::optional<timeframe> read_timeframe(object_reader& from) {
  timeframe read;
  if (from.has("key")) {
    read.key = read_key(from);
    for (const auto* end : {"start", "end"})
      if (from.has(end))
        from.refuse(end, "is not allowed beside 'key'");
    return read.key ? std::optional{read} : std::nullopt;
  }
  const auto start = read_wall_time(from, "start");
  const auto end = read_wall_time(from, "end");
  if (!start || !end)
    return std::nullopt;
  read.start = *start;
  read.end = *end;
  if (read.end.local < read.start.local) {
    from.refuse("end", "must not lie before 'start'");
    return std::nullopt;
  }
  return read;
}

/// By the clock on the wall, where each day has 24 hours.
std::int64_t length_of(const timeframe& time, const time_rules& rules) {
  if (!time.key)
    return time.end.local - time.start.local + (time.end.is_whole_day ? day_ms : 0);
  const auto range = metrics::range_of(time, rules.zone, rules.now, 0, true);
  return rules.zone.local(range.to) - rules.zone.local(range.from);
}

void check_interval(object_reader& attributes, const std::string& interval, const timeframe& time,
                    std::int64_t length) {
  const auto* rule = std::ranges::find(interval_rules, interval, &interval_rule::name);
  if (interval == "monthly" && time.key && is_of_months(*time.key))
    return;
  if (length > rule->days_max * day_ms)
    attributes.refuse("interval",
                      fmt::format("'{}' is allowed for a timeframe of at most {} days; this one "
                                  "has {}",
                                  interval, rule->days_max, (length + day_ms - 1) / day_ms));
}

std::string read_interval(object_reader& attributes) {
  text_rule rule;
  for (const auto& one : interval_rules)
    rule.choices.push_back(one.name);
  return attributes.text("interval", presence::required, rule).value_or({});
}

} // namespace

report_time read_report_time(object_reader& attributes, const time_rules& rules) {
  report_time read;
  if (rules.is_series)
    read.interval = read_interval(attributes);
  auto given = attributes.nested("timeframe", presence::required);
  if (!given)
    return read;
  read.timeframe = given->content();
  if (read.timeframe.empty()) {
    attributes.refuse("timeframe", fmt::format("needs a 'key' ({}), or 'start' and 'end'",
                                               fmt::join(metrics::timeframe_keys(), ", ")));
    return read;
  }
  const auto time = read_timeframe(*given);
  given->finish();
  if (!time)
    return read;
  const auto length = length_of(*time, rules);
  if (length > year_days * day_ms)
    attributes.refuse("timeframe", fmt::format("must not be longer than a year; this one has {} "
                                               "days",
                                               (length + day_ms - 1) / day_ms));
  else if (!read.interval.empty())
    check_interval(attributes, read.interval, *time, length);
  return read;
}

} // namespace gateway
