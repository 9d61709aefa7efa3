#pragma once

#include "model/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

/// How a message travels: built once, never changed, shared without copying inside a process, sent
/// and stored as the bytes that it already is.
namespace messages {

/// An immutable Cap'n Proto message in its standard flat form (segment table, then segments) in one
/// piece of memory aligned to words. Copies share that memory and may be read by several threads at
/// once.
class frozen_message {
public:
  frozen_message() = default;
  /// Takes over words that hold a flat message. Checks nothing: for what this process has built
  /// itself.
  frozen_message(std::shared_ptr<const std::uint64_t[]> words, std::size_t size)
    : words_(std::move(words)), size_(size) {
  }

  /// Copies bytes from a disk or a network. Fails with storage_broken when their segment table does
  /// not fit them; what the segments hold is checked by who decodes them.
  static model::outcome<frozen_message> from_bytes(std::span<const std::byte> bytes);

  explicit operator bool() const {
    return size_ != 0;
  }
  [[nodiscard]] std::span<const std::uint64_t> words() const {
    return {words_.get(), size_};
  }
  [[nodiscard]] std::span<const std::byte> bytes() const {
    return std::as_bytes(words());
  }

private:
  std::shared_ptr<const std::uint64_t[]> words_;
  std::size_t size_ = 0; // In words.
};

/// True when a segment table at the start of `words` describes exactly these words.
bool is_flat_message(std::span<const std::uint64_t> words);

inline constexpr std::size_t message_segments_max = 64;
inline constexpr std::size_t message_bytes_max = std::size_t{1} << 30;

/// What a payload is. Numbers are never reused.
enum class message_type : std::uint16_t {
  unknown = 0,
  change_batch = 1, // schema::ChangeBatch.
};

/// Which formats a message speaks: `writer` wrote it, releases from `oldest_reader` on understand
/// it.
struct version_range {
  std::uint16_t oldest_reader = 0;
  std::uint16_t writer = 0;

  [[nodiscard]] bool is_readable_by(std::uint16_t reader) const {
    return writer != 0 && oldest_reader <= reader;
  }
  friend bool operator==(const version_range&, const version_range&) = default;
};

/// A message and what one must know before looking into it.
struct envelope {
  message_type type = message_type::unknown;
  version_range versions{};
  frozen_message payload{};
};

} // namespace messages
