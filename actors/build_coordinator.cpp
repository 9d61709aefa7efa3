#include "actors/build_coordinator.hpp"

#include "actors/countdown.hpp"

#include <algorithm>
#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<build_coordinator_actor, build_coordinator_state>;
using build = build_coordinator_state::build;
using unit_promise = caf::typed_response_promise<finished>;

constexpr std::chrono::seconds retry_after{1};
constexpr std::chrono::milliseconds estimate_after{300}; // Earlier estimates are noise.

bool is_in_force(const build& b, std::size_t partition) {
  return b.in_force[partition] == b.version;
}

bool is_finished(const build& b) {
  for (std::size_t i = 0; i < b.in_force.size(); ++i)
    if (!is_in_force(b, i))
      return false;
  return true;
}

build* current(self_pointer self, std::uint64_t segment, std::uint32_t version) {
  const auto found = self->state.builds.find(segment);
  return found != self->state.builds.end() && found->second.version == version ? &found->second
                                                                               : nullptr;
}

void ask_partition(self_pointer self, std::uint64_t segment, std::size_t partition,
                   const std::shared_ptr<countdown>& all) {
  auto& b = self->state.builds[segment];
  const auto version = b.version;
  self
    ->request(self->state.profiles[partition], caf::infinite,
              define_segment{segment, version, b.json})
    .then(
      [=](finished) {
        if (auto* asked = current(self, segment, version)) {
          asked->is_asked[partition] = true;
          asked->trouble.clear();
        }
        all->one_done();
      },
      [=](caf::error& e) {
        if (auto* asked = current(self, segment, version)) {
          const auto why = to_failure(e, "record a definition");
          asked->trouble = why.message;
          self->note_error(why.message);
          if (why.code == model::failure_code::storage_full)
            self->delayed_send(self, retry_after, retry_define{segment, version});
        }
        all->one_failed(std::move(e));
      });
}

/// Asks every partition that has not recorded the definition yet.
void ask_the_rest(self_pointer self, std::uint64_t segment, unit_promise reply) {
  auto& b = self->state.builds[segment];
  std::vector<std::size_t> rest;
  for (std::size_t i = 0; i < b.in_force.size(); ++i)
    if (!b.is_asked[i] && !is_in_force(b, i))
      rest.push_back(i);
  const auto all = countdown::from(rest.size(), answer_with_unit(std::move(reply)));
  for (const auto partition : rest)
    ask_partition(self, segment, partition, all);
}

void begin(self_pointer self, const begin_build& order, unit_promise reply) {
  auto& state = self->state;
  auto& b = state.builds[order.segment];
  b.version = order.version;
  b.json = order.json;
  b.is_cancelled = false;
  b.trouble.clear();
  b.began = build_coordinator_state::steady::now();
  b.in_force.resize(state.profiles.size());
  b.is_asked.assign(state.profiles.size(), false);
  for (std::size_t i = 0; i < order.known.size() && i < b.in_force.size(); ++i) {
    b.in_force[i] = order.known[i].version;
    b.is_asked[i] = order.known[i].pending_version == order.version;
  }
  ask_the_rest(self, order.segment, std::move(reply));
}

/// Sends the same order to every partition.
template <class Order>
void ask_all(self_pointer self, const Order& order, unit_promise reply) {
  auto& profiles = self->state.profiles;
  const auto all = countdown::from(profiles.size(), answer_with_unit(std::move(reply)));
  for (const auto& who : profiles)
    self->request(who, caf::infinite, order)
      .then([all](finished) { all->one_done(); },
            [all](caf::error& e) { all->one_failed(std::move(e)); });
}

void cancel(self_pointer self, std::uint64_t segment, unit_promise reply) {
  const auto found = self->state.builds.find(segment);
  if (found == self->state.builds.end() || is_finished(found->second)) {
    reply.deliver(
      to_error({model::failure_code::not_found, "nothing is being built for this segment"}));
    return;
  }
  found->second.is_cancelled = true;
  found->second.trouble.clear();
  ask_all(self, stop_build{segment}, std::move(reply));
}

void note_progress(self_pointer self, const build_moved& moved) {
  auto& state = self->state;
  if (moved.partition < state.progress.size())
    state.progress[moved.partition] = moved.is_done ? build_progress{} : moved.progress;
  for (const auto& s : moved.switched)
    if (const auto found = state.builds.find(s.id);
        found != state.builds.end() && moved.partition < found->second.in_force.size())
      found->second.in_force[moved.partition] = s.version;
}

build_state report(const build_coordinator_state& state, std::uint64_t segment) {
  build_state out;
  const auto found = state.builds.find(segment);
  if (found == state.builds.end())
    return out;
  const auto& b = found->second;
  out.is_cancelled = b.is_cancelled;
  out.is_going = !is_finished(b) && !b.is_cancelled;
  out.trouble = b.trouble;
  const auto slowest = std::min_element(b.in_force.begin(), b.in_force.end());
  out.version_in_force = slowest == b.in_force.end() ? 0 : *slowest;
  for (std::size_t i = 0; i < b.in_force.size(); ++i) {
    const auto& p = state.progress[i];
    const auto done = is_in_force(b, i) ? p.profiles : p.profiles_done;
    out.profiles += p.profiles;
    out.profiles_done += done;
    out.segments = std::max(out.segments, p.segments);
    out.share += is_in_force(b, i) ? 1.0
               : p.profiles == 0   ? 0.0
                                   : static_cast<double>(done) / static_cast<double>(p.profiles);
  }
  out.share /= static_cast<double>(std::max<std::size_t>(b.in_force.size(), 1));
  const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(
    build_coordinator_state::steady::now() - b.began);
  if (out.is_going && spent >= estimate_after && out.share > 0)
    out.left = std::chrono::milliseconds{
      static_cast<std::int64_t>(static_cast<double>(spent.count()) * (1 - out.share) / out.share)};
  return out;
}

} // namespace

build_coordinator_actor::behavior_type build_coordinator(self_pointer self,
                                                         std::uint32_t partitions) {
  self->call_it("build_coordinator", "build_coordinator");
  self->state.progress.resize(partitions);
  const auto promise = [self] { return self->make_response_promise<unit_promise>(); };
  return {
    [self](const meet_profiles& met) { self->state.profiles = met.profiles; },
    [self, promise](const begin_build& order) {
      const auto reply = promise();
      begin(self, order, reply);
      return reply;
    },
    [self, promise](const cancel_build& order) {
      const auto reply = promise();
      cancel(self, order.segment, reply);
      return reply;
    },
    [self, promise](const forget_build& order) {
      const auto reply = promise();
      self->state.builds.erase(order.segment);
      ask_all(self, drop_segment{order.segment}, reply);
      return reply;
    },
    [self](const report_build& asked) { return report(self->state, asked.segment); },
    [self](const build_moved& moved) { note_progress(self, moved); },
    [self](const retry_define& again) {
      const auto* b = current(self, again.segment, again.version);
      if (b && !b->is_cancelled)
        ask_the_rest(self, again.segment, unit_promise{});
    },
  };
}

} // namespace actors
