#include "actors/profile_actor.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<profile_actor, profile_actor_state>;
using steady = profile_actor_state::steady;

constexpr std::size_t commit_records_max = 20'000;
constexpr std::size_t commit_bytes_max = std::size_t{4} << 20;
constexpr std::size_t tick_evaluations_max = 20'000;
constexpr std::chrono::microseconds slice_budget{
  5'000}; // What a message may have to wait behind background work.
constexpr std::chrono::milliseconds report_interval{100};
// Flips of changes go out at most so often: each time costs a message for every segment that moved,
// and a thousand segments move with a few hundred changes.
constexpr std::chrono::milliseconds announce_interval{10};
constexpr std::chrono::seconds idle_after{1};
constexpr std::chrono::seconds retry_after{1}; // Gives a full disk room to recover.

// --- telling others ------------------------------------------------------------------------------

/// Flips go to who watches their segment; most segments are watched by nobody.
void announce_waiting(self_pointer self) {
  auto& state = self->state;
  const auto flips = std::exchange(state.flips_to_announce, {});
  if (flips.empty())
    return;
  state.last_announcement = steady::now();
  boost::unordered_flat_map<std::uint64_t, std::vector<named_flip>> by_segment;
  std::optional<std::uint32_t> last; // One change's flips are about one profile.
  std::string label;
  for (const auto& flip : flips) {
    if (last != flip.profile) {
      last = flip.profile;
      label = state.parts.owned->label(flip.profile);
    }
    by_segment[flip.segment].push_back({flip, label});
  }
  for (auto& [segment, named] : by_segment) {
    const auto watcher = state.watchers.find(segment);
    if (watcher == state.watchers.end())
      continue;
    const auto sequence = named.back().what.sequence;
    self->send(watcher->second,
               flips_happened{state.parts.index, segment,
                              std::make_shared<const std::vector<named_flip>>(std::move(named)),
                              sequence});
  }
}

void take_for_announcement(self_pointer self, std::vector<model::flip>& flips) {
  auto& state = self->state;
  for (auto& flip : flips)
    if (state.watchers.contains(flip.segment))
      state.flips_to_announce.push_back(std::move(flip));
}

void announce(self_pointer self, std::vector<model::flip>& flips) {
  take_for_announcement(self, flips);
  announce_waiting(self);
}

/// The same for flips of changes, which wait until the last ones are old enough.
void announce_soon(self_pointer self, std::vector<model::flip>& flips) {
  auto& state = self->state;
  take_for_announcement(self, flips);
  if (state.flips_to_announce.empty() || state.is_announcement_on_its_way)
    return;
  const auto due = state.last_announcement + announce_interval;
  const auto now = steady::now();
  if (now >= due) {
    announce_waiting(self);
    return;
  }
  state.is_announcement_on_its_way = true;
  self->delayed_send(self, due - now, announce_flips{});
}

/// The CLOCK has to know when this partition wants to be woken.
void tell_due(self_pointer self) {
  auto& state = self->state;
  const auto next = state.parts.owned->next_due();
  if ((state.was_due_told && next == state.told_due) || !state.parts.due_listener)
    return;
  state.was_due_told = true;
  state.told_due = next;
  self->send(state.parts.due_listener, due_changed{state.parts.index, next});
}

void start_working(self_pointer self) {
  if (std::exchange(self->state.is_work_on_its_way, true))
    return;
  self->send(self, do_work{});
}

/// Something was refused by the disk: says so and tries again later.
void note_trouble(self_pointer self, const model::failure& why) {
  auto& state = self->state;
  if (state.trouble != why.message) {
    spdlog::warn("profile/{}: cannot write: {}", state.parts.index, why.message);
    self->note_error(why.message);
  }
  state.trouble = why.message;
  if (state.is_building && state.parts.build_listener)
    self->send(state.parts.build_listener,
               build_moved{state.parts.index, {}, {}, false, why.message});
  if (!std::exchange(state.is_retry_on_its_way, true))
    self->delayed_send(self, retry_after, retry_work{});
}

void note_success(self_pointer self) {
  if (self->state.trouble.empty())
    return;
  spdlog::info("profile/{}: writes again", self->state.parts.index);
  self->state.trouble.clear();
  self->state.last_report = {}; // So that a build tells it at once.
}

// --- changes -------------------------------------------------------------------------------------

/// A change keeps the background merge of idle times away for a while.
void note_change(self_pointer self) {
  auto& state = self->state;
  state.last_change = steady::now();
  state.is_idle = false;
  if (!std::exchange(state.is_look_on_its_way, true))
    self->delayed_send(self, idle_after, look_idle{});
}

void refuse_waiting(self_pointer self, std::vector<profile_actor_state::waiting_part>& refused,
                    const model::failure& why) {
  for (auto& one : refused)
    one.reply.deliver(to_error(why));
  note_trouble(self, why);
}

void commit_all_waiting(self_pointer self) {
  auto& state = self->state;
  if (state.waiting.empty())
    return;
  auto parts = std::exchange(state.waiting, {});
  state.waiting_records = state.waiting_bytes = 0;
  std::vector<incoming_batch> batches;
  for (const auto& [part, reply] : parts)
    batches.push_back({&part->changes, part->cause, part->source, part->source_sequence});
  auto committed = state.parts.owned->commit(batches, state.parts.clock->now());
  if (!committed) {
    state.failed_attempt = std::max(state.failed_attempt, state.attempt_waiting);
    state.failed_why = committed.error();
    refuse_waiting(self, parts, committed.error());
    return;
  }
  note_success(self);
  note_change(self);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    part_committed done{committed->sequence, false, {}, {}};
    if (i < committed->notes.size())
      done.notes = std::move(committed->notes[i]);
    if (i == 0)
      done.released = std::move(committed->released);
    parts[i].reply.deliver(std::move(done));
  }
  announce_soon(self, committed->flips);
  tell_due(self);
  if (!state.is_merging && state.parts.owned->wants_merge(false))
    start_working(self);
}

