#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace node {

struct demo_segment {
  std::string name;
  std::string kind; // What sort of rule it shows.
  std::string json;
};

/// Segments of every kind over the made-up shop. Later ones may refer to earlier ones.
std::vector<demo_segment> shop_segments();

/// Segments over any account, made from the names of its most frequent metrics (one at least).
std::vector<demo_segment> segments_over(std::span<const std::string> metrics);

} // namespace node
