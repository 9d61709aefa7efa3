#include "tests/metrics/plain_growth.hpp"

#include "tests/metrics/plain_rows.hpp"

#include <algorithm>
#include <limits>

namespace plain {

using namespace metrics;

namespace {

constexpr auto always = std::numeric_limits<std::int64_t>::min();
constexpr auto never = std::numeric_limits<std::int64_t>::max();

std::string value_of(const segment& s, const grouping& g) {
  return g.key == "name" ? s.name : s.id;
}

} // namespace

growth_sums::growth_sums(const request& asked, const dictionary& words,
                         std::span<const segment> segments,
                         const std::vector<std::string>& measures, time_range time,
                         const std::vector<std::int64_t>& intervals)
  : asked_(asked), segments_(segments), time_(time), intervals_(intervals) {
  for (const auto& name : measures)
    counts_.push_back(words.measures.find(name)->second.counts);
}

std::uint64_t growth_sums::count(counting what, const segment& of, std::int64_t from,
                                 std::int64_t to) {
  std::uint64_t found = 0;
  for (const auto& person : of.people)
    for (const auto& s : person) {
      const auto left = s.left.value_or(never);
      if (what == counting::members)
        found += s.joined < to && left >= to ? 1 : 0;
      if (what == counting::joins)
        found += from <= s.joined && s.joined < to ? 1 : 0;
      if (what == counting::leaves)
        found += from <= left && left < to ? 1 : 0;
    }
  return found;
}

bool growth_sums::passes(const segment& s) const {
  return plain::passes(asked_.filter,
                       [&](std::size_t g) { return std::vector{value_of(s, asked_.filtered[g])}; });
}

row_sums growth_sums::sums_of(const segment& s) const {
  row_sums made(std::max<std::size_t>(intervals_.size(), 1), std::vector<reported>(counts_.size()));
  for (std::size_t i = 0; i < made.size(); ++i) {
    const auto from = i == 0 ? time_.from : intervals_[i];
    const auto to = i + 1 == made.size() ? time_.to : intervals_[i + 1];
    for (std::size_t m = 0; m < counts_.size(); ++m)
      made[i][m].count = count(counts_[m], s, from, to);
  }
  return made;
}

std::map<row_values, row_sums> growth_sums::rows(const groupings& by) const {
  std::map<row_values, row_sums> made;
  for (const auto& s : segments_) {
    if (!passes(s))
      continue;
    row_values values;
    for (const auto& g : by)
      values.push_back(value_of(s, g));
    const auto sums = sums_of(s);
    const auto [row, is_new] = made.try_emplace(values, sums);
    for (std::size_t i = 0; !is_new && i < sums.size(); ++i)
      for (std::size_t m = 0; m < counts_.size(); ++m)
        row->second[i][m].add(sums[i][m]);
  }
  return made;
}

std::optional<row_sums> growth_sums::together(const groupings& by,
                                              const std::set<row_values>& of) const {
  std::optional<row_sums> made;
  for (const auto& [values, sums] : rows(by)) {
    if (!of.contains(values))
      continue;
    if (!made) {
      made = sums;
      continue;
    }
    for (std::size_t i = 0; i < sums.size(); ++i)
      for (std::size_t m = 0; m < counts_.size(); ++m)
        (*made)[i][m].add(sums[i][m]);
  }
  return made;
}

std::vector<tally> growth_sums::tallies() const {
  std::vector<tally> made(counts_.size());
  const auto note = [](tally& to, exclusion why, std::uint64_t count) {
    if (count != 0)
      to.left_out[why] += count;
  };
  for (const auto& s : segments_)
    for (std::size_t m = 0; m < counts_.size(); ++m) {
      const auto inside = count(counts_[m], s, time_.from, time_.to);
      if (passes(s))
        made[m].counted += inside;
      else
        note(made[m], exclusion::filtered_out, inside);
      if (counts_[m] != counting::members) // All that there are.
        note(made[m], exclusion::outside, count(counts_[m], s, always, never) - inside);
    }
  return made;
}

} // namespace plain