void take_part(self_pointer self, commit_changes& order,
               caf::typed_response_promise<part_committed> reply) {
  auto& state = self->state;
  if (order.attempt <= state.failed_attempt) {
    reply.deliver(to_error(state.failed_why));
    return;
  }
  const auto& part = *order.part;
  if (!part.source.empty() && part.source_sequence <= state.parts.owned->last_of(part.source)) {
    part_committed known;
    known.was_known = true;
    reply.deliver(std::move(known));
    return;
  }
  state.attempt_waiting = order.attempt;
  state.waiting_records += part.changes.records.size();
  state.waiting_bytes += part.changes.bytes.size();
  state.waiting.push_back({std::move(order.part), std::move(reply)});
  if (state.waiting_records >= commit_records_max || state.waiting_bytes >= commit_bytes_max)
    commit_all_waiting(self);
  else if (!std::exchange(state.is_commit_on_its_way, true))
    self->send(self, commit_waiting{});
}

// --- time ----------------------------------------------------------------------------------------

void deliver_ticks(self_pointer self) {
  auto& state = self->state;
  state.tick_to.reset();
  for (auto& reply : std::exchange(state.tick_replies, {}))
    reply.deliver(ticked{state.parts.index});
}

bool work_on_tick(self_pointer self) {
  auto& state = self->state;
  auto moved = state.parts.owned->advance(*state.tick_to, tick_evaluations_max);
  if (!moved) {
    note_trouble(self, moved.error());
    return false;
  }
  note_success(self);
  announce(self, moved->flips);
  if (moved->done)
    deliver_ticks(self);
  tell_due(self);
  return true;
}

// --- builds --------------------------------------------------------------------------------------

/// Tells who watches a segment that its feed grew, with the flips when they came along.
void announce_switch(self_pointer self, std::vector<model::flip>& flips,
                     const std::vector<segment_status>& switched) {
  announce(self, flips);
  for (const auto& s : switched)
    if (const auto watcher = self->state.watchers.find(s.id); watcher != self->state.watchers.end())
      self->send(watcher->second, flips_happened{self->state.parts.index, s.id,
                                                 std::make_shared<const std::vector<named_flip>>(),
                                                 s.last_sequence});
}

void report_build(self_pointer self, const partition::build_result& built,
                  std::vector<segment_status> switched) {
  auto& state = self->state;
  const auto now = steady::now();
  if (!built.done && switched.empty() && now - state.last_report < report_interval)
    return;
  state.last_report = now;
  if (state.parts.build_listener)
    self->send(state.parts.build_listener,
               build_moved{state.parts.index, built.progress, std::move(switched), built.done, {}});
}

