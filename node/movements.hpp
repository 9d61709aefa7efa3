#pragma once

#include "model/outcome.hpp"

#include <rollcall/rollcall.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// How many came and went between two moments, counted from the feeds.
namespace node {

/// Where every segment's feed ends, by segment id.
using cursors = std::map<std::string, std::string>;

model::outcome<cursors> feed_ends(rollcall::engine& engine);

struct movement {
  std::string segment; // Name.
  std::uint64_t joined = 0;
  std::uint64_t left = 0;
  std::uint64_t members = 0; // Now.
};

/// One for each segment, in the order of their list; a segment that is not in `before` is counted
/// from its first flip.
model::outcome<std::vector<movement>> movements_since(rollcall::engine& engine,
                                                      const cursors& before);

/// The sequences of a cursor, by partition: "12.7.0.3" → 12, 7, 0, 3.
std::vector<std::uint64_t> sequences_of(std::string_view cursor);

} // namespace node
