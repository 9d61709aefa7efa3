#pragma once

#include <roaring/roaring.hh>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segments {

/// A set of profile numbers: a Roaring bitmap, or, while a build fills it block by block, plain
/// words.
class profile_set {
public:
  [[nodiscard]] bool contains(std::uint32_t profile) const {
    if (!words_.empty())
      return profile / 64 < words_.size() && (words_[profile / 64] >> (profile % 64) & 1) != 0;
    return bits_.contains(profile);
  }
  /// True when that changed the set.
  bool set(std::uint32_t profile, bool in);

  [[nodiscard]] std::uint64_t size() const;

  /// Becomes plain words (empty set) for a build; `seal` turns them back into a bitmap.
  void open();
  void seal();
  /// `count` words from profile `first` (a multiple of 64) on, for a scan to fill. Only while open.
  std::span<std::uint64_t> words(std::uint32_t first, std::size_t count);

  /// Only while sealed.
  [[nodiscard]] const Roaring& bitmap() const {
    return bits_;
  }
  void assign(Roaring bits) {
    words_.clear();
    bits_ = std::move(bits);
  }

private:
  Roaring bits_;
  std::vector<std::uint64_t> words_; // Empty while sealed.
};

/// A bitmap from plain words, one bit a profile; as fast as copying where the bits are dense.
Roaring bitmap_of(std::span<const std::uint64_t> words);

/// The portable Roaring format. `decode` refuses bytes that are no bitmap.
std::string encode(const Roaring& bits);
std::optional<Roaring> decode(std::string_view bytes);

} // namespace segments
