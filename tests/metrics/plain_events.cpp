#include "tests/metrics/plain_events.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace plain {

using namespace metrics;

namespace {

const measure& entry_of(const event_rules& rules, std::size_t m) {
  return rules.words.measures.find(rules.measures[m])->second;
}

void add(reported& to, const event_rules& rules, const measure& m, const counted_event& e) {
  ++to.count;
  if (e.what == nullptr)
    return;
  double value = e.what->value;
  auto key = m.property;
  if (key.empty() && m.events == conversion_set)
    key = rules.about.conversion_rule(*e.what)->value;
  if (!key.empty()) {
    const auto v = property(*e.what, key);
    value = v.kind == model::value_kind::number ? v.number : model::no_value;
  }
  if (std::isnan(value))
    return;
  to.sum += billionths_of(value);
  to.least = std::min(to.least.value_or(value), value);
  to.most = std::max(to.most.value_or(value), value);
}

} // namespace

event_sums::event_sums(const event_rules& rules, time_range time,
                       const std::vector<std::int64_t>& intervals)
  : rules_(rules), time_(time), intervals_(intervals), counted_(rules.measures.size()),
    tallies_(rules.measures.size()) {
  for (std::size_t m = 0; m < rules.measures.size(); ++m)
    judge(m);
}

bool event_sums::is_about_messages() const {
  return rules_.words.datasources.find(rules_.asked.datasource)->second.kind
      == datasource_kind::messages;
}

// --- which events --------------------------------------------------------------------------------

void event_sums::judge(std::size_t m) {
  const auto& entry = entry_of(rules_, m);
  const auto& about = rules_.about;
  for (const auto* person : rules_.people) {
    if (entry.counts == counting::profiles) {
      judge(m, {person});
      continue;
    }
    for (const auto& e : person->events) {
      counted_event judged{person, &e};
      if (entry.events == conversion_set) {
        if (about.conversion_rule(e) == nullptr)
          continue;
        judged.of = about.credit(*person, e);
      } else {
        if (entry.events == metric_set ? e.metric != rules_.asked.metric
                                       : !about.is_in(entry.events, e))
          continue;
        if (is_about_messages())
          judged.of = about.message_of(e);
      }
      judge(m, judged);
    }
  }
}

void event_sums::judge(std::size_t m, counted_event e) {
  const auto& entry = entry_of(rules_, m);
  if (const auto why = why_not(entry, e)) {
    ++tallies_[m].left_out[*why];
    if (why == exclusion::without_send)
      without_send_.insert(e.what);
    return;
  }
  ++tallies_[m].counted;
  std::size_t interval = 0;
  if (entry.basis != time_basis::none)
    while (interval + 1 < intervals_.size() && intervals_[interval + 1] <= e.at)
      ++interval;
  counted_[m].push_back({std::move(e), interval});
}

std::optional<exclusion> event_sums::why_not(const measure& m, counted_event& e) const {
  const auto& about = rules_.about;
  if (e.what == nullptr)
    return rules_.rows.passes(e) ? std::nullopt : std::optional{exclusion::filtered_out};
  if (m.events == conversion_set) {
    if (!about.is_wanted_conversion(*e.what))
      return exclusion::other_property;
    if (!e.of)
      return exclusion::not_credited;
  }
  if (m.basis == time_basis::event || rules_.asked.moment == send_moment::event)
    if (!time_.holds(e.what->time))
      return exclusion::outside;
  if (is_about_messages()) {
    if (!e.of)
      return exclusion::no_message;
    if (e.of->owner != rules_.words.datasources.find(rules_.asked.datasource)->second.owner)
      return exclusion::other_owner;
  }
  const auto at = time_of(e, m.basis == time_basis::event);
  if (!at)
    return exclusion::without_send;
  e.at = *at;
  if (!time_.holds(e.at))
    return exclusion::outside;
  if (m.bot_clicks == policy::exclude && !rules_.asked.settings.with_bots
      && about.is_bot_click(*e.what))
    return exclusion::bot;
  if (m.apple_privacy_opens == policy::exclude && about.is_apple_open(*e.what))
    return exclusion::apple_privacy;
  if (!about.passes(m.where, *e.what))
    return exclusion::other_property;
  if (!rules_.rows.passes(e))
    return exclusion::filtered_out;
  return std::nullopt;
}

std::optional<std::int64_t> event_sums::time_of(const counted_event& e, bool by_event) const {
  if (by_event || !is_about_messages() || rules_.asked.moment == send_moment::event)
    return e.what->time;
  return rules_.about.send_time(*e.person, *e.of, e.what->time);
}

std::uint64_t event_sums::touches(std::optional<std::int64_t> open_at) const {
  const bool is_asked = std::ranges::any_of(rules_.measures, [&](const auto& name) {
    return rules_.words.measures.find(name)->second.events == conversion_set;
  });
  if (!is_about_messages() || !is_asked)
    return 0;
  std::uint64_t found = 0;
  for (const auto* person : rules_.people)
    for (const auto& t : rules_.about.touches(*person)) {
      const counted_event e{person, t.what, t.of};
      const auto at = time_of(e, false);
      if (t.of.owner == rules_.words.datasources.find(rules_.asked.datasource)->second.owner && at
          && time_.holds(*at) && (!open_at || *open_at <= t.end))
        ++found;
    }
  return found;
}

bool event_sums::was_sent() const {
  const auto& source = rules_.words.datasources.find(rules_.asked.datasource)->second;
  for (const auto* person : rules_.people)
    for (const auto& e : person->events) {
      counted_event sent{person, &e, rules_.about.message_of(e)};
      const bool is_send = std::ranges::any_of(
        source.sends, [&](const auto& set) { return rules_.about.is_in(set, e); });
      if (!is_send || !sent.of || sent.of->owner != source.owner)
        continue;
      const auto at = time_of(sent, false);
      if (!at || !time_.holds(*at))
        continue;
      sent.at = *at;
      if (rules_.rows.passes(sent))
        return true;
    }
  return false;
}

// --- adding up -----------------------------------------------------------------------------------

std::map<row_values, row_sums> event_sums::add_up(const row_namer& rows) const {
  std::map<row_values, row_sums> made;
  for (std::size_t m = 0; m < counted_.size(); ++m) {
    const auto& entry = entry_of(rules_, m);
    // Of distinct ones: who was counted already, by row and interval.
    std::set<std::tuple<row_values, std::size_t, const profile*, std::string>> seen;
    for (const auto& c : counted_[m])
      for (const auto& values : rows(c.event)) {
        const auto& e = c.event;
        if (entry.counts == counting::people
            && !seen.insert({values, c.interval, e.person, ""}).second)
          continue;
        if (entry.counts == counting::message_people
            && !seen.insert({values, c.interval, e.person, e.of->identity()}).second)
          continue;
        auto& row = made[values];
        row.resize(std::max<std::size_t>(intervals_.size(), 1),
                   std::vector<reported>(counted_.size()));
        add(row[c.interval][m], rules_, entry, e);
      }
  }
  return made;
}

std::map<row_values, row_sums> event_sums::rows(const groupings& by) const {
  return add_up([&](const counted_event& e) { return rules_.rows.rows_of(by, e); });
}

std::optional<row_sums> event_sums::together(const groupings& by,
                                             const std::set<row_values>& of) const {
  auto made = add_up([&](const counted_event& e) -> std::set<row_values> {
    for (const auto& row : rules_.rows.rows_of(by, e))
      if (of.contains(row))
        return {{}};
    return {};
  });
  if (made.empty())
    return std::nullopt;
  return made.begin()->second;
}

} // namespace plain
