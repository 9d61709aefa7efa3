#include "segments/due_index.hpp"

#include "model/limits.hpp"
#include "segments/calendar.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace segments {

namespace {

constexpr std::int64_t near_ms = 2 * hour_ms;
constexpr std::int64_t near_hours = 366 * 24;
// How an hour and a row share a word.
constexpr unsigned row_bits = 12;
constexpr std::uint32_t row_mask = (1U << row_bits) - 1;
static_assert(model::block_rows <= row_mask + 1 && near_hours < 1 << (32 - row_bits));
constexpr std::size_t later_max = 1024; // Of one criterion.

} // namespace

std::int64_t due_index::key_of(std::int64_t due, std::int64_t now) {
  if (due % day_ms == 0 || due - now <= near_ms)
    return due;
  const auto into_hour = due % hour_ms;
  return due - (into_hour < 0 ? into_hour + hour_ms : into_hour);
}

due_index::buckets& due_index::buckets_of(std::uint32_t number) const {
  if (number >= by_criterion_.size())
    by_criterion_.resize(number + 1);
  return by_criterion_[number];
}

due_index::bucket& due_index::bucket_at(std::uint32_t number, std::int64_t key) const {
  const auto [at, is_new] = buckets_of(number).try_emplace(key);
  if (is_new) {
    order_.emplace(key, number);
    removed.erase({number, key});
  }
  return at->second;
}

void due_index::add(std::uint32_t number, std::uint32_t profile, std::int64_t due,
                    std::int64_t now) {
  const auto key = key_of(due, now);
  if (key - now > near_ms && key > 0 && key % hour_ms == 0) {
    if (number >= later_.size())
      later_.resize(number + 1);
    auto& all = later_[number];
    all.push_back(static_cast<std::uint64_t>(key / hour_ms) << 32 | profile);
    first_later_ = std::min(first_later_.value_or(key), key);
    if (all.size() >= later_max)
      sort_in(number);
    return;
  }
  auto& b = bucket_at(number, key);
  if (b.profiles.addChecked(profile))
    b.dirty = true;
}

void due_index::sort_in(std::uint32_t number) const {
  auto& all = later_[number];
  std::ranges::sort(all);
  std::vector<std::uint32_t> profiles;
  for (auto at = all.begin(); at != all.end();) {
    const auto hour = *at >> 32;
    profiles.clear();
    for (; at != all.end() && *at >> 32 == hour; ++at)
      profiles.push_back(static_cast<std::uint32_t>(*at));
    auto& b = bucket_at(number, static_cast<std::int64_t>(hour) * hour_ms);
    const auto before = b.profiles.cardinality();
    b.profiles.addMany(profiles.size(), profiles.data());
    b.dirty = b.dirty || b.profiles.cardinality() != before;
  }
  all.clear();
}

void due_index::collect_later() const {
  if (!first_later_)
    return;
  first_later_.reset();
  for (std::uint32_t number = 0; number < later_.size(); ++number)
    if (!later_[number].empty())
      sort_in(number);
}

void due_index::collect_for(std::int64_t key) const {
  collect();
  if (first_later_ && *first_later_ <= key)
    collect_later();
}

void due_index::gather(std::uint32_t number, std::uint32_t first,
                       std::span<const compiled_criterion::due_row> found, std::int64_t now) {
  if (found.empty())
    return;
  if (number >= gathered_.size())
    gathered_.resize(number + 1);
  auto& g = gathered_[number];
  if (g.pieces.empty()) {
    with_gathered_.push_back(number);
    g.first_hour = now / hour_ms;
  }
  g.pieces.push_back({first, g.by_hour.size()});
  auto least = std::int64_t{near_hours};
  for (const auto& row : found) {
    const auto due = row.next_flip;
    const auto at = due / hour_ms - g.first_hour;
    const bool is_whole = (at + g.first_hour) * hour_ms == due;
    // Whoever is due far off or at a full hour waits in an hour's bucket, midnights included.
    if (at >= 0 && at < near_hours && due >= 0 && (is_whole || due - now > near_ms)) {
      g.by_hour.push_back(static_cast<std::uint32_t>(at) << row_bits | row.row);
      least = std::min(least, at);
    } else {
      const auto key = key_of(due, now);
      g.others[key].push_back(first + row.row);
      first_gathered_ = std::min(first_gathered_.value_or(key), key);
    }
  }
  if (least < near_hours) {
    const auto key = (g.first_hour + least) * hour_ms;
    first_gathered_ = std::min(first_gathered_.value_or(key), key);
  }
}

