#include "metrics/rows_together.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace metrics {

namespace {

/// Profiles that were met, a bit each.
class met_people {
public:
  /// False: it was there already.
  bool add(std::uint32_t profile) {
    if (profile / 64 >= bits_.size())
      bits_.resize(profile / 64 + 1);
    const auto mask = std::uint64_t{1} << (profile % 64);
    const bool is_new = (bits_[profile / 64] & mask) == 0;
    bits_[profile / 64] |= mask;
    return is_new;
  }
  void clear() {
    std::ranges::fill(bits_, 0);
  }

private:
  std::vector<std::uint64_t> bits_;
};

class divider {
public:
  divider(const fold_order& order, std::span<const fold_result> parts, std::size_t rollup,
          std::size_t total, const std::set<row_key>& listed)
    : order_(order), parts_(parts), rollup_(rollup), total_(total), listed_(listed) {
    const auto intervals = std::max<std::size_t>(order.intervals.size(), 1);
    const auto measures = order.measures.size();
    made_.listed.assign(intervals, std::vector<partial>(measures));
    made_.other = made_.listed;
    made_.lacks_people.resize(measures);
  }

  rows_apart take() {
    for (const auto& part : parts_)
      add_rows(part);
    std::vector<bool> is_shared(order_.measures.size());
    for (std::size_t m = 0; m < is_shared.size(); ++m) {
      is_shared[m] = !adds_up(order_, m, rollup_) && !is_all(m);
      made_.lacks_people[m] = is_shared[m] && !order_.keeps_people;
    }
    if (order_.keeps_people)
      for (const auto m : shared_measures(is_shared))
        count_once(m);
    return std::move(made_);
  }

private:
  static std::vector<std::size_t> shared_measures(const std::vector<bool>& is_shared) {
    std::vector<std::size_t> all;
    for (std::size_t m = 0; m < is_shared.size(); ++m)
      if (is_shared[m])
        all.push_back(m);
    return all;
  }

  void add_rows(const fold_result& part) {
    auto& is_listed = is_listed_.emplace_back();
    for (const auto& row : part.rollups[rollup_]) {
      is_listed.push_back(listed_.contains(row.values));
      auto& to = (is_listed.back() ? made_.listed : made_.other)[row.interval];
      for (std::size_t m = 0; m < row.measures.size(); ++m)
        to[m].add(row.measures[m]);
    }
  }

  /// Rows that count no more than there is together count nothing twice.
  [[nodiscard]] bool is_all(std::size_t m) const {
    if (order_.measures[m].is_number())
      return false;
    std::vector<std::uint64_t> total(made_.listed.size());
    for (const auto& part : parts_)
      for (const auto& row : part.rollups[total_])
        total[row.interval] += row.measures[m].count;
    for (std::size_t t = 0; t < total.size(); ++t)
      if (made_.listed[t][m].count + made_.other[t][m].count != total[t])
        return false;
    return true;
  }

  void count_once(std::size_t m) {
    for (auto* sums : {&made_.listed, &made_.other})
      for (auto& interval : *sums)
        interval[m] = {};
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      const auto& kept = (*parts_[p].kept)[rollup_];
      if (order_.measures[m].is_distinct())
        count_people(m, p, kept);
      else
        add_sums(m, p, kept);
    }
  }

  void add_sums(std::size_t m, std::size_t p, const kept_rollup& kept) {
    const auto& rows = parts_[p].rollups[rollup_];
    for (const auto& sums : kept.sums) {
      if (sums.rows.empty())
        continue; // Filtered out.
      const auto interval = rows[sums.rows.front()].interval;
      const auto is_listed = [&](std::uint32_t row) { return is_listed_[p][row] != 0; };
      if (std::ranges::any_of(sums.rows, is_listed))
        made_.listed[interval][m].add(sums.measures[m]);
      if (!std::ranges::all_of(sums.rows, is_listed))
        made_.other[interval][m].add(sums.measures[m]);
    }
  }

  void count_people(std::size_t m, std::size_t p, const kept_rollup& kept) {
    const auto& rows = parts_[p].rollups[rollup_];
    std::vector<const kept_rollup::row_people*> lists;
    for (const auto& each : kept.people)
      if (each.measure == m)
        lists.push_back(&each);
    const auto group_of = [&](const kept_rollup::row_people* l) {
      return std::tuple{rows[l->row].interval, l->message, is_listed_[p][l->row]};
    };
    std::ranges::stable_sort(lists, {}, group_of);
    for (auto from = lists.begin(); from != lists.end();) {
      const auto to = std::find_if(from, lists.end(), [&, group = group_of(*from)](const auto* l) {
        return group_of(l) != group;
      });
      const auto is_listed = is_listed_[p][(*from)->row] != 0;
      auto& sums = (is_listed ? made_.listed : made_.other)[rows[(*from)->row].interval];
      sums[m].count += people_in({from, to});
      from = to;
    }
  }

  std::uint64_t people_in(std::span<const kept_rollup::row_people* const> lists) {
    if (lists.size() == 1)
      return lists.front()->people.size();
    met_.clear();
    std::uint64_t people = 0;
    for (const auto* list : lists)
      list->people.each([&](std::uint32_t profile) { people += met_.add(profile) ? 1 : 0; });
    return people;
  }

  const fold_order& order_;
  std::span<const fold_result> parts_;
  std::size_t rollup_;
  std::size_t total_;
  const std::set<row_key>& listed_;
  std::vector<std::vector<std::uint8_t>> is_listed_; // By part, then row.
  met_people met_;
  rows_apart made_;
};

} // namespace

rows_apart apart(const fold_order& order, std::span<const fold_result> parts, std::size_t rollup,
                 std::size_t total, const std::set<row_key>& listed) {
  return divider{order, parts, rollup, total, listed}.take();
}

} // namespace metrics
