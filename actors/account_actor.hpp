#pragma once

#include "actors/account_store.hpp"
#include "actors/build_coordinator.hpp"
#include "actors/segment_actor.hpp"

#include <deque>
#include <set>

namespace actors {

// --- changes

struct take_batch {
  std::shared_ptr<const model::change_batch> changes;
  std::string source{};
  std::uint64_t sequence = 0;
};
struct batch_answer {
  std::uint64_t applied = 0;
  std::uint64_t duplicates = 0;
  struct rejection {
    std::uint32_t record = 0;
    std::uint32_t line = 0;
    std::string reason;
  };
  std::vector<rejection> rejected;
  std::vector<std::uint32_t> duplicate_records; // Their indices.
};
/// Up to which batch a source has been taken: by every partition, and by any.
struct ask_last_sequence {
  std::string source;
};
struct last_sequences {
  std::uint64_t everywhere = 0;
  std::uint64_t anywhere = 0; // Even a part of it.
};
struct merge_people {
  std::string from;
  std::string into;
};
struct erase_person {
  std::string identifier;
};
/// Who is meant by an external id, else an e-mail address, else a phone number, else
/// "#<partition>:<number>".
struct find_person {
  std::string identifier;
};
struct found_person {
  profile_place place{};
};

// --- segments

/// All or none are created, and built in one scan. Later ones may refer to earlier ones.
struct create_segments {
  std::vector<named_rule> all;
};
struct edit_segment {
  std::string segment; // Name or id.
  std::string json;
};
/// Whether changes and time move anybody in or out.
struct activate_segment {
  std::string segment; // Name or id.
  bool is_active = true;
};
/// What was created or edited, or, when there are errors, nothing.
struct definition_answer {
  struct defined {
    segment_entry entry;
    std::vector<std::string> references; // Names.
  };
  std::vector<defined> all;
  std::vector<segments::definition_error> errors;
};
/// The id stays, and every definition that refers to it keeps its meaning.
struct rename_segment {
  std::string segment;
  std::string name;
};
struct remove_segment {
  std::string segment;
};
struct cancel_segment {
  std::string segment;
};
struct find_segment {
  std::string segment;
};
struct found_segment {
  segment_entry entry;
  std::vector<std::string> references;
  segment_actor speaks;
};
struct list_segments {};
struct segment_list {
  struct line {
    segment_entry entry;
    std::vector<std::string> references;
  };
  std::vector<line> segments;
};
/// Every segment's flips, later ones' too.
struct subscribe_to_all {
  subscriber_actor who;
};
/// What partitions have is compared with the catalogue, and begun where they lack it: after one of
/// them was restarted. Replies when they were asked.
struct compare_segments {
  bool is_everything = false; // The BUILD COORDINATOR is to forget what it knows of builds.
};
struct prepare_preview {
  std::string json;
};
struct ready_preview {
  std::shared_ptr<const std::string> inlined; // Null when there are errors.
  std::vector<segments::definition_error> errors;
};

// --- described objects

/// One answer has them all, so that a report asks once, however many rows it has.
struct read_objects {};
struct object_list {
  std::shared_ptr<const std::vector<model::described_object>> all; // By kind and id.
  std::uint64_t reads = 0; // How often anybody has asked since the start, this time included.
};

// --- documents

struct read_documents {
  std::string kind;
};
struct document_list {
  std::vector<account_document> documents; // By id.
};
struct put_document {
  std::string kind;
  account_document document;
};
struct drop_document {
  std::string kind;
  std::string id;
};
struct dropped_document {
  bool was_there = false;
};

// --- names

enum class name_of_what : std::uint8_t { metric, list };
struct ask_name_ids {
  name_of_what what{};
};
struct name_ids {
  std::vector<std::pair<std::string, std::string>> names; // Name, id; in the order they came.
};
/// What metrics or lists are called; fails for one that nobody knows.
/// A list that nobody has joined yet.
struct add_list {
  std::string name;
};
struct added_list {
  std::string id;
};
struct find_names {
  name_of_what what{};
  std::vector<std::string> names_or_ids;
};
struct found_names {
  std::vector<std::string> names; // In the order asked.
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::take_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::batch_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::ask_last_sequence)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::last_sequences)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::merge_people)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::erase_person)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::find_person)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::found_person)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::create_segments)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::edit_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::activate_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::definition_answer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::remove_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::cancel_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::find_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::found_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::list_segments)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::segment_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::subscribe_to_all)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::compare_segments)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::prepare_preview)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::ready_preview)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_objects)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::object_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::rename_segment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_documents)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::document_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::put_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::drop_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::dropped_document)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::ask_name_ids)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::name_ids)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::add_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::added_list)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::find_names)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::found_names)

