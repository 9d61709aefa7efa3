#include "actors/account_parts.hpp"
#include "actors/record_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace actors::account_parts {

namespace {

using model::change_kind;
using model::failure;
using model::failure_code;
using job_ptr = std::shared_ptr<intake_job>;

constexpr std::size_t jobs_out_max = 64;
constexpr std::size_t bytes_out_max = std::size_t{64} << 20; // Of parts that wait for their commit.

constexpr std::size_t records_max = 1'000'000;
constexpr std::uint64_t sequence_end = std::uint64_t{1} << 43;

// What a name of the batch is known to be.
constexpr std::uint8_t known_metric = 1;
constexpr std::uint8_t known_list = 2;
constexpr std::uint8_t is_identifier = 4;

// --- answers -------------------------------------------------------------------------------------

void answer(intake_job& job) {
  const auto reply = std::exchange(job.reply, nullptr);
  if (!reply)
    return;
  std::sort(job.answer.rejected.begin(), job.answer.rejected.end(),
            [](const auto& a, const auto& b) { return a.record < b.record; });
  std::sort(job.answer.duplicate_records.begin(), job.answer.duplicate_records.end());
  if (job.failed)
    reply(*job.failed);
  else
    reply(std::move(job.answer));
}

void finish_if_done(self_pointer self, const job_ptr& job) {
  if (!job->is_split || job->parts_out != 0)
    return;
  self->state.out.erase(job);
  answer(*job);
}

bool is_sequence(std::uint64_t sequence) {
  return sequence != 0 && sequence < sequence_end;
}

void fail(self_pointer self, const job_ptr& job, const failure& why) {
  if (!job->failed)
    job->failed = why;
  if (!job->source.empty() && is_sequence(job->sequence))
    self->state.must_come_first[job->source].insert(job->sequence);
}

/// The job at the front is through: nothing of it will be sent any more.
void end_front(self_pointer self) {
  auto& state = self->state;
  const auto job = state.waiting.front();
  state.waiting.pop_front();
  job->is_split = true;
  state.out.insert(job);
  finish_if_done(self, job);
}

/// Whoever waits would overtake what has failed, so it fails too, and what was believed about
/// people is asked again.
void begin_recovery(self_pointer self, const failure& why) {
  self->state.is_recovering = true;
  while (!self->state.waiting.empty()) {
    fail(self, self->state.waiting.front(), why);
    end_front(self);
  }
}

// --- parts out to partitions ---------------------------------------------------------------------

void take_answer(self_pointer self, const job_ptr& job, const batch_part& part,
                 std::uint32_t partition, const part_committed& done) {
  auto& state = self->state;
  if (done.was_known) {
    for (const auto record : part.origins)
      pass_over(*job, record);
    return;
  }
  job->answer.applied += part.origins.size() - done.notes.size();
  for (const auto& note : done.notes) {
    if (note.kind == record_note::what::duplicate)
      pass_over(*job, part.origins[note.record]);
    else
      reject(*job, part.origins[note.record], note.reason);
  }
  if (state.people)
    for (const auto& r : done.released)
      state.people->release(static_cast<identifier_kind>(r.kind), r.text, {partition, r.profile});
}

void part_is_back(self_pointer self, const job_ptr& job, std::size_t bytes) {
  --job->parts_out;
  --self->state.parts_out;
  self->state.bytes_out -= bytes;
  finish_if_done(self, job);
  go_on(self);
}

void send_part(self_pointer self, const job_ptr& job, std::uint32_t partition, batch_part&& made,
               std::uint64_t count) {
  auto& state = self->state;
  made.source = job->source;
  made.source_sequence = count;
  if (!job->source.empty())
    state.last_taken[job->source][partition] = count;
  const auto bytes = made.changes.bytes.size()
                   + made.changes.records.size() * sizeof(model::change_record);
  auto part = std::make_shared<const batch_part>(std::move(made));
  ++job->parts_out;
  ++state.parts_out;
  state.bytes_out += bytes;
  self->request(state.parts.profiles[partition], caf::infinite, commit_changes{part, state.attempt})
    .then(
      [=](const part_committed& done) {
        take_answer(self, job, *part, partition, done);
        part_is_back(self, job, bytes);
      },
      [=](const caf::error& e) {
        const auto why = to_failure(e, "record changes");
        fail(self, job, why);
        begin_recovery(self, why);
        part_is_back(self, job, bytes);
      });
}

/// Sends what was split so far. At the end of a counted batch every partition is told, so that each
/// knows how far the source has come.
void send_parts(self_pointer self, const job_ptr& job, bool is_end) {
  const auto partitions = static_cast<std::uint32_t>(self->state.parts.profiles.size());
  const bool tells_all = is_end && !job->source.empty();
  const auto count = count_of(*job, is_end ? whole_batch : job->next);
  for (std::uint32_t p = 0; p < partitions; ++p)
    if (job->splitter->has(p) || (tells_all && self->state.last_taken[job->source][p] < count))
      send_part(self, job, p, job->splitter->take(p), count);
}

// --- one record ----------------------------------------------------------------------------------

identity::intent intent_of(change_kind kind) {
  switch (kind) {
  case change_kind::profile:
    return identity::intent::declare;
  case change_kind::erase:
    return identity::intent::look;
  default:
    return identity::intent::mention;
  }
}

/// True when a partition has taken the record before.
bool was_taken(self_pointer self, const intake_job& job, std::uint32_t record) {
  auto& people = *self->state.people;
  const auto who = texts_of(*job.changes, job.changes->records[record].who);
  const auto seen = people.resolve(who, identity::intent::look);
  const auto partition = seen.kind == identity::resolution::what::known ? seen.place.partition
                                                                        : people.home_of(who);
  return self->state.last_taken[job.source][partition] >= count_of(job, record + 1);
}

/// Takes a profile's identifiers away that the record sets to nothing; true when there was one.
bool unset_identifiers(self_pointer self, const intake_job& job, const model::change_record& record,
                       profile_place place) {
  bool any = false;
  for (std::uint32_t i = 0; i < record.property_count; ++i) {
    const auto& p = job.changes->properties[record.first_property + i];
    if (!(job.name_marks[p.name] & is_identifier))
      continue;
    any = true;
    for (std::size_t kind = 0; kind < identifier_kinds; ++kind)
      if (job.changes->name(p.name) == name_of(static_cast<identifier_kind>(kind)))
        self->state.people->forget_kind(place, static_cast<identifier_kind>(kind));
  }
  return any;
}

enum class went { on, must_drain };

/// Finds out whom the record is about and puts it into that partition's share.
went split_record(self_pointer self, intake_job& job, std::uint32_t index) {
  using what = identity::resolution::what;
  const auto& record = job.changes->records[index];
  auto who = self->state.people->resolve_record(*job.changes, index, intent_of(record.kind));
  switch (who.kind) {
  case what::nameless:
    reject(job, index, "nobody is named: external_id, email or phone_number is needed");
    return went::on;
  case what::conflict:
    reject(job, index, std::move(who.reason));
    return went::on;
  case what::unknown:
    reject(job, index, "there is no such profile");
    return went::on;
  case what::known:
  case what::created:
    break;
  }
  job.splitter->add(index, who.place.partition, who.place.profile, who.learned);
  const bool unsets = record.kind == change_kind::profile
                   && unset_identifiers(self, job, record, who.place);
  // Names that come free are told by the partition; until then nobody who is named can be told for
  // sure.
  return who.replaces || unsets || record.kind == change_kind::erase ? went::must_drain : went::on;
}

// --- merges --------------------------------------------------------------------------------------

/// The job stays at the front until the two are one.
void begin_merge(self_pointer self, const job_ptr& job, person_merge merge) {
  auto& state = self->state;
  state.is_merging = true;
  const auto ended = [=](const std::optional<failure>& failed) {
    self->state.is_merging = false;
    if (failed) {
      self->state.has_unfinished_merges = true;
      begin_recovery(self, *failed);
    } else {
      ++job->answer.applied;
      if (job->single)
        end_front(self);
    }
    go_on(self);
  };
  if (const auto begun = merge_two(self, std::move(merge), ended); !begun) {
    state.is_merging = false;
    begin_recovery(self, begun.error());
  }
}

/// A record that makes two people one. Everything before it has been answered.
void split_merge(self_pointer self, const job_ptr& job, std::uint32_t index) {
  using what = identity::resolution::what;
  auto& people = *self->state.people;
  const auto& record = job->changes->records[index];
  const auto from = people.resolve(texts_of(*job->changes, record.who), identity::intent::look);
  const auto into = people.resolve(texts_of(*job->changes, record.into), identity::intent::look);
  for (const auto* one : {&from, &into}) {
    if (one->kind == what::known)
      continue;
    reject(*job, index,
           one->kind == what::conflict
             ? one->reason
             : fmt::format("there is no such profile to merge {}", one == &from ? "from" : "into"));
    return;
  }
  if (from.place == into.place) {
    reject(*job, index, "a profile cannot be merged with itself");
    return;
  }
  person_merge merge;
  merge.from = from.place;
  merge.into = into.place;
  if (!job->source.empty()) {
    auto& taken = self->state.last_taken[job->source][into.place.partition];
    if (taken >= count_of(*job, index + 1)) {
      pass_over(*job, index);
      return;
    }
    taken = count_of(*job, index + 1);
    merge.source = job->source;
    merge.source_sequence = taken;
  }
  begin_merge(self, job, std::move(merge));
}

// --- jobs ----------------------------------------------------------------------------------------

/// Metrics and lists that the account hears of for the first time are recorded before their events
/// are.
model::status learn_names(self_pointer self, intake_job& job) {
  auto& parts = self->state.parts;
  std::vector<account_store::new_name> fresh;
  auto metrics = parts.known.metrics.names().size();
  auto lists = parts.known.lists.names().size();
  for (const auto& record : job.changes->records) {
    const bool is_event = record.kind == change_kind::event;
    if (!is_event && record.kind != change_kind::list_add
        && record.kind != change_kind::list_remove)
      continue;
    auto& marks = job.name_marks[record.name];
    const auto mark = is_event ? known_metric : known_list;
    if (marks & mark)
      continue;
    marks = static_cast<std::uint8_t>(marks | mark);
    const auto name = job.changes->name(record.name);
    if (name.empty() || (is_event ? parts.known.metrics : parts.known.lists).knows(name))
      continue;
    fresh.push_back({is_event ? account_store::name_kind::metric : account_store::name_kind::list,
                     is_event ? metrics++ : lists++, std::string{name}});
  }
  if (fresh.empty())
    return model::nothing{};
  if (auto saved = parts.store->save_names(fresh); !saved)
    return saved;
  for (const auto& n : fresh)
    (n.kind == account_store::name_kind::metric ? parts.known.metrics : parts.known.lists)
      .learn(n.name);
  return model::nothing{};
}

void mark_identifiers(intake_job& job) {
  job.name_marks.assign(job.changes->names.size(), 0);
  for (std::uint32_t i = 0; i < job.name_marks.size(); ++i)
    if (const auto name = job.changes->name(i);
        name == "external_id" || name == "email" || name == "phone_number")
      job.name_marks[i] = is_identifier;
}

/// Why a batch cannot even be begun.
std::optional<failure> fault_of_batch(self_pointer self, const intake_job& job) {
  if (job.changes->records.size() > records_max)
    return failure{failure_code::invalid_input,
                   fmt::format("a batch of {} records; at most {} are allowed",
                               job.changes->records.size(), records_max)};
  if (!job.source.empty() && !is_sequence(job.sequence))
    return failure{failure_code::invalid_input,
                   fmt::format("batch {} of source \"{}\": sequences go from 1 to 2^43 - 1",
                               job.sequence, job.source)};
  if (!holds_together(*job.changes))
    return failure{failure_code::invalid_input,
                   "the batch refers to names, properties or texts that it does not hold"};
  const auto refused = self->state.must_come_first.find(job.source);
  if (refused != self->state.must_come_first.end() && job.sequence > *refused->second.begin())
    return failure{
      failure_code::conflict,
      fmt::format(
        "batch {} of source \"{}\" has to wait: batch {} was refused; send that one again first",
        job.sequence, job.source, *refused->second.begin())};
  return {};
}

model::status begin_batch(self_pointer self, intake_job& job) {
  if (auto fault = fault_of_batch(self, job))
    return std::move(*fault);
  if (!job.source.empty()) {
    // Each batch that was refused has to come again itself.
    auto& refused = self->state.must_come_first;
    if (const auto at = refused.find(job.source);
        at != refused.end() && at->second.erase(job.sequence) != 0 && at->second.empty())
      refused.erase(at);
    const auto& taken = self->state.last_taken[job.source];
    job.is_repeated = *std::max_element(taken.begin(), taken.end()) >= count_of(job, 1);
  }
  job.splitter = std::make_unique<batch_splitter>(
    *job.changes, static_cast<std::uint32_t>(self->state.parts.profiles.size()));
  mark_identifiers(job);
  job.is_begun = true;
  if (auto learned = learn_names(self, job); !learned)
    return learned;
  return describe(self, job);
}

/// One record; false when it has to wait for answers of partitions.
bool split_next(self_pointer self, const job_ptr& job) {
  auto& state = self->state;
  const auto index = job->next;
  const auto& records = job->changes->records;
  if (index >= job->ahead_end) {
    job->ahead_end = std::min<std::size_t>(records.size(), index + identity::ahead_max);
    state.people->look_ahead(*job->changes, index, job->ahead_end - index);
  }
  if (records[index].kind == change_kind::merge) {
    send_parts(self, job, false);
    if (state.parts_out != 0)
      return false;
    ++job->next;
    split_merge(self, job, index);
    return !state.is_merging && !state.is_recovering;
  }
  ++job->next;
  if (records[index].kind == change_kind::describe) // Done when the batch was begun.
    return true;
  if (auto fault = fault_of(*job->changes, records[index]); !fault.empty())
    reject(*job, index, std::move(fault));
  else if (job->is_repeated && was_taken(self, *job, index))
    pass_over(*job, index);
  else if (split_record(self, *job, index) == went::must_drain) {
    send_parts(self, job, false);
    return false;
  }
  return true;
}

void split_batch(self_pointer self, const job_ptr& job) {
  if (!job->is_begun)
    if (const auto begun = begin_batch(self, *job); !begun) {
      fail(self, job, begun.error());
      end_front(self);
      return;
    }
  job->ahead_end = job->next; // People may have changed since.
  while (job->next < job->changes->records.size())
    if (!split_next(self, job)) {
      self->state.must_drain = self->state.parts_out != 0;
      return;
    }
  send_parts(self, job, true);
  end_front(self);
}

/// An order of one caller about one or two people. Everything before it has been answered.
void carry_out_single(self_pointer self, const job_ptr& job) {
  const auto from = find_anybody(self, job->single->from);
  const auto into = job->single->into ? find_anybody(self, *job->single->into) : from;
  if (!from || !into)
    job->failed = nobody_called(from ? *job->single->into : job->single->from);
  else if (!job->single->into) {
    batch_part part;
    model::change_record record;
    record.kind = change_kind::erase;
    record.profile = from->profile;
    part.changes.records.push_back(record);
    part.origins.push_back(0);
    send_part(self, job, from->partition, std::move(part), 0);
    self->state.must_drain = true;
  } else if (*from == *into)
    job->failed = failure{failure_code::conflict, "a profile cannot be merged with itself"};
  else {
    person_merge merge;
    merge.from = *from;
    merge.into = *into;
    begin_merge(self, job, std::move(merge));
    return;
  }
  end_front(self);
}

// --- what has to be known first ------------------------------------------------------------------

void recover(self_pointer self) {
  auto& state = self->state;
  state.is_recovering = false;
  ++state.attempt;
  state.people.reset();
  state.last_taken.clear();
}

void go_on_with_merges(self_pointer self) {
  self->state.is_merging = true;
  finish_merges(self, [self](const std::optional<failure>& failed) {
    auto& state = self->state;
    state.is_merging = false;
    state.has_unfinished_merges = failed.has_value();
    if (failed) {
      self->note_error(failed->message);
      begin_recovery(self, *failed);
    }
    go_on(self);
  });
}

/// False while the partitions are asked how far the source has come.
bool knows_source(self_pointer self, const std::string& source) {
  auto& state = self->state;
  if (source.empty() || state.last_taken.contains(source))
    return true;
  if (std::exchange(state.is_asking_source, true))
    return false;
  ask_counts(
    self, source,
    [=](const std::optional<caf::error>& failed, const std::vector<std::uint64_t>& counts) {
      self->state.is_asking_source = false;
      if (failed)
        begin_recovery(self, to_failure(*failed, "ask how far a source has come"));
      else
        self->state.last_taken[source] = counts;
      go_on(self);
    });
  return false;
}

/// False while something is on its way that the front job needs; `go_on` is called again when it is
/// there.
bool may_begin(self_pointer self) {
  auto& state = self->state;
  if (state.is_merging || state.is_asking_source || state.is_loading_people)
    return false;
  if (state.is_recovering) {
    if (state.parts_out != 0)
      return false;
    recover(self);
  }
  if (state.waiting.empty())
    return false;
  if (state.must_drain && state.parts_out != 0)
    return false;
  state.must_drain = false;
  if (state.bytes_out >= bytes_out_max || state.out.size() >= jobs_out_max)
    return false;
  if (state.has_unfinished_merges) {
    go_on_with_merges(self);
    return false;
  }
  if (!state.people) {
    with_people(self, [self](const std::optional<failure>& failed) {
      if (failed)
        begin_recovery(self, *failed);
    });
    return false;
  }
  return knows_source(self, state.waiting.front()->source);
}

} // namespace

