#pragma once

#include "gateway/router.hpp"

#include <cstddef>

namespace gateway {

/// What is taken at a time. A body is cut at these places whatever pieces it comes in, so that one
/// that is sent again is cut in the same places.
struct change_bounds {
  std::size_t batch_lines = 16'384;
  std::size_t batch_bytes = std::size_t{8} << 20;
  /// A body with more lines that are refused is taken no further: their list is the answer.
  std::size_t refused_lines_max = 100'000;
};

/// Many changes in one request: POST /api/rollcall/changes, a body of NDJSON (messages/README.md)
/// of any length, packed with gzip or plain. It is read as fast as the engine makes it durable.
///
/// The answer is NDJSON: for each range of lines first the lines that were refused, each with field
/// and reason, then that the range is acknowledged; at the end a summary. It comes once the body
/// has ended, as most clients read nothing before.
///
/// With `source` and `sequence`, the number of lines of that source before this body, a body that
/// is sent again counts nothing twice. GET with `source` tells how many of its lines are durable.
void add_change_routes(route_table& routes, change_bounds bounds = {});

} // namespace gateway
