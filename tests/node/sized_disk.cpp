#include "tests/node/sized_disk.hpp"

#include <cerrno>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <system_error>
#include <utility>

namespace node_tests {

namespace {

[[noreturn]] void fail(const std::filesystem::path& place) {
  throw std::system_error(errno, std::generic_category(), place.string());
}

std::string size_option(std::size_t bytes) {
  return "size=" + std::to_string(bytes);
}

} // namespace

sized_disk::sized_disk(std::filesystem::path place, std::size_t bytes)
  : place_(std::move(place)), bytes_(bytes) {
  if (mount("rollcall-test", place_.c_str(), "tmpfs", 0, size_option(bytes).c_str()) != 0)
    fail(place_);
}

sized_disk::~sized_disk() {
  umount2(place_.c_str(), MNT_DETACH);
}

void sized_disk::resize(std::size_t bytes) const {
  if (mount("rollcall-test", place_.c_str(), "tmpfs", MS_REMOUNT, size_option(bytes).c_str()) != 0)
    fail(place_);
}

void sized_disk::fill() const {
  // What is written meanwhile makes the size too small, which is refused.
  for (int tries = 0;; ++tries) {
    struct statvfs is {};
    if (statvfs(place_.c_str(), &is) != 0)
      fail(place_);
    try {
      return resize((is.f_blocks - is.f_bfree) * is.f_frsize);
    } catch (const std::system_error&) {
      if (tries == 100)
        throw;
    }
  }
}

void sized_disk::make_room() const {
  resize(bytes_);
}

} // namespace node_tests