void reject(intake_job& job, std::uint32_t record, std::string reason) {
  job.answer.rejected.push_back(
    {record, job.changes ? job.changes->records[record].line : 0, std::move(reason)});
}

void pass_over(intake_job& job, std::uint32_t record) {
  ++job.answer.duplicates;
  job.answer.duplicate_records.push_back(record);
}

void go_on(self_pointer self) {
  while (may_begin(self)) {
    const auto job = self->state.waiting.front();
    if (!job->single)
      split_batch(self, job);
    else if (self->state.parts_out != 0)
      self->state.must_drain = true;
    else
      carry_out_single(self, job);
  }
}

void begin_afresh(self_pointer self) {
  go_on_with_merges(self);
}

void accept_job(self_pointer self, job_ptr job) {
  if (self->state.broken) {
    job->failed = self->state.broken;
    answer(*job);
    return;
  }
  self->state.waiting.push_back(std::move(job));
  go_on(self);
}

void break_down(self_pointer self, const failure& why) {
  auto& state = self->state;
  state.broken = why;
  for (auto jobs = std::exchange(state.waiting, {}); const auto& job : jobs) {
    job->failed = why;
    answer(*job);
  }
  for (auto jobs = std::exchange(state.out, {}); const auto& job : jobs) {
    job->failed = why;
    answer(*job);
  }
}

} // namespace actors::account_parts
