#include "library/opaque_text.hpp"

#include <array>

namespace rollcall {

namespace {

constexpr std::string_view
  digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr unsigned digit_bits = 6;
constexpr std::uint8_t no_digit = 64;

constexpr auto values = [] {
  std::array<std::uint8_t, 256> all{};
  all.fill(no_digit);
  for (std::uint8_t i = 0; i < digits.size(); ++i)
    all[static_cast<unsigned char>(digits[i])] = i;
  return all;
}();

} // namespace

std::string to_base64url(std::string_view bytes) {
  std::string text;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char byte : bytes) {
    held = held << 8 | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= digit_bits; bits -= digit_bits)
      text += digits[held >> (bits - digit_bits) & 63];
  }
  if (bits != 0)
    text += digits[held << (digit_bits - bits) & 63];
  return text;
}

std::optional<std::string> from_base64url(std::string_view text) {
  std::string bytes;
  std::uint32_t held = 0;
  unsigned bits = 0;
  for (const char digit : text) {
    const auto value = values[static_cast<unsigned char>(digit)];
    if (value == no_digit)
      return std::nullopt;
    held = held << digit_bits | value;
    bits += digit_bits;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>(held >> bits & 0xFF);
    }
  }
  // What is left over are fewer bits than a digit has, and zeros.
  if (bits >= digit_bits || (held & ((1U << bits) - 1)) != 0)
    return std::nullopt;
  return bytes;
}

opaque_writer& opaque_writer::put(std::uint64_t n, unsigned bytes) {
  for (unsigned i = bytes; i > 0; --i)
    bytes_ += static_cast<char>(n >> (8 * (i - 1)) & 0xFF);
  return *this;
}

opaque_reader::opaque_reader(std::string_view text) {
  if (auto bytes = from_base64url(text)) {
    bytes_ = std::move(*bytes);
    good_ = true;
  }
}

std::uint64_t opaque_reader::take(unsigned bytes) {
  if (bytes_.size() - at_ < bytes) {
    good_ = false;
    return 0;
  }
  std::uint64_t n = 0;
  for (unsigned i = 0; i < bytes; ++i)
    n = n << 8 | static_cast<unsigned char>(bytes_[at_++]);
  return n;
}

std::string opaque_reader::take_text() {
  auto rest = bytes_.substr(at_);
  at_ = bytes_.size();
  return rest;
}

} // namespace rollcall
