#pragma once

#include "gateway/router.hpp"

#include <rollcall/rollcall.hpp>

#include <string_view>

namespace gateway {

/// Profiles: list, show, create, update, upsert, merge, and what they belong to (klaviyo-api.md
/// §2.1).
void add_profile_routes(route_table& routes);

/// The place of a living profile by its id; refuses with 404.
rollcall::profile_place find_profile(const account& whose, std::string_view id);

} // namespace gateway
