#include "metrics/cells.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace metrics {

namespace {

constexpr std::size_t fixed = 2; // Message and interval before the values.

std::uint32_t fact_of(const message_row& m, message_fact fact) {
  switch (fact) {
  case message_fact::object_id:
    return m.object_id;
  case message_fact::object_name:
    return m.object_name;
  case message_fact::message_id:
    return m.message_id;
  case message_fact::message_name:
    return m.message_name;
  case message_fact::variation:
    return m.variation;
  case message_fact::variation_name:
    return m.variation_name;
  case message_fact::channel:
    return m.channel_name;
  case message_fact::send_strategy:
    return m.send_strategy;
  default:
    return 0;
  }
}

} // namespace

cells::cells(const fold_order& order, value_table& values, const std::vector<message_row>& messages)
  : order_(order), values_(values), messages_(messages), cells_([&] {
      std::size_t width = fixed;
      for (const auto& g : order.groupings)
        width += g.source == group_source::message ? 0 : 1;
      return width;
    }()) {
  for (std::uint32_t g = 0; g < order.groupings.size(); ++g) {
    place_of_grouping_.push_back(static_cast<std::uint32_t>(groupings_.size()));
    if (order.groupings[g].source != group_source::message)
      groupings_.push_back(g);
  }
  last_tuple_.assign(fixed + groupings_.size(), UINT32_MAX);
  for (const auto& r : order.rollups) {
    rollups_.emplace_back(r.size() + 1);
    rollups_.back().first.push_back(0);
  }
  distincts_.resize(order.measures.size());
  seen_in_cell_.resize(order.measures.size());
  for (std::size_t m = 0; m < order.measures.size(); ++m)
    if (order.measures[m].is_distinct()) {
      distincts_[m].resize(order.rollups.size());
      for (std::size_t r = 0; r < order.rollups.size(); ++r)
        distincts_[m][r].are_kept = order.keeps_people && !adds_up(order, m, r);
    }
  if (order.collected) {
    collected_.push_back(order.collected->interval.value_or(0));
    for (const auto& text : order.collected->values)
      collected_.push_back(text.empty() ? 0 : values_.number_of_text(text));
  }
}

std::uint32_t cells::cell(std::uint32_t message, std::uint32_t interval,
                          std::span<const std::uint32_t> values) {
  const bool is_same = last_tuple_[0] == message && last_tuple_[1] == interval
                    && std::equal(values.begin(), values.end(), last_tuple_.begin() + fixed);
  if (is_same)
    return last_cell_;
  last_tuple_[0] = message;
  last_tuple_[1] = interval;
  std::copy(values.begin(), values.end(), last_tuple_.begin() + fixed);
  bool is_new = false;
  const auto number = cells_.number_of(last_tuple_.data(), is_new);
  if (is_new) {
    passes_.push_back(passes(order_.filter, message, values) ? 1 : 0);
    place_cell(message, interval, values);
    sums_.resize(sums_.size() + order_.measures.size());
  }
  last_cell_ = passes_[number] != 0 ? number : filtered_out;
  return last_cell_;
}

void cells::place_cell(std::uint32_t message, std::uint32_t interval,
                       std::span<const std::uint32_t> values) {
  for (std::size_t r = 0; r < rollups_.size(); ++r) {
    auto& to = rollups_[r];
    if (passes_.back() != 0)
      place_in(r, message, interval, values);
    const bool is_one = to.pool.size() == to.first.back() + 1;
    to.only_row.push_back(is_one ? to.places.tuple(to.pool.back())[0] : several);
    to.only_place.push_back(is_one ? to.pool.back() : several);
    to.first.push_back(static_cast<std::uint32_t>(to.pool.size()));
  }
}

void cells::place_in(std::size_t r, std::uint32_t message, std::uint32_t interval,
                     std::span<const std::uint32_t> values) {
  auto& to = rollups_[r];
  const auto& wanted = order_.rollups[r];
  const bool by_tag = std::ranges::any_of(
    wanted, [&](std::uint32_t g) { return is_by_tag(order_.groupings[g]); });
  const auto tags = by_tag ? std::max<std::size_t>(messages_[message].tags.size(), 1) : 1;
  std::vector<std::uint32_t> row;
  std::vector<std::uint32_t> found;
  for (std::size_t t = 0; t < tags; ++t) {
    row.assign(1, interval);
    for (const auto g : wanted) {
      found.clear();
      values_of(g, message, values, found);
      row.push_back(found.empty() ? 0 : found[is_by_tag(order_.groupings[g]) ? t : 0]);
    }
    bool is_new = false;
    const std::uint32_t place[2] = {to.rows.number_of(row.data(), is_new),
                                    message == no_message ? no_message
                                                          : messages_[message].identity};
    const auto number = to.places.number_of(place, is_new);
    // Tags of one name are one row.
    if (std::find(to.pool.begin() + to.first.back(), to.pool.end(), number) == to.pool.end())
      to.pool.push_back(number);
  }
}

