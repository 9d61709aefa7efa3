#include "gateway/lists.hpp"

#include "gateway/body.hpp"
#include "gateway/collection.hpp"
#include "gateway/cursor.hpp"
#include "gateway/field_names.hpp"
#include "gateway/flows.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/members.hpp"
#include "gateway/notes.hpp"
#include "gateway/profile_shape.hpp"
#include "gateway/tags.hpp"

#include <fmt/format.h>
#include <rollcall/batch_builder.hpp>

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::string_view kind = "list";
constexpr std::size_t members_at_once_max = 1'000;

std::optional<std::string> noted(const json::object& note, std::string_view key) {
  const auto* found = note.if_contains(key);
  return found != nullptr && found->is_string() ? std::optional{std::string{found->as_string()}}
                                                : std::nullopt;
}

bool is_deleted(const json::object& note) {
  const auto* found = note.if_contains("deleted");
  return found != nullptr && found->is_bool() && found->as_bool();
}

json::value or_null(const std::optional<std::string>& text) {
  return text ? json::value(*text) : json::value(nullptr);
}

query_rules read_rules(bool one) {
  query_rules rules;
  rules.includes = {"flow-triggers", "tags"};
  auto fields = field_names("list");
  if (one)
    rules.additional_fields.emplace("list", std::vector<std::string>{"profile_count"});
  else
    std::erase(fields, "profile_count");
  rules.fields.emplace("list", std::move(fields));
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
                   {"updated", {greater_than}, filter_kind::instant}};
  rules.sorts = {"created", "id", "name", "updated"};
  rules.page = page_rule{10, 1, 10};
  rules.has_cursor = true;
  return rules;
}

answer list_lists(const call& c) {
  static const auto rules = list_rules();
  const auto query = parse_query(c.asked, rules);
  std::vector<resource> all;
  for (const auto& list : all_lists(*c.whose))
    all.push_back(list_resource(list));
  return collection_answer(c.asked, query, std::move(all), including_tags(c, query, kind));
}

answer show(const call& c, const known_list& list, const parsed_query& query, unsigned status) {
  auto r = list_resource(list);
  if (query.has_additional("list", "profile_count"))
    r.attributes["profile_count"] = count_members(*c.whose, list);
  included_resources included;
  if (const auto rules = including_tags(c, query, kind); rules.include)
    rules.include(r, included);
  return document_answer(
    status, single_document(c.asked, resource_object(c.asked, r, query), std::move(included)));
}

answer get_list(const call& c) {
  static const auto rules = read_rules(true);
  const auto query = parse_query(c.asked, rules);
  return show(c, find_list(*c.whose, c.captured[0]), query, 200);
}

constexpr text_rule list_name_rule{.bytes_max = 240, .may_be_empty = false};
constexpr std::string_view opt_ins[] = {"double_opt_in", "single_opt_in"};

struct list_update {
  given<std::string> name;
  given<std::string> opt_in;
};

list_update read_update(const json::value& body, std::optional<std::string> path_id) {
  mistakes found;
  const bool is_new = !path_id;
  data_reader read{body, {.type = "list", .path_id = std::move(path_id)}, found};
  list_update update;
  update.name = read.attributes().text("name", is_new ? presence::required : presence::nullable,
                                       list_name_rule);
  update.opt_in = read.attributes().text("opt_in_process", presence::nullable,
                                         {.choices = {opt_ins[0], opt_ins[1]}});
  read.finish();
  found.refuse_if_any();
  return update;
}

