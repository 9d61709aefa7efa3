#pragma once

#include "gateway/body.hpp"
#include "gateway/metrics.hpp"

#include <boost/json/object.hpp>

#include <optional>

namespace gateway {

/// The attribute `definition` of a custom metric, with `metric_filters` and `value_property` in
/// every group (null = none). Nothing = left out, or wrong: then the mistakes say why.
std::optional<boost::json::object> read_custom_metric(object_reader& attributes,
                                                      const known_metrics& metrics, presence p);

} // namespace gateway
