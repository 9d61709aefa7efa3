#pragma once

#include "gateway/body.hpp"
#include "gateway/filter.hpp"
#include "segments/calendar.hpp"

#include <boost/json/object.hpp>

#include <optional>
#include <string_view>
#include <vector>

namespace gateway {

/// What metric aggregates can be made by and filtered by (klaviyo-api.md §2.8).
const std::vector<std::string_view>& aggregate_dimensions();

struct aggregate_filter {
  boost::json::object timeframe;  // As the engine's requests have it, in the zone.
  std::vector<filter_term> terms; // About dimensions.
};

/// Reads the attribute `filter`, a list of filters that must give the range of `datetime`, at most
/// a year. An instant without an offset is meant in the zone. Nothing = something is wrong.
std::optional<aggregate_filter> read_aggregate_filter(object_reader& attributes,
                                                      const segments::zone& zone);

} // namespace gateway
