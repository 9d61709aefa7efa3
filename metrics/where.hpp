#pragma once

#include "segments/definition.hpp"
#include "segments/parse.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace metrics {

/// Reads a measure's `where`: a JSON array of `{"property": …, "filter": {…}}` as in the segment
/// grammar. Empty text = no filters. With errors the result is not to be used. Never throws.
std::vector<segments::event_filter> parse_where(std::string_view text,
                                                std::vector<segments::definition_error>& errors);

/// The one text of all filters that say the same.
std::string canonical_where(const std::vector<segments::event_filter>& where);

} // namespace metrics
