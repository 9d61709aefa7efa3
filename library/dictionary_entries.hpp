#pragma once

#include "metrics/dictionary.hpp"

#include <rollcall/rollcall.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace rollcall {

/// Every entry of a data dictionary, by kind (datasources, reports, events, measures, derived,
/// dimensions) and name.
std::vector<dictionary_entry> entries_of(const metrics::dictionary& all);

/// A text as JSON has it, with its quotes.
std::string json_string(std::string_view text);

} // namespace rollcall
