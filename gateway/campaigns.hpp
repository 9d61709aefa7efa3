#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Campaigns and their messages, as somebody described them (klaviyo-api.md §2.11).
void add_campaign_routes(route_table& routes);

} // namespace gateway
