#pragma once

#include "actors/account_clock.hpp"
#include "actors/batch_part.hpp"
#include "actors/begin_anew.hpp"
#include "actors/failures.hpp"
#include "actors/identity.hpp"
#include "actors/observed.hpp"
#include "actors/partition.hpp"
#include "actors/people_questions.hpp"

#include <boost/unordered/unordered_flat_map.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace actors {

// --- changes

struct commit_changes {
  batch_part_ptr part;
  /// Parts of an attempt that a failure has ended are refused, so that no later one overtakes the
  /// one that failed.
  std::uint64_t attempt = 0;
};
struct part_committed {
  std::uint64_t sequence = 0;     // Of the log.
  bool was_known = false;         // The source's count was not above the last: nothing was done.
  std::vector<record_note> notes; // Of this part.
  std::vector<released_identifier> released; // Of the whole commit; given with one of its parts.
};
struct fold_delta {};

// --- time

/// The clock reached this instant. Replied when everybody whose time has come was moved.
struct tick {
  model::instant now{};
  bool tells_due = false; // When the next wake-up is due is told even if it was told before.
};
struct ticked {
  std::uint32_t partition = 0;
};
struct due_changed {
  std::uint32_t partition = 0;
  std::optional<model::instant> next_due{};
};

// --- segments

/// All or none are recorded, and built in one scan.
struct define_segments {
  struct definition {
    std::uint64_t segment = 0;
    std::uint32_t version = 0;
    std::shared_ptr<const std::string> json; // Inlined.
  };
  std::vector<definition> all;
};
struct drop_segment {
  std::uint64_t segment = 0;
};
struct stop_build {
  std::uint64_t segment = 0;
};
struct build_moved {
  std::uint32_t partition = 0;
  build_progress progress{};
  std::vector<segment_status> switched{}; // Came into force just now.
  bool is_done = false;                   // No build is left in this partition.
  std::string trouble{};                  // Why nothing gets on; then the rest tells nothing.
};

// --- flips

/// A flip with what its profile is called outside.
struct named_flip {
  model::flip what;
  std::string profile;
};
struct flips_happened {
  std::uint32_t partition = 0;
  std::uint64_t segment = 0;
  /// In order. May be fewer than there were: `last_sequence` tells, the rest is in the feed.
  std::shared_ptr<const std::vector<named_flip>> flips;
  std::uint64_t last_sequence = 0;
};

// --- questions

struct count_members {
  std::uint64_t segment = 0;
};
struct list_members {
  std::uint64_t segment = 0;
  std::optional<std::uint32_t> after{};
  std::size_t limit = 0;
};
struct named_member {
  profile_place place{};
  std::string profile;
  model::instant joined_at{};
};
struct member_list {
  std::vector<named_member> members;
};
struct read_feed {
  std::uint64_t segment = 0;
  std::uint64_t after = 0;
  std::size_t limit = 0;
};
struct feed_piece {
  std::vector<named_flip> flips;
};
struct preview_members {
  std::shared_ptr<const std::string> json; // Inlined.
  model::instant at{};
};
struct preview_answer {
  std::vector<std::uint32_t> profiles;
};
struct compare_members {
  struct question {
    std::shared_ptr<const std::string> json; // Inlined.
    model::instant at{};
  };
  std::vector<question> questions;
  std::size_t listed_max = 0;
};
struct compared_members {
  std::vector<comparison_step> steps;
};
struct survey_sends {
  std::shared_ptr<const metrics::fold_order> order;
};
struct surveyed_sends {
  std::shared_ptr<const std::vector<metrics::surveyed_object>> objects;
};
struct add_up {
  std::shared_ptr<const metrics::fold_order> order;
  std::shared_ptr<const std::vector<metrics::fold_object>> objects;
};
struct added_up {
  std::shared_ptr<const metrics::fold_result> sums;
  std::uint64_t position = 0; // Of the partition's log.
};
struct label_profiles {
  std::vector<std::uint32_t> profiles;
};
struct profile_labels {
  std::vector<std::string> labels;
};
struct explain_membership {
  std::uint64_t segment = 0;
  std::uint32_t profile = 0;
};
struct show_profile {
  std::uint32_t profile = 0;
};
struct sum_metrics {};
struct metric_sums {
  std::vector<metric_figures> metrics;
};
struct read_figures {};
struct partition_report {
  partition_figures figures;
  std::string trouble;               // Why changes are not taken at the moment.
  std::uint64_t waiting_records = 0; // Came, and go into the next commit.
  bool is_merging = false;
  bool is_building = false;
};
struct read_segments {};
struct segment_statuses {
  std::vector<segment_status> segments;
};
struct read_last_of {
  std::string source;
};
struct list_identifiers {
  std::uint64_t key = 0; // Of the fingerprints.
};
struct identifier_list {
  std::uint32_t number_count = 0;
  std::shared_ptr<const std::vector<printed_identifier>> all;
};
struct export_person {
  std::uint32_t profile = 0;
  std::uint32_t into = 0;
};
struct exported_person {
  std::shared_ptr<const model::change_batch> changes;
};
struct check_partition {
  std::uint32_t step = 1;
};
struct partition_faults {
  std::vector<std::string> lines;
};

