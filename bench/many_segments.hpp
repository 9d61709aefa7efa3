#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// Conditions that nearly every event of an active person turns: counts of eight metrics in windows
/// of eight lengths, sums, one attribute. The hardest that live traffic can be.
std::vector<std::string> counting_conditions(std::size_t count);

/// `segments` definitions over all of these conditions, each segment an AND of one to three OR
/// groups of two.
std::vector<std::string> many_segments(std::size_t segments,
                                       const std::vector<std::string>& conditions);

} // namespace bench
