#include "tests/fuzz/targets.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

/// libFuzzer's way into the targets. ROLLCALL_FUZZ_TARGET names the one; without it the names are
/// printed. A broken promise leaves as an exception, which libFuzzer counts as a crash.

namespace {

namespace fs = std::filesystem;
using fuzz_tests::fuzz_target;
using fuzz_tests::fuzz_targets;

const fuzz_target* chosen = nullptr;

/// Something to begin with, where the corpus is empty.
void write_seeds(const fs::path& corpus) {
  fs::create_directories(corpus);
  if (!fs::is_empty(corpus))
    return;
  for (std::size_t i = 0; i < chosen->seeds.size(); ++i)
    std::ofstream{corpus / ("seed-" + std::to_string(i)), std::ios::binary} << chosen->seeds[i];
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  const char* name = std::getenv("ROLLCALL_FUZZ_TARGET");
  if (name == nullptr) {
    for (const auto& target : fuzz_targets())
      std::puts(std::string{target.name}.c_str());
    std::exit(EXIT_SUCCESS);
  }
  const auto found = std::ranges::find(fuzz_targets(), name, &fuzz_target::name);
  if (found == fuzz_targets().end()) {
    std::fprintf(stderr, "ROLLCALL_FUZZ_TARGET: there is no target %s\n", name);
    std::exit(EXIT_FAILURE);
  }
  chosen = &*found;
  // The first directory is the one that grows; a file is something to be tried again.
  for (int i = 1; i < *count; ++i)
    if (const std::string argument = (*arguments)[i]; !argument.starts_with('-')) {
      if (!fs::is_regular_file(argument))
        write_seeds(argument);
      break;
    }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  chosen->run({reinterpret_cast<const char*>(bytes), size});
  return 0;
}
