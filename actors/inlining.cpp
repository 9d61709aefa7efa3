#include "actors/inlining.hpp"

#include "model/value.hpp"
#include "segments/json_reader.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

namespace actors {

namespace {

using segments::json_kind;
using segments::json_value;

class rewriter {
public:
  explicit rewriter(const segments::parse_context& account) : account_(account) {
  }

  std::string rewrite(std::string_view json) {
    std::string out;
    write_document(json, out);
    return out;
  }

private:
  void write_document(std::string_view json, std::string& out) {
    std::vector<segments::definition_error> errors;
    const auto document = segments::read_json(json, errors);
    if (!document || !errors.empty())
      throw std::invalid_argument("a definition to be inlined has mistakes");
    write(*document, out);
  }

  void write(const json_value& v, std::string& out) {
    switch (v.kind) {
    case json_kind::null:
      out += "null";
      return;
    case json_kind::boolean:
      out += v.truth ? "true" : "false";
      return;
    case json_kind::number:
      out += v.text;
      return;
    case json_kind::text:
      model::append_json_string(out, v.text);
      return;
    case json_kind::array:
      write_items(v, out, [this](const json_value& item, std::string& to) { write(item, to); });
      return;
    case json_kind::object:
      write_object(v, out);
      return;
    }
  }

  template <class Write>
  void write_items(const json_value& array, std::string& out, Write&& write_item) {
    out += '[';
    for (std::size_t i = 0; i < array.items.size(); ++i) {
      out += i == 0 ? "" : ",";
      write_item(array.items[i], out);
    }
    out += ']';
  }

  void write_object(const json_value& v, std::string& out) {
    if (v.members.size() == 1 && v.members.front().key == "segment"
        && v.members.front().value.kind == json_kind::text) {
      write_segment(v.members.front().value.text, out);
      return;
    }
    out += '{';
    for (std::size_t i = 0; i < v.members.size(); ++i) {
      const auto& [key, value] = v.members[i];
      out += i == 0 ? "" : ",";
      model::append_json_string(out, key);
      out += ':';
      write_member(key, value, out);
    }
    out += '}';
  }

  void write_segment(const std::string& called, std::string& out) {
    const auto found = account_.segment ? account_.segment(called) : std::nullopt;
    if (!found)
      throw std::invalid_argument("a definition to be inlined speaks of an unknown segment");
    write_document(found->json, out);
  }

  void write_member(const std::string& key, const json_value& value, std::string& out) {
    if (key == "metric_id" && value.kind == json_kind::text)
      write_name(value, account_.metric_name, out);
    else if (key == "group_ids" && value.kind == json_kind::array)
      write_items(value, out, [this](const json_value& item, std::string& to) {
        write_name(item, account_.list_name, to);
      });
    else
      write(value, out);
  }

  using naming = std::function<std::optional<std::string>(std::string_view)>;
  void write_name(const json_value& v, const naming& name_of, std::string& out) {
    const auto name = name_of ? name_of(v.text) : std::nullopt;
    model::append_json_string(out, name ? *name : v.text);
  }

  const segments::parse_context& account_;
};

/// The tokens of valid JSON, where they stand.
class token_reader {
public:
  explicit token_reader(std::string_view json) : json_(json) {
  }
  /// Empty at the end.
  std::string_view next() {
    at_ = std::min(json_.find_first_not_of(" \t\n\r", at_), json_.size());
    const auto first = at_;
    if (first < json_.size())
      at_ = json_[first] == '"' ? end_of_text(first) : end_of_other(first);
    return json_.substr(first, at_ - first);
  }

private:
  [[nodiscard]] std::size_t end_of_text(std::size_t at) const {
    for (++at; json_[at] != '"'; ++at)
      if (json_[at] == '\\')
        ++at;
    return at + 1;
  }
  [[nodiscard]] std::size_t end_of_other(std::size_t at) const {
    constexpr std::string_view marks = "{}[]:,";
    if (marks.find(json_[at]) != std::string_view::npos)
      return at + 1;
    return std::min(json_.find_first_of("{}[]:,\" \t\n\r", at), json_.size());
  }

  std::string_view json_;
  std::size_t at_ = 0;
};

/// Whether a token is the JSON string of `text`, however that is escaped.
bool says(std::string_view token, std::string_view text) {
  if (!token.starts_with('"'))
    return false;
  std::vector<segments::definition_error> errors;
  const auto read = segments::read_json(token, errors);
  return read && read->text == text;
}

} // namespace

std::string inlined(std::string_view json, const segments::parse_context& context) {
  return rewriter{context}.rewrite(json);
}

std::string with_segment_renamed(std::string_view json, std::string_view from,
                                 std::string_view to) {
  std::string out;
  std::size_t copied = 0;
  std::array<std::string_view, 5> last; // The latest tokens, oldest first.
  token_reader tokens{json};
  for (auto token = tokens.next(); !token.empty(); token = tokens.next()) {
    std::shift_left(last.begin(), last.end(), 1);
    last.back() = token;
    const bool is_reference = last[0] == "{" && last[2] == ":" && last[4] == "}"
                           && says(last[1], "segment") && says(last[3], from);
    if (!is_reference)
      continue;
    const auto at = static_cast<std::size_t>(last[3].data() - json.data());
    out += json.substr(copied, at - copied);
    model::append_json_string(out, to);
    copied = at + last[3].size();
  }
  out += json.substr(copied);
  return out;
}

} // namespace actors
