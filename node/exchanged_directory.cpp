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

fs::path beside(const fs::path& directory, std::string_view ending) {
  auto made = directory;
  made += ending;
  return made;
}

/// What is at this place is whole.
fs::path ready(const fs::path& directory) {
  return beside(directory, ".ready");
}

fs::path gone(const fs::path& directory) {
  return beside(directory, ".gone");
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

status moved(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (error)
    return failure{failure_code::storage_broken,
                   fmt::format("cannot move {} to {}: {}", from.string(), to.string(),
                               error.message())};
  return cluster::keep_names(to.parent_path());
}

status removed(const fs::path& directory) {
  std::error_code error;
  fs::remove_all(directory, error);
  if (error)
    return failure{failure_code::storage_broken,
                   fmt::format("cannot remove {}: {}", directory.string(), error.message())};
  return model::nothing{};
}

} // namespace

fs::path being_made(const fs::path& directory) {
  return beside(directory, ".new");
}

status exchange_directory(const fs::path& directory, old_directory what) {
  if (auto done = removed(ready(directory)); !done)
    return done;
  if (auto done = moved(being_made(directory), ready(directory)); !done)
    return done;
  if (is_there(directory)) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
    const auto to = what == old_directory::set_aside
                      ? beside(directory, fmt::format(".set-aside-{}", seconds.count()))
                      : gone(directory);
    if (auto done = removed(to); !done)
      return done;
    if (auto done = moved(directory, to); !done)
      return done;
    if (what == old_directory::set_aside)
      spdlog::warn("cluster: what {} held is kept in {}", directory.string(), to.string());
  }
  if (auto done = moved(ready(directory), directory); !done)
    return done;
  return removed(gone(directory));
}

status finish_exchange(const fs::path& directory) {
  if (!is_there(directory) && is_there(ready(directory)))
    if (auto done = moved(ready(directory), directory); !done)
      return done;
  if (!is_there(directory) && is_there(gone(directory)))
    if (auto done = moved(gone(directory), directory); !done)
      return done;
  for (const auto& left : {ready(directory), gone(directory), being_made(directory)})
    if (auto done = removed(left); !done)
      return done;
  return model::nothing{};
}

} // namespace node
