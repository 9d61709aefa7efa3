#include "storage/dictionary.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace storage {

using model::value_kind;
using model::value_view;

namespace {

bool has_number(value_kind kind) {
  return kind == value_kind::number || kind == value_kind::boolean;
}

/// Whether the bytes are items of a list, as model::append_list_item writes them.
bool is_list(std::string_view items) {
  while (!items.empty()) {
    const auto kind = static_cast<value_kind>(items.front());
    items.remove_prefix(1);
    std::size_t size = 0;
    if (kind == value_kind::text) {
      std::uint32_t length = 0;
      if (items.size() < sizeof length)
        return false;
      std::memcpy(&length, items.data(), sizeof length);
      size = sizeof length + length;
    } else if (kind == value_kind::number) {
      size = sizeof(double);
    } else if (kind == value_kind::boolean) {
      size = 1;
    } else {
      return false;
    }
    if (items.size() < size)
      return false;
    items.remove_prefix(size);
  }
  return true;
}

} // namespace

const char* dictionary_reader::fault() const {
  if (at_.offsets) {
    if (at_.offsets[0] != 0 || at_.offsets[at_.size] > at_.byte_count)
      return "the texts of a dictionary leave their bytes";
    if (!std::is_sorted(at_.offsets, at_.offsets + at_.size + 1))
      return "the texts of a dictionary overlap";
  }
  for (std::uint32_t c = 1; c <= at_.size; ++c) {
    const auto v = entry(c);
    if (at_.has_instants) {
      const auto t = model::parse_instant(v.text);
      if (!t || model::to_ms(*t) != at_.instants.at(c - 1))
        return "a dictionary holds an instant that its text does not name";
    }
    if (v.kind == value_kind::unset || v.kind > value_kind::nested)
      return "a dictionary holds a value of no known kind";
    if (v.kind == value_kind::list && !is_list(v.text))
      return "a dictionary holds a list without its items";
  }
  return nullptr;
}

value_view normalized(value_view v) {
  if (has_number(v.kind))
    return {v.kind, v.number == 0 ? 0.0 : v.number, {}};
  return {v.kind, 0, v.text};
}

std::uint64_t hash_of(value_view v) {
  const auto kind = static_cast<std::uint64_t>(v.kind) * 0x9e3779b97f4a7c15U;
  if (has_number(v.kind)) {
    auto bits = std::bit_cast<std::uint64_t>(v.number) + kind;
    bits = (bits ^ bits >> 32) * 0xd6e8feb86659fd93U;
    return bits ^ bits >> 32;
  }
  return XXH3_64bits(v.text.data(), v.text.size()) + kind;
}

std::uint32_t value_collector::add(value_view v) {
  if (slots_.size() < 2 * (values_.size() + 1))
    grow();
  const auto hash = hash_of(v);
  const auto mask = slots_.size() - 1;
  for (auto at = hash & mask;; at = (at + 1) & mask) {
    const auto number = slots_[at];
    if (number == 0) {
      values_.push_back(v);
      hashes_.push_back(hash);
      return slots_[at] = static_cast<std::uint32_t>(values_.size());
    }
    if (hashes_[number - 1] == hash && values_[number - 1] == v)
      return number;
  }
}

std::uint32_t value_collector::find(value_view v) const {
  if (slots_.empty())
    return 0;
  const auto hash = hash_of(v);
  const auto mask = slots_.size() - 1;
  for (auto at = hash & mask;; at = (at + 1) & mask) {
    const auto number = slots_[at];
    if (number == 0 || (hashes_[number - 1] == hash && values_[number - 1] == v))
      return number;
  }
}

void value_collector::grow() {
  slots_.assign(std::max<std::size_t>(16, slots_.size() * 2), 0);
  const auto mask = slots_.size() - 1;
  for (std::size_t i = 0; i < hashes_.size(); ++i) {
    auto at = hashes_[i] & mask;
    while (slots_[at] != 0)
      at = (at + 1) & mask;
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

dictionary_merge::dictionary_merge(const dictionary_reader* old, const value_collector& added,
                                   std::span<const std::uint8_t> used)
  : old_(old) {
  const auto values = added.values();
  const auto old_size = old ? old->size() : 0;
  // The new values are few, so they are looked for in passing over the old ones, and the old ones
  // need no table.
  std::vector<std::uint32_t> in_old(values.size() + 1);
  if (!values.empty())
    for (std::uint32_t c = 1; c <= old_size; ++c)
      if (const auto number = added.find(old->entry(c)); number != 0 && in_old[number] == 0)
        in_old[number] = c;

  kept_count_ = old_size;
  if (!used.empty()) {
    old_codes_.assign(old_size + 1, 0);
    for (std::uint32_t c = 1; c <= old_size; ++c)
      old_codes_[c] = used[c];
    for (const auto c : in_old)
      if (c != 0)
        old_codes_[c] = 1;
    kept_count_ = 0;
    for (std::uint32_t c = 1; c <= old_size; ++c)
      if (old_codes_[c] != 0)
        old_codes_[c] = ++kept_count_;
    keeps_codes_ = kept_count_ == old_size;
    if (keeps_codes_)
      old_codes_.clear();
  }

  added_codes_.assign(values.size() + 1, 0);
  auto next = kept_count_;
  for (std::uint32_t n = 1; n <= values.size(); ++n) {
    if (const auto c = in_old[n]; c != 0) {
      added_codes_[n] = keeps_codes_ ? c : old_codes_[c];
    } else {
      added_codes_[n] = ++next;
      appended_.push_back(values[n - 1]);
    }
  }
  each([&](value_view v) { measure(v); });
}

std::vector<std::int64_t> dictionary_merge::instants() const {
  std::vector<std::int64_t> found;
  if (kind_ != value_kind::text)
    return found;
  const auto* known = old_ ? old_->instants() : nullptr;
  for (std::uint32_t c = 1; old_ && c <= old_->size(); ++c) {
    if (!keeps_codes_ && old_codes_[c] == 0)
      continue;
    const auto t = known ? std::optional{model::from_ms(known->at(c - 1))}
                         : model::parse_instant(old_->entry(c).text);
    if (!t)
      return {};
    found.push_back(model::to_ms(*t));
  }
  for (const auto& v : appended_) {
    const auto t = model::parse_instant(v.text);
    if (!t)
      return {};
    found.push_back(model::to_ms(*t));
  }
  return found;
}

void dictionary_merge::measure(value_view v) {
  if (!measured_)
    kind_ = v.kind;
  else if (kind_ != v.kind)
    kind_ = value_kind::unset;
  measured_ = true;
  text_bytes_ += v.text.size();
  (has_number(v.kind) ? has_numbers_ : has_text_) = true;
}

} // namespace storage
