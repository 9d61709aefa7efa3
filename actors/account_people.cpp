#include "actors/account_parts.hpp"
#include "actors/countdown.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <utility>

namespace actors::account_parts {

namespace {

constexpr std::string_view merge_source = "#merge";   // Of absorbed changes nobody counts.
constexpr std::string_view merged_source = "#merged"; // Of the erasures behind merges.

void people_are_known(self_pointer self, const std::optional<model::failure>& failed) {
  self->state.is_loading_people = false;
  for (auto& then : std::exchange(self->state.wait_for_people, {}))
    then(failed);
  go_on(self);
}

/// "#2:17".
std::optional<profile_place> parse_place(std::string_view text, const identity& people,
                                         std::size_t partitions) {
  if (!text.starts_with('#'))
    return {};
  profile_place place;
  const auto* end = text.data() + text.size();
  const auto [colon, bad_partition] = std::from_chars(text.data() + 1, end, place.partition);
  if (bad_partition != std::errc{} || colon == end || *colon != ':')
    return {};
  const auto [rest, bad_profile] = std::from_chars(colon + 1, end, place.profile);
  if (bad_profile != std::errc{} || rest != end || place.partition >= partitions
      || place.profile >= people.numbers(place.partition))
    return {};
  return place;
}

/// One record about one profile, as a part of its own.
batch_part_ptr single_part(model::change_kind kind, std::uint32_t profile, model::flip_cause cause,
                           std::string_view source, std::uint64_t sequence) {
  auto part = std::make_shared<batch_part>();
  model::change_record record;
  record.kind = kind;
  record.profile = profile;
  part->changes.records.push_back(record);
  part->origins.push_back(0);
  part->cause = cause;
  part->source = source;
  part->source_sequence = sequence;
  return part;
}

using merge_callback = std::function<void(std::optional<model::failure>)>;

model::failure merge_waits(const model::failure& why) {
  return {why.code,
          fmt::format("the merge is recorded and will be completed later: {}", why.message)};
}

/// The last step: what `from` was called leads to `into` where that lacked such a name.
void hand_over_names(self_pointer self, const person_merge& merge, const part_committed& done) {
  auto& people = self->state.people;
  if (!people)
    return;
  for (const auto& r : done.released) {
    const auto kind = static_cast<identifier_kind>(r.kind);
    people->release(kind, r.text, {merge.from.partition, r.profile});
    if (r.profile == merge.from.profile && !people->has(merge.into, kind))
      people->bind(kind, r.text, merge.into);
  }
}

void finish_merge(self_pointer self, const person_merge& merge, const merge_callback& then) {
  const auto ended = self->state.parts.store->end_merge(merge.number);
  then(ended ? std::nullopt : std::optional{merge_waits(ended.error())});
}

void forget_merged(self_pointer self, const person_merge& merge, const merge_callback& then) {
  auto& state = self->state;
  auto part = single_part(model::change_kind::erase, merge.from.profile, model::flip_cause::merge,
                          merged_source, merge.number);
  self
    ->request(state.parts.profiles[merge.from.partition], caf::infinite,
              commit_changes{std::move(part), state.attempt})
    .then(
      [=](const part_committed& done) {
        hand_over_names(self, merge, done);
        finish_merge(self, merge, then);
      },
      [=](const caf::error& e) { then(merge_waits(to_failure(e, "forget the merged profile"))); });
}

void absorb(self_pointer self, const person_merge& merge, const model::change_batch& changes,
            const merge_callback& then) {
  auto& state = self->state;
  auto part = std::make_shared<batch_part>();
  part->changes = changes;
  for (std::uint32_t i = 0; i < part->changes.records.size(); ++i)
    part->origins.push_back(i);
  part->cause = model::flip_cause::merge;
  part->source = merge.source.empty() ? std::string{merge_source} : merge.source;
  part->source_sequence = merge.source.empty() ? merge.number : merge.source_sequence;
  self
    ->request(state.parts.profiles[merge.into.partition], caf::infinite,
              commit_changes{std::move(part), state.attempt})
    .then([=](const part_committed&) { forget_merged(self, merge, then); },
          [=](const caf::error& e) {
            then(merge_waits(to_failure(e, "hand over what the profile did")));
          });
}

void carry_out_merge(self_pointer self, const person_merge& merge, const merge_callback& then) {
  self
    ->request(self->state.parts.profiles[merge.from.partition], caf::infinite,
              export_person{merge.from.profile, merge.into.profile})
    .then(
      [=](const exported_person& exported) { absorb(self, merge, *exported.changes, then); },
      [=](const caf::error& e) {
        const auto why = to_failure(e, "read what the profile did");
        if (why.code
            == model::failure_code::not_found) // It was forgotten already; only the end is missing.
          finish_merge(self, merge, then);
        else
          then(merge_waits(why));
      });
}

} // namespace

void with_people(self_pointer self,
                 std::function<void(const std::optional<model::failure>&)> then) {
  auto& state = self->state;
  if (state.broken || (state.people && !state.is_loading_people)) {
    then(state.broken);
    return;
  }
  state.wait_for_people.push_back(std::move(then));
  if (std::exchange(state.is_loading_people, true))
    return;
  auto& profiles = state.parts.profiles;
  state.people = std::make_unique<identity>(static_cast<std::uint32_t>(profiles.size()),
                                            state.parts.identity_key);
  const auto all = countdown::from(
    profiles.size(), [self](const std::optional<caf::error>& failed) {
      if (failed)
        self->state.people.reset();
      people_are_known(self, failed ? std::optional{to_failure(*failed, "learn who is called what")}
                                    : std::nullopt);
    });
  for (std::uint32_t p = 0; p < profiles.size(); ++p)
    self->request(profiles[p], caf::infinite, list_identifiers{state.parts.identity_key})
      .then(
        [=](const identifier_list& told) {
          if (self->state.people)
            self->state.people->load(p, told.number_count, *told.all);
          all->one_done();
        },
        [=](caf::error& e) { all->one_failed(std::move(e)); });
}

std::optional<profile_place> find_anybody(self_pointer self, std::string_view identifier) {
  const auto& people = *self->state.people;
  for (std::size_t kind = 0; kind < identifier_kinds; ++kind)
    if (const auto place = people.find(static_cast<identifier_kind>(kind), identifier))
      return place;
  return parse_place(identifier, people, self->state.parts.profiles.size());
}

model::failure nobody_called(std::string_view identifier) {
  return {
    model::failure_code::not_found,
    fmt::format("there is no profile with external id, email or phone number \"{}\"", identifier)};
}

model::status merge_two(self_pointer self, person_merge merge, merge_callback then) {
  auto begun = self->state.parts.store->begin_merge(std::move(merge));
  if (!begun)
    return begun.error();
  carry_out_merge(self, *begun, then);
  return model::nothing{};
}

void finish_merges(self_pointer self, merge_callback then) {
  auto merges = self->state.parts.store->load_merges();
  if (!merges) {
    then(merges.error());
    return;
  }
  if (merges->empty()) {
    then({});
    return;
  }
  spdlog::info("account: completes {} interrupted merges of profiles", merges->size());
  carry_out_merge(self, merges->front(), [=](std::optional<model::failure> failed) {
    if (failed)
      then(std::move(failed));
    else
      finish_merges(self, then);
  });
}

} // namespace actors::account_parts
