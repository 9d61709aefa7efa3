#include "cluster/placement.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace cluster {

namespace {

bool is_caught_up(std::string_view node, std::span<const replica_position> live, std::uint64_t tail,
                  std::uint64_t lag_max) {
  return std::any_of(live.begin(), live.end(), [&](const replica_position& r) {
    return r.node == node && (r.position >= tail || tail - r.position <= lag_max);
  });
}

std::span<const std::string> holders(std::span<const std::string> ranked, std::size_t replicas) {
  return ranked.first(std::min(replicas, ranked.size()));
}

} // namespace

std::uint32_t partition_of(std::string_view account, std::uint32_t partitions) {
  assert(partitions > 0);
  return static_cast<std::uint32_t>(XXH3_64bits(account.data(), account.size()) % partitions);
}

std::vector<std::string> ranked(std::uint32_t partition, std::span<const roster_entry> roster) {
  const auto all_drain = std::all_of(roster.begin(), roster.end(),
                                     [](const roster_entry& e) { return e.draining; });
  std::vector<std::pair<std::uint64_t, std::string>> weighed;
  for (const auto& e : roster)
    if (all_drain || !e.draining)
      weighed.emplace_back(XXH3_64bits_withSeed(e.name.data(), e.name.size(), partition), e.name);
  std::sort(weighed.begin(), weighed.end(), std::greater<>{});
  std::vector<std::string> names;
  for (auto& [weight, name] : weighed)
    names.push_back(std::move(name));
  return names;
}

std::optional<std::uint32_t> rank_of(std::string_view node, std::span<const std::string> ranked,
                                     std::size_t replicas) {
  const auto those = holders(ranked, replicas);
  const auto found = std::find(those.begin(), those.end(), node);
  if (found == those.end())
    return std::nullopt;
  return static_cast<std::uint32_t>(found - those.begin());
}

std::optional<std::string> better_owner(std::string_view owner, std::span<const std::string> ranked,
                                        std::size_t replicas,
                                        std::span<const replica_position> live, std::uint64_t tail,
                                        std::chrono::nanoseconds tenure,
                                        const hand_over_settings& settings) {
  const auto those = holders(ranked, replicas);
  if (those.empty() || those.front() == owner)
    return std::nullopt;
  const auto caught_up = [&](const std::string& node) {
    return is_caught_up(node, live, tail, settings.lag_max);
  };
  if (rank_of(owner, ranked, replicas)) {
    if (tenure >= settings.tenure_min && caught_up(those.front()))
      return those.front();
    return std::nullopt;
  }
  const auto first = std::find_if(those.begin(), those.end(), caught_up);
  return first == those.end() ? std::nullopt : std::optional{*first};
}

bool is_spare(std::string_view node, std::span<const std::string> ranked, std::size_t replicas,
              std::span<const replica_position> live, std::uint64_t tail, std::uint64_t lag_max) {
  const auto those = holders(ranked, replicas);
  return !those.empty() && !rank_of(node, ranked, replicas)
      && std::all_of(those.begin(), those.end(), [&](const std::string& holder) {
           return is_caught_up(holder, live, tail, lag_max);
         });
}

} // namespace cluster
