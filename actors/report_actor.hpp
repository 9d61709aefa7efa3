#pragma once

#include "actors/metric_coordinator.hpp"

namespace actors {

/// A REPORT makes one report and ends: reads the request against the dictionary and the account's
/// catalogue, plans what has to be added up, has the METRIC COORDINATOR add it up, works out the
/// formulas. It asks the ACCOUNT four questions, however many rows there are, and counts them.
/// Stopped before its time it refuses whoever asked.
using report_actor = caf::typed_actor<caf::replies_to<make_report>::with<made_report>,
                                      caf::replies_to<open_cell>::with<opened_cell>>;

/// The account's document that says how reports are made, see metrics/report_settings.hpp.
inline constexpr std::string_view settings_kind = "report-settings";
inline constexpr std::string_view settings_id = "account";

struct report_actor_state {
  static constexpr const char* name = "report";

  std::shared_ptr<const report_surroundings> around;
  metric_coordinator_actor coordinator;
  std::shared_ptr<const metrics::dictionary> words;
  // What the account knows.
  object_list objects;
  segment_list segments;
  name_ids metric_ids;
  metrics::report_settings settings;
  std::uint64_t catalogue_reads = 0;                 // Questions that the account was asked.
  std::function<void(const model::failure&)> refuse; // Whoever asked; none = nobody has yet.
};

report_actor::behavior_type report(observed_pointer<report_actor, report_actor_state> self,
                                   std::shared_ptr<const report_surroundings> around,
                                   metric_coordinator_actor coordinator, std::uint64_t number);

} // namespace actors
