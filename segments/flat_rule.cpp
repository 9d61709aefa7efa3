#include "segments/flat_rule.hpp"

namespace segments {

flat_rule::flat_rule(const expression& root, std::span<const std::uint32_t> criteria) {
  add(root, criteria);
}

void flat_rule::add(const expression& e, std::span<const std::uint32_t> criteria) {
  const auto at = nodes_.size();
  nodes_.push_back({e.kind, e.kind == boolean_kind::leaf ? criteria[e.leaf] : 0, 0});
  for (const auto& child : e.children)
    add(child, criteria);
  nodes_[at].end = static_cast<std::uint32_t>(nodes_.size());
}

} // namespace segments
