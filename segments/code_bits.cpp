#include "segments/code_bits.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace segments {

namespace {

template <class Code>
std::uint64_t word_of(const Code* codes, std::size_t count, const std::uint8_t* accepted) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < count; ++i)
    word |= std::uint64_t{accepted[codes[i]]} << i;
  return word;
}

template <class Code>
void look_up(const Code* codes, std::uint32_t rows, const std::uint8_t* accepted,
             std::span<std::uint64_t> words) {
  std::size_t row = 0;
  for (; row + 64 <= rows; row += 64) {
    // Four chains, so that the shifts need not wait for each other.
    std::array<std::uint64_t, 4> quarters{};
    for (std::size_t i = 0; i < 16; ++i)
      for (std::size_t q = 0; q < 4; ++q)
        quarters[q] |= std::uint64_t{accepted[codes[row + 16 * q + i]]} << i;
    words[row / 64] = quarters[0] | quarters[1] << 16 | quarters[2] << 32 | quarters[3] << 48;
  }
  if (row < rows)
    words[row / 64] = word_of(codes + row, rows - row, accepted);
}

#ifdef __SSE2__

constexpr std::size_t compared_codes_max = 3;

/// Few codes of one byte are found by comparing sixteen rows at once.
template <std::size_t Count>
void compare(const std::uint8_t* codes, std::uint32_t rows,
             const std::array<std::uint8_t, compared_codes_max>& wanted, bool inverted,
             const std::uint8_t* accepted, std::span<std::uint64_t> words) {
  __m128i patterns[Count]; // No std::array: it would lose the type's alignment attribute.
  for (std::size_t i = 0; i < Count; ++i)
    patterns[i] = _mm_set1_epi8(static_cast<char>(wanted[i]));
  const std::uint64_t flip = inverted ? ~std::uint64_t{0} : 0;
  std::size_t row = 0;
  for (; row + 64 <= rows; row += 64) {
    std::uint64_t word = 0;
    for (std::size_t quarter = 0; quarter < 4; ++quarter) {
      const __m128i here = _mm_loadu_si128(
        reinterpret_cast<const __m128i*>(codes + row + 16 * quarter));
      __m128i equal = _mm_cmpeq_epi8(here, patterns[0]);
      for (std::size_t i = 1; i < Count; ++i)
        equal = _mm_or_si128(equal, _mm_cmpeq_epi8(here, patterns[i]));
      const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(equal));
      word |= std::uint64_t{mask} << (16 * quarter);
    }
    words[row / 64] = word ^ flip;
  }
  if (row < rows)
    words[row / 64] = word_of(codes + row, rows - row, accepted);
}

/// Tries `compare`; false: too many codes are accepted and refused.
bool compare_few(const std::uint8_t* codes, std::uint32_t rows,
                 std::span<const std::uint8_t> accepted, std::span<std::uint64_t> words) {
  const auto yes = static_cast<std::size_t>(std::count(accepted.begin(), accepted.end(), 1));
  const std::size_t no = accepted.size() - yes;
  if (std::min(yes, no) > compared_codes_max)
    return false;
  const bool inverted = no < yes;
  std::array<std::uint8_t, compared_codes_max> wanted{};
  std::size_t count = 0;
  for (std::size_t code = 0; code < accepted.size(); ++code)
    if ((accepted[code] != 0) != inverted)
      wanted[count++] = static_cast<std::uint8_t>(code);
  if (count == 0)
    std::fill(words.begin(), words.end(), inverted ? ~std::uint64_t{0} : 0);
  else if (count == 1)
    compare<1>(codes, rows, wanted, inverted, accepted.data(), words);
  else if (count == 2)
    compare<2>(codes, rows, wanted, inverted, accepted.data(), words);
  else
    compare<3>(codes, rows, wanted, inverted, accepted.data(), words);
  return true;
}

#else

bool compare_few(const std::uint8_t*, std::uint32_t, std::span<const std::uint8_t>,
                 std::span<std::uint64_t>) {
  return false;
}

#endif

} // namespace

void bits_of_codes(const model::coded_column& column, std::uint32_t rows,
                   std::span<const std::uint8_t> accepted, std::span<std::uint64_t> words) {
  words = words.first((std::size_t{rows} + 63) / 64);
  switch (column.width) {
  case 1: {
    const auto* codes = reinterpret_cast<const std::uint8_t*>(column.codes);
    if (!compare_few(codes, rows, accepted, words))
      look_up(codes, rows, accepted.data(), words);
    break;
  }
  case 2:
    look_up(reinterpret_cast<const std::uint16_t*>(column.codes), rows, accepted.data(), words);
    break;
  case 4:
    look_up(reinterpret_cast<const std::uint32_t*>(column.codes), rows, accepted.data(), words);
    break;
  default:
    std::fill(words.begin(), words.end(), accepted[column.constant] != 0 ? ~std::uint64_t{0} : 0);
    break;
  }
  if (rows % 64 != 0)
    words.back() &= (std::uint64_t{1} << (rows % 64)) - 1;
}

} // namespace segments
