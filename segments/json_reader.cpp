#include "segments/json_reader.hpp"

#include "model/value.hpp"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

namespace segments {

namespace {

constexpr std::size_t nesting_max = 512;
constexpr std::size_t shown_max = 60;

/// `line 3, column 14`, both from 1; columns count bytes.
std::string position_text(std::string_view text, std::size_t at) {
  const auto before = text.substr(0, at);
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const auto start = before.rfind('\n');
  const auto column = start == std::string_view::npos ? at + 1 : at - start;
  return "line " + std::to_string(line) + ", column " + std::to_string(column);
}

/// Builds values from the parser's calls.
class builder {
public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = max_object_size;
  static constexpr std::size_t max_key_size = max_object_size;
  static constexpr std::size_t max_string_size = max_object_size;

  using error_code = boost::json::error_code;
  using view = boost::json::string_view;

  bool on_document_begin(error_code& /*unused*/) {
    return true;
  }
  bool on_document_end(error_code& /*unused*/) {
    return true;
  }
  bool on_object_begin(error_code& /*unused*/) {
    open(json_kind::object);
    return true;
  }
  bool on_object_end(std::size_t /*unused*/, error_code& /*unused*/) {
    settle_duplicates();
    close();
    return true;
  }
  bool on_array_begin(error_code& /*unused*/) {
    open(json_kind::array);
    return true;
  }
  bool on_array_end(std::size_t /*unused*/, error_code& /*unused*/) {
    close();
    return true;
  }
  bool on_key_part(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_key(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    open_.back().keys.push_back({std::exchange(text_, {}), position_});
    return true;
  }
  bool on_string_part(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_string(view part, std::size_t /*unused*/, error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    json_value value;
    value.kind = json_kind::text;
    value.text = std::exchange(text_, {});
    place(std::move(value));
    return true;
  }
  bool on_number_part(view part, error_code& /*unused*/) {
    text_.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t /*unused*/, view part, error_code& /*unused*/) {
    return number(part);
  }
  bool on_uint64(std::uint64_t /*unused*/, view part, error_code& /*unused*/) {
    return number(part);
  }
  bool on_double(double /*unused*/, view part, error_code& /*unused*/) {
    return number(part);
  }
  bool on_bool(bool truth, error_code& /*unused*/) {
    json_value value;
    value.kind = json_kind::boolean;
    value.truth = truth;
    place(std::move(value));
    return true;
  }
  bool on_null(error_code& /*unused*/) {
    place({});
    return true;
  }
  bool on_comment_part(view /*unused*/, error_code& /*unused*/) {
    return true;
  }
  bool on_comment(view /*unused*/, error_code& /*unused*/) {
    return true;
  }

  /// Where in the text the parser is.
  void stand_at(std::size_t position) {
    position_ = position;
  }
  json_value take() {
    return std::move(root_);
  }

  struct duplicate {
    std::string pointer;
    std::string key;
    std::size_t position;
  };
  [[nodiscard]] const std::vector<duplicate>& duplicates() const {
    return duplicates_;
  }

private:
  struct written_key {
    std::string text;
    std::size_t position; // Of its last byte.
  };
  struct frame {
    json_value value;
    std::vector<written_key>
      keys; // Of an object, as many as members, or one more while its value is read.
  };

  void open(json_kind kind) {
    open_.emplace_back();
    open_.back().value.kind = kind;
  }

  void close() {
    auto value = std::move(open_.back().value);
    open_.pop_back();
    place(std::move(value));
  }

  void place(json_value value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    auto& top = open_.back();
    if (top.value.kind == json_kind::array)
      top.value.items.push_back(std::move(value));
    else
      top.value.members.push_back({top.keys.back().text, std::move(value)});
  }

  bool number(view part) {
    text_.append(part.data(), part.size());
    json_value value;
    value.kind = json_kind::number;
    value.text = std::exchange(text_, {});
    const auto end = value.text.data() + value.text.size();
    const auto read = std::from_chars(value.text.data(), end, value.number);
    if (read.ec != std::errc{} || read.ptr != end)
      value.number = std::numeric_limits<double>::infinity();
    place(std::move(value));
    return true;
  }

  /// Keeps the first of equal keys and notes the others. Sorted, so that an object of many keys
  /// stays cheap.
  void settle_duplicates() {
    auto& top = open_.back();
    const auto count = top.keys.size();
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i)
      order[i] = i;
    const auto& keys = top.keys;
    std::stable_sort(order.begin(), order.end(),
                     [&](auto a, auto b) { return keys[a].text < keys[b].text; });
    std::vector<bool> drop(count, false);
    for (std::size_t i = 1; i < count; ++i)
      drop[order[i]] = keys[order[i]].text == keys[order[i - 1]].text;
    std::string here;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < count; ++i) {
      if (drop[i]) {
        if (here.empty())
          here = pointer();
        duplicates_.push_back({pointer_to(here, keys[i].text), keys[i].text, keys[i].position});
      } else if (kept++ != i) {
        top.value.members[kept - 1] = std::move(top.value.members[i]);
      }
    }
    top.value.members.erase(top.value.members.begin() + static_cast<std::ptrdiff_t>(kept),
                            top.value.members.end());
  }

