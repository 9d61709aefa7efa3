#include "node/exchanged_directory.hpp"

#include "cluster/directory_copy.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <system_error>

namespace node {

namespace {

namespace fs = std::filesystem;
using model::failure;
using model::failure_code;
using model::status;

fs::path place_beside(const fs::path& directory, std::string_view ending) {
  auto made = directory;
  made += ending;
  return made;
}

/// What is at this place is whole.
fs::path ready_place(const fs::path& directory) {
  return place_beside(directory, ".ready");
}

fs::path gone_place(const fs::path& directory) {
  return place_beside(directory, ".gone");
}

bool is_on_disk(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

status move_durably(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    return failure{
      failure_code::storage_broken,
      fmt::format("cannot move {} to {}: {}", from.string(), to.string(), error.message())};
  return cluster::keep_names(to.parent_path());
}

} // namespace

fs::path being_made(const fs::path& directory) {
  return place_beside(directory, ".new");
}

status exchange_directory(const fs::path& directory, old_directory what) {
  if (auto done = cluster::remove_directory(ready_place(directory)); !done)
    return done;
  if (auto done = move_durably(being_made(directory), ready_place(directory)); !done)
    return done;
  if (is_on_disk(directory)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
    const auto to = what == old_directory::set_aside
                    ? place_beside(directory, fmt::format(".set-aside-{}", seconds.count()))
                    : gone_place(directory);
    if (auto done = cluster::remove_directory(to); !done)
      return done;
    if (auto done = move_durably(directory, to); !done)
      return done;
    if (what == old_directory::set_aside)
      spdlog::warn("cluster: what {} held is kept in {}", directory.string(), to.string());
  }
  if (auto done = move_durably(ready_place(directory), directory); !done)
    return done;
  return cluster::remove_directory(gone_place(directory));
}

status finish_exchange(const fs::path& directory) {
  if (!is_on_disk(directory) && is_on_disk(ready_place(directory)))
    if (auto done = move_durably(ready_place(directory), directory); !done)
      return done;
  if (!is_on_disk(directory) && is_on_disk(gone_place(directory)))
    if (auto done = move_durably(gone_place(directory), directory); !done)
      return done;
  for (const auto& left : {ready_place(directory), gone_place(directory), being_made(directory)})
    if (auto done = cluster::remove_directory(left); !done)
      return done;
  return model::nothing{};
}

} // namespace node
