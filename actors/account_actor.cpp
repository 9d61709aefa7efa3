#include "actors/account_actor.hpp"

#include "actors/account_parts.hpp"
#include "actors/countdown.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace actors {

namespace {

using namespace account_parts;

void note_end(self_pointer self, const caf::down_msg& down) {
  auto& state = self->state;
  std::erase_if(state.active, [&](const auto& one) { return one.second.address() == down.source; });
  std::erase_if(state.hear_all, [&](const auto& who) { return who.address() == down.source; });
  const auto& profiles = state.parts.profiles;
  const auto ended = std::find_if(profiles.begin(), profiles.end(),
                                  [&](const auto& who) { return who.address() == down.source; });
  if (ended == profiles.end())
    return;
  const model::failure why{
    model::failure_code::unavailable,
    fmt::format("partition {} has ended ({}); stop the engine and open the directory again",
                ended - profiles.begin(), self->system().render(down.reason))};
  spdlog::error("account: {}", why.message);
  self->note_error(why.message);
  break_down(self, why);
}

std::shared_ptr<intake_job> single_job(std::string from, std::optional<std::string> into,
                                       caf::typed_response_promise<finished> reply) {
  auto job = std::make_shared<intake_job>();
  job->single = {std::move(from), std::move(into)};
  job->reply = [reply](model::outcome<batch_answer> done) mutable {
    if (!done)
      reply.deliver(to_error(done.error()));
    else if (!done->rejected.empty())
      reply.deliver(to_error({model::failure_code::not_found, done->rejected.front().reason}));
    else
      reply.deliver(finished{});
  };
  return job;
}

void take(self_pointer self, take_batch& order, caf::typed_response_promise<batch_answer> reply) {
  auto job = std::make_shared<intake_job>();
  job->changes = std::move(order.changes);
  job->source = std::move(order.source);
  job->sequence = order.sequence;
  job->reply = [reply](model::outcome<batch_answer> done) mutable {
    if (done)
      reply.deliver(std::move(*done));
    else
      reply.deliver(to_error(done.error()));
  };
  accept_job(self, std::move(job));
}

void find_one(self_pointer self, const find_person& asked,
              caf::typed_response_promise<found_person> reply) {
  with_people(self, [=](const std::optional<model::failure>& failed) mutable {
    const auto place = failed ? std::nullopt : find_anybody(self, asked.identifier);
    if (place)
      reply.deliver(found_person{*place});
    else
      reply.deliver(to_error(failed ? *failed : nobody_called(asked.identifier)));
  });
}

segment_list list_all_segments(const catalogue& known) {
  segment_list list;
  for (const auto& [number, entry] : known.segments())
    list.segments.push_back({entry, known.names_of(entry.references)});
  return list;
}

ready_preview prepare(const catalogue& known, const prepare_preview& asked) {
  auto checked = known.check(asked.json);
  if (!checked.errors.empty())
    return {nullptr, std::move(checked.errors)};
  return {std::make_shared<const std::string>(std::move(checked.inlined)), {}};
}

} // namespace

account_actor::behavior_type account(self_pointer self,
                                     std::shared_ptr<account_actor_parts> parts) {
  self->call_it("account", "account");
  self->state.parts = std::move(*parts);
  for (const auto& who : self->state.parts.profiles)
    self->monitor(who);
  self->set_down_handler([self](const caf::down_msg& down) { note_end(self, down); });
  begin_afresh(self);
  reconcile(self, {}, [](const std::optional<caf::error>&) {});
  const auto unit_promise = [self] {
    return self->make_response_promise<caf::typed_response_promise<finished>>();
  };
  const auto definition_promise = [self] {
    return self->make_response_promise<caf::typed_response_promise<definition_answer>>();
  };
  return {
    [self](take_batch& order) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<batch_answer>>();
      take(self, order, reply);
      return reply;
    },
    [self](const ask_last_sequence& asked) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<last_sequences>>();
      find_last_sequence(self, asked.source, reply);
      return reply;
    },
    [self, unit_promise](const merge_people& order) {
      const auto reply = unit_promise();
      accept_job(self, single_job(order.from, order.into, reply));
      return reply;
    },
    [self, unit_promise](const erase_person& order) {
      const auto reply = unit_promise();
      accept_job(self, single_job(order.identifier, {}, reply));
      return reply;
    },
    [self](const find_person& asked) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<found_person>>();
      find_one(self, asked, reply);
      return reply;
    },
    [self, definition_promise](const create_segments& order) {
      const auto reply = definition_promise();
      create(self, order, reply);
      return reply;
    },
    [self, definition_promise](const edit_segment& order) {
      const auto reply = definition_promise();
      edit(self, order, reply);
      return reply;
    },
    [self, definition_promise](const activate_segment& order) {
      const auto reply = definition_promise();
      set_active(self, order, reply);
      return reply;
    },
    [self](const rename_segment& order) { return account_parts::rename(self, order); },
    [self, unit_promise](const remove_segment& order) {
      const auto reply = unit_promise();
      account_parts::remove(self, order, reply);
      return reply;
    },
    [self, unit_promise](const cancel_segment& order) {
      const auto reply = unit_promise();
      cancel(self, order, reply);
      return reply;
    },
    [self](const find_segment& asked) { return find(self, asked); },
    [self](const list_segments&) { return list_all_segments(self->state.parts.known); },
    [self, unit_promise](const subscribe_to_all& order) {
      const auto reply = unit_promise();
      subscribe_all(self, order, reply);
      return reply;
    },
    [self](const prepare_preview& asked) { return prepare(self->state.parts.known, asked); },
    [self](const ask_name_ids& asked) { return list_names(self, asked); },
    [self](const find_names& asked) { return find_all(self, asked); },
    [self](const add_list& order) { return add_new_list(self, order); },
    [self](const read_objects&) { return list_objects(self); },
    [self](const read_documents& asked) { return list_documents(self, asked); },
    [self](const put_document& order) { return save_document(self, order); },
    [self](const drop_document& order) { return erase_document(self, order); },
    [self, unit_promise](const compare_segments& order) {
      const auto reply = unit_promise();
      reconcile(self, order, answer_with_unit(reply));
      return reply;
    },
  };
}

} // namespace actors
