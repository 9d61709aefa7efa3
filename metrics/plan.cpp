#include "metrics/fold_order.hpp"

#include <algorithm>
#include <set>

namespace metrics {

namespace {

/// Two arrays of filters as one; either may be empty.
std::string both(const std::string& a, const std::string& b) {
  if (a.empty() || b.empty())
    return a + b;
  return a.substr(0, a.rfind(']')) + ',' + b.substr(b.find('[') + 1);
}

class planner {
public:
  planner(const request& asked, const dictionary& words, fold_order& made)
    : asked_(asked), words_(words), source_(words.datasources.find(asked.datasource)->second),
      made_(made) {
  }

  void plan_measures() {
    std::set<std::string> needed;
    for (const auto& name : asked_.statistics)
      for (auto& part : words_.measures_of(name))
        needed.insert(std::move(part));
    made_.is_timeless = true;
    for (const auto& name : needed)
      add_measure(words_.measures.find(name)->second);
  }

  /// The streams that decide sends and credit, whether or not a measure counts them.
  void plan_messages() {
    if (source_.kind != datasource_kind::messages) {
      plan_policies();
      return;
    }
    for (std::size_t i = 0; i < source_.sends.size(); ++i)
      each_member(source_.sends[i], [&](fold_stream& s) {
        s.is_send = true;
        s.is_delivery = s.is_delivery || i == 0;
      });
    if (std::ranges::any_of(made_.measures, &fold_measure::is_credited))
      plan_touches();
    for (auto& s : made_.streams) {
      s.is_click = s.is_click || is_member(source_.clicks, s.metric);
      s.is_open = s.is_open || is_member(source_.opens, s.metric);
      s.is_message = s.is_message || s.is_send || !is_only_conversion(s);
    }
  }

  /// One measure, of everything that was sent.
  void plan_sends() {
    plan_messages();
    fold_measure made;
    made.name = "sends";
    made.by_event_time = asked_.moment == send_moment::event;
    for (std::uint32_t s = 0; s < made_.streams.size(); ++s)
      if (made_.streams[s].is_send)
        made.streams.push_back(s);
    made_.measures.push_back(std::move(made));
    made_.rollups.emplace_back();
    plan_filter();
  }

  void plan_groupings() {
    for (const auto& rollup : asked_.rollups) {
      auto& indices = made_.rollups.emplace_back();
      for (const auto& g : rollup)
        indices.push_back(place_of(g));
    }
    plan_filter();
  }

private:
  void plan_filter() {
    made_.filter = asked_.filter;
    std::vector<std::uint32_t> places;
    for (const auto& g : asked_.filtered)
      places.push_back(place_of(g));
    renumber(made_.filter, places);
  }

  template <class Change>
  void each_member(const std::string& set, const Change& change) {
    const auto found = words_.event_sets.find(set);
    if (found == words_.event_sets.end())
      return;
    for (const auto& m : found->second.members)
      change(made_.streams[stream_of(m.metric, m.by)]);
  }

  [[nodiscard]] bool is_member(const std::string& set, const std::string& metric) const {
    const auto found = words_.event_sets.find(set);
    return found != words_.event_sets.end()
        && std::ranges::any_of(found->second.members,
                               [&](const auto& m) { return m.metric == metric; });
  }

  std::uint32_t stream_of(const std::string& metric, channel by) {
    const auto known = std::ranges::find(made_.streams, metric, &fold_stream::metric);
    const auto index = static_cast<std::uint32_t>(known - made_.streams.begin());
    if (known == made_.streams.end())
      made_.streams.push_back({.metric = metric});
    auto& s = made_.streams[index];
    if (s.by == channel::any)
      s.by = by;
    return index;
  }

  [[nodiscard]] bool is_only_conversion(const fold_stream& s) const {
    if (!s.is_conversion)
      return false;
    const auto index = static_cast<std::uint32_t>(&s - made_.streams.data());
    return std::ranges::none_of(made_.measures, [&](const fold_measure& m) {
      return !m.is_credited && std::ranges::find(m.streams, index) != m.streams.end();
    });
  }

  void add_measure(const measure& m) {
    fold_measure made;
    made.name = m.facts.name;
    made.counts = m.counts;
    made.property = m.property;
    made.where = m.where;
    made.leaves_bots_out = m.bot_clicks == policy::exclude && !asked_.settings.with_bots;
    made.leaves_apple_out = m.apple_privacy_opens == policy::exclude;
    made.by_event_time = m.basis == time_basis::event || asked_.moment == send_moment::event;
    if (m.basis != time_basis::none)
      made_.is_timeless = false;
    if (m.events == conversion_set) {
      made.is_credited = true;
      for (const auto& some : asked_.conversions) {
        const auto index = stream_of(some.metric, channel::any);
        auto& s = made_.streams[index];
        s.is_conversion = true;
        s.conversion_where = both(some.where, asked_.conversion_where);
        s.conversion_value = some.value;
        made.streams.push_back(index);
      }
    } else if (m.events == metric_set) {
      made.streams.push_back(stream_of(asked_.metric, channel::any));
    } else if (const auto set = words_.event_sets.find(m.events); set != words_.event_sets.end()) {
      for (const auto& member : set->second.members)
        made.streams.push_back(stream_of(member.metric, member.by));
    }
    made_.measures.push_back(std::move(made));
  }

