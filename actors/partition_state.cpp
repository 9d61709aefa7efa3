#include "actors/partition_state.hpp"

#include "actors/inlining.hpp"
#include "model/limits.hpp"
#include "segments/parse.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace actors {

using storage::meta_field;
using storage::meta_key;

namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t reported_flips_max = 1'000;
// A snapshot keeps every page that was freed since, some 25 KB for a commit of one change.
constexpr std::uint64_t commits_read_max = 256;
constexpr std::size_t flips_expected_max = 100'000;
constexpr std::size_t switches_max = 64; // In one commit; changes come through before the next.

model::failure unknown_segment(std::uint64_t segment) {
  return {model::failure_code::not_found, fmt::format("there is no segment number {}", segment)};
}

} // namespace

model::outcome<std::unique_ptr<partition>> partition::open(partition_options options) {
  auto where = storage::environment::open(options.directory);
  if (!where)
    return where.error();
  auto state = std::make_unique<partition_state>(std::move(options), std::move(*where));
  if (auto recovered = state->recover(); !recovered)
    return recovered.error();
  return std::unique_ptr<partition>{std::move(state)};
}

partition_state::partition_state(partition_options options,
                                 std::unique_ptr<storage::environment> where)
  : options_(std::move(options)), where_(std::move(where)), feed_(*where_) {
}

// --- writing

model::instant partition_state::raised(model::instant now) const {
  return std::max(model::floor_second(now), now_);
}

void partition_state::put_pending(storage::write_transaction& to) const {
  names_.store_new(to);
  for (const auto& [sequence, e] : pending_)
    to.put(storage::flips_key{sequence}, e);
  for (const auto& id : unused_) {
    to.erase(storage::bits_key{storage::bits_owner::criterion, id, 0});
    to.erase_range(storage::due_key{id, INT64_MIN}, storage::due_key{id, INT64_MAX});
  }
  const std::array<storage::word, 3> position{applied_, storage::ordered(model::to_ms(now_)),
                                              storage::ordered(settled_key_)};
  to.put(meta_key{meta_field::applied_sequence}, position);
}

void partition_state::pending_put() {
  names_.stored();
  pending_.clear();
  unused_.clear();
}

model::status partition_state::commit_with_pending(
  const std::function<model::status(storage::write_transaction&)>& more) {
  auto done = where_->update([&](storage::write_transaction& to) -> model::status {
    put_pending(to);
    for (const auto& record : unwritten_records_)
      if (auto appended = log_->append(to, record); !appended)
        return appended.error();
    for (const auto segment : unwritten_definitions_)
      put_definition(to, segment, definitions_.at(segment));
    return more(to);
  });
  if (done) {
    pending_put();
    for (const auto& record : std::exchange(unwritten_records_, {}))
      log_bytes_ += record.size();
    unwritten_definitions_.clear();
  }
  return done;
}

model::outcome<std::uint64_t> partition_state::write(
  const std::string& record,
  const std::function<model::status(storage::write_transaction&, std::uint64_t)>& more) {
  std::uint64_t sequence = log_->last();
  const auto done = commit_with_pending([&](storage::write_transaction& to) -> model::status {
    if (!record.empty()) {
      auto appended = log_->append(to, record);
      if (!appended)
        return appended.error();
      sequence = *appended;
    }
    return more ? more(to, sequence) : to.health();
  });
  if (!done)
    return done.error();
  log_bytes_ += record.size();
  return sequence;
}

void partition_state::collect_effects(std::uint64_t sequence, std::span<const model::flip> flips) {
  const auto bits = members_.take_bit_changes();
  if (!bits.empty() || !flips.empty())
    pending_[sequence] = encode_effects(bits, flips);
  applied_ = sequence;
}

void partition_state::announce(std::span<model::flip> flips, std::uint64_t sequence) {
  for (auto& f : flips)
    feed_.append(f);
  collect_effects(sequence, flips);
}

