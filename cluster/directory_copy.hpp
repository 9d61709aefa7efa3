#pragma once

#include "model/outcome.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

struct copied_file {
  std::string name; // Below the directory, with `/`.
  std::uint64_t bytes = 0;
  std::uint64_t hash = 0; // XXH3 of the content.
  friend bool operator==(const copied_file&, const copied_file&) = default;
};

/// What a copy of a directory has to consist of.
struct manifest {
  std::string kind;               // "snapshot", "backup".
  std::uint32_t partition = 0;    // Of a snapshot, as the next one.
  std::uint64_t position = 0;     // The last record that is in it.
  std::vector<copied_file> files; // By name.

  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] const copied_file* find(std::string_view name) const;
  friend bool operator==(const manifest&, const manifest&) = default;
};

std::string encoded(const manifest& m);
/// Failures: storage_broken, newer_format. Names in it stay below the directory.
model::outcome<manifest> decode_manifest(std::string_view text);

/// Hears how many bytes were done since the last call; false = stop with `cancelled`.
using copy_progress = std::function<bool(std::uint64_t bytes)>;

/// Bytes of the files that are wanted.
model::outcome<std::uint64_t>
bytes_in_directory(const std::filesystem::path& directory,
                   const std::function<bool(std::string_view name)>& wanted);

/// Copies the files that are wanted; `name` may be of a directory too, which is then left out
/// wholly. Nothing is durable yet. Failures: storage_full, storage_broken, cancelled.
model::status copy_directory(const std::filesystem::path& from, const std::filesystem::path& to,
                             const std::function<bool(std::string_view name)>& wanted,
                             const copy_progress& progress = {});

/// Reads every file, and makes it durable.
model::outcome<std::vector<copied_file>> seal_directory(const std::filesystem::path& directory,
                                                        const copy_progress& progress = {});

/// Whether every file is there as it has to be. `storage_broken` names the first that is not.
model::status verify_directory(const std::filesystem::path& directory, const manifest& expected,
                               const copy_progress& progress = {});

/// A directory with all that is in it. Gone already = fine.
model::status remove_directory(const std::filesystem::path& directory);

/// Names in a directory survive a crash from here on.
model::status keep_names(const std::filesystem::path& directory);

/// What LMDB and its users lock with, and nobody copies.
bool is_lock_file(std::string_view name);

} // namespace cluster
