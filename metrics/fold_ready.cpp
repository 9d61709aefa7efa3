#include "metrics/fold_state.hpp"
#include "metrics/words.hpp"

#include <algorithm>

namespace metrics {

fold_state::fold_state(const fold_order& order, std::vector<fold_object> objects,
                       model::name_binder& names, const membership_history* memberships)
  : order_(order), objects_(std::move(objects)), memberships_(memberships),
    zone_(segments::find_zone(order.zone) ? *segments::find_zone(order.zone) : segments::utc()),
    messages_(message_reader::tuple_width), identities_(3), cells_(order_, values_, rows_) {
  for (std::size_t i = 0; i < objects_.size(); ++i)
    object_places_[{objects_[i].owner, objects_[i].id}] = i;
  result_.tallies.resize(order_.measures.size());
  prepare_streams(names);
  prepare_measures(names);
  prepare_groupings(names);
  goes_by_columns_ = can_go_by_columns();
  counts_by_key_ = can_count_by_key();
}

void fold_state::prepare_streams(model::name_binder& names) {
  streams_.reserve(order_.streams.size());
  for (const auto& s : order_.streams) {
    auto& made = streams_.emplace_back(s, names, values_);
    if (s.is_message) {
      made.messages.emplace(made.events, s.by, names, values_);
      const auto slots = made.messages->slots();
      made.told_slots.assign(slots.begin(), slots.end());
    }
    if (s.is_click)
      made.told_slots.push_back(made.bot_slot = made.events.slot_of("Bot Click", names));
    if (s.is_open)
      made.told_slots.push_back(made.apple_slot = made.events.slot_of("Apple Privacy Open", names));
    if (s.is_conversion && !s.conversion_where.empty())
      made.conversion_tests.emplace(s.conversion_where, made.events, names, zone_, order_.now);
  }
  truth_ = values_.number_of({model::value_kind::boolean, 1, {}});
}

void fold_state::prepare_measures(model::name_binder& names) {
  measure_streams_.resize(order_.measures.size());
  for (std::uint32_t m = 0; m < order_.measures.size(); ++m) {
    const auto& measure = order_.measures[m];
    measure_streams_[m].resize(streams_.size());
    if (measure.is_credited)
      credited_.push_back(m);
    for (const auto s : measure.streams) {
      auto& stream = streams_[s];
      if (!measure.is_credited)
        stream.measures.push_back(m);
      measure_stream made{{measure.where, stream.events, names, zone_, order_.now}, {}};
      const auto& property = measure.property.empty() && measure.is_credited
                             ? order_.streams[s].conversion_value
                             : measure.property;
      if (measure.is_number() && !property.empty())
        made.property_slot = stream.events.slot_of(property, names);
      measure_streams_[m][s].emplace(std::move(made));
    }
    if (measure.counts == counting::profiles)
      profile_measures_.push_back(m);
  }
}

void fold_state::prepare_groupings(model::name_binder& names) {
  const auto groupings = cells_.groupings();
  cell_values_.resize(groupings.size());
  for (const auto g : groupings) {
    const auto& grouping = order_.groupings[g];
    attribute_of_.push_back(attributes_.size());
    if (grouping.source == group_source::profile_attribute)
      attributes_.push_back({names.attribute(grouping.key), &values_});
    for (auto& s : streams_) {
      const bool is_property = grouping.source == group_source::event_property;
      s.grouping_slots.push_back(is_property ? s.events.slot_of(grouping.key, names) : 0);
      if (is_property)
        s.told_slots.push_back(s.grouping_slots.back());
    }
  }
  for (auto& s : streams_) {
    std::ranges::sort(s.told_slots);
    s.told_slots.erase(std::unique(s.told_slots.begin(), s.told_slots.end()), s.told_slots.end());
  }
  member_ = values_.number_of_text(membership_words[0]);
  not_member_ = values_.number_of_text(membership_words[1]);
}

} // namespace metrics
