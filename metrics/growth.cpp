#include "metrics/growth.hpp"

#include <algorithm>

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
  if (at < order_.time.from)
    return;
  const auto i = static_cast<std::size_t>(std::ranges::upper_bound(ends_, at) - ends_.begin());
  auto& to = segments_[current_].by_interval[i];
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

fold_result growth::result() const {
  fold_result made;
  made.tallies.resize(order_.measures.size());
  made.events = flips_;
  for (const auto& rollup : order_.rollups) {
    auto& rows = made.rollups.emplace_back();
    for (std::size_t s = 0; s < segments_.size(); ++s) {
      const auto value = [&](std::size_t grouping) {
        const auto& of = order_.segments[s];
        return order_.groupings[grouping].key == "name" ? of.name : of.id;
      };
      if (!holds(order_.filter, [&](std::size_t g) { return std::vector{value(g)}; }))
        continue;
      std::vector<std::string> values;
      for (const auto g : rollup)
        values.push_back(value(g));
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
