#include "storage/unique_id.hpp"

#include <array>
#include <charconv>

namespace storage {

namespace {

constexpr std::size_t decimal_digits_max = 18; // The largest fits into 63 bits.
constexpr std::size_t hex_digits = 32;
constexpr std::size_t uuid_size = 36;
constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::uint8_t d = 0; d < 10; ++d)
    values[static_cast<std::size_t>('0') + d] = d;
  for (std::uint8_t d = 10; d < 16; ++d)
    values[static_cast<std::size_t>('a') + d - 10] = d;
  return values;
}();

/// Reads lower-case hexadecimal digits behind those already in `number`; false at anything else.
bool read_hex(std::string_view text, std::uint64_t& number) {
  for (const char c : text) {
    const auto digit = digit_values[static_cast<unsigned char>(c)];
    if (digit == no_digit)
      return false;
    number = number << 4 | digit;
  }
  return true;
}

bool read_hex_128(std::string_view text, split_id& parts) {
  return read_hex(text.substr(0, 16), parts.high) && read_hex(text.substr(16), parts.low);
}

bool read_uuid(std::string_view text, split_id& parts) {
  return text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-'
      && read_hex(text.substr(0, 8), parts.high) && read_hex(text.substr(9, 4), parts.high)
      && read_hex(text.substr(14, 4), parts.high) && read_hex(text.substr(19, 4), parts.low)
      && read_hex(text.substr(24), parts.low);
}

void append_hex(std::string& text, std::uint64_t number, unsigned digits) {
  constexpr char letters[] = "0123456789abcdef";
  for (unsigned d = digits; d-- > 0;)
    text.push_back(letters[number >> (4 * d) & 15]);
}

} // namespace

split_id split(std::string_view id) {
  if (id.size() >= uuid_size) {
    split_id parts{id.substr(0, id.size() - uuid_size), id_shape::uuid};
    if (read_uuid(id.substr(id.size() - uuid_size), parts))
      return parts;
  }
  if (id.size() >= hex_digits) {
    split_id parts{id.substr(0, id.size() - hex_digits), id_shape::hex};
    if (read_hex_128(id.substr(id.size() - hex_digits), parts))
      return parts;
  }
  std::uint64_t number = 0;
  std::uint64_t unit = 1;
  std::size_t digits = 0;
  while (digits < id.size() && digits < decimal_digits_max) {
    const auto digit = static_cast<unsigned char>(id[id.size() - 1 - digits] - '0');
    if (digit > 9)
      break;
    number += digit * unit;
    unit *= 10;
    ++digits;
  }
  if (digits == 0)
    return {id};
  const auto at = id.size() - digits;
  const bool padded = id[at] == '0' && digits > 1;
  return {id.substr(0, at), id_shape::decimal,
          padded ? static_cast<std::uint8_t>(digits) : std::uint8_t{0}, 0, number};
}

std::string join(const split_id& id) {
  std::string text{id.prefix};
  switch (id.shape) {
  case id_shape::decimal: {
    char digits[20];
    const auto* const end = std::to_chars(digits, digits + sizeof digits, id.low).ptr;
    const auto count = static_cast<std::size_t>(end - digits);
    if (id.digits > count)
      text.append(id.digits - count, '0');
    text.append(digits, count);
    break;
  }
  case id_shape::hex:
    append_hex(text, id.high, 16);
    append_hex(text, id.low, 16);
    break;
  case id_shape::uuid:
    append_hex(text, id.high >> 32, 8);
    text.push_back('-');
    append_hex(text, id.high >> 16, 4);
    text.push_back('-');
    append_hex(text, id.high, 4);
    text.push_back('-');
    append_hex(text, id.low >> 48, 4);
    text.push_back('-');
    append_hex(text, id.low, 12);
    break;
  case id_shape::literal:
  case id_shape::seconds:
    break;
  }
  return text;
}

std::int64_t whole_seconds(std::int64_t time_ms) {
  const auto seconds = time_ms / 1000;
  return time_ms % 1000 < 0 ? seconds - 1 : seconds;
}

std::string seconds_id(std::int64_t time_ms) {
  return std::to_string(whole_seconds(time_ms));
}

bool is_seconds_id(const split_id& id, std::int64_t time_ms) {
  if (id.shape != id_shape::decimal || id.digits != 0)
    return false;
  const auto seconds = whole_seconds(time_ms);
  if (seconds >= 0)
    return id.prefix.empty() && id.low == static_cast<std::uint64_t>(seconds);
  return id.prefix == "-" && id.low == static_cast<std::uint64_t>(-seconds);
}

} // namespace storage
