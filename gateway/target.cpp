#include "gateway/target.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace gateway {

namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f')
    return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F')
    return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// The byte that `%41` at the start of `text` stands for.
std::optional<char> encoded_byte(std::string_view text) {
  if (text.size() < 3)
    return std::nullopt;
  const auto high = hex_digit(text[1]);
  const auto low = hex_digit(text[2]);
  if (!high || !low)
    return std::nullopt;
  return static_cast<char>(*high * 16 + *low);
}

model::failure wrong(std::string message) {
  return {model::failure_code::invalid_input, std::move(message)};
}

enum class place { path, query };

model::outcome<std::string> decode(std::string_view text, place where) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' && where == place::query) {
      out += ' ';
    } else if (c != '%') {
      out += c;
    } else {
      const auto byte = encoded_byte(text.substr(i));
      if (!byte)
        return wrong(fmt::format("'{}' is no percent-encoding; a percent sign itself is %25",
                                 text.substr(i, 3)));
      if (where == place::path && (*byte == '/' || *byte == '%'))
        out += *byte == '/' ? "%2F" : "%25";
      else
        out += *byte;
      i += 2;
    }
  }
  if (!simdjson::validate_utf8(out.data(), out.size()))
    return wrong("the address is no UTF-8 once its percent-encoding is read");
  return out;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

/// Without "http://host" at its beginning.
std::string_view without_origin(std::string_view text) {
  const auto scheme = text.find("://");
  if (text.starts_with('/') || scheme == std::string_view::npos)
    return text;
  const auto path = text.find_first_of("/?", scheme + 3);
  return path == std::string_view::npos ? "/" : text.substr(path);
}

} // namespace

model::outcome<named_texts> read_query(std::string_view text) {
  named_texts all;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty())
      continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals), place::query);
    if (!name)
      return name.error();
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())), place::query);
    if (!value)
      return value.error();
    all.emplace_back(std::move(*name), std::move(*value));
  }
  return all;
}

model::outcome<target> read_target(std::string_view text) {
  text = without_origin(text);
  text = text.substr(0, text.find('#'));
  const auto mark = std::min(text.find('?'), text.size());
  auto path = decode(text.substr(0, mark), place::path);
  if (!path)
    return path.error();
  if (std::ranges::any_of(*path, is_control))
    return wrong("the path holds control characters");
  path->erase(path->find_last_not_of('/') + 1);
  if (path->empty())
    *path = "/";
  else if (!path->starts_with('/') && *path != "*")
    return wrong(fmt::format("'{}' is no path; it begins with a slash", *path));
  auto query = read_query(text.substr(std::min(mark + 1, text.size())));
  if (!query)
    return query.error();
  return target{std::move(*path), std::move(*query)};
}

std::string decode_part(std::string_view part) {
  std::string out;
  for (std::size_t i = 0; i < part.size(); ++i) {
    const auto byte = part[i] == '%' ? encoded_byte(part.substr(i)) : std::nullopt;
    out += byte.value_or(part[i]);
    i += byte ? 2 : 0;
  }
  return out;
}

} // namespace gateway
