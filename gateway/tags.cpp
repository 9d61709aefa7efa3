#include "gateway/tags.hpp"

#include "gateway/body.hpp"
#include "gateway/field_names.hpp"
#include "gateway/identity.hpp"
#include "gateway/notes.hpp"
#include "gateway/tag_store.hpp"

#include <fmt/format.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

std::string new_id() {
  std::array<std::uint8_t, 16> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    throw refusal{
      to_error({model::failure_code::unavailable, "No random numbers were to be had."})};
  return random_uuid(random);
}

resource tag_resource(const known_tag& tag) {
  resource r{"tag", tag.id, {{"name", tag.name}}};
  r.relationships.push_back({"tag-group", resource_identifier("tag-group", tag.group)});
  for (const auto* name : {"lists", "segments", "campaigns", "flows"})
    r.relationships.push_back({name, {}});
  return r;
}

resource group_resource(const tag_group& group) {
  resource r{
    "tag-group",
    group.id,
    {{"name", group.name}, {"exclusive", group.is_exclusive}, {"default", group.is_default()}}};
  r.relationships.push_back({"tags", {}});
  return r;
}

known_tag find_tag(const call& c) {
  const auto all = tag_store{*c.whose}.tags();
  const auto found = all.find(c.captured[0]);
  if (found == all.end())
    throw refusal{not_found("tag", c.captured[0])};
  return found->second;
}

tag_group find_group(const account& whose, const std::string& id) {
  const auto all = tag_store{whose}.groups();
  const auto found = all.find(id);
  if (found == all.end())
    throw refusal{not_found("tag-group", id)};
  return found->second;
}

// --- queries

filter_rule name_filter() {
  using enum filter_operator;
  return {"name", {contains, ends_with, equals, starts_with}, filter_kind::text, true};
}

query_rules tag_rules() {
  query_rules rules;
  rules.includes = {"tag-group"};
  rules.fields = {{"tag", field_names("tag")}, {"tag-group", field_names("tag-group")}};
  return rules;
}

query_rules tag_list_rules() {
  auto rules = tag_rules();
  rules.filters = {name_filter()};
  rules.sorts = {"id", "name"};
  rules.page = page_rule{50, 1, 50};
  rules.has_cursor = true;
  return rules;
}

query_rules group_list_rules() {
  using enum filter_operator;
  query_rules rules;
  rules.filters = {name_filter(),
                   {"exclusive", {equals}, filter_kind::boolean},
                   {"default", {equals}, filter_kind::boolean}};
  rules.sorts = {"id", "name"};
  rules.fields = {{"tag-group", field_names("tag-group")}};
  rules.page = page_rule{25, 1, 25};
  rules.has_cursor = true;
  return rules;
}

collection_rules including_groups(const call& c, const parsed_query& query) {
  collection_rules rules;
  if (!query.includes("tag-group"))
    return rules;
  rules.include = [&c, &query, groups = tag_store{*c.whose}.groups(),
                   tags = tag_store{*c.whose}.tags()](resource& r, included_resources& into) {
    const auto& group = tags.at(r.id).group;
    if (into.is_new("tag-group", group))
      into.add(resource_object(c.asked, group_resource(groups.at(group)), query));
  };
  return rules;
}

// --- tags

answer list_tags(const call& c) {
  static const auto rules = tag_list_rules();
  const auto query = parse_query(c.asked, rules);
  std::vector<resource> all;
  for (const auto& [id, tag] : tag_store{*c.whose}.tags())
    all.push_back(tag_resource(tag));
  return collection_answer(c.asked, query, std::move(all), including_groups(c, query));
}

answer get_tag(const call& c) {
  static const auto rules = tag_rules();
  const auto query = parse_query(c.asked, rules);
  auto r = tag_resource(find_tag(c));
  included_resources included;
  if (const auto including = including_groups(c, query); including.include)
    including.include(r, included);
  return document_answer(
    200, single_document(c.asked, resource_object(c.asked, r, query), std::move(included)));
}

constexpr text_rule tag_name_rule{.bytes_max = 255, .may_be_empty = false};