bool work_on_builds(self_pointer self) {
  auto& state = self->state;
  auto built = state.parts.owned->build_slice(state.parts.clock->now(), slice_budget);
  if (!built) {
    note_trouble(self, built.error());
    return false;
  }
  note_success(self);
  state.is_building = !built->done;
  std::vector<segment_status> switched;
  if (!built->switched.empty())
    for (const auto& s : state.parts.owned->segments())
      if (std::find(built->switched.begin(), built->switched.end(), s.id) != built->switched.end())
        switched.push_back(s);
  announce_switch(self, built->flips, switched);
  report_build(self, *built, std::move(switched));
  if (built->done)
    note_change(self);
  tell_due(self);
  return true;
}

// --- merges of the delta -------------------------------------------------------------------------

void deliver_folds(self_pointer self, const model::status& outcome) {
  for (auto& reply : std::exchange(self->state.fold_replies, {})) {
    if (outcome)
      reply.deliver(finished{});
    else
      reply.deliver(to_error(outcome.error()));
  }
}

bool work_on_merge(self_pointer self) {
  auto& state = self->state;
  auto merged = state.parts.owned->merge_slice(slice_budget);
  if (!merged) {
    note_trouble(self, merged.error());
    deliver_folds(self, merged.error());
    return false;
  }
  note_success(self);
  state.is_merging = !*merged;
  if (*merged)
    deliver_folds(self, model::nothing{});
  return true;
}

// --- previews ------------------------------------------------------------------------------------

void preview(self_pointer self, const preview_members& asked,
             caf::typed_response_promise<preview_answer> reply) {
  const auto begun = self->state.parts.owned->begin_preview(*asked.json, asked.at);
  if (!begun) {
    reply.deliver(to_error(begun.error()));
    return;
  }
  self->state.preview_replies.emplace(*begun, std::move(reply));
  start_working(self);
}

void begin_comparison(self_pointer self, const compare_members& asked,
                      caf::typed_response_promise<compared_members> reply) {
  std::vector<partition::question> questions;
  for (const auto& one : asked.questions)
    questions.push_back({*one.json, one.at});
  const auto begun = self->state.parts.owned->begin_comparison(questions, asked.listed_max);
  if (!begun) {
    reply.deliver(to_error(begun.error()));
    return;
  }
  self->state.comparison_replies.emplace(*begun, std::move(reply));
  start_working(self);
}

bool has_previews(self_pointer self) {
  return !self->state.preview_replies.empty() || !self->state.comparison_replies.empty();
}

void work_on_previews(self_pointer self) {
  auto& state = self->state;
  auto result = state.parts.owned->preview_slice(slice_budget);
  for (auto& found : result.found)
    if (auto waiting = state.preview_replies.extract(found.preview))
      waiting.mapped().deliver(preview_answer{std::move(found.profiles)});
    else if (auto compared = state.comparison_replies.extract(found.preview))
      compared.mapped().deliver(compared_members{std::move(found.steps)});
}

// --- reports ----------------------------------------------------------------------------------

bool has_reports(self_pointer self) {
  return !self->state.survey_replies.empty() || !self->state.sum_replies.empty();
}

void work_on_reports(self_pointer self) {
  auto& state = self->state;
  auto result = state.parts.owned->report_slice(slice_budget);
  for (auto& part : result.found) {
    if (auto waiting = state.survey_replies.extract(part.report))
      waiting.mapped().deliver(surveyed_sends{
        std::make_shared<const std::vector<metrics::surveyed_object>>(std::move(part.surveyed))});
    else if (auto sums = state.sum_replies.extract(part.report))
      sums.mapped().deliver(added_up{
        std::make_shared<const metrics::fold_result>(std::move(part.added_up)), part.position});
  }
}

// --- listings ------------------------------------------------------------------------------------

template <class Answer>
caf::typed_response_promise<Answer> list(self_pointer self, const listing_question& asked) {
  const auto reply = self->make_response_promise<caf::typed_response_promise<Answer>>();
  self->state.listing_replies.emplace(
    self->state.parts.owned->begin_listing(asked),
    [reply = reply](model::outcome<listing_answer> answer) mutable {
      if (answer)
        reply.deliver(std::get<Answer>(std::move(*answer)));
      else
        reply.deliver(to_error(answer.error()));
    });
  start_working(self);
  return reply;
}

void work_on_listings(self_pointer self) {
  auto result = self->state.parts.owned->listing_slice(slice_budget);
  for (auto& one : result.found)
    if (auto waiting = self->state.listing_replies.extract(one.listing))
      waiting.mapped()(std::move(one.answer));
}

