#include "messages/line_reader.hpp"
#include "messages/shortened.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>

#include <bit>
#include <cstring>

namespace messages {

namespace {

using simdjson::ondemand::json_type;

/// Bytes of a word that equal `byte`, as high bits; bits above the first hit may be wrong.
constexpr std::uint64_t where_equal(std::uint64_t word, unsigned char byte) {
  constexpr std::uint64_t ones = 0x0101010101010101;
  const auto zeros = word ^ (ones * byte);
  return (zeros - ones) & ~zeros & (ones << 7);
}

/// Length of the string that begins at `raw` up to its first quote or backslash. The line is known
/// to be well-formed enough to have one, and line_padding makes reading whole words safe.
std::size_t plain_length(const char* raw) {
  if constexpr (std::endian::native == std::endian::little) {
    for (std::size_t at = 0;; at += 8) {
      std::uint64_t word;
      std::memcpy(&word, raw + at, 8);
      if (const auto hits = where_equal(word, '"') | where_equal(word, '\\'); hits != 0)
        return at + static_cast<std::size_t>(std::countr_zero(hits)) / 8;
    }
  } else {
    std::size_t at = 0;
    while (raw[at] != '"' && raw[at] != '\\')
      ++at;
    return at;
  }
}

/// Length of the string that begins at `raw` up to its closing quote, escapes included.
std::size_t quoted_length(const char* raw) {
  auto at = plain_length(raw);
  while (raw[at] == '\\') {
    at += 2;
    at += plain_length(raw + at);
  }
  return at;
}

std::string_view trimmed(std::string_view token) {
  while (!token.empty() && (token.back() == ' ' || token.back() == '\t' || token.back() == '\r'))
    token.remove_suffix(1);
  return token;
}

} // namespace

// --- errors ---

std::string line_reader::path() const {
  std::string out;
  for (std::size_t i = 0; i < depth_; ++i) {
    if (!out.empty())
      out += '.';
    if (path_[i].key.data())
      out += shortened(path_[i].key);
    else
      out += std::to_string(path_[i].item);
  }
  return out;
}

bool line_reader::fail(std::string reason) {
  error_ = {number_, path(), std::move(reason), {}};
  return false;
}

bool line_reader::fail_at(std::string_view last, std::string reason) {
  auto field = path();
  if (!field.empty())
    field += '.';
  field += shortened(last);
  error_ = {number_, std::move(field), std::move(reason), {}};
  return false;
}

bool line_reader::expected(std::string_view what, json_value& v) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  switch (type) {
  case json_type::object:
    return fail(fmt::format("expected {}, found an object", what));
  case json_type::array:
    return fail(fmt::format("expected {}, found a list", what));
  case json_type::null:
    return fail(fmt::format("expected {}, found null", what));
  case json_type::string: {
    std::string_view text;
    return read_text(v, text)
        && fail(fmt::format("expected {}, found the text \"{}\"", what, shortened(text)));
  }
  case json_type::number:
  case json_type::boolean:
    break;
  }
  return fail(fmt::format("expected {}, found {}", what, shortened(trimmed(v.raw_json_token()))));
}

bool line_reader::malformed(simdjson::error_code code) {
  if (code == simdjson::UTF8_ERROR)
    return fail("not valid UTF-8");
  std::string reason = "not valid JSON";
  switch (code) {
  case simdjson::STRING_ERROR:
    reason += ": a backslash must begin one of the escapes of JSON";
    break;
  case simdjson::UNESCAPED_CHARS:
    reason += ": control characters in a text must be escaped";
    break;
  case simdjson::UNCLOSED_STRING:
    reason += ": a text has no closing quote";
    break;
  case simdjson::NUMBER_ERROR:
    reason += ": not a number, or one too large for a double";
    break;
  case simdjson::T_ATOM_ERROR:
  case simdjson::F_ATOM_ERROR:
  case simdjson::N_ATOM_ERROR:
    reason += ": expected true, false or null";
    break;
  default: {
    const char* where = nullptr;
    if (document_.current_location().get(where) == simdjson::SUCCESS && where >= line_.data()
        && where < line_.data() + line_.size()) {
      const std::string_view rest{where,
                                  static_cast<std::size_t>(line_.data() + line_.size() - where)};
      reason += fmt::format(" at byte {}, near {}", where - line_.data() + 1, shortened(rest));
    } else {
      reason += ": the line ends too early or its brackets do not match";
    }
  }
  }
  return fail(std::move(reason));
}

// --- scalars ---