void refuse_taken(const std::string& name) {
  auto e = invalid_body("/data/attributes/name",
                        fmt::format("The name '{}' is taken; names must differ.", name));
  e.status = 409;
  e.code = "conflict";
  e.title = "Conflict.";
  throw refusal{std::move(e)};
}

answer create_tag(const call& c) {
  parse_query(c.asked, {});
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "tag"}, found};
  const auto name = read.attributes().text("name", presence::required, tag_name_rule);
  const auto group = read.related_one("tag-group", "tag-group", presence::nullable);
  read.finish();
  found.refuse_if_any();
  const auto writing = lock_notes(*c.whose);
  const tag_store store{*c.whose};
  const auto all = store.tags();
  if (all.size() >= tags_max)
    throw refusal{invalid_body("/data", fmt::format("An account has at most {} tags.", tags_max))};
  for (const auto& [id, tag] : all)
    if (tag.name == *name)
      refuse_taken(*name);
  known_tag made{new_id(), *name};
  if (!group.empty())
    made.group = find_group(*c.whose, group).id;
  store.put(made);
  return document_answer(201,
                         single_document(c.asked, resource_object(c.asked, tag_resource(made))));
}

answer update_tag(const call& c) {
  parse_query(c.asked, {});
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "tag", .path_id = c.captured[0]}, found};
  const auto name = read.attributes().text("name", presence::required, tag_name_rule);
  read.finish();
  found.refuse_if_any();
  const auto writing = lock_notes(*c.whose);
  auto tag = find_tag(c);
  const tag_store store{*c.whose};
  for (const auto& [id, other] : store.tags())
    if (id != tag.id && other.name == *name)
      refuse_taken(*name);
  tag.name = *name;
  store.put(tag);
  return empty_answer(204);
}

answer delete_tag(const call& c) {
  const auto writing = lock_notes(*c.whose);
  tag_store{*c.whose}.drop(find_tag(c).id);
  return empty_answer(204);
}

// --- groups

answer list_groups(const call& c) {
  static const auto rules = group_list_rules();
  const auto query = parse_query(c.asked, rules);
  std::vector<resource> all;
  for (const auto& [id, group] : tag_store{*c.whose}.groups())
    all.push_back(group_resource(group));
  return collection_answer(c.asked, query, std::move(all));
}

answer group_answer(const call& c, unsigned status, const tag_group& group) {
  query_rules rules;
  rules.fields = {{"tag-group", field_names("tag-group")}};
  const auto query = parse_query(c.asked, rules);
  return document_answer(
    status, single_document(c.asked, resource_object(c.asked, group_resource(group), query)));
}

answer create_group(const call& c) {
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "tag-group"}, found};
  const auto name = read.attributes().text("name", presence::required, tag_name_rule);
  const auto exclusive = read.attributes().boolean("exclusive", presence::nullable);
  read.finish();
  found.refuse_if_any();
  const auto writing = lock_notes(*c.whose);
  const tag_store store{*c.whose};
  const auto all = store.groups();
  if (all.size() >= tag_groups_max)
    throw refusal{
      invalid_body("/data", fmt::format("An account has at most {} tag groups.", tag_groups_max))};
  for (const auto& [id, group] : all)
    if (group.name == *name)
      refuse_taken(*name);
  const tag_group made{new_id(), *name, exclusive.value_or(false)};
  store.put(made);
  return group_answer(c, 201, made);
}

answer update_group(const call& c) {
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "tag-group", .path_id = c.captured[0]}, found};
  const auto name = read.attributes().text("name", presence::required, tag_name_rule);
  read.finish();
  found.refuse_if_any();
  const auto writing = lock_notes(*c.whose);
  auto group = find_group(*c.whose, c.captured[0]);
  group.name = *name;
  tag_store{*c.whose}.put(group);
  return empty_answer(204);
}

answer delete_group(const call& c) {
  const auto writing = lock_notes(*c.whose);
  const auto group = find_group(*c.whose, c.captured[0]);
  if (group.is_default())
    throw refusal{invalid_body("/data", "The default tag group cannot be deleted.")};
  tag_store{*c.whose}.drop_group(group.id);
  return empty_answer(204);
}

