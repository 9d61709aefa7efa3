#include "segments/profile_set.hpp"

#include <algorithm>
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

profile_set::profile_set(const Roaring& bits) {
  for (const auto profile : bits)
    set(profile, true);
}

void profile_set::make(std::size_t at) {
  if (at >= pages_.size())
    pages_.resize(at + 1);
  pages_[at] = std::make_unique<page>();
}

void profile_set::set_word(std::size_t word, std::uint64_t bits) {
  auto& old = block(static_cast<std::uint32_t>(word / page_words), page_words)[word % page_words];
  size_ += std::popcount(bits) - std::popcount(old);
  old = bits;
}

std::span<std::uint64_t> profile_set::block(std::uint32_t number, std::size_t count) {
  if (number >= pages_.size() || !pages_[number])
    make(number);
  return std::span{*pages_[number]}.first(count);
}

void profile_set::filled() {
  size_ = 0;
  for (auto& p : pages_) {
    const auto count = p ? population(*p) : 0;
    size_ += count;
    if (count == 0)
      p.reset();
  }
}

std::vector<std::uint32_t> profile_set::list(std::uint64_t first, std::size_t limit) const {
  std::vector<std::uint32_t> found;
  for (std::uint64_t at = first / 64; at < words() && found.size() < limit; ++at) {
    auto bits = word(at);
    if (at == first / 64)
      bits &= ~std::uint64_t{0} << (first % 64);
    for (; bits != 0 && found.size() < limit; bits &= bits - 1)
      found.push_back(
        static_cast<std::uint32_t>(64 * at + static_cast<unsigned>(std::countr_zero(bits))));
  }
  return found;
}

Roaring profile_set::bitmap() const {
  std::vector<std::uint64_t> all(words());
  for (std::size_t at = 0; at < pages_.size(); ++at)
    if (pages_[at])
      std::ranges::copy(*pages_[at], all.begin() + static_cast<std::ptrdiff_t>(at * page_words));
  return bitmap_of(all);
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
