#include "gateway/memberships.hpp"

#include "gateway/cursor.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/ours.hpp"
#include "gateway/past_members.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace gateway {

namespace json = boost::json;

namespace {

constexpr number_rule limit_rule{100, 1, 1'000};

json::object segment_object(const rollcall::segment_info& segment) {
  return {{"id", segment.id},
          {"name", segment.name},
          {"state", rollcall::name_of(segment.state)},
          {"definition_version", segment.version}};
}

answer explain(const call& c) {
  check_parameters(c.asked, {"profile"});
  const auto* profile = c.asked.parameter("profile");
  if (profile == nullptr || profile->empty())
    throw refusal{invalid_parameter("profile", "profile: the id of a profile, or an identifier of "
                                               "it, is missing.")};
  auto& engine = *c.whose->engine;
  const auto seen = freshness_of(engine);
  const auto segment = value_of(engine.show(c.captured.front()));
  const auto name = engine_name_of(*profile);
  const auto place = value_of(engine.find_profile(name));
  auto why = own_json(value_of(engine.explain(segment.id, name)));
  json::object content;
  add_freshness(content, seen);
  content["segment"] = segment_object(segment);
  content["profile"] = people_at(engine, {&place, 1}).front();
  // What it says of the profile and of its instant is said above.
  auto& explanation = why.as_object();
  explanation.erase("profile");
  explanation.erase("as_of");
  for (auto& [key, value] : explanation)
    content[key] = std::move(value);
  return own_answer(content);
}

/// A page of members as they are told outside.
struct told_members {
  std::vector<past_member> members;
  std::string position; // Behind the last one; empty = there is no more.
  std::uint64_t count = 0;
};

told_members members_now(rollcall::engine& engine, const std::string& segment,
                         std::string_view position, std::size_t limit) {
  auto page = value_of(engine.members(segment, position, limit));
  told_members told{{}, std::move(page.cursor), value_of(engine.count(segment))};
  for (const auto& m : page.members)
    told.members.push_back({m.place, m.joined_at});
  return told;
}

/// Positions are as those of the engine's pages: the last place.
told_members members_then(rollcall::engine& engine, const std::string& segment, model::instant at,
                          std::string_view position, std::size_t limit) {
  const auto all = value_of(members_at(engine, segment, at));
  auto from = all.begin();
  if (const auto last = profile_place_of(position))
    from = std::ranges::upper_bound(all, *last, {}, &past_member::place);
  const auto left = static_cast<std::size_t>(all.end() - from);
  const auto to = from + static_cast<std::ptrdiff_t>(std::min(limit, left));
  told_members told{{from, to}, {}, all.size()};
  if (to != all.end())
    told.position = profile_id(told.members.back().place);
  return told;
}

void check_past(const rollcall::segment_info& segment, model::instant at,
                const rollcall::freshness& seen) {
  const auto refuse = [](std::string why) {
    throw refusal{invalid_parameter("at", "at: " + std::move(why))};
  };
  if (at < segment.created)
    refuse(fmt::format("the segment was created at {}, and nobody knows its members before.",
                       model::format_instant(segment.created)));
  if (at > seen.as_of)
    refuse(fmt::format("it is {} here; the forecast and previews tell what is later.",
                       model::format_instant(seen.as_of)));
}

answer list_members(const call& c) {
  check_parameters(c.asked, {"at", "cursor", "limit"});
  const auto at = instant_parameter(c.asked, "at");
  const auto limit = static_cast<std::size_t>(number_parameter(c.asked, "limit", limit_rule));
  auto& engine = *c.whose->engine;
  const auto seen = freshness_of(engine);
  const auto segment = value_of(engine.show(c.captured.front()));
  // The number of people on a page may change from page to page, what they are pages of may not.
  const auto scope = fmt::format("{} members {}", segment.id, at ? model::format_instant(*at) : "");
  const auto* token = c.asked.parameter("cursor");
  const auto position = open_cursor(scope, token == nullptr ? std::string_view{} : *token);
  if (at)
    check_past(segment, *at, seen);
  const auto told = at ? members_then(engine, segment.id, *at, position, limit)
                       : members_now(engine, segment.id, position, limit);
  std::vector<rollcall::profile_place> places;
  for (const auto& m : told.members)
    places.push_back(m.place);
  auto people = people_at(engine, places);
  for (std::size_t i = 0; i < places.size(); ++i)
    people[i].as_object()["joined_at"] = model::format_instant(told.members[i].joined_at);
  json::object content;
  add_freshness(content, seen);
  content["segment"] = segment_object(segment);
  content["at"] = at ? json::value(model::format_instant(*at)) : json::value{};
  content["count"] = told.count;
  content["profiles"] = std::move(people);
  content["cursor"] = told.position.empty() ? json::value{}
                                            : json::value(seal_cursor(scope, told.position));
  return own_answer(content);
}

} // namespace

void add_membership_routes(route_table& routes) {
  routes.add("GET", "/api/rollcall/segments/{id}/explanation", {reading_scope}, explain);
  routes.add("GET", "/api/rollcall/segments/{id}/members", {reading_scope}, list_members);
}

} // namespace gateway
