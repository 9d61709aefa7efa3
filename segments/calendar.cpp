#include "segments/calendar.hpp"

#include <date/tz.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>

namespace segments {

namespace {

// Offsets are tabulated for these years; before and after them the nearest one holds.
constexpr int first_year = 1850;
constexpr int last_year = 2200;

constexpr std::int64_t days_per_era = 146'097; // 400 years.

// Of time that hardly ever holds two changes of offset: 25 days.
constexpr int stretch_bits = 31;

std::int64_t ms_of(date::sys_seconds t) {
  return t.time_since_epoch().count() * second_ms;
}

std::vector<zone::period> periods_of(const date::time_zone& source) {
  const date::sys_seconds end = date::sys_days{date::year{last_year} / 1 / 1};
  date::sys_seconds at = date::sys_days{date::year{first_year} / 1 / 1};
  std::vector<zone::period> periods;
  while (at < end) {
    const auto info = source.get_info(at);
    const std::int64_t offset = info.offset.count() * second_ms;
    if (periods.empty())
      periods.push_back({always, offset});
    else if (periods.back().offset != offset)
      periods.push_back({ms_of(info.begin), offset});
    if (info.end <= at)
      break;
    at = info.end;
  }
  if (periods.size() == 1 && periods.front().offset == 0)
    periods.clear();
  return periods;
}

} // namespace

civil_date civil_of(std::int64_t day) {
  // Years counted from March have their leap day at the end.
  const std::int64_t shifted = day + 719'468; // Days since 0000-03-01.
  // Nearly every day there is fits in 32 bits, which divides quicker.
  const std::int64_t era = shifted >= 0 && shifted <= UINT32_MAX
                           ? static_cast<std::uint32_t>(shifted)
                               / static_cast<std::uint32_t>(days_per_era)
                           : floor_divide(shifted, days_per_era);
  const auto day_of_era = static_cast<unsigned>(shifted - era * days_per_era);
  const unsigned year_of_era = (day_of_era - day_of_era / 1'460 + day_of_era / 36'524
                                - day_of_era / 146'096)
                             / 365;
  const unsigned day_of_year = day_of_era
                             - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_from_march = (5 * day_of_year + 2) / 153;
  civil_date date;
  date.day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  date.month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  date.year = era * 400 + year_of_era + (date.month <= 2 ? 1 : 0);
  return date;
}

std::int64_t day_of(std::int64_t year, unsigned month, unsigned day) {
  const std::int64_t from_march = month <= 2 ? year - 1 : year;
  const std::int64_t era = floor_divide(from_march, 400);
  const auto year_of_era = static_cast<unsigned>(from_march - era * 400);
  const unsigned day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * days_per_era + day_of_era - 719'468;
}

bool is_leap(std::int64_t year) {
  return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

zone::zone(std::string name, std::vector<period> periods)
  : name_(std::move(name)), periods_(std::move(periods)) {
  if (periods_.size() < 2)
    return;
  const std::int64_t first = periods_[1].begin;
  for (std::size_t i = 1; i < periods_.size(); ++i) {
    // Up to the stretch that this period begins within, the one before it holds.
    const auto stretches = static_cast<std::size_t>((periods_[i].begin - first) >> stretch_bits)
                         + 1;
    period_by_stretch_.resize(stretches,
                              static_cast<std::uint16_t>(std::max(i - 1, std::size_t{1})));
  }
}

/// Dates of birth lie in a hundred different periods, so the one of a date is looked up rather than
/// searched: that is most of what an anniversary costs.
std::int64_t zone::offset_at(std::int64_t t) const {
  if (periods_.size() < 2 || t < periods_[1].begin)
    return periods_.front().offset;
  const auto stretch = static_cast<std::uint64_t>(t - periods_[1].begin) >> stretch_bits;
  std::size_t i = stretch < period_by_stretch_.size() ? period_by_stretch_[stretch]
                                                      : periods_.size() - 1;
  while (i + 1 < periods_.size() && periods_[i + 1].begin <= t)
    ++i;
  return periods_[i].offset;
}

std::int64_t zone::instant_of(std::int64_t local) const {
  if (periods_.empty())
    return local;
  // A zone changes its offset by hours and seldom, so local ends ascend as well.
  std::size_t low = 0;
  std::size_t high = periods_.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (local < periods_[middle + 1].begin + periods_[middle].offset)
      high = middle;
    else
      low = middle + 1;
  }
  return std::max(local - periods_[low].offset, periods_[low].begin);
}

std::int64_t zone::local_day(std::int64_t t) const {
  std::int64_t day = floor_divide(t + offset_at(t), day_ms);
  // Where clocks went back over midnight, the day that had begun stays begun.
  while (day_start(day + 1) <= t)
    ++day;
  return day;
}

const zone& utc() {
  static const zone it;
  return it;
}

namespace {

const zone* look_up_zone(std::string_view name) {
  static std::mutex guard;
  static std::map<std::string, std::unique_ptr<const zone>, std::less<>> known;
  const std::lock_guard lock{guard};
  if (const auto found = known.find(name); found != known.end())
    return found->second.get();
  // Names out of people's data may be anything: look in the list first, and remember only what
  // exists.
  const auto& zones = date::get_tzdb().zones;
  const auto found = std::lower_bound(
    zones.begin(), zones.end(), name,
    [](const date::time_zone& z, std::string_view n) { return z.name() < n; });
  if (found == zones.end() || found->name() != name)
    return nullptr;
  auto made = std::make_unique<const zone>(std::string{name}, periods_of(*found));
  return known.emplace(std::string{name}, std::move(made)).first->second.get();
}

} // namespace

const zone* find_zone(std::string_view name) {
  if (name == "UTC")
    return &utc();
  // People of one account mostly live in a few zones, so the last answer often serves again.
  thread_local std::string last_name;
  thread_local const zone* last = nullptr;
  if (last == nullptr || last_name != name) {
    last = look_up_zone(name);
    last_name = name;
  }
  return last;
}

} // namespace segments