namespace actors {

/// The ACCOUNT knows who people are and what the account has: it resolves the identifiers of
/// incoming batches, sends every partition its share in order, merges and erases people, and keeps
/// the catalogue of segments, metrics, lists, described objects and documents. Runs on a thread of
/// its own, because its catalogue is on the disk. When a PROFILE ACTOR ends by accident it refuses
/// everything that needs that partition; opening again brings all back.
using account_actor = caf::typed_actor<
  // Replies when the whole batch is durable. Batches count in the order in which they come.
  caf::replies_to<take_batch>::with<batch_answer>,
  // Up to which sequence a source's batches were taken, wholly and in part.
  caf::replies_to<ask_last_sequence>::with<last_sequences>,
  caf::replies_to<merge_people>::with<finished>, caf::replies_to<erase_person>::with<finished>,
  caf::replies_to<find_person>::with<found_person>,
  // Reply when the definition is recorded and the partitions were asked to build it.
  caf::replies_to<create_segments>::with<definition_answer>,
  caf::replies_to<edit_segment>::with<definition_answer>,
  caf::replies_to<activate_segment>::with<definition_answer>,
  // Replies when the new name is recorded; who subscribed hears it from then on.
  caf::replies_to<rename_segment>::with<found_segment>,
  caf::replies_to<remove_segment>::with<finished>, caf::replies_to<cancel_segment>::with<finished>,
  caf::replies_to<find_segment>::with<found_segment>,
  caf::replies_to<list_segments>::with<segment_list>,
  caf::replies_to<subscribe_to_all>::with<finished>,
  caf::replies_to<prepare_preview>::with<ready_preview>,
  caf::replies_to<ask_name_ids>::with<name_ids>, caf::replies_to<find_names>::with<found_names>,
  caf::replies_to<add_list>::with<added_list>, caf::replies_to<read_objects>::with<object_list>,
  caf::replies_to<read_documents>::with<document_list>,
  // Reply when it is durable.
  caf::replies_to<put_document>::with<finished>,
  caf::replies_to<drop_document>::with<dropped_document>,
  caf::replies_to<compare_segments>::with<finished>>;

struct account_actor_parts {
  std::shared_ptr<account_store> store;
  catalogue known;
  std::vector<profile_actor> profiles;
  build_coordinator_actor builds;
  std::shared_ptr<const account_clock> clock;
  std::uint64_t identity_key = 0;
};

/// A batch, or a single order about one or two people, on its way through the intake.
struct intake_job {
  std::shared_ptr<const model::change_batch> changes; // Null of a single order.
  std::string source;
  std::uint64_t sequence = 0;
  std::function<void(model::outcome<batch_answer>)> reply;
  /// Of a single order: a merge (both) or an erasure (`from` alone).
  struct order {
    std::string from;
    std::optional<std::string> into;
  };
  std::optional<order> single;

  std::unique_ptr<batch_splitter> splitter;
  std::vector<std::uint8_t>
    name_marks;           // By name of the batch: what it is known to be, see account_intake.cpp.
  std::uint32_t next = 0; // Record.
  std::size_t ahead_end = 0; // Records whose identifiers were looked up ahead.
  bool is_begun = false;
  bool is_repeated = false; // Some partition has taken a part of it before.
  bool is_split = false;
  std::size_t parts_out = 0;
  batch_answer answer;
  std::optional<model::failure> failed;
};

struct account_actor_state {
  static constexpr const char* name = "account";

  account_actor_parts parts;
  std::optional<model::failure> broken; // A partition has ended; nothing is taken any more.

  // Intake: the front job is being split, jobs that are out wait for answers of partitions.
  std::deque<std::shared_ptr<intake_job>> waiting;
  std::set<std::shared_ptr<intake_job>> out;
  std::size_t parts_out = 0;
  std::size_t bytes_out = 0;
  bool must_drain = false;           // Nothing more is split until every part is answered.
  bool is_merging = false;           // Two people are becoming one.
  bool has_unfinished_merges = true; // What a crash or a full disk has interrupted comes first.
  bool is_recovering = false; // After a failure, until everything that is out has been answered.
  std::uint64_t attempt = 1;
  std::map<std::string, std::vector<std::uint64_t>> last_taken; // By source and partition.
  /// A source's first batch that failed: later ones are refused until that one comes again.
  std::map<std::string, std::set<std::uint64_t>> must_come_first;

  std::unique_ptr<identity>
    people; // Null until it is needed for the first time, and after a failure.
  bool is_loading_people = false;
  bool is_asking_source = false;
  std::vector<std::function<void(const std::optional<model::failure>&)>> wait_for_people;

  std::uint64_t object_reads = 0;

  // Segments.
  std::map<std::uint64_t, segment_actor> active; // By number.
  std::vector<subscriber_actor> hear_all;
};

account_actor::behavior_type account(observed_pointer<account_actor, account_actor_state> self,
                                     std::shared_ptr<account_actor_parts> parts);

} // namespace actors
