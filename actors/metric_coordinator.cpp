#include "actors/metric_coordinator.hpp"

#include "actors/countdown.hpp"
#include "actors/report_actor.hpp"

#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<metric_coordinator_actor, metric_coordinator_state>;
using surveyed = metric_coordinator_state::surveyed;
using survey_callback = metric_coordinator_state::survey_callback;

/// Answers to what was asked before a restart are for nobody after it.
std::string key_now(self_pointer self, std::string key) {
  return std::move(key) + '/' + std::to_string(self->state.restarts);
}

// --- surveys -------------------------------------------------------------------------------------

void end_survey(self_pointer self, const std::string& key, const surveyed& found,
                const std::optional<caf::error>& failed) {
  const auto waiting = self->state.surveys.extract(key);
  if (waiting.empty()) // A restart has refused whoever waited.
    return;
  for (const auto& then : waiting.mapped())
    then(found, failed);
}

void survey(self_pointer self, const std::shared_ptr<const metrics::fold_order>& order,
            survey_callback then) {
  const auto key = key_now(self, metrics::survey_key_of(*order));
  auto& waiting = self->state.surveys[key];
  waiting.push_back(std::move(then));
  if (waiting.size() > 1)
    return;
  using objects = std::map<std::pair<metrics::message_owner, std::string>,
                           metrics::surveyed_object>;
  auto all = std::make_shared<objects>();
  const auto& profiles = self->state.around->profiles;
  auto left = countdown::from(profiles.size(), [=](const std::optional<caf::error>& failed) {
    auto found = std::make_shared<std::vector<metrics::surveyed_object>>();
    for (auto& [id, object] : *all)
      found->push_back(std::move(object));
    end_survey(self, key, found, failed);
  });
  for (const auto& who : profiles)
    self->request(who, caf::infinite, survey_sends{order})
      .then(
        [=](const surveyed_sends& part) {
          for (const auto& object : *part.objects) {
            const auto [at, is_new] = all->try_emplace({object.owner, object.id}, object);
            if (!is_new)
              at->second.add(object);
          }
          left->one_done();
        },
        [=](caf::error& e) { left->one_failed(std::move(e)); });
}

// --- folds ---------------------------------------------------------------------------------------

void end_fold(self_pointer self, const std::string& key, const folded& found,
              const std::optional<caf::error>& failed) {
  auto waiting = self->state.folds.extract(key);
  if (waiting.empty())
    return;
  for (auto& reply : waiting.mapped()) {
    if (failed)
      reply.deliver(*failed);
    else
      reply.deliver(found);
  }
}

void fan_out(self_pointer self, const std::string& key, const add_up& order) {
  const auto& profiles = self->state.around->profiles;
  auto parts = std::make_shared<std::vector<added_up>>(profiles.size());
  auto left = countdown::from(profiles.size(), [=](const std::optional<caf::error>& failed) {
    end_fold(self, key, folded{parts}, failed);
  });
  for (std::size_t p = 0; p < profiles.size(); ++p)
    self->request(profiles[p], caf::infinite, order)
      .then(
        [=](added_up& part) {
          (*parts)[p] = std::move(part);
          left->one_done();
        },
        [=](caf::error& e) { left->one_failed(std::move(e)); });
}

void fold(self_pointer self, const run_fold& asked, caf::typed_response_promise<folded> reply) {
  // Two snapshots of the catalogue are never the same while both are in use.
  const auto key = key_now(
    self, metrics::key_of(*asked.order) + '/'
            + std::to_string(reinterpret_cast<std::uintptr_t>(asked.objects.get())));
  auto& waiting = self->state.folds[key];
  waiting.push_back(std::move(reply));
  if (waiting.size() > 1)
    return;
  if (asked.order->kind != metrics::datasource_kind::messages) {
    fan_out(self, key, {asked.order, std::make_shared<const std::vector<metrics::fold_object>>()});
    return;
  }
  survey(self, asked.order, [=](const surveyed& found, const std::optional<caf::error>& failed) {
    if (failed) {
      end_fold(self, key, {}, failed);
      return;
    }
    fan_out(self, key,
            {asked.order, std::make_shared<const std::vector<metrics::fold_object>>(
                            metrics::joined(*asked.objects, *found, *asked.order))});
  });
}

finished restart(self_pointer self) {
  auto& state = self->state;
  ++state.restarts;
  const auto why = to_error(
    {model::failure_code::unavailable, "reports were restarted meanwhile; ask again"});
  state.surveys.clear(); // Their folds wait.
  for (auto& [key, waiting] : std::exchange(state.folds, {}))
    for (auto& reply : waiting)
      reply.deliver(why);
  return finished{};
}

} // namespace

metric_coordinator_actor::behavior_type
metric_coordinator(self_pointer self, std::shared_ptr<const report_surroundings> around) {
  self->call_it("metric_coordinator", "metric_coordinator");
  self->state.around = std::move(around);
  const auto make = [self] {
    return self->spawn(report, self->state.around, metric_coordinator_actor{self},
                       ++self->state.last_report);
  };
  return {
    [self, make](const make_report& order) { return self->delegate(make(), order); },
    [self, make](const open_cell& order) { return self->delegate(make(), order); },
    [self](const run_fold& order) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<folded>>();
      fold(self, order, reply);
      return reply;
    },
    [self](const begin_anew&) { return restart(self); },
  };
}

} // namespace actors
