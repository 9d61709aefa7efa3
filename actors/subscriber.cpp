#include "actors/subscriber.hpp"

#include <utility>

namespace actors {

subscriber_actor::behavior_type
subscriber(observed_pointer<subscriber_actor, subscriber_state> self,
           std::function<void(const segment_flips&)> heard) {
  self->call_it("subscriber", "subscriber/" + std::to_string(self->id()));
  self->state.heard = std::move(heard);
  return {
    [self](const segment_flips& flips) {
      self->state.heard(flips);
      return finished{};
    },
  };
}

} // namespace actors
