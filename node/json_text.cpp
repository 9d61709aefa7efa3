#include "node/json_text.hpp"

#include "model/value.hpp"

namespace node {

void json_object::name(std::string_view name) {
  if (body_.size() > 1)
    body_.push_back(',');
  model::append_json_string(body_, name);
  body_.push_back(':');
}

json_object& json_object::text(std::string_view name, std::string_view value) {
  this->name(name);
  model::append_json_string(body_, value);
  return *this;
}

json_object& json_object::number(std::string_view name, double value) {
  return raw(name, model::format_number(value));
}

json_object& json_object::count(std::string_view name, std::uint64_t value) {
  return raw(name, std::to_string(value));
}

json_object& json_object::boolean(std::string_view name, bool value) {
  return raw(name, value ? "true" : "false");
}

json_object& json_object::null(std::string_view name) {
  return raw(name, "null");
}

json_object& json_object::raw(std::string_view name, std::string_view json) {
  this->name(name);
  body_.append(json);
  return *this;
}

json_array& json_array::text(std::string_view value) {
  std::string literal;
  model::append_json_string(literal, value);
  return raw(literal);
}

json_array& json_array::raw(std::string_view json) {
  if (body_.size() > 1)
    body_.push_back(',');
  body_.append(json);
  return *this;
}

std::string indented(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  bool in_text = false;
  const auto new_line = [&] { out.append(1, '\n').append(depth * 2, ' '); };
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto c = json[i];
    if (in_text) {
      out.push_back(c);
      if (c == '\\' && i + 1 < json.size())
        out.push_back(json[++i]);
      else if (c == '"')
        in_text = false;
      continue;
    }
    const auto next = i + 1 < json.size() ? json[i + 1] : '\0';
    switch (c) {
    case '"':
      in_text = true;
      out.push_back(c);
      break;
    case '{':
    case '[':
      out.push_back(c);
      if (next == '}' || next == ']') {
        out.push_back(next);
        ++i;
        break;
      }
      ++depth;
      new_line();
      break;
    case '}':
    case ']':
      --depth;
      new_line();
      out.push_back(c);
      break;
    case ',':
      out.push_back(c);
      new_line();
      break;
    case ':':
      out.append(": ");
      break;
    default:
      out.push_back(c);
    }
  }
  return out;
}

} // namespace node
