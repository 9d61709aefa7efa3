#pragma once

#include "model/instant.hpp"

#include <optional>
#include <string>
#include <string_view>

/// Dates and times as requests and answers spell them (klaviyo-api.md §1.2).
namespace gateway {

/// Every spelling of model::parse_instant, and a space where the + of the offset was before an
/// address was decoded. Nothing for other text, and outside the years 1 to 9999.
std::optional<model::instant> read_instant(std::string_view text);

/// 2022-11-08T01:23:45+00:00; what is below the second is cut.
std::string instant_text(model::instant at);

} // namespace gateway
