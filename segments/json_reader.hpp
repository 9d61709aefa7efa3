#pragma once

#include "segments/parse.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace segments {

enum class json_kind : std::uint8_t { null, boolean, number, text, array, object };

struct json_member;

/// One value of a JSON document. Numbers are the nearest double to what is written, which
/// Boost.JSON's own conversion in 1.81 does not promise.
struct json_value {
  json_kind kind = json_kind::null;
  bool truth = false;
  double number = 0; // Infinite when a double cannot hold it.
  std::string text;  // Of text; of a number: as written.
  std::vector<json_value> items;
  std::vector<json_member> members;

  /// Null when there is no such member.
  [[nodiscard]] const json_value* find(std::string_view key) const;
};

struct json_member {
  std::string key;
  json_value value;
};

/// Reads one document. Adds an error for text that is no JSON (then there is no value) and for each
/// key that an object has twice (then the first one stays).
std::optional<json_value> read_json(std::string_view text, std::vector<definition_error>& errors);

/// The value on one line, as JSON again.
std::string json_text(const json_value& value);

/// The value on one line, cut to 60 characters.
std::string shortened(const json_value& value);

/// The same for text that is to stand as a JSON string.
std::string shortened(std::string_view text);

/// `base` with one more token, `~` and `/` escaped.
std::string pointer_to(std::string_view base, std::string_view key);

} // namespace segments
