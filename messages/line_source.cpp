#include "messages/line_source.hpp"

#include "messages/byte_source.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

namespace messages {

namespace {

/// What a block holds unless a line needs more: large enough for few system calls, small enough for
/// the cache.
constexpr std::size_t block_bytes = std::size_t{1} << 20;

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// No block is larger: a line within the limit and its line end.
constexpr std::size_t block_bytes_max = model::line_bytes_max + 2;

/// Of a line that is too long for a block this much is quoted.
constexpr std::size_t quoted_bytes = 1024;

std::uint64_t feeds_in(std::string_view text) {
  std::uint64_t count = 0;
  const auto* end = text.data() + text.size();
  for (const char* at = text.data(); at != end; ++count) {
    at = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (!at)
      break;
    ++at;
  }
  return count;
}

} // namespace

struct line_source::parts {
  parts(int descriptor, bool owns) : bytes(descriptor, owns) {
  }

  byte_source bytes;
  std::string carried; // Of the line that the block before ended in.
  std::uint64_t line = 1;
  bool is_started = false;
  bool is_ended = false;
  bool has_told = false; // Of the failure that ended the input.

  void reserve(line_block& block, std::size_t capacity, std::size_t kept) const;
  std::size_t fill(line_block& block, std::size_t at, std::size_t room);
  std::size_t collect(line_block& block, std::size_t size, std::size_t& whole);
  void tell_failure(std::string_view rest, std::vector<line_error>& errors);
  void skip_line(std::string_view start, std::vector<line_error>& errors);
};

model::outcome<line_source> line_source::open(const std::string& path) {
  if (path == "-")
    return from_descriptor(STDIN_FILENO, false);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    const auto code = errno == ENOENT ? model::failure_code::not_found
                                      : model::failure_code::invalid_input;
    return model::failure{code, fmt::format("cannot open {}: {}", path, std::strerror(errno))};
  }
  struct stat facts {};
  if (::fstat(descriptor, &facts) == 0 && S_ISDIR(facts.st_mode)) {
    ::close(descriptor);
    return model::failure{model::failure_code::invalid_input,
                          fmt::format("cannot read {}: it is a directory; name its files", path)};
  }
  return from_descriptor(descriptor, true);
}

line_source line_source::from_descriptor(int descriptor, bool owns) {
  return line_source{std::make_unique<parts>(descriptor, owns)};
}

line_source::line_source(std::unique_ptr<parts> p) : parts_(std::move(p)) {
}

line_source::line_source(line_source&&) noexcept = default;
line_source& line_source::operator=(line_source&&) noexcept = default;
line_source::~line_source() = default;

std::uint64_t line_source::bytes_taken() const {
  return parts_->bytes.bytes_taken();
}

std::uint64_t line_source::bytes_total() const {
  return parts_->bytes.bytes_total();
}

bool line_source::is_compressed() const {
  return parts_->bytes.is_compressed();
}

/// Gives the block that capacity at least; its first `kept` bytes stay.
void line_source::parts::reserve(line_block& block, std::size_t capacity, std::size_t kept) const {
  if (block.memory_ && block.capacity_ >= capacity)
    return;
  std::unique_ptr<char[]> larger{new char[capacity + line_padding]};
  if (kept != 0)
    std::memcpy(larger.get(), block.memory_.get(), kept);
  block.memory_ = std::move(larger);
  block.capacity_ = capacity;
}

/// Reports once that the input broke off, in the line that `rest` begins.
void line_source::parts::tell_failure(std::string_view rest, std::vector<line_error>& errors) {
  if (!std::exchange(has_told, true))
    errors.push_back({line, {}, bytes.failed(), std::string{rest.substr(0, rejected_bytes_max)}});
}

/// Reads up to `room` bytes behind `at`; a file until there is no more room, a pipe what it has.
std::size_t line_source::parts::fill(line_block& block, std::size_t at, std::size_t room) {
  std::size_t filled = 0;
  while (filled < room) {
    const auto size = bytes.read(block.memory_.get() + at + filled, room - filled);
    if (size == 0) {
      is_ended = true;
      break;
    }
    filled += size;
    if (bytes.is_live())
      break;
  }
  return filled;
}

/// Reads on to the end of a line that begins with `start` and is too long to be kept.
void line_source::parts::skip_line(std::string_view start, std::vector<line_error>& errors) {
  line_error error{line, {}, {}, std::string{start.substr(0, quoted_bytes)}};
  std::uint64_t size = start.size();
  std::string buffer(block_bytes, '\0');
  while (!is_ended) {
    const auto got = bytes.read(buffer.data(), buffer.size());
    const std::string_view text{buffer.data(), got};
    is_ended = got == 0;
    if (const auto feed = text.find('\n'); feed != std::string_view::npos) {
      size += feed;
      carried = text.substr(feed + 1);
      break;
    }
    size += got;
  }
  error.reason = fmt::format("a line of {} bytes; at most {} are allowed", size,
                             model::line_bytes_max);
  errors.push_back(std::move(error));
  ++line;
}

/// Reads behind the `size` bytes of the block until it is full, or has a whole line and there is no
/// more at the moment, or begins with a line that is too long. Returns the new size; `whole` = the
/// end of the last whole line.
std::size_t line_source::parts::collect(line_block& block, std::size_t size, std::size_t& whole) {
  whole = 0;
  std::size_t looked = 0;
  for (;;) {
    const std::string_view fresh{block.memory_.get() + looked, size - looked};
    if (const auto feed = fresh.rfind('\n'); feed != std::string_view::npos)
      whole = looked + feed + 1;
    looked = size;
    const bool is_full = size == block.capacity_;
    const bool is_largest = size - whole >= block_bytes_max;
    if (is_ended || is_largest || (whole != 0 && (is_full || bytes.is_live())))
      return size;
    if (is_full)
      reserve(block, std::min(block.capacity_ * 2, block_bytes_max), size);
    size += fill(block, size, block.capacity_ - size);
  }
}

bool line_source::next(line_block& block, std::vector<line_error>& errors) {
  auto& p = *parts_;
  block.at_ = block.end_ = 0;
  while (!p.is_ended || !p.carried.empty()) {
    const auto kept = std::exchange(p.carried, {});
    p.reserve(block, std::max(block_bytes, kept.size()), 0);
    std::memcpy(block.memory_.get(), kept.data(), kept.size());
    std::size_t whole = 0;
    const auto size = p.collect(block, kept.size(), whole);
    const bool has_failed = !p.bytes.failed().empty();
    if (p.is_ended && !has_failed)
      whole = size; // The last line may lack its line feed.
    const std::string_view rest{block.memory_.get() + whole, size - whole};
    if (whole == 0 && rest.size() >= block_bytes_max) {
      p.skip_line(rest, errors);
      continue;
    }
    block.end_ = whole;
    block.line_ = p.line;
    std::memset(block.memory_.get() + size, 0, line_padding);
    if (!p.is_started && block.rest().starts_with(byte_order_mark))
      block.at_ = byte_order_mark.size();
    p.is_started = true;
    p.line += feeds_in({block.memory_.get(), whole});
    if (!p.is_ended)
      p.carried = rest;
    else if (has_failed)
      p.tell_failure(rest, errors);
    if (!block.is_empty())
      return true;
  }
  if (!p.bytes.failed().empty())
    p.tell_failure({}, errors);
  return false;
}

} // namespace messages
