#include "segments/chain.hpp"

#include "segments/calendar.hpp"

#include <algorithm>
#include <tuple>

namespace segments {

namespace {

constexpr std::int64_t not_reached = INT64_MIN;
constexpr std::size_t serves_none = SIZE_MAX;

/// The end of a span, cut to the end of time.
std::int64_t later(std::int64_t time, std::int64_t by) {
  return by >= never - time ? never : time + by;
}

} // namespace

void chain_search::clear() {
  candidates.clear();
  within.clear();
  bans.clear();
  window.reset();
}

bool chain_search::exists() {
  if (within.empty())
    return false;
  std::sort(candidates.begin(), candidates.end(), [](const candidate& a, const candidate& b) {
    return std::tie(a.time, a.key, a.step) < std::tie(b.time, b.key, b.step);
  });
  if (!window)
    return from(0, never, true);
  const bool has_spans = std::any_of(within.begin() + 1, within.end(),
                                     [](const auto& span) { return span.has_value(); });
  if (bans.empty() && !has_spans)
    return from_latest_start();
  // Bans reach to the end of the window, which depends on the first event: try each.
  for (std::size_t begin = 0; begin < candidates.size();) {
    const group g = group_at(begin);
    const bool may_start = std::any_of(candidates.begin() + static_cast<std::ptrdiff_t>(g.begin),
                                       candidates.begin() + static_cast<std::ptrdiff_t>(g.end),
                                       [](const candidate& c) { return c.step == 0; });
    if (may_start && from(begin, later(candidates[begin].time, *window), false))
      return true;
    begin = g.end;
  }
  return false;
}

chain_search::group chain_search::group_at(std::size_t begin) const {
  std::size_t end = begin + 1;
  while (end < candidates.size() && candidates[end].time == candidates[begin].time)
    ++end;
  return {begin, end};
}

bool chain_search::is_banned(std::size_t step, std::int64_t time, std::int64_t window_end) const {
  for (const ban& b : bans) {
    if (b.step != step)
      continue;
    const std::int64_t end = b.within ? std::min(window_end, later(time, *b.within)) : window_end;
    const auto found = std::lower_bound(b.times.begin(), b.times.end(), time);
    if (found != b.times.end() && *found <= end)
      return true;
  }
  return false;
}

bool chain_search::serve(const group& g, std::size_t step) {
  for (std::size_t i = g.begin; i < g.end; ++i) {
    if (candidates[i].step != step)
      continue;
    // Candidates of one event stand side by side; its first one keeps the books.
    std::size_t book = i;
    while (book > g.begin && candidates[book - 1].key == candidates[i].key)
      --book;
    const std::size_t at = book - g.begin;
    if (tried_[at])
      continue;
    tried_[at] = true;
    if (holder_[at] == serves_none || serve(g, holder_[at])) {
      holder_[at] = step;
      return true;
    }
  }
  return false;
}

std::size_t chain_search::served(const group& g, std::size_t step, std::int64_t window_end) {
  const std::int64_t time = candidates[g.begin].time;
  if (g.end - g.begin == 1)
    return candidates[g.begin].step == step && !is_banned(step, time, window_end) ? 1 : 0;
  holder_.assign(g.end - g.begin, serves_none);
  std::size_t count = 0;
  for (; step + count < within.size(); ++count) {
    if (is_banned(step + count, time, window_end))
      break;
    tried_.assign(g.end - g.begin, false);
    if (!serve(g, step + count))
      break;
  }
  return count;
}

bool chain_search::from(std::size_t begin, std::int64_t window_end, bool starts_anywhere) {
  const std::size_t steps = within.size();
  // The latest time at which so many steps are done: nothing later asks for an earlier one.
  reached_.assign(steps + 1, not_reached);
  for (std::size_t at = begin; at < candidates.size() && candidates[at].time <= window_end;) {
    const group g = group_at(at);
    const std::int64_t time = candidates[at].time;
    for (std::size_t done = steps; done-- > 0;) {
      if (done == 0 ? !starts_anywhere && at != begin : reached_[done] == not_reached)
        continue;
      if (done > 0 && within[done] && later(reached_[done], *within[done]) < time)
        continue;
      const std::size_t more = served(g, done, window_end);
      for (std::size_t k = 1; k <= more; ++k)
        reached_[done + k] = time;
      if (done + more == steps)
        return true;
    }
    at = g.end;
  }
  return false;
}

bool chain_search::from_latest_start() {
  const std::size_t steps = within.size();
  // Without bans and spans only the start matters, the later the better.
  started_.assign(steps + 1, not_reached);
  for (std::size_t at = 0; at < candidates.size();) {
    const group g = group_at(at);
    const std::int64_t time = candidates[at].time;
    for (std::size_t done = steps; done-- > 0;) {
      const std::int64_t start = done == 0 ? time : started_[done];
      if (start == not_reached || later(start, *window) < time)
        continue;
      const std::size_t more = served(g, done, never);
      for (std::size_t k = 1; k <= more; ++k)
        started_[done + k] = std::max(started_[done + k], start);
      if (done + more == steps)
        return true;
    }
    at = g.end;
  }
  return false;
}

} // namespace segments