event_contents read_all_events(const partition& owned, const read_events& asked) {
  event_contents answer;
  for (const auto& key : asked.keys)
    answer.events.push_back(owned.event(key));
  return answer;
}

// --- turns ---------------------------------------------------------------------------------------

/// Whether somebody waits for what is read in slices.
bool is_asked(self_pointer self) {
  const auto& state = self->state;
  return has_previews(self) || has_reports(self) || !state.listing_replies.empty();
}

/// One slice of the most urgent work; builds and merges take turns, and previews, reports and
/// listings, for which somebody waits, go beside both. Goes on after the messages that have come
/// meanwhile.
void work(self_pointer self) {
  auto& state = self->state;
  if (!state.is_merging)
    state.is_merging = !state.fold_replies.empty() || state.parts.owned->wants_merge(state.is_idle);
  bool went_well = true;
  if (state.tick_to)
    went_well = work_on_tick(self);
  else if (state.is_building && !(state.is_merging && state.was_build_last)) {
    state.was_build_last = true;
    went_well = work_on_builds(self);
  } else if (state.is_merging) {
    state.was_build_last = false;
    went_well = work_on_merge(self);
  }
  if (!state.tick_to && has_previews(self))
    work_on_previews(self);
  if (!state.tick_to && has_reports(self))
    work_on_reports(self);
  if (!state.tick_to && !state.listing_replies.empty())
    work_on_listings(self);
  if (is_asked(self) || (went_well && (state.tick_to || state.is_building || state.is_merging)))
    start_working(self);
}

// --- questions -----------------------------------------------------------------------------------

identifier_list print_identifiers(const partition& owned, std::uint64_t key) {
  auto all = std::make_shared<std::vector<printed_identifier>>();
  owned.identifiers([&](std::uint32_t profile, std::string_view external_id, std::string_view email,
                        std::string_view phone) {
    const identifier_texts texts{external_id, email, phone};
    for (std::size_t i = 0; i < identifier_kinds; ++i)
      if (!texts[i].empty()) {
        const auto kind = static_cast<identifier_kind>(i);
        all->push_back({fingerprint_of(kind, texts[i], key), kind, profile});
      }
  });
  return {static_cast<std::uint32_t>(owned.figures().profile_numbers), std::move(all)};
}

member_list name_members(const profile_actor_parts& parts, const list_members& asked) {
  member_list list;
  for (const auto& m : parts.owned->members(asked.segment, asked.after, asked.limit))
    list.members.push_back({{parts.index, m.profile}, parts.owned->label(m.profile), m.joined_at});
  return list;
}

/// The members of a page by joining. One pass over all of them.
member_list name_joined(const profile_actor_parts& parts, const list_joined& asked) {
  std::vector<joining> found;
  for (const auto& m : parts.owned->members(asked.segment, {}, SIZE_MAX)) {
    const joining one{m.joined_at, parts.index, m.profile};
    const bool is_behind = !asked.after
                        || (asked.is_descending ? one < *asked.after : *asked.after < one);
    if (is_behind && (!asked.from || one.at >= *asked.from) && (!asked.to || one.at < *asked.to))
      found.push_back(one);
  }
  const auto end = found.begin() + static_cast<std::ptrdiff_t>(std::min(asked.limit, found.size()));
  if (asked.is_descending)
    std::partial_sort(found.begin(), end, found.end(), std::greater{});
  else
    std::partial_sort(found.begin(), end, found.end());
  member_list list;
  for (auto one = found.begin(); one != end; ++one)
    list.members.push_back(
      {{parts.index, one->profile}, parts.owned->label(one->profile), one->at});
  return list;
}

profile_texts show_all(const partition& owned, const show_profiles& asked) {
  profile_texts answer;
  for (const auto profile : asked.profiles) {
    auto shown = owned.profile_json(profile, false);
    answer.texts.push_back(shown ? std::optional{std::move(*shown)} : std::nullopt);
  }
  return answer;
}

std::uint64_t last_sequence(const partition& owned, std::uint64_t segment) {
  for (const auto& s : owned.segments())
    if (s.id == segment)
      return s.last_sequence;
  return 0;
}

caf::result<feed_piece> name_flips(const partition& owned, const read_feed& asked) {
  feed_piece piece;
  for (auto& flip : owned.feed(asked.segment, asked.after, asked.limit)) {
    auto label = owned.label(flip.profile);
    piece.flips.push_back({std::move(flip), std::move(label)});
  }
  // Whoever is ahead of the feed would hear nothing of what comes until it has caught up.
  if (piece.flips.empty() && asked.after > last_sequence(owned, asked.segment))
    return to_error({model::failure_code::invalid_input, "the feed has not come so far"});
  return piece;
}

