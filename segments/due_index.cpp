#include "segments/due_index.hpp"

#include "segments/calendar.hpp"

#include <algorithm>
#include <utility>

namespace segments {

namespace {

constexpr std::int64_t near_ms = 2 * hour_ms;
constexpr std::size_t near_hours = 366 * 24;

} // namespace

std::int64_t due_index::key_of(std::int64_t due, std::int64_t now) {
  if (due % day_ms == 0 || due - now <= near_ms)
    return due;
  const auto into_hour = due % hour_ms;
  return due - (into_hour < 0 ? into_hour + hour_ms : into_hour);
}

due_index::bucket& due_index::bucket_at(std::uint32_t number, std::int64_t key) const {
  if (number >= by_criterion_.size())
    by_criterion_.resize(number + 1);
  const auto [at, is_new] = by_criterion_[number].try_emplace(key);
  if (is_new) {
    order_.emplace(key, number);
    removed.erase({number, key});
  }
  return at->second;
}

void due_index::add(std::uint32_t number, std::uint32_t profile, std::int64_t due,
                    std::int64_t now) {
  auto& b = bucket_at(number, key_of(due, now));
  if (b.profiles.addChecked(profile))
    b.dirty = true;
}

void due_index::gather(std::uint32_t number, std::uint32_t first,
                       std::span<const compiled_criterion::due_row> found, std::int64_t now) {
  if (found.empty())
    return;
  if (number >= gathered_.size())
    gathered_.resize(number + 1);
  auto& g = gathered_[number];
  if (g.lists.empty()) {
    with_gathered_.push_back(number);
    g.by_hour.assign(near_hours, 0);
    g.first_hour = now / hour_ms;
  }
  std::int64_t last_key = INT64_MIN; // Neighbours often share it.
  std::uint32_t last_list = 0;
  for (const auto& row : found) {
    const auto key = key_of(row.next_flip, now);
    if (key != last_key) {
      last_key = key;
      last_list = list_of(g, key);
    }
    g.lists[last_list].profiles.push_back(first + row.row);
  }
}

std::uint32_t due_index::list_of(gathered& g, std::int64_t key) {
  const auto add = [&] {
    g.lists.push_back({key, {}});
    first_gathered_ = std::min(first_gathered_.value_or(key), key);
    return static_cast<std::uint32_t>(g.lists.size());
  };
  const auto hour = key / hour_ms - g.first_hour;
  if (key % hour_ms == 0 && hour >= 0 && hour < static_cast<std::int64_t>(g.by_hour.size())) {
    auto& list = g.by_hour[static_cast<std::size_t>(hour)];
    if (list == 0)
      list = add();
    return list - 1;
  }
  auto& list = g.others[key];
  if (list == 0)
    list = add();
  return list - 1;
}

void due_index::collect() const {
  if (with_gathered_.empty())
    return;
  first_gathered_.reset();
  for (const auto number : std::exchange(with_gathered_, {})) {
    const auto found = std::exchange(gathered_[number], {});
    for (const auto& list : found.lists) {
      auto& b = bucket_at(number, list.key);
      b.profiles.addMany(list.profiles.size(), list.profiles.data());
      b.dirty = true;
    }
  }
}

std::optional<std::int64_t> due_index::next() const {
  if (order_.empty())
    return first_gathered_;
  return std::min(order_.begin()->first, first_gathered_.value_or(INT64_MAX));
}

std::optional<std::int64_t> due_index::next_after(std::int64_t key) const {
  collect();
  const auto at = order_.upper_bound({key, UINT32_MAX});
  if (at == order_.end())
    return std::nullopt;
  return at->first;
}

std::vector<std::uint32_t> due_index::criteria_at(std::int64_t key) const {
  collect();
  std::vector<std::uint32_t> found;
  for (auto at = order_.lower_bound({key, 0}); at != order_.end() && at->first == key; ++at)
    found.push_back(at->second);
  return found;
}

const Roaring* due_index::at(std::uint32_t number, std::int64_t key) const {
  collect();
  if (number >= by_criterion_.size())
    return nullptr;
  const auto found = by_criterion_[number].find(key);
  return found == by_criterion_[number].end() ? nullptr : &found->second.profiles;
}

void due_index::remove(std::uint32_t number, std::int64_t key, std::uint32_t profile) {
  auto& all = of(number);
  const auto found = all.find(key);
  if (found == all.end())
    return;
  if (found->second.profiles.removeChecked(profile))
    found->second.dirty = true;
  if (found->second.profiles.isEmpty())
    remove_bucket(number, key);
}

void due_index::remove_up_to(std::uint32_t number, std::int64_t key, std::uint32_t last) {
  auto& all = of(number);
  const auto found = all.find(key);
  if (found == all.end())
    return;
  roaring_bitmap_remove_range_closed(&found->second.profiles.roaring, 0, last);
  found->second.dirty = true;
  if (found->second.profiles.isEmpty())
    remove_bucket(number, key);
}

void due_index::remove_bucket(std::uint32_t number, std::int64_t key) {
  of(number).erase(key);
  order_.erase({key, number});
  removed.emplace(number, key);
}

void due_index::forget(std::uint32_t number) {
  for (const auto& [key, b] : of(number)) {
    order_.erase({key, number});
    removed.emplace(number, key);
  }
  of(number).clear();
}

void due_index::put(std::uint32_t number, std::int64_t key, Roaring profiles, bool dirty) {
  auto& b = bucket_at(number, key);
  b.profiles |= profiles;
  b.dirty = dirty;
}

due_index::buckets& due_index::of(std::uint32_t number) {
  collect();
  if (number >= by_criterion_.size())
    by_criterion_.resize(number + 1);
  return by_criterion_[number];
}

std::uint64_t due_index::size() const {
  collect();
  std::uint64_t count = 0;
  for (const auto& all : by_criterion_)
    for (const auto& [key, b] : all)
      count += b.profiles.cardinality();
  return count;
}

} // namespace segments
