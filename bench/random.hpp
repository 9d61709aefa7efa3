#pragma once

#include <cstdint>

/// Random numbers that are the same on every machine: splitmix64 and integer arithmetic, nothing
/// from <random>.
namespace bench {

/// Scrambles a number so that neighbours look unrelated (the finaliser of splitmix64).
constexpr std::uint64_t scrambled(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ULL;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBULL;
  return x ^ (x >> 31);
}

/// A stream of random numbers. Streams with different (seed, number, purpose) are unrelated.
class random_stream {
public:
  constexpr random_stream(std::uint64_t seed, std::uint64_t number, std::uint64_t purpose)
    : state_(scrambled(scrambled(seed + purpose * 0xD1B54A32D192ED03ULL) ^ (number + 1))) {
  }

  constexpr std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15ULL;
    return scrambled(state_);
  }

  /// 0 … bound - 1; bound from 1 to 2^32.
  constexpr std::uint32_t below(std::uint64_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

  /// The smaller of two: small numbers are likelier, falling in a straight line.
  constexpr std::uint32_t low_below(std::uint64_t bound) {
    const auto a = below(bound);
    const auto b = below(bound);
    return a < b ? a : b;
  }

  constexpr std::uint32_t high_below(std::uint64_t bound) {
    return static_cast<std::uint32_t>(bound) - 1 - low_below(bound);
  }

  /// True in `per_mille` of 1000 cases.
  constexpr bool chance(std::uint32_t per_mille) {
    return below(1000) < per_mille;
  }

private:
  std::uint64_t state_;
};

} // namespace bench
