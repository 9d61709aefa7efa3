#pragma once

#include "tests/fuzz/targets.hpp"

#include <string>
#include <string_view>
#include <sys/mman.h>
#include <unistd.h>

namespace fuzz_tests {

/// A file in memory, for readers that want one. At its beginning.
class memory_file {
public:
  explicit memory_file(std::string_view bytes) : descriptor_(::memfd_create("fuzz", MFD_CLOEXEC)) {
    promise(descriptor_ >= 0
              && ::write(descriptor_, bytes.data(), bytes.size())
                   == static_cast<ssize_t>(bytes.size())
              && ::lseek(descriptor_, 0, SEEK_SET) == 0,
            "there is memory for a file");
  }
  ~memory_file() {
    ::close(descriptor_);
  }
  memory_file(const memory_file&) = delete;
  memory_file& operator=(const memory_file&) = delete;

  [[nodiscard]] int descriptor() const {
    return descriptor_;
  }
  [[nodiscard]] std::string name() const {
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

private:
  int descriptor_;
};

} // namespace fuzz_tests
