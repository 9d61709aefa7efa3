#pragma once

#include "messages/block.capnp.h"
#include "model/history.hpp"
#include "model/outcome.hpp"
#include "storage/dictionary.hpp"
#include "storage/words.hpp"

#include <capnp/message.h>

#include <cstdint>
#include <string_view>
#include <vector>

/// Between columns and messages/block.capnp. Only the sources of blocks include this.
namespace storage {

/// No column may be larger: what a Cap'n Proto list can hold, bytes.
inline constexpr std::uint64_t column_bytes_max = (std::uint64_t{1} << 29) - 1;
/// No block may be larger, bytes.
inline constexpr std::uint64_t block_bytes_max = std::uint64_t{1} << 31;
/// A block covers at most so many profiles (they have 16-bit numbers in it).
inline constexpr std::uint32_t block_rows_max = 65536;

/// Builds one message in one segment of a size known beforehand, and closes it with the checksum.
class block_builder final : public capnp::MessageBuilder {
public:
  /// `words` is an upper bound of the message's size.
  explicit block_builder(std::size_t words) : memory_(words + 1) {
  }
  kj::ArrayPtr<capnp::word> allocateSegment(unsigned minimum) override;
  std::vector<word> finish();

private:
  std::vector<word> memory_;
  bool given_ = false;
};

/// Whether the last word is the checksum of those before.
bool checksum_holds(words_view block);

/// Debug and sanitizer builds look at checksums whenever a block is opened.
#if defined(_GLIBCXX_ASSERTIONS) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool checks_on_open = true;
#else
inline constexpr bool checks_on_open = false;
#endif

/// Reads a message in place. `use` gets its reader as long as it is alive and returns what is
/// wrong, or null. `kind` names it in failures.
template <class Message, class Use>
model::status read_block(words_view words, std::string_view kind, const Use& use);

model::failure broken_block(std::string_view kind, std::string_view what);

// Readers return null, or what is wrong. Afterwards, rows below `count` are within the column.
const char* read_integers(messages::IntegerColumn::Reader from, std::uint64_t count,
                          model::integer_column& to);
const char* read_numbers(messages::NumberColumn::Reader from, std::uint64_t count,
                         model::number_column& to);
const char* read_dictionary(messages::Dictionary::Reader from, dictionary_reader& to);
/// Leaves `to.dictionary` alone.
const char* read_codes(std::uint8_t width, std::uint32_t constant, capnp::Data::Reader codes,
                       std::uint64_t count, model::coded_column& to);

/// Whether every row of the column is at most `greatest`.
bool codes_within(const model::coded_column& column, std::uint64_t count, std::uint32_t greatest);
/// Whether rows with raws up to `greatest` can be computed without overflow.
bool integers_hold(const model::integer_column& column, std::uint64_t greatest);

std::uint64_t greatest_raw(const model::integer_column& column, std::uint64_t count);

/// Words that `write_dictionary` takes at most.
std::uint64_t dictionary_words(const dictionary_merge& d);
void write_dictionary(const dictionary_merge& from, messages::Dictionary::Builder to);

/// Bytes of a code when the greatest one is `greatest`: 1, 2 or 4.
constexpr std::uint8_t code_width(std::uint64_t greatest) {
  return greatest <= 0xff ? 1 : greatest <= 0xffff ? 2 : 4;
}
/// Bytes of a raw when the greatest one is `greatest`: 0, 1, 2, 4 or 8.
constexpr std::uint8_t raw_width(std::uint64_t greatest) {
  return greatest == 0          ? 0
       : greatest <= 0xffff     ? code_width(greatest)
       : greatest <= 0xffffffff ? 4
                                : 8;
}
constexpr std::uint64_t all_ones(std::uint8_t width) {
  return width == 8 ? UINT64_MAX : (std::uint64_t{1} << (8 * width)) - 1;
}

template <class Message, class Use>
model::status read_block(words_view words, std::string_view kind, const Use& use) {
  if (words.size() < 2 || reinterpret_cast<std::uintptr_t>(words.data()) % alignof(word) != 0)
    return broken_block(kind, "it is no block");
  const auto body = words.first(words.size() - 1);
  const kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word*>(body.data()),
                                                body.size());
  capnp::ReaderOptions limits;
  limits.traversalLimitInWords = 8 * body.size() + 1024;
  limits.nestingLimit = 16;
  try {
    capnp::SegmentArrayMessageReader message(kj::arrayPtr(&segment, 1), limits);
    if (const char* const wrong = use(message.getRoot<Message>()))
      return broken_block(kind, wrong);
  } catch (const kj::Exception& wrong) {
    return broken_block(kind, wrong.getDescription().cStr());
  }
  return model::nothing{};
}

} // namespace storage
