#pragma once

#include "gateway/body.hpp"
#include "gateway/router.hpp"

#include <boost/json/object.hpp>

namespace gateway {

/// Reads `conversion_metric_id` and `statistics` that rest on it, and puts `conversion_metric` and
/// `conversion_filter` into the engine's request. The id is that of a metric or of a custom metric
/// of one group; a metric's name will do.
void read_conversion(const call& c, object_reader& attributes,
                     const std::vector<std::string>& statistics, boost::json::object& wanted);

} // namespace gateway