answer tags_of_group(const call& c, bool ids_only) {
  const auto group = find_group(*c.whose, c.captured[0]);
  std::vector<resource> all;
  std::vector<std::string> ids;
  for (const auto& [id, tag] : tag_store{*c.whose}.tags())
    if (tag.group == group.id) {
      ids.push_back(id);
      all.push_back(tag_resource(tag));
    }
  query_rules rules;
  if (!ids_only)
    rules.fields = {{"tag", field_names("tag")}};
  const auto query = parse_query(c.asked, rules);
  return ids_only ? identifiers_answer(c.asked, "tag", ids)
                  : collection_answer(c.asked, query, std::move(all));
}

// --- who bears a tag

bool is_there(const account& whose, std::string_view type, const std::string& id) {
  if (type == "segment") {
    const auto found = whose.engine->show(id);
    return found && found->id == id;
  }
  if (type == "list")
    return std::ranges::any_of(value_of(whose.engine->lists()),
                               [&](const auto& list) { return list.id == id; })
        || notes{whose, "list"}.all().contains(id);
  return std::ranges::any_of(value_of(whose.engine->objects()), [&](const auto& object) {
    return object.id == id && model::name_of(object.kind) == type;
  });
}

/// An exclusive group gives a thing one of its tags at most.
void check_group(const tag_store& store, const known_tag& tag,
                 const std::vector<std::string>& borne, const std::string& bearer) {
  const auto groups = store.groups();
  if (const auto group = groups.find(tag.group);
      group == groups.end() || !group->second.is_exclusive)
    return;
  const auto tags = store.tags();
  for (const auto& other : borne)
    if (const auto found = tags.find(other);
        found != tags.end() && found->second.group == tag.group && other != tag.id)
      throw refusal{invalid_body(
        "/data", fmt::format("'{}' bears the tag '{}' of the same exclusive group already.", bearer,
                             found->second.name))};
}

answer change_bearers(const call& c, const std::string& type, bool adds) {
  const auto ids = read_identifiers(c.asked, type);
  const auto writing = lock_notes(*c.whose);
  const auto tag = find_tag(c);
  const tag_store store{*c.whose};
  const auto bearers = store.borne_by(type);
  std::vector<std::pair<std::string, std::vector<std::string>>> changed;
  for (const auto& id : ids) { // All are checked before the first is changed.
    if (!is_there(*c.whose, type, id))
      throw refusal{not_found(type, id)};
    const auto known = bearers.find(id);
    auto borne = known == bearers.end() ? std::vector<std::string>{} : known->second;
    std::erase(borne, tag.id);
    if (adds) {
      check_group(store, tag, borne, id);
      borne.push_back(tag.id);
    }
    if (borne.size() > tags_of_one_max)
      throw refusal{
        invalid_body("/data", fmt::format("A {} bears at most {} tags.", type, tags_of_one_max))};
    changed.emplace_back(id, std::move(borne));
  }
  for (const auto& [id, borne] : changed)
    store.set_borne(type, id, borne);
  return empty_answer(204);
}

answer list_bearers(const call& c, const std::string& type) {
  parse_query(c.asked, {});
  const auto tag = find_tag(c);
  std::vector<std::string> ids;
  for (const auto& [id, borne] : tag_store{*c.whose}.borne_by(type))
    if (std::ranges::find(borne, tag.id) != borne.end())
      ids.push_back(id);
  return identifiers_answer(c.asked, type, ids);
}

void add_bearer_routes(route_table& routes, const std::string& type) {
  const auto path = "/api/tags/{id}/relationships/" + type + 's';
  const auto read = type + "s:read";
  const auto write = type + "s:write";
  routes.add(
    "GET", path, {read, "tags:read"}, [type](const call& c) { return list_bearers(c, type); }, "S");
  routes.add(
    "POST", path, {write, "tags:write"},
    [type](const call& c) { return change_bearers(c, type, true); }, "S");
  routes.add(
    "DELETE", path, {write, "tags:write"},
    [type](const call& c) { return change_bearers(c, type, false); }, "S");
}

