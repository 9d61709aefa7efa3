#pragma once

#include "actors/account_actor.hpp"
#include "actors/batch_port.hpp"
#include "actors/clock_actor.hpp"
#include "actors/metric_coordinator.hpp"

#include <caf/actor_system.hpp>
#include <caf/scoped_actor.hpp>
#include <rollcall/rollcall.hpp>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>

namespace rollcall {

/// A listener outside and the actor that calls it. Outlives neither: whoever goes first ends it.
class live_subscription {
public:
  explicit live_subscription(actors::subscriber_actor who) : who_(std::move(who)) {
  }
  ~live_subscription() {
    end();
  }
  live_subscription(const live_subscription&) = delete;
  live_subscription& operator=(const live_subscription&) = delete;
  /// The listener is called no more once this returns, unless it is the caller itself.
  void end();

private:
  std::mutex guard_;
  std::optional<actors::subscriber_actor> who_;
};

/// A batch of an order that the disk refused.
struct refused_batch {
  std::uint64_t position = 0;
  std::shared_ptr<const std::string> operation;
  std::function<void(performed_operation)> done;
};

/// The engine's insides: the wiring of one account in one process.
struct engine::parts {
  // Deadlines. Questions may wait behind commits and slices of work, not behind whole builds.
  static constexpr std::chrono::minutes question_deadline{2};
  static constexpr std::chrono::hours work_deadline{24};

  actors::system_config config;
  std::unique_ptr<caf::actor_system> system;
  std::shared_ptr<actors::account_store> store;
  std::shared_ptr<actors::account_clock> clock;
  std::vector<actors::profile_actor> profiles;
  actors::clock_actor timer;
  actors::build_coordinator_actor builds;
  actors::account_actor account;
  actors::batch_port_actor port;
  actors::metric_coordinator_actor reports;
  std::shared_ptr<const metrics::dictionary> words;
  std::uint32_t batches_in_flight_max = 1;

  // Batches on their way.
  std::mutex guard;
  std::condition_variable room;
  std::uint32_t in_flight = 0;
  std::optional<model::failure> first_failure; // Since the last flush.

  std::mutex subscriptions_guard;
  std::vector<std::weak_ptr<live_subscription>> subscriptions;

  struct sample {
    actors::actor_record::clock::time_point at{};
    std::uint64_t arrived = 0;
    std::chrono::nanoseconds busy{0};
  };
  mutable std::mutex samples_guard;
  mutable std::map<std::uint64_t, sample> samples; // By actor, of the last look.

  // Following an order, see library/ordered.hpp. Batches that wait for their place hold one of
  // these.
  static constexpr std::uint32_t ordered_in_flight_max = 1'024;
  std::uint32_t ordered_in_flight = 0; // With `guard`.
  std::shared_ptr<operation_order> order;
  std::mutex order_guard;
  std::condition_variable order_changed;
  std::size_t order_batches_out = 0;
  std::vector<refused_batch> order_refused;
  std::atomic<bool> is_order_stopped = false;
  std::uint64_t order_saved = 0;   // Position.
  bool is_order_begun = false;     // What a crash left unfinished is done.
  model::instant order_saved_at{}; // By the account's clock.

  std::mutex settings_guard; // Held while the account's settings of reports are read and written.

  ~parts();

  /// Asks an actor and waits for its answer.
  template <class Answer, class Handle, class Question>
  model::outcome<Answer> ask(const Handle& who, Question question, std::string_view tried,
                             std::chrono::milliseconds deadline = question_deadline) {
    std::optional<model::outcome<Answer>> answer;
    caf::scoped_actor self{*system};
    self->request(who, deadline, std::move(question))
      .receive([&](Answer& a) { answer.emplace(std::move(a)); },
               [&](caf::error& e) { answer.emplace(actors::to_failure(e, tried)); });
    return std::move(*answer);
  }

  /// Asks every partition at once; answers in their order, or the first failure.
  template <class Answer, class Question>
  model::outcome<std::vector<Answer>>
  ask_all(const Question& question, std::string_view tried,
          std::chrono::milliseconds deadline = question_deadline) {
    return ask_some<Answer>([&](std::size_t) { return std::optional{question}; }, tried, deadline);
  }

  /// Asks each partition its own question at once, and those with none nothing: their answers are
  /// empty. `question_for(partition)` gives an optional.
  template <class Answer, class QuestionFor>
  model::outcome<std::vector<Answer>>
  ask_some(const QuestionFor& question_for, std::string_view tried,
           std::chrono::milliseconds deadline = question_deadline) {
    caf::scoped_actor self{*system};
    std::vector<Answer> answers(profiles.size());
    std::optional<model::failure> failed;
    using asked = decltype(self->request(profiles.front(), deadline, *question_for(0)));
    std::vector<std::pair<std::size_t, asked>> all;
    for (std::size_t p = 0; p < profiles.size(); ++p)
      if (auto question = question_for(p))
        all.emplace_back(p, self->request(profiles[p], deadline, std::move(*question)));
    for (auto& [partition, answer] : all)
      answer.receive([&, p = partition](Answer& a) { answers[p] = std::move(a); },
                     [&](caf::error& e) {
                       if (!failed)
                         failed = actors::to_failure(e, tried);
                     });
    if (failed)
      return std::move(*failed);
    return answers;
  }

  /// Asks the actor of a segment, which may just have been passivated.
  template <class Answer, class Question>
  model::outcome<Answer> ask_segment(std::string_view segment, const Question& question,
                                     std::string_view tried) {
    for (int attempt = 0;; ++attempt) {
      auto found = find(segment);
      if (!found)
        return found.error();
      auto answer = ask<Answer>(found->speaks, question, tried);
      if (answer || answer.error().code != model::failure_code::unavailable || attempt == 2)
        return answer;
    }
  }

  model::outcome<actors::found_segment> find(std::string_view segment) {
    return ask<actors::found_segment>(account, actors::find_segment{std::string{segment}},
                                      "find a segment");
  }
  static model::status done(const model::outcome<actors::finished>& answered) {
    if (answered)
      return model::nothing{};
    return answered.error();
  }
};

/// Runs `work` and turns an exception, which nobody outside is to see, into a failure.
template <class Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    return work();
  } catch (const std::exception& e) {
    return model::failure{model::failure_code::unavailable,
                          std::string{"the engine met an exception: "} + e.what()};
  }
}

/// What comes with Rollcall, the directory's folder `dictionary`, and the files that the options
/// name. `invalid_input` lists every fault with file and line.
model::outcome<std::shared_ptr<const metrics::dictionary>>
read_dictionary(const std::filesystem::path& directory,
                const std::vector<std::filesystem::path>& files);

/// Mistakes of a definition, as they are told outside.
std::vector<definition_fault> to_faults(std::vector<segments::definition_error> errors);
model::failure wrong_definition(const std::vector<segments::definition_error>& errors);

/// A segment as it is shown.
segment_info describe(const actors::segment_entry& entry, std::vector<std::string> references);

} // namespace rollcall
