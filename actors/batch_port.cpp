#include "actors/batch_port.hpp"

#include <utility>

namespace actors {

batch_port_actor::behavior_type
batch_port(observed_pointer<batch_port_actor, batch_port_state> self,
           const account_actor& account) {
  self->call_it("batch_port", "batch_port");
  return {
    [self, account](offer_batch& offered) {
      self->request(account, caf::infinite, std::move(offered.batch))
        .then([answered = offered.answered](batch_answer& answer) { answered(std::move(answer)); },
              [answered = offered.answered](const caf::error& e) {
                answered(to_failure(e, "take the batch"));
              });
    },
  };
}

} // namespace actors
