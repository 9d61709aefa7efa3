#pragma once

#include "gateway/account.hpp"
#include "gateway/profile_shape.hpp"

#include <rollcall/rollcall.hpp>

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace gateway {

/// A living profile.
struct found_person {
  rollcall::profile_place place{};
  std::string json; // What engine::profile gives.
};

/// Whom each of `names` means: the profile that has one of its identifiers, of that kind. Nothing =
/// nobody has.
std::vector<std::optional<found_person>> find_people(const account& whose,
                                                     std::span<const profile_identifiers> names);

/// Those of the places who are still there, in order.
std::vector<found_person> living_people(const account& whose,
                                        std::span<const rollcall::profile_place> places);

} // namespace gateway
