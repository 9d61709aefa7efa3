#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Imports of many profiles as jobs, which are done when they are answered (klaviyo-api.md §2.2).
void add_bulk_import_routes(route_table& routes);

} // namespace gateway
