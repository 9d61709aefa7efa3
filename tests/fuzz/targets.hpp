#pragma once

#include "gateway/errors.hpp"

#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

/// The readers of bytes that strangers send, and what each of them promises.
namespace fuzz_tests {

/// What went wrong when a reader did not keep what it promises.
class broken_promise : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

inline void promise(bool is_kept, const char* what) {
  if (!is_kept)
    throw broken_promise{what};
}

/// `run` answers whether it took the bytes, and throws a broken_promise when an error has no status
/// 4xx or no reason, or what was taken does not read the same once it is written again.
struct fuzz_target {
  std::string_view name;
  bool (*run)(std::string_view bytes);
  std::span<const std::string_view> seeds; // Sound ones, to be damaged.
  bool takes_anything = false;             // Nearly every text means something.
};

/// All of them.
const std::vector<fuzz_target>& fuzz_targets();

// The parts of it, a file each.
std::span<const fuzz_target> head_targets();
std::span<const fuzz_target> gateway_targets();
std::span<const fuzz_target> body_targets();
std::span<const fuzz_target> language_targets();

/// False = it was taken, true = refused with a status and a reason.
bool is_refused_soundly(const std::vector<gateway::error_entry>& errors);
bool is_json(std::string_view text);

} // namespace fuzz_tests
