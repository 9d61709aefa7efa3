#include "gateway/ours.hpp"

#include "gateway/identity.hpp"
#include "gateway/instant.hpp"
#include "gateway/json_text.hpp"
#include "gateway/profile_shape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace gateway {

namespace json = boost::json;

rollcall::freshness freshness_of(rollcall::engine& engine) {
  return value_of(engine.freshness());
}

void add_freshness(json::object& to, const rollcall::freshness& seen) {
  to["as_of"] = model::format_instant(seen.as_of);
  json::array positions;
  for (const auto position : seen.log_positions)
    positions.push_back(position);
  to["log_positions"] = std::move(positions);
}

answer own_answer(const json::object& content) {
  answer a;
  a.content_type = json_type;
  append_json(a.body, content);
  return a;
}

void check_parameters(const request& asked, std::initializer_list<std::string_view> known) {
  std::vector<error_entry> wrong;
  for (auto at = asked.query.begin(); at != asked.query.end(); ++at) {
    const auto& name = at->first;
    if (std::ranges::find(known, name) == known.end())
      wrong.push_back(invalid_parameter(
        name, known.size() == 0 ? fmt::format("'{}' is not a parameter here; there are none.", name)
                                : fmt::format("'{}' is not a parameter here. Allowed: {}.", name,
                                              fmt::join(known, ", "))));
    else if (std::find_if(asked.query.begin(), at,
                          [&](const auto& other) { return other.first == name; })
             != at)
      wrong.push_back(invalid_parameter(name, fmt::format("{}: is given twice.", name)));
  }
  if (!wrong.empty())
    throw refusal{std::move(wrong)};
}

std::int64_t number_parameter(const request& asked, std::string_view name, number_rule rule) {
  const auto* text = asked.parameter(name);
  if (text == nullptr)
    return rule.preset;
  std::int64_t number = 0;
  const auto* end = text->data() + text->size();
  const auto [rest, failed] = std::from_chars(text->data(), end, number);
  if (failed != std::errc{} || rest != end || number < rule.min || number > rule.max)
    throw refusal{invalid_parameter(
      std::string{name}, fmt::format("{}: '{}' is not allowed; a whole number from {} to {} is.",
                                     name, *text, rule.min, rule.max))};
  return number;
}

std::optional<model::instant> instant_parameter(const request& asked, std::string_view name) {
  const auto* text = asked.parameter(name);
  if (text == nullptr)
    return std::nullopt;
  const auto at = read_instant(*text);
  if (!at)
    throw refusal{invalid_parameter(
      std::string{name},
      fmt::format("{}: '{}' is not a date and time like 2026-01-31T12:00:00Z.", name, *text))};
  return at;
}

void refuse_definition(const model::failure& why,
                       const std::vector<rollcall::definition_fault>& faults,
                       std::string_view pointer) {
  if (faults.empty())
    throw refusal{to_error(why)};
  std::vector<error_entry> all;
  for (const auto& fault : faults) {
    const auto is_unknown = fault.allowed.starts_with("no such field");
    all.push_back(invalid_body(std::string{pointer} + fault.pointer,
                               fmt::format("Found {}; {}{}{}", fault.found,
                                           is_unknown ? "there is " : "allowed: ", fault.allowed,
                                           fault.allowed.ends_with('?') ? "" : ".")));
  }
  throw refusal{std::move(all)};
}

std::string engine_name_of(std::string_view profile) {
  if (const auto place = profile_place_of(profile))
    return fmt::format("#{}:{}", place->partition, place->number);
  return std::string{profile};
}

json::array people_at(rollcall::engine& engine, std::span<const rollcall::profile_place> places) {
  const auto shown = value_of(engine.profiles(places));
  json::array people;
  for (std::size_t i = 0; i < places.size(); ++i) {
    json::object person;
    person["id"] = profile_id(places[i]);
    if (shown[i]) {
      const auto who = identifiers_of(*shown[i]);
      const auto text_or_null = [](const std::string& text) {
        return text.empty() ? json::value{} : json::value(text);
      };
      person["external_id"] = text_or_null(who.external_id);
      person["email"] = text_or_null(who.email);
      person["phone_number"] = text_or_null(who.phone_number);
    }
    people.push_back(std::move(person));
  }
  return people;
}

} // namespace gateway
