#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace storage {

/// Keys and values are whole words, so that every value stands 8-byte aligned in the memory map and
/// can be read where it lies.
using word = std::uint64_t;
using words_view = std::span<const word>;

/// Words that hold so many bytes.
constexpr std::size_t words_for(std::size_t bytes) {
  return (bytes + sizeof(word) - 1) / sizeof(word);
}

/// What the last word of a block says about the words before it (XXH3, 64 bits).
std::uint64_t block_checksum(words_view words);

/// Bytes as a record: one word of length, then the bytes, filled up with zeros.
std::vector<word> pack_bytes(std::string_view bytes);

/// The bytes of a record made by `pack_bytes`; nothing when the record does not hold what its
/// length says.
std::optional<std::string_view> unpack_bytes(words_view record);

} // namespace storage
