#include "actors/report_scan.hpp"

#include "model/limits.hpp"

#include <algorithm>
#include <utility>

namespace actors {

void membership_snapshot::add(const std::string& segment, const segments::profile_set* members,
                              std::span<const model::flip> flips) {
  auto& to = segments_[segment];
  if (members != nullptr)
    to.members = members->bitmap();
  for (const auto& f : flips)
    to.moves.push_back({f.profile, model::to_ms(f.at), f.joined});
  std::ranges::stable_sort(to.moves, {}, &move::profile);
}

bool membership_snapshot::is_member(const std::string& segment, std::uint32_t profile) const {
  const auto found = segments_.find(segment);
  return found != segments_.end() && found->second.members.contains(profile);
}

bool membership_snapshot::was_member(const std::string& segment, std::uint32_t profile,
                                     std::int64_t at) const {
  const auto found = segments_.find(segment);
  if (found == segments_.end())
    return false;
  const auto own = std::ranges::equal_range(found->second.moves, profile, {}, &move::profile);
  bool is_in = false;
  for (const auto& m : own)
    if (m.at <= at)
      is_in = m.joined;
  return is_in;
}

report_scan::report_scan(std::unique_ptr<metrics::survey> survey,
                         const storage::profile_store& people)
  : survey_(std::move(survey)), profiles_(people.profiles()) {
}

report_scan::report_scan(std::unique_ptr<metrics::fold> fold,
                         std::unique_ptr<membership_snapshot> members,
                         const storage::profile_store& people)
  : members_(std::move(members)), fold_(std::move(fold)), profiles_(people.profiles()) {
}

bool report_scan::go_on(const storage::profile_store& people,
                        std::chrono::steady_clock::time_point end) {
  const auto blocks = (profiles_ + model::block_rows - 1) / model::block_rows;
  while (next_block_ < blocks) {
    const auto first = next_block_ * model::block_rows;
    reader().read(people.block(next_block_), first, profiles_ - first);
    ++next_block_;
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  return next_block_ >= blocks;
}

void report_scan::will_change(const storage::profile_store& people, std::uint32_t profile) {
  if (profile < profiles_ && profile / model::block_rows >= next_block_ && people.is_alive(profile))
    reader().read_early(people.view(profile), profile);
}

} // namespace actors