model::outcome<commit_result> partition_state::commit(std::span<const incoming_batch> batches,
                                                      model::instant now) {
  commit_result result;
  result.notes.resize(batches.size());
  std::vector<std::size_t> taken;
  std::map<std::string, std::uint64_t, std::less<>> sources;
  for (std::size_t i = 0; i < batches.size(); ++i) {
    const auto& b = batches[i];
    if (!b.source.empty()) {
      auto& last = sources.try_emplace(b.source, last_of(b.source)).first->second;
      if (b.source_sequence <= last) {
        result.duplicates += b.changes->records.size();
        continue;
      }
      last = b.source_sequence;
    }
    taken.push_back(i);
  }
  result.sequence = log_->last();
  if (taken.empty())
    return result;
  // After long silence: what nobody has foreseen comes before the changes.
  if (members_.foreseen() < model::to_ms(raised(now)))
    if (auto caught_up = catch_up(now, result.flips); !caught_up)
      return caught_up.error();

  log_record head;
  head.what = log_record::kind::changes;
  head.now = raised(now);
  std::string record;
  begin_record(record, head, taken.size());
  for (const auto i : taken)
    append_batch(record, *batches[i].changes, batches[i].cause, head.now, batches[i].source,
                 batches[i].source_sequence);
  bool was_feed_put = false;
  const auto sequence = write(record,
                              [&](storage::write_transaction& to, std::uint64_t) -> model::status {
                                for (const auto& [source, last] : sources)
                                  put_source(to, source, last);
                                was_feed_put = put_long_feed(to);
                                return to.health();
                              });
  if (!sequence)
    return sequence.error();
  if (was_feed_put)
    feed_put();

  now_ = head.now;
  result.sequence = *sequence;
  for (auto& [source, last] : sources)
    sources_[source] = last;
  change_applier::result applied;
  applied.flips = std::move(result.flips);
  const auto caught_up = applied.flips.size();
  applied.flips.reserve(flips_expected_);
  for (const auto i : taken) {
    applied.notes.clear();
    for (auto& [number, report] : reports_)
      for (const auto& r : batches[i].changes->records)
        report.will_change(*store_, r.profile);
    for (auto& [number, scan] : listings_)
      for (const auto& r : batches[i].changes->records)
        scan->will_change(*store_, r.profile);
    applier_->apply(*batches[i].changes, batches[i].cause, now_, *sequence, applied);
    result.notes[i] = std::move(applied.notes);
    for (auto& [number, preview] : previews_)
      for (auto& scan : preview.scans)
        for (const auto& r : batches[i].changes->records)
          scan.changed(r.profile);
  }
  flips_expected_ = std::min(applied.flips.size(), flips_expected_max);
  announce(std::span{applied.flips}.subspan(caught_up), *sequence);
  result.released = std::move(applied.released);
  result.applied = applied.applied;
  result.duplicates += applied.duplicates;
  result.flips = std::move(applied.flips);
  read_anew_at_times();
  return result;
}

void partition_state::read_anew_at_times() {
  if (++commits_read_ % commits_read_max == 0)
    store_->renew();
}

void partition_state::put_source(storage::write_transaction& to, std::string_view source,
                                 std::uint64_t last) const {
  // The name stands in the record, so that two names with one hash cannot take each other's place
  // unseen.
  std::vector<storage::word> words{last};
  const auto name = storage::pack_bytes(source);
  words.insert(words.end(), name.begin(), name.end());
  to.put(storage::checkpoints_key{storage::checkpoint_kind::source,
                                  std::hash<std::string_view>{}(source)},
         words);
}

std::uint64_t partition_state::last_of(std::string_view source) const {
  const auto found = sources_.find(source);
  return found == sources_.end() ? 0 : found->second;
}

// --- time

segments::people_source partition_state::everybody() const {
  return {
    [this](std::uint32_t profile) -> const model::profile_view& { return store_->view(profile); },
    [this](std::uint32_t block) -> const model::block_view& { return store_->block(block); },
    store_->blocks()};
}

