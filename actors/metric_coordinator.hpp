#pragma once

#include "actors/account_actor.hpp"
#include "metrics/answer.hpp"

#include <map>
#include <set>

namespace actors {

/// A report's request as JSON.
struct make_report {
  std::shared_ptr<const std::string> request;
  std::shared_ptr<const metrics::dictionary> words{}; // Null = the account's.
};
/// The report, or why there is none.
struct made_report {
  std::shared_ptr<const metrics::answer> answer; // Null when there are errors.
  std::vector<segments::definition_error> errors;
};
/// Who makes one number of a report: of a row of a rollup, in an interval, of a measure.
struct open_cell {
  std::shared_ptr<const std::string> request;
  std::uint32_t rollup = 0;
  std::vector<std::string> values; // By the rollup's groupings.
  std::optional<std::uint32_t> interval{};
  std::string statistic;
};
struct opened_cell {
  struct maker {
    std::string profile; // What it is called outside.
    std::uint64_t count = 0;
    std::uint32_t partition = 0;
    std::uint32_t number = 0; // Of the profile there.
  };
  std::vector<maker> makers; // In order of partitions and numbers.
  std::vector<segments::definition_error> errors;
};
/// Adds up over all partitions.
struct run_fold {
  std::shared_ptr<const metrics::fold_order> order;
  std::shared_ptr<const std::vector<model::described_object>> objects;
};
struct folded {
  /// By partition.
  std::shared_ptr<const std::vector<added_up>> parts;
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::make_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::made_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::open_cell)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::opened_cell)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::run_fold)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::folded)

namespace actors {

/// The METRIC COORDINATOR has a REPORT made for each request, and adds up for them: surveys and
/// folds go to every partition at once. What is in flight already is shared by all who want the
/// same. It keeps nothing between requests.
using metric_coordinator_actor = caf::typed_actor<caf::replies_to<make_report>::with<made_report>,
                                                  caf::replies_to<open_cell>::with<opened_cell>,
                                                  // Asked by REPORT actors.
                                                  caf::replies_to<run_fold>::with<folded>,
                                                  // Refuses what is in flight.
                                                  caf::replies_to<begin_anew>::with<finished>>;

/// What everybody who makes reports needs to know. Immutable.
struct report_surroundings {
  std::shared_ptr<const metrics::dictionary> words;
  std::string account_zone;
  std::shared_ptr<const account_clock> clock;
  account_actor account;
  std::vector<profile_actor> profiles;
};

struct metric_coordinator_state {
  static constexpr const char* name = "metric_coordinator";

  std::shared_ptr<const report_surroundings> around;
  std::uint64_t last_report = 0;
  std::uint64_t restarts = 0;
  // In flight, by what they ask for, with everybody who waits.
  std::map<std::string, std::vector<caf::typed_response_promise<folded>>> folds;
  using surveyed = std::shared_ptr<const std::vector<metrics::surveyed_object>>;
  using survey_callback = std::function<void(const surveyed&, const std::optional<caf::error>&)>;
  std::map<std::string, std::vector<survey_callback>> surveys;
};

metric_coordinator_actor::behavior_type
metric_coordinator(observed_pointer<metric_coordinator_actor, metric_coordinator_state> self,
                   std::shared_ptr<const report_surroundings> around);

} // namespace actors
