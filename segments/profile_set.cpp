#include "segments/profile_set.hpp"

#include <bit>
#include <cstring>

namespace segments {

namespace {

constexpr std::size_t container_words = 1024; // A Roaring container covers 65,536 numbers.
constexpr std::uint32_t array_size_max = 4096;
constexpr std::uint32_t cookie_without_runs = 12346;

template <class T>
void append(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

std::uint32_t population(std::span<const std::uint64_t> words) {
  std::uint32_t count = 0;
  for (const auto w : words)
    count += static_cast<std::uint32_t>(std::popcount(w));
  return count;
}

void append_container(std::string& out, std::span<const std::uint64_t> words, std::uint32_t count) {
  if (count > array_size_max) {
    out.append(reinterpret_cast<const char*>(words.data()), words.size_bytes());
    out.append((container_words - words.size()) * sizeof(std::uint64_t), '\0');
    return;
  }
  std::uint16_t low[array_size_max];
  std::size_t size = 0;
  for (std::size_t i = 0; i < words.size(); ++i)
    for (auto rest = words[i]; rest != 0; rest &= rest - 1)
      low[size++] = static_cast<std::uint16_t>(i * 64
                                               + static_cast<unsigned>(std::countr_zero(rest)));
  out.append(reinterpret_cast<const char*>(low), size * sizeof low[0]);
}

} // namespace

bool profile_set::set(std::uint32_t profile, bool in) {
  if (words_.empty())
    return in ? bits_.addChecked(profile) : bits_.removeChecked(profile);
  if (profile / 64 >= words_.size())
    words_.resize(profile / 64 + 1);
  auto& word = words_[profile / 64];
  const auto mask = std::uint64_t{1} << (profile % 64);
  const bool was = (word & mask) != 0;
  word = in ? word | mask : word & ~mask;
  return was != in;
}

std::uint64_t profile_set::size() const {
  if (words_.empty())
    return bits_.cardinality();
  std::uint64_t count = 0;
  for (const auto w : words_)
    count += static_cast<std::uint64_t>(std::popcount(w));
  return count;
}

void profile_set::open() {
  bits_ = Roaring{};
  words_.assign(1, 0);
}

void profile_set::seal() {
  bits_ = bitmap_of(words_);
  words_.clear();
  words_.shrink_to_fit();
}

std::span<std::uint64_t> profile_set::words(std::uint32_t first, std::size_t count) {
  const std::size_t from = first / 64;
  if (words_.size() < from + count)
    words_.resize(from + count);
  return std::span{words_}.subspan(from, count);
}

Roaring bitmap_of(std::span<const std::uint64_t> words) {
  // Written straight in the portable format: adding numbers one by one costs about a hundred times
  // more.
  struct container {
    std::uint16_t key;
    std::uint32_t count;
    std::span<const std::uint64_t> words;
  };
  std::vector<container> containers;
  for (std::size_t at = 0; at < words.size(); at += container_words) {
    const auto part = words.subspan(at, std::min(container_words, words.size() - at));
    if (const auto count = population(part); count != 0)
      containers.push_back({static_cast<std::uint16_t>(at / container_words), count, part});
  }
  std::string bytes;
  append(bytes, cookie_without_runs);
  append(bytes, static_cast<std::uint32_t>(containers.size()));
  for (const auto& c : containers) {
    append(bytes, c.key);
    append(bytes, static_cast<std::uint16_t>(c.count - 1));
  }
  auto offset = static_cast<std::uint32_t>(bytes.size()
                                           + containers.size() * sizeof(std::uint32_t));
  for (const auto& c : containers) {
    append(bytes, offset);
    offset += c.count > array_size_max ? static_cast<std::uint32_t>(container_words * 8)
                                       : c.count * 2;
  }
  for (const auto& c : containers)
    append_container(bytes, c.words, c.count);
  return Roaring::readSafe(bytes.data(), bytes.size());
}

std::string encode(const Roaring& bits) {
  std::string bytes(bits.getSizeInBytes(), '\0');
  bits.write(bytes.data());
  return bytes;
}

std::optional<Roaring> decode(std::string_view bytes) {
  auto* read = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
  if (read == nullptr)
    return std::nullopt;
  return Roaring{read};
}

} // namespace segments
