#include "metrics/fold_state.hpp"

#include <algorithm>
#include <cmath>

namespace metrics {

void fold_state::read(const model::block_view& block, std::uint32_t first, std::uint32_t profiles) {
  for (auto& s : streams_) {
    s.events.turn_to_block(block);
    if (s.messages)
      s.messages->turn_to_block();
  }
  for (auto& a : attributes_)
    a.turn_to_block(block);
  if (goes_by_columns_)
    prepare_columns();
  const auto is_read = [&](std::uint32_t row) { return early_.has(first + row); };
  if (counts_by_key_)
    each_clean_run(block, std::min(profiles, block.profiles()), is_read,
                   [&](std::uint32_t begin, std::uint32_t end) { count_rows(begin, end, first); });
  each_row(block, std::min(profiles, block.profiles()), [&](std::uint32_t row, bool is_dirty) {
    if (is_read(row))
      return;
    if (is_dirty) {
      read_profile(block.profile(row), first + row);
      return;
    }
    if (counts_by_key_)
      return;
    if (goes_by_columns_) {
      profile_ = first + row;
      ++result_.profiles;
      count_row(row);
      return;
    }
    for (auto& s : streams_)
      s.events.turn_to_row(row);
    for (auto& a : attributes_)
      a.turn_to_row(row);
    count_profile(first + row);
  });
  if (goes_by_columns_)
    end_columns();
}

void fold_state::read_early(const model::profile_view& profile, std::uint32_t number) {
  if (early_.add(number))
    read_profile(profile, number);
}

fold_result fold_state::result() {
  auto made = std::move(result_);
  made.rollups = cells_.rows();
  made.kept = cells_.kept();
  made.makers = cells_.makers();
  return made;
}

void fold_state::read_profile(const model::profile_view& profile, std::uint32_t number) {
  for (auto& s : streams_)
    s.events.turn_to_profile(profile);
  for (auto& a : attributes_)
    a.view = &profile;
  count_profile(number);
}

void fold_state::count_profile(std::uint32_t number) {
  profile_ = number;
  ++result_.profiles;
  if (!profile_measures_.empty())
    count_living();
  if (order_.kind == datasource_kind::messages)
    count_messages();
  else
    count_events();
}

void fold_state::count_living() {
  fill_values(nullptr, no_time, no_time);
  const auto cell = cells_.cell(cells::no_message, 0, cell_values_);
  for (const auto m : profile_measures_) {
    if (cell == cells::filtered_out) {
      exclude(m, exclusion::filtered_out);
      continue;
    }
    ++result_.tallies[m].counted;
    cells_.add_event(cell, m, model::no_value, profile_);
  }
}

void fold_state::count_events() {
  for (std::uint32_t s = 0; s < streams_.size(); ++s) {
    const auto size = streams_[s].events.size();
    result_.events += size;
    for (std::uint32_t i = 0; i < size; ++i) {
      seen e{streams_[s].events.time(i), s, i};
      mark_machines(streams_[s], e);
      count(e, streams_[s].measures);
    }
  }
}

void fold_state::count_messages() {
  gather();
  if (seen_.empty() && !has_conversions_)
    return;
  for (const auto& e : seen_)
    result_.without_send += count(e, streams_[e.stream].measures) ? 1 : 0;
  if (credited_.empty())
    return;
  gather_touches();
  give_credit();
}

void fold_state::gather() {
  seen_.clear();
  sends_.clear();
  has_conversions_ = false;
  for (std::uint32_t s = 0; s < streams_.size(); ++s) {
    auto& stream = streams_[s];
    const auto size = stream.events.size();
    result_.events += size;
    has_conversions_ = has_conversions_ || (stream.order->is_conversion && size != 0);
    if (!stream.messages)
      continue;
    for (std::uint32_t i = 0; i < size; ++i) {
      seen e{stream.events.time(i), s, i};
      mark(stream, e);
      if (stream.order->is_send && e.message != message_reader::none
          && rows_[e.message].owner == message_owner::flow)
        sends_.push_back({e.time, rows_[e.message].identity});
      seen_.push_back(e);
    }
  }
  std::ranges::stable_sort(sends_, {}, &flow_send::time);
}

void fold_state::mark(stream_state& stream, seen& e) {
  e.message = message_of(stream, e.place);
  mark_machines(stream, e);
}

void fold_state::mark_machines(stream_state& stream, seen& e) const {
  if (stream.order->is_click)
    e.is_bot = stream.events.property(e.place, stream.bot_slot) == truth_;
  if (stream.order->is_open)
    e.is_apple = stream.events.property(e.place, stream.apple_slot) == truth_;
}

std::uint32_t fold_state::message_of(stream_state& stream, std::uint32_t i) {
  const auto message = stream.messages->message(i, messages_);
  while (rows_.size() < messages_.size())
    describe_message(static_cast<std::uint32_t>(rows_.size()));
  return message;
}

void fold_state::describe_message(std::uint32_t message) {
  const auto facts = message_reader::facts_of(messages_.tuple(message));
  message_row row;
  row.owner = facts.owner;
  const std::uint32_t identity[3] = {static_cast<std::uint32_t>(facts.owner), facts.object,
                                     facts.message};
  bool is_new = false;
  row.identity = identities_.number_of(identity, is_new);
  row.object_id = facts.object;
  row.message_id = facts.message;
  row.variation = facts.variation;
  row.variation_name = facts.variation; // Where nobody has described it.
  row.channel_name = text_number(name_of(facts.by));
  message_state state;
  state.by = facts.by;
  const auto object = object_places_.find({facts.owner, values_.text(facts.object)});
  if (object != object_places_.end()) {
    const auto& o = objects_[object->second];
    state.moment = o.moment.value_or(no_time);
    row.object_name = text_number(o.name);
    row.send_strategy = text_number(o.send_strategy);
    for (const auto& t : o.tags)
      row.tags.emplace_back(text_number(t.id), text_number(t.name));
    describe_names(o, row);
  }
  rows_.push_back(std::move(row));
  states_.push_back(state);
}

void fold_state::describe_names(const fold_object& o, message_row& row) {
  const auto id = values_.text(row.message_id);
  const auto message = std::ranges::find(o.messages, id, &fold_object::message::id);
  if (message == o.messages.end())
    return;
  row.message_name = text_number(message->name);
  const auto variation = std::ranges::find(message->variations, values_.text(row.variation),
                                           &fold_object::message::variation::id);
  if (variation != message->variations.end() && !variation->name.empty())
    row.variation_name = text_number(variation->name);
}

std::uint32_t fold_state::text_number(std::string_view text) {
  return text.empty() ? 0 : values_.number_of_text(text);
}

std::int64_t fold_state::send_time(std::uint32_t message, std::int64_t time) const {
  const auto& row = rows_[message];
  if (row.owner == message_owner::campaign)
    return states_[message].moment;
  for (auto s = sends_.rbegin(); s != sends_.rend(); ++s)
    if (s->identity == row.identity && s->time <= time)
      return s->time;
  return no_time;
}

std::string_view describe(exclusion why) {
  switch (why) {
  case exclusion::no_message:
    return "names no campaign or flow";
  case exclusion::other_owner:
    return "belongs to the other kind of message";
  case exclusion::without_send:
    return "nothing was sent that it could belong to";
  case exclusion::outside:
    return "outside the timeframe";
  case exclusion::filtered_out:
    return "filtered out by the request";
  case exclusion::bot:
    return "a bot's click";
  case exclusion::apple_privacy:
    return "an Apple privacy open";
  case exclusion::other_property:
    return "fails the measure's own filter";
  case exclusion::not_credited:
    return "no touch led to it";
  }
  return {};
}

void partial::add(const partial& other) {
  count += other.count;
  sum.add(other.sum);
  least = std::fmin(least, other.least);
  most = std::fmax(most, other.most);
}

void measure_tally::add(const measure_tally& other) {
  counted += other.counted;
  for (std::size_t i = 0; i < exclusions; ++i)
    excluded[i] += other.excluded[i];
}

std::unique_ptr<fold> fold::make(const fold_order& order, std::vector<fold_object> objects,
                                 model::name_binder& names, const membership_history* memberships) {
  return std::make_unique<fold_state>(order, std::move(objects), names, memberships);
}

} // namespace metrics
