#include "actors/identity.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <stdexcept>

namespace actors {

namespace {

constexpr std::size_t shard_count = 256;
constexpr std::size_t shard_capacity_min = 16;
// Between 0.656 and 0.82 full: 18 million identifiers need at most 439 MB.
constexpr double fill_max = 0.82;
constexpr double growth = 1.25;
constexpr double share_slack = 0.03; // Shards differ by about as much.

constexpr std::uint64_t
  home_seed = 0x9e3779b97f4a7c15; // Part of the format: where a new profile is made.

constexpr std::uint64_t
  kind_stride = 0xd1b54a32d192ed03; // Sets the seeds of the three kinds apart.

std::size_t shard_of(const fingerprint& print) {
  return print.bits[2] >> 24;
}

// Three comparisons in a row; the array's own operator would call memcmp for each entry that is
// passed.
using print_bits = std::array<std::uint32_t, 3>;
bool same(const print_bits& a, const print_bits& b) {
  return a[0] == b[0] && a[1] == b[1] && a[2] == b[2];
}

constexpr std::uint8_t bit_of(std::size_t kind) {
  return static_cast<std::uint8_t>(1u << kind);
}

} // namespace

const char* name_of(identifier_kind kind) {
  switch (kind) {
  case identifier_kind::external_id:
    return "external_id";
  case identifier_kind::email:
    return "email";
  case identifier_kind::phone_number:
    return "phone_number";
  }
  return "identifier";
}

identifier_texts texts_of(const model::change_batch& batch, const model::identifier_refs& who) {
  return {batch.text(who.external_id), batch.text(who.email), batch.text(who.phone_number)};
}

fingerprint fingerprint_of(identifier_kind kind, std::string_view text, std::uint64_t key) {
  const auto seed = key + static_cast<std::uint64_t>(kind) * kind_stride;
  const auto hash = XXH3_128bits_withSeed(text.data(), text.size(), seed);
  return {{static_cast<std::uint32_t>(hash.low64), static_cast<std::uint32_t>(hash.low64 >> 32),
           static_cast<std::uint32_t>(hash.high64)}};
}

// --- fingerprint_table ---------------------------------------------------------------------------

fingerprint_table::fingerprint_table() : shards_(shard_count) {
}

std::size_t fingerprint_table::home(const fingerprint& print, std::size_t capacity) {
  return static_cast<std::size_t>((std::uint64_t{print.bits[0]} * capacity) >> 32);
}

std::optional<std::uint32_t> fingerprint_table::find(const fingerprint& print) const {
  const auto& entries = shards_[shard_of(print)].entries;
  if (entries.empty())
    return {};
  for (auto i = home(print, entries.size()); entries[i].number_plus_one != 0;) {
    if (same(entries[i].bits, print.bits))
      return entries[i].number_plus_one - 1;
    if (++i == entries.size())
      i = 0;
  }
  return {};
}

void fingerprint_table::make_room(std::size_t more) {
  // Prints are spread evenly; a shard that gets more than its share grows by itself.
  const auto share = static_cast<double>(more) / static_cast<double>(shards_.size());
  for (auto& s : shards_)
    if (const auto wanted = (static_cast<double>(s.used) + share) * (1 + share_slack) / fill_max;
        wanted > static_cast<double>(s.entries.size()))
      grow(s, static_cast<std::size_t>(wanted));
}

void fingerprint_table::grow(shard& s, std::size_t wanted) {
  const auto old = std::move(s.entries);
  s.entries = std::vector<entry>(std::max(wanted, shard_capacity_min));
  for (const auto& e : old) {
    if (e.number_plus_one == 0)
      continue;
    auto i = home({e.bits}, s.entries.size());
    while (s.entries[i].number_plus_one != 0)
      if (++i == s.entries.size())
        i = 0;
    s.entries[i] = e;
  }
}

void fingerprint_table::put(const fingerprint& print, std::uint32_t number) {
  auto& s = shards_[shard_of(print)];
  if (static_cast<double>(s.used + 1) > static_cast<double>(s.entries.size()) * fill_max)
    grow(s, static_cast<std::size_t>(static_cast<double>(s.entries.size()) * growth) + 1);
  auto i = home(print, s.entries.size());
  while (s.entries[i].number_plus_one != 0 && !same(s.entries[i].bits, print.bits))
    if (++i == s.entries.size())
      i = 0;
  s.used += s.entries[i].number_plus_one == 0 ? 1 : 0;
  s.entries[i] = {print.bits, number + 1};
}

bool fingerprint_table::erase(const fingerprint& print) {
  auto& s = shards_[shard_of(print)];
  auto& entries = s.entries;
  if (entries.empty())
    return false;
  const auto size = entries.size();
  auto hole = home(print, size);
  while (!same(entries[hole].bits, print.bits) || entries[hole].number_plus_one == 0) {
    if (entries[hole].number_plus_one == 0)
      return false;
    if (++hole == size)
      hole = 0;
  }
  // Closes the gap, so that a search may go on ending at the first free entry.
  for (auto i = hole;;) {
    if (++i == size)
      i = 0;
    if (entries[i].number_plus_one == 0)
      break;
    const auto from_home = (i + size - home({entries[i].bits}, size)) % size;
    const auto from_hole = (i + size - hole) % size;
    if (from_home >= from_hole) {
      entries[hole] = entries[i];
      hole = i;
    }
  }
  entries[hole] = {};
  --s.used;
  return true;
}

void fingerprint_table::prefetch(const fingerprint& print) const {
  const auto& entries = shards_[shard_of(print)].entries;
  if (!entries.empty())
    __builtin_prefetch(&entries[home(print, entries.size())]);
}

std::size_t fingerprint_table::size() const {
  std::size_t n = 0;
  for (const auto& s : shards_)
    n += s.used;
  return n;
}

std::size_t fingerprint_table::bytes() const {
  std::size_t n = 0;
  for (const auto& s : shards_)
    n += s.entries.capacity() * sizeof(entry);
  return n;
}

// --- identity ------------------------------------------------------------------------------------

identity::identity(std::uint32_t partitions, std::uint64_t key)
  : partitions_(partitions), key_(key), kinds_(partitions) {
}

// One number for (partition, profile), so that an entry holds 4 billion of them.
std::uint32_t identity::number_of(profile_place place) const {
  return place.profile * partitions_ + place.partition;
}

profile_place identity::place_of(std::uint32_t number) const {
  return {number % partitions_, number / partitions_};
}

std::uint8_t& identity::kinds_of(profile_place place) {
  auto& kinds = kinds_[place.partition];
  if (place.profile >= kinds.size())
    kinds.resize(place.profile + 1);
  return kinds[place.profile];
}

std::uint32_t identity::home_of(const identifier_texts& who) const {
  for (std::size_t kind = 0; kind < identifier_kinds; ++kind)
    if (!who[kind].empty())
      return static_cast<std::uint32_t>(
        XXH3_64bits_withSeed(who[kind].data(), who[kind].size(), home_seed + kind) % partitions_);
  return 0;
}

identity::resolution identity::resolve(const identifier_texts& who, intent what) {
  prints printed;
  for (std::size_t kind = 0; kind < identifier_kinds; ++kind)
    if (!who[kind].empty())
      printed[kind] = fingerprint_of(static_cast<identifier_kind>(kind), who[kind], key_);
  return resolve(who, printed, what);
}

void identity::look_ahead(const model::change_batch& batch, std::size_t first, std::size_t count) {
  assert(count <= ahead_max);
  ahead_first_ = first;
  for (std::size_t i = 0; i < count; ++i) {
    const auto who = texts_of(batch, batch.records[first + i].who);
    for (std::size_t kind = 0; kind < identifier_kinds; ++kind)
      if (!who[kind].empty()) {
        ahead_[i][kind] = fingerprint_of(static_cast<identifier_kind>(kind), who[kind], key_);
        table_.prefetch(ahead_[i][kind]);
      }
  }
}

identity::resolution identity::resolve_record(const model::change_batch& batch, std::size_t record,
                                              intent what) {
  assert(record >= ahead_first_ && record - ahead_first_ < ahead_max);
  return resolve(texts_of(batch, batch.records[record].who), ahead_[record - ahead_first_], what);
}

identity::resolution identity::resolve(const identifier_texts& who, const prints& printed,
                                       intent what) {
  resolution r;
  bool is_named = false;
  std::size_t found_by = identifier_kinds;
  for (std::size_t kind = 0; kind < identifier_kinds; ++kind) {
    if (who[kind].empty())
      continue;
    is_named = true;
    const auto number = table_.find(printed[kind]);
    if (!number) {
      r.learned[kind] = true; // Until it turns out that the profile has another one.
      continue;
    }
    const auto place = place_of(*number);
    if (found_by == identifier_kinds) {
      found_by = kind;
      r.place = place;
    } else if (place != r.place) {
      r.kind = resolution::what::conflict;
      r.reason = fmt::format("{} \"{}\" and {} \"{}\" belong to different profiles",
                             name_of(static_cast<identifier_kind>(found_by)), who[found_by],
                             name_of(static_cast<identifier_kind>(kind)), who[kind]);
      return r;
    }
  }
  if (!is_named) {
    r.kind = resolution::what::nameless;
    return r;
  }
  if (found_by != identifier_kinds)
    r.kind = resolution::what::known;
  else if (what == intent::look)
    r.kind = resolution::what::unknown;
  else {
    r.kind = resolution::what::created;
    r.place.partition = home_of(who);
    r.place.profile = numbers(r.place.partition);
    if (r.place.profile >= UINT32_MAX / partitions_)
      throw std::length_error("a partition has no more profile numbers");
    kinds_[r.place.partition].push_back(0);
  }
  if (what != intent::look)
    learn(who, printed, what, r);
  return r;
}

void identity::learn(const identifier_texts& who, const prints& printed, intent what,
                     resolution& r) {
  for (std::size_t kind = 0; kind < identifier_kinds; ++kind) {
    if (who[kind].empty() || !r.learned[kind])
      continue;
    auto& kinds = kinds_of(r.place);
    const bool has_another = (kinds & bit_of(kind)) != 0;
    if (has_another && what == intent::mention) {
      r.learned[kind] = false;
      continue;
    }
    r.replaces = r.replaces || has_another;
    kinds |= bit_of(kind);
    table_.put(printed[kind], number_of(r.place));
  }
}

std::optional<profile_place> identity::find(identifier_kind kind, std::string_view text) const {
  const auto number = table_.find(fingerprint_of(kind, text, key_));
  if (!number)
    return {};
  return place_of(*number);
}

void identity::release(identifier_kind kind, std::string_view text, profile_place place) {
  const auto print = fingerprint_of(kind, text, key_);
  if (table_.find(print) == number_of(place))
    table_.erase(print);
}

void identity::bind(identifier_kind kind, std::string_view text, profile_place place) {
  table_.put(fingerprint_of(kind, text, key_), number_of(place));
  kinds_of(place) |= bit_of(static_cast<std::size_t>(kind));
}

void identity::forget_kind(profile_place place, identifier_kind kind) {
  auto& kinds = kinds_of(place);
  kinds = static_cast<std::uint8_t>(kinds & ~bit_of(static_cast<std::size_t>(kind)));
}

bool identity::has(profile_place place, identifier_kind kind) const {
  const auto& kinds = kinds_[place.partition];
  return place.profile < kinds.size()
      && (kinds[place.profile] & bit_of(static_cast<std::size_t>(kind))) != 0;
}

std::uint32_t identity::numbers(std::uint32_t partition) const {
  return static_cast<std::uint32_t>(kinds_[partition].size());
}

void identity::load(std::uint32_t partition, std::uint32_t number_count,
                    std::span<const printed_identifier> all) {
  kinds_[partition].resize(number_count);
  table_.make_room(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (i + ahead_max < all.size())
      table_.prefetch(all[i + ahead_max].print);
    const auto& one = all[i];
    const profile_place place{partition, one.profile};
    table_.put(one.print, number_of(place));
    kinds_of(place) |= bit_of(static_cast<std::size_t>(one.kind));
  }
}

std::size_t identity::size() const {
  return table_.size();
}

std::size_t identity::bytes() const {
  std::size_t n = table_.bytes();
  for (const auto& kinds : kinds_)
    n += kinds.capacity();
  return n;
}

} // namespace actors
