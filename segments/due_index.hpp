#pragma once

#include "segments/evaluate.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <roaring/roaring.hh>

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace segments {

/// When to ask about whom again: for every criterion, profiles in buckets by instant. Midnights
/// (UTC) and the next two hours have a bucket per instant; what lies further away waits in hour
/// buckets, which are asked early and then refined. An entry may be out of date (its profile
/// changed since): asking then costs one evaluation and tells nothing wrong. All instants in
/// milliseconds since 1970.
class due_index {
public:
  struct bucket {
    Roaring profiles;
    bool dirty = true; // Differs from what is stored.
  };
  using buckets = std::map<std::int64_t, bucket>;

  void add(std::uint32_t number, std::uint32_t profile, std::int64_t due, std::int64_t now);
  /// The same for what a scan found in the block of profiles that starts at `first`. They go into
  /// the buckets together, when somebody asks.
  void gather(std::uint32_t number, std::uint32_t first,
              std::span<const compiled_criterion::due_row> found, std::int64_t now);

  /// The earliest bucket of all.
  [[nodiscard]] std::optional<std::int64_t> next() const;
  /// The earliest bucket after `key`.
  [[nodiscard]] std::optional<std::int64_t> next_after(std::int64_t key) const;
  /// The criteria that have a bucket at exactly this instant.
  [[nodiscard]] std::vector<std::uint32_t> criteria_at(std::int64_t key) const;
  [[nodiscard]] const Roaring* at(std::uint32_t number, std::int64_t key) const;
  void remove(std::uint32_t number, std::int64_t key, std::uint32_t profile);
  /// Removes all profiles up to and including `last`; an empty bucket goes away.
  void remove_up_to(std::uint32_t number, std::int64_t key, std::uint32_t last);
  void remove_bucket(std::uint32_t number, std::int64_t key);

  void forget(std::uint32_t number);
  void put(std::uint32_t number, std::int64_t key, Roaring profiles, bool dirty);
  [[nodiscard]] buckets& of(std::uint32_t number);
  /// Buckets that were stored and are gone; the caller clears it when the removal is stored.
  mutable std::set<std::pair<std::uint32_t, std::int64_t>> removed;

  [[nodiscard]] std::uint64_t size() const;

private:
  /// What a scan found about one criterion, in the order in which it found it: a few bytes at the
  /// end of one vector cost less than a place in one of hundreds.
  struct gathered {
    struct piece {
      std::uint32_t first = 0; // Profile of row 0.
      std::size_t from = 0;    // In by_hour.
    };
    std::vector<piece> pieces;
    std::vector<std::uint32_t> by_hour; // Hours since first_hour, above the row within the piece.
    std::int64_t first_hour = 0;
    // What is due at no hour of the next year.
    boost::unordered_flat_map<std::int64_t, std::vector<std::uint32_t>> others;
  };

  static std::int64_t key_of(std::int64_t due, std::int64_t now);
  buckets& buckets_of(std::uint32_t number) const;
  bucket& bucket_at(std::uint32_t number, std::int64_t key) const;
  /// Brings what was gathered into the buckets; before every look at them but `next`, which is
  /// asked between the slices of a scan.
  void collect() const;
  /// The same for everything in front of a look at a bucket of `key`.
  void collect_for(std::int64_t key) const;
  void collect_later() const;
  void sort_in(std::uint32_t number) const;

  mutable std::vector<buckets> by_criterion_;
  mutable std::set<std::pair<std::int64_t, std::uint32_t>> order_; // (key, criterion)
  mutable std::vector<gathered> gathered_;                         // By criterion.
  mutable std::vector<std::uint32_t> with_gathered_;               // Criteria that have some.
  mutable std::optional<std::int64_t> first_gathered_;             // The earliest key among them.
  // What live changes made due hours ahead, by criterion: the hour above the profile. It goes into
  // the buckets some hundreds at a time, in order, which costs a third of one by one.
  mutable std::vector<std::vector<std::uint64_t>> later_;
  mutable std::optional<std::int64_t> first_later_; // No key among them is earlier.
};

} // namespace segments
