#include "tests/gateway/fuzz_targets.hpp"

#include <boost/test/unit_test.hpp>

#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

/// Seeded mutations of what strangers send. ROLLCALL_FUZZ_SEED and ROLLCALL_FUZZ_ROUNDS make other
/// and longer runs; tests/fuzz/ does the same with libFuzzer.
BOOST_AUTO_TEST_SUITE(fuzz_test)

namespace {

using namespace gateway_test;

std::uint32_t setting(const char* name, std::uint32_t otherwise) {
  const char* given = std::getenv(name);
  return given ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : otherwise;
}

/// A few random changes: bytes altered, dropped, doubled, or pieces of other seeds put in.
std::string mutated(const fuzz_target& target, std::mt19937& random) {
  constexpr std::string_view tokens[] = {
    "(",          ")",    "[",   "]", "{", "}",    "\"",
    "'",          ",",    "=",   "&", "%", "\\",   "\\u0000",
    "and(",       "null", "1e5", "-", " ", "\xff", "\xf0\x9f\x98\x80",
    "2024-01-31", "0"};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::string text{target.seeds[below(target.seeds.size())]};
  const auto changes = below(4); // None now and then.
  for (std::size_t i = 0; i < changes && !text.empty(); ++i) {
    const auto at = below(text.size());
    switch (below(5)) {
    case 0:
      text[at] = static_cast<char>(below(256));
      break;
    case 1:
      text.erase(at, 1 + below(8));
      break;
    case 2:
      text.insert(at, tokens[below(std::size(tokens))]);
      break;
    case 3:
      text.insert(at, text.substr(below(text.size()), below(40)));
      break;
    default: {
      const auto other = target.seeds[below(target.seeds.size())];
      text.insert(at, other.substr(below(other.size()), below(40)));
    }
    }
  }
  return text;
}

} // namespace

BOOST_AUTO_TEST_CASE(damaged_requests_are_refused_with_a_reason_or_read_the_same_again) {
  const auto seed = setting("ROLLCALL_FUZZ_SEED", 4711);
  const auto rounds = setting("ROLLCALL_FUZZ_ROUNDS", 200'000) / fuzz_targets().size();
  BOOST_TEST_MESSAGE("seed " << seed);
  for (const auto& target : fuzz_targets()) {
    std::mt19937 random{seed};
    std::size_t taken = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
      const auto text = mutated(target, random);
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
        taken += target.run(text) ? 1 : 0;
      } catch (const std::exception& why) {
        BOOST_FAIL(target.name << ", round " << round << " of seed " << seed << ": " << why.what());
      }
  }
  BOOST_TEST(taken < 200U); // A digit alone is JSON.
}

BOOST_AUTO_TEST_SUITE_END()
