#include "tests/metrics/plain_report.hpp"

#include "model/history.hpp"
#include "tests/metrics/plain_calendar.hpp"
#include "tests/metrics/plain_credit.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <tuple>

namespace plain {

namespace {

using namespace metrics;

/// An event as one measure counts it: whose, when, and of which message.
struct counted_event {
  std::size_t person = 0;
  const event* what = nullptr;
  std::optional<message> of{};
  std::int64_t at = 0; // The instant that puts it into the timeframe.
};

class reporter {
public:
  reporter(const request& asked, const dictionary& words, std::span<const profile* const> people,
           std::span<const model::described_object> described, std::int64_t now,
           const member_rule& is_member)
    : asked_(asked), words_(words), source_(words.datasources.find(asked.datasource)->second),
      people_(people), is_member_(is_member), about_(asked, words, people, described, now),
      calendar_(asked.zone, asked.week_start) {
    if (asked.time)
      time_ = range_of(*asked.time, *segments::find_zone(asked.zone), now, asked.week_start,
                       is_about_messages());
  }

  report make() {
    std::set<std::string> measures;
    for (const auto& statistic : asked_.statistics)
      for (const auto& name : words_.measures_of(statistic))
        measures.insert(name);
    made_.measures.assign(measures.begin(), measures.end());
    if (asked_.interval) {
      constexpr report_calendar::part parts[] = {
        report_calendar::part::hour, report_calendar::part::day, report_calendar::part::week,
        report_calendar::part::month};
      made_.intervals = calendar_.all(parts[static_cast<std::size_t>(*asked_.interval)], time_.from,
                                      time_.to);
    }
    rollups_ = asked_.rollups;
    rollups_.emplace_back();
    made_.rollups.resize(rollups_.size());
    for (std::size_t m = 0; m < made_.measures.size(); ++m)
      for (std::size_t r = 0; r < rollups_.size(); ++r)
        count(m, r);
    if (is_about_messages())
      for (const auto* person : people_) {
        made_.conversions += about_.conversions(*person).size();
        for (const auto* conversion : about_.conversions(*person))
          made_.credited += about_.credit(*person, *conversion) ? 1 : 0;
      }
    return std::move(made_);
  }

private:
  [[nodiscard]] bool is_about_messages() const {
    return source_.kind == datasource_kind::messages;
  }

  void count(std::size_t m, std::size_t rollup) {
    const auto& measure = words_.measures.find(made_.measures[m])->second;
    // Of distinct ones: who was counted already, by row.
    std::set<std::tuple<std::vector<std::string>, std::size_t, std::string>> seen;
    for (const auto& e : events_of(measure)) {
      if (!passes(asked_.filter, e))
        continue;
      const auto interval = interval_of(measure, e);
      for (const auto& values : rows_of(rollups_[rollup], e)) {
        auto key = values;
        key.push_back(std::to_string(interval));
        if (measure.counts == counting::people && !seen.insert({key, e.person, ""}).second)
          continue;
        if (measure.counts == counting::message_people
            && !seen.insert({key, e.person, e.of->identity()}).second)
          continue;
        auto& row = made_.rollups[rollup][values];
        row.resize(std::max<std::size_t>(made_.intervals.size(), 1),
                   std::vector<reported>(made_.measures.size()));
        add(row[interval][m], measure, e);
      }
    }
  }

  static void add(reported& to, const measure& m, const counted_event& e) {
    ++to.count;
    if (e.what == nullptr)
      return;
    double value = e.what->value;
    if (!m.property.empty()) {
      const auto v = property(*e.what, m.property);
      value = v.kind == model::value_kind::number ? v.number : model::no_value;
    }
    if (std::isnan(value))
      return;
    to.sum += billionths_of(value);
    to.least = std::min(to.least.value_or(value), value);
    to.most = std::max(to.most.value_or(value), value);
  }

  [[nodiscard]] std::size_t interval_of(const measure& m, const counted_event& e) const {
    if (m.basis == time_basis::none || made_.intervals.empty())
      return 0;
    std::size_t i = 0;
    while (i + 1 < made_.intervals.size() && made_.intervals[i + 1] <= e.at)
      ++i;
    return i;
  }

