#include "actors/comparison.hpp"

#include <algorithm>
#include <bit>

namespace actors {

namespace {

void list(std::uint64_t bits, std::size_t word, std::size_t listed_max,
          std::vector<std::uint32_t>& into) {
  for (; bits != 0 && into.size() < listed_max; bits &= bits - 1)
    into.push_back(static_cast<std::uint32_t>(word * 64)
                   + static_cast<std::uint32_t>(std::countr_zero(bits)));
}

} // namespace

comparison_step compare(std::span<const std::uint64_t> before, std::span<const std::uint64_t> now,
                        std::size_t listed_max) {
  comparison_step step;
  const auto words = std::max(before.size(), now.size());
  for (std::size_t word = 0; word < words; ++word) {
    const auto had = word < before.size() ? before[word] : 0;
    const auto has = word < now.size() ? now[word] : 0;
    step.members += static_cast<std::uint64_t>(std::popcount(has));
    step.joined += static_cast<std::uint64_t>(std::popcount(has & ~had));
    step.left += static_cast<std::uint64_t>(std::popcount(had & ~has));
    list(has & ~had, word, listed_max, step.some_joined);
    list(had & ~has, word, listed_max, step.some_left);
  }
  return step;
}

} // namespace actors
