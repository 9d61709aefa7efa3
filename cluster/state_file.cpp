#include "cluster/state_file.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <system_error>
#include <unistd.h>

namespace cluster {

namespace {

model::failure failed(const std::filesystem::path& file, const char* what) {
  const auto code = errno == ENOSPC || errno == EDQUOT ? model::failure_code::storage_full
                                                       : model::failure_code::storage_broken;
  return {code, fmt::format("cannot {} {}: {}", what, file.string(),
                            std::generic_category().message(errno))};
}

bool write_all(int to, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(to, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR)
      return false;
    if (written > 0)
      bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

} // namespace

model::status write_state(const std::filesystem::path& file, std::string_view bytes) {
  auto made = file;
  made += ".new";
  const int to = ::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (to < 0)
    return failed(made, "make");
  const bool is_written = write_all(to, bytes) && ::fsync(to) == 0;
  const auto written = is_written ? model::status{model::nothing{}} : failed(made, "write");
  ::close(to);
  if (!written)
    return written;
  if (::rename(made.c_str(), file.c_str()) != 0)
    return failed(file, "replace");
  const int directory = ::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0)
    return failed(file.parent_path(), "open");
  const bool is_kept = ::fsync(directory) == 0;
  const auto kept = is_kept ? model::status{model::nothing{}} : failed(file.parent_path(), "keep");
  ::close(directory);
  return kept;
}

model::outcome<std::string> read_state(const std::filesystem::path& file) {
  std::error_code error;
  if (!std::filesystem::exists(file, error))
    return std::string{};
  std::ifstream from{file, std::ios::binary};
  std::string bytes{std::istreambuf_iterator<char>{from}, {}};
  if (!from)
    return model::failure{model::failure_code::storage_broken,
                          fmt::format("cannot read {}", file.string())};
  return bytes;
}

} // namespace cluster
