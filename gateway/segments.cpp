#include "gateway/segments.hpp"

#include "gateway/body.hpp"
#include "gateway/collection.hpp"
#include "gateway/cursor.hpp"
#include "gateway/field_names.hpp"
#include "gateway/flows.hpp"
#include "gateway/json_text.hpp"
#include "gateway/members.hpp"
#include "gateway/notes.hpp"
#include "gateway/tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using rollcall::segment_info;

constexpr std::string_view kind = "segment";

/// Clients read a condition of a known type only when every key of it is there (klaviyo-api.md
/// §1.9, rule 3).
void fill_conditions(json::value& definition) {
  if (auto* list = definition.if_array()) {
    for (auto& item : *list)
      fill_conditions(item);
    return;
  }
  auto* object = definition.if_object();
  if (object == nullptr)
    return;
  if (const auto* type = object->if_contains("type"); type != nullptr && type->is_string()
                                                      && type->as_string() == "profile-metric"
                                                      && !object->contains("metric_filters"))
    object->emplace("metric_filters", nullptr);
  for (auto& [key, value] : *object)
    fill_conditions(value);
}

bool is_starred(const json::object& note) {
  const auto* found = note.if_contains("is_starred");
  return found != nullptr && found->is_bool() && found->as_bool();
}

/// When it was changed last: its definition, its name, its star, or whether it is active.
model::instant updated_at(const segment_info& info, const json::object& note) {
  auto at = info.history.empty() ? info.created : info.history.back().at;
  if (const auto* told = note.if_contains("updated"); told != nullptr && told->is_string())
    if (const auto noted = read_instant(told->as_string()))
      at = std::max(at, *noted);
  return at;
}

resource resource_of(const segment_info& info, const json::object& note) {
  resource r{"segment", info.id};
  auto definition = own_json(info.json);
  fill_conditions(definition);
  r.attributes = {{"name", info.name},
                  {"definition", std::move(definition)},
                  {"created", instant_text(info.created)},
                  {"updated", instant_text(updated_at(info, note))},
                  {"is_active", info.is_active},
                  {"is_processing", info.state == rollcall::segment_state::building
                                      || info.state == rollcall::segment_state::updating},
                  {"is_starred", is_starred(note)}};
  for (const auto* name : {"profiles", "tags", "flow-triggers"})
    r.relationships.push_back({name, {}});
  return r;
}

query_rules read_rules(bool one) {
  query_rules rules;
  rules.includes = {"flow-triggers", "tags"};
  auto fields = field_names("segment");
  if (one)
    rules.additional_fields.emplace("segment", std::vector<std::string>{"profile_count"});
  else
    std::erase(fields, "profile_count");
  rules.fields.emplace("segment", std::move(fields));
  rules.fields.emplace("tag", field_names("tag"));
  rules.fields.emplace("flow", field_names("flow"));
  return rules;
}

query_rules list_rules() {
  using enum filter_operator;
  auto rules = read_rules(false);
  rules.filters = {{"name", {any, equals}, filter_kind::text, true},
                   {"id", {any, equals}, filter_kind::text, true},
                   {"created", {greater_than}, filter_kind::instant},
                   {"updated", {greater_than}, filter_kind::instant},
                   {"is_active", {any, equals}, filter_kind::boolean, true},
                   {"is_starred", {equals}, filter_kind::boolean}};
  rules.sorts = {"created", "id", "name", "updated"};
  rules.page = page_rule{10, 1, 10};
  rules.has_cursor = true;
  return rules;
}

answer list_segments(const call& c) {
  static const auto rules = list_rules();
  const auto query = parse_query(c.asked, rules);
  const auto known = notes{*c.whose, kind}.all();
  std::vector<resource> all;
  for (const auto& line : value_of(c.whose->engine->list())) {
    const auto info = value_of(c.whose->engine->show(line.id));
    const auto note = known.find(info.id);
    all.push_back(resource_of(info, note == known.end() ? json::object{} : note->second));
  }
  return collection_answer(c.asked, query, std::move(all), including_tags(c, query, kind));
}

