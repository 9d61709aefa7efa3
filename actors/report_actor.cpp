#include "actors/report_actor.hpp"

#include "actors/countdown.hpp"

#include <algorithm>
#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<report_actor, report_actor_state>;

/// One of the few questions to the account.
template <class Answer, class Question>
void ask_account(self_pointer self, const std::shared_ptr<countdown>& left, Question question,
                 Answer& into) {
  ++self->state.catalogue_reads;
  self->request(self->state.around->account, caf::infinite, std::move(question))
    .then(
      [left, &into](Answer& answer) {
        into = std::move(answer);
        left->one_done();
      },
      [left](caf::error& e) { left->one_failed(std::move(e)); });
}

/// What the account wants, unless it has never said so.
std::optional<caf::error> read_settings(self_pointer self, const document_list& kept) {
  const auto found = std::ranges::find(kept.documents, settings_id, &account_document::id);
  if (found == kept.documents.end())
    return std::nullopt;
  std::vector<segments::definition_error> errors;
  auto settings = metrics::changed({}, found->json, errors);
  if (!settings)
    return to_error({model::failure_code::storage_broken,
                     "the account's settings of reports cannot be read; set them anew: "
                       + segments::describe(errors)});
  self->state.settings = std::move(*settings);
  return std::nullopt;
}

/// Asks what the account knows, then calls `then`; with the error when it does not answer.
void with_account(self_pointer self, countdown::callback then) {
  auto& state = self->state;
  const auto settings = std::make_shared<document_list>();
  const auto left = countdown::from(4, [=](const std::optional<caf::error>& failed) {
    then(failed ? failed : read_settings(self, *settings));
  });
  ask_account(self, left, read_objects{}, state.objects);
  ask_account(self, left, list_segments{}, state.segments);
  ask_account(self, left, ask_name_ids{name_of_what::metric}, state.metric_ids);
  ask_account(self, left, read_documents{std::string{settings_kind}}, *settings);
}

metrics::request_result read(self_pointer self, std::string_view json) {
  metrics::request_context context;
  context.words = self->state.words.get();
  context.account_zone = self->state.around->account_zone;
  context.settings = self->state.settings;
  context.metric_name = [self](std::string_view text) -> std::optional<std::string> {
    for (const auto& [name, id] : self->state.metric_ids.names)
      if (name == text || id == text)
        return name;
    return std::nullopt;
  };
  context.segment_id = [self](std::string_view text) -> std::optional<std::string> {
    for (const auto& line : self->state.segments.segments)
      if (line.entry.name == text || line.entry.id == text)
        return std::to_string(line.entry.number);
    return std::nullopt;
  };
  return metrics::read_request(json, context);
}

std::shared_ptr<metrics::fold_order> plan(self_pointer self, const metrics::request& asked) {
  const auto now = model::to_ms(model::floor_second(self->state.around->clock->now()));
  auto order = std::make_shared<metrics::fold_order>(
    metrics::with_total(metrics::plan(asked, *self->state.words, now)));
  if (order->kind == metrics::datasource_kind::segments)
    for (const auto& line : self->state.segments.segments)
      order->segments.push_back({line.entry.number, line.entry.id, line.entry.name});
  return order;
}

/// What one making of a report gathers.
struct work {
  metrics::request asked;
  std::shared_ptr<metrics::fold_order> order;
  std::shared_ptr<metrics::fold_order> before; // Null when nothing is compared.
  std::shared_ptr<metrics::fold_order> sends;  // Null as long as nobody needs to know.
  folded now;
  folded then;
  folded sent;

  void keep_people() {
    for (auto* each : {&order, &before})
      if (*each) {
        *each = std::make_shared<metrics::fold_order>(**each);
        (*each)->keeps_people = true;
      }
  }
};

std::vector<metrics::fold_result> results_of(const folded& all) {
  std::vector<metrics::fold_result> results;
  if (all.parts)
    for (const auto& part : *all.parts)
      results.push_back(*part.sums);
  return results;
}

metrics::answer conclude(self_pointer self, const work& w) {
  const auto now = results_of(w.now);
  const auto then = results_of(w.then);
  std::optional<metrics::added_timeframe> before;
  if (w.before)
    before.emplace(metrics::added_timeframe{w.before.get(), then});
  std::optional<bool> was_sent;
  if (w.sends)
    was_sent = metrics::has_rows(results_of(w.sent));
  auto made = metrics::conclude(w.asked, *self->state.words, {w.order.get(), now}, before,
                                was_sent);
  for (const auto& part : *w.now.parts)
    made.positions.push_back(part.position);
  made.catalogue_reads = self->state.catalogue_reads;
  return made;
}

