#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// `segments` definitions over exactly `criteria` distinct criteria, each segment an AND of one to
/// three OR groups: events counted in windows, sums, filters on brands, and attributes.
std::vector<std::string> many_segments(std::size_t segments, std::size_t criteria);

} // namespace bench
