#pragma once

#include "metrics/dictionary.hpp"

#include <string>
#include <vector>

namespace metrics {

/// What somebody who reads reports has to know about a step from one dictionary to another, a line
/// for each entry that changed: `derived open_rate: value may change (version 1 -> 2)`; instead of
/// that also `words only`, `removed`, `added`. Sorted by kind and name. The value of a statistic
/// may also change because something below it did.
std::vector<std::string> difference(const dictionary& before, const dictionary& after);

} // namespace metrics
