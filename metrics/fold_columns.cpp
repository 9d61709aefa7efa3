#include "metrics/fold_state.hpp"

#include <algorithm>
#include <utility>

namespace metrics {

namespace {

constexpr std::uint64_t keys_max = 1 << 16;

bool is_by_hour(const grouping& g) {
  return g.part == time_part::hour || g.part == time_part::hour_of_day;
}

} // namespace

/// Columns tell everything when no measure filters or reads a property of its own, all go by one
/// time, and a campaign's instant is that of the campaign.
bool fold_state::can_go_by_columns() {
  const bool about_messages = order_.kind == datasource_kind::messages;
  if (about_messages && order_.owner != message_owner::campaign)
    return false;
  columns_by_time_ = !about_messages;
  bool is_first = true;
  for (const auto& m : order_.measures) {
    if (m.counts == counting::profiles)
      continue;
    if (!m.where.empty() || (m.is_number() && !m.property.empty()))
      return false;
    const bool by_time = !about_messages || m.by_event_time;
    if (!is_first && by_time != columns_by_time_)
      return false;
    columns_by_time_ = by_time;
    is_first = false;
  }
  if (about_messages && columns_by_time_ && !credited_.empty())
    return false;
  bool has_time = !order_.intervals.empty();
  bool by_hour = false;
  for (const auto g : cells_.groupings()) {
    const auto& grouping = order_.groupings[g];
    if (grouping.source == group_source::membership)
      return false;
    has_time = has_time || grouping.source == group_source::time;
    by_hour = by_hour || (grouping.source == group_source::time && is_by_hour(grouping));
  }
  if (!columns_by_time_ || !has_time)
    return true;
  for (std::size_t i = 1; i < order_.intervals.size(); ++i)
    by_hour = by_hour || order_.intervals[i] - order_.intervals[i - 1] < 23 * segments::hour_ms;
  std::map<std::vector<std::uint32_t>, std::uint32_t> classes;
  time_slots_ = time_slots::make(
    order_.time, by_hour ? period::hour : period::day, zone_, order_.week_start,
    [&](std::int64_t t) {
      std::vector<std::uint32_t> said{interval_of(t)};
      for (const auto g : cells_.groupings())
        if (order_.groupings[g].source == group_source::time)
          said.push_back(time_number(order_.groupings[g].part, t));
      return classes.try_emplace(std::move(said), static_cast<std::uint32_t>(classes.size()))
        .first->second;
    });
  time_classes_ = std::max<std::uint64_t>(classes.size(), 1);
  return time_slots_.has_value();
}

bool fold_state::can_count_by_key() const {
  return goes_by_columns_ && profile_measures_.empty() && !order_.collected
      && std::ranges::none_of(
           order_.measures, [](const fold_measure& m) { return m.is_number() && !m.is_credited; });
}

void fold_state::prepare_columns() {
  if (column_streams_.empty())
    for (const auto& s : streams_) {
      auto& made = column_streams_.emplace_back();
      made.tuple.resize(s.told_slots.size() + attributes_.size() + 1);
      made.tuples = tuple_table{made.tuple.size()};
      for (const auto m : s.measures)
        if (order_.measures[m].is_distinct())
          made.people.push_back({m, order_.measures[m].counts == counting::message_people, {}, {}});
      made.asks_whose = !made.people.empty() || !attributes_.empty();
      made.longest_window_ms = credited_.empty() || !s.messages ? 0 : longest_window(*s.order);
    }
  for (std::uint32_t s = 0; s < streams_.size(); ++s)
    prepare_columns(s);
}

void fold_state::prepare_columns(std::uint32_t stream) {
  auto& s = streams_[stream];
  auto& to = column_streams_[stream];
  to.columns = s.events.columns();
  to.digits.clear();
  if (to.columns == nullptr)
    return;
  std::uint64_t keys = time_classes_;
  const auto weigh = [&](const model::coded_column& column) {
    const auto weight = keys;
    keys = std::min(keys_max + 1, keys * (std::uint64_t{column.dictionary->size()} + 1));
    return weight;
  };
  for (const auto slot : s.told_slots) {
    const auto& column = s.events.column(slot);
    if (column.dictionary != nullptr)
      to.digits.push_back({column, weigh(column)});
  }
  to.attribute_weights.clear();
  for (const auto& a : attributes_)
    to.attribute_weights.push_back(a.column.dictionary == nullptr ? 0 : weigh(a.column));
  to.has_keys = keys <= keys_max;
  if (!to.has_keys)
    return;
  to.places.assign(keys, 0);
  if (!counts_by_key_)
    return;
  to.counts.resize(std::max<std::size_t>(to.counts.size(), keys));
  for (auto& p : to.people)
    p.cells.resize(to.counts.size());
}

void fold_state::count_row(std::uint32_t row) {
  if (!profile_measures_.empty()) {
    for (auto& a : attributes_)
      a.turn_to_row(row);
    count_living();
  }
  bool has_conversions = false;
  for (std::uint32_t s = 0; s < streams_.size(); ++s) {
    const auto* columns = column_streams_[s].columns;
    if (columns == nullptr || columns->first[row] == columns->first[row + 1])
      continue;
    has_conversions = has_conversions || streams_[s].order->is_conversion;
    count_row(s, row);
  }
  if (!has_conversions || credited_.empty())
    return;
  credit_row(row);
}

void fold_state::count_row(std::uint32_t stream, std::uint32_t row) {
  const auto& s = streams_[stream];
  auto& c = column_streams_[stream];
  const auto begin = c.columns->first[row];
  const auto end = c.columns->first[row + 1];
  result_.events += end - begin;
  if (s.measures.empty() && !s.order->is_message)
    return;
  const auto row_key = row_key_of(c, row);
  for (column_event e{row, begin, 0}; e.at < end; ++e.at) {
    auto key = row_key;
    const auto at = e.at;
    if (columns_by_time_) {
      const auto time = c.columns->times.at(at);
      if (!order_.time.holds(time)) {
        ++c.outside;
        continue;
      }
      if (time_slots_)
        key += e.time_class = time_slots_->class_of(time);
    }
    for (const auto& d : c.digits)
      key += d.weight * d.column.code(at);
    const auto& entry = entry_of(stream, key, e);
    if (entry.window_ms != 0) {
      ++result_.touches;
      if (c.columns->times.at(at) + entry.window_ms >= order_.now)
        ++result_.open_touches;
    }
    count_entry(entry, s, at);
  }
}

const fold_state::column_entry& fold_state::entry_of(std::uint32_t stream, std::uint64_t key,
                                                     const column_event& e) {
  auto& c = column_streams_[stream];
  if (!c.has_keys)
    return c.entries[place_of(stream, e)];
  auto& known = c.places[key];
  if (known == 0)
    known = place_of(stream, e) + 1;
  return c.entries[known - 1];
}

std::uint32_t fold_state::place_of(std::uint32_t stream, const column_event& e) {
  auto& s = streams_[stream];
  auto& c = column_streams_[stream];
  auto* out = c.tuple.data();
  *out++ = e.time_class;
  for (const auto slot : s.told_slots)
    *out++ = s.events.number_of_code(slot, s.events.column(slot).code(e.at));
  for (auto& a : attributes_) {
    a.turn_to_row(*e.row);
    *out++ = a.number();
  }
  bool is_new = false;
  const auto place = c.tuples.number_of(c.tuple.data(), is_new);
  if (is_new) {
    const auto starts = c.columns->first;
    const auto row = e.row.value_or(
      static_cast<std::uint32_t>(std::ranges::upper_bound(starts, e.at) - starts.begin() - 1));
    c.entries.push_back(resolve(stream, row, e.at - starts[row]));
  }
  return place;
}

fold_state::column_entry fold_state::resolve(std::uint32_t stream, std::uint32_t row,
                                             std::uint32_t place) {
  auto& s = streams_[stream];
  s.events.turn_to_row(row);
  for (auto& a : attributes_)
    a.turn_to_row(row);
  column_entry made;
  seen e{s.events.time(place), stream, place};
  auto time = e.time;
  std::int64_t sent = no_time;
  mark_machines(s, e);
  made.is_bot = e.is_bot;
  made.is_apple = e.is_apple;
  if (order_.kind == datasource_kind::messages) {
    if (!s.messages)
      return made;
    e.message = message_of(s, e.place);
    if (e.message == message_reader::none)
      return made;
    made.why = exclusion::other_owner;
    if (rows_[e.message].owner != order_.owner)
      return made;
    sent = send_time(e.message, e.time);
    made.window_ms = order_.time.holds(sent) && !credited_.empty() ? window_of(e) : 0;
    if (!columns_by_time_)
      time = sent;
    made.why = exclusion::without_send;
    if (time == no_time)
      return made;
  }
  made.why = exclusion::outside;
  if (!order_.time.holds(time))
    return made;
  made.why = exclusion::filtered_out;
  const bool somebody_counts_it = std::ranges::any_of(s.measures, [&](std::uint32_t m) {
    const auto& measure = order_.measures[m];
    return !(e.is_bot && measure.leaves_bots_out) && !(e.is_apple && measure.leaves_apple_out);
  });
  if (!somebody_counts_it) // Then there is no row for it either.
    return made;
  fill_values(&e, time, sent);
  made.cell = cells_.cell(order_.kind == datasource_kind::messages ? e.message : cells::no_message,
                          interval_of(time), cell_values_);
  made.is_counted = made.cell != cells::filtered_out;
  return made;
}

std::optional<exclusion> fold_state::why_not(const column_entry& e, const fold_measure& measure) {
  // In the order of count_one: a bot's click outside the timeframe is outside.
  if (!e.is_counted && e.why != exclusion::filtered_out)
    return e.why;
  if (e.is_bot && measure.leaves_bots_out)
    return exclusion::bot;
  if (e.is_apple && measure.leaves_apple_out)
    return exclusion::apple_privacy;
  return e.is_counted ? std::nullopt : std::optional{exclusion::filtered_out};
}

void fold_state::count_entry(const column_entry& e, const stream_state& stream, std::uint32_t at) {
  if (!e.is_counted && e.why == exclusion::without_send && !stream.measures.empty())
    ++result_.without_send;
  for (const auto m : stream.measures) {
    const auto& measure = order_.measures[m];
    if (const auto why = why_not(e, measure)) {
      exclude(m, *why);
      continue;
    }
    ++result_.tallies[m].counted;
    if (measure.is_distinct())
      cells_.add_distinct(e.cell, m, profile_);
    else
      cells_.add_event(
        e.cell, m, measure.is_number() ? stream.events.columns()->values.at(at) : model::no_value,
        profile_);
  }
}

void fold_state::end_columns() {
  for (std::uint32_t s = 0; s < streams_.size(); ++s) {
    if (counts_by_key_)
      count_keys(s);
    for (const auto m : streams_[s].measures)
      result_.tallies[m]
        .excluded[static_cast<std::size_t>(exclusion::outside)] += column_streams_[s].outside;
    column_streams_[s].outside = 0;
  }
}

} // namespace metrics
