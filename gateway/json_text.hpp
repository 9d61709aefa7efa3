#pragma once

#include "model/instant.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// One mistake in a JSON text.
struct json_fault {
  std::string pointer; // Empty = the text as a whole.
  std::string reason;  // With the position where there is one.
};

inline constexpr std::size_t json_nesting_max = 32;

/// Reads one JSON text in UTF-8. Numbers with a point, an exponent or too many digits become the
/// nearest double, which Boost.JSON 1.81 alone does not promise. A key that an object has twice is
/// a fault; then, as for text that is no JSON or nested too deeply, there is no value.
std::optional<boost::json::value> read_json(std::string_view text, std::vector<json_fault>& faults);

/// Reads JSON that we have written ourselves; asserts that it is sound.
boost::json::value own_json(std::string_view text);

/// On one line, numbers in their shortest form that reads back the same (12.5, not 1.25E1).
std::string json_text(const boost::json::value& value);
void append_json(std::string& out, const boost::json::value& value);

/// A member that is text; empty = there is none.
std::string_view text_in(const boost::json::object& from, std::string_view key);

/// As our own routes and documents have it: to the millisecond, or null.
boost::json::value our_instant(const std::optional<model::instant>& at);

} // namespace gateway