// --- INTERNAL

struct commit_waiting {}; // Everything that waited in the mailbox before it is gathered.
struct do_work {};        // The next slice of what goes on beside the messages.
struct announce_flips {}; // Those that were kept back are old enough.
struct look_idle {};      // A while has passed: has anybody come?
struct retry_work {};     // The disk may have room again.

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::commit_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::part_committed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::fold_delta)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::ticked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::due_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::define_segments)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::drop_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::stop_build)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::build_moved)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::flips_happened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::count_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::member_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_feed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::feed_piece)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::preview_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::preview_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::compare_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::compared_members)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::survey_sends)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::surveyed_sends)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::add_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::added_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::label_profiles)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::profile_labels)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::explain_membership)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::show_profile)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::sum_metrics)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::metric_sums)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_figures)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::partition_report)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_segments)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::segment_statuses)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_last_of)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_identifiers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::identifier_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::export_person)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::exported_person)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::check_partition)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::partition_faults)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::commit_waiting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::do_work)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::announce_flips)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::look_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::retry_work)

namespace actors {

/// Hears when a partition has to be woken next.
using due_listener_actor = caf::typed_actor<caf::reacts_to<due_changed>>;
/// Hears how far a partition's builds have come, several times a second.
using build_listener_actor = caf::typed_actor<caf::reacts_to<build_moved>>;
/// Hears the flips of segments that it watches.
using flip_listener_actor = caf::typed_actor<caf::reacts_to<flips_happened>>;

/// From now on (`watch_flips`), or no more, the flips of a segment go to a listener; one listener a
/// segment.
struct watch_flips {
  std::uint64_t segment = 0;
  flip_listener_actor listener;
};
struct unwatch_flips {
  std::uint64_t segment = 0;
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::watch_flips)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::unwatch_flips)

