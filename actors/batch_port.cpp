#include "actors/batch_port.hpp"

#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<batch_port_actor, batch_port_state>;

void answer(self_pointer self, std::uint64_t offer, model::outcome<batch_answer> what) {
  auto waiting = self->state.waiting.extract(offer);
  if (waiting)
    waiting.mapped()(std::move(what));
}

void fail_everybody(self_pointer self, const caf::error& why) {
  const auto failed = to_failure(why, "take the batch");
  for (auto& [offer, answered] : std::exchange(self->state.waiting, {}))
    answered(failed);
}

} // namespace

batch_port_actor::behavior_type batch_port(self_pointer self, const batch_taker_actor& account) {
  self->call_it("batch_port", "batch_port");
  self->monitor(account);
  self->set_down_handler([self](const caf::down_msg& down) { fail_everybody(self, down.reason); });
  return {
    [self, account](offer_batch& offered) {
      const auto offer = ++self->state.offered;
      self->state.waiting.emplace(offer, std::move(offered.answered));
      self->request(account, caf::infinite, std::move(offered.batch))
        .then([=](batch_answer& a) { answer(self, offer, std::move(a)); },
              [=](const caf::error& e) { answer(self, offer, to_failure(e, "take the batch")); });
    },
  };
}

} // namespace actors
