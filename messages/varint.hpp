#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

/// INTERNAL to messages/: columns of numbers, seven bits a byte.
namespace messages {

constexpr std::uint64_t zigzag(std::int64_t n) {
  return (static_cast<std::uint64_t>(n) << 1) ^ static_cast<std::uint64_t>(n >> 63);
}

constexpr std::int64_t unzigzag(std::uint64_t n) {
  return static_cast<std::int64_t>(n >> 1) ^ -static_cast<std::int64_t>(n & 1);
}

/// Grows like a vector; its memory is not cleared first and is kept between uses up to a bound.
class byte_column {
public:
  void clear() {
    size_ = 0;
    if (capacity_ > kept_max) {
      bytes_.reset();
      capacity_ = 0;
    }
  }
  [[nodiscard]] std::size_t size() const {
    return size_;
  }
  [[nodiscard]] const std::uint8_t* data() const {
    return bytes_.get();
  }
  void add_byte(std::uint8_t byte) {
    make_room(1);
    bytes_[size_++] = byte;
  }
  void add_number(std::uint64_t n) {
    make_room(10);
    auto* to = bytes_.get() + size_;
    while (n >= 0x80) {
      *to++ = static_cast<std::uint8_t>(n | 0x80);
      n >>= 7;
    }
    *to++ = static_cast<std::uint8_t>(n);
    size_ = static_cast<std::size_t>(to - bytes_.get());
  }
  /// Something of fixed size, as it lies in memory.
  template <class T>
  void add_raw(T value) {
    make_room(sizeof value);
    std::memcpy(bytes_.get() + size_, &value, sizeof value);
    size_ += sizeof value;
  }
  void add_text(std::string_view text) {
    if (text.empty())
      return;
    make_room(text.size());
    std::memcpy(bytes_.get() + size_, text.data(), text.size());
    size_ += text.size();
  }

private:
  static constexpr std::size_t kept_max = std::size_t{8} * 1024 * 1024;

  void make_room(std::size_t more) {
    if (capacity_ - size_ < more) [[unlikely]]
      grow(more);
  }
  void grow(std::size_t more) {
    const auto capacity = (capacity_ + more) * 2;
    std::unique_ptr<std::uint8_t[]> larger{new std::uint8_t[capacity]};
    if (size_ != 0)
      std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
    capacity_ = capacity;
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Takes numbers off bytes that nobody vouches for. Past the end, or in front of an integer that
/// has more than 64 bits, it gives 0 and is broken for good.
class number_cursor {
public:
  number_cursor(const std::uint8_t* begin, std::size_t size) : at_(begin), end_(begin + size) {
  }
  std::uint64_t next() {
    if (at_ != end_ && *at_ < 0x80) [[likely]]
      return *at_++;
    return next_long();
  }
  /// Everything was taken and nothing more was asked for.
  [[nodiscard]] bool is_spent() const {
    return at_ == end_ && !is_broken_;
  }

private:
  std::uint64_t next_long() {
    std::uint64_t n = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const std::uint64_t byte = *at_++;
      n |= (byte & 0x7f) << shift;
      if (shift == 63 && byte > 1)
        break;
      if (byte < 0x80)
        return n;
    }
    is_broken_ = true;
    at_ = end_;
    return 0;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool is_broken_ = false;
};

} // namespace messages
