#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace storage {

/// How the number of an event's unique id is written.
enum class id_shape : std::uint8_t {
  literal = 0, // No number: the id is its prefix.
  decimal = 1, // 1 to 18 digits.
  hex = 2,     // 32 lower-case hexadecimal digits.
  uuid = 3,    // Lower-case, 8-4-4-4-12.
  seconds = 4, // The event's time in whole seconds as decimal text: kept as no number at all. Only
               // inside blocks.
};

/// A unique id taken apart: a prefix that many ids share, and a number of up to 128 bits. Every
/// text has exactly one such form, so equal texts have equal parts and the reverse.
struct split_id {
  std::string_view prefix;
  id_shape shape = id_shape::literal;
  std::uint8_t
    digits = 0; // Of a decimal with leading zeros: how many digits; 0 = written naturally.
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const split_id&, const split_id&) = default;
};

/// Takes any bytes apart; `prefix` points into `id`.
split_id split(std::string_view id);

/// The text again. Not for id_shape::seconds.
std::string join(const split_id& id);

/// The id of an event that came without one: its time in whole seconds, rounded down (semantics
/// S2).
std::string seconds_id(std::int64_t time_ms);

/// Whether `id` is the text that `seconds_id` makes of this time.
bool is_seconds_id(const split_id& id, std::int64_t time_ms);

/// Milliseconds as whole seconds, rounded down.
std::int64_t whole_seconds(std::int64_t time_ms);

} // namespace storage
