#pragma once

#include "actors/identity.hpp"
#include "model/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Pieces of everybody in some order: what a partition is asked, and what it answers. Orders are
/// total and the same in every partition, so that its answers can be merged and a page goes on
/// behind the key of the last line.
namespace actors {

// --- profiles

enum class profile_order : std::uint8_t {
  place,
  instant, // Of an attribute that names one.
  text,    // Of an attribute, as far as `order_text_bytes_max`.
  joined   // The instant of joining the list.
};

inline constexpr std::size_t order_text_bytes_max = 256;

/// A line of a list of profiles, and its key.
struct profile_line {
  bool is_without = false; // Has nothing to be ordered by, and comes last.
  std::int64_t at = 0;     // Milliseconds; of `instant` and `joined`.
  std::string text{};      // Of `text`.
  profile_place place{};
  std::optional<std::int64_t> joined_at{}; // Of a list, milliseconds. No part of the key.
};

struct profile_question {
  profile_order order = profile_order::place;
  bool is_descending = false;
  std::string attribute{};            // That orders; of `instant` and `text`.
  std::string list{};                 // Name; empty = everybody.
  std::optional<std::int64_t> from{}; // Of the instant that orders, milliseconds, inclusive.
  std::optional<std::int64_t> to{};   // Exclusive.
  std::optional<profile_line> after{};
  std::size_t limit = 0;
};

/// Equal keys come by place, also when the order is descending.
bool comes_before(const profile_line& a, const profile_line& b, const profile_question& order);

struct profile_lines {
  std::vector<profile_line> lines; // The first ones, in order.
};

// --- events

/// Finds an event, and orders events.
struct event_key {
  std::int64_t time = 0; // Milliseconds.
  profile_place place{};
  std::uint32_t metric = 0;  // Its number in the partition.
  std::uint64_t id_hash = 0; // Of the unique id.
  friend bool operator==(const event_key&, const event_key&) = default;
};

/// Oldest first.
bool comes_before(const event_key& a, const event_key& b);

std::uint64_t hash_of_unique_id(std::string_view unique_id);

struct event_question {
  std::optional<std::uint32_t> profile{};            // Number; nothing = everybody.
  std::optional<std::vector<std::string>> metrics{}; // Names; nothing = all.
  std::optional<std::int64_t> from{};                // Milliseconds, inclusive.
  std::optional<std::int64_t> to{};                  // Exclusive.
  bool newest_first = false;
  std::optional<event_key> after{};
  std::size_t limit = 0;
};

struct event_keys {
  std::vector<event_key> keys; // The first ones, in order.
};

/// An event with all that was sent.
struct event_content {
  std::string metric;
  std::optional<double> value{};
  std::string unique_id;
  std::string properties; // JSON object, by name.
};

// --- properties of a metric's events

struct property_question {
  std::string metric; // Name.
};

struct property_sample {
  std::string name;
  /// Values looked at, by model::value_kind; a list that holds lists or objects counts as a list.
  std::array<std::uint32_t, 6> kinds{};
  std::uint32_t dates = 0;         // Texts among them that name an instant.
  std::vector<std::string> values; // A few different ones, as text.
};

struct property_samples {
  std::vector<property_sample> properties; // By name.
};

// --- any of them

using listing_question = std::variant<profile_question, event_question, property_question>;
using listing_answer = std::variant<profile_lines, event_keys, property_samples>;

} // namespace actors