caf::result<finished> to_unit(const model::status& s) {
  if (s)
    return finished{};
  return to_error(s.error());
}

// --- beginning anew ------------------------------------------------------------------------------

/// What the partition has half done and what it told of due times is for whoever opened it.
void take_up(self_pointer self) {
  auto& state = self->state;
  state.is_building = state.is_merging = state.was_build_last = false;
  for (const auto& s : state.parts.owned->segments())
    state.is_building = state.is_building
                     || s.pending_version != 0; // What a crash or a restart has interrupted.
  state.was_due_told = false;
  state.last_report = {};
  note_change(self);
  start_working(self);
  tell_due(self);
}

template <class Waiting>
void refuse_each(Waiting& all, const caf::error& why) {
  for (auto& [number, reply] : std::exchange(all, {}))
    reply.deliver(why);
}

/// What is read in slices has lost its place.
void refuse_questions(self_pointer self, const model::failure& why) {
  auto& state = self->state;
  const auto e = to_error(why);
  refuse_each(state.preview_replies, e);
  refuse_each(state.comparison_replies, e);
  refuse_each(state.survey_replies, e);
  refuse_each(state.sum_replies, e);
  for (auto& [number, reply] : std::exchange(state.listing_replies, {}))
    reply(why);
}

caf::result<finished> restart(self_pointer self) {
  auto& state = self->state;
  const auto index = state.parts.index;
  if (!state.parts.reopen)
    return to_error({model::failure_code::unavailable,
                     fmt::format("partition {} lives in memory and cannot be restarted", index)});
  refuse_questions(self, {model::failure_code::unavailable,
                          fmt::format("partition {} was restarted meanwhile; ask again", index)});
  announce_waiting(self);    // Their profiles' names stand in the partition.
  state.parts.owned.reset(); // First: a directory is open once.
  auto opened = state.parts.reopen();
  if (!opened) {
    spdlog::error("profile/{}: cannot open again: {}", index, opened.error().message);
    self->note_error(opened.error().message);
    self->quit(to_error(opened.error()));
    return to_error(opened.error());
  }
  state.parts.owned = std::move(*opened);
  state.trouble.clear();
  spdlog::info("profile/{}: restarted: at log record {}", index,
               state.parts.owned->figures().log_last);
  take_up(self);
  // Nothing is new, but who watches may have missed that something was.
  for (const auto& s : state.parts.owned->segments())
    if (const auto watcher = state.watchers.find(s.id); watcher != state.watchers.end())
      self->send(watcher->second,
                 flips_happened{index, s.id, std::make_shared<const std::vector<named_flip>>(),
                                s.last_sequence});
  return finished{};
}

caf::result<finished> define(self_pointer self, const define_segments& order) {
  auto& state = self->state;
  std::vector<new_definition> all;
  for (const auto& d : order.all)
    all.push_back({d.segment, d.version, *d.json});
  const auto defined = state.parts.owned->define(all, state.parts.clock->now());
  if (!defined) {
    note_trouble(self, defined.error());
    return to_error(defined.error());
  }
  state.is_building = true;
  start_working(self);
  return finished{};
}

void look_whether_idle(self_pointer self) {
  auto& state = self->state;
  state.is_look_on_its_way = false;
  if (steady::now() - state.last_change < idle_after) {
    state.is_look_on_its_way = true;
    self->delayed_send(self, idle_after, look_idle{});
    return;
  }
  state.is_idle = true;
  if (state.parts.owned->wants_merge(true))
    start_working(self);
}

} // namespace

