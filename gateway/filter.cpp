#include "gateway/filter.hpp"

#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace gateway {

namespace {

constexpr std::array<std::string_view, 12> operator_names = {
  "equals",           "less-than", "less-or-equal", "greater-than",
  "greater-or-equal", "contains",  "contains-any",  "contains-all",
  "starts-with",      "ends-with", "any",           "has"};
constexpr std::array<std::string_view, 4> kind_names = {
  "text in quotes", "a number", "true or false", "a date and time without quotes"};

constexpr bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.back()))
    text.remove_suffix(1);
  return text;
}

constexpr bool needs_list(filter_operator o) {
  return o == filter_operator::any || o == filter_operator::contains_any
      || o == filter_operator::contains_all;
}

constexpr bool takes_list(filter_operator o) {
  return needs_list(o) || o == filter_operator::equals || o == filter_operator::contains;
}

std::optional<filter_operator> operator_named(std::string_view name) {
  const auto found = std::ranges::find(operator_names, name);
  if (found == operator_names.end())
    return std::nullopt;
  return static_cast<filter_operator>(found - operator_names.begin());
}

/// What stands without quotes and is neither true nor false.
std::optional<filter_value> number_or_instant(std::string_view text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec == std::errc{} && read.ptr == end && std::isfinite(number)
      && (text.back() >= '0' && text.back() <= '9'))
    return number + 0.0; // -0 becomes 0.
  if (const auto at = read_instant(text))
    return *at;
  return std::nullopt;
}

/// Walks over the text. Functions that read answer false once something is wrong; then `fault` says
/// what.
class filter_parser {
public:
  explicit filter_parser(std::string_view text) : text_(text) {
  }

  model::outcome<std::vector<filter_term>> parse() {
    skip_spaces();
    if (at_ != text_.size() && (!read_expressions(0) || !ends()))
      return model::failure{model::failure_code::invalid_input, std::move(fault_)};
    return std::move(terms_);
  }

private:
  /// expr { "," expr }
  bool read_expressions(std::size_t depth) {
    do {
      if (!read_expression(depth))
        return false;
    } while (take(','));
    return true;
  }

  bool read_expression(std::size_t depth) {
    skip_spaces();
    const auto start = at_;
    const auto name = take_name();
    if (name == "and") {
      if (depth == filter_nesting_max)
        return fail(start, fmt::format("and( inside more than {} others", filter_nesting_max));
      return need('(') && read_expressions(depth + 1) && need(')');
    }
    const auto operation = operator_named(name);
    if (!operation)
      return fail(start, fmt::format("expected an operator ({}) or and(…), found {}",
                                     fmt::join(operator_names, ", "), found_at(start)));
    if (terms_.size() == filter_terms_max)
      return fail(start, fmt::format("more than {} conditions", filter_terms_max));
    filter_term term;
    term.operation = *operation;
    term.position = character(start);
    if (!need('(') || !read_field(term.field))
      return false;
    const bool has_value = *operation != filter_operator::has;
    if (has_value && !(need(',') && read_values(term)))
      return false;
    if (!need(')'))
      return false;
    terms_.push_back(std::move(term));
    return true;
  }

  bool read_field(std::string& field) {
    skip_spaces();
    const auto start = at_;
    const auto end = std::min(text_.find_first_of(",()[]\"'", start), text_.size());
    const auto name = trimmed(text_.substr(start, end - start));
    if (name.empty())
      return fail(start, fmt::format("expected the name of a field, found {}", found_at(start)));
    field = name;
    at_ = end;
    return true;
  }

  bool read_values(filter_term& term) {
    skip_spaces();
    const auto start = at_;
    term.is_list = take('[');
    if (term.is_list && !takes_list(term.operation))
      return fail(start, fmt::format("{} takes one value, found a list", name_of(term.operation)));
    if (!term.is_list && needs_list(term.operation))
      return fail(start, fmt::format("{} needs a list in brackets, found {}",
                                     name_of(term.operation), found_at(start)));
    do {
      if (term.values.size() == filter_items_max)
        return fail(at_, fmt::format("a list of more than {} values", filter_items_max));
      skip_spaces();
      const auto item = at_;
      if (!read_value(term))
        return false;
      if (term.values.back().index() != term.values.front().index())
        return fail(item, fmt::format("the values of a list must be of one kind; expected {}",
                                      kind_names[term.values.front().index()]));
    } while (term.is_list && take(','));
    return !term.is_list || need(']');
  }

