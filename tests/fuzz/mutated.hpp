#pragma once

#include <cstddef>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace fuzz_tests {

/// A few random changes: bytes altered, dropped, doubled, or pieces of other seeds put in.
inline std::string mutated(const std::vector<std::string>& seeds, std::mt19937& random) {
  constexpr std::string_view tokens[] = {
    "(",          ")",    "[",   "]", "{", "}",    "\"",
    "'",          ",",    "=",   "&", "%", "\\",   "\\u0000",
    "and(",       "null", "1e5", "-", " ", "\xff", "\xf0\x9f\x98\x80",
    "2024-01-31", "0"};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  auto text = seeds[below(seeds.size())];
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
      const auto& other = seeds[below(seeds.size())];
      text.insert(at, other.substr(below(other.size() + 1), below(40)));
    }
    }
  }
  return text;
}

} // namespace fuzz_tests
