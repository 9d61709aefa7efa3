#include "messages/name_table.hpp"

#include <cstring>

namespace messages {

namespace {

/// More names than this are not remembered beyond a batch: data that makes up names must not fill
/// the memory.
constexpr std::size_t remembered_max = 1 << 16;

constexpr std::size_t slots_min = 1024;

constexpr std::string_view property_prefix = "properties['";
constexpr std::string_view property_suffix = "']";

std::uint64_t mix(std::uint64_t a) {
  a *= 0x9e3779b97f4a7c15;
  return a ^ (a >> 29);
}

/// Short keys in a few instructions; only this table uses it, so it may change at any time.
std::uint64_t hash_of(name_space space, std::string_view key) {
  std::uint64_t hash = (static_cast<std::uint64_t>(space) << 32) + key.size();
  const char* at = key.data();
  std::size_t left = key.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    hash = mix(hash ^ word);
  }
  std::uint64_t tail = 0;
  if (left >= 4) {
    std::uint32_t low;
    std::uint32_t high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + left - 4, 4);
    tail = (std::uint64_t{high} << 32) | low;
  } else if (left != 0) {
    const auto byte = [at](std::size_t i) {
      return std::uint64_t{static_cast<unsigned char>(at[i])};
    };
    tail = byte(0) | (byte(left / 2) << 8) | (byte(left - 1) << 16);
  }
  hash = mix(hash ^ tail);
  return hash ^ (hash >> 32);
}

} // namespace

name_table::name_table() : slots_(slots_min, 0) {
}

void name_table::enter(model::change_batch& batch) {
  batch_ = &batch;
  ++generation_;
  if (entries_.size() > remembered_max) {
    entries_.clear();
    slots_.assign(slots_min, 0);
  }
  of_batch_.clear();
  for (std::uint32_t number = 0; number < batch.names.size(); ++number) {
    auto key = batch.name(number);
    auto space = name_space::plain;
    if (key.size() >= property_prefix.size() + property_suffix.size()
        && key.starts_with(property_prefix) && key.ends_with(property_suffix)) {
      key.remove_prefix(property_prefix.size());
      key.remove_suffix(property_suffix.size());
      space = name_space::property;
    }
    const auto found = remember(space, key);
    if (entries_[found].batch != generation_) {
      entries_[found].batch = generation_;
      entries_[found].number = number;
    }
    of_batch_.push_back(found);
  }
}

std::uint32_t name_table::number(name_space space, std::string_view key) {
  return enlist(remember(space, key)).number;
}

name_table::stamped name_table::number_once(name_space space, std::string_view key,
                                            std::uint64_t stamp) {
  auto& found = enlist(remember(space, key));
  const bool is_repeated = found.stamp == stamp;
  found.stamp = stamp;
  return {found.number, is_repeated};
}

void name_table::roll_back(std::size_t size) {
  for (auto number = size; number < of_batch_.size(); ++number)
    entries_[of_batch_[number]].batch = 0;
  of_batch_.resize(size);
}

std::uint32_t name_table::remember(name_space space, std::string_view key) {
  const auto hash = hash_of(space, key);
  const auto mask = slots_.size() - 1;
  auto slot = hash & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    const auto& known = entries_[slots_[slot] - 1];
    if (known.hash == hash && known.space == space && known.key == key)
      return slots_[slot] - 1;
  }
  entries_.push_back({hash, 0, 0, 0, space, std::string{key}});
  const auto size = static_cast<std::uint32_t>(entries_.size());
  slots_[slot] = size;
  if (entries_.size() * 2 > slots_.size())
    grow();
  return size - 1;
}

name_table::entry& name_table::enlist(std::uint32_t index) {
  auto& found = entries_[index];
  if (found.batch == generation_)
    return found;
  found.batch = generation_;
  found.number = static_cast<std::uint32_t>(batch_->names.size());
  if (found.space == name_space::plain) {
    batch_->names.push_back(batch_->add_text(found.key));
  } else {
    auto text = batch_->add_text(property_prefix);
    text.size += batch_->add_text(found.key).size;
    text.size += batch_->add_text(property_suffix).size;
    batch_->names.push_back(text);
  }
  of_batch_.push_back(index);
  return found;
}

void name_table::grow() {
  slots_.assign(slots_.size() * 2, 0);
  const auto mask = slots_.size() - 1;
  for (std::uint32_t i = 0; i < entries_.size(); ++i) {
    auto slot = entries_[i].hash & mask;
    while (slots_[slot] != 0)
      slot = (slot + 1) & mask;
    slots_[slot] = i + 1;
  }
}

} // namespace messages
