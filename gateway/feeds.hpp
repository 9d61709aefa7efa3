#pragma once

#include "gateway/router.hpp"

#include <chrono>

namespace gateway {

struct feed_settings {
  /// A stream that has nothing to tell says so this often.
  std::chrono::milliseconds heartbeat{15'000};
};

/// Who joined and left, as it happens: GET /api/rollcall/segments/{id}/feed.
///
/// A page of flips after `cursor`; with `wait`, it comes as soon as there is a flip. With `Accept:
/// text/event-stream`, every flip as a server-sent event whose id is the cursor behind it, so that
/// a client that connects again with Last-Event-ID misses nothing and hears nothing twice.
///
/// A follower that waits costs a connection and no thread: a bell wakes it. So there may be as many
/// as connections (server_options::connections_max); `stream_workers` of them are written to at the
/// same time.
void add_feed_routes(route_table& routes, feed_settings how = {});

} // namespace gateway
