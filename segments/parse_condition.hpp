#pragma once

#include "segments/definition.hpp"
#include "segments/parse.hpp"
#include "segments/place.hpp"

#include <optional>
#include <string>
#include <vector>

namespace segments {

/// Reads one condition: an object with a `type`.
std::optional<criterion> parse_condition(const place& at, const parse_context& account);

// The condition types that have files of their own.
std::optional<criterion> parse_consent(const place& at);
std::optional<criterion> parse_permission(const place& at);
std::optional<criterion> parse_metric(const place& at, const parse_context& account);
std::optional<criterion> parse_funnel(const place& at, const parse_context& account);

/// Reads `metric_filters`: an array of `{"property": …, "filter": …}`, or nothing.
std::vector<event_filter> parse_event_filters(const place& at);

/// The attribute that a `property` text names, in the one spelling.
std::optional<std::string> parse_property(const place& at);

} // namespace segments