/// A deleted list, or one that is called otherwise now, may hold the name in the engine.
rollcall::list_info add_to_engine(const account& whose, const std::string& name) {
  for (int attempt = 1;; ++attempt) {
    auto made = whose.engine->add_list(attempt == 1 ? name : fmt::format("{} ({})", name, attempt));
    if (made)
      return std::move(*made);
    if (made.error().code != model::failure_code::conflict || attempt == 1'000)
      throw refusal{to_error(made.error())};
  }
}

void refuse_taken_name(const account& whose, const std::string& name, std::string_view but) {
  for (const auto& list : all_lists(whose))
    if (list.name == name && list.id != but) {
      auto e = invalid_body("/data/attributes/name",
                            fmt::format("The name '{}' is taken by the list '{}'.", name, list.id));
      e.status = 409;
      e.code = "conflict";
      e.title = "Conflict.";
      throw refusal{std::move(e)};
    }
}

answer create_list(const call& c) {
  static const auto rules = read_rules(true);
  const auto query = parse_query(c.asked, rules);
  const auto update = read_update(read_body(c.asked), std::nullopt);
  const auto writing = lock_notes(*c.whose);
  refuse_taken_name(*c.whose, *update.name, {});
  const auto made = add_to_engine(*c.whose, *update.name);
  const auto now = instant_text(c.whose->engine->now());
  json::object note{{"name", *update.name}, {"created", now}, {"updated", now}};
  if (update.opt_in)
    note["opt_in_process"] = *update.opt_in;
  notes{*c.whose, kind}.put(made.id, note);
  return show(c, find_list(*c.whose, made.id), query, 201);
}

answer update_list(const call& c) {
  static const auto rules = read_rules(true);
  const auto query = parse_query(c.asked, rules);
  const auto update = read_update(read_body(c.asked), c.captured[0]);
  const auto writing = lock_notes(*c.whose);
  const auto list = find_list(*c.whose, c.captured[0]);
  const notes kept{*c.whose, kind};
  auto note = kept.of(list.id);
  if (update.name) {
    refuse_taken_name(*c.whose, *update.name, list.id);
    note["name"] = *update.name;
  }
  if (update.opt_in.is_there)
    note["opt_in_process"] = update.opt_in ? json::value(*update.opt_in) : json::value(nullptr);
  note["updated"] = instant_text(c.whose->engine->now());
  kept.put(list.id, note);
  return show(c, find_list(*c.whose, list.id), query, 200);
}

// --- members

/// Joins or leaves, for everybody of `places` who is still there.
void change_members(const call& c, const known_list& list,
                    std::span<const rollcall::profile_place> places, bool joins) {
  rollcall::batch_builder batch;
  for (const auto& shown : value_of(c.whose->engine->profiles(places))) {
    if (!shown)
      continue;
    const auto who = identifiers_of(*shown);
    const rollcall::person person{who.external_id, who.email, who.phone_number};
    if (joins)
      batch.join(person, list.engine_name);
    else
      batch.leave(person, list.engine_name);
  }
  if (batch.records() == 0)
    return;
  const auto done = value_of(c.whose->engine->apply(batch.take()));
  if (!done.rejected.empty())
    throw refusal{invalid_body("/data", done.rejected.front().reason)};
}

std::vector<rollcall::profile_place> read_places(const call& c) {
  std::vector<rollcall::profile_place> places;
  for (const auto& id : read_identifiers(c.asked, "profile", members_at_once_max)) {
    const auto place = profile_place_of(id);
    if (!place || !value_of(c.whose->engine->profiles({{*place}})).front())
      throw refusal{not_found("profile", id)};
    places.push_back(*place);
  }
  return places;
}

answer change_membership(const call& c, bool joins) {
  const auto places = read_places(c);
  const auto list = find_list(*c.whose, c.captured[0]);
  change_members(c, list, places, joins);
  return empty_answer(204);
}

answer delete_list(const call& c) {
  const auto writing = lock_notes(*c.whose);
  const auto list = find_list(*c.whose, c.captured[0]);
  // Who is in it leaves it, or segments would go on asking for its members.
  for (;;) {
    const auto page = value_of(
      c.whose->engine->list_profiles({.list = list.engine_name}, {}, members_at_once_max));
    std::vector<rollcall::profile_place> places;
    for (const auto& line : page.profiles)
      places.push_back(line.place);
    if (places.empty())
      break;
    change_members(c, list, places, false);
  }
  notes{*c.whose, kind}.put(list.id, {{"deleted", true}, {"name", list.name}});
  return empty_answer(204);
}

rollcall::profile_query engine_query(const known_list& list, const member_request& wanted,
                                     bool is_descending) {
  rollcall::profile_query query{.list = list.engine_name};
  if (!wanted.by_joining && !wanted.from && !wanted.to)
    return query;
  query.order_by = "joined_at";
  query.is_descending = is_descending;
  query.from = wanted.from;
  query.to = wanted.to;
  return query;
}

/// Of a few people, when they joined: read off their profiles.
std::vector<shown_profile> members_among(const call& c, const known_list& list,
                                         const member_request& wanted, bool is_descending) {
  std::vector<shown_profile> found;
  const auto shown = value_of(c.whose->engine->profiles(*wanted.only));
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto joined = shown[i] ? joined_list_at(*shown[i], list.engine_name) : std::nullopt;
    if (joined && *joined >= wanted.from.value_or(model::instant_min)
        && *joined < wanted.to.value_or(model::instant_max))
      found.push_back({(*wanted.only)[i], joined});
  }
  if (wanted.by_joining)
    std::ranges::stable_sort(found, [&](const shown_profile& a, const shown_profile& b) {
      return is_descending ? b.joined_at < a.joined_at : a.joined_at < b.joined_at;
    });
  return found;
}