std::vector<model::flip> partition_state::tick(model::instant now, std::size_t evaluations_max) {
  std::vector<model::flip> flips;
  const auto people = everybody();
  std::size_t evaluations = 0;
  while (evaluations < evaluations_max) {
    const auto moved = members_.advance(model::to_ms(now), evaluations_max - evaluations, people);
    if (!moved)
      break;
    evaluations += std::max<std::size_t>(moved->evaluations, 1);
    settled_key_ = moved->complete ? moved->at : moved->at - 1;
    for (const auto& m : moved->moves)
      flips.push_back({m.segment,
                       0,
                       m.profile,
                       m.joined,
                       model::flip_cause::clock,
                       model::from_ms(moved->at),
                       {}});
  }
  return flips;
}

model::outcome<partition::tick_result> partition_state::advance(model::instant now,
                                                                std::size_t evaluations_max) {
  const auto until = raised(now);
  const auto next = next_due();
  if (!next || *next > until)
    return tick_result{};
  return write_tick(until, evaluations_max);
}

model::outcome<partition::tick_result> partition_state::write_tick(model::instant until,
                                                                   std::size_t evaluations_max) {
  log_record head;
  head.what = log_record::kind::tick;
  head.now = until;
  head.evaluations_max = evaluations_max;
  std::string record;
  begin_record(record, head, 0);
  bool was_feed_put = false;
  const auto sequence = write(record,
                              [&](storage::write_transaction& to, std::uint64_t) -> model::status {
                                was_feed_put = put_long_feed(to);
                                return to.health();
                              });
  if (!sequence)
    return sequence.error();
  if (was_feed_put)
    feed_put();
  now_ = until;
  tick_result result;
  result.flips = tick(until, evaluations_max);
  announce(result.flips, *sequence);
  const auto left = next_due();
  result.done = !left || *left > until;
  read_anew_at_times();
  return result;
}

std::optional<model::instant> partition_state::next_due() const {
  const auto due = members_.next_due();
  if (!due)
    return std::nullopt;
  return model::from_ms(*due);
}

// --- segments

model::outcome<segments::definition> partition_state::parse(std::string_view json) const {
  if (options_.read_definition)
    return options_.read_definition(json);
  if (json == frozen_definition)
    return segments::definition{{}, {}, {segments::boolean_kind::any_of, 0, {}}, {}};
  segments::parse_context context;
  context.metric_name = [](std::string_view) { return std::nullopt; };
  context.list_name = [](std::string_view) { return std::nullopt; };
  context.segment = [](std::string_view) { return std::nullopt; };
  auto parsed = segments::parse_definition(json, context);
  if (!parsed.rule)
    return model::failure{model::failure_code::invalid_input, segments::describe(parsed.errors)};
  return std::move(*parsed.rule);
}

model::status partition_state::can_compile(const segments::definition& rule) const {
  try {
    for (const auto& c : rule.criteria)
      (void)segments::compile(c, names_, options_.account_zone);
  } catch (
    const std::invalid_argument& wrong) { // An unknown time zone; the parser knows spellings only.
    return model::failure{model::failure_code::invalid_input, wrong.what()};
  }
  return model::nothing{};
}

segments::membership::compiler partition_state::compiler() {
  return [this](const segments::criterion& c) {
    return segments::compile(c, names_, options_.account_zone);
  };
}

void partition_state::put_definition(storage::write_transaction& to, std::uint64_t segment,
                                     const kept_definition& d) const {
  std::vector<storage::word> words{d.version, d.waiting_version};
  for (const auto* text : {&d.json, &d.waiting_json}) {
    const auto packed = storage::pack_bytes(*text);
    words.insert(words.end(), packed.begin(), packed.end());
  }
  to.put(storage::definitions_key{segment}, words);
}

