#pragma once

#include "cluster/chain.hpp"
#include "cluster/directory_copy.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace node {

inline constexpr std::size_t snapshot_piece_bytes = std::size_t{512} << 10;
inline constexpr std::string_view accounts_folder = "accounts";   // Of a partition's directory,
inline constexpr std::string_view position_file = "position";     // where its replica stands,
inline constexpr std::string_view snapshots_folder = "snapshots"; // copies of these two.

/// The snapshots of a partition that a node has on its disk: for each a directory named after its
/// position, with a manifest. What has no manifest yet is none.
class snapshot_shelf {
public:
  explicit snapshot_shelf(std::filesystem::path directory) : directory_(std::move(directory)) {
  }

  /// Newest first.
  [[nodiscard]] std::vector<std::uint64_t> positions() const;
  /// Where the files of a snapshot are.
  [[nodiscard]] std::filesystem::path files_of(std::uint64_t position) const;
  /// `not_found` when there is none.
  [[nodiscard]] model::outcome<std::string> manifest_of(std::uint64_t position) const;
  /// Up to `snapshot_piece_bytes` of a file that the manifest names.
  [[nodiscard]] model::outcome<std::string> piece(std::uint64_t position, std::string_view file,
                                                  std::uint64_t offset) const;

  /// The first half of a new snapshot: a plain copy of accounts that nobody has open.
  [[nodiscard]] model::status begin(const std::filesystem::path& accounts,
                                    const cluster::chain& read,
                                    const cluster::copy_progress& progress = {}) const;
  /// The second half: makes the copy durable and a snapshot, and throws older ones away except for
  /// the one before.
  [[nodiscard]] model::status finish(const cluster::chain& read,
                                     const cluster::copy_progress& progress = {}) const;
  /// Throws away what was begun.
  void abandon() const;

private:
  std::filesystem::path directory_;
};

/// Asks a node for something below its cluster paths; gives the body of a good answer.
using ask_node = std::function<model::outcome<std::string>(const std::string& what)>;

struct wanted_snapshot {
  std::uint32_t partition = 0;
  std::uint64_t position = 0;
};

/// Fetches a snapshot into a directory that is made anew, as a partition's directory should be, and
/// checks every byte of it. Durable when it returns.
model::status fetch_snapshot(const ask_node& ask, const wanted_snapshot& wanted,
                             const std::filesystem::path& to,
                             const cluster::copy_progress& progress = {});

/// The same from this node's own disk.
model::status copy_snapshot(const snapshot_shelf& from, const wanted_snapshot& wanted,
                            const std::filesystem::path& to,
                            const cluster::copy_progress& progress = {});

} // namespace node
