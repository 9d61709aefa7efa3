#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// What an account's metrics mean: seven fixed meanings, each of a metric or a custom metric
/// (klaviyo-api.md §2.7).
void add_mapped_metric_routes(route_table& routes);

} // namespace gateway
