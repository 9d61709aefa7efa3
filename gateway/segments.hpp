#pragma once

#include "gateway/document.hpp"
#include "gateway/router.hpp"

#include <rollcall/rollcall.hpp>

namespace gateway {

/// Segments and their members (klaviyo-api.md §2.9).
void add_segment_routes(route_table& routes);

/// A segment as replies have it, without what must be asked for.
resource segment_resource(const account& whose, const rollcall::segment_info& info);

/// The segment of an id; refuses with 404. Ids only: names are ours, not the API's.
rollcall::segment_info find_segment(const account& whose, std::string_view id);

} // namespace gateway