void ask_for(self_pointer self, const std::shared_ptr<const metrics::fold_order>& order,
             folded& into, const std::shared_ptr<work>& keep,
             const std::shared_ptr<countdown>& left) {
  self->request(self->state.coordinator, caf::infinite, run_fold{order, self->state.objects.all})
    .then(
      [&into, keep, left](folded& all) {
        into = std::move(all);
        left->one_done();
      },
      [left](caf::error& e) { left->one_failed(std::move(e)); });
}

/// More intervals than a report may have.
std::vector<segments::definition_error> too_many_intervals() {
  return {{"/interval", "more than " + std::to_string(metrics::intervals_max) + " intervals",
           "a longer interval or a shorter timeframe"}};
}

void add_up_and_conclude(self_pointer self, const std::shared_ptr<work>& w,
                         caf::typed_response_promise<made_report> reply) {
  auto left = countdown::from(
    1 + (w->before ? 1 : 0) + (w->sends ? 1 : 0),
    [=](const std::optional<caf::error>& broken) mutable {
      if (broken) {
        reply.deliver(*broken);
        self->quit();
        return;
      }
      auto made = conclude(self, *w);
      if (made.lacks_people || made.lacks_sends) {
        // Only now it is known that rows are left out, or that there are none. Everything is read
        // again, so that all of it is of one instant.
        if (made.lacks_people)
          w->keep_people();
        if (made.lacks_sends)
          w->sends = std::make_shared<metrics::fold_order>(
            metrics::sends_of(w->asked, *self->state.words, w->order->now));
        add_up_and_conclude(self, w, reply);
        return;
      }
      reply.deliver(made_report{std::make_shared<const metrics::answer>(std::move(made)), {}});
      self->quit();
    });
  ask_for(self, w->order, w->now, w, left);
  if (w->before)
    ask_for(self, w->before, w->then, w, left);
  if (w->sends)
    ask_for(self, w->sends, w->sent, w, left);
}

void make(self_pointer self, const make_report& order,
          caf::typed_response_promise<made_report> reply) {
  with_account(self, [=](const std::optional<caf::error>& failed) mutable {
    if (failed) {
      reply.deliver(*failed);
      self->quit();
      return;
    }
    auto read_so_far = read(self, *order.request);
    if (read_so_far.read) {
      auto w = std::make_shared<work>();
      w->asked = std::move(*read_so_far.read);
      w->order = plan(self, w->asked);
      if (w->asked.interval && w->order->intervals.empty()
          && w->order->time.from < w->order->time.to) {
        read_so_far.errors = too_many_intervals();
      } else {
        if (w->asked.compare != metrics::comparison::none)
          w->before = std::make_shared<metrics::fold_order>(metrics::earlier(w->asked, *w->order));
        add_up_and_conclude(self, w, reply);
        return;
      }
    }
    reply.deliver(made_report{nullptr, std::move(read_so_far.errors)});
    self->quit();
  });
}

// --- cells ---------------------------------------------------------------------------------------

/// Puts the cell into the order; the mistake when there is no such cell.
std::optional<segments::definition_error> aim(const open_cell& asked, const metrics::request& read,
                                              const metrics::dictionary& words,
                                              metrics::fold_order& order) {
  if (order.kind == metrics::datasource_kind::segments)
    return segments::definition_error{"/cell/statistic", '"' + asked.statistic + '"',
                                      "a number of another datasource; who is in a segment, and "
                                      "who joined or left, its members and its feed tell"};
  if (asked.rollup >= read.rollups.size())
    return segments::definition_error{"/cell/rollup", std::to_string(asked.rollup),
                                      "the index of one of the request's groupings"};
  if (asked.values.size() != read.rollups[asked.rollup].size())
    return segments::definition_error{
      "/cell/values", std::to_string(asked.values.size()) + " values",
      "one value for each of the " + std::to_string(read.rollups[asked.rollup].size())
        + " dimensions of the grouping"};
  if (asked.interval && *asked.interval >= order.intervals.size())
    return segments::definition_error{"/cell/interval", std::to_string(*asked.interval),
                                      "the index of one of the report's intervals"};
  const auto entry = words.statistic(asked.statistic).value_or(asked.statistic);
  const auto found = std::ranges::find(order.measures, entry, &metrics::fold_measure::name);
  if (found == order.measures.end())
    return segments::definition_error{"/cell/statistic", '"' + asked.statistic + '"',
                                      "a measure that the report asks for; a formula's number is "
                                      "not made by people"};
  order.keeps_people = false;
  order.collected = metrics::fold_order::cell{
    asked.rollup, asked.values, asked.interval,
    static_cast<std::uint32_t>(found - order.measures.begin())};
  return std::nullopt;
}

