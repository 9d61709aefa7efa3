#include "gateway/query.hpp"

#include "gateway/errors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace gateway {

namespace {

constexpr std::string_view page_size = "page[size]";
constexpr std::string_view page_cursor = "page[cursor]";
constexpr std::string_view flat_cursor = "page_cursor";
constexpr std::size_t names_max = 200; // In one comma list.
constexpr std::size_t mistakes_max = 100;
constexpr std::size_t shown_max = 60; // Bytes of a value that an error repeats.

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "));
}

/// Cut between characters.
std::string_view shortened(std::string_view text) {
  auto size = std::min(text.size(), shown_max);
  while (size < text.size() && size > 0 && (text[size] & 0xC0) == 0x80)
    --size;
  return text.substr(0, size);
}

/// Without blanks around them, and each once; no more than one too many.
std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const auto end = std::min(list.find(','), list.size());
    auto name = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    while (name.starts_with(' '))
      name.remove_prefix(1);
    while (name.ends_with(' '))
      name.remove_suffix(1);
    if (!contains(names, name))
      names.emplace_back(name);
    if (names.size() > names_max)
      break;
  }
  return names;
}

/// The type in `fields[type]`; nothing = it has another form.
std::optional<std::string_view> type_in(std::string_view name, std::string_view family) {
  if (!name.starts_with(family) || !name.ends_with(']') || name.size() <= family.size() + 2
      || name[family.size()] != '[')
    return std::nullopt;
  return name.substr(family.size() + 1, name.size() - family.size() - 2);
}

class query_reader {
public:
  explicit query_reader(const query_rules& rules) : rules_(rules) {
    if (rules.page)
      query_.page_size = rules.page->preset;
  }

  parsed_query read(const request& asked) {
    std::set<std::string_view> seen;
    for (const auto& [name, value] : asked.query) {
      if (!simdjson::validate_utf8(name))
        refuse("", "the name of a parameter must be valid UTF-8");
      else if (!simdjson::validate_utf8(value))
        refuse(name, "must be valid UTF-8");
      else if (!seen.insert(name).second)
        refuse(name, "given twice; a parameter may be given once");
      else
        read_one(name, value);
    }
    if (!mistakes_.empty())
      throw refusal{std::move(mistakes_)};
    for (auto& [type, names] : query_.fields)
      if (const auto more = query_.additional_fields.find(type);
          more != query_.additional_fields.end())
        for (const auto& name : more->second)
          if (!contains(names, name))
            names.push_back(name);
    return std::move(query_);
  }

private:
  void read_one(const std::string& name, const std::string& value) {
    if (name == "filter" && !rules_.filters.empty())
      return read_filter(value);
    if (name == "sort" && !rules_.sorts.empty())
      return read_sort(value);
    if (name == "include" && !rules_.includes.empty()) {
      query_.include = read_names(name, value, rules_.includes);
      return;
    }
    if (name == page_size && rules_.page)
      return read_page_size(value);
    if ((name == page_cursor && rules_.has_cursor)
        || (name == flat_cursor && rules_.has_page_cursor)) {
      query_.cursor = cursor_inside(value);
      return;
    }
    if (read_fields(name, value, "fields", rules_.fields, query_.fields)
        || read_fields(name, value, "additional-fields", rules_.additional_fields,
                       query_.additional_fields)
        || contains(rules_.others, name))
      return;
    refuse(name, fmt::format("'{}' is no parameter of this endpoint; allowed: {}", shortened(name),
                             listed(allowed())));
  }

  void read_filter(const std::string& value) {
    auto terms = parse_filter(value);
    if (!terms)
      return refuse("filter", terms.error().message);
    for (auto& fault : check_filter(*terms, rules_.filters))
      refuse("filter", std::move(fault));
    query_.filter = std::move(*terms);
  }

  void read_sort(const std::string& value) {
    const bool is_descending = value.starts_with('-');
    const auto key = std::string_view{value}.substr(is_descending ? 1 : 0);
    if (value.empty())
      return;
    if (!contains(rules_.sorts, key))
      return refuse("sort", fmt::format("cannot sort by '{}'; allowed, with - before it for "
                                        "descending: {}",
                                        shortened(key), listed(rules_.sorts)));
    query_.sort = key;
    query_.is_descending = is_descending;
  }

