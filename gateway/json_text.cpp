#include "gateway/json_text.hpp"

#include "model/value.hpp"
#include "segments/json_reader.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value_stack.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <cmath>
#include <limits>
#include <set>
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

/// What both builders tell the parser.
struct any_size {
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;
};

/// The number that `text` spells; nothing when it is too large. Of one beyond what a double tells
/// apart from 0, `roughly` says so.
std::optional<double> exact_double(std::string_view text, double roughly) {
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{})
    number = std::fabs(roughly) < 1 ? 0 : roughly;
  return std::isfinite(number) ? std::optional{number} : std::nullopt;
}

/// Builds values from the parser's calls, each container in one piece.
class builder : public any_size {
public:
  using error_code = json::error_code;
  using view = json::string_view;

  bool on_document_begin(error_code& /*unused*/) {
    stack_.reset(json::make_shared_resource<json::monotonic_resource>());
    return true;
  }
  bool on_document_end(error_code& /*unused*/) {
    return true;
  }
  bool on_object_begin(error_code& /*unused*/) {
    return true;
  }
  bool on_object_end(std::size_t count, error_code& /*unused*/) {
    members_ += count;
    stack_.push_object(count);
    return true;
  }
  bool on_array_begin(error_code& /*unused*/) {
    return true;
  }
  bool on_array_end(std::size_t count, error_code& /*unused*/) {
    stack_.push_array(count);
    return true;
  }
  bool on_key_part(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack_.push_chars(part);
    return true;
  }
  bool on_key(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack_.push_key(part);
    return true;
  }
  bool on_string_part(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack_.push_chars(part);
    return true;
  }
  bool on_string(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    stack_.push_string(part);
    return true;
  }
  bool on_number_part(view part, error_code& /*unused*/) {
    number_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t number, view /*unused*/, error_code& /*unused*/) {
    number_.clear();
    stack_.push_int64(number);
    return true;
  }
  bool on_uint64(std::uint64_t number, view /*unused*/, error_code& /*unused*/) {
    number_.clear();
    stack_.push_uint64(number);
    return true;
  }
  bool on_double(double roughly, view part, error_code& failed) {
    number_.append(part.data(), part.size());
    const auto number = exact_double(number_, roughly);
    number_.clear();
    if (number)
      stack_.push_double(*number);
    else
      failed = json::error::exponent_overflow;
    return number.has_value();
  }
  bool on_bool(bool truth, error_code& /*unused*/) {
    stack_.push_bool(truth);
    return true;
  }
  bool on_null(error_code& /*unused*/) {
    stack_.push_null();
    return true;
  }
  bool on_comment_part(view /*unused*/, error_code& /*unused*/) {
    return true;
  }
  bool on_comment(view /*unused*/, error_code& /*unused*/) {
    return true;
  }

  json::value take() {
    return stack_.release();
  }
  /// How many the text has, in all objects; those with a key that is there twice are not all in the
  /// value.
  [[nodiscard]] std::size_t members() const {
    return members_;
  }

private:
  std::array<unsigned char, 4'096> first_{};
  json::value_stack stack_{{}, first_.data(), first_.size()};
  std::string number_; // What came of it.
  std::size_t members_ = 0;
};

std::size_t members_of(const json::value& value) {
  std::size_t count = 0;
  if (const auto* array = value.if_array()) {
    for (const auto& item : *array)
      count += members_of(item);
  } else if (const auto* object = value.if_object()) {
    count = object->size();
    for (const auto& [key, member] : *object)
      count += members_of(member);
  }
  return count;
}

/// Finds the keys that an object has twice; keeps no values.
class duplicate_finder : public any_size {
public:
  using error_code = json::error_code;
  using view = json::string_view;

  bool on_document_begin(error_code& /*unused*/) {
    return true;
  }
  bool on_document_end(error_code& /*unused*/) {
    return true;
  }
  bool on_object_begin(error_code& /*unused*/) {
    open_.push_back({});
    return true;
  }
  bool on_object_end(std::size_t /*unused*/, error_code& /*unused*/) {
    return close();
  }
  bool on_array_begin(error_code& /*unused*/) {
    open_.push_back({.items = 0});
    return true;
  }
  bool on_array_end(std::size_t /*unused*/, error_code& /*unused*/) {
    return close();
  }
  bool on_key_part(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    key_.append(part.data(), part.size());
    return true;
  }
  bool on_key(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    key_.append(part.data(), part.size());
    open_.back().key = std::exchange(key_, {});
    return true;
  }
  bool on_string_part(view /*unused*/, std::size_t /*unused*/, error_code& /*unused*/) {
    return true;
  }
  bool on_string(view /*unused*/, std::size_t /*unused*/, error_code& /*unused*/) {
    return place();
  }
  bool on_number_part(view /*unused*/, error_code& /*unused*/) {
    return true;
  }
  bool on_int64(std::int64_t /*unused*/, view /*unused*/, error_code& /*unused*/) {
    return place();
  }
  bool on_uint64(std::uint64_t /*unused*/, view /*unused*/, error_code& /*unused*/) {
    return place();
  }
  bool on_double(double /*unused*/, view /*unused*/, error_code& /*unused*/) {
    return place();
  }
  bool on_bool(bool /*unused*/, error_code& /*unused*/) {
    return place();
  }
  bool on_null(error_code& /*unused*/) {
    return place();
  }
  bool on_comment_part(view /*unused*/, error_code& /*unused*/) {
    return true;
  }
  bool on_comment(view /*unused*/, error_code& /*unused*/) {
    return true;
  }

  /// Pointers to keys that stood there already.
  [[nodiscard]] const std::vector<std::string>& found() const {
    return found_;
  }

private:
  struct frame {
    std::optional<std::size_t> items{}; // Of an array: how many there are.
    std::string key{};                  // Of an object: whose value is being read.
    std::set<std::string> keys{};
  };

  bool close() {
    open_.pop_back();
    return place();
  }

  bool place() {
    if (open_.empty())
      return true;
    auto& top = open_.back();
    if (top.items)
      ++*top.items;
    else if (!top.keys.insert(top.key).second)
      found_.push_back(pointer());
    return true;
  }

  /// Of the value that is being read.
  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (const auto& level : open_)
      path = segments::pointer_to(path, level.items ? std::to_string(*level.items) : level.key);
    return path;
  }

  std::vector<frame> open_;
  std::vector<std::string> found_;
  std::string key_;
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

/// Nothing, and a fault, for what is no JSON. Of a key that is there twice one stays.
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
  auto value = parser.handler().take();
  if (members_of(value) != parser.handler().members()) {
    json::basic_parser<duplicate_finder> finder{options};
    finder.write_some(false, text.data(), text.size(), failed);
    for (const auto& pointer : finder.handler().found())
      faults.push_back({pointer, "given twice; a field may be given once"});
  }
  return value;
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

std::string_view text_in(const boost::json::object& from, std::string_view key) {
  const auto* value = from.if_contains(key);
  return value != nullptr && value->is_string() ? std::string_view{value->get_string()}
                                                : std::string_view{};
}

json::value our_instant(const std::optional<model::instant>& at) {
  return at ? json::value(model::format_instant(*at)) : json::value(nullptr);
}

} // namespace gateway
