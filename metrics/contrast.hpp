#pragma once

#include "metrics/dictionary.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace metrics {

/// A way from one statistic to another that changes one thing at a time, so that the difference of
/// their values falls into pieces with a cause each.
struct contrast {
  struct step {
    std::string axis;      // What this step changes: "time basis of clicks", "formula".
    std::string statistic; // The statistic after it.
  };
  /// The given dictionary with the statistics on the way added. Their names begin with "~".
  dictionary words;
  std::string first;       // The statistic to begin with, the dictionary's own name.
  std::vector<step> steps; // The last one is the other statistic; none when both say the same.
};

/// Both must be known names or synonyms. The axes of measures are, in this order: which events, the
/// filter on them, what is counted, time basis, bots, Apple privacy opens. Formulas of one shape
/// change name by name, others at once.
contrast contrast_of(const dictionary& words, std::string_view from, std::string_view to);

} // namespace metrics
