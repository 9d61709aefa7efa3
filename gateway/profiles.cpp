#include "gateway/profiles.hpp"

#include "gateway/applied.hpp"
#include "gateway/body.hpp"
#include "gateway/collection.hpp"
#include "gateway/cursor.hpp"
#include "gateway/field_names.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/lists.hpp"
#include "gateway/members.hpp"
#include "gateway/notes.hpp"
#include "gateway/profile_shape.hpp"
#include "gateway/segments.hpp"

#include <fmt/format.h>
#include <rollcall/batch_builder.hpp>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using rollcall::profile_place;

constexpr std::size_t body_bytes_max = 100 * 1024;

std::optional<std::string> shown(const account& whose, profile_place place) {
  return std::move(value_of(whose.engine->profiles({{place}})).front());
}

query_rules show_rules() {
  query_rules rules;
  rules.fields = {{"profile", field_names("profile")}};
  rules.additional_fields = {{"profile", {"subscriptions", "predictive_analytics"}}};
  return rules;
}

// --- lists of profiles

query_rules list_rules() {
  using enum filter_operator;
  auto rules = show_rules();
  for (const auto* field : {"id", "email", "phone_number", "external_id"})
    rules.filters.push_back({field, {any, equals}, filter_kind::text, true});
  rules.filters.push_back({"_kx", {equals}});
  rules.filters.push_back({"created", {greater_than, less_than}, filter_kind::instant});
  rules.sorts = {"created", "email", "id"};
  rules.includes = {"conversations", "push-tokens"};
  rules.page = page_rule{20, 1, 100};
  rules.has_cursor = true;
  return rules;
}

std::string identifier_of(const profile_identifiers& who, std::string_view field) {
  return field == "email"        ? who.email
       : field == "phone_number" ? who.phone_number
                                 : who.external_id;
}

/// Those that a term names. The engine finds by any identifier; the profile itself tells whether it
/// was the one that was asked for.
std::set<profile_place> named_by(const account& whose, const filter_term& term) {
  std::set<profile_place> found;
  if (term.field == "_kx") // Only Klaviyo can read it.
    return found;
  for (const auto& text : term.texts()) {
    if (term.field == "id") {
      if (const auto place = profile_place_of(text); place && shown(whose, *place))
        found.insert(*place);
      continue;
    }
    const auto place = whose.engine->find_profile(text);
    if (!place)
      continue;
    const auto one = shown(whose, *place);
    if (one && identifier_of(identifiers_of(*one), term.field) == text)
      found.insert(*place);
  }
  return found;
}

/// Who passes every term about who he is; nothing = no term was about that.
std::optional<std::vector<profile_place>> named(const call& c, const parsed_query& query) {
  std::optional<std::set<profile_place>> all;
  for (const auto& term : query.filter) {
    if (term.field == "created")
      continue;
    auto found = named_by(*c.whose, term);
    if (all)
      std::erase_if(found, [&](const profile_place& p) { return !all->contains(p); });
    all = std::move(found);
  }
  return all ? std::optional{std::vector(all->begin(), all->end())} : std::nullopt;
}

rollcall::profile_query engine_query(const parsed_query& query) {
  rollcall::profile_query asked;
  asked.is_descending = query.is_descending;
  if (query.sort != "id")
    asked.order_by = query.sort;
  for (const auto& term : query.filter) {
    if (term.field != "created")
      continue;
    asked.order_by = "created";
    if (term.operation == filter_operator::greater_than)
      asked.from = term.instant() + std::chrono::milliseconds{1};
    else
      asked.to = term.instant();
  }
  return asked;
}

/// Of a few, those whose creation passes, in the order asked for.
std::vector<shown_profile> few(const call& c, const parsed_query& query,
                               const std::vector<profile_place>& places) {
  std::vector<resource> all;
  const auto texts = value_of(c.whose->engine->profiles(places));
  for (std::size_t i = 0; i < places.size(); ++i)
    if (texts[i])
      all.push_back(profile_resource({places[i]}, *texts[i], query));
  std::vector<filter_term> by_creation;
  for (const auto& term : query.filter)
    if (term.field == "created")
      by_creation.push_back(term);
  std::erase_if(all, [&](const resource& r) { return !passes(r, by_creation); });
  sort_resources(all, query);
  std::vector<shown_profile> found;
  for (const auto& r : all)
    found.push_back({*profile_place_of(r.id)});
  return found;
}

