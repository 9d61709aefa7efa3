#pragma once

#include "gateway/router.hpp"

namespace gateway {

/// The seven endpoints that report about campaigns, flows, segments and forms (klaviyo-api.md
/// §2.15). docs/reports.md says what is counted.
void add_report_routes(route_table& routes);

} // namespace gateway
