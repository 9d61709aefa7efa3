#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// Events of one metric by their own time (klaviyo-api.md §2.8). Dimensions are properties of the
/// events; where a metric's events have none called `$message`, `$flow`, `$variation`,
/// `$campaign_channel` or `$flow_channel`, what reports go by stands for them (docs/reports.md).
void add_metric_aggregate_routes(route_table& routes);

} // namespace gateway
