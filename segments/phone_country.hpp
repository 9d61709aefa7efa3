#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segments {

/// A set of countries as phone numbers show them (semantics S8): by calling code, where +1 is
/// Canada when the area code is Canadian and else the United States. Countries that share a calling
/// code are not told apart: +44 belongs to `GB` and to `JE` alike.
class phone_countries {
public:
  phone_countries() = default;
  /// ISO 3166 alpha-2 codes in upper case; unknown ones match no number.
  explicit phone_countries(std::span<const std::string> countries);

  enum class answer : std::uint8_t { no_number, outside, inside };
  /// `no_number`: the text is not `+` and 7 to 15 digits.
  [[nodiscard]] answer find(std::string_view text) const;

private:
  std::vector<std::uint16_t> calling_codes_; // Sorted; without 1.
  bool canada_ = false;
  bool united_states_ = false;
};

} // namespace segments
