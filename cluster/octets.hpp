#pragma once

#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

/// Numbers and short texts as bytes, little end first, for what cluster/ stores and sends.
namespace cluster {

template <std::unsigned_integral Number>
void put_number(std::string& to, Number n) {
  for (std::size_t i = 0; i < sizeof n; ++i)
    to.push_back(static_cast<char>(static_cast<std::uint8_t>(n >> (8 * i))));
}

/// One byte of length, then the text; at most 255 bytes.
void put_text(std::string& to, std::string_view text);

/// Takes from the front of bytes that strangers may have sent. After the first thing that is not
/// there, nothing is.
class octet_reader {
public:
  explicit octet_reader(std::string_view from) : rest_(from) {
  }

  template <std::unsigned_integral Number>
  Number number() {
    const auto from = piece(sizeof(Number));
    Number n = 0;
    for (std::size_t i = 0; i < from.size(); ++i)
      n = static_cast<Number>(n | Number{static_cast<std::uint8_t>(from[i])} << (8 * i));
    return n;
  }
  std::string_view text() {
    return piece(number<std::uint8_t>());
  }
  /// So many bytes as they are; none when there are fewer.
  std::string_view piece(std::size_t bytes);

  [[nodiscard]] std::string_view rest() const {
    return rest_;
  }
  /// Whether all was there, and nothing is left.
  [[nodiscard]] bool spent() const {
    return whole_ && rest_.empty();
  }
  [[nodiscard]] bool whole() const {
    return whole_;
  }

private:
  std::string_view rest_;
  bool whole_ = true;
};

} // namespace cluster
