#pragma once

#include "actors/segment_actor.hpp"

#include <functional>

namespace actors {

struct subscriber_state {
  static constexpr const char* name = "subscriber";
  std::function<void(const segment_flips&)> heard;
};

/// A SUBSCRIBER hands flips to a function, on a thread of its own, so that a slow one holds up
/// nobody. A function that throws ends the subscription.
subscriber_actor::behavior_type
subscriber(observed_pointer<subscriber_actor, subscriber_state> self,
           std::function<void(const segment_flips&)> heard);

} // namespace actors