void due_index::collect() const {
  if (with_gathered_.empty())
    return;
  first_gathered_.reset();
  for (const auto number : std::exchange(with_gathered_, {})) {
    const auto found = std::exchange(gathered_[number], {});
    const auto put = [&](std::int64_t key, std::span<const std::uint32_t> profiles) {
      auto& b = bucket_at(number, key);
      b.profiles.addMany(profiles.size(), profiles.data());
      b.dirty = true;
    };
    // Sorted by counting: where each hour's profiles begin, and in the end where they end.
    std::vector<std::size_t> ends(near_hours + 1);
    for (const auto one : found.by_hour)
      ++ends[(one >> row_bits) + 1];
    std::partial_sum(ends.begin(), ends.end(), ends.begin());
    std::vector<std::uint32_t> sorted(found.by_hour.size());
    for (std::size_t p = 0; p < found.pieces.size(); ++p) {
      const auto end = p + 1 < found.pieces.size() ? found.pieces[p + 1].from
                                                   : found.by_hour.size();
      for (auto i = found.pieces[p].from; i < end; ++i) {
        const auto one = found.by_hour[i];
        sorted[ends[one >> row_bits]++] = found.pieces[p].first + (one & row_mask);
      }
    }
    std::size_t from = 0;
    for (std::int64_t hour = 0; hour < near_hours; ++hour) {
      const auto end = ends[static_cast<std::size_t>(hour)];
      if (end != from)
        put((found.first_hour + hour) * hour_ms, std::span{sorted}.subspan(from, end - from));
      from = end;
    }
    for (const auto& [key, profiles] : found.others)
      put(key, profiles);
  }
}

std::optional<std::int64_t> due_index::next() const {
  std::optional<std::int64_t> first;
  const auto consider = [&first](std::int64_t key) { first = std::min(first.value_or(key), key); };
  if (!order_.empty())
    consider(order_.begin()->first);
  if (first_gathered_)
    consider(*first_gathered_);
  if (first_later_)
    consider(*first_later_);
  return first;
}

std::optional<std::int64_t> due_index::next_after(std::int64_t key) const {
  collect();
  auto at = order_.upper_bound({key, UINT32_MAX});
  if (first_later_ && (at == order_.end() || *first_later_ <= at->first)) {
    collect_later();
    at = order_.upper_bound({key, UINT32_MAX});
  }
  if (at == order_.end())
    return std::nullopt;
  return at->first;
}

std::vector<std::uint32_t> due_index::criteria_at(std::int64_t key) const {
  collect_for(key);
  std::vector<std::uint32_t> found;
  for (auto at = order_.lower_bound({key, 0}); at != order_.end() && at->first == key; ++at)
    found.push_back(at->second);
  return found;
}

const Roaring* due_index::at(std::uint32_t number, std::int64_t key) const {
  collect_for(key);
  if (number >= by_criterion_.size())
    return nullptr;
  const auto found = by_criterion_[number].find(key);
  return found == by_criterion_[number].end() ? nullptr : &found->second.profiles;
}

void due_index::remove(std::uint32_t number, std::int64_t key, std::uint32_t profile) {
  collect_for(key);
  auto& all = buckets_of(number);
  const auto found = all.find(key);
  if (found == all.end())
    return;
  if (found->second.profiles.removeChecked(profile))
    found->second.dirty = true;
  if (found->second.profiles.isEmpty())
    remove_bucket(number, key);
}

void due_index::remove_up_to(std::uint32_t number, std::int64_t key, std::uint32_t last) {
  collect_for(key);
  auto& all = buckets_of(number);
  const auto found = all.find(key);
  if (found == all.end())
    return;
  roaring_bitmap_remove_range_closed(&found->second.profiles.roaring, 0, last);
  found->second.dirty = true;
  if (found->second.profiles.isEmpty())
    remove_bucket(number, key);
}

void due_index::remove_bucket(std::uint32_t number, std::int64_t key) {
  buckets_of(number).erase(key);
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
  collect_later();
  return buckets_of(number);
}

std::uint64_t due_index::size() const {
  collect();
  collect_later();
  std::uint64_t count = 0;
  for (const auto& all : by_criterion_)
    for (const auto& [key, b] : all)
      count += b.profiles.cardinality();
  return count;
}

} // namespace segments
