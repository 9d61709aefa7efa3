#include "actors/people_scan.hpp"

namespace actors {

namespace {

constexpr auto block_rows = model::block_rows;

} // namespace

people_scan::people_scan(const storage::profile_store& people, std::uint32_t from)
  : profiles_(people.profiles()), next_block_(from / block_rows) {
}

bool people_scan::go_on(const storage::profile_store& people,
                        std::chrono::steady_clock::time_point end) {
  const auto blocks = (profiles_ + block_rows - 1) / block_rows;
  while (next_block_ < blocks && !is_decided(next_block_ * block_rows)) {
    read(people, next_block_);
    ++next_block_;
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  return next_block_ >= blocks || is_decided(next_block_ * block_rows);
}

void people_scan::read(const storage::profile_store& people, std::uint32_t block) {
  const auto first = block * block_rows;
  const auto& view = people.block(block);
  row_bits wanted{};
  row_bits changed{};
  const auto early = early_.find(block);
  for (std::size_t word = 0; word < wanted.size(); ++word) {
    auto rows = view.alive()[word];
    if (early != early_.end())
      rows &= ~early->second[word];
    const auto begin = first + word * 64; // Who came later does not count.
    if (begin >= profiles_)
      break;
    if (profiles_ - begin < 64)
      rows &= (std::uint64_t{1} << (profiles_ - begin)) - 1;
    wanted[word] = rows & ~view.dirty()[word];
    changed[word] = rows & view.dirty()[word];
  }
  if (early != early_.end())
    early_.erase(early);
  read_columns(people, view, first, wanted);
  each_row(changed, [&](std::uint32_t row) { read_profile(people, first + row); });
}

void people_scan::will_change(const storage::profile_store& people, std::uint32_t profile) {
  const auto block = profile / block_rows;
  if (profile >= profiles_ || block < next_block_ || !people.is_alive(profile))
    return;
  const auto row = profile % block_rows;
  auto& word = early_[block][row / 64];
  const auto bit = std::uint64_t{1} << (row % 64);
  if ((word & bit) != 0)
    return;
  word |= bit;
  read_profile(people, profile);
}

} // namespace actors