  /// Of the innermost open value.
  [[nodiscard]] std::string pointer() const {
    std::string path;
    for (std::size_t i = 0; i + 1 < open_.size(); ++i) {
      const auto& level = open_[i];
      path = level.value.kind == json_kind::array
             ? pointer_to(path, std::to_string(level.value.items.size()))
             : pointer_to(path, level.keys.back().text);
    }
    return path;
  }

  json_value root_;
  std::vector<frame> open_;
  std::vector<duplicate> duplicates_;
  std::string text_;
  std::size_t position_ = 0;
};

/// Appends the value as JSON and stops soon after `out` has outgrown what is shown.
void append_json(std::string& out, const json_value& value, std::size_t most) {
  if (out.size() > most)
    return;
  switch (value.kind) {
  case json_kind::null:
    out += "null";
    return;
  case json_kind::boolean:
    out += value.truth ? "true" : "false";
    return;
  case json_kind::number:
    out += value.text;
    return;
  case json_kind::text:
    model::append_json_string(out, std::string_view{value.text}.substr(0, most));
    return;
  case json_kind::array:
    out += '[';
    for (std::size_t i = 0; i < value.items.size() && out.size() <= most; ++i) {
      out += i == 0 ? "" : ",";
      append_json(out, value.items[i], most);
    }
    out += ']';
    return;
  case json_kind::object:
    out += '{';
    for (std::size_t i = 0; i < value.members.size() && out.size() <= most; ++i) {
      out += i == 0 ? "" : ",";
      model::append_json_string(out, std::string_view{value.members[i].key}.substr(0, most));
      out += ':';
      append_json(out, value.members[i].value, most);
    }
    out += '}';
    return;
  }
}

/// At most `shown_max` characters (code points), the last of them `…` when something was cut.
std::string cut(std::string text) {
  std::size_t characters = 0;
  std::size_t last_start = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) == 0x80)
      continue;
    if (++characters == shown_max)
      last_start = i;
    if (characters > shown_max) {
      text.resize(last_start);
      text += "…";
      break;
    }
  }
  return text;
}

} // namespace

const json_value* json_value::find(std::string_view key) const {
  for (const auto& member : members)
    if (member.key == key)
      return &member.value;
  return nullptr;
}

std::string pointer_to(std::string_view base, std::string_view key) {
  std::string pointer{base};
  pointer += '/';
  for (const char c : key) {
    if (c == '~')
      pointer += "~0";
    else if (c == '/')
      pointer += "~1";
    else
      pointer += c;
  }
  return pointer;
}

std::string json_text(const json_value& value) {
  std::string text;
  append_json(text, value, SIZE_MAX);
  return text;
}

std::string shortened(const json_value& value) {
  std::string text;
  append_json(text, value, 4 * shown_max);
  return cut(std::move(text));
}

std::string shortened(std::string_view text) {
  std::string out;
  model::append_json_string(out, text.substr(0, 4 * shown_max));
  return cut(std::move(out));
}

std::optional<json_value> read_json(std::string_view text, std::vector<definition_error>& errors) {
  if (text.size() > definition_bytes_max) {
    errors.push_back(
      {"", std::to_string(text.size()) + " bytes",
       "a definition of at most " + std::to_string(definition_bytes_max) + " bytes"});
    return std::nullopt;
  }
  boost::json::parse_options options;
  options.max_depth = nesting_max;
  boost::json::basic_parser<builder> parser{options};
  boost::json::error_code failed;
  // Byte by byte, because only then does the parser's place in the text stay known.
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    parser.handler().stand_at(at);
    const auto taken = parser.write_some(true, text.data() + at, 1, failed);
    if (!failed && taken == 0)
      failed = boost::json::error::extra_data;
    if (failed)
      break;
  }
  if (!failed)
    parser.write_some(false, text.data(), 0, failed);
  if (failed) {
    errors.push_back({"", position_text(text, at), "valid JSON: " + failed.message()});
    return std::nullopt;
  }
  for (const auto& duplicate : parser.handler().duplicates())
    errors.push_back({duplicate.pointer,
                      "the key " + shortened(duplicate.key) + " again at "
                        + position_text(text, duplicate.position),
                      "each key once in an object"});
  return parser.handler().take();
}

} // namespace segments
