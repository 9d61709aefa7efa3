#include "gateway/json_text.hpp"

#include "model/value.hpp"
#include "segments/json_reader.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

/// What we have written ourselves may hold what was read, and a little around it.
constexpr std::size_t own_nesting_max = 2 * json_nesting_max;

/// `line 3, column 14`, both from 1; columns count bytes.
std::string position_text(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto start = before.rfind('\n');
  return fmt::format("line {}, column {}", 1 + std::ranges::count(before, '\n'),
                     start == std::string_view::npos ? at + 1 : at - start);
}

/// Builds values from the parser's calls.
class builder {
public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  using error_code = json::error_code;
  using view = json::string_view;

  bool on_document_begin(error_code& /*unused*/) {
    return true;
  }
  bool on_document_end(error_code& /*unused*/) {
    return true;
  }
  bool on_object_begin(error_code& /*unused*/) {
    open_.push_back({json::object{}, {}});
    return true;
  }
  bool on_object_end(std::size_t /*unused*/, error_code& /*unused*/) {
    return close();
  }
  bool on_array_begin(error_code& /*unused*/) {
    open_.push_back({json::array{}, {}});
    return true;
  }
  bool on_array_end(std::size_t /*unused*/, error_code& /*unused*/) {
    return close();
  }
  bool on_key_part(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    return more(part);
  }
  bool on_key(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    more(part);
    open_.back().key = std::exchange(text_, {});
    return true;
  }
  bool on_string_part(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    return more(part);
  }
  bool on_string(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    if (text_.empty())
      return place(json::string{part});
    more(part);
    return place(json::string{std::exchange(text_, {})});
  }
  bool on_number_part(view part, error_code& /*unused*/) {
    return more(part);
  }
  bool on_int64(std::int64_t number, view /*unused*/, error_code& /*unused*/) {
    text_.clear();
    return place(number);
  }
  bool on_uint64(std::uint64_t number, view /*unused*/, error_code& /*unused*/) {
    text_.clear();
    return place(number);
  }
  bool on_double(double roughly, view part, error_code& failed) {
    more(part);
    double number = 0;
    const auto read = std::from_chars(text_.data(), text_.data() + text_.size(), number);
    text_.clear();
    if (read.ec != std::errc{}) // Beyond what a double holds: too small for it, or too large.
      number = std::fabs(roughly) < 1 ? 0 : roughly;
    if (!std::isfinite(number)) {
      failed = json::error::exponent_overflow;
      return false;
    }
    return place(number);
  }
  bool on_bool(bool truth, error_code& /*unused*/) {
    return place(truth);
  }
  bool on_null(error_code& /*unused*/) {
    return place(nullptr);
  }
  bool on_comment_part(view /*unused*/, error_code& /*unused*/) {
    return true;
  }
  bool on_comment(view /*unused*/, error_code& /*unused*/) {
    return true;
  }

  json::value take() {
    return std::move(root_);
  }
  /// Pointers to keys that stood there already.
  [[nodiscard]] const std::vector<std::string>& duplicates() const {
    return duplicates_;
  }

private:
  struct frame {
    json::value container;
    std::string key; // Of an object: whose value is being read.
  };

  bool more(view part) {
    text_.append(part.data(), part.size());
    return true;
  }

  bool close() {
    auto done = std::move(open_.back().container);
    open_.pop_back();
    return place(std::move(done));
  }

  bool place(json::value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return true;
    }
    auto& top = open_.back();
    if (auto* array = top.container.if_array())
      array->push_back(std::move(value));
    else if (!top.container.get_object().emplace(top.key, std::move(value)).second)
      duplicates_.push_back(pointer());
    return true;
  }

  /// Of the value that is being read.
  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (const auto& level : open_) {
      const auto* array = level.container.if_array();
      path = segments::pointer_to(path, array ? std::to_string(array->size()) : level.key);
    }
    return path;
  }

  json::value root_;
  std::vector<frame> open_;
  std::vector<std::string> duplicates_;
  std::string text_;
};

std::string reason_of(json::error_code failed, std::size_t nesting_max) {
  if (failed == json::error::too_deep)
    return fmt::format("objects and lists are nested more than {} deep", nesting_max);
  if (failed == json::error::exponent_overflow)
    return "the number is too large";
  if (failed == json::error::incomplete)
    return "the text ends too early";
  return "not valid JSON: " + failed.message();
}

/// Nothing, and a fault, for what is no JSON. Of a key that is there twice the first one stays.
std::optional<json::value> parse(std::string_view text, std::size_t nesting_max,
                                 std::vector<json_fault>& faults) {
  json::parse_options options;
  options.max_depth = nesting_max;
  json::basic_parser<builder> parser{options};
  json::error_code failed;
  const auto read = parser.write_some(false, text.data(), text.size(), failed);
  if (failed) {
    faults.push_back(
      {"", fmt::format("{} at {}", reason_of(failed, nesting_max), position_text(text, read))});
    return std::nullopt;
  }
  if (read < text.size()) {
    faults.push_back(
      {"", fmt::format("more text after the end of the JSON at {}", position_text(text, read))});
    return std::nullopt;
  }
  for (const auto& pointer : parser.handler().duplicates())
    faults.push_back({pointer, "given twice; a field may be given once"});
  return parser.handler().take();
}

void append_integer(std::string& out, auto number) {
  const fmt::format_int text{number};
  out.append(text.data(), text.size());
}

} // namespace

std::optional<json::value> read_json(std::string_view text, std::vector<json_fault>& faults) {
  const auto before = faults.size();
  auto value = parse(text, json_nesting_max, faults);
  if (faults.size() != before)
    return std::nullopt;
  return value;
}

json::value own_json(std::string_view text) {
  std::vector<json_fault> faults;
  auto value = parse(text, own_nesting_max, faults);
  assert(value);
  return std::move(*value);
}

void append_json(std::string& out, const json::value& value) {
  switch (value.kind()) {
  case json::kind::null:
    out += "null";
    return;
  case json::kind::bool_:
    out += value.get_bool() ? "true" : "false";
    return;
  case json::kind::int64:
    return append_integer(out, value.get_int64());
  case json::kind::uint64:
    return append_integer(out, value.get_uint64());
  case json::kind::double_:
    out += std::isfinite(value.get_double()) ? model::format_number(value.get_double()) : "null";
    return;
  case json::kind::string:
    return model::append_json_string(out, value.get_string());
  case json::kind::array: {
    out += '[';
    bool is_first = true;
    for (const auto& item : value.get_array()) {
      out += std::exchange(is_first, false) ? "" : ",";
      append_json(out, item);
    }
    out += ']';
    return;
  }
  case json::kind::object: {
    out += '{';
    bool is_first = true;
    for (const auto& [key, member] : value.get_object()) {
      out += std::exchange(is_first, false) ? "" : ",";
      model::append_json_string(out, key);
      out += ':';
      append_json(out, member);
    }
    out += '}';
    return;
  }
  }
}

std::string json_text(const json::value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

} // namespace gateway
