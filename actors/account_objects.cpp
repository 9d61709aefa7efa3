#include "actors/account_parts.hpp"
#include "messages/object_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

/// What batches tell about campaigns, flows and tags.
///
/// Descriptions are the account's own: no partition sees them. They are durable before any part of
/// their batch is sent, together with the source's count: both go into one commit of the account's
/// environment. So a batch that is sent again after a crash finds its descriptions either not there
/// and not counted (they are applied now) or there and counted (they are passed over), and never
/// lays an old description over a newer one. It does not matter then what the partitions have of
/// the batch: a crash after this commit leaves the account ahead of them, and they take the rest.
///
/// The account counts only batches that describe something, so its count may stand behind the
/// partitions'. It cannot stand behind for a batch with descriptions: these were counted before the
/// first part of that batch, or of any later one, went out. A batch of which every partition says
/// that it is known is known here too, as a sender's numbers rise and never come back for other
/// changes.
///
/// Batches without a source are nobody's to recognise; they count as they come.
namespace actors::account_parts {

namespace {

using model::change_kind;
using model::failure;
using model::failure_code;

bool describes_something(const model::change_batch& batch) {
  return std::any_of(batch.records.begin(), batch.records.end(),
                     [](const auto& record) { return record.kind == change_kind::describe; });
}

/// True when the descriptions of the batch were applied before.
model::outcome<bool> was_described(self_pointer self, const intake_job& job) {
  if (job.source.empty())
    return false;
  const auto described = self->state.parts.store->described_up_to(job.source);
  if (!described)
    return described.error();
  const auto whole = count_of(job, whole_batch);
  const auto& taken = self->state.last_taken[job.source];
  return *described >= whole || *std::min_element(taken.begin(), taken.end()) >= whole;
}

model::outcome<model::object_update> update_of(const model::change_batch& batch,
                                               const model::change_record& record) {
  const auto kind = model::object_kind_named(batch.name(record.name));
  if (!kind)
    return failure{failure_code::invalid_input,
                   fmt::format("\"{}\" is no kind of object; there are campaign, flow and tag",
                               batch.name(record.name))};
  if (record.property_count != 1)
    return failure{failure_code::invalid_input, "a description has one property, the object"};
  const auto& object = batch.properties[record.first_property];
  if (object.kind != model::value_kind::nested)
    return failure{failure_code::invalid_input, "a description's property is no JSON object"};
  auto read = messages::read_object(*kind, batch.text(object.text));
  if (!read.update)
    return failure{failure_code::invalid_input,
                   read.field.empty() ? read.reason : read.field + ": " + read.reason};
  if (read.update->given.id != batch.text(record.unique_id))
    return failure{failure_code::invalid_input,
                   "the record names another id than the object that it describes"};
  return std::move(*read.update);
}

void draft_one(intake_job& job, std::uint32_t record, object_draft& draft) {
  const auto update = update_of(*job.changes, job.changes->records[record]);
  if (!update) {
    reject(job, record, update.error().message);
    return;
  }
  const auto changed = draft.take(*update);
  if (!changed)
    reject(job, record, changed.error().message);
  else if (*changed)
    ++job.answer.applied;
  else
    pass_over(job, record);
}

} // namespace

model::status describe(self_pointer self, intake_job& job) {
  if (!describes_something(*job.changes))
    return model::nothing{};
  const auto known = was_described(self, job);
  if (!known)
    return known.error();
  auto& parts = self->state.parts;
  object_draft draft{parts.known.objects};
  const auto& records = job.changes->records;
  for (std::uint32_t i = 0; i < records.size(); ++i)
    if (records[i].kind == change_kind::describe) {
      if (*known)
        pass_over(job, i);
      else
        draft_one(job, i, draft);
    }
  if (*known || (job.source.empty() && draft.changes().empty()))
    return model::nothing{};
  if (auto saved = parts.store->save_objects(draft, job.source, count_of(job, whole_batch)); !saved)
    return saved;
  for (const auto& [which, change] : draft.changes())
    if (change.becomes)
      parts.known.objects.accept({change.number, *change.becomes});
    else
      parts.known.objects.forget(which);
  return model::nothing{};
}

object_list list_objects(self_pointer self) {
  return {self->state.parts.known.objects.all(), ++self->state.object_reads};
}

} // namespace actors::account_parts
