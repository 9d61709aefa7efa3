#include "storage/delta.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace storage {

namespace {

// A property in the arena: number (4), kind (1), then a text's size (4) and bytes, or a number's 8
// bytes.
constexpr std::size_t head_bytes = 5;

bool has_text(model::value_kind kind) {
  return kind == model::value_kind::text || kind == model::value_kind::list
      || kind == model::value_kind::nested;
}

template <class T>
void append(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

template <class T>
T load(const char* at) {
  T number;
  std::memcpy(&number, at, sizeof number);
  return number;
}

/// Reads one property and moves on to the next.
new_property take(const char*& at) {
  new_property p;
  p.property = load<std::uint32_t>(at);
  p.value.kind = static_cast<model::value_kind>(at[4]);
  at += head_bytes;
  if (has_text(p.value.kind)) {
    const auto size = load<std::uint32_t>(at);
    p.value.text = {at + sizeof size, size};
    at += sizeof size + size;
  } else {
    p.value.number = load<double>(at);
    at += sizeof p.value.number;
  }
  return p;
}

std::uint64_t hash_of(std::uint32_t row, std::uint32_t metric, std::string_view unique_id) {
  return XXH3_64bits_withSeed(unique_id.data(), unique_id.size(),
                              std::uint64_t{metric} << 32 | row);
}

} // namespace

std::uint32_t delta_block::add_event(std::uint32_t row, std::uint32_t metric, std::int64_t time,
                                     double value, std::string_view unique_id,
                                     std::span<const new_property> properties) {
  event e;
  e.time = time;
  e.value = value;
  if (unique_id.empty()) {
    ids_.insert(hash_of(row, metric, seconds_id(time)));
  } else {
    ids_.insert(hash_of(row, metric, unique_id));
    e.id_at = static_cast<std::uint32_t>(bytes_.size());
    e.id_size = static_cast<std::uint16_t>(unique_id.size());
    bytes_.append(unique_id);
  }
  e.properties_at = static_cast<std::uint32_t>(bytes_.size());
  e.property_count = static_cast<std::uint16_t>(properties.size());
  for (const auto& p : properties) {
    append(bytes_, p.property);
    bytes_.push_back(static_cast<char>(p.value.kind));
    if (has_text(p.value.kind)) {
      append(bytes_, static_cast<std::uint32_t>(p.value.text.size()));
      bytes_.append(p.value.text);
    } else {
      append(bytes_, p.value.number);
    }
  }
  const auto index = static_cast<std::uint32_t>(events_.size());
  auto& ends = chains_[key(row, metric)];
  if (ends.first == none) {
    ends = {index, index};
  } else if (events_[ends.last].time <= time) {
    events_[ends.last].next = index;
    ends.last = index;
  } else if (events_[ends.first].time > time) {
    e.next = ends.first;
    ends.first = index;
  } else {
    auto before = ends.first;
    while (events_[events_[before].next].time <= time)
      before = events_[before].next;
    e.next = events_[before].next;
    events_[before].next = index;
  }
  events_.push_back(e);
  mark(row);
  return index;
}

bool delta_block::has_event(std::uint32_t row, std::uint32_t metric,
                            std::string_view unique_id) const {
  if (!ids_.contains(hash_of(row, metric, unique_id)))
    return false;
  for (auto i = chain(row, metric); i != none; i = events_[i].next) {
    const auto& e = events_[i];
    if (e.id_size == 0 ? seconds_id(e.time) == unique_id : this->unique_id(e) == unique_id)
      return true;
  }
  return false;
}

void delta_block::set_attribute(std::uint32_t row, std::uint32_t attribute,
                                model::value_view value) {
  auto& kept = attributes_[key(row, attribute)];
  kept.kind = value.kind;
  kept.number = value.number;
  kept.size = static_cast<std::uint32_t>(value.text.size());
  if (kept.size != 0) {
    kept.at = static_cast<std::uint32_t>(bytes_.size());
    bytes_.append(value.text);
  }
  mark(row);
}

void delta_block::drop(std::uint32_t row) {
  // What was written about the row before goes too. Rare, so a walk over the block's delta is fine.
  boost::unordered::erase_if(
    chains_, [row](const auto& c) { return static_cast<std::uint32_t>(c.first) == row; });
  boost::unordered::erase_if(
    attributes_, [row](const auto& a) { return static_cast<std::uint32_t>(a.first) == row; });
  dropped_[row / 64] |= std::uint64_t{1} << (row % 64);
  any_dropped_ = true;
  mark(row);
}

std::uint32_t delta_block::chain(std::uint32_t row, std::uint32_t metric) const {
  const auto found = chains_.find(key(row, metric));
  return found == chains_.end() ? none : found->second.first;
}

model::value_view delta_block::property(const event& e, std::uint32_t number) const {
  const char* at = bytes_.data() + e.properties_at;
  model::value_view found;
  for (std::uint16_t i = 0; i < e.property_count; ++i)
    if (const auto p = take(at); p.property == number)
      found = p.value; // The last one counts.
  return found;
}

std::vector<new_property> delta_block::properties(const event& e) const {
  std::vector<new_property> all;
  const char* at = bytes_.data() + e.properties_at;
  for (std::uint16_t i = 0; i < e.property_count; ++i)
    all.push_back(take(at));
  return all;
}

std::optional<model::value_view> delta_block::attribute(std::uint32_t row,
                                                        std::uint32_t number) const {
  const auto found = attributes_.find(key(row, number));
  if (found == attributes_.end())
    return std::nullopt;
  const auto& kept = found->second;
  return model::value_view{
    kept.kind, kept.number,
    std::string_view{bytes_}.substr(kept.size == 0 ? 0 : kept.at, kept.size)};
}

std::vector<std::uint32_t> delta_block::metrics() const {
  boost::unordered_flat_set<std::uint32_t> distinct;
  for (const auto& [k, ends] : chains_)
    distinct.insert(static_cast<std::uint32_t>(k >> 32));
  std::vector<std::uint32_t> sorted(distinct.begin(), distinct.end());
  std::ranges::sort(sorted);
  return sorted;
}

std::vector<std::uint32_t> delta_block::attributes() const {
  boost::unordered_flat_set<std::uint32_t> distinct;
  for (const auto& [k, kept] : attributes_)
    distinct.insert(static_cast<std::uint32_t>(k >> 32));
  std::vector<std::uint32_t> sorted(distinct.begin(), distinct.end());
  std::ranges::sort(sorted);
  return sorted;
}

std::vector<new_event>
delta_block::sorted_events(std::uint32_t metric,
                           std::vector<std::vector<new_property>>& store) const {
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rows; // (row, first of chain)
  for (const auto& [k, ends] : chains_)
    if (k >> 32 == metric)
      rows.emplace_back(static_cast<std::uint32_t>(k), ends.first);
  std::ranges::sort(rows);
  std::vector<new_event> sorted;
  // One flat list per call, filled before anything points into it.
  auto& flat = store.emplace_back();
  std::vector<std::pair<std::size_t, std::size_t>> parts;
  for (const auto& [row, first] : rows)
    for (auto i = first; i != none; i = events_[i].next) {
      const auto& e = events_[i];
      const char* at = bytes_.data() + e.properties_at;
      parts.emplace_back(flat.size(), e.property_count);
      for (std::uint16_t p = 0; p < e.property_count; ++p)
        flat.push_back(take(at));
      sorted.push_back({row, e.time, e.value, unique_id(e), {}});
    }
  for (std::size_t i = 0; i < sorted.size(); ++i)
    sorted[i].properties = std::span{flat}.subspan(parts[i].first, parts[i].second);
  return sorted;
}

std::vector<new_value> delta_block::sorted_values(std::uint32_t attribute) const {
  std::vector<new_value> values;
  for (const auto& [k, kept] : attributes_)
    if (k >> 32 == attribute)
      values.push_back(
        {static_cast<std::uint32_t>(k),
         {kept.kind, kept.number,
          std::string_view{bytes_}.substr(kept.size == 0 ? 0 : kept.at, kept.size)}});
  std::ranges::sort(values, {}, &new_value::row);
  return values;
}

std::uint64_t delta_block::memory() const {
  return sizeof *this + events_.capacity() * sizeof(event) + bytes_.capacity()
       + chains_.bucket_count() * 17 + attributes_.bucket_count() * 33 + ids_.bucket_count() * 9;
}

} // namespace storage
