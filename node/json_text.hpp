#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace node {

/// Writes a JSON object member by member, in the order given, numbers in their shortest form. For
/// the small answers of the command line; members may hold ready JSON.
class json_object {
public:
  json_object& text(std::string_view name, std::string_view value);
  json_object& number(std::string_view name, double value);
  json_object& count(std::string_view name, std::uint64_t value);
  json_object& boolean(std::string_view name, bool value);
  json_object& null(std::string_view name);
  /// `json` must be a JSON value.
  json_object& raw(std::string_view name, std::string_view json);
  [[nodiscard]] std::string done() const {
    return body_ + '}';
  }

private:
  void name(std::string_view name);

  std::string body_ = "{";
};

class json_array {
public:
  json_array& text(std::string_view value);
  /// `json` must be a JSON value.
  json_array& raw(std::string_view json);
  [[nodiscard]] std::string done() const {
    return body_ + ']';
  }

private:
  std::string body_ = "[";
};

/// JSON for people: two spaces a level, one member a line; numbers stay as they are written. `json`
/// must be JSON without spaces between its parts.
std::string indented(std::string_view json);

} // namespace node
