#include "gateway/documentation.hpp"

#include "gateway/json_text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace gateway {

namespace json = boost::json;

namespace {

constexpr std::string_view page_start = R"(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Rollcall</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem 2rem; color: #222; background: #fff; }
h1, h2, h3 { line-height: 1.2; }
h2 { margin-top: 3rem; border-bottom: 1px solid #ccc; }
h3 { margin-top: 2.2rem; font-size: 1.05rem; }
code, pre { font: 14px/1.4 ui-monospace, monospace; }
.method { display: inline-block; min-width: 3.6em; font-weight: 600; color: #06529c; }
table { border-collapse: collapse; width: 100%; }
td { vertical-align: top; padding: .2rem 1rem .2rem 0; border-top: 1px solid #eee; }
td:first-child { white-space: nowrap; }
.kind { color: #666; }
@media (prefers-color-scheme: dark) {
  body { color: #ddd; background: #181a1b; } .method { color: #7db7ee; } .kind { color: #999; }
  h2 { border-color: #444; } td { border-color: #333; } a { color: #7db7ee; }
}
</style>
</head>
<body>
)";

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text)
    switch (c) {
    case '<':
      out += "&lt;";
      break;
    case '>':
      out += "&gt;";
      break;
    case '&':
      out += "&amp;";
      break;
    case '"':
      out += "&quot;";
      break;
    default:
      out += c;
    }
  return out;
}

/// The text of a member, ready for HTML; empty = there is none.
std::string text_of(const json::object& from, std::string_view name) {
  const auto* found = from.if_contains(name);
  return found != nullptr && found->is_string() ? escaped(found->get_string()) : std::string{};
}

/// Writes the page of one description.
class page_writer {
public:
  explicit page_writer(const json::object& description) : all_(description) {
  }

  std::string write() {
    const auto& info = all_.at("info").as_object();
    out_ = page_start;
    out_ += fmt::format("<h1>{}</h1>\n<p>{}</p>\n<p>The same for programs: <a "
                        "href=\"/openapi.json\">/openapi.json</a></p>\n",
                        text_of(info, "title"), text_of(info, "description"));
    for (const auto& tag : all_.at("tags").as_array())
      write_tag(tag.as_object());
    out_ += "</body>\n</html>\n";
    return std::move(out_);
  }

private:
  void write_tag(const json::object& tag) {
    const auto name = text_of(tag, "name");
    out_ += fmt::format("<h2>{}</h2>\n<p>{}</p>\n", name, text_of(tag, "description"));
    for (const auto& [path, methods] : all_.at("paths").as_object())
      for (const auto& [method, operation] : methods.as_object()) {
        const auto& o = operation.as_object();
        const auto& tags = o.at("tags").as_array();
        if (std::ranges::any_of(tags, [&](const auto& t) { return t == tag.at("name"); }))
          write_operation(path, method, o);
      }
  }

  void write_operation(std::string_view path, std::string_view method, const json::object& o) {
    std::string upper{method};
    std::ranges::transform(upper, upper.begin(), [](char c) {
      return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    out_ += fmt::format("<h3 id=\"{0}\"><code><span class=\"method\">{1}</span> {2}</code></h3>\n"
                        "<p><strong>{3}.</strong> {4}</p>\n",
                        text_of(o, "operationId"), upper, escaped(path), text_of(o, "summary"),
                        text_of(o, "description"));
    out_ += "<table>\n";
    write_scopes(o);
    if (const auto* parameters = o.if_contains("parameters"))
      for (const auto& p : parameters->as_array())
        write_parameter(p.as_object());
    if (const auto* body = o.if_contains("requestBody"))
      write_content("body", body->as_object());
    for (const auto& [status, answer] : o.at("responses").as_object())
      if (answer.as_object().contains("description"))
        write_content(std::string{status}, answer.as_object());
    out_ += "</table>\n";
  }

  void write_scopes(const json::object& o) {
    for (const auto& way : o.at("security").as_array())
      for (const auto& [name, scopes] : way.as_object())
        for (const auto& scope : scopes.as_array())
          row("scope", "<code>" + escaped(scope.as_string()) + "</code>");
  }

  void write_parameter(const json::object& p) {
    const auto& schema = p.at("schema").as_object();
    row("<code>" + text_of(p, "name") + "</code>",
        fmt::format("{} <span class=\"kind\">{} in the {}{}</span>", text_of(p, "description"),
                    kind_of(schema), text_of(p, "in"),
                    p.contains("required") && p.at("in") != "path" ? ", needed" : ""));
  }

  void write_content(const std::string& name, const json::object& from) {
    auto text = text_of(from, "description");
    if (const auto* content = from.if_contains("content"))
      for (const auto& [type, media] : content->as_object()) {
        text += fmt::format("<br><span class=\"kind\">{}</span>", escaped(type));
        write_fields(media.as_object().at("schema").as_object(), 1, text);
      }
    row(name, text);
  }

  /// The fields of a schema, a line each; those of named schemas below them too.
  void write_fields(const json::object& given, int depth, std::string& to) {
    const auto& schema = resolved(given);
    if (depth > depth_max)
      return;
    for (const auto* several : {"allOf", "anyOf"})
      if (const auto* parts = schema.if_contains(several))
        for (const auto& part : parts->as_array())
          write_fields(part.as_object(), depth, to);
    if (const auto* items = schema.if_contains("items"))
      write_fields(items->as_object(), depth, to);
    const auto* properties = schema.if_contains("properties");
    if (properties == nullptr)
      return;
    for (const auto& [name, property] : properties->as_object()) {
      const auto& inside = property.as_object();
      to += fmt::format("<br>{}<code>{}</code> <span class=\"kind\">{}</span> {}", indent(depth),
                        escaped(name), kind_of(inside), text_of(inside, "description"));
      write_fields(inside, depth + 1, to);
    }
  }

  static std::string indent(int depth) {
    std::string spaces;
    for (int i = 0; i < depth; ++i)
      spaces += "&emsp;";
    return spaces;
  }

  const json::object& resolved(const json::object& schema) const {
    const auto* reference = schema.if_contains("$ref");
    if (reference == nullptr)
      return schema;
    std::string_view pointer = reference->as_string();
    pointer.remove_prefix(1); // The #.
    return own(pointer);
  }

  const json::object& own(std::string_view pointer) const {
    const json::object* at = &all_;
    while (!pointer.empty()) {
      pointer.remove_prefix(1);
      const auto name = pointer.substr(0, pointer.find('/'));
      at = &at->at(name).as_object();
      pointer.remove_prefix(name.size());
    }
    return *at;
  }

  /// "integer, 1 to 366, else 30".
  std::string kind_of(const json::object& given) const {
    const auto& schema = resolved(given);
    std::string kind;
    if (const auto* type = schema.if_contains("type"))
      kind = type->is_string() ? std::string{type->get_string()}
                               : std::string{type->as_array().front().as_string()} + " or null";
    else if (const auto* value = schema.if_contains("const"))
      kind = json_text(*value);
    if (schema.contains("format"))
      kind += ' ' + text_of(schema, "format");
    if (const auto* words = schema.if_contains("enum")) {
      kind = "one of";
      for (const auto& word : words->as_array())
        kind += (kind == "one of" ? " " : ", ") + escaped(word.as_string());
    }
    if (schema.contains("minimum") && schema.contains("maximum"))
      kind += fmt::format(", {} to {}", json_text(schema.at("minimum")),
                          json_text(schema.at("maximum")));
    if (const auto* preset = schema.if_contains("default"))
      kind += ", else " + escaped(json_text(*preset));
    return kind;
  }

  void row(const std::string& name, const std::string& text) {
    out_ += fmt::format("<tr><td>{}</td><td>{}</td></tr>\n", name, text);
  }

  static constexpr int depth_max = 3;

  const json::object& all_;
  std::string out_;
};

/// An answer that never changes.
plain_handler constant(std::string_view type, std::string text) {
  answer a;
  a.content_type = type;
  a.body = std::move(text);
  a.headers = {{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
               {"X-Content-Type-Options", "nosniff"}};
  return [a](const call&) { return a; };
}

void add_open(route_table& routes, std::string_view pattern, plain_handler act) {
  route r;
  r.method = "GET";
  r.pattern = pattern;
  r.by = entrance::open;
  r.act = [act = std::move(act)](const std::shared_ptr<const call>& c, const reply& done) {
    done(act(*c));
  };
  routes.add(std::move(r));
}

} // namespace

std::string documentation_page(std::string_view openapi) {
  const auto description = own_json(openapi);
  return page_writer{description.as_object()}.write();
}

void add_documentation_routes(route_table& routes) {
  add_open(routes, "/openapi.json", constant(json_type, std::string{openapi_text()}));
  add_open(routes, "/docs",
           constant("text/html; charset=utf-8", documentation_page(openapi_text())));
}

} // namespace gateway
