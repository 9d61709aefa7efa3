#pragma once

#include "cluster/placement.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cluster {

/// A copy of the state of a partition, as a record of the log says.
struct held_snapshot {
  std::uint64_t position = 0;     // The last record that is in it.
  std::vector<std::string> nodes; // Those that found the digest right and have it now.
};

struct retention {
  /// The log may be cut up to and including this record; 0 = not at all.
  std::uint64_t cut_up_to = 0;
  /// Snapshots of earlier positions may be thrown away; 0 = none may.
  std::uint64_t keep_from = 0;
  friend bool operator==(const retention&, const retention&) = default;
};

/// What is no longer needed. A snapshot counts when two nodes have it, or one where the cluster has
/// only one. The newest that counts may turn out to be of no use, so that the log is kept from the
/// one before it on. Of those who read the log, `live` are replicas that run or start from a
/// snapshot; what they read last is kept too, for comparing.
retention retained(std::span<const held_snapshot> snapshots, std::span<const replica_position> live,
                   std::size_t nodes);

/// What a node tells of its replica of a partition.
struct replica_report {
  std::string node;
  std::uint64_t settled = 0;            // A start of it goes on from there.
  std::vector<std::uint64_t> snapshots; // Positions of those it has.
  /// Since it told this, or, when it never did, since somebody began to listen.
  std::chrono::seconds silence{0};
};

struct cut_settings {
  /// Whoever was silent for so long has to start from a snapshot.
  std::chrono::seconds absence_max{24 * 3600};
  /// What an owner keeps that has nobody else to think of.
  std::uint64_t spare_records = 10'000;
};

/// Up to where an owner cuts its log; 0 = not at all. `others` are all who should hold the
/// partition too. A snapshot does for every position before its own, since the log is kept from
/// that position on. An owner by itself needs none: its own state is durable.
std::uint64_t cut_by_reports(const replica_report& own, std::span<const replica_report> others,
                             const cut_settings& settings);

} // namespace cluster
