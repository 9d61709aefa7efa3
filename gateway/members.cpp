#include "gateway/members.hpp"

#include "gateway/field_names.hpp"
#include "gateway/identity.hpp"
#include "gateway/profile_shape.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using rollcall::profile_place;

/// A member must pass every term about who he is.
void narrow(std::optional<std::vector<profile_place>>& only, std::vector<profile_place> found) {
  std::ranges::sort(found);
  const auto [first, last] = std::ranges::unique(found);
  found.erase(first, last);
  if (!only) {
    only = std::move(found);
    return;
  }
  std::vector<profile_place> both;
  std::ranges::set_intersection(*only, found, std::back_inserter(both));
  only = std::move(both);
}

std::vector<profile_place> find_all(const call& c, const filter_term& term) {
  std::vector<profile_place> found;
  if (term.field == "push_token" || term.field == "_kx") // Rollcall keeps neither: nobody has one.
    return found;
  for (const auto& text : term.texts()) {
    if (term.field == "profile_id") {
      if (const auto place = profile_place_of(text))
        found.push_back(*place);
      continue;
    }
    // The engine finds by any identifier; the profile itself tells whether it was this one.
    const auto place = c.whose->engine->find_profile(text);
    if (!place)
      continue;
    const auto shown = value_of(c.whose->engine->profiles({{*place}}));
    if (!shown.front())
      continue;
    const auto known = identifiers_of(*shown.front());
    if ((term.field == "email" ? known.email : known.phone_number) == text)
      found.push_back(*place);
  }
  return found;
}

/// Instants are whole milliseconds, so that each comparison is a half-open interval.
void limit(member_request& asked, const filter_term& term) {
  const auto next = term.instant() + std::chrono::milliseconds{1};
  switch (term.operation) {
  case filter_operator::greater_than:
    asked.from = std::max(asked.from.value_or(next), next);
    break;
  case filter_operator::greater_or_equal:
    asked.from = std::max(asked.from.value_or(term.instant()), term.instant());
    break;
  case filter_operator::less_than:
    asked.to = std::min(asked.to.value_or(term.instant()), term.instant());
    break;
  default:
    asked.to = std::min(asked.to.value_or(next), next);
    break;
  }
}

} // namespace

resource profile_resource(const shown_profile& who, std::string_view engine_json,
                          const parsed_query& query) {
  resource r{"profile", profile_id(who.place)};
  r.attributes = profile_attributes(engine_json,
                                    {query.has_additional("profile", "subscriptions"),
                                     query.has_additional("profile", "predictive_analytics")});
  if (who.joined_at)
    r.attributes["joined_group_at"] = instant_text(*who.joined_at);
  for (const auto* name : {"lists", "segments", "push-tokens", "conversations"})
    r.relationships.push_back({name, {}});
  return r;
}

answer profiles_answer(const call& c, const parsed_query& query, std::span<const shown_profile> who,
                       const neighbours& pages, bool ids_only) {
  json::array data;
  data.reserve(who.size());
  if (ids_only) {
    for (const auto& one : who)
      data.emplace_back(resource_identifier("profile", profile_id(one.place)));
    return document_answer(200, collection_document(c.asked, std::move(data), pages));
  }
  std::vector<profile_place> places;
  places.reserve(who.size());
  for (const auto& one : who)
    places.push_back(one.place);
  const auto shown = value_of(c.whose->engine->profiles(places));
  for (std::size_t i = 0; i < who.size(); ++i)
    if (shown[i])
      data.emplace_back(
        resource_object(c.asked, profile_resource(who[i], *shown[i], query), query));
  return document_answer(200, collection_document(c.asked, std::move(data), pages));
}

query_rules member_rules(bool by_profile_id, bool ids_only) {
  using enum filter_operator;
  query_rules rules;
  if (by_profile_id)
    rules.filters.push_back({"profile_id", {any, equals}, filter_kind::text, true});
  for (const auto* field : {"email", "phone_number", "push_token"})
    rules.filters.push_back({field, {any, equals}, filter_kind::text, true});
  rules.filters.push_back({"_kx", {equals}});
  rules.filters.push_back({"joined_group_at",
                           {greater_or_equal, greater_than, less_or_equal, less_than},
                           filter_kind::instant});
  rules.sorts = {"joined_group_at"};
  rules.page = page_rule{20, 1, 100};
  rules.has_cursor = true;
  if (ids_only)
    return rules;
  auto fields = field_names("profile");
  fields.emplace_back("joined_group_at");
  rules.fields.emplace("profile", std::move(fields));
  rules.additional_fields.emplace(
    "profile", std::vector<std::string>{"subscriptions", "predictive_analytics"});
  return rules;
}

member_request read_member_request(const call& c, const parsed_query& query) {
  member_request asked;
  asked.by_joining = query.sort == "joined_group_at";
  for (const auto& term : query.filter) {
    if (term.field == "joined_group_at")
      limit(asked, term);
    else
      narrow(asked.only, find_all(c, term));
  }
  return asked;
}

} // namespace gateway
