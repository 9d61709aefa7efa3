#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace model {

/// What a property can hold. Filters match one kind only (semantics S6).
enum class value_kind : std::uint8_t {
  unset = 0, // Key absent or null (S5).
  text = 1,
  number = 2, // Double; integers beyond 2^53 lose their last digits (S11).
  boolean = 3,
  list = 4,   // Flat list of text, number, boolean; see list_items.
  nested = 5, // Object, or a list that holds lists or objects: kept, shown, never matched (S9).
};

/// A value without its memory. `text` is the text itself, the encoded items of a list, or the JSON
/// of something nested; it must outlive the view. Booleans are `number` 0 or 1.
struct value_view {
  value_kind kind = value_kind::unset;
  double number = 0;
  std::string_view text{};

  [[nodiscard]] bool is_set() const {
    return kind != value_kind::unset;
  }
  /// Same kind and same bits; NaN never occurs in stored numbers and -0 equals 0.
  friend bool operator==(const value_view& a, const value_view& b) {
    return a.kind == b.kind && a.number == b.number && a.text == b.text;
  }
};

/// A value that owns its text.
struct value {
  value_kind kind = value_kind::unset;
  double number = 0;
  std::string text{};

  value() = default;
  explicit value(value_view v) : kind(v.kind), number(v.number), text(v.text) {
  }
  static value of_text(std::string_view t) {
    return value{value_view{value_kind::text, 0, t}};
  }
  static value of_number(double n) {
    return value{value_view{value_kind::number, n, {}}};
  }
  static value of_boolean(bool b) {
    return value{value_view{value_kind::boolean, b ? 1.0 : 0.0, {}}};
  }
  [[nodiscard]] value_view view() const {
    return {kind, number, text};
  }
  friend bool operator==(const value& a, const value& b) {
    return a.view() == b.view();
  }
};

/// Appends one item (text, number or boolean) to the encoded items of a list:
/// kind (1 byte), then a text's length (4 bytes, little endian) and bytes, or a number's 8 bytes,
/// or a boolean's 1.
void append_list_item(std::string& items, value_view item);

/// Walks the encoded items of a list: `while (auto item = items.next()) …`. An item of kind unset
/// ends it.
class list_items {
public:
  explicit list_items(std::string_view encoded) : rest_(encoded) {
  }
  /// The next item, or an unset view at the end.
  value_view next();

private:
  std::string_view rest_;
};

/// The value as JSON text, numbers in their shortest form that reads back the same.
std::string to_json(value_view v);

/// Appends a JSON string literal, quotes included.
void append_json_string(std::string& out, std::string_view text);

/// Shortest decimal form that reads back as the same double; integers without a point.
std::string format_number(double n);

} // namespace model
