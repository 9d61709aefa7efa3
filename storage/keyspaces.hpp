#pragma once

#include "storage/words.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

/// Every keyspace of an environment, a partition's or the account's, in one place. A key is a fixed
/// number of words, stored big-endian, so that the order of the bytes is the order of the numbers;
/// a record is any number of words. One row per tenant: add yours.
///
///  keyspace     key                         record                                 owner
///  meta         field                       words, see meta_field                  all
///  log          sequence                    checksum, chain, length, bytes         embedded_log
///  flips        sequence                    flips of the commit of this sequence   partition
///  feed         segment, first sequence     a run of flips of one segment          partition
///  names        kind, number                name (pack_bytes)                      partition
///  blocks       kind << 32 | number, block  a block (messages/block.capnp)         partition
///  bits         owner, id (2 words), chunk  a Roaring bitmap (pack_bytes)          partition
///  due          criterion (2 words), bucket a Roaring bitmap (pack_bytes)          partition
///  definitions  segment                     definition and state (pack_bytes)      partition
///  checkpoints  kind, number                how far a build or merge has come      partition
///  objects      kind, number                a described object, JSON (pack_bytes)  account
///  documents    kind, id (8 words each)     a document, JSON (pack_bytes)          account
namespace storage {

enum class keyspace : std::uint8_t {
  meta,
  log,
  flips,
  feed,
  names,
  blocks,
  bits,
  due,
  definitions,
  checkpoints,
  objects,
  documents
};

struct keyspace_description {
  std::string_view name; // In the file; never changed, never reused.
  std::uint8_t key_words;
};

inline constexpr std::array<keyspace_description, 12> keyspaces{{
  {"meta", 1},
  {"log", 1},
  {"flips", 1},
  {"feed", 2},
  {"names", 2},
  {"blocks", 2},
  {"bits", 4},
  {"due", 3},
  {"definitions", 1},
  {"checkpoints", 2},
  {"objects", 2},
  {"documents", 16},
}};

inline constexpr std::size_t key_words_max = 16;

constexpr const keyspace_description& describe(keyspace k) {
  return keyspaces[static_cast<std::size_t>(k)];
}

/// Maps a signed number to a word so that the order stays.
constexpr word ordered(std::int64_t n) {
  return static_cast<word>(n) ^ (word{1} << 63);
}
constexpr std::int64_t unordered(word w) {
  return static_cast<std::int64_t>(w ^ (word{1} << 63));
}

// --- meta

/// Numbers are never reused.
enum class meta_field : std::uint64_t {
  format = 1,    // One word: version of the layout of this directory. Written by the environment.
  partition = 2, // Two words: number of this partition, how many there are.
  account_zone = 3,     // Time zone of the account, an IANA name (pack_bytes).
  applied_sequence = 4, // One word: the log is applied up to here.
  watermark = 5,        // One word: the clock's last tick, milliseconds.
  log_trimmed = 6, // Two words: last sequence that was cut from the log, checksum of its record.
                   // Written by embedded_log.
  merged_sequence = 7, // One word: the blocks hold the log up to here.
  feed_sequence = 8,   // One word: last number given to a flip.
  profiles = 9,        // One word: how many profile ordinals were given.
  account_clock = 10,  // Two words, of an account's own directory: whether its clock is manual,
                       // milliseconds.
};

struct meta_key {
  static constexpr keyspace space = keyspace::meta;
  meta_field field{};
  [[nodiscard]] constexpr std::array<word, 1> words() const {
    return {static_cast<word>(field)};
  }
  static constexpr meta_key of(words_view k) {
    return {static_cast<meta_field>(k[0])};
  }
};

// --- log, flips, feed

struct log_key {
  static constexpr keyspace space = keyspace::log;
  std::uint64_t sequence = 0;
  [[nodiscard]] constexpr std::array<word, 1> words() const {
    return {sequence};
  }
  static constexpr log_key of(words_view k) {
    return {k[0]};
  }
};

struct flips_key {
  static constexpr keyspace space = keyspace::flips;
  std::uint64_t sequence = 0; // Of the log.
  [[nodiscard]] constexpr std::array<word, 1> words() const {
    return {sequence};
  }
  static constexpr flips_key of(words_view k) {
    return {k[0]};
  }
};

struct feed_key {
  static constexpr keyspace space = keyspace::feed;
  std::uint64_t segment = 0;
  std::uint64_t first_sequence = 0; // Number of the run's first flip in the segment's feed.
  [[nodiscard]] constexpr std::array<word, 2> words() const {
    return {segment, first_sequence};
  }
  static constexpr feed_key of(words_view k) {
    return {k[0], k[1]};
  }
};

// --- names, blocks

enum class name_kind : std::uint64_t {
  metric = 1,
  attribute = 2,
  event_property = 3,
  list = 4,
  segment = 5
};

struct names_key {
  static constexpr keyspace space = keyspace::names;
  name_kind kind{};
  std::uint64_t number = 0;
  [[nodiscard]] constexpr std::array<word, 2> words() const {
    return {static_cast<word>(kind), number};
  }
  static constexpr names_key of(words_view k) {
    return {static_cast<name_kind>(k[0]), k[1]};
  }
};

enum class column_kind : std::uint32_t {
  attribute = 1, // One attribute of the block's profiles: attribute_block.
  events = 2,    // One metric's events of the block's profiles: event_block.
  profiles = 3,  // What the partition keeps about the profiles themselves (living, merged into).
};

/// Blocks of one column are neighbours, so that a build reads what it needs in one sweep.
struct block_key {
  static constexpr keyspace space = keyspace::blocks;
  column_kind kind{};
  std::uint32_t number = 0; // Of the attribute or metric.
  std::uint32_t block = 0;  // Profile ordinal / model::block_rows.
  [[nodiscard]] constexpr std::array<word, 2> words() const {
    return {static_cast<word>(kind) << 32 | number, block};
  }
  static constexpr block_key of(words_view k) {
    return {static_cast<column_kind>(k[0] >> 32), static_cast<std::uint32_t>(k[0]),
            static_cast<std::uint32_t>(k[1])};
  }
};

// --- bits, due

enum class bits_owner : std::uint64_t { criterion = 1, segment = 2 };

struct bits_key {
  static constexpr keyspace space = keyspace::bits;
  bits_owner owner{};
  std::array<std::uint64_t, 2> id{};
  std::uint64_t chunk = 0;
  [[nodiscard]] constexpr std::array<word, 4> words() const {
    return {static_cast<word>(owner), id[0], id[1], chunk};
  }
  static constexpr bits_key of(words_view k) {
    return {static_cast<bits_owner>(k[0]), {k[1], k[2]}, k[3]};
  }
};

struct due_key {
  static constexpr keyspace space = keyspace::due;
  std::array<std::uint64_t, 2> criterion{};
  /// Start of the bucket, milliseconds since 1970. INT64_MIN: no bucket, but the instant up to
  /// which the criterion's buckets hold everything; without it (format 3 and earlier) they hold all
  /// there is.
  std::int64_t bucket = 0;
  [[nodiscard]] constexpr std::array<word, 3> words() const {
    return {criterion[0], criterion[1], ordered(bucket)};
  }
  static constexpr due_key of(words_view k) {
    return {{k[0], k[1]}, unordered(k[2])};
  }
};

// --- definitions, checkpoints

struct definitions_key {
  static constexpr keyspace space = keyspace::definitions;
  std::uint64_t segment = 0;
  [[nodiscard]] constexpr std::array<word, 1> words() const {
    return {segment};
  }
  static constexpr definitions_key of(words_view k) {
    return {k[0]};
  }
};

/// build: unused number of a build. merge: a block, the log sequence its columns hold. source: hash
/// of a sender's name, the last count it sent; in the account's own directory, of the descriptions.
enum class checkpoint_kind : std::uint64_t {
  build = 1,
  merge = 2,
  source = 3,
  person_merge = 4, // Of an account's own directory: a merge of two people that is under way;
                    // number 0 = the last number given.
  order = 5,        // Of an account's own directory, number 0: up to where the operations of an
                    // order were performed.
};

struct checkpoints_key {
  static constexpr keyspace space = keyspace::checkpoints;
  checkpoint_kind kind{};
  std::uint64_t number = 0;
  [[nodiscard]] constexpr std::array<word, 2> words() const {
    return {static_cast<word>(kind), number};
  }
  static constexpr checkpoints_key of(words_view k) {
    return {static_cast<checkpoint_kind>(k[0]), k[1]};
  }
};

// --- objects

struct objects_key {
  static constexpr keyspace space = keyspace::objects;
  std::uint64_t kind = 0; // model::object_kind.
  std::uint64_t number = 0;
  [[nodiscard]] constexpr std::array<word, 2> words() const {
    return {kind, number};
  }
  static constexpr objects_key of(words_view k) {
    return {k[0], k[1]};
  }
};

// --- documents

/// A text of at most 64 bytes, none of them zero, as words in the order of its bytes.
class short_text {
public:
  static constexpr std::size_t bytes_max = 64;
  using words_type = std::array<word, bytes_max / sizeof(word)>;