  /// A bot's click is one, whatever it is counted for.
  void plan_policies() {
    const bool minds_bots = std::ranges::any_of(made_.measures, &fold_measure::leaves_bots_out);
    const bool minds_apple = std::ranges::any_of(made_.measures, &fold_measure::leaves_apple_out);
    for (const auto& [name, source] : words_.datasources)
      for (auto& s : made_.streams) {
        s.is_click = s.is_click || (minds_bots && is_member(source.clicks, s.metric));
        s.is_open = s.is_open || (minds_apple && is_member(source.opens, s.metric));
      }
  }

  void plan_touches() {
    for (const auto& t : source_.touches) {
      auto hours = t.window_hours;
      for (const auto& changed : asked_.settings.windows)
        if (changed.events == t.events && changed.by == t.by)
          hours = changed.window_hours;
      each_member(t.events, [&](fold_stream& s) {
        s.is_message = true;
        for (std::size_t c = 0; c < channels; ++c)
          if (t.by == channel::any || static_cast<channel>(c) == t.by)
            s.window_ms[c] = hours * segments::hour_ms;
        const std::uint8_t rank = t.events == source_.clicks ? 0
                                : t.events == source_.opens  ? 1
                                                             : 2;
        s.touch_rank = std::min(s.touch_rank, rank);
      });
    }
  }

  std::uint32_t place_of(const grouping& g) {
    const auto known = std::ranges::find_if(made_.groupings,
                                            [&](const grouping& o) { return o.same_values(g); });
    const auto index = static_cast<std::uint32_t>(known - made_.groupings.begin());
    if (known == made_.groupings.end())
      made_.groupings.push_back(g);
    return index;
  }

  static void renumber(row_filter& f, const std::vector<std::uint32_t>& places) {
    if (f.what == row_filter::kind::leaf)
      f.grouping = places[f.grouping];
    for (auto& part : f.parts)
      renumber(part, places);
  }

  const request& asked_;
  const dictionary& words_;
  const datasource& source_;
  fold_order& made_;
};

/// What does not depend on the measures.
fold_order frame_of(const request& asked, const dictionary& words, std::int64_t now) {
  fold_order made;
  const auto& source = words.datasources.find(asked.datasource)->second;
  made.kind = source.kind;
  made.owner = source.owner;
  made.zone = asked.zone;
  made.week_start = asked.settings.week_start;
  made.moment = asked.moment;
  made.apple_earns_credit = asked.settings.apple_earns_credit;
  made.with_bots = asked.settings.with_bots;
  made.now = now;
  // Whoever says how many rows there shall be leaves some out.
  made.keeps_people = asked.limit < limit_preset;
  const auto* zone = segments::find_zone(asked.zone);
  if (asked.time)
    made.time = range_of(*asked.time, zone ? *zone : segments::utc(), now,
                         asked.settings.week_start, source.kind == datasource_kind::messages);
  if (asked.interval && zone)
    made.intervals = periods_in(made.time, *asked.interval, *zone, asked.settings.week_start,
                                intervals_max)
                       .value_or(std::vector<std::int64_t>{});
  return made;
}

} // namespace

fold_order plan(const request& asked, const dictionary& words, std::int64_t now) {
  auto made = frame_of(asked, words, now);
  planner p{asked, words, made};
  p.plan_measures();
  p.plan_messages();
  p.plan_groupings();
  return made;
}

fold_order sends_of(const request& asked, const dictionary& words, std::int64_t now) {
  auto made = frame_of(asked, words, now);
  made.keeps_people = false;
  made.intervals.clear();
  planner{asked, words, made}.plan_sends();
  return made;
}

bool is_by_tag(const grouping& g) {
  return g.source == group_source::message
      && (g.fact == message_fact::tag_id || g.fact == message_fact::tag_name);
}

namespace {

/// Of a person the same wherever and whenever something was done.
bool is_of_person(const grouping& g) {
  return g.source == group_source::profile_attribute
      || (g.source == group_source::membership && g.moment == membership_moment::now);
}

/// The same for everything of a message, which variations, channels and tags are not.
bool is_of_message(const grouping& g) {
  return g.source == group_source::message && g.fact != message_fact::variation
      && g.fact != message_fact::variation_name && g.fact != message_fact::channel && !is_by_tag(g);
}

} // namespace

bool adds_up(const fold_order& order, std::size_t measure, std::size_t rollup) {
  const auto& wanted = order.rollups[rollup];
  const auto grouping_at = [&](std::uint32_t g) -> const grouping& { return order.groupings[g]; };
  const bool is_tagged = std::ranges::any_of(wanted, is_by_tag, grouping_at);
  switch (order.measures[measure].counts) {
  case counting::events:
  case counting::sum:
  case counting::profiles:
    return !is_tagged;
  case counting::message_people:
    return std::ranges::all_of(
      wanted, [](const grouping& g) { return is_of_person(g) || is_of_message(g); }, grouping_at);
  case counting::people:
    return std::ranges::all_of(wanted, is_of_person, grouping_at);
  default:
    return true; // Of segments, each by itself; of extremes, whatever is in several rows.
  }
}

fold_order earlier(const request& asked, const fold_order& order) {
  const auto* known = segments::find_zone(order.zone);
  const auto& zone = known ? *known : segments::utc();
  auto made = order;
  made.time = asked.compare == comparison::previous_year
              ? year_before(order.time, zone, asked.by_weekday)
              : period_before(order.time, zone, asked.by_weekday);
  if (asked.interval)
    // A month or a day more than the request may have is no reason to have none.
    made.intervals = periods_in(made.time, *asked.interval, zone, asked.settings.week_start,
                                2 * intervals_max)
                       .value_or(std::vector<std::int64_t>{});
  return made;
}

} // namespace metrics