answer show(const call& c, const segment_info& info, const parsed_query& query, unsigned status) {
  auto r = segment_resource(*c.whose, info);
  if (query.has_additional("segment", "profile_count"))
    r.attributes["profile_count"] = value_of(c.whose->engine->count(info.id));
  included_resources included;
  if (const auto rules = including_tags(c, query, kind); rules.include)
    rules.include(r, included);
  return document_answer(
    status, single_document(c.asked, resource_object(c.asked, r, query), std::move(included)));
}

answer get_segment(const call& c) {
  static const auto rules = read_rules(true);
  const auto query = parse_query(c.asked, rules);
  return show(c, find_segment(*c.whose, c.captured[0]), query, 200);
}

/// The engine's complaints point into the definition.
[[noreturn]] void refuse_definition(const rollcall::definition_outcome<segment_info>& refused) {
  const auto& why = refused.error();
  std::vector<error_entry> all;
  for (const auto& fault : refused.faults())
    all.push_back(
      invalid_body("/data/attributes/definition" + fault.pointer,
                   fmt::format("Found {}; allowed is {}.", fault.found, fault.allowed)));
  if (all.empty()) {
    auto one = to_error(why);
    if (why.code == model::failure_code::conflict || why.code == model::failure_code::invalid_input)
      one.pointer = "/data/attributes/name";
    all.push_back(std::move(one));
  }
  throw refusal{std::move(all)};
}

segment_info taken(rollcall::definition_outcome<segment_info> defined) {
  if (!defined)
    refuse_definition(defined);
  return std::move(*defined);
}

constexpr text_rule segment_name_rule{.bytes_max = 500, .may_be_empty = false};

answer create_segment(const call& c) {
  static const auto rules = read_rules(true);
  const auto query = parse_query(c.asked, rules);
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "segment"}, found};
  const auto name = read.attributes().text("name", presence::required, segment_name_rule);
  const auto* definition = read.attributes().object("definition", presence::required);
  const auto starred = read.attributes().boolean("is_starred", presence::nullable);
  read.finish();
  found.refuse_if_any();
  const auto writing = lock_notes(*c.whose);
  const auto info = taken(c.whose->engine->create(*name, json_text(*definition)));
  if (starred.value_or(false))
    notes{*c.whose, kind}.put(info.id, {{"is_starred", true}});
  return show(c, find_segment(*c.whose, info.id), query, 201);
}

/// What a PATCH may say.
struct segment_update {
  given<std::string> name;
  const json::object* definition = nullptr;
  given<bool> starred;
  given<bool> active;
};

segment_update read_update(const json::value& body, const std::string& id) {
  mistakes found;
  data_reader read{body, {.type = "segment", .path_id = id}, found};
  segment_update update;
  update.name = read.attributes().text("name", presence::nullable, segment_name_rule);
  update.definition = read.attributes().object("definition", presence::optional);
  update.starred = read.attributes().boolean("is_starred", presence::nullable);
  update.active = read.attributes().boolean("is_active", presence::nullable);
  if (update.active && !*update.active && read.attributes().content().size() > 1)
    read.attributes().refuse("is_active",
                             "A segment is deactivated by a request that changes nothing else.");
  read.finish();
  found.refuse_if_any();
  return update;
}

answer update_segment(const call& c) {
  static const auto rules = read_rules(true);
  const auto query = parse_query(c.asked, rules);
  const auto& id = c.captured[0];
  const auto body = read_body(c.asked);
  const auto update = read_update(body, id);
  const auto writing = lock_notes(*c.whose);
  const auto before = find_segment(*c.whose, id);
  // The definition before the rest: it alone may be refused for what it says.
  if (update.definition != nullptr)
    taken(c.whose->engine->edit(id, json_text(*update.definition)));
  if (update.active)
    taken(c.whose->engine->set_active(id, *update.active));
  if (update.name && *update.name != before.name) {
    if (const auto renamed = c.whose->engine->rename(id, *update.name); !renamed) {
      auto why = to_error(renamed.error());
      why.pointer = "/data/attributes/name";
      throw refusal{std::move(why)};
    }
  }
  if (update.starred || update.name) {
    const notes kept{*c.whose, kind};
    auto note = kept.of(id);
    if (update.starred)
      note["is_starred"] = *update.starred;
    note["updated"] = instant_text(c.whose->engine->now());
    kept.put(id, note);
  }
  return show(c, find_segment(*c.whose, id), query, 200);
}