  // --- which events ------------------------------------------------------------------------------

  [[nodiscard]] std::vector<counted_event> events_of(const measure& m) const {
    std::vector<counted_event> found;
    for (std::size_t p = 0; p < people_.size(); ++p) {
      if (m.counts == counting::profiles)
        found.push_back({p});
      else if (!is_about_messages())
        plain_events(m, p, found);
      else if (m.events == conversion_set)
        credited_conversions(m, p, found);
      else
        message_events(m, p, found);
    }
    return found;
  }

  void plain_events(const measure& m, std::size_t p, std::vector<counted_event>& found) const {
    for (const auto& e : people_[p]->events) {
      const bool fits = m.events == metric_set ? e.metric == asked_.metric
                                               : about_.is_in(m.events, e);
      if (fits && about_.passes(m.where, e) && time_.holds(e.time))
        found.push_back({p, &e, std::nullopt, e.time});
    }
  }

  void credited_conversions(const measure& m, std::size_t p,
                            std::vector<counted_event>& found) const {
    for (const auto* conversion : about_.conversions(*people_[p]))
      if (const auto of = about_.credit(*people_[p], *conversion);
          of && about_.passes(m.where, *conversion))
        add_message_event(m, p, *conversion, *of, found);
  }

  void message_events(const measure& m, std::size_t p, std::vector<counted_event>& found) const {
    for (const auto& e : people_[p]->events) {
      if (!about_.is_in(m.events, e) || !about_.passes(m.where, e))
        continue;
      if (m.bot_clicks == policy::exclude && !asked_.with_bots && about_.is_bot_click(e))
        continue;
      if (m.apple_privacy_opens == policy::exclude && about_.is_apple_open(e))
        continue;
      if (const auto of = about_.message_of(e))
        add_message_event(m, p, e, *of, found);
    }
  }

  /// An event of another's message, of none that was sent, or of another time is not counted.
  void add_message_event(const measure& m, std::size_t p, const event& e, const message& of,
                         std::vector<counted_event>& found) const {
    if (of.owner != source_.owner)
      return;
    const bool by_event = m.basis == time_basis::event || asked_.moment == send_moment::event;
    const auto at = by_event ? e.time : about_.send_time(*people_[p], of, e.time);
    if (at && time_.holds(*at))
      found.push_back({p, &e, of, *at});
  }

  // --- which rows --------------------------------------------------------------------------------

  /// The rows of an event: several when it has several tags.
  [[nodiscard]] std::set<std::vector<std::string>> rows_of(const std::vector<grouping>& by,
                                                           const counted_event& e) const {
    const bool by_tag = std::ranges::any_of(by, is_tag);
    auto tags = e.of ? about_.tags(*e.of) : std::vector<model::object_tag>{};
    if (!by_tag || tags.empty())
      tags.assign(1, {});
    std::set<std::vector<std::string>> rows;
    for (const auto& tag : tags) {
      std::vector<std::string> row;
      for (const auto& g : by)
        row.push_back(is_tag(g) ? (g.fact == message_fact::tag_id ? tag.id : tag.name)
                                : value_of(g, e));
      rows.insert(std::move(row));
    }
    return rows;
  }

  static bool is_tag(const grouping& g) {
    return g.source == group_source::message
        && (g.fact == message_fact::tag_id || g.fact == message_fact::tag_name);
  }

  [[nodiscard]] std::string value_of(const grouping& g, const counted_event& e) const {
    switch (g.source) {
    case group_source::message:
      return about_.fact(g.fact, *e.of);
    case group_source::time: {
      constexpr report_calendar::part parts[] = {
        report_calendar::part::hour,        report_calendar::part::day,
        report_calendar::part::week,        report_calendar::part::month,
        report_calendar::part::quarter,     report_calendar::part::year,
        report_calendar::part::day_of_week, report_calendar::part::hour_of_day};
      return calendar_.text(parts[static_cast<std::size_t>(g.part)], e.at);
    }
    case group_source::event_property:
      return e.what ? shown(property(*e.what, g.key)) : "";
    case group_source::profile_attribute: {
      const auto& attributes = people_[e.person]->attributes;
      const auto found = attributes.find(g.key);
      return found == attributes.end() ? "" : shown(found->second);
    }
    case group_source::membership: {
      const auto& person = *people_[e.person];
      std::optional<std::int64_t> at;
      if (e.what != nullptr && g.moment != membership_moment::now)
        at = e.what->time;
      if (at && e.of && g.moment == membership_moment::send)
        at = about_.send_time(person, *e.of, e.what->time).value_or(*at);
      return is_member_(g.key, person, at) ? "member" : "not a member";
    }
    default:
      return "";
    }
  }