answer tags_answer(const call& c, const std::string& type, bool ids_only) {
  const auto ids = tag_ids_of(*c.whose, type, c.captured[0]);
  query_rules rules;
  if (!ids_only)
    rules.fields = {{"tag", field_names("tag")}};
  const auto query = parse_query(c.asked, rules);
  if (ids_only)
    return identifiers_answer(c.asked, "tag", ids);
  const auto known = tag_store{*c.whose}.tags();
  std::vector<resource> all;
  for (const auto& id : ids)
    if (const auto tag = known.find(id); tag != known.end())
      all.push_back(tag_resource(tag->second));
  return collection_answer(c.asked, query, std::move(all));
}

} // namespace

std::vector<std::string> tag_ids_of(const account& whose, std::string_view type,
                                    std::string_view id) {
  auto all = tag_store{whose}.borne_by(type);
  const auto found = all.find(std::string{id});
  return found == all.end() ? std::vector<std::string>{} : std::move(found->second);
}

collection_rules including_tags(const call& c, const parsed_query& query, std::string_view type) {
  collection_rules rules;
  if (!query.includes("tags"))
    return rules;
  const tag_store store{*c.whose};
  rules.include = [&c, &query, tags = store.tags(),
                   borne = store.borne_by(type)](resource& r, included_resources& into) {
    json::array data;
    if (const auto own = borne.find(r.id); own != borne.end())
      for (const auto& id : own->second) {
        const auto tag = tags.find(id);
        if (tag == tags.end())
          continue;
        data.emplace_back(resource_identifier("tag", id));
        if (into.is_new("tag", id))
          into.add(resource_object(c.asked, tag_resource(tag->second), query));
      }
    const auto related = std::ranges::find(r.relationships, "tags", &relationship::name);
    if (related != r.relationships.end())
      related->data = std::move(data);
  };
  return rules;
}

void add_tagged_routes(route_table& routes, const std::string& type, const std::string& scope,
                       std::function<void(const call&)> check) {
  const auto one = collection_of(type) + "/{id}";
  for (const bool ids_only : {false, true})
    routes.add(
      "GET", one + (ids_only ? "/relationships/tags" : "/tags"), {scope, "tags:read"},
      [type, check, ids_only](const call& c) {
        check(c);
        return tags_answer(c, type, ids_only);
      },
      "S");
}

void add_tag_routes(route_table& routes) {
  const std::vector<std::string> read{"tags:read"};
  const std::vector<std::string> write{"tags:read", "tags:write"};
  routes.add("GET", "/api/tags", read, list_tags, "S");
  routes.add("POST", "/api/tags", write, create_tag, "S");
  routes.add("GET", "/api/tags/{id}", read, get_tag, "S");
  routes.add("PATCH", "/api/tags/{id}", write, update_tag, "S");
  routes.add("DELETE", "/api/tags/{id}", write, delete_tag, "S");
  routes.add(
    "GET", "/api/tags/{id}/tag-group", read,
    [](const call& c) { return group_answer(c, 200, find_group(*c.whose, find_tag(c).group)); },
    "S");
  routes.add(
    "GET", "/api/tags/{id}/relationships/tag-group", read,
    [](const call& c) {
      return document_answer(
        200, single_document(c.asked, resource_identifier("tag-group", find_tag(c).group)));
    },
    "S");
  routes.add("GET", "/api/tag-groups", read, list_groups, "S");
  routes.add("POST", "/api/tag-groups", write, create_group, "S");
  routes.add(
    "GET", "/api/tag-groups/{id}", read,
    [](const call& c) { return group_answer(c, 200, find_group(*c.whose, c.captured[0])); }, "S");
  routes.add("PATCH", "/api/tag-groups/{id}", write, update_group, "S");
  routes.add("DELETE", "/api/tag-groups/{id}", write, delete_group, "S");
  routes.add(
    "GET", "/api/tag-groups/{id}/tags", read, [](const call& c) { return tags_of_group(c, false); },
    "S");
  routes.add(
    "GET", "/api/tag-groups/{id}/relationships/tags", read,
    [](const call& c) { return tags_of_group(c, true); }, "S");
  for (const auto* type : {"segment", "list", "campaign", "flow"})
    add_bearer_routes(routes, type);
}

} // namespace gateway
