#include "cluster/octets.hpp"

#include <cassert>

namespace cluster {

void put_text(std::string& to, std::string_view text) {
  assert(text.size() <= 255);
  put_number(to, static_cast<std::uint8_t>(text.size()));
  to.append(text);
}

std::string_view octet_reader::piece(std::size_t bytes) {
  if (!whole_ || bytes > rest_.size()) {
    whole_ = false;
    return {};
  }
  const auto front = rest_.substr(0, bytes);
  rest_.remove_prefix(bytes);
  return front;
}

} // namespace cluster
