#include "tests/metrics/plain_rows.hpp"

#include <algorithm>

namespace plain {

using namespace metrics;

namespace {

bool is_tag(const grouping& g) {
  return g.source == group_source::message
      && (g.fact == message_fact::tag_id || g.fact == message_fact::tag_name);
}

bool leaf_passes(const row_filter& f, std::vector<std::string> values) {
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

} // namespace

bool passes(const row_filter& f,
            const std::function<std::vector<std::string>(std::size_t)>& values_of) {
  std::size_t passed = 0;
  for (const auto& part : f.parts)
    passed += passes(part, values_of) ? 1 : 0;
  switch (f.what) {
  case row_filter::kind::all:
    return passed == f.parts.size();
  case row_filter::kind::any:
    return passed > 0;
  case row_filter::kind::none:
    return passed == 0;
  case row_filter::kind::leaf:
    return leaf_passes(f, values_of(f.grouping));
  }
  return false;
}

row_rules::row_rules(const request& asked, const credit_rules& about, const member_rule& is_member)
  : asked_(asked), about_(about), is_member_(is_member),
    calendar_(asked.zone, asked.settings.week_start) {
}

std::set<row_values> row_rules::rows_of(const std::vector<grouping>& by,
                                        const counted_event& e) const {
  const bool by_tag = std::ranges::any_of(by, is_tag);
  auto tags = by_tag && e.of ? about_.tags(*e.of) : std::vector<model::object_tag>{};
  if (tags.empty())
    tags.assign(1, {});
  std::set<row_values> rows;
  for (const auto& tag : tags) {
    row_values row;
    for (const auto& g : by)
      row.push_back(is_tag(g) ? (g.fact == message_fact::tag_id ? tag.id : tag.name)
                              : value_of(g, e));
    rows.insert(std::move(row));
  }
  return rows;
}

bool row_rules::passes(const counted_event& e) const {
  return plain::passes(asked_.filter, [&](std::size_t index) {
    const auto& g = asked_.filtered[index];
    std::vector<std::string> values;
    if (!is_tag(g))
      values.push_back(value_of(g, e));
    else
      for (const auto& tag : about_.tags(*e.of))
        values.push_back(g.fact == message_fact::tag_id ? tag.id : tag.name);
    return values;
  });
}

std::string row_rules::value_of(const grouping& g, const counted_event& e) const {
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
    const auto& attributes = e.person->attributes;
    const auto found = attributes.find(g.key);
    return found == attributes.end() ? "" : shown(found->second);
  }
  case group_source::membership: {
    const auto& person = *e.person;
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

} // namespace plain
