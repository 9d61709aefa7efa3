#pragma once

#include "metrics/dictionary.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace metrics {

/// Bounds of one file, so that no text can exhaust the reader.
inline constexpr std::size_t dictionary_bytes_max = 1 << 20;
inline constexpr std::size_t toml_dots_max = 100; // On one line; each may open a table.

enum class toml_kind : std::uint8_t { text, integer, number, truth, date, array, table };

struct toml_member;

/// One value of a TOML document with the line where it stands.
struct toml_value {
  toml_kind kind = toml_kind::table;
  std::uint32_t line = 0; // From 1.
  std::string text;       // Of text and dates.
  std::int64_t integer = 0;
  double number = 0; // Of integers too; always finite.
  bool truth = false;
  std::vector<toml_value> items;
  std::vector<toml_member> members; // Sorted by key.

  /// Null when there is no such member.
  [[nodiscard]] const toml_value* find(std::string_view key) const;
};

struct toml_member {
  std::string key;
  std::uint32_t line = 0;
  toml_value value;
};

/// Reads one file; nothing and a fault when it is no TOML or beyond the bounds. Never throws.
std::optional<toml_value> read_toml(const dictionary_file& file,
                                    std::vector<dictionary_fault>& faults);

/// The value as JSON text; dates become text.
std::string to_json(const toml_value& value);

} // namespace metrics