answer delete_segment(const call& c) {
  const auto writing = lock_notes(*c.whose);
  const auto info = find_segment(*c.whose, c.captured[0]);
  value_of(c.whose->engine->drop(info.id));
  notes{*c.whose, kind}.drop(info.id);
  return empty_answer(204);
}

/// Those of `places` that are members, in the order that was asked for.
std::vector<shown_profile> members_among(const call& c, const std::string& id,
                                         const member_request& wanted, bool is_descending) {
  std::vector<shown_profile> found;
  const auto joined = value_of(c.whose->engine->joined_at(id, *wanted.only));
  for (std::size_t i = 0; i < joined.size(); ++i)
    if (joined[i] && joined[i] >= wanted.from.value_or(model::instant_min)
        && joined[i] < wanted.to.value_or(model::instant_max))
      found.push_back({(*wanted.only)[i], joined[i]});
  if (wanted.by_joining)
    std::ranges::stable_sort(found, [&](const shown_profile& a, const shown_profile& b) {
      return is_descending ? b.joined_at < a.joined_at : a.joined_at < b.joined_at;
    });
  return found;
}

answer member_answer(const call& c, bool ids_only) {
  const auto query = parse_query(c.asked, member_rules(true, ids_only));
  const auto info = find_segment(*c.whose, c.captured[0]);
  const auto wanted = read_member_request(c, query);
  if (wanted.only)
    return profiles_answer(c, query, members_among(c, info.id, wanted, query.is_descending), {},
                           ids_only);
  const auto scope = cursor_scope(c.asked);
  const auto position = open_cursor(scope, query.cursor);
  auto& engine = *c.whose->engine;
  const auto page = value_of(wanted.by_joining || wanted.from || wanted.to
                               ? engine.members(info.id,
                                                {query.is_descending, wanted.from, wanted.to},
                                                position, query.page_size)
                               : engine.members(info.id, position, query.page_size));
  std::vector<shown_profile> shown;
  for (const auto& one : page.members)
    shown.push_back({one.place, one.joined_at});
  neighbours pages;
  pages.next = seal_cursor(scope, page.cursor);
  return profiles_answer(c, query, shown, pages, ids_only);
}

} // namespace

resource segment_resource(const account& whose, const segment_info& info) {
  return resource_of(info, notes{whose, kind}.of(info.id));
}

segment_info find_segment(const account& whose, std::string_view id) {
  auto found = whose.engine->show(id);
  if (!found && found.error().code != model::failure_code::not_found)
    throw refusal{to_error(found.error())};
  if (!found || found->id != id)
    throw refusal{not_found("segment", id)};
  return std::move(*found);
}

void add_segment_routes(route_table& routes) {
  const std::string one = "/api/segments/{id}";
  routes.add("GET", "/api/segments", {"segments:read"}, list_segments, "L");
  routes.add("POST", "/api/segments", {"segments:write"}, create_segment, "XS");
  routes.add("GET", one, {"segments:read"}, get_segment, "L");
  routes.add("PATCH", one, {"segments:write"}, update_segment, "XS");
  routes.add("DELETE", one, {"segments:write"}, delete_segment, "S");
  routes.add("GET", one + "/profiles", {"profiles:read", "segments:read"},
             [](const call& c) { return member_answer(c, false); });
  routes.add("GET", one + "/relationships/profiles", {"profiles:read", "segments:read"},
             [](const call& c) { return member_answer(c, true); });
  add_tagged_routes(routes, "segment", "segments:read",
                    [](const call& c) { find_segment(*c.whose, c.captured[0]); });
  add_flow_trigger_routes(routes, "segment", {"flows:read", "segments:read"},
                          [](const call& c) { find_segment(*c.whose, c.captured[0]); });
}

} // namespace gateway