model::status partition_state::define(std::span<const new_definition> all, model::instant now) {
  std::vector<segments::definition> rules;
  for (const auto& d : all) {
    auto rule = parse(d.json);
    if (!rule)
      return rule.error();
    if (auto usable = can_compile(*rule); !usable)
      return usable;
    rules.push_back(std::move(*rule));
  }
  log_record head;
  head.what = log_record::kind::define;
  head.now = now_ = raised(now);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& d = all[i];
    head.segment = d.segment;
    head.version = d.version;
    begin_record(unwritten_records_.emplace_back(), head, 0);
    unwritten_definitions_.insert(d.segment);
    auto& kept = definitions_[d.segment];
    kept.waiting_version = d.version;
    kept.waiting_json = d.json;
    members_.define(d.segment, d.version, std::move(rules[i]), compiler());
  }
  return model::nothing{};
}

model::status partition_state::cancel_build(std::uint64_t segment, model::instant now) {
  const auto known = definitions_.find(segment);
  if (known == definitions_.end())
    return unknown_segment(segment);
  auto kept = known->second;
  kept.waiting_version = 0;
  kept.waiting_json.clear();
  const segment_note note{segment, 0,
                          [&](storage::write_transaction& to, std::uint64_t) -> model::status {
                            put_definition(to, segment, kept);
                            return to.health();
                          }};
  const auto sequence = write_about(log_record::kind::cancel, {&note, 1}, now);
  if (!sequence)
    return sequence.error();
  known->second = std::move(kept);
  members_.cancel(segment);
  forget_criteria();
  return model::nothing{};
}

model::status partition_state::drop(std::uint64_t segment, model::instant now) {
  if (!definitions_.contains(segment))
    return model::nothing{}; // Dropped already: who reconciles after a crash may ask beside the
                             // order.
  const segment_note note{
    segment, 0, [&](storage::write_transaction& to, std::uint64_t) -> model::status {
      to.erase(storage::definitions_key{segment});
      to.erase(storage::bits_key{storage::bits_owner::segment, {segment, 0}, 0});
      feed_.erase(to, segment);
      return to.health();
    }};
  const auto sequence = write_about(log_record::kind::drop, {&note, 1}, now);
  if (!sequence)
    return sequence.error();
  definitions_.erase(segment);
  feed_.erased(segment);
  members_.drop(segment);
  forget_criteria();
  return model::nothing{};
}

model::outcome<std::uint64_t> partition_state::write_about(
  log_record::kind what, std::span<const segment_note> notes, model::instant now,
  const std::function<model::status(storage::write_transaction&, std::uint64_t)>& last) {
  log_record head;
  head.what = what;
  head.now = raised(now);
  std::vector<std::string> records;
  for (const auto& note : notes) {
    head.segment = note.segment;
    head.version = note.version;
    begin_record(records.emplace_back(), head, 0);
  }
  std::uint64_t sequence = log_->last();
  const auto done = commit_with_pending([&](storage::write_transaction& to) -> model::status {
    for (std::size_t i = 0; i < notes.size(); ++i) {
      auto appended = log_->append(to, records[i]);
      if (!appended)
        return appended.error();
      sequence = *appended;
      if (auto written = notes[i].more(to, sequence); !written)
        return written;
    }
    return last ? last(to, sequence) : to.health();
  });
  if (!done)
    return done.error();
  for (const auto& record : records)
    log_bytes_ += record.size();
  now_ = head.now;
  applied_ = sequence;
  return sequence;
}

model::outcome<partition::build_result>
partition_state::build_slice(model::instant now, std::chrono::microseconds budget) {
  build_result result;
  const auto end = steady::now() + budget;
  if (members_.waiting() != 0)
    // A scan judges at the log's instant; that must be today's, or members would be of the past and
    // flip right after.
    if (auto caught_up = catch_up(now, result.flips); !caught_up)
      return caught_up.error();
  const auto blocks = store_->blocks();
  result.progress.segments = members_.waiting();
  result.progress.profiles = store_->profiles();
  for (auto next = members_.next_block(); next; next = members_.next_block()) {
    if (*next >= blocks) {
      members_.end_scan(blocks, model::to_ms(now_));
      continue;
    }
    members_.scan(*next, store_->block(*next), model::to_ms(now_));
    if (steady::now() >= end)
      break;
  }
  const auto next = members_.next_block();
  result.progress.profiles_done = next ? std::min<std::uint64_t>(
                                    std::uint64_t{*next} * model::block_rows, store_->profiles())
                                       : store_->profiles();
  result.done = !next;
  auto ready = members_.ready();
  if (ready.empty())
    return result;
  if (ready.size() > switches_max) {
    ready.resize(switches_max);
    result.done = false;
  }
  // A switch reads the bits of old and new criteria together: they must be true at the same
  // instant.
  if (auto caught_up = catch_up(now_, result.flips); !caught_up)
    return caught_up.error();
  if (auto switched = activate(ready, result); !switched)
    return switched.error();
  return result;
}

