#pragma once

#include <span>
#include <stdexcept>
#include <string_view>

namespace gateway_test {

/// What went wrong when a reader did not keep what it promises.
class broken_promise : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// A reader of bytes that strangers send. `run` answers whether it took them, and throws a
/// broken_promise when an error has no status 4xx or no reason, or what was taken does not read the
/// same once it is written again.
struct fuzz_target {
  std::string_view name;
  bool (*run)(std::string_view bytes);
  std::span<const std::string_view> seeds; // Sound ones, to be damaged.
};

std::span<const fuzz_target> fuzz_targets();

} // namespace gateway_test