  constexpr short_text() = default;
  constexpr explicit short_text(const words_type& words) : words_(words) {
  }
  constexpr explicit short_text(std::string_view text) {
    for (std::size_t i = 0; i < text.size() && i < bytes_max; ++i)
      words_[i / sizeof(word)] |= static_cast<word>(static_cast<unsigned char>(text[i]))
                               << shift_of(i);
  }
  [[nodiscard]] constexpr const words_type& words() const {
    return words_;
  }
  [[nodiscard]] std::string text() const {
    std::string text;
    for (std::size_t i = 0; i < bytes_max; ++i)
      if (const auto byte = words_[i / sizeof(word)] >> shift_of(i) & 0xFF; byte != 0)
        text += static_cast<char>(byte);
    return text;
  }
  friend constexpr bool operator==(const short_text&, const short_text&) = default;

private:
  static constexpr unsigned shift_of(std::size_t byte) {
    return 8 * static_cast<unsigned>(sizeof(word) - 1 - byte % sizeof(word));
  }
  words_type words_{};
};

struct documents_key {
  static constexpr keyspace space = keyspace::documents;
  short_text kind{};
  short_text id{};
  [[nodiscard]] constexpr std::array<word, 16> words() const {
    std::array<word, 16> words{};
    for (std::size_t i = 0; i < 8; ++i) {
      words[i] = kind.words()[i];
      words[i + 8] = id.words()[i];
    }
    return words;
  }
  static constexpr documents_key of(words_view k) {
    short_text::words_type kind{};
    short_text::words_type id{};
    for (std::size_t i = 0; i < 8; ++i) {
      kind[i] = k[i];
      id[i] = k[i + 8];
    }
    return {short_text{kind}, short_text{id}};
  }
};

} // namespace storage
