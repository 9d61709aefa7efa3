#include "actors/account_parts.hpp"
#include "actors/countdown.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace actors::account_parts {

namespace {

using definition_promise = caf::typed_response_promise<definition_answer>;

std::shared_ptr<const segment_identity> identity_of(const segment_entry& entry) {
  return std::make_shared<const segment_identity>(
    segment_identity{entry.number, entry.id, entry.name});
}

segment_actor activate(self_pointer self, const segment_entry& entry) {
  auto& active = self->state.active[entry.number];
  if (!active) {
    active = self->spawn(segment, identity_of(entry), self->state.parts.profiles);
    self->monitor(active);
  }
  return active;
}

/// Who hears of all segments is to hear of this new one.
void tell_who_hears_all(self_pointer self, const segment_entry& entry) {
  for (const auto& who : self->state.hear_all)
    self
      ->request(activate(self, entry), caf::infinite,
                subscribe_to_flips{who, feed_cursor(self->state.parts.profiles.size())})
      .then([](finished) {},
            [self](const caf::error& e) { self->note_error(self->system().render(e)); });
}

/// Records, believes and begins to build what was decided; answers with the first `answered`.
void carry_out(self_pointer self, catalogue::decision decided, std::size_t answered,
               definition_promise reply) {
  auto& parts = self->state.parts;
  if (decided.refused) {
    reply.deliver(to_error(*decided.refused));
    return;
  }
  if (!decided.errors.empty()) {
    reply.deliver(definition_answer{{}, std::move(decided.errors)});
    return;
  }
  if (auto saved = parts.store->save_segments(decided.redefined); !saved) {
    reply.deliver(to_error(saved.error()));
    return;
  }
  for (const auto& one : decided.redefined)
    parts.known.accept(one.entry);
  definition_answer answer;
  for (std::size_t i = 0; i < answered; ++i) {
    const auto& entry = decided.redefined[i].entry;
    answer.all.push_back({entry, parts.known.names_of(entry.references)});
    if (entry.version() == 1)
      tell_who_hears_all(self, entry);
  }
  begin_builds order;
  for (auto& one : decided.redefined)
    order.all.push_back({one.entry.number,
                         one.entry.version(),
                         std::make_shared<const std::string>(std::move(one.inlined)),
                         {}});
  self->request(parts.builds, caf::infinite, std::move(order))
    .then([=](finished) mutable { reply.deliver(answer); },
          [=](const caf::error& e) mutable {
            // It is recorded, and the BUILD COORDINATOR asks again; its report says why it does not
            // get on.
            self->note_error(to_failure(e, "begin a build").message);
            reply.deliver(answer);
          });
}

void forget_segment(self_pointer self, std::uint64_t number) {
  auto& state = self->state;
  if (const auto active = state.active.find(number); active != state.active.end()) {
    self->send_exit(active->second, caf::exit_reason::user_shutdown);
    state.active.erase(active);
  }
  state.parts.known.forget(number);
}

using statuses = std::vector<std::vector<segment_status>>; // By partition.

/// What the partitions have of one segment, in their order.
std::vector<segment_status> known_of(const statuses& all, std::uint64_t number) {
  std::vector<segment_status> known;
  for (const auto& partition : all) {
    const auto found = std::find_if(partition.begin(), partition.end(),
                                    [&](const segment_status& s) { return s.id == number; });
    known.push_back(found == partition.end() ? segment_status{} : *found);
  }
  return known;
}

void begin_what_is_missing(self_pointer self, const statuses& all, bool is_everything,
                           const countdown::callback& then) {
  auto& parts = self->state.parts;
  begin_builds order;
  order.is_everything = is_everything;
  for (const auto& [number, entry] : parts.known.segments())
    if (!entry.is_cancelled)
      order.all.push_back({number, entry.version(),
                           std::make_shared<const std::string>(parts.known.inlined(entry)),
                           known_of(all, number)});
  self->request(parts.builds, caf::infinite, std::move(order))
    .then([then](finished) { then({}); },
          [self, then](const caf::error& e) {
            self->note_error(to_failure(e, "begin a build").message);
            then(e);
          });
  // A drop that a crash has interrupted.
  for (std::size_t p = 0; p < all.size(); ++p)
    for (const auto& s : all[p])
      if (!parts.known.segments().contains(s.id))
        self->request(parts.profiles[p], caf::infinite, drop_segment{s.id})
          .then([](finished) {},
                [self](const caf::error& e) {
                  self->note_error(to_failure(e, "drop a segment").message);
                });
}

} // namespace