profile_actor::behavior_type profile(self_pointer self,
                                     std::shared_ptr<profile_actor_parts> parts) {
  self->call_it("profile", "profile/" + std::to_string(parts->index));
  auto& state = self->state;
  state.parts = std::move(*parts);
  take_up(self);
  return {
    [self](commit_changes& order) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<part_committed>>();
      take_part(self, order, reply);
      return reply;
    },
    [self](const fold_delta&) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<finished>>();
      self->state.fold_replies.push_back(reply);
      start_working(self);
      return reply;
    },
    [self](const tick& t) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<ticked>>();
      auto& to = self->state.tick_to;
      to = to ? std::max(*to, t.now) : t.now;
      if (t.tells_due)
        self->state.was_due_told = false;
      self->state.tick_replies.push_back(reply);
      start_working(self);
      return reply;
    },
    [self](const define_segments& order) { return define(self, order); },
    [self](const drop_segment& order) {
      return to_unit(self->state.parts.owned->drop(order.segment, self->state.parts.clock->now()));
    },
    [self](const stop_build& order) {
      return to_unit(
        self->state.parts.owned->cancel_build(order.segment, self->state.parts.clock->now()));
    },
    [self](const watch_flips& order) {
      self->state.watchers[order.segment] = order.listener;
      return last_sequence(*self->state.parts.owned, order.segment);
    },
    [self](const unwatch_flips& order) { self->state.watchers.erase(order.segment); },
    [self](const count_members& asked) { return self->state.parts.owned->count(asked.segment); },
    [self](const list_members& asked) { return name_members(self->state.parts, asked); },
    [self](const ask_joined& asked) {
      return joined_instants{self->state.parts.owned->joined_at(asked.segment, asked.profiles)};
    },
    [self](const list_joined& asked) { return name_joined(self->state.parts, asked); },
    [self](const read_feed& asked) { return name_flips(*self->state.parts.owned, asked); },
    [self](const preview_members& asked) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<preview_answer>>();
      preview(self, asked, reply);
      return reply;
    },
    [self](const compare_members& asked) {
      const auto reply = self
                           ->make_response_promise<caf::typed_response_promise<compared_members>>();
      begin_comparison(self, asked, reply);
      return reply;
    },
    [self](const survey_sends& asked) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<surveyed_sends>>();
      self->state.survey_replies.emplace(self->state.parts.owned->begin_survey(*asked.order),
                                         reply);
      start_working(self);
      return reply;
    },
    [self](const add_up& asked) {
      const auto reply = self->make_response_promise<caf::typed_response_promise<added_up>>();
      self->state.sum_replies.emplace(
        self->state.parts.owned->begin_fold(*asked.order, *asked.objects), reply);
      start_working(self);
      return reply;
    },
    [self](const label_profiles& asked) {
      profile_labels answer;
      for (const auto profile : asked.profiles)
        answer.labels.push_back(self->state.parts.owned->label(profile));
      return answer;
    },
    [self](const explain_membership& asked) {
      return to_result(self->state.parts.owned->explain(asked.segment, asked.profile));
    },
    [self](const show_profile& asked) {
      return to_result(self->state.parts.owned->profile_json(asked.profile, true));
    },
    [self](const show_profiles& asked) { return show_all(*self->state.parts.owned, asked); },
    [self](const list_profiles& order) { return list<profile_lines>(self, order.asked); },
    [self](const list_events& order) { return list<event_keys>(self, order.asked); },
    [self](const sample_properties& order) { return list<property_samples>(self, order.asked); },
    [self](const read_events& asked) { return read_all_events(*self->state.parts.owned, asked); },
    [self](const sum_metrics&) { return metric_sums{self->state.parts.owned->metrics()}; },
    [self](const read_figures&) {
      const auto& s = self->state;
      return partition_report{s.parts.owned->figures(), s.trouble, s.waiting_records, s.is_merging,
                              s.is_building};
    },
    [self](const read_segments&) { return segment_statuses{self->state.parts.owned->segments()}; },
    [self](const read_last_of& asked) { return self->state.parts.owned->last_of(asked.source); },
    [self](const list_identifiers& asked) {
      return print_identifiers(*self->state.parts.owned, asked.key);
    },
    [self](const export_person& asked) -> caf::result<exported_person> {
      auto exported = self->state.parts.owned->export_profile(asked.profile, asked.into);
      if (!exported)
        return to_error(exported.error());
      return exported_person{std::make_shared<const model::change_batch>(std::move(*exported))};
    },
    [self](const check_partition& asked) {
      return partition_faults{self->state.parts.owned->check(asked.step)};
    },
    [self](const begin_anew&) { return restart(self); },
    [self](const commit_waiting&) {
      self->state.is_commit_on_its_way = false;
      commit_all_waiting(self);
    },
    [self](const do_work&) {
      self->state.is_work_on_its_way = false;
      work(self);
    },
    [self](const announce_flips&) {
      self->state.is_announcement_on_its_way = false;
      announce_waiting(self);
    },
    [self](const look_idle&) { look_whether_idle(self); },
    [self](const retry_work&) {
      self->state.is_retry_on_its_way = false;
      start_working(self);
    },
  };
}

} // namespace actors
