#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace actors {

/// The members that one question of a comparison finds, against those of the question before it.
struct comparison_step {
  std::uint64_t members = 0;
  std::uint64_t joined = 0; // Members now and not before; of the first question all of them.
  std::uint64_t left = 0;
  std::vector<std::uint32_t> some_joined; // Numbers of profiles, ascending; the first ones.
  std::vector<std::uint32_t> some_left;
};

/// Both sets are bits by profile; `before` may be shorter. Lists at most `listed_max` profiles of
/// each kind.
comparison_step compare(std::span<const std::uint64_t> before, std::span<const std::uint64_t> now,
                        std::size_t listed_max);

} // namespace actors