void reconcile(self_pointer self, const compare_segments& order, countdown::callback then) {
  auto& profiles = self->state.parts.profiles;
  const auto told_by = std::make_shared<statuses>(profiles.size());
  const auto all = countdown::from(profiles.size(), [=](const std::optional<caf::error>& failed) {
    if (!failed) {
      begin_what_is_missing(self, *told_by, order.is_everything, then);
      return;
    }
    self->note_error(to_failure(*failed, "compare the segments").message);
    then(failed);
  });
  for (std::size_t p = 0; p < profiles.size(); ++p)
    self->request(profiles[p], caf::infinite, read_segments{})
      .then(
        [=](segment_statuses& told) {
          (*told_by)[p] = std::move(told.segments);
          all->one_done();
        },
        [=](caf::error& e) { all->one_failed(std::move(e)); });
}

void create(self_pointer self, const create_segments& order, definition_promise reply) {
  auto& parts = self->state.parts;
  carry_out(self, parts.known.decide_create(order.all, parts.clock->now()), order.all.size(),
            std::move(reply));
}

void edit(self_pointer self, const edit_segment& order, definition_promise reply) {
  auto& parts = self->state.parts;
  carry_out(self, parts.known.decide_edit(order.segment, order.json, parts.clock->now()), 1,
            std::move(reply));
}

void set_active(self_pointer self, const activate_segment& order, definition_promise reply) {
  auto& parts = self->state.parts;
  auto decided = parts.known.decide_activation(order.segment, order.is_active, parts.clock->now());
  if (!decided.refused && decided.redefined.empty()) {
    const auto& entry = *parts.known.find(order.segment);
    reply.deliver(definition_answer{{{entry, parts.known.names_of(entry.references)}}, {}});
    return;
  }
  carry_out(self, std::move(decided), 1, std::move(reply));
}

void remove(self_pointer self, const remove_segment& order,
            caf::typed_response_promise<finished> reply) {
  auto& parts = self->state.parts;
  auto dropped = parts.known.decide_drop(order.segment);
  if (!dropped) {
    reply.deliver(to_error(dropped.error()));
    return;
  }
  if (auto erased = parts.store->erase_segment(dropped->number); !erased) {
    reply.deliver(to_error(erased.error()));
    return;
  }
  forget_segment(self, dropped->number);
  self->request(parts.builds, caf::infinite, forget_build{dropped->number})
    .then([=](finished) mutable { reply.deliver(finished{}); },
          [=](caf::error& e) mutable { reply.deliver(std::move(e)); });
}

void cancel(self_pointer self, const cancel_segment& order,
            caf::typed_response_promise<finished> reply) {
  auto& parts = self->state.parts;
  const auto* known = parts.known.find(order.segment);
  if (!known) {
    reply.deliver(to_error(
      {model::failure_code::not_found, fmt::format("there is no segment \"{}\"", order.segment)}));
    return;
  }
  self->request(parts.builds, caf::infinite, cancel_build{known->number})
    .then(
      [=, number = known->number](finished) mutable {
        auto& now = self->state.parts;
        const auto found = now.known.segments().find(number);
        if (found != now.known.segments().end()) {
          auto entry = found->second;
          entry.is_cancelled = true;
          if (auto saved = now.store->save_segment(entry); !saved) {
            reply.deliver(to_error(saved.error()));
            return;
          }
          now.known.accept(std::move(entry));
        }
        reply.deliver(finished{});
      },
      [=](caf::error& e) mutable { reply.deliver(std::move(e)); });
}

caf::result<found_segment> rename(self_pointer self, const rename_segment& order) {
  auto& parts = self->state.parts;
  auto decided = parts.known.decide_rename(order.segment, order.name);
  if (!decided)
    return to_error(decided.error());
  if (auto saved = parts.store->save_segments(*decided); !saved)
    return to_error(saved.error());
  const auto renamed = decided->front();
  for (auto& entry : *decided)
    parts.known.accept(std::move(entry));
  const auto speaks = activate(self, renamed);
  self->send(speaks, be_renamed{identity_of(renamed)});
  return found_segment{renamed, parts.known.names_of(renamed.references), speaks};
}

caf::result<found_segment> find(self_pointer self, const find_segment& asked) {
  auto& parts = self->state.parts;
  const auto* known = parts.known.find(asked.segment);
  if (!known)
    return to_error(
      {model::failure_code::not_found,
       fmt::format("there is no segment \"{}\", neither by name nor by id", asked.segment)});
  return found_segment{*known, parts.known.names_of(known->references), activate(self, *known)};
}

void subscribe_all(self_pointer self, const subscribe_to_all& order,
                   caf::typed_response_promise<finished> reply) {
  auto& state = self->state;
  self->monitor(order.who);
  state.hear_all.push_back(order.who);
  const auto all = countdown::from(state.parts.known.segments().size(),
                                   answer_with_unit(std::move(reply)));
  for (const auto& [number, entry] : state.parts.known.segments())
    self->request(activate(self, entry), caf::infinite, subscribe_to_flips{order.who, {}})
      .then([=](finished) { all->one_done(); },
            [=](caf::error& e) { all->one_failed(std::move(e)); });
}

} // namespace actors::account_parts
