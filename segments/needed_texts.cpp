#include "segments/needed_texts.hpp"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace segments {

namespace {

// More texts to look for than these cost as much as the pattern itself.
constexpr std::size_t alternatives_max = 8;
// Finding out which are needed takes time that grows with their cube.
constexpr std::size_t atoms_max = 64;

// Of the texts that are looked through in registers; names and addresses are shorter.
constexpr std::size_t short_text_max = 112;

bool all_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

#ifdef __SSE2__

constexpr std::size_t lane = sizeof(__m128i);

/// A short text in lower case, with room behind it to be read in lanes.
class lowered {
public:
  explicit lowered(std::string_view text) : size_(text.size()) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes_ + size_), _mm_setzero_si128());
    if (size_ >= lane) {
      for (std::size_t at = 0; at + lane <= size_; at += lane)
        put(at, load(text.data() + at));
      put(size_ - lane, load(text.data() + size_ - lane)); // The rest, some of it again.
    } else {
      alignas(lane) char padded[lane] = {};
      std::memcpy(padded, text.data(), size_);
      put(0, load(padded));
    }
  }
  [[nodiscard]] bool is_plain() const {
    return _mm_movemask_epi8(high_) == 0;
  }
  /// Looks at sixteen places at once: where the first and the last byte are, the rest is compared.
  [[nodiscard]] bool contains(std::string_view needed) const {
    if (needed.size() > size_)
      return false;
    const __m128i first = _mm_set1_epi8(needed.front());
    const __m128i last = _mm_set1_epi8(needed.back());
    const std::size_t places = size_ - needed.size() + 1;
    for (std::size_t at = 0; at < places; at += lane) {
      const __m128i both = _mm_and_si128(
        _mm_cmpeq_epi8(load(bytes_ + at), first),
        _mm_cmpeq_epi8(load(bytes_ + at + needed.size() - 1), last));
      auto found = static_cast<unsigned>(_mm_movemask_epi8(both));
      if (places - at < lane)
        found &= (1U << (places - at)) - 1;
      for (; found != 0; found &= found - 1) {
        const char* here = bytes_ + at + static_cast<unsigned>(std::countr_zero(found));
        if (std::memcmp(here, needed.data(), needed.size()) == 0)
          return true;
      }
    }
    return false;
  }

private:
  static __m128i load(const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  }
  void put(std::size_t at, __m128i bytes) {
    high_ = _mm_or_si128(high_, bytes);
    const __m128i is_upper = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)),
                                           _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
    const __m128i lower = _mm_or_si128(bytes, _mm_and_si128(is_upper, _mm_set1_epi8('a' - 'A')));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(bytes_ + at), lower);
  }

  std::size_t size_;
  __m128i high_ = _mm_setzero_si128();
  char bytes_[short_text_max + 2 * lane];
};

#endif

/// A text of any length in lower case.
class lowered_copy {
public:
  explicit lowered_copy(std::string_view text) : is_plain_(all_plain(text)), text_(text) {
    std::ranges::transform(text_, text_.begin(), lower);
  }
  [[nodiscard]] bool is_plain() const {
    return is_plain_;
  }
  [[nodiscard]] bool contains(std::string_view needed) const {
    return text_.find(needed) != std::string::npos;
  }

private:
  bool is_plain_;
  std::string text_;
};

/// Letters beyond ASCII may be other cases of letters within, so a text with such may match.
template <class Text>
bool has_one_of_each(const Text& text, const std::vector<std::vector<std::string>>& all) {
  return !text.is_plain() || std::ranges::all_of(all, [&](const auto& texts) {
    return std::ranges::any_of(texts, [&](const auto& needed) { return text.contains(needed); });
  });
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
    if (texts.size() <= alternatives_max && std::ranges::all_of(texts, all_plain)
        && std::ranges::none_of(texts, &std::string::empty))
      all_.push_back(std::move(texts));
  }
  std::ranges::stable_sort(all_, {}, [](const auto& texts) { return texts.size(); });
}

bool needed_texts::are_in(std::string_view text) const {
  if (all_.empty())
    return true;
#ifdef __SSE2__
  if (text.size() <= short_text_max)
    return has_one_of_each(lowered{text}, all_);
#endif
  return has_one_of_each(lowered_copy{text}, all_);
}

} // namespace segments