void name_makers(self_pointer self, const folded& all,
                 caf::typed_response_promise<opened_cell> reply) {
  const auto partitions = all.parts->size();
  auto names = std::make_shared<std::vector<std::vector<std::string>>>(partitions);
  auto left = countdown::from(partitions, [=](const std::optional<caf::error>& failed) mutable {
    opened_cell made;
    for (std::size_t p = 0; p < partitions; ++p) {
      const auto& makers = (*all.parts)[p].sums->makers;
      for (std::size_t i = 0; i < (*names)[p].size(); ++i)
        made.makers.push_back({std::move((*names)[p][i]), makers[i].count,
                               static_cast<std::uint32_t>(p), makers[i].profile});
    }
    if (failed)
      reply.deliver(*failed);
    else
      reply.deliver(std::move(made));
    self->quit();
  });
  for (std::size_t p = 0; p < partitions; ++p) {
    label_profiles asked;
    for (const auto& maker : (*all.parts)[p].sums->makers)
      asked.profiles.push_back(maker.profile);
    self->request(self->state.around->profiles[p], caf::infinite, std::move(asked))
      .then(
        [=](profile_labels& labels) {
          (*names)[p] = std::move(labels.labels);
          left->one_done();
        },
        [=](caf::error& e) { left->one_failed(std::move(e)); });
  }
}

void open(self_pointer self, const open_cell& order,
          caf::typed_response_promise<opened_cell> reply) {
  with_account(self, [=](const std::optional<caf::error>& failed) mutable {
    if (failed) {
      reply.deliver(*failed);
      self->quit();
      return;
    }
    auto read_so_far = read(self, *order.request);
    if (read_so_far.read) {
      auto w = std::make_shared<work>();
      w->asked = std::move(*read_so_far.read);
      w->order = plan(self, w->asked);
      if (auto mistake = aim(order, w->asked, *self->state.words, *w->order))
        read_so_far.errors.push_back(std::move(*mistake));
      else {
        auto left = countdown::from(1, [=](const std::optional<caf::error>& broken) mutable {
          if (!broken) {
            name_makers(self, w->now, reply);
            return;
          }
          reply.deliver(*broken);
          self->quit();
        });
        ask_for(self, w->order, w->now, w, left);
        return;
      }
    }
    reply.deliver(opened_cell{{}, std::move(read_so_far.errors)});
    self->quit();
  });
}

} // namespace

report_actor::behavior_type report(self_pointer self,
                                   std::shared_ptr<const report_surroundings> around,
                                   metric_coordinator_actor coordinator, std::uint64_t number) {
  self->call_it("report", "report/" + std::to_string(number));
  self->state.around = std::move(around);
  self->state.words = self->state.around->words;
  self->state.coordinator = std::move(coordinator);
  self->set_exit_handler([self](caf::exit_msg& order) {
    if (self->state.refuse)
      self->state.refuse({model::failure_code::cancelled, "the report was stopped; ask again"});
    self->quit(std::move(order.reason));
  });
  const auto refuse_by = [self](auto reply) {
    self->state.refuse = [reply](const model::failure& why) mutable {
      reply.deliver(to_error(why));
    };
  };
  return {
    [self, refuse_by](const make_report& order) {
      if (order.words)
        self->state.words = order.words;
      const auto reply = self->make_response_promise<caf::typed_response_promise<made_report>>();
      refuse_by(reply);
      make(self, order, reply);
      return reply;
    },
    [self, refuse_by](const open_cell& order) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<opened_cell>>();
      refuse_by(reply);
      open(self, order, reply);
      return reply;
    },
  };
}

} // namespace actors
