#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Events (klaviyo-api.md §2.4). Which message an event is credited to is told by reports only:
/// `include=attributions` is accepted, and there are none.
void add_event_routes(route_table& routes);

/// A request that sends one event and names its person by an identifier: its handler does not wait
/// for the engine.
bool sends_event_at_once(const request& asked);

} // namespace gateway
