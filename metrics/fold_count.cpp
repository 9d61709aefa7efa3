#include "metrics/fold_state.hpp"

#include <algorithm>

namespace metrics {

bool fold_state::count(const seen& e, std::span<const std::uint32_t> measures) {
  std::int64_t sent = no_time;
  if (order_.kind == datasource_kind::messages) {
    if (e.message == message_reader::none || rows_[e.message].owner != order_.owner) {
      const auto why = e.message == message_reader::none ? exclusion::no_message
                                                         : exclusion::other_owner;
      for (const auto m : measures)
        exclude(m, order_.measures[m].by_event_time && !order_.time.holds(e.time)
                     ? exclusion::outside
                     : why);
      return false;
    }
    sent = send_time(e.message, e.time);
  }
  for (const auto m : measures)
    count_one(e, m, sent);
  return order_.kind == datasource_kind::messages && sent == no_time && need_sends(measures);
}

bool fold_state::need_sends(std::span<const std::uint32_t> measures) const {
  return std::ranges::any_of(measures,
                             [&](std::uint32_t m) { return !order_.measures[m].by_event_time; });
}

void fold_state::count_one(const seen& e, std::uint32_t m, std::int64_t sent) {
  const auto& measure = order_.measures[m];
  auto& stream = streams_[e.stream];
  auto& own = *measure_streams_[m][e.stream];
  const auto time = measure.by_event_time || order_.kind != datasource_kind::messages ? e.time
                                                                                      : sent;
  if (time == no_time)
    return exclude(m, exclusion::without_send);
  if (!order_.is_timeless && !order_.time.holds(time))
    return exclude(m, exclusion::outside);
  if (e.is_bot && measure.leaves_bots_out)
    return exclude(m, exclusion::bot);
  if (e.is_apple && measure.leaves_apple_out)
    return exclude(m, exclusion::apple_privacy);
  if (!own.tests.is_empty() && !own.tests.pass(e.place, stream.events, values_))
    return exclude(m, exclusion::other_property);
  fill_values(&e, time, sent);
  const auto cell = cells_.cell(order_.kind == datasource_kind::messages ? e.message
                                                                         : cells::no_message,
                                interval_of(time), cell_values_);
  if (cell == cells::filtered_out)
    return exclude(m, exclusion::filtered_out);
  ++result_.tallies[m].counted;
  if (measure.is_distinct())
    cells_.add_distinct(cell, m, profile_);
  else
    cells_.add_event(cell, m, measure.is_number() ? number_of(own, stream, e) : model::no_value,
                     profile_);
}

double fold_state::number_of(const measure_stream& own, stream_state& stream, const seen& e) {
  if (!own.property_slot)
    return stream.events.value(e.place);
  const auto v = values_.value(stream.events.property(e.place, *own.property_slot));
  return v.kind == model::value_kind::number ? v.number : model::no_value;
}

void fold_state::exclude(std::uint32_t measure, exclusion why) {
  ++result_.tallies[measure].excluded[static_cast<std::size_t>(why)];
}

std::uint32_t fold_state::interval_of(std::int64_t time) {
  const auto& all = order_.intervals;
  if (all.empty())
    return 0;
  if (last_interval_ < all.size() && all[last_interval_] <= time
      && (last_interval_ + 1 == all.size() || time < all[last_interval_ + 1]))
    return last_interval_;
  const auto after = std::ranges::upper_bound(all, time);
  last_interval_ = static_cast<std::uint32_t>(std::max<std::ptrdiff_t>(after - all.begin(), 1) - 1);
  return last_interval_;
}

void fold_state::fill_values(const seen* e, std::int64_t time, std::int64_t sent) {
  const auto groupings = cells_.groupings();
  for (std::size_t k = 0; k < groupings.size(); ++k) {
    const auto& g = order_.groupings[groupings[k]];
    auto& to = cell_values_[k];
    switch (g.source) {
    case group_source::time:
      to = time_number(g.part, time);
      break;
    case group_source::event_property:
      to = e == nullptr ? 0
                        : values_.shown(streams_[e->stream].events.property(
                          e->place, streams_[e->stream].grouping_slots[k]));
      break;
    case group_source::profile_attribute:
      to = values_.shown(attributes_[attribute_of_[k]].number());
      break;
    case group_source::membership:
      to = is_member(g, e == nullptr ? no_time : e->time, sent) ? member_ : not_member_;
      break;
    default:
      break;
    }
  }
}

bool fold_state::is_member(const grouping& g, std::int64_t time, std::int64_t sent) const {
  if (memberships_ == nullptr)
    return false;
  if (g.moment == membership_moment::now || time == no_time)
    return memberships_->is_member(g.key, profile_);
  const bool at_send = g.moment == membership_moment::send && sent != no_time;
  return memberships_->was_member(g.key, profile_, at_send ? sent : time);
}

std::uint32_t fold_state::time_number(time_part part, std::int64_t time) {
  if (time == no_time)
    return 0;
  const bool in_day = part == time_part::hour_of_day || part == time_part::hour;
  const auto unit = in_day                         ? period::hour
                  : part == time_part::day_of_week ? period::day
                                                   : static_cast<period>(part);
  const auto number = metrics::number_of(unit, time, zone_, order_.week_start);
  auto& known = time_numbers_[{part, number}];
  if (known == 0)
    known = values_.number_of_text(time_text(part, unit, number));
  return known;
}

std::string fold_state::time_text(time_part part, period unit, std::int64_t number) const {
  if (part == time_part::day_of_week) {
    const auto day = ((number + 3) % 7 + 7) % 7; // 1970-01-01 was a Thursday.
    return std::string{weekday_names()[static_cast<std::size_t>(day)]};
  }
  auto text = metrics::text_of(unit, number, zone_, order_.week_start);
  return part == time_part::hour_of_day ? text.substr(11, 2) : text;
}

} // namespace metrics
