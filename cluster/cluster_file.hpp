#pragma once

#include "cluster/certificates.hpp"
#include "cluster/nats_log.hpp"
#include "cluster/ownership.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

struct cluster_node {
  std::string name;
  std::string host; // Where its peer tunnel listens.
  std::uint16_t port = 0;
};

/// What every node of a cluster has to be told alike: cluster.toml.
struct cluster_settings {
  std::uint32_t partitions = 16; // 1 to 64. Chosen once: accounts are spread over them.
  std::uint32_t replicas = 3;    // 1 to 5 nodes hold each partition.
  std::vector<cluster_node> nodes;
  std::filesystem::path certificates; // Directory, see certificates.hpp.
  std::filesystem::path secret_file;  // What orders to nodes are shown with.
  nats_settings nats;
  ownership_settings ownership;
  /// A node that stands by makes a snapshot whenever it has read so many records more.
  std::uint64_t snapshot_records = 50'000;
  /// The log is kept for a node that is away, for so long.
  std::chrono::hours absence_max{24};

  /// Null = there is no node of that name.
  [[nodiscard]] const cluster_node* find(std::string_view name) const;
};

/// Reads the file; paths in it are relative to its directory. invalid_input lists every mistake
/// with its line.
model::outcome<cluster_settings> read_cluster_file(const std::filesystem::path& file);

/// The text of a new file.
std::string cluster_file_text(const cluster_settings& settings);

} // namespace cluster
