#pragma once

#include "node/demo_store.hpp"

#include <thread>

namespace node {

/// A pipe with the made-up store in one end: what comes out of the other is read like anybody's
/// file.
class store_pipe {
public:
  /// Writes the profiles, if wanted, and the events up to `size.events`; `events` is the writer's
  /// until the end.
  store_pipe(const demo_size& size, demo_events& events, bool with_profiles);
  ~store_pipe();
  store_pipe(const store_pipe&) = delete;
  store_pipe& operator=(const store_pipe&) = delete;

  /// Whoever takes it closes it.
  [[nodiscard]] int read_end() const {
    return read_end_;
  }

private:
  int read_end_ = -1;
  std::thread writer_;
};

} // namespace node
