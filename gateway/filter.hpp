#pragma once

#include "model/instant.hpp"
#include "model/outcome.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// The filter language of query parameters and report requests (klaviyo-api.md §1.6).
namespace gateway {

inline constexpr std::size_t filter_bytes_max = 10'000;
inline constexpr std::size_t filter_terms_max = 100;
inline constexpr std::size_t filter_items_max = 1'000; // Of one list.
inline constexpr std::size_t filter_nesting_max = 16;  // and( inside and(.

enum class filter_operator : std::uint8_t {
  equals,
  less_than,
  less_or_equal,
  greater_than,
  greater_or_equal,
  contains,
  contains_any,
  contains_all,
  starts_with,
  ends_with,
  any,
  has,
};

/// "less-or-equal".
std::string_view name_of(filter_operator o);

/// What a filter compares a field with: text was in quotes, an instant was not.
enum class filter_kind : std::uint8_t { text, number, boolean, instant };

/// The alternatives are in the order of `filter_kind`.
using filter_value = std::variant<std::string, double, bool, model::instant>;

/// `operation(field,value)`. All terms of a filter must hold.
struct filter_term {
  std::string field;
  filter_operator operation = filter_operator::equals;
  std::vector<filter_value> values; // None for `has`; all of one kind.
  bool is_list = false;             // The value was in brackets.
  std::size_t position = 0;         // Of its first character in the filter, from 1.

  // The first value, of a kind that was checked.
  [[nodiscard]] const std::string& text() const {
    return std::get<std::string>(values.front());
  }
  [[nodiscard]] double number() const {
    return std::get<double>(values.front());
  }
  [[nodiscard]] bool boolean() const {
    return std::get<bool>(values.front());
  }
  [[nodiscard]] model::instant instant() const {
    return std::get<model::instant>(values.front());
  }
  /// All values, of a term about text.
  [[nodiscard]] std::vector<std::string> texts() const;
};

/// Every term of `text`, `and(…)` taken apart; empty text gives none. The message of a failure says
/// at which character the filter is wrong and what may stand there.
model::outcome<std::vector<filter_term>> parse_filter(std::string_view text);

/// What an endpoint lets one field be compared with.
struct filter_rule {
  std::string field;
  std::vector<filter_operator> operators;
  filter_kind kind = filter_kind::text;
  /// `equals` and `contains` take a list too. `any`, `contains-any` and `contains-all` always need
  /// one, the others never do.
  bool may_be_list = false;
  std::vector<std::string> choices{}; // The only texts allowed; empty = every text.
};

/// What is wrong with each term by the rules, in order; none = all are allowed.
std::vector<std::string> check_filter(const std::vector<filter_term>& terms,
                                      const std::vector<filter_rule>& rules);

} // namespace gateway
