#include "metrics/fold_state.hpp"

#include <algorithm>
#include <utility>

/// Counting by key: where nothing but events and people is counted, an event is no more than its
/// key, and what a key means is looked up once a block.
namespace metrics {

namespace {

constexpr std::uint32_t no_key = UINT32_MAX; // Of events outside the timeframe.
constexpr std::uint32_t rows_at_once = 512;

template <class Code>
void add_codes(std::span<std::uint32_t> keys, const std::byte* codes, std::size_t from,
               std::uint32_t weight) {
  const auto* code = reinterpret_cast<const Code*>(codes) + from;
  for (std::size_t i = 0; i < keys.size(); ++i)
    keys[i] += weight * code[i];
}

void add_digit(std::span<std::uint32_t> keys, const model::coded_column& column, std::size_t from,
               std::uint32_t weight) {
  switch (column.width) {
  case 1:
    return add_codes<std::uint8_t>(keys, column.codes, from, weight);
  case 2:
    return add_codes<std::uint16_t>(keys, column.codes, from, weight);
  case 4:
    return add_codes<std::uint32_t>(keys, column.codes, from, weight);
  default:
    for (auto& key : keys)
      key += weight * column.constant;
  }
}

} // namespace

void fold_state::find_keys(column_stream& c, std::uint32_t from, std::uint32_t to) const {
  c.keys.assign(to - from, 0);
  for (const auto& d : c.digits)
    add_digit(c.keys, d.column, from, static_cast<std::uint32_t>(d.weight));
  if (!columns_by_time_)
    return;
  for (std::uint32_t i = 0; i < to - from; ++i) {
    const auto time = c.columns->times.at(from + i);
    if (!order_.time.holds(time))
      c.keys[i] = no_key;
    else if (time_slots_)
      c.keys[i] += time_slots_->class_of(time);
  }
}

std::uint64_t fold_state::row_key_of(const column_stream& c, std::uint32_t row) const {
  std::uint64_t key = 0;
  for (std::size_t a = 0; a < attributes_.size(); ++a)
    if (c.attribute_weights[a] != 0)
      key += c.attribute_weights[a] * attributes_[a].column.code(row);
  return key;
}

void fold_state::count_rows(std::uint32_t begin, std::uint32_t end, std::uint32_t first) {
  result_.profiles += end - begin;
  // Some rows at a time: their keys stay in the cache until they are counted.
  for (auto from = begin; from < end; from += rows_at_once) {
    const auto last = std::min(end, from + rows_at_once);
    bool asks_whose = false;
    for (std::uint32_t s = 0; s < streams_.size(); ++s)
      asks_whose = !count_run(s, from, last) || asks_whose;
    if (!asks_whose)
      continue;
    // A person's events of all metrics together, or somebody would be counted twice.
    for (auto row = from; row < last; ++row) {
      profile_ = first + row;
      for (std::uint32_t s = 0; s < streams_.size(); ++s)
        count_row_by_key(s, row, from);
    }
  }
  if (!credited_.empty())
    credit_rows(begin, end, first);
}

void fold_state::credit_rows(std::uint32_t begin, std::uint32_t end, std::uint32_t first) {
  for (auto row = begin; row < end; ++row)
    for (std::uint32_t s = 0; s < streams_.size(); ++s) {
      const auto* columns = column_streams_[s].columns;
      if (!streams_[s].order->is_conversion || columns == nullptr
          || columns->first[row] == columns->first[row + 1])
        continue;
      profile_ = first + row;
      credit_row(row);
      break;
    }
}

bool fold_state::count_run(std::uint32_t stream, std::uint32_t begin, std::uint32_t end) {
  auto& c = column_streams_[stream];
  if (c.columns == nullptr || c.columns->first[begin] == c.columns->first[end])
    return true;
  if (!c.has_keys || streams_[stream].measures.empty())
    return false;
  const auto from = c.columns->first[begin];
  const auto to = c.columns->first[end];
  result_.events += to - from;
  find_keys(c, from, to);
  if (c.asks_whose) {
    for (auto& p : c.people)
      cells_.view_people(p.measure, p.people);
    return false;
  }
  for (auto at = from; at < to; ++at) {
    const auto key = c.keys[at - from];
    if (key == no_key) {
      ++c.outside;
      continue;
    }
    if (c.counts[key]++ == 0)
      c.met.emplace_back(key, at);
    if (c.longest_window_ms != 0)
      look_whether_open(stream, key, {{}, at, static_cast<std::uint32_t>(key % time_classes_)});
  }
  return true;
}

void fold_state::count_row_by_key(std::uint32_t stream, std::uint32_t row, std::uint32_t from) {
  auto& c = column_streams_[stream];
  if (c.columns == nullptr || c.columns->first[row] == c.columns->first[row + 1])
    return;
  if (!c.has_keys || streams_[stream].measures.empty())
    return count_row(stream, row);
  if (!c.asks_whose)
    return;
  const auto row_key = static_cast<std::uint32_t>(attributes_.empty() ? 0 : row_key_of(c, row));
  const auto begin = c.columns->first[row];
  const auto end = c.columns->first[row + 1];
  const auto* keys = c.keys.data() + (begin - c.columns->first[from]);
  auto* counts = c.counts.data();
  for (auto at = begin; at < end; ++at, ++keys) {
    if (*keys == no_key) {
      ++c.outside;
      continue;
    }
    const auto key = *keys + row_key;
    if (counts[key]++ == 0)
      meet_key(stream, key, row, at);
    if (c.longest_window_ms != 0)
      look_whether_open(stream, key, {row, at, static_cast<std::uint32_t>(key % time_classes_)});
    for (const auto& p : c.people) {
      const auto cell = p.cells[key];
      if (cell == cells::filtered_out)
        continue;
      if (p.is_by_message)
        cells_.add_person_of_message(p.people, cell, p.measure, profile_);
      else
        cells_.add_person(p.people, cell, p.measure, profile_);
    }
  }
}

void fold_state::look_whether_open(std::uint32_t stream, std::uint64_t key, const column_event& e) {
  const auto& c = column_streams_[stream];
  const auto time = c.columns->times.at(e.at);
  if (time + c.longest_window_ms < order_.now)
    return;
  const auto window = entry_of(stream, key, e).window_ms;
  if (window != 0 && time + window >= order_.now)
    ++result_.open_touches;
}

void fold_state::meet_key(std::uint32_t stream, std::uint32_t key, std::uint32_t row,
                          std::uint32_t at) {
  auto& c = column_streams_[stream];
  c.met.emplace_back(key, at);
  const auto& e = entry_of(stream, key, {row, at, static_cast<std::uint32_t>(key % time_classes_)});
  for (auto& p : c.people)
    p.cells[key] = why_not(e, order_.measures[p.measure]) ? cells::filtered_out : e.cell;
  for (auto& other : column_streams_) // There may be a new cell.
    for (auto& p : other.people)
      cells_.view_people(p.measure, p.people);
}

void fold_state::count_keys(std::uint32_t stream) {
  auto& c = column_streams_[stream];
  for (const auto& [key, at] : c.met)
    count_alike(entry_of(stream, key, {{}, at, static_cast<std::uint32_t>(key % time_classes_)}),
                streams_[stream], std::exchange(c.counts[key], 0));
  c.met.clear();
}

void fold_state::count_alike(const column_entry& e, const stream_state& stream,
                             std::uint64_t times) {
  if (!e.is_counted && e.why == exclusion::without_send && !stream.measures.empty())
    result_.without_send += times;
  if (e.window_ms != 0)
    result_.touches += times;
  for (const auto m : stream.measures) {
    const auto& measure = order_.measures[m];
    auto& tally = result_.tallies[m];
    if (const auto why = why_not(e, measure)) {
      tally.excluded[static_cast<std::size_t>(*why)] += times;
      continue;
    }
    tally.counted += times;
    if (!measure.is_distinct())
      cells_.add_events(e.cell, m, times);
  }
}

} // namespace metrics
