#include "actors/preview_scan.hpp"

#include "model/limits.hpp"

#include <algorithm>
#include <bit>
#include <utility>

namespace actors {

namespace {

constexpr std::uint32_t words_per_block = model::block_rows / 64;
constexpr std::int64_t nobody_waits = INT64_MIN; // For what becomes of the members.

} // namespace

preview_scan::preview_scan(segments::definition rule, compiled_criteria compiled, model::instant at)
  : rule_(std::move(rule)), compiled_(std::move(compiled)),
    at_(model::to_ms(model::floor_second(at))), words_(compiled_.size()) {
}

bool preview_scan::go_on(const storage::profile_store& people,
                         std::chrono::steady_clock::time_point end) {
  while (next_block_ < people.blocks()) {
    read(next_block_, people.block(next_block_));
    ++next_block_;
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  return next_block_ >= people.blocks();
}

void preview_scan::read(std::uint32_t block, const model::block_view& view) {
  for (std::size_t i = 0; i < compiled_.size(); ++i) {
    words_[i].assign(words_per_block, 0);
    due_.clear();
    compiled_[i]->scan(view, at_, nobody_waits, words_[i], due_);
  }
  const auto first = std::size_t{block} * words_per_block;
  bits_.resize(first + words_per_block);
  for (std::uint32_t word = 0; word < words_per_block; ++word)
    bits_[first + word] = segments::holds_for_64(
                            rule_.root, [&](std::uint32_t leaf) { return words_[leaf][word]; })
                        & view.alive()[word];
}

void preview_scan::changed(std::uint32_t profile) {
  if (profile / model::block_rows < next_block_)
    changed_.push_back(profile);
}

const std::vector<std::uint64_t>& preview_scan::bits(const storage::profile_store& people) {
  std::ranges::sort(changed_);
  const auto twice = std::ranges::unique(changed_);
  changed_.erase(twice.begin(), twice.end());
  for (const auto profile : changed_) {
    const auto holds = people.is_alive(profile)
                    && segments::holds(rule_.root, [&](std::uint32_t leaf) {
                         return compiled_[leaf]->evaluate(people.view(profile), at_).holds;
                       });
    const auto mask = std::uint64_t{1} << (profile % 64);
    auto& bits = bits_[profile / 64];
    bits = holds ? bits | mask : bits & ~mask;
  }
  changed_.clear();
  return bits_;
}

std::vector<std::uint32_t> preview_scan::members(const storage::profile_store& people) {
  const auto& words = bits(people);
  std::vector<std::uint32_t> found;
  for (std::size_t word = 0; word < words.size(); ++word)
    for (auto bits = words[word]; bits != 0; bits &= bits - 1)
      found.push_back(static_cast<std::uint32_t>(word * 64)
                      + static_cast<std::uint32_t>(std::countr_zero(bits)));
  return found;
}

} // namespace actors