bool line_reader::unescape(const char* raw, std::string& scratch, std::string_view& text) {
  // Escapes never make a text longer.
  scratch.resize(quoted_length(raw) + simdjson::SIMDJSON_PADDING);
  auto* to = reinterpret_cast<std::uint8_t*>(scratch.data());
  const simdjson::ondemand::raw_json_string string{reinterpret_cast<const std::uint8_t*>(raw)};
  const auto code = parser_.unescape(string, to).get(text);
  return code == simdjson::SUCCESS || malformed(code);
}

bool line_reader::read_key(simdjson::ondemand::raw_json_string raw, std::string_view& key) {
  const auto* begin = raw.raw();
  const auto size = plain_length(begin);
  if (begin[size] == '"') {
    key = {begin, size};
    return true;
  }
  return unescape(begin, key_scratch_[depth_], key);
}

bool line_reader::read_text(json_value& v, std::string_view& text) {
  simdjson::ondemand::raw_json_string raw;
  if (const auto code = v.get_raw_json_string().get(raw); code != simdjson::SUCCESS)
    return code == simdjson::INCORRECT_TYPE ? expected("text", v) : malformed(code);
  const auto* begin = raw.raw();
  const auto size = plain_length(begin);
  if (begin[size] == '"')
    text = {begin, size};
  else if (!unescape(begin, text_scratch_, text))
    return false;
  if (text.size() > model::text_bytes_max)
    return fail(fmt::format("a text of {} bytes; at most {} are allowed", text.size(),
                            model::text_bytes_max));
  return true;
}

bool line_reader::read_null(json_value& v, bool& is_null) {
  const auto code = v.is_null().get(is_null);
  if (code == simdjson::INCORRECT_TYPE) { // Begins like null and is not.
    is_null = false;
    json_type type{};
    if (v.type().get(type) == simdjson::SUCCESS && type != json_type::null)
      return true;
    return malformed(simdjson::N_ATOM_ERROR);
  }
  return code == simdjson::SUCCESS || malformed(code);
}

bool line_reader::read_number(json_value& v, double& number) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  if (type != json_type::number)
    return expected("a number", v);
  if (const auto code = v.get_double().get(number); code != simdjson::SUCCESS)
    return malformed(simdjson::NUMBER_ERROR);
  number += 0.0; // -0 becomes 0.
  return true;
}

bool line_reader::read_boolean(json_value& v, bool& flag) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  if (type != json_type::boolean)
    return expected("true or false", v);
  if (v.get_bool().get(flag) != simdjson::SUCCESS)
    return malformed(simdjson::T_ATOM_ERROR);
  return true;
}

bool line_reader::read_time(json_value& v, std::int64_t& ms) {
  constexpr std::string_view what = "an ISO 8601 time or whole seconds since 1970";
  constexpr auto out_of_range = "{} lies outside the years 1900 to 2199";
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  if (type == json_type::string) {
    std::string_view text;
    if (!read_text(v, text))
      return false;
    const auto time = model::parse_instant(text);
    if (!time)
      return fail(fmt::format("expected {}, found the text \"{}\"", what, shortened(text)));
    ms = model::to_ms(*time);
    if (ms < model::time_ms_min || ms >= model::time_ms_end)
      return fail(fmt::format(out_of_range, shortened(text)));
    return true;
  }
  std::int64_t seconds = 0;
  if (type != json_type::number || v.get_int64().get(seconds) != simdjson::SUCCESS)
    return expected(what, v);
  if (seconds < model::time_ms_min / 1000 || seconds >= model::time_ms_end / 1000)
    return fail(fmt::format(out_of_range, fmt::format("{} s since 1970", seconds)));
  ms = seconds * 1000;
  return true;
}

bool line_reader::read_date_text(json_value& v, std::string_view& text) {
  if (!read_text(v, text))
    return false;
  return model::parse_instant(text).has_value()
      || fail(fmt::format("expected an ISO 8601 date or time, found the text \"{}\"",
                          shortened(text)));
}

bool line_reader::read_name(json_value& v, std::string_view what, std::size_t bytes_max,
                            std::string_view& name) {
  if (!read_text(v, name))
    return false;
  if (name.empty())
    return fail(fmt::format("{} may not be empty", what));
  if (name.size() > bytes_max)
    return fail(
      fmt::format("{} of {} bytes; at most {} are allowed", what, name.size(), bytes_max));
  return true;
}

// --- values of any kind ---