answer list_profiles(const call& c) {
  static const auto rules = list_rules();
  const auto query = parse_query(c.asked, rules);
  if (const auto places = named(c, query))
    return profiles_answer(c, query, few(c, query, *places), {}, false);
  const auto asked = engine_query(query);
  if (!query.sort.empty() && query.sort != asked.order_by && !asked.order_by.empty())
    throw refusal{invalid_parameter(
      "sort", "With a filter by 'created', profiles are sorted by 'created' only.")};
  const auto scope = cursor_scope(c.asked);
  const auto page = value_of(
    c.whose->engine->list_profiles(asked, open_cursor(scope, query.cursor), query.page_size));
  std::vector<shown_profile> all;
  for (const auto& line : page.profiles)
    all.push_back({line.place});
  neighbours pages;
  pages.next = seal_cursor(scope, page.cursor);
  return profiles_answer(c, query, all, pages, false);
}

// --- one profile

std::vector<known_list> lists_of(const account& whose, std::string_view engine_json) {
  auto lists = all_lists(whose);
  std::erase_if(
    lists, [&](const known_list& list) { return !joined_list_at(engine_json, list.engine_name); });
  return lists;
}

/// Ids of the segments that the profile is in.
std::vector<std::string> segments_of(const account& whose, profile_place place) {
  const auto all = own_json(
    value_of(whose.engine->profile(fmt::format("#{}:{}", place.partition, place.number))));
  std::vector<std::string> ids;
  for (const auto& id : all.at("segments").as_array())
    ids.emplace_back(id.as_string());
  return ids;
}

void include_belonging(const call& c, const parsed_query& query, profile_place place,
                       std::string_view engine_json, resource& r, included_resources& into) {
  const auto put = [&](const char* name, json::array data) {
    const auto related = std::ranges::find(r.relationships, name, &relationship::name);
    related->data = std::move(data);
  };
  json::array ids;
  if (query.includes("lists")) {
    for (const auto& list : lists_of(*c.whose, engine_json)) {
      ids.emplace_back(resource_identifier("list", list.id));
      into.add(resource_object(c.asked, list_resource(list), query));
    }
    put("lists", std::move(ids));
  }
  ids.clear();
  if (query.includes("segments")) {
    for (const auto& id : segments_of(*c.whose, place)) {
      ids.emplace_back(resource_identifier("segment", id));
      into.add(
        resource_object(c.asked, segment_resource(*c.whose, find_segment(*c.whose, id)), query));
    }
    put("segments", std::move(ids));
  }
}

answer show(const call& c, profile_place place, const parsed_query& query, unsigned status) {
  const auto text = shown(*c.whose, place);
  if (!text)
    throw refusal{not_found("profile", profile_id(place))};
  auto r = profile_resource({place}, *text, query);
  included_resources included;
  include_belonging(c, query, place, *text, r, included);
  return document_answer(
    status, single_document(c.asked, resource_object(c.asked, r, query), std::move(included)));
}

answer get_profile(const call& c) {
  static const auto rules = [] {
    auto made = show_rules();
    made.includes = {"conversations", "lists", "push-tokens", "segments"};
    for (const auto* type : {"list", "segment"})
      made.fields.emplace(type, field_names(type, {"profile_count"}));
    return made;
  }();
  const auto query = parse_query(c.asked, rules);
  return show(c, find_profile(*c.whose, c.captured[0]), query, 200);
}

answer get_lists(const call& c, bool ids_only) {
  query_rules rules;
  if (!ids_only)
    rules.fields = {{"list", field_names("list", {"profile_count"})}};
  const auto query = parse_query(c.asked, rules);
  const auto place = find_profile(*c.whose, c.captured[0]);
  std::vector<std::string> ids;
  std::vector<resource> lists;
  for (const auto& list : lists_of(*c.whose, *shown(*c.whose, place))) {
    ids.push_back(list.id);
    lists.push_back(list_resource(list));
  }
  return ids_only ? identifiers_answer(c.asked, "list", ids)
                  : collection_answer(c.asked, query, std::move(lists));
}

answer get_segments(const call& c, bool ids_only) {
  query_rules rules;
  if (!ids_only)
    rules.fields = {{"segment", field_names("segment", {"profile_count"})}};
  const auto query = parse_query(c.asked, rules);
  const auto place = find_profile(*c.whose, c.captured[0]);
  const auto ids = segments_of(*c.whose, place);
  if (ids_only)
    return identifiers_answer(c.asked, "segment", ids);
  std::vector<resource> segments;
  for (const auto& id : ids)
    segments.push_back(segment_resource(*c.whose, find_segment(*c.whose, id)));
  return collection_answer(c.asked, query, std::move(segments));
}

// --- writing

