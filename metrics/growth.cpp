#include "metrics/growth.hpp"

#include <algorithm>
#include <utility>

namespace metrics {

growth::growth(const fold_order& order) : order_(order) {
  for (std::size_t i = 1; i < order.intervals.size(); ++i)
    ends_.push_back(order.intervals[i]);
  ends_.push_back(order.time.to);
  segments_.resize(order.segments.size());
  for (auto& s : segments_)
    s.by_interval.resize(ends_.size() + 1);
}

void growth::begin(std::size_t segment, std::uint64_t members_now) {
  current_ = segment;
  segments_[segment].members_now = members_now;
}

void growth::add(std::int64_t at, bool joined) {
  ++flips_;
  auto& counts = segments_[current_];
  const auto i = static_cast<std::size_t>(std::ranges::upper_bound(ends_, at) - ends_.begin());
  auto& to = at < order_.time.from ? counts.before : counts.by_interval[i];
  ++(joined ? to.joins : to.leaves);
}

std::uint64_t growth::value_of(counting what, const segment_counts& counts,
                               std::size_t interval) const {
  if (what == counting::joins)
    return counts.by_interval[interval].joins;
  if (what == counting::leaves)
    return counts.by_interval[interval].leaves;
  // Back from now over everything that came after the interval.
  auto members = counts.members_now;
  for (auto i = interval + 1; i < counts.by_interval.size(); ++i)
    members = members + counts.by_interval[i].leaves - counts.by_interval[i].joins;
  return members;
}

std::string growth::value(std::size_t segment, std::size_t grouping) const {
  const auto& of = order_.segments[segment];
  return order_.groupings[grouping].key == "name" ? of.name : of.id;
}

bool growth::passes(std::size_t segment) const {
  return holds(order_.filter,
               [&](std::size_t grouping) { return std::vector{value(segment, grouping)}; });
}

measure_tally growth::tally(counting what, std::size_t segment) const {
  const auto& counts = segments_[segment];
  measure_tally made;
  if (what == counting::members) {
    made.counted = value_of(what, counts, ends_.size() - 1);
  } else {
    const auto of = [&](const interval_counts& in) {
      return what == counting::joins ? in.joins : in.leaves;
    };
    for (std::size_t i = 0; i < ends_.size(); ++i)
      made.counted += of(counts.by_interval[i]);
    made.excluded[static_cast<std::size_t>(exclusion::outside)] = of(counts.before)
                                                                + of(counts.by_interval.back());
  }
  if (!passes(segment))
    made.excluded[static_cast<std::size_t>(exclusion::filtered_out)] = std::exchange(made.counted,
                                                                                     0);
  return made;
}

fold_result growth::result() const {
  fold_result made;
  made.tallies.resize(order_.measures.size());
  made.events = flips_;
  for (std::size_t s = 0; s < segments_.size(); ++s)
    for (std::size_t m = 0; m < order_.measures.size(); ++m)
      made.tallies[m].add(tally(order_.measures[m].counts, s));
  for (const auto& rollup : order_.rollups) {
    auto& rows = made.rollups.emplace_back();
    for (std::size_t s = 0; s < segments_.size(); ++s) {
      if (!passes(s))
        continue;
      std::vector<std::string> values;
      for (const auto g : rollup)
        values.push_back(value(s, g));
      for (std::uint32_t i = 0; i < ends_.size(); ++i) {
        auto& row = rows.emplace_back();
        row.values = values;
        row.interval = i;
        row.measures.resize(order_.measures.size());
        for (std::size_t m = 0; m < order_.measures.size(); ++m)
          row.measures[m].count = value_of(order_.measures[m].counts, segments_[s], i);
      }
    }
  }
  return made;
}

} // namespace metrics