namespace actors {

/// The PROFILE ACTOR owns one partition: it takes changes in batches, moves members when their time
/// comes, builds, merges and answers questions. Runs on a thread of its own and waits for its disk,
/// for nobody else. Refusals carry the code of a model::failure.
using profile_actor = caf::typed_actor<
  // Records a part with whatever else waits, in one commit. Replies once it is durable. A refused
  // part was not kept.
  caf::replies_to<commit_changes>::with<part_committed>,
  // Folds the delta into blocks now. Replies when nothing is left.
  caf::replies_to<fold_delta>::with<finished>,
  // Moves everybody whose time has come, in slices that let changes through.
  caf::replies_to<tick>::with<ticked>,
  // Starts a build. Replies when the definition is recorded; BUILD COORDINATOR hears the rest.
  caf::replies_to<define_segments>::with<finished>, caf::replies_to<drop_segment>::with<finished>,
  caf::replies_to<stop_build>::with<finished>,
  // Replies the last sequence of the segment's feed, after which the listener hears everything.
  caf::replies_to<watch_flips>::with<std::uint64_t>, caf::reacts_to<unwatch_flips>,
  // Questions; answers are as of the last commit.
  caf::replies_to<count_members>::with<std::uint64_t>,
  caf::replies_to<list_members>::with<member_list>,
  caf::replies_to<ask_joined>::with<joined_instants>,
  caf::replies_to<list_joined>::with<member_list>, caf::replies_to<read_feed>::with<feed_piece>,
  caf::replies_to<preview_members>::with<preview_answer>,
  caf::replies_to<compare_members>::with<compared_members>,
  // For reports, in slices between changes; what is read is what there was when it began.
  caf::replies_to<survey_sends>::with<surveyed_sends>, caf::replies_to<add_up>::with<added_up>,
  caf::replies_to<label_profiles>::with<profile_labels>,
  caf::replies_to<explain_membership>::with<std::string>,
  caf::replies_to<show_profile>::with<std::string>,
  caf::replies_to<show_profiles>::with<profile_texts>,
  // Pieces of everybody, in slices between changes; what is read is what there was when it began.
  caf::replies_to<list_profiles>::with<profile_lines>,
  caf::replies_to<list_events>::with<event_keys>,
  caf::replies_to<sample_properties>::with<property_samples>,
  caf::replies_to<read_events>::with<event_contents>,
  caf::replies_to<sum_metrics>::with<metric_sums>,
  caf::replies_to<read_figures>::with<partition_report>,
  caf::replies_to<read_segments>::with<segment_statuses>,
  caf::replies_to<read_last_of>::with<std::uint64_t>,
  // Everybody's identifiers, hashed.
  caf::replies_to<list_identifiers>::with<identifier_list>,
  // What a person knows and did, as changes for another one.
  caf::replies_to<export_person>::with<exported_person>,
  caf::replies_to<check_partition>::with<partition_faults>,
  // Closes the partition and opens it again. Changes that wait are committed afterwards; previews,
  // reports and listings that were being made are refused. Ends when it cannot be opened.
  caf::replies_to<begin_anew>::with<finished>, caf::reacts_to<commit_waiting>,
  caf::reacts_to<do_work>, caf::reacts_to<announce_flips>, caf::reacts_to<look_idle>,
  caf::reacts_to<retry_work>>;

struct profile_actor_parts {
  std::unique_ptr<partition> owned;
  std::uint32_t index = 0;
  std::shared_ptr<const account_clock> clock;
  due_listener_actor due_listener;     // The CLOCK.
  build_listener_actor build_listener; // The BUILD COORDINATOR.
  /// Opens the partition again once it is closed. None = it cannot be restarted.
  std::function<model::outcome<std::unique_ptr<partition>>()> reopen{};
};

struct profile_actor_state {
  static constexpr const char* name = "profile";
  using steady = std::chrono::steady_clock;

  profile_actor_parts parts;

  // Changes that wait for the next commit.
  struct waiting_part {
    batch_part_ptr part;
    caf::typed_response_promise<part_committed> reply;
  };
  std::vector<waiting_part> waiting;
  std::size_t waiting_records = 0;
  std::size_t waiting_bytes = 0;
  std::uint64_t attempt_waiting = 0; // The latest attempt among them.
  bool is_commit_on_its_way = false;
  std::uint64_t failed_attempt = 0; // Parts of this attempt or an earlier one are refused.
  model::failure failed_why{};
  std::string trouble;

  // Work beside the messages.
  bool is_work_on_its_way = false;
  bool is_retry_on_its_way = false;
  std::optional<model::instant> tick_to;
  std::vector<caf::typed_response_promise<ticked>> tick_replies;
  std::vector<caf::typed_response_promise<finished>> fold_replies;
  std::map<std::uint64_t, caf::typed_response_promise<preview_answer>> preview_replies;
  std::map<std::uint64_t, caf::typed_response_promise<compared_members>> comparison_replies;
  std::map<std::uint64_t, caf::typed_response_promise<surveyed_sends>> survey_replies;
  std::map<std::uint64_t, caf::typed_response_promise<added_up>> sum_replies;
  std::map<std::uint64_t, std::function<void(model::outcome<listing_answer>)>> listing_replies;
  bool is_building = false;
  bool is_merging = false;
  bool was_build_last = false; // Builds and merges take turns.
  bool is_idle = false;
  bool is_look_on_its_way = false;
  steady::time_point last_change{};
  steady::time_point last_report{};

  std::optional<model::instant> told_due;
  bool was_due_told = false;
  boost::unordered_flat_map<std::uint64_t, flip_listener_actor> watchers;
  std::vector<model::flip> flips_to_announce; // Of watched segments, in order.
  steady::time_point last_announcement{};
  bool is_announcement_on_its_way = false;
};

profile_actor::behavior_type profile(observed_pointer<profile_actor, profile_actor_state> self,
                                     std::shared_ptr<profile_actor_parts> parts);

} // namespace actors
