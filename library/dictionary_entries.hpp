#pragma once

#include "metrics/dictionary.hpp"

#include <rollcall/rollcall.hpp>

#include <vector>

namespace rollcall {

/// Every entry of a data dictionary, by kind (datasources, reports, events, measures, derived,
/// dimensions) and name.
std::vector<dictionary_entry> entries_of(const metrics::dictionary& all);

} // namespace rollcall
