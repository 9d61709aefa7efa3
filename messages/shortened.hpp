#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace messages {

/// INTERNAL to messages/: the start of a text for an error message, cut between characters.
inline std::string shortened(std::string_view text) {
  constexpr std::size_t shown = 60;
  if (text.size() <= shown)
    return std::string{text};
  auto size = shown;
  while (size != 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    --size;
  return std::string{text.substr(0, size)} + "…";
}

} // namespace messages
