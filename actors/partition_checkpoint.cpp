#include "actors/partition_state.hpp"

#include <algorithm>

/// How a partition's memory goes into its environment: deltas into blocks, bits, due times and
/// feeds into their keyspaces, after which the log is cut. All of it in slices, between which
/// changes are taken.
namespace actors {

using storage::meta_field;
using storage::meta_key;

namespace {

using steady = std::chrono::steady_clock;

constexpr std::uint64_t log_bytes_max = std::uint64_t{512} << 20;
constexpr std::size_t blocks_at_once_max = 64;

/// A bitmap's record: the log sequence that it is true for, a number, the bitmap.
std::vector<storage::word> bits_record(std::uint64_t sequence, std::uint64_t number,
                                       const Roaring& bits) {
  std::vector<storage::word> words{sequence, number};
  const auto packed = storage::pack_bytes(segments::encode(bits));
  words.insert(words.end(), packed.begin(), packed.end());
  return words;
}

} // namespace

void partition_state::put_members(storage::write_transaction& to, std::uint64_t segment,
                                  const segments::profile_set& members,
                                  std::uint64_t sequence) const {
  auto bits = members.bitmap();
  bits.runOptimize(); // Many segments hold nearly everybody.
  to.put(storage::bits_key{storage::bits_owner::segment, {segment, 0}, 0},
         bits_record(sequence, 0, bits));
}

void partition_state::put_criterion(storage::write_transaction& to, std::uint32_t number,
                                    std::uint64_t sequence) {
  const auto& c = *members_.criterion_states()[number];
  if (c.dirty || !kept_criteria_.contains(number))
    to.put(storage::bits_key{storage::bits_owner::criterion, c.id, 0},
           bits_record(sequence, number, c.bits.bitmap()));
  if (c.is_outlook_new) {
    const storage::word foreseen = storage::ordered(c.foreseen);
    to.put(storage::due_key{c.id, INT64_MIN}, storage::words_view{&foreseen, 1});
  }
  for (const auto& [key, b] : members_.due().of(number))
    if (b.dirty)
      to.put(storage::due_key{c.id, key}, storage::pack_bytes(segments::encode(b.profiles)));
  auto& removed = members_.due().removed;
  for (auto at = removed.lower_bound({number, INT64_MIN});
       at != removed.end() && at->first == number; ++at)
    to.erase(storage::due_key{c.id, at->second});
}

void partition_state::criterion_put(std::uint32_t number) {
  kept_criteria_.insert(number);
  kept_ids_[number] = members_.criterion_states()[number]->id;
  members_.stored(number);
  for (auto& [key, b] : members_.due().of(number))
    b.dirty = false;
  auto& removed = members_.due().removed;
  removed.erase(removed.lower_bound({number, INT64_MIN}), removed.upper_bound({number, INT64_MAX}));
}

void partition_state::put_new_criteria(storage::write_transaction& to, std::uint64_t sequence) {
  new_criteria_.clear();
  const auto& all = members_.criterion_states();
  for (std::uint32_t number = 0; number < all.size(); ++number)
    if (all[number] && all[number]->complete && !kept_criteria_.contains(number)) {
      put_criterion(to, number, sequence);
      new_criteria_.push_back(number);
    }
}

void partition_state::new_criteria_put() {
  for (const auto number : new_criteria_)
    criterion_put(number);
  new_criteria_.clear();
}

void partition_state::forget_criteria() {
  const auto& all = members_.criterion_states();
  for (auto at = kept_ids_.begin(); at != kept_ids_.end();) {
    if (all[at->first]) {
      ++at;
      continue;
    }
    unused_.push_back(at->second);
    kept_criteria_.erase(at->first);
    auto& removed = members_.due().removed;
    removed.erase(removed.lower_bound({at->first, INT64_MIN}),
                  removed.upper_bound({at->first, INT64_MAX}));
    at = kept_ids_.erase(at);
  }
}

bool partition_state::wants_merge(bool idle) const {
  if (merging_)
    return true;
  if (idle)
    return store_->delta_records() != 0 || feed_.tail_size() != 0 || members_.has_new_outlook();
  return store_->delta_bytes() > options_.delta_bytes_max || log_bytes_ > log_bytes_max;
}

bool partition_state::put_long_feed(storage::write_transaction& to) {
  if (feed_.tail_size() <= options_.feed_flips_max)
    return false;
  put_feed(to);
  return true;
}

void partition_state::put_feed(storage::write_transaction& to) {
  feed_.store(to);
  const storage::word fed = applied_;
  to.put(meta_key{meta_field::feed_sequence}, storage::words_view{&fed, 1});
}

void partition_state::feed_put() {
  feed_.stored();
  feed_stored_ = applied_;
}

model::outcome<bool> partition_state::merge_slice(std::chrono::microseconds budget) {
  const auto end = steady::now() + budget;
  if (!merging_) {
    merging_ = true;
    merge_started_ = log_->last();
    log_bytes_ = 0;
    const auto blocks = store_->dirty_blocks();
    blocks_to_merge_.assign(blocks.begin(), blocks.end());
    criteria_to_keep_.clear();
    const auto& all = members_.criterion_states();
    for (std::uint32_t number = 0; number < all.size(); ++number)
      if (all[number] && all[number]->complete)
        criteria_to_keep_.push_back(number);
    segments_to_keep_.clear();
    for (const auto& s : members_.states())
      segments_to_keep_.push_back(s.segment);
  }
  if (!blocks_to_merge_.empty()) {
    if (auto merged = merge_blocks(end); !merged)
      return merged.error();
    return false;
  }
  if (!criteria_to_keep_.empty() || !segments_to_keep_.empty()) {
    if (auto kept = checkpoint(end); !kept)
      return kept.error();
    return false;
  }
  if (auto finished = finish_merge(); !finished)
    return finished.error();
  merging_ = false;
  return true;
}

model::status partition_state::merge_blocks(std::chrono::steady_clock::time_point end) {
  // A block's columns may hold nothing that the kept effects do not know of: pending ones go along.
  std::vector<std::uint32_t> done;
  const auto written = write(
    {}, [&](storage::write_transaction& to, std::uint64_t) -> model::status {
      done.clear();
      for (const auto block : blocks_to_merge_) {
        if (auto merged = store_->merge_block(to, block, applied_); !merged)
          return merged;
        done.push_back(block);
        if (done.size() >= blocks_at_once_max || steady::now() >= end)
          break;
      }
      return to.health();
    });
  if (!written)
    return written.error();
  store_->merged(done, applied_);
  blocks_to_merge_.erase(blocks_to_merge_.begin(),
                         blocks_to_merge_.begin() + static_cast<std::ptrdiff_t>(done.size()));
  return model::nothing{};
}

model::status partition_state::checkpoint(std::chrono::steady_clock::time_point end) {
  std::vector<std::uint32_t> criteria;
  std::vector<std::uint64_t> segments;
  const auto& all = members_.criterion_states();
  const auto written = write({},
                             [&](storage::write_transaction& to, std::uint64_t) -> model::status {
                               criteria.clear();
                               segments.clear();
                               for (const auto number : criteria_to_keep_) {
                                 criteria.push_back(number);
                                 if (all[number])
                                   put_criterion(to, number, applied_);
                                 if (steady::now() >= end)
                                   return to.health();
                               }
                               for (const auto segment : segments_to_keep_) {
                                 segments.push_back(segment);
                                 if (members_.members_dirty(segment))
                                   put_members(to, segment, *members_.members(segment), applied_);
                                 if (steady::now() >= end)
                                   return to.health();
                               }
                               return to.health();
                             });
  if (!written)
    return written.error();
  for (const auto number : criteria) {
    criteria_to_keep_.pop_front();
    if (all[number])
      criterion_put(number);
  }
  for (const auto segment : segments) {
    segments_to_keep_.pop_front();
    if (members_.members(segment) != nullptr)
      members_.members_stored(segment);
  }
  return model::nothing{};
}

model::status partition_state::finish_merge() {
  auto cut = merge_started_;
  if (const auto needed = store_->first_unmerged())
    cut = std::min(cut, *needed - 1);
  const auto written = write({},
                             [&](storage::write_transaction& to, std::uint64_t) -> model::status {
                               put_feed(to);
                               if (auto stored = store_->store_profiles(to, applied_); !stored)
                                 return stored;
                               to.erase_range(storage::flips_key{0}, storage::flips_key{cut + 1});
                               return log_->trim(to, cut);
                             });
  if (!written)
    return written.error();
  feed_put();
  return model::nothing{};
}

} // namespace actors
