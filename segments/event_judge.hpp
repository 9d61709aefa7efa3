#pragma once

#include "segments/event_measure.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <tuple>

/// The bodies of event_measure's templates, for its two sources.
namespace segments {

inline constexpr auto as_is = [](std::size_t k) { return k; };

template <class Source>
double event_measure::number(const Source& events, std::size_t i) const {
  if (!measured_)
    return events.value(i);
  const auto v = events.property(i, *measured_);
  return v.kind == model::value_kind::number ? v.number : model::no_value;
}

template <class Source, class Pick>
std::size_t event_measure::distinct(const Source& events, std::size_t count,
                                    const Pick& pick) const {
  thread_local std::vector<model::value_view> seen;
  seen.clear();
  for (std::size_t k = 0; k < count; ++k) {
    const auto v = measured_ ? events.property(pick(k), *measured_)
                             : number_or_unset(events.value(pick(k)));
    if (v.is_set())
      seen.push_back(v);
  }
  const auto key = [](const model::value_view& v) { return std::tuple{v.kind, v.number, v.text}; };
  std::sort(seen.begin(), seen.end(),
            [&](const auto& a, const auto& b) { return key(a) < key(b); });
  return static_cast<std::size_t>(std::unique(seen.begin(), seen.end()) - seen.begin());
}

template <class Source>
bool event_measure::passes_picked(const Source& events, std::size_t i) const {
  return std::all_of(picked_.begin(), picked_.end(), [&](const event_test& t) {
    return t.test.matches(t.is_value ? number_or_unset(events.value(i))
                                     : events.property(i, t.slot));
  });
}

template <class Source, class Pick>
bool event_measure::measure_holds(const Source& events, std::size_t count, const Pick& pick) const {
  switch (what_) {
  case measure::count:
    return range_.holds(static_cast<std::int64_t>(count));
  case measure::distinct:
    return range_.holds(static_cast<std::int64_t>(distinct(events, count, pick)));
  case measure::sum:
    return holds(holds_, sum_of(0, count, [&](std::size_t k) { return number(events, pick(k)); }));
  case measure::first:
    return count > 0 && passes_picked(events, pick(0));
  case measure::last:
    return count > 0 && passes_picked(events, pick(count - 1));
  default:
    break;
  }
  double sum = 0;
  double least = std::numeric_limits<double>::infinity();
  double most = -std::numeric_limits<double>::infinity();
  std::size_t numbers = 0;
  for (std::size_t k = 0; k < count; ++k) {
    const double x = number(events, pick(k));
    if (std::isnan(x))
      continue;
    sum += x;
    least = std::min(least, x);
    most = std::max(most, x);
    ++numbers;
  }
  if (numbers == 0)
    return false;
  return holds(holds_, what_ == measure::average   ? sum / static_cast<double>(numbers)
                       : what_ == measure::minimum ? least
                                                   : most);
}

template <class Source, class Pick>
verdict event_measure::judge_picked(const Source& events, const date_window::fixed& w,
                                    std::size_t inside, std::size_t all, const Pick& pick) const {
  verdict v{measure_holds(events, inside, pick), never};
  if (!w.moves())
    return v;
  const auto time_of = [&](std::size_t k) { return events.time(pick(k)); };
  switch (what_) {
  case measure::count:
    v.next_flip = next_count_flip(w, range_, inside, all, time_of);
    break;
  case measure::sum:
    v.next_flip = next_sum_flip(w, holds_, v.holds, inside, all, time_of,
                                [&](std::size_t k) { return number(events, pick(k)); });
    break;
  case measure::first:
    // Later events do not matter while the first one stays.
    v.next_flip = next_change(w, inside, inside > 0 ? inside : all, time_of);
    break;
  case measure::last: {
    const std::int64_t leave = inside > 0 && w.expels() ? w.leave(time_of(inside - 1)) : never;
    const std::int64_t enter = all > inside ? w.enter(time_of(inside)) : never;
    v.next_flip = std::min(leave, enter);
    break;
  }
  default:
    v.next_flip = next_change(w, inside, all, time_of);
    break;
  }
  return v;
}

template <class Source>
verdict event_measure::judge_range(const Source& events, const date_window::fixed& w,
                                   std::size_t first, std::size_t inside_end,
                                   std::size_t end) const {
  if (!events.has_tests())
    return judge_picked(events, w, inside_end - first, end - first,
                        [first](std::size_t k) { return first + k; });
  thread_local std::vector<std::uint32_t> passing;
  passing.resize(end - first);
  std::size_t count = 0;
  std::size_t inside = 0;
  for (std::size_t i = first; i < end; ++i) {
    if (!events.passes(i))
      continue;
    passing[count++] = static_cast<std::uint32_t>(i);
    inside += i < inside_end ? 1 : 0;
  }
  return judge_picked(events, w, inside, count, [](std::size_t k) { return passing[k]; });
}

template <class Source>
verdict event_measure::judge_each(const Source& events, const date_window::fixed& w,
                                  const zone& in) const {
  thread_local std::vector<std::size_t> inside;
  inside.clear();
  std::int64_t next = never;
  for (std::size_t i = 0; i < events.size(); ++i) {
    if (!events.passes(i))
      continue;
    const standing in_window = w.stands(events.time(i));
    const standing in_tests = stands(events, i, selection_.moving, w.now(), in);
    next = std::min({next, in_window.next, in_tests.next});
    if (in_window.inside && in_tests.inside)
      inside.push_back(i);
  }
  const auto pick = [](std::size_t k) { return inside[k]; };
  verdict v{measure_holds(events, inside.size(), pick), next};
  if (picks() && !inside.empty()) {
    const standing s = stands(events, what_ == measure::first ? inside.front() : inside.back(),
                              picked_moving_, w.now(), in);
    v.holds = v.holds && s.inside;
    v.next_flip = std::min(v.next_flip, s.next);
  }
  return v;
}

template <class Source>
verdict event_measure::judge(const Source& events, const date_window::fixed& w,
                             const zone& in) const {
  if (asks_each_)
    return judge_each(events, w, in);
  const std::size_t first = events.earlier_than(w.earliest());
  const std::size_t inside_end = std::max(first, events.earlier_than(w.latest() + 1));
  return judge_range(events, w, first, inside_end, w.admits() ? events.size() : inside_end);
}

} // namespace segments
