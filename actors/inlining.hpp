#pragma once

#include "segments/parse.hpp"

#include <string>
#include <string_view>

namespace actors {

/// What the partitions have in place of the definition of a segment that is not active: nobody is
/// asked, so nobody joins or leaves.
inline constexpr std::string_view frozen_definition = R"({"frozen":true})";

/// Rewrites a definition so that it stands alone: every `{"segment": …}` becomes that segment's
/// rule (and so on inside it), ids of metrics and lists become names. Numbers and texts stay as
/// they are written. `json` must have passed segments::parse_definition with the same context.
std::string inlined(std::string_view json, const segments::parse_context& context);

/// The definition with every `{"segment": <from>}` made `{"segment": <to>}`; everything else stays
/// byte by byte. `json` must have passed segments::parse_definition.
std::string with_segment_renamed(std::string_view json, std::string_view from, std::string_view to);

} // namespace actors
