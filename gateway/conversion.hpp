#pragma once

#include "gateway/body.hpp"
#include "gateway/router.hpp"

#include <boost/json/object.hpp>

namespace gateway {

/// Reads `conversion_metric_id` and `statistics` that rest on it, and puts `conversion_metric` into
/// the engine's request. The id is that of a metric or of a custom metric, or the name of a metric
/// or of the dictionary's conversion metric.
void read_conversion(const call& c, object_reader& attributes,
                     const std::vector<std::string>& statistics, boost::json::object& wanted);

} // namespace gateway
