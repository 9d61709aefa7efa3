#include "segments/due_index.hpp"

#include <algorithm>
#include <utility>

namespace segments {

namespace {

constexpr std::int64_t hour_ms = 3'600'000;
constexpr std::int64_t day_ms = 24 * hour_ms;
constexpr std::int64_t near_ms = 2 * hour_ms;

} // namespace

std::int64_t due_index::key_of(std::int64_t due, std::int64_t now) {
  if (due % day_ms == 0 || due - now <= near_ms)
    return due;
  const auto into_hour = due % hour_ms;
  return due - (into_hour < 0 ? into_hour + hour_ms : into_hour);
}

due_index::bucket& due_index::bucket_at(std::uint32_t criterion, std::int64_t key) const {
  if (criterion >= by_criterion_.size())
    by_criterion_.resize(criterion + 1);
  const auto [at, is_new] = by_criterion_[criterion].try_emplace(key);
  if (is_new) {
    order_.emplace(key, criterion);
    removed.erase({criterion, key});
  }
  return at->second;
}

void due_index::add(std::uint32_t criterion, std::uint32_t profile, std::int64_t due,
                    std::int64_t now) {
  auto& b = bucket_at(criterion, key_of(due, now));
  if (b.profiles.addChecked(profile))
    b.dirty = true;
}

void due_index::gather(std::uint32_t criterion, std::uint32_t profile, std::int64_t due,
                       std::int64_t now) {
  if (criterion >= gathered_.size())
    gathered_.resize(criterion + 1);
  auto& g = gathered_[criterion];
  const auto key = key_of(due, now);
  if (g.lists.empty() || key != g.last_key) {
    if (g.lists.empty())
      with_gathered_.push_back(criterion);
    const auto [at, is_new] = g.lists_by_key.try_emplace(
      key, static_cast<std::uint32_t>(g.lists.size()));
    if (is_new)
      g.lists.emplace_back();
    first_gathered_ = std::min(first_gathered_.value_or(key), key);
    g.last_key = key;
    g.last_list = at->second;
  }
  g.lists[g.last_list].push_back(profile);
}

void due_index::collect() const {
  if (with_gathered_.empty())
    return;
  first_gathered_.reset();
  for (const auto criterion : std::exchange(with_gathered_, {})) {
    const auto found = std::exchange(gathered_[criterion], {});
    for (const auto& [key, list] : found.lists_by_key) {
      auto& b = bucket_at(criterion, key);
      b.profiles.addMany(found.lists[list].size(), found.lists[list].data());
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

const Roaring* due_index::at(std::uint32_t criterion, std::int64_t key) const {
  collect();
  if (criterion >= by_criterion_.size())
    return nullptr;
  const auto found = by_criterion_[criterion].find(key);
  return found == by_criterion_[criterion].end() ? nullptr : &found->second.profiles;
}

void due_index::remove(std::uint32_t criterion, std::int64_t key, std::uint32_t profile) {
  auto& all = of(criterion);
  const auto found = all.find(key);
  if (found == all.end())
    return;
  if (found->second.profiles.removeChecked(profile))
    found->second.dirty = true;
  if (found->second.profiles.isEmpty())
    remove_bucket(criterion, key);
}

void due_index::remove_up_to(std::uint32_t criterion, std::int64_t key, std::uint32_t last) {
  auto& all = of(criterion);
  const auto found = all.find(key);
  if (found == all.end())
    return;
  roaring_bitmap_remove_range_closed(&found->second.profiles.roaring, 0, last);
  found->second.dirty = true;
  if (found->second.profiles.isEmpty())
    remove_bucket(criterion, key);
}

void due_index::remove_bucket(std::uint32_t criterion, std::int64_t key) {
  of(criterion).erase(key);
  order_.erase({key, criterion});
  removed.emplace(criterion, key);
}

void due_index::forget(std::uint32_t criterion) {
  for (const auto& [key, b] : of(criterion)) {
    order_.erase({key, criterion});
    removed.emplace(criterion, key);
  }
  of(criterion).clear();
}

void due_index::put(std::uint32_t criterion, std::int64_t key, Roaring profiles, bool dirty) {
  auto& b = bucket_at(criterion, key);
  b.profiles |= profiles;
  b.dirty = dirty;
}

due_index::buckets& due_index::of(std::uint32_t criterion) {
  collect();
  if (criterion >= by_criterion_.size())
    by_criterion_.resize(criterion + 1);
  return by_criterion_[criterion];
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
