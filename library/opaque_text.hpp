#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rollcall {

/// Bytes as base64url without padding.
std::string to_base64url(std::string_view bytes);
/// Nothing for text that `to_base64url` does not write.
std::optional<std::string> from_base64url(std::string_view text);

/// Gathers numbers and a text that only we are to read again.
class opaque_writer {
public:
  opaque_writer& put(std::uint8_t n) {
    return put(n, 1);
  }
  opaque_writer& put(std::uint32_t n) {
    return put(n, 4);
  }
  opaque_writer& put(std::uint64_t n) {
    return put(n, 8);
  }
  opaque_writer& put(std::int64_t n) {
    return put(static_cast<std::uint64_t>(n), 8);
  }
  opaque_writer& put(std::string_view last) {
    bytes_ += last;
    return *this;
  }
  [[nodiscard]] std::string text() const {
    return to_base64url(bytes_);
  }

private:
  opaque_writer& put(std::uint64_t n, unsigned bytes);
  std::string bytes_;
};

/// Reads them back in the same order.
class opaque_reader {
public:
  explicit opaque_reader(std::string_view text);

  std::uint8_t take_byte() {
    return static_cast<std::uint8_t>(take(1));
  }
  std::uint32_t take_word() {
    return static_cast<std::uint32_t>(take(4));
  }
  std::uint64_t take_long() {
    return take(8);
  }
  std::int64_t take_signed() {
    return static_cast<std::int64_t>(take(8));
  }
  /// All that is left.
  std::string take_text();
  /// False: it was no such text, or something was missing or is left.
  [[nodiscard]] bool is_good() const {
    return good_ && at_ == bytes_.size();
  }

private:
  std::uint64_t take(unsigned bytes);
  std::string bytes_;
  std::size_t at_ = 0;
  bool good_ = false;
};

} // namespace rollcall