  bool read_value(filter_term& term) {
    if (at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\''))
      return read_text(term);
    const auto start = at_;
    const auto end = std::min(text_.find_first_of(",()[]\"'", start), text_.size());
    const auto word = trimmed(text_.substr(start, end - start));
    at_ = end;
    if (word == "true" || word == "false") {
      term.values.emplace_back(word == "true");
      return true;
    }
    if (!word.empty())
      if (auto value = number_or_instant(word)) {
        term.values.push_back(std::move(*value));
        return true;
      }
    return fail(start, fmt::format("expected text in quotes, a number, true, false or a date and "
                                   "time as 2024-01-31T08:00:00Z, found {}",
                                   found_at(start)));
  }

  /// In double or single quotes, with the escapes of JSON and \'.
  bool read_text(filter_term& term) {
    const auto start = at_;
    const auto quote = text_[at_++];
    std::string literal = "\"";
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      const auto c = text_[at_];
      if (c == '\\' && at_ + 1 < text_.size()) {
        literal += text_[++at_] == '\'' ? "" : "\\";
        literal += text_[at_];
      } else if (c == '"') { // Between single quotes.
        literal += "\\\"";
      } else {
        literal += c;
      }
    }
    if (at_ == text_.size())
      return fail(start, "the text has no closing quote");
    ++at_;
    literal += '"';
    std::vector<json_fault> faults;
    const auto text = read_json(literal, faults);
    if (!text)
      return fail(start, "the text has an escape that JSON does not have, or a control character");
    term.values.emplace_back(std::string{text->as_string()});
    return true;
  }

  // --- single characters ---

  void skip_spaces() {
    while (at_ < text_.size() && is_space(text_[at_]))
      ++at_;
  }

  std::string_view take_name() {
    const auto start = at_;
    while (at_ < text_.size() && ((text_[at_] >= 'a' && text_[at_] <= 'z') || text_[at_] == '-'))
      ++at_;
    return text_.substr(start, at_ - start);
  }

  bool take(char c) {
    skip_spaces();
    if (at_ == text_.size() || text_[at_] != c)
      return false;
    ++at_;
    return true;
  }

  bool need(char c) {
    return take(c) || fail(at_, fmt::format("expected '{}', found {}", c, found_at(at_)));
  }

  bool ends() {
    skip_spaces();
    return at_ == text_.size()
        || fail(at_, fmt::format("expected ',' or the end, found {}", found_at(at_)));
  }

  /// A few characters for an error, cut between characters.
  [[nodiscard]] std::string found_at(std::size_t at) const {
    if (at >= text_.size())
      return "the end";
    constexpr std::size_t shown = 20;
    auto size = std::min(shown, text_.size() - at);
    while (size > 1 && at + size < text_.size() && (text_[at + size] & 0xC0) == 0x80)
      --size;
    return fmt::format("'{}'", text_.substr(at, size));
  }

  /// The number of the character at a byte.
  [[nodiscard]] std::size_t character(std::size_t at) const {
    return 1 + static_cast<std::size_t>(std::ranges::count_if(text_.substr(0, at), [](char c) {
             return (c & 0xC0) != 0x80;
           }));
  }

  bool fail(std::size_t at, std::string_view reason) {
    fault_ = fmt::format("character {}: {}", character(at), reason);
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<filter_term> terms_;
  std::string fault_;
};

/// "equals, any".
std::string listed(const std::vector<filter_operator>& operators) {
  std::vector<std::string_view> names;
  names.reserve(operators.size());
  for (const auto o : operators)
    names.push_back(name_of(o));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string listed_fields(const std::vector<filter_rule>& rules) {
  std::vector<std::string_view> names;
  for (const auto& rule : rules)
    if (std::ranges::find(names, rule.field) == names.end())
      names.emplace_back(rule.field);
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// Empty = the value is as the rule, which allows the operator, has it.
std::string fault_of_value(const filter_term& term, const filter_rule& rule) {
  if (term.values.empty())
    return {};
  if (term.values.front().index() != static_cast<std::size_t>(rule.kind))
    return fmt::format("'{}' is compared with {}", term.field,
                       kind_names[static_cast<std::size_t>(rule.kind)]);
  if (term.is_list && !rule.may_be_list && !needs_list(term.operation))
    return fmt::format("{} of '{}' takes one value, not a list", name_of(term.operation),
                       term.field);
  if (rule.choices.empty())
    return {};
  for (const auto& text : term.texts())
    if (std::ranges::find(rule.choices, text) == rule.choices.end())
      return fmt::format("'{}' is no value of '{}'; allowed: {}", text, term.field,
                         fmt::join(rule.choices, ", "));
  return {};
}

/// Empty = the term keeps one of the rules of its field.
std::string fault_of(const filter_term& term, const std::vector<filter_rule>& rules) {
  std::vector<filter_operator> operators;
  std::string fault;
  for (const auto& rule : rules) {
    if (rule.field != term.field)
      continue;
    operators.insert(operators.end(), rule.operators.begin(), rule.operators.end());
    if (std::ranges::find(rule.operators, term.operation) == rule.operators.end())
      continue;
    fault = fault_of_value(term, rule);
    if (fault.empty())
      return {};
  }
  if (operators.empty())
    return fmt::format("'{}' cannot be filtered; allowed: {}", term.field, listed_fields(rules));
  if (fault.empty())
    return fmt::format("'{}' cannot be filtered with {}; allowed: {}", term.field,
                       name_of(term.operation), listed(operators));
  return fault;
}

} // namespace

std::string_view name_of(filter_operator o) {
  return operator_names[static_cast<std::size_t>(o)];
}

std::vector<std::string> filter_term::texts() const {
  std::vector<std::string> all;
  for (const auto& value : values)
    all.push_back(std::get<std::string>(value));
  return all;
}

model::outcome<std::vector<filter_term>> parse_filter(std::string_view text) {
  if (text.size() > filter_bytes_max)
    return model::failure{
      model::failure_code::invalid_input,
      fmt::format("a filter of {} bytes; at most {} are allowed", text.size(), filter_bytes_max)};
  if (!simdjson::validate_utf8(text))
    return model::failure{model::failure_code::invalid_input, "a filter must be valid UTF-8"};
  return filter_parser{text}.parse();
}

std::vector<std::string> check_filter(const std::vector<filter_term>& terms,
                                      const std::vector<filter_rule>& rules) {
  std::vector<std::string> faults;
  for (const auto& term : terms)
    if (const auto fault = fault_of(term, rules); !fault.empty())
      faults.push_back(fmt::format("character {}: {}", term.position, fault));
  return faults;
}

} // namespace gateway
