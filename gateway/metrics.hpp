#pragma once

#include "gateway/account.hpp"
#include "gateway/document.hpp"
#include "gateway/known_metrics.hpp"
#include "gateway/router.hpp"

#include <rollcall/rollcall.hpp>

/// Metrics (klaviyo-api.md §2.6). A metric is its name: which integration sent an event is not
/// kept, so that two of them with one name are one metric.
namespace gateway {

resource metric_resource(const rollcall::metric_info& metric);

void add_metric_routes(route_table& routes);

} // namespace gateway