[[noreturn]] void refuse_duplicate(profile_place other) {
  error_entry e{409, "duplicate_profile", "Conflict."};
  e.detail = "A profile already exists with one of these identifiers.";
  e.pointer = "/data/attributes";
  e.meta = json_text(json::object{{"duplicate_profile_id", profile_id(other)}});
  throw refusal{std::move(e)};
}

/// The profile of one identifier, which must be of that kind.
std::optional<profile_place> owner_of(const account& whose, std::string_view field,
                                      const std::string& text) {
  if (text.empty())
    return std::nullopt;
  const auto place = whose.engine->find_profile(text);
  if (!place)
    return std::nullopt;
  const auto one = shown(whose, *place);
  return one && identifier_of(identifiers_of(*one), field) == text ? std::optional{*place}
                                                                   : std::nullopt;
}

constexpr std::array<std::string_view, 3> identifier_fields = {"external_id", "email",
                                                               "phone_number"};

/// Nobody else may have one of the identifiers.
void refuse_owners(const account& whose, const profile_identifiers& who,
                   std::optional<profile_place> but) {
  for (const auto field : identifier_fields)
    if (const auto owner = owner_of(whose, field, identifier_of(who, field)); owner && owner != but)
      refuse_duplicate(*owner);
}

void check_size(const call& c) {
  if (c.asked.body.size() > body_bytes_max) {
    auto e = invalid_body("/data", fmt::format("A profile has {} bytes; at most {} are allowed.",
                                               c.asked.body.size(), body_bytes_max));
    e.status = 413;
    throw refusal{std::move(e)};
  }
}

void apply_line(const call& c, const profile_line& line) {
  messages::ndjson_reader reader;
  model::change_batch changes;
  read_profile_line(reader, line, changes);
  apply_changes(*c.whose, std::move(changes), "/data/attributes");
}

profile_place place_of(const account& whose, const profile_identifiers& who) {
  for (const auto field : identifier_fields)
    if (const auto owner = owner_of(whose, field, identifier_of(who, field)))
      return *owner;
  throw refusal{to_error({model::failure_code::unavailable, "The profile is gone again."})};
}

/// What a request says about a profile, read but not yet a line.
struct profile_update {
  const json::object* attributes = nullptr;
  const json::object* meta = nullptr;
  std::string id;
};

profile_update read_update(data_reader& read, bool may_have_meta) {
  profile_update update;
  update.attributes = &read.attributes().content();
  if (may_have_meta)
    update.meta = read.data().object("meta", presence::nullable);
  update.id = read.id();
  return update;
}

answer create_profile(const call& c) {
  static const auto rules = show_rules();
  const auto query = parse_query(c.asked, rules);
  check_size(c);
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "profile"}, found};
  const auto update = read_update(read, false);
  read.data().finish(); // An id of the client's own, for one: the engine gives them.
  const auto line = make_profile_line(*update.attributes, nullptr, {}, found);
  found.refuse_if_any();
  if (line.who.is_empty())
    throw refusal{invalid_body("/data/attributes",
                               "One of 'email', 'phone_number' and 'external_id' is needed.")};
  const auto writing = lock_notes(*c.whose);
  refuse_owners(*c.whose, line.who, std::nullopt);
  apply_line(c, line);
  return show(c, place_of(*c.whose, line.who), query, 201);
}

/// Changes a profile that is there.
void change(const call& c, profile_place place, const profile_update& update, mistakes& found) {
  const auto text = shown(*c.whose, place);
  if (!text)
    throw refusal{not_found("profile", profile_id(place))};
  const auto line = make_profile_line(*update.attributes, update.meta, identifiers_of(*text),
                                      found);
  found.refuse_if_any();
  if (!line.names_known)
    throw refusal{invalid_body(
      "/data/attributes", "Every identifier of the profile would change at once, so that nobody "
                          "could tell that it is the same; keep one of them and change it later.")};
  refuse_owners(*c.whose, line.who, place);
  apply_line(c, line);
}

answer update_profile(const call& c) {
  static const auto rules = show_rules();
  const auto query = parse_query(c.asked, rules);
  check_size(c);
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{
    body, {.type = "profile", .path_id = c.captured[0], .needs_attributes = false}, found};
  const auto update = read_update(read, true);
  const auto writing = lock_notes(*c.whose);
  const auto place = find_profile(*c.whose, c.captured[0]);
  change(c, place, update, found);
  return show(c, place, query, 200);
}

