#include "gateway/people.hpp"

#include "gateway/errors.hpp"

#include <array>
#include <utility>

namespace gateway {

namespace {

using identifier = std::string profile_identifiers::*;

constexpr std::array<identifier, 3> identifier_kinds = {&profile_identifiers::external_id,
                                                        &profile_identifiers::email,
                                                        &profile_identifiers::phone_number};

/// Somebody who may be meant by one of the names.
struct candidate {
  std::size_t name = 0;
  identifier by = nullptr;
  rollcall::profile_place place{};
};

/// The engine finds by any identifier, so that an address may lead to whom it is an external id of.
std::vector<candidate> candidates_of(const account& whose,
                                     std::span<const profile_identifiers> names) {
  std::vector<candidate> all;
  for (std::size_t i = 0; i < names.size(); ++i)
    for (const auto by : identifier_kinds)
      if (const auto& text = names[i].*by; !text.empty()) {
        using enum model::failure_code;
        const auto place = whose.engine->find_profile(text);
        if (place)
          all.push_back({i, by, *place});
        else if (place.error().code != not_found && place.error().code != invalid_input)
          throw refusal{to_error(place.error())};
      }
  return all;
}

} // namespace

std::vector<std::optional<found_person>> find_people(const account& whose,
                                                     std::span<const profile_identifiers> names) {
  const auto candidates = candidates_of(whose, names);
  std::vector<rollcall::profile_place> places;
  places.reserve(candidates.size());
  for (const auto& each : candidates)
    places.push_back(each.place);
  auto shown = value_of(whose.engine->profiles(places));
  std::vector<std::optional<found_person>> found(names.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const auto& [name, by, place] = candidates[i];
    if (!found[name] && shown[i] && identifiers_of(*shown[i]).*by == names[name].*by)
      found[name] = {place, std::move(*shown[i])};
  }
  return found;
}

std::vector<found_person> living_people(const account& whose,
                                        std::span<const rollcall::profile_place> places) {
  auto shown = value_of(whose.engine->profiles(places));
  std::vector<found_person> living;
  for (std::size_t i = 0; i < places.size(); ++i)
    if (shown[i])
      living.push_back({places[i], std::move(*shown[i])});
  return living;
}

} // namespace gateway
