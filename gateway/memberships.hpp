#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Who is in a segment and why:
///   GET /api/rollcall/segments/{id}/explanation?profile=…   why somebody is in or not
///   GET /api/rollcall/segments/{id}/members                 members, now or at a past instant
void add_membership_routes(route_table& routes);

} // namespace gateway