void cells::values_of(std::uint32_t grouping, std::uint32_t message,
                      std::span<const std::uint32_t> values,
                      std::vector<std::uint32_t>& out) const {
  const auto& g = order_.groupings[grouping];
  if (g.source != group_source::message) {
    out.push_back(values[place_of_grouping_[grouping]]);
    return;
  }
  if (message == no_message)
    return;
  const auto& m = messages_[message];
  if (!is_by_tag(g)) {
    out.push_back(fact_of(m, g.fact));
    return;
  }
  for (const auto& [id, name] : m.tags)
    out.push_back(g.fact == message_fact::tag_id ? id : name);
}

bool cells::passes(const row_filter& f, std::uint32_t message,
                   std::span<const std::uint32_t> values) const {
  return holds(f, [&](std::size_t grouping) {
    std::vector<std::uint32_t> numbers;
    values_of(static_cast<std::uint32_t>(grouping), message, values, numbers);
    std::vector<std::string> found;
    for (const auto n : numbers)
      found.push_back(values_.text(n));
    return found;
  });
}

void cells::add_event(std::uint32_t cell, std::uint32_t measure, double value,
                      std::uint32_t profile) {
  auto& sum = sums_[std::size_t{cell} * order_.measures.size() + measure];
  const auto& m = order_.measures[measure];
  if (m.counts == counting::sum) {
    sum.sum.add(value);
  } else if (m.is_number()) {
    sum.least = std::fmin(sum.least, value);
    sum.most = std::fmax(sum.most, value);
  }
  ++sum.count;
  if (!order_.collected || order_.collected->measure != measure)
    return;
  const auto& to = rollups_[order_.collected->rollup];
  for (auto p = to.first[cell]; p < to.first[cell + 1]; ++p)
    note_maker(to.places.tuple(to.pool[p])[0], profile);
}

void cells::view_people(std::uint32_t measure, people_view& view) {
  auto& seen = seen_in_cell_[measure];
  seen.resize(std::max<std::size_t>(seen.size(), cells_.size()));
  view.seen = seen.data();
  view.rollups.clear();
  view.are_kept = std::ranges::any_of(distincts_[measure], &distinct_count::are_kept);
  for (std::size_t r = 0; r < rollups_.size(); ++r) {
    const auto& from = rollups_[r];
    auto& d = distincts_[measure][r];
    d.rows.resize(std::max<std::size_t>(d.rows.size(), from.rows.size()));
    people_view::rollup made{from.only_row.data(), d.rows.data()};
    if (order_.measures[measure].counts == counting::message_people) {
      d.last_at_place.resize(std::max<std::size_t>(d.last_at_place.size(), from.places.size()));
      made.only_place = from.only_place.data();
      made.places = from.places.tuple(0);
      made.last_at_place = d.last_at_place.data();
    }
    view.rollups.push_back(made);
  }
}

void cells::add_to_rows(std::uint32_t cell, std::uint32_t measure, std::uint32_t profile) {
  const bool by_message = order_.measures[measure].counts == counting::message_people;
  for (std::size_t r = 0; r < rollups_.size(); ++r) {
    const auto& to = rollups_[r];
    auto& d = distincts_[measure][r];
    if (const auto row = to.only_row[cell]; row != several && !by_message) {
      add_to_row(measure, r, row, profile);
      continue;
    }
    for (auto p = to.first[cell]; p < to.first[cell + 1]; ++p) {
      const auto place = to.pool[p];
      const auto row = to.places.tuple(place)[0];
      if (!by_message) {
        add_to_row(measure, r, row, profile);
        continue;
      }
      if (place >= d.last_at_place.size())
        d.last_at_place.resize(to.places.size());
      if (std::exchange(d.last_at_place[place], profile + 1) == profile + 1)
        continue;
      if (row >= d.rows.size())
        d.rows.resize(to.rows.size());
      ++d.rows[row].count;
      keep(d, place, profile);
      note_distinct(measure, r, row, profile);
    }
  }
}

void cells::add_to_row(std::uint32_t measure, std::size_t r, std::uint32_t row,
                       std::uint32_t profile) {
  auto& d = distincts_[measure][r];
  if (row >= d.rows.size())
    d.rows.resize(rollups_[r].rows.size());
  if (std::exchange(d.rows[row].last, profile + 1) == profile + 1)
    return;
  ++d.rows[row].count;
  keep(d, row, profile);
  note_distinct(measure, r, row, profile);
}

