#pragma once

#include "segments/event_measure.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <numeric>
#include <tuple>
#include <type_traits>

/// The bodies of event_measure's templates, for its two sources.
namespace segments {

/// So many values are sooner compared with each other than sorted.
inline constexpr std::size_t few_values = 16;

/// Every event from `first` on.
struct pick_from {
  std::size_t first;
  std::size_t operator()(std::size_t k) const {
    return first + k;
  }
};

template <class Source, class Pick>
std::span<const double> event_measure::numbers(const Source& events, std::size_t count,
                                               const Pick& pick) const {
  thread_local std::vector<double> memory;
  if (memory.size() < count)
    memory.resize(count); // Never smaller again: growing clears what was there.
  const std::span found{memory.data(), count};
  if constexpr (std::is_same_v<Pick, pick_from>) {
    if (!measured_) {
      events.copy_values(pick.first, pick.first + count, found.data());
      return found;
    }
  }
  for (std::size_t k = 0; k < count; ++k) {
    if (!measured_) {
      found[k] = events.value(pick(k));
      continue;
    }
    const auto v = events.property(pick(k), *measured_);
    found[k] = v.kind == model::value_kind::number ? v.number : model::no_value;
  }
  return found;
}

template <class Source, class Pick>
std::size_t event_measure::distinct(const Source& events, std::size_t count,
                                    const Pick& pick) const {
  if constexpr (requires { events.distinct_codes(0); })
    if (measured_)
      if (const auto* column = events.distinct_codes(*measured_)) {
        if (column->dictionary->size() < 64) {
          std::uint64_t seen = 0;
          for (std::size_t k = 0; k < count; ++k)
            seen |= std::uint64_t{1} << column->code(events.begin() + pick(k));
          return static_cast<std::size_t>(std::popcount(seen & ~std::uint64_t{1}));
        }
        thread_local code_counter codes;
        codes.start(column->dictionary->size());
        for (std::size_t k = 0; k < count; ++k)
          codes.add(column->code(events.begin() + pick(k)));
        return codes.different();
      }
  thread_local std::vector<model::value_view> seen;
  seen.clear();
  for (std::size_t k = 0; k < count; ++k) {
    const auto v = measured_ ? events.property(pick(k), *measured_)
                             : number_or_unset(events.value(pick(k)));
    if (v.is_set())
      seen.push_back(v);
  }
  if (seen.size() <= few_values) {
    std::size_t different = 0;
    for (std::size_t k = 0; k < seen.size(); ++k)
      if (std::find(seen.begin(), seen.begin() + static_cast<std::ptrdiff_t>(k), seen[k])
          == seen.begin() + static_cast<std::ptrdiff_t>(k))
        ++different;
    return different;
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
bool event_measure::measure_holds(const Source& events, std::size_t count, const Pick& pick,
                                  std::span<const double> numbers) const {
  switch (what_) {
  case measure::count:
    return range_.holds(static_cast<std::int64_t>(count));
  case measure::distinct:
    // There are no more different values than values.
    if (static_cast<std::int64_t>(count) < range_.low)
      return range_.negated;
    return range_.holds(static_cast<std::int64_t>(distinct(events, count, pick)));
  case measure::sum:
    return holds(holds_, sum_of(numbers.first(count)));
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
  std::size_t found = 0;
  for (const double x : numbers.first(count)) {
    if (std::isnan(x))
      continue;
    sum += x;
    least = std::min(least, x);
    most = std::max(most, x);
    ++found;
  }
  if (found == 0)
    return false;
  return holds(holds_, what_ == measure::average   ? sum / static_cast<double>(found)
                       : what_ == measure::minimum ? least
                                                   : most);
}

template <class Source, class Pick>
verdict event_measure::judge_picked(const Source& events, const date_window::fixed& w,
                                    std::size_t inside, std::size_t all, const Pick& pick) const {
  std::span<const double> about;
  if (needs_numbers())
    about = numbers(events, all, pick);
  verdict v{measure_holds(events, inside, pick, about), never};
  if (!w.moves())
    return v;
  const auto time_of = [&](std::size_t k) { return events.time(pick(k)); };
  switch (what_) {
  case measure::count:
    v.next_flip = next_count_flip(w, range_, inside, all, time_of);
    break;
  case measure::sum:
    v.next_flip = next_sum_flip(w, holds_, v.holds, inside, about, time_of);
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
verdict event_measure::judge_count(const Source& events, const date_window::fixed& w,
                                   std::size_t first, std::size_t inside_end,
                                   std::size_t end) const {
  const auto inside = inside_end - first;
  return {range_.holds(static_cast<std::int64_t>(inside)),
          next_count_flip(w, range_, inside, end - first,
                          [&](std::size_t k) { return events.time(first + k); })};
}

template <class Source>
verdict event_measure::judge_range(const Source& events, const date_window::fixed& w,
                                   std::size_t first, std::size_t inside_end,
                                   std::size_t end) const {
  if (!events.has_tests() && what_ == measure::count)
    return judge_count(events, w, first, inside_end, end);
  if (!events.has_tests())
    return judge_picked(events, w, inside_end - first, end - first, pick_from{first});
  thread_local std::vector<std::uint32_t> passing;
  if (passing.size() < end - first)
    passing.resize(end - first);
  const std::size_t inside = events.collect_passing(first, inside_end, passing.data());
  const std::size_t count = inside
                          + events.collect_passing(inside_end, end, passing.data() + inside);
  return judge_picked(events, w, inside, count, [](std::size_t k) { return passing[k]; });
}

template <class Source, class Pick>
bool event_measure::holds_picked(const Source& events, std::size_t count, const Pick& pick) const {
  std::span<const double> about;
  if (needs_numbers())
    about = numbers(events, count, pick);
  return measure_holds(events, count, pick, about);
}

template <class Source>
bool event_measure::holds_in_range(const Source& events, std::size_t first,
                                   std::size_t inside_end) const {
  if (!events.has_tests())
    return holds_picked(events, inside_end - first, pick_from{first});
  thread_local std::vector<std::uint32_t> passing;
  if (passing.size() < inside_end - first)
    passing.resize(inside_end - first);
  const auto count = events.collect_passing(first, inside_end, passing.data());
  return holds_picked(events, count, [](std::size_t k) { return passing[k]; });
}

template <class Source>
verdict event_measure::judge_each(const Source& events, const date_window::fixed& w,
                                  const zone& in) const {
  thread_local std::vector<std::size_t> inside;
  inside.clear();
  std::int64_t next = never;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const standing in_window = w.stands(events.time(i));
    if (in_window.is_never_inside() || !events.passes(i))
      continue;
    const standing in_tests = stands(events, i, selection_.moving, w.now(), in);
    if (in_tests.is_never_inside())
      continue;
    next = std::min({next, in_window.next, in_tests.next});
    if (in_window.inside && in_tests.inside)
      inside.push_back(i);
  }
  const auto pick = [](std::size_t k) { return inside[k]; };
  std::span<const double> about;
  if (needs_numbers())
    about = numbers(events, inside.size(), pick);
  verdict v{measure_holds(events, inside.size(), pick, about), next};
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
