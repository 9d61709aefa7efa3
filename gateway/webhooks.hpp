#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Webhooks and their topics (klaviyo-api.md §2.17). Topics are ours: who joins and who leaves a
/// segment. Deliveries begin when the account is opened (route_table::open), at the latest when
/// somebody asks about webhooks. A new webhook hears what happens from then on; one that was
/// disabled goes on where it stopped.
void add_webhook_routes(route_table& routes);

} // namespace gateway
