#include "gateway/rate_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <span>
#include <system_error>
#include <tuple>

namespace gateway {

namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;

constexpr std::array<limit_tier, 6> tiers{{
  {"XS", 1, 15, 0},
  {"S", 3, 60, 0},
  {"M", 10, 150, 0},
  {"L", 75, 700, 0},
  {"XL", 350, 3500, 0},
  {"reports", 1, 2, 225},
}};

constexpr double factor_max = 1e6;
constexpr double keys_share = 4; // Of an account: so many keys at their limit fill it.

/// How many requests a window has room for; 0 = any number.
std::uint64_t room(std::uint32_t in_window, double factor) {
  return static_cast<std::uint64_t>(std::ceil(in_window * factor));
}

std::int64_t number_of(rate_limits::instant now, seconds length) {
  return std::chrono::floor<seconds>(now.time_since_epoch()) / length;
}

/// Until the window ends, rounded up; at least one, because clients take 0 for "at once".
seconds left_in(rate_limits::instant now, seconds length) {
  const auto end = length * (number_of(now, length) + 1);
  return std::max(1s, std::chrono::ceil<seconds>(end - now.time_since_epoch()));
}

} // namespace

const limit_tier* tier_named(std::string_view name) {
  const auto found = std::ranges::find(tiers, name, &limit_tier::name);
  return found == tiers.end() ? nullptr : &*found;
}

model::outcome<limit_setting> limit_setting_of(std::string_view text) {
  if (text == "off")
    return limit_setting{0, 0, false};
  if (text == "klaviyo")
    return limit_setting{1, 1, true};
  double factor = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), factor);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size() || !(factor > 0)
      || factor > factor_max)
    return model::failure{
      model::failure_code::invalid_input,
      fmt::format("rate limits \"{}\": write off, klaviyo, or a factor over Klaviyo's numbers of "
                  "up to {}",
                  text, factor_max)};
  return limit_setting{factor, factor * keys_share, false};
}

rate_limits::verdict rate_limits::take(const request& asked, instant now) {
  if (asked.tier == nullptr || setting_.factor == 0
      || (asked.is_change && !setting_.limits_changes))
    return {};
  const std::lock_guard lock{guard_};
  forget_idle(now);

  struct counted {
    window* in = nullptr;
    std::uint64_t limit = 0;
    seconds length{};
  };
  std::array<counted, 6> all;
  std::size_t size = 0;
  for (const auto& [who, kind, factor] :
       {std::tuple{asked.key, 'k', setting_.factor},
        std::tuple{asked.account, 'a', setting_.account_factor}}) {
    auto& own = counter_of(kind, who, asked.route);
    for (const auto& [in, limit, length] :
         {std::tuple{&own.second, asked.tier->in_second, seconds{1s}},
          std::tuple{&own.minute, asked.tier->in_minute, seconds{1min}},
          std::tuple{&own.day, asked.tier->in_day, seconds{24h}}})
      if (limit != 0)
        all[size++] = {in, room(limit, factor), length};
  }

  verdict v;
  for (auto& one : std::span{all}.first(size)) {
    if (const auto current = number_of(now, one.length); one.in->number != current)
      *one.in = {current, 0};
    if (one.in->used < one.limit)
      continue;
    v.is_allowed = false;
    v.retry_after = std::max(v.retry_after, left_in(now, one.length));
  }
  if (!v.is_allowed)
    return v;
  for (auto& one : std::span{all}.first(size)) {
    ++one.in->used;
    if (one.length != 1min)
      continue;
    if (const auto left = one.limit - one.in->used; v.limit == 0 || left < v.remaining) {
      v.limit = one.limit;
      v.remaining = left;
    }
    v.reset = left_in(now, one.length);
  }
  return v;
}

rate_limits::counter& rate_limits::counter_of(char kind, std::string_view who,
                                              std::string_view route) {
  name_.assign(1, kind).append(who).append(1, ' ').append(route);
  return counters_[name_];
}

/// Whoever is in no current window counts as nobody.
void rate_limits::forget_idle(instant now) {
  if (counters_.size() < forget_at_)
    return;
  const auto minute = number_of(now, 1min);
  const auto day = number_of(now, 24h);
  boost::unordered::erase_if(counters_, [&](const auto& one) {
    return one.second.minute.number != minute && one.second.day.number != day;
  });
  forget_at_ = std::max<std::size_t>(counters_kept_min, counters_.size() * 2);
}

std::size_t rate_limits::counted() const {
  const std::lock_guard lock{guard_};
  return counters_.size();
}

} // namespace gateway
