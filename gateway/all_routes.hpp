#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Adds the routes of every resource. Those that need more than a call (gateway/operations.hpp) are
/// added where it is at hand.
void add_all_routes(route_table& routes);

} // namespace gateway
