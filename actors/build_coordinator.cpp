#include "actors/build_coordinator.hpp"

#include "actors/countdown.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<build_coordinator_actor, build_coordinator_state>;
using build = build_coordinator_state::build;
using unit_promise = caf::typed_response_promise<finished>;

constexpr std::chrono::milliseconds wait_max{150}; // Somebody who waits sees progress meanwhile.
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

/// Says why a partition did not take definitions.
void note_refusal(self_pointer self, const define_segments& order, const model::failure& why) {
  self->note_error(why.message);
  for (const auto& d : order.all)
    if (auto* asked = current(self, d.segment, d.version))
      asked->trouble = why.message;
}

void ask_partition(self_pointer self, std::size_t partition, const define_segments& order,
                   const std::shared_ptr<countdown>& all) {
  self->request(self->state.profiles[partition], caf::infinite, order)
    .then(
      [=](finished) {
        for (const auto& d : order.all)
          if (auto* asked = current(self, d.segment, d.version)) {
            asked->is_asked[partition] = true;
            asked->trouble.clear();
          }
        all->one_done();
      },
      [=](caf::error& e) {
        const auto why = to_failure(e, "take a definition");
        // One that cannot be used must not keep the others out.
        if (order.all.size() > 1) {
          const auto each = countdown::from(order.all.size(),
                                            [all](const std::optional<caf::error>& failed) {
                                              if (failed)
                                                all->one_failed(*failed);
                                              else
                                                all->one_done();
                                            });
          for (const auto& d : order.all)
            ask_partition(self, partition, {{d}}, each);
          return;
        }
        note_refusal(self, order, why);
        all->one_failed(std::move(e));
      });
}

/// Asks every partition for those of the definitions that it has not recorded yet.
void ask_the_rest(self_pointer self, std::span<const std::uint64_t> segments, unit_promise reply) {
  auto& state = self->state;
  const auto all = countdown::from(state.profiles.size(), answer_with_unit(std::move(reply)));
  for (std::size_t i = 0; i < state.profiles.size(); ++i) {
    define_segments order;
    for (const auto segment : segments)
      if (const auto& b = state.builds[segment]; !b.is_asked[i] && !is_in_force(b, i))
        order.all.push_back({segment, b.version, b.json});
    if (order.all.empty())
      all->one_done();
    else
      ask_partition(self, i, order, all);
  }
}

void begin(self_pointer self, const begin_builds& order, unit_promise reply) {
  auto& state = self->state;
  if (order.is_everything) {
    std::erase_if(state.builds, [](const auto& known) { return !known.second.is_cancelled; });
    std::ranges::fill(state.progress, build_progress{});
    std::ranges::fill(state.troubles, std::string{});
  }
  std::vector<std::uint64_t> segments;
  for (const auto& d : order.all) {
    const auto* before = current(self, d.segment, d.version);
    if (order.is_everything && before != nullptr && before->is_cancelled)
      continue;
    segments.push_back(d.segment);
    auto& b = state.builds[d.segment];
    b.version = d.version;
    b.json = d.json;
    b.is_cancelled = false;
    b.trouble.clear();
    b.began = build_coordinator_state::steady::now();
    b.in_force.resize(state.profiles.size());
    b.is_asked.assign(state.profiles.size(), false);
    for (std::size_t i = 0; i < d.known.size() && i < b.in_force.size(); ++i) {
      b.in_force[i] = d.known[i].version;
      b.is_asked[i] = d.known[i].pending_version == d.version;
    }
  }
  ask_the_rest(self, segments, std::move(reply));
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
  if (moved.partition >= state.progress.size())
    return;
  state.troubles[moved.partition] = moved.trouble;
  if (moved.trouble.empty())
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
    if (out.is_going && out.trouble.empty() && !is_in_force(b, i))
      out.trouble = state.troubles[i];
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

/// Whether there is nothing to wait for: the build has ended, or does not get on.
bool is_news(const build_state& s) {
  return !s.is_going || !s.trouble.empty();
}

/// Tells those who wait what has become of their build, when it ended.
void tell_waiters(self_pointer self) {
  auto& state = self->state;
  for (auto w = state.waiters.begin(); w != state.waiters.end();) {
    auto now = report(state, w->second.segment);
    if (!is_news(now)) {
      ++w;
      continue;
    }
    w->second.reply.deliver(std::move(now));
    w = state.waiters.erase(w);
  }
}

void await(self_pointer self, std::uint64_t segment,
           caf::typed_response_promise<build_state> reply) {
  auto& state = self->state;
  auto now = report(state, segment);
  if (is_news(now)) {
    reply.deliver(std::move(now));
    return;
  }
  state.waiters.try_emplace(++state.last_waiter, segment, std::move(reply));
  self->delayed_send(self, wait_max, end_wait{state.last_waiter});
}

} // namespace

build_coordinator_actor::behavior_type build_coordinator(self_pointer self,
                                                         std::uint32_t partitions) {
  self->call_it("build_coordinator", "build_coordinator");
  self->state.progress.resize(partitions);
  self->state.troubles.resize(partitions);
  const auto promise = [self] { return self->make_response_promise<unit_promise>(); };
  return {
    [self](const meet_profiles& met) { self->state.profiles = met.profiles; },
    [self, promise](const begin_builds& order) {
      const auto reply = promise();
      begin(self, order, reply);
      return reply;
    },
    [self, promise](const cancel_build& order) {
      const auto reply = promise();
      cancel(self, order.segment, reply);
      tell_waiters(self);
      return reply;
    },
    [self, promise](const forget_build& order) {
      const auto reply = promise();
      self->state.builds.erase(order.segment);
      tell_waiters(self);
      ask_all(self, drop_segment{order.segment}, reply);
      return reply;
    },
    [self](const await_build& asked) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<build_state>>();
      await(self, asked.segment, reply);
      return reply;
    },
    [self](const list_builds&) {
      build_list all;
      for (const auto& [segment, b] : self->state.builds)
        if (auto how = report(self->state, segment); how.is_going)
          all.builds.push_back({segment, b.version, std::move(how)});
      return all;
    },
    [self](const build_moved& moved) {
      note_progress(self, moved);
      if (!moved.switched.empty() || !moved.trouble.empty())
        tell_waiters(self);
    },
    [self](const end_wait& over) {
      auto& waiters = self->state.waiters;
      while (!waiters.empty() && waiters.begin()->first <= over.number) {
        auto& [segment, reply] = waiters.begin()->second;
        reply.deliver(report(self->state, segment));
        waiters.erase(waiters.begin());
      }
    },
  };
}

} // namespace actors
