#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// A node that heartbeats, as everybody's roster has it.
struct roster_entry {
  std::string name;
  bool draining = false; // It is to be left with nothing.
};

/// The cluster partition of an account. `partitions` is fixed when the cluster is made.
std::uint32_t partition_of(std::string_view account, std::uint32_t partitions);

/// The nodes in the order in which they should have the partition: the first leads, the first
/// `replicas` hold it. Rendezvous hashing: when a node comes or goes, only what it has or had
/// moves. Draining nodes are left out as long as there are others.
std::vector<std::string> ranked(std::uint32_t partition, std::span<const roster_entry> roster);

/// The place of `node` among the first `replicas`; none = it should not hold the partition.
std::optional<std::uint32_t> rank_of(std::string_view node, std::span<const std::string> ranked,
                                     std::size_t replicas);

/// How far a node's replica is.
struct replica_position {
  std::string node;
  std::uint64_t position = 0; // Of the last record that it applied, or starts behind.
};

struct hand_over_settings {
  std::uint64_t lag_max = 64; // Records that whoever is caught up may be behind.
  /// How long an owner keeps the partition before it thinks of somebody better.
  std::chrono::milliseconds tenure_min{30'000};
};

/// Whom an owner should release the partition to. None = to nobody now. Somebody who should not
/// hold the partition gives it to the first who is caught up, at once; everybody else only to the
/// very first.
std::optional<std::string> better_owner(std::string_view owner, std::span<const std::string> ranked,
                                        std::size_t replicas,
                                        std::span<const replica_position> live, std::uint64_t tail,
                                        std::chrono::nanoseconds tenure,
                                        const hand_over_settings& settings);

/// Whether `node` may throw its replica away: it should not hold the partition, and all who should
/// are caught up.
bool is_spare(std::string_view node, std::span<const std::string> ranked, std::size_t replicas,
              std::span<const replica_position> live, std::uint64_t tail, std::uint64_t lag_max);

} // namespace cluster