answer member_answer(const call& c, bool ids_only) {
  const auto query = parse_query(c.asked, member_rules(false, ids_only));
  const auto list = find_list(*c.whose, c.captured[0]);
  const auto wanted = read_member_request(c, query);
  if (wanted.only)
    return profiles_answer(c, query, members_among(c, list, wanted, query.is_descending), {},
                           ids_only);
  const auto scope = cursor_scope(c.asked);
  const auto page = value_of(
    c.whose->engine->list_profiles(engine_query(list, wanted, query.is_descending),
                                   open_cursor(scope, query.cursor), query.page_size));
  std::vector<shown_profile> shown;
  for (const auto& line : page.profiles)
    shown.push_back({line.place, line.joined_at});
  neighbours pages;
  pages.next = seal_cursor(scope, page.cursor);
  return profiles_answer(c, query, shown, pages, ids_only);
}

} // namespace

std::vector<known_list> all_lists(const account& whose) {
  const auto known = notes{whose, kind}.all();
  std::vector<known_list> all;
  for (const auto& list : value_of(whose.engine->lists())) {
    known_list made{list.id, list.name, list.name};
    if (const auto note = known.find(list.id); note != known.end()) {
      if (is_deleted(note->second))
        continue;
      made.name = noted(note->second, "name").value_or(list.name);
      made.created = noted(note->second, "created");
      made.updated = noted(note->second, "updated");
      made.opt_in_process = noted(note->second, "opt_in_process");
    }
    all.push_back(std::move(made));
  }
  return all;
}

known_list find_list(const account& whose, std::string_view id) {
  auto all = all_lists(whose);
  const auto found = std::ranges::find(all, id, &known_list::id);
  if (found == all.end())
    throw refusal{not_found("list", id)};
  return std::move(*found);
}

std::uint64_t count_members(const account& whose, const known_list& list) {
  const json::object condition{{"type", "profile-group-membership"},
                               {"is_member", true},
                               {"group_ids", json::array{list.engine_name}},
                               {"timeframe_filter", nullptr}};
  return value_of<std::uint64_t>(whose.engine->preview(json_text(condition), whose.engine->now()));
}

resource list_resource(const known_list& list) {
  resource r{"list",
             list.id,
             {{"name", list.name},
              {"created", or_null(list.created)},
              {"updated", or_null(list.updated)},
              {"opt_in_process", or_null(list.opt_in_process)}}};
  for (const auto* name : {"profiles", "tags", "flow-triggers"})
    r.relationships.push_back({name, {}});
  return r;
}

void add_list_routes(route_table& routes) {
  const std::string one = "/api/lists/{id}";
  const std::vector<std::string> write{"lists:write"};
  const std::vector<std::string> write_people{"lists:write", "profiles:write"};
  const std::vector<std::string> read_people{"lists:read", "profiles:read"};
  routes.add("GET", "/api/lists", {"lists:read"}, list_lists, "L");
  routes.add("POST", "/api/lists", write, create_list, "M");
  routes.add("GET", one, {"lists:read"}, get_list, "L");
  routes.add("PATCH", one, write, update_list, "M");
  routes.add("DELETE", one, write, delete_list, "M");
  routes.add("GET", one + "/profiles", read_people,
             [](const call& c) { return member_answer(c, false); });
  routes.add("GET", one + "/relationships/profiles", read_people,
             [](const call& c) { return member_answer(c, true); });
  routes.add(
    "POST", one + "/relationships/profiles", write_people,
    [](const call& c) { return change_membership(c, true); }, "M");
  routes.add(
    "DELETE", one + "/relationships/profiles", write_people,
    [](const call& c) { return change_membership(c, false); }, "M");
  const auto check = [](const call& c) { find_list(*c.whose, c.captured[0]); };
  add_tagged_routes(routes, "list", "lists:read", check);
  add_flow_trigger_routes(routes, "list", {"flows:read", "lists:read"}, check);
}

} // namespace gateway
