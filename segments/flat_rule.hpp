#pragma once

#include "segments/definition.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace segments {

/// A rule's tree in one piece of memory, for whoever asks it all the time: its nodes in preorder,
/// each with the end of its subtree.
class flat_rule {
public:
  struct node {
    boolean_kind kind = boolean_kind::leaf;
    std::uint32_t criterion = 0; // Of a leaf.
    std::uint32_t end = 0;       // One behind the last node of this subtree.
  };

  flat_rule() = default;
  /// `criteria`: the number of each leaf's criterion, by the leaf's index.
  flat_rule(const expression& root, std::span<const std::uint32_t> criteria);

  [[nodiscard]] std::span<const node> nodes() const {
    return nodes_;
  }

  /// Value from the criteria's bits; `bit(criterion)` gives one.
  template <class Bit>
  [[nodiscard]] bool holds(const Bit& bit) const {
    return holds_at(0, bit);
  }

private:
  void add(const expression& e, std::span<const std::uint32_t> criteria);

  template <class Bit>
  [[nodiscard]] bool holds_at(std::uint32_t at, const Bit& bit) const {
    const auto& n = nodes_[at];
    if (n.kind == boolean_kind::leaf)
      return bit(n.criterion);
    const bool until = n.kind != boolean_kind::all_of; // What a child must be to decide.
    for (auto child = at + 1; child < n.end; child = nodes_[child].end)
      if (holds_at(child, bit) == until)
        return n.kind == boolean_kind::any_of;
    return n.kind != boolean_kind::any_of;
  }

  std::vector<node> nodes_;
};

} // namespace segments
