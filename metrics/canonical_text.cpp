#include "metrics/canonical_text.hpp"

#include "metrics/where.hpp"
#include "model/value.hpp"

#include <xxhash.h>

#include <vector>

namespace metrics {

canonical_text& canonical_text::add(std::string_view piece) {
  model::append_json_string(text_, piece);
  return *this;
}

std::string canonical_text::hash() const {
  constexpr std::string_view digits = "0123456789abcdef";
  const auto value = XXH3_64bits(text_.data(), text_.size());
  std::string hex;
  for (int shift = 60; shift >= 0; shift -= 4)
    hex.push_back(digits[(value >> shift) & 0xF]);
  return hex;
}

std::string canonical_of(const std::string& where) {
  std::vector<segments::definition_error> errors;
  const auto read = parse_where(where, errors);
  return errors.empty() ? canonical_where(read) : where;
}

} // namespace metrics
