#include "segments/needed_texts.hpp"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <numeric>

namespace segments {

namespace {

// More texts to look for than these cost as much as the pattern itself.
constexpr std::size_t alternatives_max = 8;
// Finding out which are needed takes time that grows with their cube.
constexpr std::size_t atoms_max = 64;

constexpr std::uint64_t each_byte(std::uint8_t byte) {
  return 0x0101010101010101U * byte;
}

/// What bytes there are: the high bit of each byte that is an upper-case letter, and all high bits
/// there were.
struct byte_kinds {
  std::uint64_t upper = 0;
  std::uint64_t high = 0;
};

byte_kinds kinds_of(std::string_view text) {
  byte_kinds all;
  const auto look = [&](std::uint64_t word) {
    // Adding lifts what is at least 'A', or above 'Z', to a high bit.
    const auto low = word & each_byte(0x7f);
    all.upper |= (low + each_byte(0x80 - 'A')) & ~(low + each_byte(0x80 - 'Z' - 1));
    all.high |= word;
  };
  std::uint64_t word = 0;
  for (; text.size() >= sizeof word; text.remove_prefix(sizeof word)) {
    std::memcpy(&word, text.data(), sizeof word);
    look(word);
  }
  word = 0;
  std::memcpy(&word, text.data(), text.size());
  look(word);
  return {all.upper & each_byte(0x80), all.high & each_byte(0x80)};
}

bool is_plain(std::string_view text) {
  return kinds_of(text).high == 0;
}

std::string lower(std::string_view text) {
  std::string made{text};
  for (auto& c : made)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char>(c - 'A' + 'a');
  return made;
}

/// Whether a text with all of the atoms but `missing` might match.
bool matches_without(const re2::FilteredRE2& pattern, std::size_t atoms,
                     const std::vector<int>& missing) {
  std::vector<int> found;
  for (int atom = 0; atom < static_cast<int>(atoms); ++atom)
    if (std::ranges::find(missing, atom) == missing.end())
      found.push_back(atom);
  std::vector<int> potentials;
  pattern.AllPotentials(found, &potentials);
  return !potentials.empty();
}

} // namespace

needed_texts::needed_texts(const std::string& pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  re2::FilteredRE2 filtered;
  int number = 0;
  if (filtered.Add(pattern, options, &number) != re2::RE2::NoError)
    return;
  std::vector<std::string> atoms;
  filtered.Compile(&atoms);
  if (atoms.size() > atoms_max)
    return;

  // Again and again the fewest, longest atoms without which nothing matches, until there are none.
  std::vector<int> left(atoms.size());
  std::iota(left.begin(), left.end(), 0);
  std::ranges::stable_sort(left, {},
                           [&](int atom) { return atoms[static_cast<std::size_t>(atom)].size(); });
  while (!left.empty() && !matches_without(filtered, atoms.size(), left)) {
    auto needed = left;
    for (const int atom : left) {
      auto fewer = needed;
      std::erase(fewer, atom);
      if (!fewer.empty() && !matches_without(filtered, atoms.size(), fewer))
        needed = std::move(fewer);
    }
    std::vector<std::string> texts;
    for (const int atom : needed) {
      std::erase(left, atom);
      texts.push_back(atoms[static_cast<std::size_t>(atom)]);
    }
    if (texts.size() <= alternatives_max && std::ranges::all_of(texts, is_plain))
      all_.push_back(std::move(texts));
  }
  std::ranges::stable_sort(all_, {}, [](const auto& texts) { return texts.size(); });
}

bool needed_texts::are_in(std::string_view text) const {
  if (all_.empty())
    return true;
  const auto kinds = kinds_of(text);
  if (kinds.high != 0)
    return true; // Letters beyond ASCII may be other cases of letters within.
  return are_in_lower(kinds.upper == 0 ? text : lower(text));
}

bool needed_texts::are_in_lower(std::string_view text) const {
  return std::ranges::all_of(all_, [&](const auto& texts) {
    return std::ranges::any_of(texts, [&](const std::string& needed) {
      return memmem(text.data(), text.size(), needed.data(), needed.size()) != nullptr;
    });
  });
}

} // namespace segments