model::status partition_state::catch_up(model::instant now, std::vector<model::flip>& flips) {
  const auto until = raised(now);
  for (bool behind = until > now_ || (next_due() && *next_due() <= until); behind;) {
    auto ticked = write_tick(until, SIZE_MAX);
    if (!ticked)
      return ticked.error();
    flips.insert(flips.end(), ticked->flips.begin(), ticked->flips.end());
    behind = !ticked->done;
  }
  return model::nothing{};
}

model::status partition_state::activate(std::span<const std::uint64_t> ready,
                                        build_result& result) {
  struct change_over {
    segments::membership::switch_plan plan;
    kept_definition kept;
    flip_run run;
    std::uint64_t first = 0; // Of its flips.
  };
  std::vector<change_over> all;
  std::vector<segment_note> notes;
  all.reserve(ready.size());
  for (const auto segment : ready) {
    auto& c = all.emplace_back();
    c.plan = members_.plan_switch(segment);
    c.kept = definitions_[segment];
    c.kept.version = c.plan.version;
    c.kept.json = std::exchange(c.kept.waiting_json, {});
    c.kept.waiting_version = 0;
    c.run.everybody = flip_run::crowd{
      c.plan.old_version == 0 ? model::flip_cause::build : model::flip_cause::edit, now_,
      std::to_string(c.plan.version), c.plan.joined, c.plan.left};
    c.first = feed_.last_sequence(segment) + 1;
    notes.push_back({segment, c.plan.version,
                     [this, segment, &c, is_first = all.size() == 1](
                       storage::write_transaction& to, std::uint64_t at) -> model::status {
                       if (is_first)
                         feed_.store(to); // What the feeds have in memory goes before the new runs.
                       put_definition(to, segment, c.kept);
                       feed_.store(to, segment, c.run);
                       put_members(to, segment, c.plan.members, at);
                       return to.health();
                     }});
  }
  const auto sequence = write_about(
    log_record::kind::activate, notes, now_,
    [&](storage::write_transaction& to, std::uint64_t at) -> model::status {
      put_new_criteria(to, at);
      const storage::word fed = at;
      to.put(meta_key{meta_field::feed_sequence}, storage::words_view{&fed, 1});
      const std::array<storage::word, 3> position{at, storage::ordered(model::to_ms(now_)),
                                                  storage::ordered(settled_key_)};
      to.put(meta_key{meta_field::applied_sequence}, position);
      return to.health();
    });
  if (!sequence)
    return sequence.error();
  feed_.stored();
  feed_stored_ = *sequence;
  new_criteria_put();
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& [plan, kept, run, next] = all[i];
    const auto segment = ready[i];
    definitions_[segment] = std::move(kept);
    if (run.size() <= reported_flips_max)
      for (const bool joined : {true, false})
        for (const auto profile : joined ? plan.joined : plan.left)
          result.flips.push_back(
            {segment, next++, profile, joined, run.everybody->cause, now_, run.everybody->detail});
    result.switched.push_back(segment);
    members_.carry_out(segment, std::move(plan));
    members_.members_stored(segment);
  }
  forget_criteria();
  return model::nothing{};
}

std::vector<segment_status> partition_state::segments() const {
  std::vector<segment_status> all;
  for (const auto& s : members_.states())
    all.push_back(
      {s.segment, s.version, s.pending_version, s.members, feed_.last_sequence(s.segment)});
  return all;
}

} // namespace actors
