#pragma once

#include "model/history.hpp"

#include <bit>
#include <cstdint>
#include <vector>

// Inside the folder only: which rows of a block are read, and how.
namespace metrics {

/// The rows of a block that live and are to be read, told one by one.
template <class Visit>
void each_row(const model::block_view& block, std::uint32_t rows, const Visit& visit) {
  const auto alive = block.alive();
  const auto dirty = block.dirty();
  for (std::uint32_t word = 0; word * 64 < rows; ++word) {
    const auto left = rows - word * 64;
    auto bits = alive[word] & (left >= 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << left) - 1);
    const auto unclean = word < dirty.size() ? dirty[word] : 0;
    for (; bits != 0; bits &= bits - 1) {
      const auto bit = static_cast<std::uint32_t>(std::countr_zero(bits));
      visit(word * 64 + bit, (unclean >> bit & 1) != 0);
    }
  }
}

/// The rows of `each_row` in runs: [begin, end) of rows whose columns tell the truth.
template <class Skip, class Visit>
void each_clean_run(const model::block_view& block, std::uint32_t rows, const Skip& skip,
                    const Visit& visit) {
  std::uint32_t begin = 0;
  std::uint32_t end = 0; // Of the run so far.
  each_row(block, rows, [&](std::uint32_t row, bool is_dirty) {
    if (is_dirty || skip(row))
      return;
    if (row != end) {
      if (begin != end)
        visit(begin, end);
      begin = row;
    }
    end = row + 1;
  });
  if (begin != end)
    visit(begin, end);
}

/// Profiles that were read before their block was.
class early_profiles {
public:
  /// False: it was there already.
  bool add(std::uint32_t profile) {
    if (profile / 64 >= bits_.size())
      bits_.resize(profile / 64 + 1);
    const auto mask = std::uint64_t{1} << (profile % 64);
    const bool is_new = (bits_[profile / 64] & mask) == 0;
    bits_[profile / 64] |= mask;
    return is_new;
  }
  [[nodiscard]] bool has(std::uint32_t profile) const {
    return profile / 64 < bits_.size() && (bits_[profile / 64] >> (profile % 64) & 1) != 0;
  }

private:
  std::vector<std::uint64_t> bits_;
};

} // namespace metrics