bool line_reader::read_any(json_value& v, model::property_entry& entry) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  switch (type) {
  case json_type::string: {
    std::string_view text;
    if (!read_text(v, text))
      return false;
    entry.kind = model::value_kind::text;
    entry.text = batch_->add_text(text);
    return true;
  }
  case json_type::number:
    entry.kind = model::value_kind::number;
    return read_number(v, entry.number);
  case json_type::boolean: {
    bool flag = false;
    if (!read_boolean(v, flag))
      return false;
    entry.kind = model::value_kind::boolean;
    entry.number = flag ? 1 : 0;
    return true;
  }
  case json_type::null: {
    bool is_null = false;
    entry.kind = model::value_kind::unset;
    return read_null(v, is_null);
  }
  case json_type::array:
    return read_list(v, entry);
  case json_type::object: {
    const auto* begin = std::string_view{v.raw_json_token()}.data();
    return read_nested(v, 1) && keep_json(begin, '}', entry);
  }
  }
  return false;
}

bool line_reader::read_list(json_value& v, model::property_entry& entry) {
  const auto* begin = std::string_view{v.raw_json_token()}.data();
  const auto before = batch_->bytes.size();
  bool is_flat = true;
  std::size_t count = 0;
  const bool is_good = each_item(v, [&](json_value& item) {
    if (++count > model::list_items_max)
      return fail(fmt::format("a list of more than {} items", model::list_items_max));
    json_type type{};
    if (const auto code = item.type().get(type); code != simdjson::SUCCESS)
      return malformed(code);
    if (type == json_type::object || type == json_type::array) {
      is_flat = false;
      return read_nested(item, 2);
    }
    model::value_view view;
    bool is_null = false;
    bool flag = false;
    switch (type) {
    case json_type::string:
      view.kind = model::value_kind::text;
      if (!read_text(item, view.text))
        return false;
      break;
    case json_type::number:
      view.kind = model::value_kind::number;
      if (!read_number(item, view.number))
        return false;
      break;
    case json_type::boolean:
      view.kind = model::value_kind::boolean;
      if (!read_boolean(item, flag))
        return false;
      view.number = flag ? 1 : 0;
      break;
    default: // null: an item that is not set is none (S5).
      return read_null(item, is_null);
    }
    model::append_list_item(batch_->bytes, view);
    return true;
  });
  if (!is_good)
    return false;
  if (!is_flat) {
    batch_->bytes.resize(before);
    return keep_json(begin, ']', entry);
  }
  entry.kind = model::value_kind::list;
  entry.text = {static_cast<std::uint32_t>(before),
                static_cast<std::uint32_t>(batch_->bytes.size() - before)};
  return true;
}

bool line_reader::read_nested(json_value& v, std::size_t depth) {
  json_type type{};
  if (const auto code = v.type().get(type); code != simdjson::SUCCESS)
    return malformed(code);
  if (depth > model::nesting_max && (type == json_type::object || type == json_type::array))
    return fail(fmt::format("lists and objects nested more than {} deep", model::nesting_max));
  std::string_view text;
  double number = 0;
  bool flag = false;
  switch (type) {
  case json_type::string:
    return read_text(v, text);
  case json_type::number:
    return read_number(v, number);
  case json_type::boolean:
    return read_boolean(v, flag);
  case json_type::null:
    return read_null(v, flag);
  case json_type::object:
    return each_field(
      v, [&](std::string_view, json_value& inner) { return read_nested(inner, depth + 1); });
  case json_type::array: {
    std::size_t count = 0;
    return each_item(v, [&](json_value& inner) {
      if (++count > model::list_items_max)
        return fail(fmt::format("a list of more than {} items", model::list_items_max));
      return read_nested(inner, depth + 1);
    });
  }
  }
  return false;
}

/// Keeps the JSON from `begin` to the bracket that was read last, without its spaces.
bool line_reader::keep_json(const char* begin, char closing, model::property_entry& entry) {
  const char* end = nullptr;
  if (const auto code = document_.current_location().get(end); code != simdjson::SUCCESS)
    return malformed(code);
  while (end[-1] != closing)
    --end;
  const auto size = static_cast<std::size_t>(end - begin);
  auto& bytes = batch_->bytes;
  const auto at = bytes.size();
  bytes.resize(at + size + simdjson::SIMDJSON_PADDING);
  std::size_t kept = 0;
  if (const auto code = simdjson::minify(begin, size, bytes.data() + at, kept);
      code != simdjson::SUCCESS)
    return malformed(code);
  bytes.resize(at + kept);
  entry.kind = model::value_kind::nested;
  entry.text = {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(kept)};
  return true;
}

} // namespace messages
