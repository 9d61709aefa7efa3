#include "messages/envelope.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>
#include <utility>

namespace messages {

static_assert(std::endian::native == std::endian::little,
              "flat messages are little endian and read where they lie");

bool is_flat_message(std::span<const std::uint64_t> words) {
  if (words.empty())
    return false;
  // The table: number of segments less one, each segment's size in words, filled up to a whole
  // word.
  const auto half = [words](std::size_t i) {
    return static_cast<std::uint32_t>(words[i / 2] >> (32 * (i % 2)));
  };
  const auto segments = std::uint64_t{half(0)} + 1;
  const auto table = segments / 2 + 1;
  if (segments > message_segments_max || table > words.size())
    return false;
  std::uint64_t total = table;
  for (std::uint64_t i = 1; i <= segments; ++i)
    total += half(i);
  return total == words.size() && total * sizeof(std::uint64_t) <= message_bytes_max;
}

model::outcome<frozen_message> frozen_message::from_bytes(std::span<const std::byte> bytes) {
  const auto broken = [&] {
    return model::failure{
      model::failure_code::storage_broken,
      fmt::format("{} bytes are not a message: their segment table does not fit", bytes.size())};
  };
  constexpr auto word = sizeof(std::uint64_t);
  if (bytes.empty() || bytes.size() % word != 0 || bytes.size() > message_bytes_max)
    return broken();
  auto words = std::make_shared_for_overwrite<std::uint64_t[]>(bytes.size() / word);
  std::memcpy(words.get(), bytes.data(), bytes.size());
  frozen_message message{std::move(words), bytes.size() / word};
  if (!is_flat_message(message.words()))
    return broken();
  return message;
}

} // namespace messages
