#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// GET /api/accounts and /api/accounts/{id} (klaviyo-api.md §2.0): the account of the key, and no
/// other.
void add_account_routes(route_table& routes);

} // namespace gateway
