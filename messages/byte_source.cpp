#include "messages/byte_source.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <sys/stat.h>
#include <unistd.h>

namespace messages {

namespace {

constexpr std::size_t input_bytes = 256 * 1024;
constexpr unsigned char gzip_magic[] = {0x1f, 0x8b};

} // namespace

byte_source::byte_source(int descriptor, bool owns)
  : descriptor_(descriptor), owns_(owns), input_(new char[input_bytes]) {
  struct stat facts {};
  if (::fstat(descriptor, &facts) == 0 && S_ISREG(facts.st_mode))
    total_ = static_cast<std::uint64_t>(facts.st_size);
}

byte_source::~byte_source() {
  if (inflater_)
    ::inflateEnd(inflater_.get());
  if (owns_)
    ::close(descriptor_);
}

std::size_t byte_source::read(char* into, std::size_t room) {
  if (!is_started_)
    look_at_start();
  if (!failed_.empty() || room == 0)
    return 0;
  if (inflater_)
    return inflate_some(into, room);
  if (input_at_ == input_end_)
    return read_raw(into, room);
  const auto size = std::min(room, input_end_ - input_at_);
  std::memcpy(into, input_.get() + input_at_, size);
  input_at_ += size;
  return size;
}

std::size_t byte_source::read_raw(char* into, std::size_t room) {
  if (is_at_end_)
    return 0;
  for (;;) {
    const auto size = ::read(descriptor_, into, room);
    if (size > 0) {
      taken_ += static_cast<std::uint64_t>(size);
      return static_cast<std::size_t>(size);
    }
    if (size == 0) {
      is_at_end_ = true;
      return 0;
    }
    if (errno != EINTR) {
      failed_ = fmt::format("cannot be read on: {}", std::strerror(errno));
      return 0;
    }
  }
}

/// More compressed bytes; false when there are none.
bool byte_source::refill() {
  input_at_ = 0;
  input_end_ = read_raw(input_.get(), input_bytes);
  return input_end_ != 0;
}

void byte_source::look_at_start() {
  is_started_ = true;
  // A pipe may give a single byte at first.
  while (input_end_ < sizeof gzip_magic) {
    const auto size = read_raw(input_.get() + input_end_, input_bytes - input_end_);
    if (size == 0)
      return;
    input_end_ += size;
  }
  if (std::memcmp(input_.get(), gzip_magic, sizeof gzip_magic) != 0)
    return;
  inflater_ = std::make_unique<z_stream>();
  constexpr int gzip_only = 16 + MAX_WBITS;
  if (::inflateInit2(inflater_.get(), gzip_only) != Z_OK) {
    inflater_.reset();
    throw std::bad_alloc{};
  }
}

std::size_t byte_source::inflate_some(char* into, std::size_t room) {
  auto& z = *inflater_;
  constexpr std::size_t room_max = std::size_t{1} << 30; // zlib counts in 32 bits.
  const auto asked = std::min(room, room_max);
  z.next_out = reinterpret_cast<Bytef*>(into);
  z.avail_out = static_cast<uInt>(asked);
  while (z.avail_out == asked) {
    if (input_at_ == input_end_ && !refill()) {
      if (failed_.empty() && !is_between_members_)
        failed_ = "the gzip file ends too early; it was cut off";
      break;
    }
    if (is_between_members_) {
      if (input_[input_at_] == '\0') { // Some tools fill up with zeros.
        ++input_at_;
        continue;
      }
      ::inflateReset(&z);
      is_between_members_ = false;
    }
    z.next_in = reinterpret_cast<Bytef*>(input_.get() + input_at_);
    z.avail_in = static_cast<uInt>(input_end_ - input_at_);
    const auto result = ::inflate(&z, Z_NO_FLUSH);
    input_at_ = input_end_ - z.avail_in;
    if (result == Z_STREAM_END) {
      is_between_members_ = true;
    } else if (result == Z_MEM_ERROR) {
      throw std::bad_alloc{};
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      failed_ = fmt::format("the gzip file is damaged: {}", z.msg ? z.msg : "not decodable");
      break;
    }
  }
  return asked - z.avail_out;
}

} // namespace messages
