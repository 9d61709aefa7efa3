#include "storage/words.hpp"

#include <xxhash.h>

#include <cstring>

namespace storage {

std::uint64_t block_checksum(words_view words) {
  return XXH3_64bits(words.data(), words.size_bytes());
}

std::vector<word> pack_bytes(std::string_view bytes) {
  std::vector<word> record(1 + words_for(bytes.size()));
  record[0] = bytes.size();
  if (!bytes.empty())
    std::memcpy(record.data() + 1, bytes.data(), bytes.size());
  return record;
}

std::optional<std::string_view> unpack_bytes(words_view record) {
  if (record.empty() || record[0] > (record.size() - 1) * sizeof(word))
    return std::nullopt;
  return std::string_view{reinterpret_cast<const char*>(record.data() + 1),
                          static_cast<std::size_t>(record[0])};
}

} // namespace storage
