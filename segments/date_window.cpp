#include "segments/date_window.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

namespace segments {

namespace {

// Quantities beyond these reach over all of time; cutting them keeps sums within 64 bits.
constexpr std::int64_t days_max = 10'000'000'000;
constexpr std::int64_t ms_max = days_max * day_ms;

// So many days hold an anniversary of every date, 29 February over a centennial year included.
constexpr std::int64_t anniversaries_sure_days = 3'000;

std::int64_t unit_ms(date_unit unit) {
  switch (unit) {
  case date_unit::second:
    return second_ms;
  case date_unit::minute:
    return minute_ms;
  case date_unit::hour:
    return hour_ms;
  case date_unit::day:
    return day_ms;
  case date_unit::week:
    return 7 * day_ms;
  }
  return day_ms;
}

/// n * unit, at most `most` either way.
std::int64_t scaled(std::int64_t n, std::int64_t unit, std::int64_t most) {
  return std::clamp(n, -most / unit, most / unit) * unit;
}

const zone& zone_named(const std::string& name, const zone& account_zone) {
  if (name.empty())
    return utc();
  if (name == "account" || name == "profile")
    return account_zone;
  if (const zone* found = find_zone(name))
    return *found;
  throw std::invalid_argument{"There is no time zone \"" + name + "\" in the system's database."};
}

/// Notes one interval of "now" during which an instant is inside.
void note(standing& s, std::int64_t now, std::int64_t enter, std::int64_t leave) {
  if (enter >= leave)
    return;
  if (enter > now) {
    s.next = std::min(s.next, enter);
  } else if (leave > now) {
    s.inside = true;
    s.next = std::min(s.next, leave);
  }
}

} // namespace

date_window::date_window(const date_filter& rule, const zone& account_zone)
  : op_(rule.op), uses_profile_zone_(rule.zone == "profile"), start_(model::to_ms(rule.start)),
    end_(model::to_ms(rule.end)), zone_(&zone_named(rule.zone, account_zone)) {
  const bool counts_days = rule.unit == date_unit::day || rule.unit == date_unit::week;
  whole_days_ = counts_days && !rule.rolling;
  const std::int64_t unit = whole_days_ ? unit_ms(rule.unit) / day_ms : unit_ms(rule.unit);
  const std::int64_t most = whole_days_ ? days_max : ms_max;
  from_ = rule.op == date_operator::calendar_month ? rule.from : scaled(rule.from, unit, most);
  to_ = scaled(rule.to, unit, most);

  switch (op_) {
  case date_operator::alltime:
  case date_operator::before:
  case date_operator::after:
  case date_operator::between_static:
    break;
  case date_operator::at_least:
    moves_ = admits_ = true;
    break;
  case date_operator::in_the_last:
  case date_operator::in_the_next:
  case date_operator::between:
    moves_ = admits_ = expels_ = true;
    break;
  case date_operator::anniversary:
  case date_operator::anniversary_month:
  case date_operator::anniversary_last:
  case date_operator::anniversary_next:
    moves_ = true;
    is_interval_ = false;
    break;
  case date_operator::calendar_month:
    is_interval_ = false;
    break;
  }
}

date_window::fixed::fixed(const date_window& window, const zone& in, std::int64_t now)
  : window_(&window), zone_(&in), now_(now) {
  const date_window& w = window;
  // A static instant at midnight stands for its whole day (S17).
  const auto end_of = [&](std::int64_t t, std::int64_t otherwise) {
    const std::int64_t day = in.day(t);
    return in.day_start(day) == t ? in.day_start(day + 1) : otherwise;
  };
  switch (w.op_) {
  case date_operator::before:
    latest_ = w.start_ - 1;
    return;
  case date_operator::after:
    earliest_ = end_of(w.start_, w.start_ + 1);
    return;
  case date_operator::between_static:
    earliest_ = w.start_;
    latest_ = end_of(w.end_, w.end_) - 1;
    return;
  case date_operator::at_least:
    latest_ = (w.whole_days_ ? in.day_start(in.day(now) - w.from_) : now - w.from_) - 1;
    return;
  case date_operator::in_the_last:
    earliest_ = w.whole_days_ ? in.day_start(in.day(now) - w.from_) : now - w.from_;
    latest_ = now;
    return;
  case date_operator::between:
    if (w.whole_days_) {
      const std::int64_t today = in.day(now);
      earliest_ = in.day_start(today - w.to_);
      latest_ = in.day_start(today - w.from_ + 1) - 1;
    } else {
      earliest_ = now - w.to_;
      latest_ = now - w.from_;
    }
    return;
  case date_operator::in_the_next:
    earliest_ = now;
    latest_ = w.whole_days_ ? in.day_start(in.day(now) + w.from_ + 1) - 1 : now + w.from_;
    return;
  default:
    return;
  }
}

standing date_window::fixed::stands(std::int64_t t) const {
  if (!window_->is_interval_)
    return in_year(t);
  standing s{earliest_ <= t && t <= latest_, never};
  if (window_->moves_) {
    s = {};
    note(s, now_, enter(t), leave(t));
  }
  return s;
}

void date_window::fixed::stand(std::span<const std::int64_t> instants,
                               std::span<std::uint8_t> inside, std::span<std::int64_t> next) const {
  if (!window_->is_interval_)
    return stand_in_year(instants, inside, next);
  for (std::size_t i = 0; i < instants.size(); ++i)
    inside[i] = earliest_ <= instants[i] && instants[i] <= latest_ ? 1 : 0;
  if (next.empty() || !window_->moves_)
    return;
  for (std::size_t i = 0; i < instants.size(); ++i)
    if (inside[i] != 0)
      next[i] = window_->expels_ ? std::min(leave(instants[i]), never) : never;
    else if (window_->admits_ && instants[i] > latest_)
      next[i] = std::min(enter(instants[i]), never);
}

/// Midnights of one calendar day of whatever year stand alike; birthdays are midnights.
void date_window::fixed::stand_in_year(std::span<const std::int64_t> instants,
                                       std::span<std::uint8_t> inside,
                                       std::span<std::int64_t> next) const {
  std::array<std::optional<standing>, 13 * 32> by_day;
  for (std::size_t i = 0; i < instants.size(); ++i) {
    const std::int64_t local = zone_->local(std::clamp(instants[i], always, never));
    const std::int64_t day = floor_divide(local, day_ms);
    standing s;
    if (local == day * day_ms) {
      const civil_date date = civil_of(day);
      auto& known = by_day[32 * date.month + date.day];
      if (!known)
        known = in_year(instants[i]);
      s = *known;
    } else {
      s = in_year(instants[i]);
    }
    inside[i] = s.inside ? 1 : 0;
    if (!next.empty())
      next[i] = s.next;
  }
}

standing date_window::fixed::in_year(std::int64_t t) const {
  t = std::clamp(t, always, never);
  const civil_date date = civil_of(floor_divide(zone_->local(t), day_ms));
  if (window_->op_ == date_operator::calendar_month)
    return {date.month == window_->from_, never};
  if (window_->op_ != date_operator::anniversary_month)
    return anniversary(t);
  standing s;
  const std::int64_t year = civil_of(zone_->day(now_)).year;
  for (std::int64_t y = year; y <= year + 1; ++y) {
    const std::int64_t next_month = date.month == 12 ? day_of(y + 1, 1, 1)
                                                     : day_of(y, date.month + 1, 1);
    note(s, now_, zone_->day_start(day_of(y, date.month, 1)), zone_->day_start(next_month));
  }
  return s;
}

standing date_window::fixed::anniversary(std::int64_t t) const {
  const date_window& w = *window_;
  const bool is_today = w.op_ == date_operator::anniversary;
  const std::int64_t reach_days = is_today ? 0 : w.whole_days_ ? w.from_ : w.from_ / day_ms + 1;
  if (reach_days >= anniversaries_sure_days)
    return {true, never};

  const std::int64_t local = zone_->local(t);
  const std::int64_t local_day = floor_divide(local, day_ms);
  const std::int64_t time_of_day = local - local_day * day_ms;
  const civil_date date = civil_of(local_day);
  const bool is_leap_day = date.month == 2 && date.day == 29;
  const std::int64_t year = civil_of(zone_->day(now_)).year;
  const std::int64_t years = reach_days / 365 + 1;

  standing s;
  // 29 February may be eight years away.
  for (std::int64_t y = year - years; y <= year + years + (is_leap_day ? 8 : 0); ++y) {
    if (is_leap_day && !is_leap(y))
      continue;
    const std::int64_t day = day_of(y, date.month, date.day);
    if (is_today) {
      note(s, now_, zone_->day_start(day), zone_->day_start(day + 1));
      continue;
    }
    const std::int64_t moved = zone_->instant_of(day * day_ms + time_of_day);
    const std::int64_t moved_day = zone_->day(moved);
    if (w.op_ == date_operator::anniversary_last)
      note(s, now_, ceil_to_second(moved),
           w.whole_days_ ? zone_->day_start(moved_day + w.from_ + 1)
                         : floor_to_second(moved + w.from_) + second_ms);
    else
      note(s, now_,
           w.whole_days_ ? zone_->day_start(moved_day - w.from_) : ceil_to_second(moved - w.from_),
           ceil_to_second(moved));
  }
  return s;
}

} // namespace segments
