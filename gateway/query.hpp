#pragma once

#include "gateway/exchange.hpp"
#include "gateway/filter.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What a request's query says, held against what an endpoint allows (klaviyo-api.md §1.4, §1.5).
namespace gateway {

/// Names of fields, by type of resource: "profile" → "email", "location.city".
using names_by_type = std::map<std::string, std::vector<std::string>, std::less<>>;

struct page_rule {
  std::size_t preset = 20; // Without page[size].
  std::size_t min = 1;
  std::size_t max = 100;
};

/// What one endpoint takes. Make it once for each route; what is left out is not allowed.
struct query_rules {
  std::vector<filter_rule> filters{};
  std::vector<std::string> sorts{}; // Without the minus.
  std::vector<std::string> includes{};
  names_by_type fields{};            // fields[type]; see gateway/field_names.hpp.
  names_by_type additional_fields{}; // additional-fields[type].
  std::optional<page_rule> page{};   // page[size].
  bool has_cursor = false;           // page[cursor].
  bool has_page_cursor = false;      // page_cursor, as reports call it.
  /// Parameters that the handler reads by itself ("company_id").
  std::vector<std::string> others{};
};

inline const query_rules nothing_allowed{};

struct parsed_query {
  std::vector<filter_term> filter{}; // Allowed by the rules in field, operator, kind and form.
  std::string sort{};                // Without the minus; empty = none was asked for.
  bool is_descending = false;
  std::vector<std::string> include{};
  /// Only these fields are wanted; a type that is not here wants all. Additional fields that were
  /// asked for are among them.
  names_by_type fields{};
  names_by_type additional_fields{};
  std::size_t page_size = 0; // 0 = the endpoint has no page[size].
  std::string cursor{};      // As given, for open_cursor (gateway/cursor.hpp); empty = the start.

  [[nodiscard]] bool includes(std::string_view relationship) const;
  [[nodiscard]] bool has_additional(std::string_view type, std::string_view field) const;
  /// Null = all fields are wanted.
  [[nodiscard]] const std::vector<std::string>* fields_of(std::string_view type) const;
};

/// Throws a refusal with every mistake: an unknown parameter, one given twice, a value that is not
/// allowed. Each names its parameter and says what is allowed.
parsed_query parse_query(const request& asked, const query_rules& rules);

/// A cursor may come as the whole address that a `links.next` held, encoded once or twice: the
/// cursor inside it, or `value` itself when that is no address.
std::string cursor_inside(std::string_view value);

} // namespace gateway