  [[nodiscard]] bool passes(const row_filter& f, const counted_event& e) const {
    std::size_t passed = 0;
    for (const auto& part : f.parts)
      passed += passes(part, e) ? 1 : 0;
    switch (f.what) {
    case row_filter::kind::all:
      return passed == f.parts.size();
    case row_filter::kind::any:
      return passed > 0;
    case row_filter::kind::none:
      return passed == 0;
    case row_filter::kind::leaf:
      return leaf_passes(f, asked_.filtered[f.grouping], e);
    }
    return false;
  }

  [[nodiscard]] bool leaf_passes(const row_filter& f, const grouping& g,
                                 const counted_event& e) const {
    std::vector<std::string> values;
    if (is_tag(g))
      for (const auto& tag : about_.tags(*e.of))
        values.push_back(g.fact == message_fact::tag_id ? tag.id : tag.name);
    else
      values.push_back(value_of(g, e));
    if (values.empty())
      values.emplace_back();
    std::size_t equal = 0; // Operands that are among the values.
    for (const auto& operand : f.values)
      equal += std::ranges::count(values, operand) > 0 ? 1 : 0;
    bool set = false;
    bool holding = false;
    bool starting = false;
    for (const auto& v : values) {
      set = set || !v.empty();
      holding = holding || (!f.values.empty() && v.find(f.values[0]) != std::string::npos);
      starting = starting || (!f.values.empty() && v.rfind(f.values[0], 0) == 0);
    }
    switch (f.op) {
    case filter_operator::equals:
    case filter_operator::any:
    case filter_operator::contains_any:
      return equal > 0;
    case filter_operator::not_equals:
      return equal == 0;
    case filter_operator::contains_all:
      return equal == f.values.size();
    case filter_operator::contains:
      return holding;
    case filter_operator::starts_with:
      return starting;
    case filter_operator::is_set:
      return set;
    case filter_operator::not_set:
      return !set;
    }
    return false;
  }

  const request& asked_;
  const dictionary& words_;
  const datasource& source_;
  std::span<const profile* const> people_;
  const member_rule& is_member_;
  credit_rules about_;
  report_calendar calendar_;
  time_range time_{};
  std::vector<std::vector<grouping>> rollups_;
  report made_;
};

} // namespace

std::optional<double> reported::shown(metrics::counting counts) const {
  switch (counts) {
  case counting::sum:
    return value_of(sum);
  case counting::minimum:
    return least;
  case counting::maximum:
    return most;
  default:
    return static_cast<double>(count);
  }
}

report report_of(const request& asked, const dictionary& words,
                 std::span<const profile* const> people,
                 std::span<const model::described_object> described, std::int64_t now,
                 const member_rule& is_member) {
  return reporter{asked, words, people, described, now, is_member}.make();
}

billionths billionths_of(double value) {
  char text[400];
  std::snprintf(text, sizeof text, "%.9f", std::clamp(value, -1e24, 1e24));
  billionths number = 0;
  for (const char* c = text; *c != '\0'; ++c)
    if (*c >= '0' && *c <= '9')
      number = number * 10 + (*c - '0');
  return text[0] == '-' ? -number : number;
}

double value_of(billionths sum) {
  std::string digits;
  for (billionths rest = sum < 0 ? -sum : sum; rest > 0; rest /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  return std::strtod(((sum < 0 ? "-" : "") + digits + "e-9").c_str(), nullptr);
}

} // namespace plain
