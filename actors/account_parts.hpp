#pragma once

#include "actors/account_actor.hpp"

/// The pieces of the ACCOUNT, for its own source files.
namespace actors::account_parts {

using self_pointer = observed_pointer<account_actor, account_actor_state>;

// --- people (account_people.cpp)

/// Calls `then` when it is known who is called what, at once or after the partitions have told.
void with_people(self_pointer self, std::function<void(const std::optional<model::failure>&)> then);
/// "#2:17" or an identifier of any kind. Needs the people to be known.
std::optional<profile_place> find_anybody(self_pointer self, std::string_view identifier);
model::failure nobody_called(std::string_view identifier);
/// Makes two people one, step by step. Everything that was sent must be answered before. Fails at
/// once when it cannot be recorded; otherwise calls back later, once.
model::status merge_two(self_pointer self, person_merge merge,
                        std::function<void(std::optional<model::failure>)> then);
/// Goes on with merges that a crash or a full disk has interrupted, then calls back.
void finish_merges(self_pointer self, std::function<void(std::optional<model::failure>)> then);

// --- intake (account_intake.cpp)

/// Completes what a crash has interrupted.
void begin_afresh(self_pointer self);
/// The record is answered with a reason instead of being taken.
void reject(intake_job& job, std::uint32_t record, std::string reason);
/// The record is counted as known already.
void pass_over(intake_job& job, std::uint32_t record);
void accept_job(self_pointer self, std::shared_ptr<intake_job> job);
/// Splits what can be split. Called whenever something that it may have waited for has happened.
void go_on(self_pointer self);
/// A partition has ended by accident: everybody is told and nothing is taken any more.
void break_down(self_pointer self, const model::failure& why);

// --- sources of batches (account_sources.cpp)

// A source's count in a partition: the batch's sequence, and in the low bits up to which record of
// it was taken.
inline constexpr unsigned record_bits = 20;
inline constexpr std::uint64_t whole_batch = (std::uint64_t{1} << record_bits) - 1;

inline std::uint64_t count_of(const intake_job& job, std::uint64_t records) {
  return job.sequence << record_bits | records;
}

using counts_callback = std::function<void(const std::optional<caf::error>&,
                                           const std::vector<std::uint64_t>&)>;
/// Asks every partition for its count of a source; in their order.
void ask_counts(self_pointer self, const std::string& source, counts_callback then);
void find_last_sequence(self_pointer self, const std::string& source,
                        caf::typed_response_promise<last_sequences> reply);

// --- described objects (account_objects.cpp)

/// Applies the descriptions of a batch and counts them in its answer; they are durable when it
/// returns. Needs the source's counts to be known.
model::status describe(self_pointer self, intake_job& job);
object_list list_objects(self_pointer self);

// --- documents and names (account_names.cpp)

caf::result<document_list> list_documents(self_pointer self, const read_documents& asked);
caf::result<finished> save_document(self_pointer self, const put_document& order);
caf::result<dropped_document> erase_document(self_pointer self, const drop_document& order);
name_ids list_names(self_pointer self, const ask_name_ids& asked);
caf::result<added_list> add_new_list(self_pointer self, const add_list& order);
caf::result<found_names> find_all(self_pointer self, const find_names& asked);

// --- segments (account_segments.cpp)

/// Compares what the partitions have with the catalogue and begins what they lack; then calls back
/// with the first error there was.
void reconcile(self_pointer self, const compare_segments& order,
               std::function<void(const std::optional<caf::error>&)> then);
void create(self_pointer self, const create_segments& order,
            caf::typed_response_promise<definition_answer> reply);
void edit(self_pointer self, const edit_segment& order,
          caf::typed_response_promise<definition_answer> reply);
void set_active(self_pointer self, const activate_segment& order,
                caf::typed_response_promise<definition_answer> reply);
void remove(self_pointer self, const remove_segment& order,
            caf::typed_response_promise<finished> reply);
void cancel(self_pointer self, const cancel_segment& order,
            caf::typed_response_promise<finished> reply);
caf::result<found_segment> rename(self_pointer self, const rename_segment& order);
caf::result<found_segment> find(self_pointer self, const find_segment& asked);
void subscribe_all(self_pointer self, const subscribe_to_all& order,
                   caf::typed_response_promise<finished> reply);

} // namespace actors::account_parts
