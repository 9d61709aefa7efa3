#include "actors/clock_actor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<clock_actor, clock_actor_state>;

void wake_when_needed(self_pointer self);

/// Sends a tick; whatever comes due meanwhile is told by the partition.
template <class Then>
void send_tick(self_pointer self, std::size_t index, tick what, Then then) {
  self->state.sleepers[index].is_ticking = true;
  self->request(self->state.sleepers[index].who, caf::infinite, what)
    .then(
      [self, index, then](const ticked&) {
        self->state.sleepers[index].is_ticking = false;
        then();
        wake_when_needed(self);
      },
      [self, index, then](const caf::error& e) {
        self->state.sleepers[index].is_ticking = false;
        self->note_error(self->system().render(e));
        then();
      });
}

/// Sees to it that a wake-up is pending for the earliest due instant of those who sleep. A manual
/// clock reaches none by itself.
void wake_when_needed(self_pointer self) {
  auto& state = self->state;
  if (state.clock->is_manual())
    return;
  std::optional<model::instant> next;
  for (const auto& s : state.sleepers)
    if (!s.is_ticking && s.next_due && (!next || *s.next_due < *next))
      next = s.next_due;
  if (!next || (state.wakes_at && *state.wakes_at <= *next))
    return;
  state.wakes_at = next;
  // A long sleep is taken in turns, so that a system clock that is set right is followed.
  const auto left = std::clamp<std::chrono::milliseconds>(
    *next - state.clock->exact_now(), std::chrono::milliseconds{0}, std::chrono::minutes{1});
  self->delayed_send(self, left, wake_up{*next});
}

void tick_those_due(self_pointer self) {
  auto& state = self->state;
  const auto now = state.clock->now();
  for (std::size_t i = 0; i < state.sleepers.size(); ++i) {
    const auto& s = state.sleepers[i];
    if (!s.is_ticking && s.next_due && *s.next_due <= now)
      send_tick(self, i, {now}, [] {});
  }
}

model::status move_clock(self_pointer self, model::instant to) {
  auto& state = self->state;
  const auto setting = state.clock->moved_to(to);
  if (auto stored = state.store(setting); !stored)
    return stored;
  state.clock->set(setting);
  return model::nothing{};
}

void count_down(self_pointer self) {
  auto& going = self->state.going;
  if (going && --going->waits_for == 0)
    std::exchange(going, std::nullopt)->reply.deliver(finished{});
}

void advance(self_pointer self, model::instant to, caf::typed_response_promise<finished> reply) {
  auto& state = self->state;
  const auto from = state.clock->now();
  to = model::floor_second(to);
  if (state.going) {
    reply.deliver(to_error({model::failure_code::conflict,
                            "the clock is being advanced already; wait until it is there"}));
    return;
  }
  if (to < from) {
    reply.deliver(
      to_error({model::failure_code::invalid_input,
                fmt::format("cannot advance the clock to {}: it is {} and never goes back",
                            model::format_instant(to), model::format_instant(from))}));
    return;
  }
  if (auto moved = move_clock(self, to); !moved) {
    reply.deliver(to_error(moved.error()));
    return;
  }
  if (state.sleepers.empty()) {
    reply.deliver(finished{});
    return;
  }
  state.going = clock_actor_state::advance{from, to, state.sleepers.size(), std::move(reply)};
  for (std::size_t i = 0; i < state.sleepers.size(); ++i)
    send_tick(self, i, {to}, [self] { count_down(self); });
}

finished restart(self_pointer self) {
  auto& state = self->state;
  state.wakes_at.reset();
  for (std::size_t i = 0; i < state.sleepers.size(); ++i) {
    state.sleepers[i].next_due.reset();
    send_tick(self, i, {state.clock->now(), true}, [] {});
  }
  return finished{};
}

/// The partition that is furthest behind tells how far the clock has come.
double share_done(const clock_actor_state& state) {
  if (!state.going)
    return 1;
  const auto whole = std::chrono::duration<double>(state.going->to - state.going->from).count();
  double least = 1;
  for (const auto& s : state.sleepers)
    if (s.is_ticking && s.next_due && whole > 0)
      least = std::min(least, std::chrono::duration<double>(*s.next_due - state.going->from).count()
                                / whole);
  return std::clamp(least, 0.0, 1.0);
}

} // namespace

clock_actor::behavior_type clock_of(self_pointer self, std::shared_ptr<account_clock> clock,
                                    std::function<model::status(account_clock::setting)> store) {
  self->call_it("clock", "clock");
  self->state.clock = std::move(clock);
  self->state.store = std::move(store);
  return {
    [self](const meet_profiles& met) {
      for (const auto& who : met.profiles)
        self->state.sleepers.push_back({who, {}, false});
      for (std::size_t i = 0; i < self->state.sleepers.size(); ++i)
        send_tick(self, i, {self->state.clock->now()}, [] {});
    },
    [self](const due_changed& told) {
      auto& sleepers = self->state.sleepers;
      if (told.partition < sleepers.size())
        sleepers[told.partition].next_due = told.next_due;
      wake_when_needed(self);
    },
    [self](const advance_clock& order) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<finished>>();
      advance(self, order.to, reply);
      return reply;
    },
    [self](const ask_advance&) { return share_done(self->state); },
    [self](const wake_up& woken) {
      if (self->state.wakes_at == woken.meant_for)
        self->state.wakes_at.reset();
      tick_those_due(self);
      wake_when_needed(self);
    },
    [self](const begin_anew&) { return restart(self); },
  };
}

} // namespace actors
