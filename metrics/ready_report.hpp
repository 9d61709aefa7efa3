#pragma once

#include "segments/parse.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace metrics {

/// A ready report's request with some of its fields replaced: both are JSON objects, `changes`'
/// win; null takes a field away. `group_by` and `rollups` replace each other, and other columns
/// take `order` away. Nothing and the mistakes when `changes` is no object.
std::optional<std::string> request_with(std::string_view request, std::string_view changes,
                                        std::vector<segments::definition_error>& errors);

} // namespace metrics