  void read_page_size(const std::string& value) {
    const auto& rule = *rules_.page;
    std::size_t size = 0;
    const auto* end = value.data() + value.size();
    const auto read = std::from_chars(value.data(), end, size);
    if (read.ec != std::errc{} || read.ptr != end || size < rule.min || size > rule.max)
      return refuse(page_size, fmt::format("'{}' is no page size; allowed: a whole number from {} "
                                           "to {}",
                                           shortened(value), rule.min, rule.max));
    query_.page_size = size;
  }

  /// False = the parameter is none of this family, or of a type that has none.
  bool read_fields(const std::string& name, const std::string& value, std::string_view family,
                   const names_by_type& rules, names_by_type& into) {
    const auto type = type_in(name, family);
    if (!type)
      return false;
    const auto rule = rules.find(*type);
    if (rule == rules.end())
      return false;
    into[rule->first] = read_names(name, value, rule->second);
    return true;
  }

  std::vector<std::string> read_names(const std::string& parameter, const std::string& value,
                                      const std::vector<std::string>& rule) {
    auto names = split(value);
    if (names.size() > names_max) {
      refuse(parameter, fmt::format("more than {} names", names_max));
      return {};
    }
    std::string unknown;
    for (const auto& name : names)
      if (!contains(rule, name))
        unknown += fmt::format("{}'{}'", unknown.empty() ? "" : ", ", shortened(name));
    if (!unknown.empty())
      refuse(parameter, fmt::format("not allowed: {}; allowed: {}", unknown, listed(rule)));
    return names;
  }

  [[nodiscard]] std::vector<std::string> allowed() const {
    std::vector<std::string> names;
    const auto add_if = [&](bool is_allowed, std::string_view name) {
      if (is_allowed)
        names.emplace_back(name);
    };
    for (const auto& [type, unused] : rules_.fields)
      names.push_back(fmt::format("fields[{}]", type));
    for (const auto& [type, unused] : rules_.additional_fields)
      names.push_back(fmt::format("additional-fields[{}]", type));
    add_if(!rules_.filters.empty(), "filter");
    add_if(!rules_.includes.empty(), "include");
    add_if(!rules_.sorts.empty(), "sort");
    add_if(rules_.page.has_value(), page_size);
    add_if(rules_.has_cursor, page_cursor);
    add_if(rules_.has_page_cursor, flat_cursor);
    names.insert(names.end(), rules_.others.begin(), rules_.others.end());
    return names;
  }

  void refuse(std::string_view parameter, std::string detail) {
    if (mistakes_.size() < mistakes_max)
      mistakes_.push_back(invalid_parameter(std::string{parameter}, std::move(detail)));
  }

  const query_rules& rules_;
  parsed_query query_;
  std::vector<error_entry> mistakes_;
};

int hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  const auto lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// What is no escape stays as it is.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const auto low = high < 0 ? -1 : hex_digit(text[i + 2]);
    if (low < 0) {
      out += text[i];
    } else {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

constexpr int decodings_max = 4; // Nobody encodes more often than that by accident.

std::string fully_decoded(std::string_view text) {
  std::string decoded{text};
  for (int i = 0; i < decodings_max && decoded.find('%') != std::string::npos; ++i)
    decoded = percent_decoded(decoded);
  return decoded;
}

} // namespace

bool parsed_query::includes(std::string_view relationship) const {
  return contains(include, relationship);
}

bool parsed_query::has_additional(std::string_view type, std::string_view field) const {
  const auto found = additional_fields.find(type);
  return found != additional_fields.end() && contains(found->second, field);
}

const std::vector<std::string>* parsed_query::fields_of(std::string_view type) const {
  const auto found = fields.find(type);
  return found == fields.end() ? nullptr : &found->second;
}

parsed_query parse_query(const request& asked, const query_rules& rules) {
  return query_reader{rules}.read(asked);
}

std::string cursor_inside(std::string_view value) {
  std::string address{value};
  const auto is_address = [&] {
    const auto scheme = address.find("://");
    return scheme != std::string::npos && address.find('?', scheme) != std::string::npos;
  };
  for (int i = 0; i < decodings_max && !is_address(); ++i)
    address = percent_decoded(address);
  if (!is_address())
    return std::string{value};
  auto query = std::string_view{address}.substr(address.find('?') + 1);
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const auto parameter = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const auto equals = std::min(parameter.find('='), parameter.size());
    const auto name = fully_decoded(parameter.substr(0, equals));
    if (name == page_cursor || name == flat_cursor)
      return fully_decoded(parameter.substr(std::min(equals + 1, parameter.size())));
  }
  return std::string{value};
}

} // namespace gateway
