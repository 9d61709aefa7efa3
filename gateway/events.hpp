#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Events (klaviyo-api.md §2.4). Which message an event is credited to is told by reports only:
/// `include=attributions` is accepted, and there are none.
void add_event_routes(route_table& routes);

} // namespace gateway
