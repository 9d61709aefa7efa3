#pragma once

#include "model/change.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Who is meant: identifier → (partition, profile number). Pure memory, rebuilt from the
/// partitions; no CAF.
namespace actors {

enum class identifier_kind : std::uint8_t { external_id, email, phone_number };
inline constexpr std::size_t identifier_kinds = 3;

/// "external_id", "email", "phone_number".
const char* name_of(identifier_kind kind);

/// The texts of the three kinds, in the order of identifier_kind; empty = not named.
using identifier_texts = std::array<std::string_view, identifier_kinds>;

struct profile_place {
  std::uint32_t partition = 0;
  std::uint32_t profile = 0;
  friend bool operator==(const profile_place&, const profile_place&) = default;
};

/// 96 bits of an identifier's keyed hash. Two identifiers of one kind share one with a probability
/// of about n² / 2^97.
struct fingerprint {
  std::array<std::uint32_t, 3> bits{};
  friend bool operator==(const fingerprint&, const fingerprint&) = default;
};

/// `key`: see identity.
fingerprint fingerprint_of(identifier_kind kind, std::string_view text, std::uint64_t key);

/// One identifier of a profile of some partition, ready for the table.
struct printed_identifier {
  fingerprint print;
  identifier_kind kind{};
  std::uint32_t profile = 0;
};

/// An open-addressing table of 16-byte entries in 256 shards that grow one by one.
class fingerprint_table {
public:
  fingerprint_table();
  /// The number stored with a print; nothing = it is not there.
  [[nodiscard]] std::optional<std::uint32_t> find(const fingerprint& print) const;
  void put(const fingerprint& print, std::uint32_t number); // Replaces.
  bool erase(const fingerprint& print);
  void prefetch(const fingerprint& print) const;
  /// Grows once for `more` new prints instead of step by step.
  void make_room(std::size_t more);
  [[nodiscard]] std::size_t size() const;
  [[nodiscard]] std::size_t bytes() const;

private:
  struct entry {
    std::array<std::uint32_t, 3> bits;
    std::uint32_t number_plus_one; // 0 = free.
  };
  struct shard {
    std::vector<entry> entries;
    std::size_t used = 0;
  };
  static std::size_t home(const fingerprint& print, std::size_t capacity);
  static void grow(shard& s, std::size_t wanted);
  std::vector<shard> shards_;
};

/// The account's people by what they are called. External id first, then e-mail, then phone; texts
/// are compared exactly as given (S12).
class identity {
public:
  /// `key` makes the fingerprints unforeseeable; any number will do and it need not be the same
  /// next time.
  identity(std::uint32_t partitions, std::uint64_t key);

  struct resolution {
    enum class what : std::uint8_t {
      known,
      created,  // The profile has to be made: its number is the next of its partition.
      unknown,  // Nobody is called that (and nobody was to be made).
      conflict, // Two identifiers belong to different profiles.
      nameless, // No identifier was given.
    } kind = what::unknown;
    profile_place place{};
    /// Identifiers that are new to the profile, by kind; the partition has to learn these.
    std::array<bool, identifier_kinds> learned{};
    /// A new identifier takes the place of one that the profile had: that one is released only by
    /// the partition's answer, so whoever is named after this record can be told only then.
    bool replaces = false;
    std::string reason{}; // Of a conflict, naming both.
  };

  enum class intent : std::uint8_t {
    look,    // Changes nothing, makes nobody.
    mention, // Makes an unknown profile; gives a known one the identifiers of kinds that it lacks.
    declare, // Makes an unknown profile; gives a known one every identifier, in place of those that
             // it has.
  };
  resolution resolve(const identifier_texts& who, intent what);

  /// Computes what the records [first, first + count) name ahead of `resolve_record`, so that the
  /// table's memory is on its way. At most `ahead_max` records.
  static constexpr std::size_t ahead_max = 32;
  void look_ahead(const model::change_batch& batch, std::size_t first, std::size_t count);
  /// As `resolve`, for a record that the last `look_ahead` covered.
  resolution resolve_record(const model::change_batch& batch, std::size_t record, intent what);

  [[nodiscard]] std::optional<profile_place> find(identifier_kind kind,
                                                  std::string_view text) const;
  /// Which partition a profile with this first identifier is made in; the same in every process.
  [[nodiscard]] std::uint32_t home_of(const identifier_texts& who) const;

  /// The identifier leads to its profile no more. Does nothing when it leads to another one by now.
  void release(identifier_kind kind, std::string_view text, profile_place place);
  /// The identifier leads to this profile from now on.
  void bind(identifier_kind kind, std::string_view text, profile_place place);
  /// The profile lost its identifier of this kind and has no other.
  void forget_kind(profile_place place, identifier_kind kind);
  [[nodiscard]] bool has(profile_place place, identifier_kind kind) const;

  /// How many numbers a partition has given. Raised by creations.
  [[nodiscard]] std::uint32_t numbers(std::uint32_t partition) const;

  /// Takes over what a partition told: how many numbers it gave and who is called what.
  void load(std::uint32_t partition, std::uint32_t number_count,
            std::span<const printed_identifier> all);
  [[nodiscard]] std::uint64_t key() const {
    return key_;
  }

  [[nodiscard]] std::size_t size() const; // Identifiers.
  [[nodiscard]] std::size_t bytes() const;

private:
  using prints = std::array<fingerprint, identifier_kinds>;
  resolution resolve(const identifier_texts& who, const prints& printed, intent what);
  void learn(const identifier_texts& who, const prints& printed, intent what, resolution& r);
  std::uint8_t& kinds_of(profile_place place);
  [[nodiscard]] std::uint32_t number_of(profile_place place) const;
  [[nodiscard]] profile_place place_of(std::uint32_t number) const;

  std::uint32_t partitions_;
  std::uint64_t key_;
  fingerprint_table table_;
  std::vector<std::vector<std::uint8_t>>
    kinds_; // Per partition and profile number: one bit for each kind it has.
  std::array<prints, ahead_max> ahead_{};
  std::size_t ahead_first_ = 0;
};

/// The identifiers of a record as texts.
identifier_texts texts_of(const model::change_batch& batch, const model::identifier_refs& who);

} // namespace actors
