#include "metrics/toml_tree.hpp"

#include "model/value.hpp"

#include <string_view>

namespace metrics {

/// What the library's assertions become: a text can violate them (`[ }` does), and no text may end
/// the program. The one that is let pass is followed by a proper complaint of the library's.
struct toml_assertion_failed {};
constexpr void must_hold_in_toml(bool holds, std::string_view what) {
  if (!holds && what != "!is_value_terminator(*cp)")
    throw toml_assertion_failed{};
}

} // namespace metrics

// Faults are values here, and nesting has a bound: whoever destroys a tree goes as deep as it is.
#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 16
#define TOML_ASSERT(expression) metrics::must_hold_in_toml(bool(expression), #expression)
#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <utility>

namespace metrics {

namespace {

/// The first line with more dots than may open tables; 0 = none.
std::uint32_t line_too_deep(std::string_view text) {
  std::uint32_t line = 1;
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
    } else if (c == '.' && ++dots > toml_dots_max) {
      return line;
    }
  }
  return 0;
}

std::uint32_t line_of(const toml::source_region& region) {
  return std::max(std::uint32_t{region.begin.line}, std::uint32_t{1});
}

template <class T>
std::string printed(const T& value) {
  std::ostringstream out;
  out << value;
  return std::move(out).str();
}

/// Turns a parsed document into our values.
class converter {
public:
  converter(const std::string& file, std::vector<dictionary_fault>& faults)
    : file_(file), faults_(faults) {
  }

  toml_value convert(const toml::node& node) {
    toml_value made;
    made.line = line_of(node.source());
    if (const auto* table = node.as_table()) {
      made.kind = toml_kind::table;
      for (const auto& [key, value] : *table)
        made.members.push_back({std::string{key.str()}, line_of(key.source()), convert(value)});
      std::ranges::sort(made.members, {}, &toml_member::key);
    } else if (const auto* array = node.as_array()) {
      made.kind = toml_kind::array;
      for (const auto& item : *array)
        made.items.push_back(convert(item));
    } else {
      convert_single(node, made);
    }
    return made;
  }

private:
  void convert_single(const toml::node& node, toml_value& made) {
    if (const auto* text = node.as_string()) {
      made.kind = toml_kind::text;
      made.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
      made.kind = toml_kind::integer;
      made.integer = integer->get();
      made.number = static_cast<double>(made.integer);
    } else if (const auto* number = node.as_floating_point()) {
      made.kind = toml_kind::number;
      made.number = number->get();
      if (!std::isfinite(made.number)) {
        faults_.push_back({{file_, made.line},
                           "found a number that is not finite; write one that "
                           "is, or leave it out"});
        made.number = 0;
      }
    } else if (const auto* truth = node.as_boolean()) {
      made.kind = toml_kind::truth;
      made.truth = truth->get();
    } else {
      made.kind = toml_kind::date;
      if (const auto* date = node.as_date())
        made.text = printed(date->get());
      else if (const auto* time = node.as_time())
        made.text = printed(time->get());
      else if (const auto* both = node.as_date_time())
        made.text = printed(both->get());
    }
  }

  const std::string& file_;
  std::vector<dictionary_fault>& faults_;
};

void append_json(std::string& out, const toml_value& value) {
  switch (value.kind) {
  case toml_kind::text:
  case toml_kind::date:
    model::append_json_string(out, value.text);
    return;
  case toml_kind::integer:
    out += std::to_string(value.integer);
    return;
  case toml_kind::number:
    out += model::format_number(value.number);
    return;
  case toml_kind::truth:
    out += value.truth ? "true" : "false";
    return;
  case toml_kind::array:
    out += '[';
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      out += i == 0 ? "" : ",";
      append_json(out, value.items[i]);
    }
    out += ']';
    return;
  case toml_kind::table:
    out += '{';
    for (std::size_t i = 0; i < value.members.size(); ++i) {
      out += i == 0 ? "" : ",";
      model::append_json_string(out, value.members[i].key);
      out += ':';
      append_json(out, value.members[i].value);
    }
    out += '}';
    return;
  }
}

} // namespace

const toml_value* toml_value::find(std::string_view key) const {
  const auto found = std::ranges::lower_bound(members, key, std::less<>{}, &toml_member::key);
  return found != members.end() && found->key == key ? &found->value : nullptr;
}

std::optional<toml_value> read_toml(const dictionary_file& file,
                                    std::vector<dictionary_fault>& faults) {
  const auto refuse = [&](std::uint32_t line, std::string message) {
    faults.push_back({source_place{file.name, line}, std::move(message)});
    return std::nullopt;
  };
  if (file.text.size() > dictionary_bytes_max)
    return refuse(1, std::to_string(file.text.size()) + " bytes; a file has at most "
                       + std::to_string(dictionary_bytes_max));
  if (const auto line = line_too_deep(file.text); line != 0)
    return refuse(line, "more than " + std::to_string(toml_dots_max)
                          + " dots; break the line, or nest less");
  try {
    const auto parsed = toml::parse(std::string_view{file.text}, std::string_view{file.name});
    if (!parsed)
      return refuse(line_of(parsed.error().source()),
                    "no TOML: " + std::string{parsed.error().description()});
    return converter{file.name, faults}.convert(parsed.table());
  } catch (const toml_assertion_failed&) {
    return refuse(1, "no TOML: the reader does not understand the file");
  }
}

std::string to_json(const toml_value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

} // namespace metrics
