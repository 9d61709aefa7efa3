#pragma once

#include "gateway/account.hpp"
#include "gateway/document.hpp"
#include "gateway/metrics.hpp"
#include "gateway/router.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string>
#include <string_view>

/// Custom metrics: events of one or several metrics, filtered (klaviyo-api.md §2.7).
namespace gateway {

/// What was kept: `name`, `definition`, `created` and `updated`.
std::optional<boost::json::object> find_custom_metric(const account& whose, std::string_view id);

resource custom_metric_resource(const std::string& id, boost::json::object kept);

void add_custom_metric_routes(route_table& routes);

} // namespace gateway
