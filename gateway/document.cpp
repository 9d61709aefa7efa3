#include "gateway/document.hpp"

#include "gateway/json_text.hpp"

#include <algorithm>
#include <array>

namespace gateway {

namespace {

namespace json = boost::json;

/// What stands in a path or a value of a query as it is. Brackets do not, because clients that look
/// for a cursor expect them encoded.
bool stands_as_it_is(char c) {
  constexpr std::string_view marks = "-._~!$'()*,:@/";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
      || marks.find(c) != std::string_view::npos;
}

void append_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  for (const char c : text) {
    if (stands_as_it_is(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += hex[byte >> 4];
    out += hex[byte & 15];
  }
}

std::string address_of(const request& asked) {
  auto address = asked.origin;
  append_encoded(address, asked.path);
  return address;
}

void append_parameter(std::string& address, char& mark, std::string_view name,
                      std::string_view value) {
  address += std::exchange(mark, '&');
  append_encoded(address, name);
  address += '=';
  append_encoded(address, value);
}

json::value link_or_null(const request& asked, const neighbours& pages, const std::string& cursor) {
  if (cursor.empty())
    return nullptr;
  return json::string{page_link(asked, pages.parameter, cursor)};
}

struct relationship_name {
  std::string_view type;
  std::string_view name;
  bool operator==(const relationship_name&) const = default;
};

/// Not both of their addresses exist, and Klaviyo's description allows no link without the other.
constexpr std::array<relationship_name, 18> without_links{{
  {"campaign-message", "campaign"},
  {"campaign-message", "image"},
  {"campaign-message", "template"},
  {"event", "attributions"},
  {"flow-action", "flow"},
  {"flow-message", "flow-action"},
  {"flow-message", "template"},
  {"profile", "conversations"},
  {"profile", "push-tokens"},
  {"profile-suppression-bulk-create-job", "lists"},
  {"profile-suppression-bulk-create-job", "segments"},
  {"profile-suppression-bulk-delete-job", "lists"},
  {"profile-suppression-bulk-delete-job", "segments"},
  {"tag", "campaigns"},
  {"tag", "flows"},
  {"tag", "lists"},
  {"tag", "segments"},
  {"webhook", "webhook-topics"},
}};

json::object relationship_objects(std::string_view type, const std::string& self,
                                  std::vector<relationship> all) {
  json::object written;
  written.reserve(all.size());
  for (auto& each : all) {
    const auto has_links = std::ranges::find(without_links, relationship_name{type, each.name})
                        == without_links.end();
    json::object one;
    if (each.data)
      one["data"] = std::move(*each.data);
    if (has_links)
      one["links"] = {{"self", self + "/relationships/" + each.name},
                      {"related", self + '/' + each.name}};
    if (!one.empty())
      written[each.name] = std::move(one);
  }
  return written;
}

/// The fields of `attributes` whose path, behind `above`, is wanted.
json::object kept_fields(json::object& attributes, const std::string& above,
                         const std::vector<std::string>& wanted) {
  json::object kept;
  for (auto& [key, value] : attributes) {
    const auto path = above + std::string{key};
    const auto below = path + '.';
    bool is_whole = false;
    bool is_part = false;
    for (const auto& name : wanted) {
      is_whole = is_whole || name == path;
      is_part = is_part || name.starts_with(below);
    }
    if (is_part && !is_whole && value.is_object())
      kept[key] = kept_fields(value.get_object(), below, wanted);
    else if (is_whole || is_part)
      kept[key] = std::move(value);
  }
  return kept;
}

void add_included(json::object& document, included_resources& included) {
  if (!included.is_empty())
    document["included"] = included.take();
}

} // namespace

json::object resource_identifier(std::string_view type, std::string_view id) {
  return {{"type", type}, {"id", id}};
}

std::string collection_of(std::string_view type) {
  std::string path = "/api/";
  path += type;
  if (path.ends_with('y')) {
    path.pop_back();
    path += "ie";
  }
  return path + 's';
}

void keep_fields(json::object& attributes, const std::vector<std::string>& wanted) {
  attributes = kept_fields(attributes, {}, wanted);
}

json::object resource_object(const request& asked, resource r,
                             const std::vector<std::string>* wanted) {
  json::object written;
  written["type"] = r.type;
  if (!r.id.empty())
    written["id"] = r.id;
  if (wanted != nullptr)
    keep_fields(r.attributes, *wanted);
  written["attributes"] = std::move(r.attributes);
  auto self = asked.origin + (r.collection.empty() ? collection_of(r.type) : r.collection) + '/';
  append_encoded(self, r.id);
  if (!r.relationships.empty())
    written["relationships"] = relationship_objects(r.type, self, std::move(r.relationships));
  if (!r.id.empty())
    written["links"] = {{"self", self}};
  return written;
}

json::object resource_object(const request& asked, resource r, const parsed_query& query) {
  const auto* wanted = query.fields_of(r.type);
  return resource_object(asked, std::move(r), wanted);
}

bool included_resources::is_new(std::string_view type, std::string_view id) const {
  return !seen_.contains({std::string{type}, std::string{id}});
}

void included_resources::add(json::object written) {
  const auto text = [&](std::string_view key) {
    const auto* found = written.if_contains(key);
    return found != nullptr && found->is_string() ? std::string{found->get_string()}
                                                  : std::string{};
  };
  if (seen_.emplace(text("type"), text("id")).second)
    all_.push_back(std::move(written));
}

std::string self_link(const request& asked) {
  auto address = address_of(asked);
  char mark = '?';
  for (const auto& [name, value] : asked.query)
    append_parameter(address, mark, name, value);
  return address;
}

std::string page_link(const request& asked, std::string_view parameter, std::string_view cursor) {
  auto address = address_of(asked);
  char mark = '?';
  bool is_replaced = false;
  for (const auto& [name, value] : asked.query) {
    const bool is_cursor = name == parameter;
    append_parameter(address, mark, name, is_cursor ? cursor : value);
    is_replaced = is_replaced || is_cursor;
  }
  if (!is_replaced)
    append_parameter(address, mark, parameter, cursor);
  return address;
}

json::object single_document(const request& asked, json::value data, included_resources included) {
  json::object document;
  document["data"] = std::move(data);
  add_included(document, included);
  document["links"] = {{"self", self_link(asked)}};
  return document;
}

json::object collection_document(const request& asked, json::array data, const neighbours& pages,
                                 included_resources included) {
  json::object document;
  document["data"] = std::move(data);
  add_included(document, included);
  document["links"] = {{"self", self_link(asked)},
                       {"next", link_or_null(asked, pages, pages.next)},
                       {"prev", link_or_null(asked, pages, pages.prev)}};
  return document;
}

answer document_answer(unsigned status, const json::value& document) {
  answer a;
  a.status = status;
  append_json(a.body, document);
  return a;
}

answer empty_answer(unsigned status) {
  answer a;
  a.status = status;
  a.content_type.clear();
  return a;
}

} // namespace gateway
