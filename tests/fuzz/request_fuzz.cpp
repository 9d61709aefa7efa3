#include "tests/gateway/fuzz_targets.hpp"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>

/// libFuzzer's way into tests/gateway/fuzz_targets.hpp. The first byte of an input chooses the
/// target; a broken promise leaves as an exception, which libFuzzer counts as a crash.

namespace {

namespace fs = std::filesystem;

/// Something to begin with, where the corpus is empty.
void write_seeds(const fs::path& corpus) {
  fs::create_directories(corpus);
  if (!fs::is_empty(corpus))
    return;
  const auto targets = gateway_test::fuzz_targets();
  for (std::size_t i = 0; i < targets.size(); ++i)
    for (std::size_t seed = 0; seed < targets[i].seeds.size(); ++seed) {
      std::ofstream file{corpus / ("seed-" + std::to_string(i) + '-' + std::to_string(seed)),
                         std::ios::binary};
      file << static_cast<char>(i) << targets[i].seeds[seed];
    }
}

} // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  for (int i = 1; i < *count; ++i)
    if (const std::string argument = (*arguments)[i]; !argument.starts_with('-'))
      write_seeds(argument);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  if (size == 0)
    return 0;
  const auto targets = gateway_test::fuzz_targets();
  targets[bytes[0] % targets.size()].run({reinterpret_cast<const char*>(bytes) + 1, size - 1});
  return 0;
}
