#pragma once

#include "tests/node/plain_account.hpp"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace node_tests {

/// One line for the program, and what a client has to know about it.
struct traffic_line {
  enum class kind : std::uint8_t { event, points, merge, erase } what = kind::event;
  std::string text;   // With its line feed.
  std::string person; // External id; of a merge the one that goes.
  std::string into;   // Of a merge.
};

/// Random traffic of a small shop, and what the shop has to know once all of it has been taken.
class traffic {
public:
  explicit traffic(std::uint64_t seed);

  /// Everybody, as lines to load before the rest.
  [[nodiscard]] const std::string& people_lines() const {
    return people_lines_;
  }
  /// An event, or now and then new points of somebody.
  traffic_line next();
  /// Two people turn out to be one, or one is forgotten. To be sent when nothing else is on its
  /// way: it changes who the lines before and after it mean.
  traffic_line next_upheaval();

  /// What is expected when every line so far has been taken, each once, in order.
  [[nodiscard]] const plain_account& expected() const {
    return expected_;
  }
  [[nodiscard]] std::uint64_t expected_events(const std::string& metric) const;

  [[nodiscard]] std::uint64_t below(std::uint64_t bound) {
    return random_() % bound;
  }

private:
  std::string somebody();

  std::mt19937_64 random_;
  std::vector<std::string> people_; // Who is still there.
  std::string people_lines_;
  plain_account expected_;
  std::uint64_t events_ = 0;
};

/// The shop's manual clock, 2026-06-03T12:00:00Z.
inline constexpr std::string_view traffic_now = "2026-06-03T12:00:00Z";

} // namespace node_tests
