#include "gateway/identity.hpp"

#include <algorithm>
#include <limits>

namespace gateway {

namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
constexpr std::string_view id_start = "01";
constexpr std::size_t digit_bits = 5;
constexpr std::size_t place_digits = 7; // 35 bits for a number of 32.
constexpr std::size_t check_digits = 10;
constexpr std::size_t id_size = id_start.size() + 2 * place_digits + check_digits;
static_assert(id_size == 26);

/// Mixes all bits of a place into all bits of the answer (the finisher of splitmix64).
std::uint64_t check_of(rollcall::profile_place place) {
  auto x = (std::uint64_t{place.partition} << 32 | place.number) + 0x9E3779B97F4A7C15;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
  x ^= x >> 31;
  return x >> (64 - check_digits * digit_bits);
}

void append_digits(std::string& id, std::uint64_t number, std::size_t count) {
  while (count-- > 0)
    id += crockford[(number >> (count * digit_bits)) & 31];
}

/// Nothing where a character is no digit, or the number has more than 32 bits.
std::optional<std::uint32_t> number_in(std::string_view digits) {
  std::uint64_t number = 0;
  for (const char c : digits) {
    const auto digit = crockford.find(c);
    if (digit == std::string_view::npos)
      return std::nullopt;
    number = number << digit_bits | digit;
  }
  if (number > std::numeric_limits<std::uint32_t>::max())
    return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

constexpr std::size_t uuid_size = 36;
constexpr std::size_t short_size = 6;
constexpr std::string_view
  letters_and_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

constexpr bool is_hyphen_place(std::size_t at) {
  return at == 8 || at == 13 || at == 18 || at == 23;
}

} // namespace

std::string profile_id(rollcall::profile_place place) {
  std::string id{id_start};
  append_digits(id, place.partition, place_digits);
  append_digits(id, place.number, place_digits);
  append_digits(id, check_of(place), check_digits);
  return id;
}

std::optional<rollcall::profile_place> profile_place_of(std::string_view id) {
  if (id.size() != id_size || !id.starts_with(id_start))
    return std::nullopt;
  const auto partition = number_in(id.substr(id_start.size(), place_digits));
  const auto number = number_in(id.substr(id_start.size() + place_digits, place_digits));
  if (!partition || !number)
    return std::nullopt;
  const rollcall::profile_place place{*partition, *number};
  if (profile_id(place) != id)
    return std::nullopt;
  return place;
}

std::string ulid(model::instant at, std::array<std::uint8_t, 10> random) {
  constexpr std::size_t instant_digits = 10; // 50 bits for 48.
  constexpr std::size_t half_digits = 8;     // 40 bits.
  std::string id;
  append_digits(id, static_cast<std::uint64_t>(model::to_ms(at)), instant_digits);
  for (std::size_t first = 0; first < random.size(); first += random.size() / 2) {
    std::uint64_t half = 0;
    for (std::size_t i = 0; i < random.size() / 2; ++i)
      half = half << 8 | random[first + i];
    append_digits(id, half, half_digits);
  }
  return id;
}

std::string random_uuid(std::array<std::uint8_t, 16> random) {
  constexpr std::string_view hex = "0123456789abcdef";
  random[6] = static_cast<std::uint8_t>((random[6] & 0x0F) | 0x40); // Version 4,
  random[8] = static_cast<std::uint8_t>((random[8] & 0x3F) | 0x80); // of the usual variant.
  std::string id;
  for (const auto byte : random) {
    if (is_hyphen_place(id.size()))
      id += '-';
    id += hex[byte >> 4];
    id += hex[byte & 15];
  }
  return id;
}

bool is_uuid(std::string_view id) {
  if (id.size() != uuid_size)
    return false;
  for (std::size_t i = 0; i < id.size(); ++i) {
    const bool is_hex = (id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f');
    if (is_hyphen_place(i) ? id[i] != '-' : !is_hex)
      return false;
  }
  return true;
}

std::string random_short_id(std::uint64_t random) {
  std::string id;
  for (std::size_t i = 0; i < short_size; ++i, random /= letters_and_digits.size())
    id += letters_and_digits[random % letters_and_digits.size()];
  return id;
}

bool is_short_id(std::string_view id) {
  return id.size() == short_size
      && id.find_first_not_of(letters_and_digits) == std::string_view::npos;
}

} // namespace gateway
