#pragma once

#include "actors/profile_actor.hpp"

#include <functional>

namespace actors {

/// Moves the clock forward. Replied when everybody whose time has come is moved and the clock is
/// stored.
struct advance_clock {
  model::instant to{};
};
/// How far an `advance_clock` has come, from 0 to 1; 1 when there is none.
struct ask_advance {};
/// INTERNAL
struct wake_up {
  model::instant meant_for{};
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::advance_clock)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::ask_advance)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::wake_up)

namespace actors {

struct meet_profiles {
  std::vector<profile_actor> profiles;
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::meet_profiles)

namespace actors {

/// The CLOCK knows when each partition has to be woken and sends it a tick at that second. It alone
/// moves the account's clock.
using clock_actor = caf::typed_actor<
  // Whom to wake. Each is sent a first tick, so that what fell due while nobody was there is
  // settled.
  caf::reacts_to<meet_profiles>, caf::reacts_to<due_changed>,
  caf::replies_to<advance_clock>::with<finished>, caf::replies_to<ask_advance>::with<double>,
  caf::reacts_to<wake_up>,
  // Forgets who sleeps until when and asks everybody again; an advance that goes on does.
  caf::replies_to<begin_anew>::with<finished>>;

struct clock_actor_state {
  static constexpr const char* name = "clock";

  std::shared_ptr<account_clock> clock;
  /// Makes a setting durable. Called before the clock moves.
  std::function<model::status(account_clock::setting)> store;

  struct sleeper {
    profile_actor who;
    std::optional<model::instant> next_due;
    bool is_ticking = false;
  };
  std::vector<sleeper> sleepers;
  std::optional<model::instant> wakes_at; // The earliest wake-up on its way.

  struct advance {
    model::instant from{};
    model::instant to{};
    std::size_t waits_for = 0; // Partitions.
    caf::typed_response_promise<finished> reply;
  };
  std::optional<advance> going;
};

clock_actor::behavior_type clock_of(observed_pointer<clock_actor, clock_actor_state> self,
                                    std::shared_ptr<account_clock> clock,
                                    std::function<model::status(account_clock::setting)> store);

} // namespace actors
