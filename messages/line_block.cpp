#include "messages/line_block.hpp"

#include <cstring>

namespace messages {

std::string describe(const line_error& error) {
  std::string out = "line " + std::to_string(error.line);
  if (!error.field.empty())
    out += ", " + error.field;
  return out + ": " + error.reason;
}

line_block::line_block(std::string_view text, std::uint64_t first_line)
  : memory_(new char[text.size() + line_padding]), capacity_(text.size()), end_(text.size()),
    line_(first_line) {
  if (!text.empty())
    std::memcpy(memory_.get(), text.data(), text.size());
  std::memset(memory_.get() + text.size(), 0, line_padding);
}

std::string_view line_block::take_line() {
  const char* begin = memory_.get() + at_;
  const auto left = end_ - at_;
  const auto* feed = static_cast<const char*>(std::memchr(begin, '\n', left));
  auto size = feed ? static_cast<std::size_t>(feed - begin) : left;
  at_ += feed ? size + 1 : size;
  ++line_;
  if (size != 0 && begin[size - 1] == '\r')
    --size;
  return {begin, size};
}

} // namespace messages
