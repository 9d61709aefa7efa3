#pragma once

#include "model/limits.hpp"

#include <roaring/roaring.hh>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segments {

/// A set of profile numbers that changes one by one all the time: a bit each, in pages of one block
/// of profiles; a page without anybody may be missing. Looking at one profile in many sets costs
/// two memory accesses each. Roaring bitmaps are what sets are stored as.
class profile_set {
public:
  profile_set() = default;
  explicit profile_set(const Roaring& bits);

  [[nodiscard]] bool contains(std::uint32_t profile) const {
    const auto at = profile / model::block_rows;
    return at < pages_.size() && pages_[at]
        && ((*pages_[at])[profile % model::block_rows / 64] >> (profile % 64) & 1) != 0;
  }
  /// True when that changed the set.
  bool set(std::uint32_t profile, bool in) {
    const auto at = profile / model::block_rows;
    if (at >= pages_.size() || !pages_[at]) {
      if (!in)
        return false;
      make(at);
    }
    auto& word = (*pages_[at])[profile % model::block_rows / 64];
    const auto mask = std::uint64_t{1} << (profile % 64);
    if (((word & mask) != 0) == in)
      return false;
    word ^= mask;
    size_ += in ? 1 : -1;
    return true;
  }
  /// Brings what `contains` and `set` will look at on its way, for whoever asks many sets: first
  /// all of their pages' places, then all of the bits.
  void prefetch_page(std::uint32_t profile) const {
    if (const auto at = profile / model::block_rows; at < pages_.size())
      __builtin_prefetch(&pages_[at]);
  }
  void prefetch_bit(std::uint32_t profile) const {
    if (const auto at = profile / model::block_rows; at < pages_.size() && pages_[at])
      __builtin_prefetch(&(*pages_[at])[profile % model::block_rows / 64]);
  }
  [[nodiscard]] std::uint64_t size() const {
    return static_cast<std::uint64_t>(size_);
  }

  /// Profiles 64 * word to 64 * word + 63.
  [[nodiscard]] std::uint64_t word(std::size_t word) const {
    const auto at = word / page_words;
    return at < pages_.size() && pages_[at] ? (*pages_[at])[word % page_words] : 0;
  }
  void set_word(std::size_t word, std::uint64_t bits);
  /// Words that may have bits are below.
  [[nodiscard]] std::size_t words() const {
    return pages_.size() * page_words;
  }
  /// The first `count` words of a block, for a scan to fill; `filled` when all blocks are.
  std::span<std::uint64_t> block(std::uint32_t number, std::size_t count);
  /// Lets go of pages without anybody and counts.
  void filled();

  /// The members from `first` on, ascending, at most `limit`.
  [[nodiscard]] std::vector<std::uint32_t> list(std::uint64_t first, std::size_t limit) const;
  [[nodiscard]] Roaring bitmap() const;

private:
  static constexpr std::size_t page_words = model::block_rows / 64;
  using page = std::array<std::uint64_t, page_words>;

  void make(std::size_t at);

  std::vector<std::unique_ptr<page>> pages_;
  std::int64_t size_ = 0;
};

/// A bitmap from plain words, one bit a profile; as fast as copying where the bits are dense.
Roaring bitmap_of(std::span<const std::uint64_t> words);

/// The portable Roaring format. `decode` refuses bytes that are no bitmap.
std::string encode(const Roaring& bits);
std::optional<Roaring> decode(std::string_view bytes);

} // namespace segments
