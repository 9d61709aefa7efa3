#pragma once

#include "gateway/body.hpp"
#include "gateway/known_metrics.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <optional>

namespace gateway {

/// The attribute `definition` of a custom metric, with `metric_filters` and `value_property` in
/// every group (null = none). Nothing = left out, or wrong: then the mistakes say why.
std::optional<boost::json::object> read_custom_metric(object_reader& attributes,
                                                      const known_metrics& metrics, presence p);

/// The `metric_filters` of a group in the segment grammar. Nothing = it cannot say them all: of
/// lists, items that are numbers, or that begin or end with a text.
std::optional<boost::json::array> engine_filters(const boost::json::array& metric_filters);

} // namespace gateway
