#include "actors/subscriber.hpp"
#include "library/engine_parts.hpp"
#include "library/ordered.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cinttypes>
#include <cstdio>
#include <iterator>
#include <thread>
#include <utility>

namespace rollcall {

namespace {

using messages::operation_kind;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr std::size_t page_max = 100'000;
constexpr std::chrono::milliseconds look_again{20}; // At a build that has not begun yet.

definition_outcome<std::vector<segment_info>>
to_answer(outcome<actors::definition_answer>&& answered) {
  if (!answered)
    return answered.error();
  if (!answered->errors.empty()) {
    auto why = wrong_definition(answered->errors);
    return {std::move(why), to_faults(std::move(answered->errors))};
  }
  std::vector<segment_info> infos;
  for (auto& one : answered->all)
    infos.push_back(describe(one.entry, std::move(one.references)));
  return infos;
}

definition_outcome<segment_info> only_one(definition_outcome<std::vector<segment_info>> answer) {
  if (!answer)
    return {answer.error(), answer.faults()};
  return std::move(answer->front());
}

status check_limit(std::size_t limit) {
  if (limit == 0 || limit > page_max)
    return failure{failure_code::invalid_input,
                   fmt::format("a page of {}: 1 to {} are possible", limit, page_max)};
  return model::nothing{};
}

void put(flip_record& into, const actors::segment_identity& segment, std::uint32_t partition,
         const actors::named_flip& flip) {
  into.segment = segment.name;
  into.segment_id = segment.id;
  into.partition = partition;
  into.sequence = flip.what.sequence;
  into.profile = flip.profile;
  into.joined = flip.what.joined;
  into.cause = flip.what.cause;
  into.at = flip.what.at;
  into.detail = flip.what.detail;
  into.place = {partition, flip.what.profile};
}

/// Where the partitions stand with every segment.
using statuses = std::vector<actors::segment_statuses>;

void add_state(segment_info& info, const actors::segment_entry& entry, const statuses& all) {
  std::uint32_t least = UINT32_MAX;
  bool is_pending = false;
  for (const auto& partition : all) {
    std::uint32_t version = 0;
    for (const auto& s : partition.segments)
      if (s.id == entry.number) {
        version = s.version;
        info.members += s.members;
        is_pending = is_pending || s.pending_version != 0;
      }
    least = std::min(least, version);
  }
  if (least == entry.version())
    info.state = segment_state::live;
  else if (entry.is_cancelled && !is_pending)
    info.state = segment_state::cancelled;
  else
    info.state = least == 0 ? segment_state::building : segment_state::updating;
}

/// "2:1234": goes on after profile 1234 of partition 2; "2:" begins with partition 2.
std::optional<actors::list_all> parse_member_cursor(std::string_view text, std::size_t limit) {
  actors::list_all asked;
  asked.limit = limit;
  if (text.empty())
    return asked;
  const auto* end = text.data() + text.size();
  const auto [colon, bad_partition] = std::from_chars(text.data(), end, asked.partition);
  if (bad_partition != std::errc{} || colon == end || *colon != ':')
    return {};
  std::uint32_t after = 0;
  const auto [rest, bad_profile] = std::from_chars(colon + 1, end, after);
  if (bad_profile != std::errc{} || rest != end)
    return {};
  asked.after = after;
  return asked;
}

using all_defined = definition_outcome<std::vector<segment_info>>;

failure bad_cursor(std::string_view cursor) {
  return {failure_code::invalid_input,
          fmt::format("\"{}\" is no cursor of this segment; use one that a page came with, or none",
                      cursor)};
}

build_report to_report(const actors::build_state& state) {
  build_report r;
  r.percent = 100 * state.share;
  r.profiles_done = state.profiles_done;
  r.profiles = state.profiles;
  r.segments = state.segments;
  r.left = state.left;
  return r;
}

} // namespace

std::vector<definition_fault> to_faults(std::vector<segments::definition_error> errors) {
  std::vector<definition_fault> faults;
  for (auto& e : errors)
    faults.push_back({std::move(e.pointer), std::move(e.found), std::move(e.allowed)});
  return faults;
}

failure wrong_definition(const std::vector<segments::definition_error>& errors) {
  return {failure_code::invalid_input, "the definition is wrong:\n" + segments::describe(errors)};
}

const char* name_of(segment_state state) {
  switch (state) {
  case segment_state::building:
    return "building";
  case segment_state::live:
    return "live";
  case segment_state::updating:
    return "updating";
  case segment_state::cancelled:
    return "cancelled";
  }
  return "unknown";
}

segment_info describe(const actors::segment_entry& entry, std::vector<std::string> references) {
  segment_info info;
  info.id = entry.id;
  info.name = entry.name;
  info.version = entry.version();
  info.created = entry.created;
  info.is_active = entry.is_active;
  info.json = entry.json();
  info.references = std::move(references);
  for (const auto& e : entry.editions)
    info.history.push_back({e.version, e.at, e.reason, e.json});
  return info;
}

// --- definitions ---------------------------------------------------------------------------------

definition_outcome<segment_info> engine::create(std::string_view name, std::string_view json) {
  return only_one(create({new_segment{std::string{name}, std::string{json}}}));
}

definition_outcome<std::vector<segment_info>> engine::create(std::vector<new_segment> segments) {
  if (segments.empty())
    return std::vector<segment_info>{};
  messages::operation wanted{.kind = operation_kind::create_segments};
  if (parts_->order)
    for (const auto& s : segments)
      wanted.texts.insert(wanted.texts.end(), {s.name, s.json});
  return in_order<all_defined>(*parts_, wanted, [&]() -> all_defined {
    actors::create_segments order;
    for (auto& s : segments)
      order.all.push_back({std::move(s.name), std::move(s.json)});
    return to_answer(
      parts_->ask<actors::definition_answer>(parts_->account, std::move(order), "create segments"));
  });
}

definition_outcome<segment_info> engine::edit(std::string_view segment, std::string_view json) {
  return in_order<definition_outcome<segment_info>>(
    *parts_,
    {.kind = operation_kind::edit_segment, .texts = {std::string{segment}, std::string{json}}},
    [&]() -> definition_outcome<segment_info> {
      return only_one(to_answer(parts_->ask<actors::definition_answer>(
        parts_->account, actors::edit_segment{std::string{segment}, std::string{json}},
        "edit a segment")));
    });
}

definition_outcome<segment_info> engine::set_active(std::string_view segment, bool is_active) {
  return in_order<definition_outcome<segment_info>>(
    *parts_,
    {.kind = operation_kind::activate_segment, .texts = {std::string{segment}}, .is_so = is_active},
    [&]() -> definition_outcome<segment_info> {
      return only_one(to_answer(parts_->ask<actors::definition_answer>(
        parts_->account, actors::activate_segment{std::string{segment}, is_active},
        is_active ? "activate a segment" : "deactivate a segment")));
    });
}

outcome<segment_info> engine::rename(std::string_view segment, std::string_view name) {
  return in_order<outcome<segment_info>>(
    *parts_,
    {.kind = operation_kind::rename_segment, .texts = {std::string{segment}, std::string{name}}},
    [&]() -> outcome<segment_info> {
      const auto renamed = parts_->ask<actors::found_segment>(
        parts_->account, actors::rename_segment{std::string{segment}, std::string{name}},
        "rename a segment");
      if (!renamed)
        return renamed.error();
      return show(renamed->entry.id);
    });
}

status engine::drop(std::string_view segment) {
  return in_order<status>(
    *parts_, {.kind = operation_kind::drop_segment, .texts = {std::string{segment}}}, [&] {
      return parts_->done(parts_->ask<actors::finished>(
        parts_->account, actors::remove_segment{std::string{segment}}, "drop a segment"));
    });
}

outcome<std::vector<segment_info>> engine::list() {
  return guarded([&]() -> outcome<std::vector<segment_info>> {
    auto listed = parts_->ask<actors::segment_list>(parts_->account, actors::list_segments{},
                                                    "list the segments");
    if (!listed)
      return listed.error();
    auto all = parts_->ask_all<actors::segment_statuses>(actors::read_segments{},
                                                         "list the segments");
    if (!all)
      return all.error();
    std::vector<segment_info> infos;
    for (auto& line : listed->segments) {
      auto info = describe(line.entry, std::move(line.references));
      info.history.clear();
      add_state(info, line.entry, *all);
      infos.push_back(std::move(info));
    }
    std::sort(infos.begin(), infos.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return infos;
  });
}

outcome<segment_info> engine::show(std::string_view segment) {
  return guarded([&]() -> outcome<segment_info> {
    auto found = parts_->find(segment);
    if (!found)
      return found.error();
    auto all = parts_->ask_all<actors::segment_statuses>(actors::read_segments{}, "show a segment");
    if (!all)
      return all.error();
    auto info = describe(found->entry, std::move(found->references));
    add_state(info, found->entry, *all);
    return info;
  });
}

// --- builds --------------------------------------------------------------------------------------

status engine::wait_built(std::string_view segment,
                          const std::function<bool(const build_report&)>& progress) {
  return guarded([&]() -> status {
    for (;;) {
      auto found = parts_->find(segment); // Again each time: it may have been edited or dropped.
      if (!found)
        return found.error();
      auto state = parts_->ask<actors::build_state>(
        parts_->builds, actors::await_build{found->entry.number}, "ask how far a build has come");
      if (!state)
        return state.error();
      if (state->version_in_force >= found->entry.version())
        break;
      if (state->is_cancelled || found->entry.is_cancelled)
        return failure{failure_code::cancelled,
                       fmt::format("the build of segment \"{}\" was cancelled", segment)};
      if (!state->is_going && !state->trouble.empty())
        return failure{failure_code::unavailable, state->trouble};
      if (progress && !progress(to_report(*state))) {
        if (auto cancelled = cancel_build(segment);
            !cancelled && cancelled.error().code != failure_code::not_found)
          return cancelled;
        continue;
      }
      if (!state->is_going || !state->trouble.empty()) // Told at once.
        std::this_thread::sleep_for(look_again);
    }
    if (progress)
      progress({100, 0, 0, 0, std::chrono::milliseconds{0}});
    return model::nothing{};
  });
}

status engine::cancel_build(std::string_view segment) {
  return in_order<status>(
    *parts_, {.kind = operation_kind::cancel_build, .texts = {std::string{segment}}}, [&] {
      return parts_->done(parts_->ask<actors::finished>(
        parts_->account, actors::cancel_segment{std::string{segment}}, "cancel a build"));
    });
}

outcome<std::vector<running_build>> engine::builds() {
  return guarded([&]() -> outcome<std::vector<running_build>> {
    const auto going = parts_->ask<actors::build_list>(parts_->builds, actors::list_builds{},
                                                       "list the builds");
    if (!going)
      return going.error();
    const auto listed = parts_->ask<actors::segment_list>(parts_->account, actors::list_segments{},
                                                          "list the segments");
    if (!listed)
      return listed.error();
    std::vector<running_build> all;
    for (const auto& b : going->builds)
      for (const auto& line : listed->segments)
        if (line.entry.number == b.segment)
          all.push_back(
            {line.entry.name, line.entry.id, b.version, to_report(b.state), b.state.trouble});
    return all;
  });
}

// --- members -------------------------------------------------------------------------------------

outcome<std::uint64_t> engine::count(std::string_view segment) {
  return guarded([&] {
    return parts_->ask_segment<std::uint64_t>(segment, actors::count_all{}, "count members");
  });
}

outcome<member_page> engine::members(std::string_view segment, std::string_view cursor,
                                     std::size_t limit) {
  return guarded([&]() -> outcome<member_page> {
    if (auto checked = check_limit(limit); !checked)
      return checked.error();
    const auto asked = parse_member_cursor(cursor, limit);
    if (!asked)
      return bad_cursor(cursor);
    auto found = parts_->ask_segment<actors::all_members>(segment, *asked, "list members");
    if (!found)
      return found.error();
    member_page page;
    for (auto& m : found->members)
      page.members.push_back(
        {std::move(m.profile), m.joined_at, {m.place.partition, m.place.profile}});
    if (found->next)
      page.cursor = fmt::format("{}:{}", found->next->first, found->next->second);
    return page;
  });
}

namespace {

/// "joined 1700000000000 2 1234": goes on behind who joined at that instant.
std::optional<actors::joining> parse_joining(std::string_view text) {
  std::int64_t ms = 0;
  actors::joining at;
  const std::string words{text};
  int length = 0;
  if (std::sscanf(words.c_str(), "joined %" SCNd64 " %" SCNu32 " %" SCNu32 "%n", &ms, &at.partition,
                  &at.profile, &length)
        != 3
      || static_cast<std::size_t>(length) != words.size())
    return std::nullopt;
  at.at = model::from_ms(ms);
  return at;
}

} // namespace

outcome<member_page> engine::members(std::string_view segment, const member_order& order,
                                     std::string_view cursor, std::size_t limit) {
  return guarded([&]() -> outcome<member_page> {
    if (auto checked = check_limit(limit); !checked)
      return checked.error();
    const auto found = parts_->find(segment);
    if (!found)
      return found.error();
    actors::list_joined asked{found->entry.number, order.is_descending, order.from, order.to,
                              parse_joining(cursor)};
    asked.limit = limit + 1; // One more tells whether there is another page.
    if (!cursor.empty() && !asked.after)
      return bad_cursor(cursor);
    auto pages = parts_->ask_all<actors::member_list>(asked, "list members by joining");
    if (!pages)
      return pages.error();
    std::vector<actors::named_member> all;
    for (auto& page : *pages)
      std::move(page.members.begin(), page.members.end(), std::back_inserter(all));
    const auto key_of = [](const actors::named_member& m) {
      return actors::joining{m.joined_at, m.place.partition, m.place.profile};
    };
    std::ranges::sort(all, [&](const auto& a, const auto& b) {
      return order.is_descending ? key_of(b) < key_of(a) : key_of(a) < key_of(b);
    });
    member_page page;
    if (all.size() > limit) {
      all.resize(limit);
      const auto last = key_of(all.back());
      page.cursor = fmt::format("joined {} {} {}", model::to_ms(last.at), last.partition,
                                last.profile);
    }
    for (auto& m : all)
      page.members.push_back(
        {std::move(m.profile), m.joined_at, {m.place.partition, m.place.profile}});
    return page;
  });
}

outcome<std::vector<std::optional<model::instant>>>
engine::joined_at(std::string_view segment, std::span<const profile_place> places) {
  return guarded([&]() -> outcome<std::vector<std::optional<model::instant>>> {
    const auto found = parts_->find(segment);
    if (!found)
      return found.error();
    std::vector<std::vector<std::size_t>> asked_at(parts_->profiles.size());
    for (std::size_t i = 0; i < places.size(); ++i)
      if (places[i].partition < asked_at.size())
        asked_at[places[i].partition].push_back(i);
    const auto told = parts_->ask_some<actors::joined_instants>(
      [&](std::size_t p) -> std::optional<actors::ask_joined> {
        if (asked_at[p].empty())
          return std::nullopt;
        actors::ask_joined question{found->entry.number, {}};
        for (const auto i : asked_at[p])
          question.profiles.push_back(places[i].number);
        return question;
      },
      "ask who joined when");
    if (!told)
      return told.error();
    std::vector<std::optional<model::instant>> all(places.size());
    for (std::size_t p = 0; p < asked_at.size(); ++p)
      for (std::size_t i = 0; i < asked_at[p].size(); ++i)
        all[asked_at[p][i]] = (*told)[p].at[i];
    return all;
  });
}

outcome<std::string> engine::explain(std::string_view segment, std::string_view identifier) {
  return guarded([&]() -> outcome<std::string> {
    auto found = parts_->find(segment);
    if (!found)
      return found.error();
    auto who = parts_->ask<actors::found_person>(
      parts_->account, actors::find_person{std::string{identifier}}, "find a profile");
    if (!who)
      return who.error();
    return parts_->ask<std::string>(
      parts_->profiles[who->place.partition],
      actors::explain_membership{found->entry.number, who->place.profile}, "explain a membership");
  });
}

// --- feeds ---------------------------------------------------------------------------------------

outcome<feed_page> engine::feed(std::string_view segment, std::string_view cursor,
                                std::size_t limit) {
  return guarded([&]() -> outcome<feed_page> {
    if (auto checked = check_limit(limit); !checked)
      return checked.error();
    auto after = actors::parse_cursor(cursor, parts_->profiles.size());
    if (!after)
      return bad_cursor(cursor);
    auto found = parts_->find(segment);
    if (!found)
      return found.error();
    const actors::segment_identity whose{found->entry.number, found->entry.id, found->entry.name};
    auto read = parts_->ask_segment<actors::all_flips>(
      whose.id, actors::read_all{std::move(*after), limit}, "read a feed");
    if (!read)
      return read.error().code == failure_code::invalid_input ? bad_cursor(cursor) : read.error();
    feed_page page;
    page.cursor = actors::format_cursor(read->next);
    for (const auto& one : read->flips)
      put(page.flips.emplace_back(), whose, one.partition, one.flip);
    return page;
  });
}

outcome<std::string> engine::feed_end(std::string_view segment) {
  return guarded([&]() -> outcome<std::string> {
    auto end = parts_->ask_segment<actors::feed_end_answer>(segment, actors::ask_feed_end{},
                                                            "find a feed's end");
    if (!end)
      return end.error();
    return actors::format_cursor(end->end);
  });
}

outcome<subscription> engine::subscribe(std::string_view segment,
                                        std::function<void(const flip_record&)> heard,
                                        std::string_view cursor) {
  return guarded([&]() -> outcome<subscription> {
    std::optional<actors::feed_cursor> after;
    if (!cursor.empty()) {
      after = actors::parse_cursor(cursor, parts_->profiles.size());
      if (!after || segment.empty())
        return bad_cursor(cursor);
      if (const auto readable = feed(segment, cursor, 1); !readable)
        return readable.error();
    }
    auto who = parts_->system->spawn<caf::detached>(
      actors::subscriber, [heard = std::move(heard),
                           record = flip_record{}](const actors::segment_flips& told) mutable {
        // One record for all: its texts keep their memory.
        for (const auto& piece : told.pieces)
          for (const auto& flip : piece.flips()) {
            put(record, *told.segment, piece.partition, flip);
            heard(record);
          }
      });
    auto live = std::make_shared<live_subscription>(who);
    auto begun = segment.empty()
                 ? parts_->ask<actors::finished>(parts_->account, actors::subscribe_to_all{who},
                                                 "subscribe to all segments")
                 : parts_->ask_segment<actors::finished>(
                   segment, actors::subscribe_to_flips{who, after}, "subscribe to a segment");
    if (!begun)
      return begun.error();
    const std::lock_guard lock{parts_->subscriptions_guard};
    std::erase_if(parts_->subscriptions, [](const auto& weak) { return weak.expired(); });
    parts_->subscriptions.push_back(live);
    return subscription{std::move(live)};
  });
}

void live_subscription::end() {
  const std::lock_guard lock{guard_};
  if (!who_)
    return;
  auto& system = who_->home_system();
  const bool is_called_by_itself = actors::current_actor == who_->id();
  caf::scoped_actor self{system};
  actors::stop_soon(caf::actor_cast<caf::strong_actor_ptr>(*who_));
  if (!is_called_by_itself)
    self->wait_for(*who_);
  who_.reset();
}

} // namespace rollcall
