#pragma once

#include "segments/json_reader.hpp"
#include "segments/parse.hpp"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace segments {

/// A spot in the document that is being read, and the list that its mistakes go to. Reading
/// functions give nothing when the spot holds something else than asked for; the mistake is on the
/// list then.
class place {
public:
  place(const json_value* value, std::string pointer, std::vector<definition_error>& errors)
    : value_(value), pointer_(std::move(pointer)), errors_(&errors) {
  }

  /// False: the object that should hold it has no such member.
  [[nodiscard]] bool is_there() const {
    return value_ != nullptr;
  }
  /// Absent or null.
  [[nodiscard]] bool is_nothing() const {
    return value_ == nullptr || value_->kind == json_kind::null;
  }
  [[nodiscard]] bool is(json_kind kind) const {
    return value_ != nullptr && value_->kind == kind;
  }
  [[nodiscard]] const json_value& value() const {
    return *value_;
  }
  [[nodiscard]] const std::string& pointer() const {
    return pointer_;
  }
  [[nodiscard]] std::vector<definition_error>& errors() const {
    return *errors_;
  }

  /// Notes a mistake: what stands here, and what may.
  void refuse(std::string allowed) const;

  [[nodiscard]] place member(std::string_view key) const;
  [[nodiscard]] place item(std::size_t index) const;
  [[nodiscard]] std::size_t items() const {
    return value_->items.size();
  }

  /// Refuses everything but an object.
  [[nodiscard]] bool must_be_object(std::string_view what) const;
  /// Refuses everything but an array that has at least one item.
  [[nodiscard]] bool must_be_filled_array(std::string_view what) const;
  /// Refuses every member of this object that is not listed.
  void must_have_only(std::span<const std::string_view> fields) const;
  void must_have_only(std::initializer_list<std::string_view> fields) const {
    must_have_only(std::span{fields.begin(), fields.size()});
  }

  [[nodiscard]] std::optional<std::string> text(std::string_view what) const;
  [[nodiscard]] std::optional<bool> truth() const;
  [[nodiscard]] std::optional<double> number(std::string_view what) const;
  /// A whole number; `24.0` is one.
  [[nodiscard]] std::optional<std::int64_t> integer(std::int64_t least, std::int64_t most) const;
  /// One of the listed texts, as its index.
  [[nodiscard]] std::optional<std::size_t> choice(std::span<const std::string_view> choices) const;
  /// An array of text, which may be empty.
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view what) const;

private:
  const json_value* value_;
  std::string pointer_;
  std::vector<definition_error>* errors_;
};

/// `"a", "b", "c"`, and `; did you mean "b"?` when `written` is nearly one of them.
std::string listed(std::span<const std::string_view> choices, std::string_view written = {});

} // namespace segments
