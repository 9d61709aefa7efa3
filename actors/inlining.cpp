#include "actors/inlining.hpp"

#include "model/value.hpp"
#include "segments/json_reader.hpp"

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

} // namespace

std::string inlined(std::string_view json, const segments::parse_context& context) {
  return rewriter{context}.rewrite(json);
}

} // namespace actors
