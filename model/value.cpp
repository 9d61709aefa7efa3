#include "model/value.hpp"

#include <charconv>
#include <cmath>
#include <cstring>

namespace model {

void append_list_item(std::string& items, value_view item) {
  items.push_back(static_cast<char>(item.kind));
  if (item.kind == value_kind::text) {
    const auto size = static_cast<std::uint32_t>(item.text.size());
    items.append(reinterpret_cast<const char*>(&size), sizeof size);
    items.append(item.text);
  } else if (item.kind == value_kind::number) {
    items.append(reinterpret_cast<const char*>(&item.number), sizeof item.number);
  } else {
    items.push_back(item.number != 0 ? '\1' : '\0');
  }
}

value_view list_items::next() {
  if (rest_.empty())
    return {};
  value_view item;
  item.kind = static_cast<value_kind>(rest_.front());
  rest_.remove_prefix(1);
  std::size_t taken = rest_.size(); // Bytes that cannot be an item end the list.
  if (item.kind == value_kind::text) {
    std::uint32_t size = 0;
    if (rest_.size() >= sizeof size)
      std::memcpy(&size, rest_.data(), sizeof size);
    if (rest_.size() >= sizeof size + size) {
      item.text = rest_.substr(sizeof size, size);
      taken = sizeof size + size;
    } else {
      item.kind = value_kind::unset;
    }
  } else if (item.kind == value_kind::number && rest_.size() >= sizeof item.number) {
    std::memcpy(&item.number, rest_.data(), sizeof item.number);
    taken = sizeof item.number;
  } else if (item.kind == value_kind::boolean && !rest_.empty()) {
    item.number = rest_.front() != '\0' ? 1 : 0;
    taken = 1;
  } else {
    item.kind = value_kind::unset;
  }
  rest_.remove_prefix(taken);
  return item;
}

std::string format_number(double n) {
  char text[32];
  if (std::nearbyint(n) == n && std::fabs(n) < 1e15) {
    const auto end = std::to_chars(text, text + sizeof text, static_cast<long long>(n)).ptr;
    return {text, end};
  }
  const auto end = std::to_chars(text, text + sizeof text, n).ptr;
  return {text, end};
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr char hex[] = "0123456789abcdef";
  out.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out.append("\\n");
    } else if (c == '\t') {
      out.append("\\t");
    } else if (c == '\r') {
      out.append("\\r");
    } else if (byte < 0x20) {
      out.append("\\u00");
      out.push_back(hex[byte >> 4]);
      out.push_back(hex[byte & 15]);
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

std::string to_json(value_view v) {
  std::string out;
  switch (v.kind) {
  case value_kind::unset:
    return "null";
  case value_kind::text:
    append_json_string(out, v.text);
    return out;
  case value_kind::number:
    return format_number(v.number);
  case value_kind::boolean:
    return v.number != 0 ? "true" : "false";
  case value_kind::nested:
    return std::string{v.text};
  case value_kind::list:
    break;
  }
  out.push_back('[');
  list_items items{v.text};
  for (auto item = items.next(); item.is_set(); item = items.next()) {
    if (out.size() > 1)
      out.push_back(',');
    out.append(to_json(item));
  }
  out.push_back(']');
  return out;
}

} // namespace model
