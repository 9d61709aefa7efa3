#include "gateway/errors.hpp"

#include "model/value.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <utility>

namespace gateway {

error_entry invalid_body(std::string pointer, std::string detail) {
  error_entry e;
  e.detail = std::move(detail);
  e.pointer = std::move(pointer);
  return e;
}

error_entry invalid_parameter(std::string parameter, std::string detail) {
  error_entry e;
  e.detail = std::move(detail);
  e.parameter = std::move(parameter);
  return e;
}

error_entry not_found(std::string_view type, std::string_view id) {
  error_entry e{404, "not_found", "Not found."};
  const auto is_vowel = type.find_first_of("aeiou") == 0;
  e.detail = fmt::format("{} {} with id '{}' does not exist.", is_vowel ? "An" : "A", type, id);
  return e;
}

error_entry to_error(const model::failure& why) {
  error_entry e;
  e.detail = why.message;
  using enum model::failure_code;
  switch (why.code) {
  case invalid_input:
    break;
  case not_found:
    e.status = 404;
    e.code = "not_found";
    e.title = "Not found.";
    break;
  case conflict:
    e.status = 409;
    e.code = "conflict";
    e.title = "Conflict.";
    break;
  default:
    e.status = 503;
    e.code = "unavailable";
    e.title = "The server cannot do this now.";
    break;
  }
  return e;
}

namespace {

/// What a client sent may be quoted, and need not be UTF-8, which JSON must.
std::string readable(std::string_view text) {
  std::string shown{text};
  if (!simdjson::validate_utf8(text.data(), text.size()))
    std::ranges::replace_if(
      shown, [](char c) { return (c & 0x80) != 0; }, '?');
  return shown;
}

} // namespace

answer to_answer(const std::vector<error_entry>& errors, std::string_view id) {
  answer a;
  a.status = errors.empty() ? 500 : errors.front().status;
  a.body = "{\"errors\":[";
  for (std::size_t i = 0; i < errors.size(); ++i) {
    const auto& e = errors[i];
    const auto text = [&](std::string_view key, std::string_view value) {
      a.body += '"';
      a.body += key;
      a.body += "\":";
      model::append_json_string(a.body, readable(value));
    };
    a.body += i == 0 ? "{" : ",{";
    text("id", fmt::format("{}-{}", id, i + 1));
    a.body += fmt::format(",\"status\":{},", e.status);
    text("code", e.code);
    a.body += ',';
    text("title", e.title);
    a.body += ',';
    text("detail", e.detail);
    a.body += ",\"source\":{";
    if (!e.pointer.empty())
      text("pointer", e.pointer);
    if (!e.parameter.empty()) {
      a.body += e.pointer.empty() ? "" : ",";
      text("parameter", e.parameter);
    }
    a.body += "},\"links\":{},\"meta\":" + e.meta + '}';
  }
  a.body += "]}";
  return a;
}

} // namespace gateway
