#include "tests/fuzz/mutated.hpp"
#include "tests/fuzz/targets.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <string_view>
#include <vector>

/// Seeded mutations of what strangers send. ROLLCALL_FUZZ_SEED, ROLLCALL_FUZZ_ROUNDS and
/// ROLLCALL_FUZZ_TARGET make other, longer and narrower runs; `make fuzz` does it with libFuzzer.
BOOST_AUTO_TEST_SUITE(fuzz_test)

namespace {

using namespace fuzz_tests;

std::uint32_t setting(const char* name, std::uint32_t otherwise) {
  const char* given = std::getenv(name);
  return given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : otherwise;
}

/// What a target is fed with: its own seeds, and the files of tests/fuzz/corpus/NAME in order.
std::vector<std::string> corpus_of(const fuzz_target& target) {
  std::vector<std::string> all{target.seeds.begin(), target.seeds.end()};
  const auto folder = std::filesystem::path{ROLLCALL_SOURCE_DIR} / "tests/fuzz/corpus"
                    / target.name;
  std::vector<std::filesystem::path> files;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator{folder, none})
    files.push_back(entry.path());
  std::ranges::sort(files);
  for (const auto& path : files) {
    std::ifstream file{path, std::ios::binary};
    all.emplace_back(std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{});
  }
  return all;
}

bool is_wanted(const fuzz_target& target) {
  const char* only = std::getenv("ROLLCALL_FUZZ_TARGET");
  return only == nullptr || target.name == only;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_is_in_the_corpus_keeps_every_promise) {
  for (const auto& target : fuzz_targets())
    for (const auto& text : corpus_of(target))
      BOOST_CHECK_NO_THROW(target.run(text));
  // A file in a folder of another name would never be read.
  const auto corpus = std::filesystem::path{ROLLCALL_SOURCE_DIR} / "tests/fuzz/corpus";
  for (const auto& folder : std::filesystem::directory_iterator{corpus})
    BOOST_TEST(
      (std::ranges::find(fuzz_targets(), folder.path().filename().string(), &fuzz_target::name)
       != fuzz_targets().end()),
      folder.path());
}

BOOST_AUTO_TEST_CASE(damaged_requests_are_refused_with_a_reason_or_read_the_same_again) {
  const auto seed = setting("ROLLCALL_FUZZ_SEED", 4711);
  const auto rounds = setting("ROLLCALL_FUZZ_ROUNDS", 200'000) / fuzz_targets().size();
  BOOST_TEST_MESSAGE("seed " << seed);
  for (const auto& target : fuzz_targets()) {
    if (!is_wanted(target))
      continue;
    const auto seeds = corpus_of(target);
    std::mt19937 random{seed};
    std::size_t taken = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto text = mutated(seeds, random);
      try {
        taken += target.run(text) ? 1 : 0;
      } catch (const std::exception& why) {
        BOOST_FAIL(target.name << ", round " << round << " of seed " << seed << ": " << why.what()
                               << ": " << text);
      }
    }
    BOOST_TEST_MESSAGE(target.name << ": " << taken << " of " << rounds << " taken");
    BOOST_TEST(taken < rounds, target.name);
    BOOST_TEST(taken > rounds / 50, target.name);
  }
}

BOOST_AUTO_TEST_CASE(random_bytes_are_refused_with_a_reason) {
  const auto seed = setting("ROLLCALL_FUZZ_SEED", 4711);
  std::mt19937 random{seed};
  std::size_t taken = 0;
  for (std::uint32_t round = 0; round < 20'000; ++round) {
    std::string text(1 + random() % 60, '\0');
    for (auto& c : text)
      c = static_cast<char>(random());
    for (const auto& target : fuzz_targets())
      try {
        taken += target.run(text) && !target.takes_anything ? 1 : 0;
      } catch (const std::exception& why) {
        BOOST_FAIL(target.name << ", round " << round << " of seed " << seed << ": " << why.what());
      }
  }
  BOOST_TEST(taken < 1'000U); // A digit alone is JSON, a letter a formula.
}

BOOST_AUTO_TEST_SUITE_END()
