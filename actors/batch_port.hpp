#pragma once

#include "actors/account_actor.hpp"

#include <functional>

namespace actors {

/// A batch from outside, and who wants to know what became of it.
struct offer_batch {
  take_batch batch;
  std::function<void(model::outcome<batch_answer>)> answered;
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::offer_batch)

namespace actors {

/// What the BATCH PORT needs of the ACCOUNT.
using batch_taker_actor = caf::typed_actor<caf::replies_to<take_batch>::with<batch_answer>>;

/// The BATCH PORT brings batches from threads outside to the ACCOUNT, in the order in which they
/// are offered, and calls back on its own thread.
using batch_port_actor = caf::typed_actor<caf::reacts_to<offer_batch>>;

struct batch_port_state {
  static constexpr const char* name = "batch_port";
  std::uint64_t offered = 0;
  /// Who waits for an answer, by number of the offer. An ACCOUNT that ends by accident answers
  /// nobody; they are told here.
  std::map<std::uint64_t, std::function<void(model::outcome<batch_answer>)>> waiting;
};

batch_port_actor::behavior_type
batch_port(observed_pointer<batch_port_actor, batch_port_state> self,
           const batch_taker_actor& account);

} // namespace actors