answer import_profile(const call& c) {
  static const auto rules = show_rules();
  const auto query = parse_query(c.asked, rules);
  check_size(c);
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "profile", .may_have_id = true}, found};
  const auto update = read_update(read, true);
  found.refuse_if_any();
  const auto who = identifiers_of(*update.attributes);
  const auto writing = lock_notes(*c.whose);
  std::optional<profile_place> place;
  if (!update.id.empty())
    place = find_profile(*c.whose, update.id);
  for (const auto field : identifier_fields)
    if (!place)
      place = owner_of(*c.whose, field, identifier_of(who, field));
  if (place) {
    change(c, *place, update, found);
    return show(c, *place, query, 200);
  }
  const auto line = make_profile_line(*update.attributes, update.meta, {}, found);
  found.refuse_if_any();
  if (line.who.is_empty())
    throw refusal{
      invalid_body("/data", "'id' or one of 'email', 'phone_number' and 'external_id' is needed.")};
  apply_line(c, line);
  return show(c, place_of(*c.whose, line.who), query, 201);
}

answer merge_profiles(const call& c) {
  parse_query(c.asked, {});
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{
    body, {.type = "profile-merge", .may_have_id = true, .needs_attributes = false}, found};
  const auto sources = read.related_many("profiles", "profile", presence::required, 1);
  read.finish();
  if (read.id().empty())
    found.add("/data/id", "The id of the profile that stays is needed.");
  found.refuse_if_any();
  if (sources->size() != 1)
    throw refusal{
      invalid_body("/data/relationships/profiles/data", "Exactly one profile to merge is needed.")};
  const auto into = find_profile(*c.whose, read.id());
  const auto from = find_profile(*c.whose, sources->front());
  const auto name = [](profile_place p) { return fmt::format("#{}:{}", p.partition, p.number); };
  value_of(c.whose->engine->merge_profiles(name(from), name(into)));
  return document_answer(
    201, single_document(c.asked, resource_object(c.asked, {"profile", profile_id(into)})));
}

// --- erasing

answer request_deletion(const call& c) {
  const auto body = read_body(c.asked);
  mistakes found;
  data_reader read{body, {.type = "data-privacy-deletion-job"}, found};
  std::string id;
  profile_identifiers who;
  if (const auto* nested = read.attributes().any("profile", presence::required)) {
    data_reader profile{*nested,
                        {.type = "profile", .may_have_id = true, .needs_attributes = false},
                        found,
                        read.attributes().pointer_to("profile")};
    id = profile.id();
    who.email = profile.attributes().text("email", presence::nullable).value_or({});
    who.phone_number = profile.attributes().text("phone_number", presence::nullable).value_or({});
    profile.finish();
  }
  read.finish();
  found.refuse_if_any();
  if ((id.empty() ? 0 : 1) + (who.email.empty() ? 0 : 1) + (who.phone_number.empty() ? 0 : 1) != 1)
    throw refusal{invalid_body("/data/attributes/profile/data",
                               "Exactly one of 'id', 'email' and 'phone_number' is needed.")};
  std::optional<profile_place> place;
  if (!id.empty())
    place = find_profile(*c.whose, id);
  else
    place = who.email.empty() ? owner_of(*c.whose, "phone_number", who.phone_number)
                              : owner_of(*c.whose, "email", who.email);
  // Somebody who is not there needs no deletion, and the answer must not tell who is.
  if (place)
    value_of(
      c.whose->engine->erase_profile(fmt::format("#{}:{}", place->partition, place->number)));
  return empty_answer(202);
}

} // namespace

rollcall::profile_place find_profile(const account& whose, std::string_view id) {
  const auto place = profile_place_of(id);
  if (!place || !shown(whose, *place))
    throw refusal{not_found("profile", id)};
  return *place;
}

void add_profile_routes(route_table& routes) {
  const std::vector<std::string> read{"profiles:read"};
  const std::vector<std::string> write{"profiles:write"};
  const std::string one = "/api/profiles/{id}";
  routes.add("GET", "/api/profiles", read, list_profiles);
  routes.add("POST", "/api/profiles", write, create_profile);
  routes.add("GET", one, read, get_profile);
  routes.add("PATCH", one, write, update_profile);
  routes.add("POST", "/api/profile-import", write, import_profile);
  routes.add("POST", "/api/profile-merge", write, merge_profiles, "M");
  for (const bool ids_only : {false, true}) {
    const std::string above = ids_only ? one + "/relationships" : one;
    routes.add(
      "GET", above + "/lists", {"lists:read", "profiles:read"},
      [ids_only](const call& c) { return get_lists(c, ids_only); }, "S");
    routes.add(
      "GET", above + "/segments", {"profiles:read", "segments:read"},
      [ids_only](const call& c) { return get_segments(c, ids_only); }, "S");
  }
  routes.add("POST", "/api/data-privacy-deletion-jobs", {"data-privacy:write"}, request_deletion,
             "S");
}

} // namespace gateway