void cells::note_distinct(std::uint32_t measure, std::size_t r, std::uint32_t row,
                          std::uint32_t profile) {
  if (order_.collected && order_.collected->measure == measure && order_.collected->rollup == r)
    note_maker(row, profile);
}

void cells::note_maker(std::uint32_t row, std::uint32_t profile) {
  const auto& table = rollups_[order_.collected->rollup].rows;
  const auto* found = table.tuple(row);
  for (std::size_t i = 0; i < collected_.size(); ++i)
    // Values that are shown alike stand for each other: the text "1" and the number 1.
    if (found[i] != collected_[i]
        && (i == 0 || values_.text(found[i]) != values_.text(collected_[i])))
      return;
  if (makers_.empty() || makers_.back().profile != profile)
    makers_.push_back({profile, 0});
  ++makers_.back().count;
}

std::vector<std::vector<partial_row>> cells::rows() const {
  const auto measures = order_.measures.size();
  std::vector<std::vector<partial_row>> all;
  for (std::size_t r = 0; r < rollups_.size(); ++r) {
    const auto& from = rollups_[r];
    auto& made = all.emplace_back();
    for (std::uint32_t row = 0; row < from.rows.size(); ++row) {
      const auto* tuple = from.rows.tuple(row);
      auto& next = made.emplace_back();
      next.interval = tuple[0];
      for (std::size_t i = 0; i < order_.rollups[r].size(); ++i)
        next.values.push_back(values_.text(tuple[i + 1]));
      next.measures.resize(measures);
      for (std::size_t m = 0; m < measures; ++m)
        if (!distincts_[m].empty() && row < distincts_[m][r].rows.size())
          next.measures[m].count = distincts_[m][r].rows[row].count;
    }
    for (std::uint32_t cell = 0; cell < cells_.size(); ++cell)
      for (auto p = from.first[cell]; p < from.first[cell + 1]; ++p) {
        auto& to = made[from.places.tuple(from.pool[p])[0]];
        for (std::size_t m = 0; m < measures; ++m)
          if (!order_.measures[m].is_distinct())
            to.measures[m].add(sums_[std::size_t{cell} * measures + m]);
      }
  }
  return all;
}

std::shared_ptr<const std::vector<kept_rollup>> cells::kept() {
  if (!order_.keeps_people)
    return nullptr;
  auto made = std::make_shared<std::vector<kept_rollup>>(rollups_.size());
  for (std::size_t r = 0; r < rollups_.size(); ++r) {
    hand_over_people(r, (*made)[r]);
    add_kept_sums(r, (*made)[r]);
  }
  return made;
}

void cells::hand_over_people(std::size_t index, kept_rollup& to) {
  const auto& places = rollups_[index].places;
  for (std::uint32_t m = 0; m < distincts_.size(); ++m) {
    if (distincts_[m].empty())
      continue;
    const bool by_message = order_.measures[m].counts == counting::message_people;
    auto& lists = distincts_[m][index].kept;
    for (std::uint32_t at = 0; at < lists.size(); ++at) {
      if (lists[at].size() == 0)
        continue;
      const auto* place = by_message ? places.tuple(at) : nullptr;
      to.people.push_back({m, place ? place[0] : at, place ? place[1] : 0, std::move(lists[at])});
    }
  }
}

void cells::add_kept_sums(std::size_t index, kept_rollup& to) const {
  const auto& from = rollups_[index];
  const auto measures = order_.measures.size();
  if (std::ranges::none_of(order_.rollups[index],
                           [&](auto g) { return is_by_tag(order_.groupings[g]); }))
    return;
  std::map<std::vector<std::uint32_t>, std::size_t> places;
  std::vector<std::uint32_t> rows;
  for (std::uint32_t cell = 0; cell < cells_.size(); ++cell) {
    rows.clear();
    for (auto p = from.first[cell]; p < from.first[cell + 1]; ++p)
      rows.push_back(from.places.tuple(from.pool[p])[0]);
    std::ranges::sort(rows);
    const auto [known, is_new] = places.try_emplace(rows, to.sums.size());
    if (is_new)
      to.sums.push_back({rows, std::vector<partial>(measures)});
    for (std::size_t m = 0; m < measures; ++m)
      if (!order_.measures[m].is_distinct())
        to.sums[known->second].measures[m].add(sums_[std::size_t{cell} * measures + m]);
  }
}

} // namespace metrics
