#include "model/value.hpp"
#include "segments/evaluate.hpp"

#include <string>
#include <type_traits>
#include <variant>

/// Criteria in words, for people.
namespace segments {

namespace {

std::string number(double n) {
  return model::format_number(n);
}

std::string quoted(const std::string& text) {
  std::string out;
  model::append_json_string(out, text);
  return out;
}

template <class List, class Show>
std::string joined(const List& list, const Show& show, std::string_view word) {
  std::string out;
  std::size_t at = 0;
  for (const auto& item : list) {
    if (at != 0)
      out += at + 1 == list.size() ? std::string{word} : ", ";
    out += show(item);
    ++at;
  }
  return out;
}

std::string texts(const std::vector<std::string>& list) {
  return list.empty() ? "nothing" : joined(list, quoted, " or ");
}

std::string items(const std::vector<model::value>& list, std::string_view word) {
  if (list.empty())
    return "nothing";
  return joined(
    list, [](const model::value& v) { return model::to_json(v.view()); }, word);
}

std::string_view words_of(comparison op) {
  switch (op) {
  case comparison::equal:
    return "equal to";
  case comparison::not_equal:
    return "not equal to";
  case comparison::greater:
    return "more than";
  case comparison::greater_equal:
    return "at least";
  case comparison::less:
    return "less than";
  case comparison::less_equal:
    return "at most";
  }
  return {};
}

std::string words_of(const number_filter& f) {
  if (f.upper)
    return "between " + number(f.operand) + " and " + number(*f.upper);
  return std::string{words_of(f.op)} + " " + number(f.operand);
}

std::string words_of(const text_filter& f) {
  const std::string what = texts(f.operands);
  switch (f.op) {
  case text_operator::equals:
    return "equals " + what;
  case text_operator::not_equals:
    return "does not equal " + what;
  case text_operator::contains:
    return "contains " + what;
  case text_operator::not_contains:
    return "does not contain " + what;
  case text_operator::starts_with:
    return "starts with " + what;
  case text_operator::not_starts_with:
    return "does not start with " + what;
  case text_operator::ends_with:
    return "ends with " + what;
  case text_operator::not_ends_with:
    return "does not end with " + what;
  case text_operator::matches:
    return "matches the pattern " + what;
  case text_operator::not_matches:
    return "does not match the pattern " + what;
  case text_operator::in:
    return "is one of " + what;
  case text_operator::not_in:
    return "is none of " + what;
  case text_operator::phone_country_in:
    return "is a phone number of " + what;
  case text_operator::phone_country_not_in:
    return "is a phone number of a country other than " + what;
  }
  return {};
}

std::string words_of(const list_filter& f) {
  switch (f.op) {
  case list_operator::contains:
    return "is a list with " + items(f.operands, " or ");
  case list_operator::not_contains:
    return "is a list without " + items(f.operands, " or ");
  case list_operator::contains_all:
    return "is a list with all of " + items(f.operands, " and ");
  case list_operator::contains_any:
    return "is a list with any of " + items(f.operands, " or ");
  case list_operator::not_contains_all:
    return "is a list without all of " + items(f.operands, " and ");
  case list_operator::not_contains_any:
    return "is a list without any of " + items(f.operands, " or ");
  case list_operator::contains_substring:
    return "is a list with an item that contains " + items(f.operands, " or ");
  case list_operator::not_contains_substring:
    return "is a list without an item that contains " + items(f.operands, " or ");
  }
  return {};
}

std::string words_of(const list_length_filter& f) {
  const std::string_view things = f.operand == 1 ? " item" : " items";
  return "is a list of " + std::string{f.op == comparison::equal ? "exactly" : words_of(f.op)} + " "
       + std::to_string(f.operand) + std::string{things};
}

std::string_view name_of(date_unit unit) {
  switch (unit) {
  case date_unit::second:
    return "second";
  case date_unit::minute:
    return "minute";
  case date_unit::hour:
    return "hour";
  case date_unit::day:
    return "day";
  case date_unit::week:
    return "week";
  }
  return {};
}

std::string span(std::int64_t quantity, date_unit unit) {
  return std::to_string(quantity) + " " + std::string{name_of(unit)} + (quantity == 1 ? "" : "s");
}

std::string day_or_instant(model::instant t) {
  const std::string text = model::format_instant(t);
  return text.ends_with("T00:00:00Z") ? text.substr(0, 10) : text;
}

std::string_view month_name(std::int64_t month) {
  constexpr std::string_view names[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
  return month >= 1 && month <= 12 ? names[month - 1] : "no month";
}

/// With the word that introduces it: "in the last 30 days", "before 2025-03-01".
std::string when(const date_filter& f) {
  switch (f.op) {
  case date_operator::alltime:
    return "over all time";
  case date_operator::before:
    return "before " + day_or_instant(f.start);
  case date_operator::after:
    return "after " + day_or_instant(f.start);
  case date_operator::between_static:
    return "from " + day_or_instant(f.start) + " to " + day_or_instant(f.end);
  case date_operator::at_least:
    return "at least " + span(f.from, f.unit) + " ago";
  case date_operator::in_the_last:
    return "in the last " + span(f.from, f.unit);
  case date_operator::in_the_next:
    return "in the next " + span(f.from, f.unit);
  case date_operator::between:
    return "between " + std::to_string(f.from) + " and " + span(f.to, f.unit) + " ago";
  case date_operator::anniversary:
    return "on this day of any year";
  case date_operator::anniversary_month:
    return "in this month of any year";
  case date_operator::anniversary_last:
    return "with its day of the year in the last " + span(f.from, f.unit);
  case date_operator::anniversary_next:
    return "with its day of the year in the next " + span(f.from, f.unit);
  case date_operator::calendar_month:
    return "in " + std::string{month_name(f.from)} + " of any year";
  }
  return {};
}

std::string words_of(const date_filter& f) {
  std::string out = when(f);
  if (f.rolling && f.op != date_operator::alltime)
    out += " to the second";
  if (f.zone == "account")
    out += " in the account's time zone";
  else if (f.zone == "profile")
    out += " in the person's time zone";
  else if (!f.zone.empty())
    out += " in the time zone " + f.zone;
  return out;
}

std::string words_of(const filter& f) {
  return std::visit(
    [](const auto& kind) -> std::string {
      using kind_type = std::decay_t<decltype(kind)>;
      if constexpr (std::is_same_v<kind_type, boolean_filter>)
        return kind.operand ? "is true" : "is false";
      else if constexpr (std::is_same_v<kind_type, existence_filter>)
        return kind.is_set ? "is set" : "is not set";
      else if constexpr (std::is_same_v<kind_type,
                                        number_filter> || std::is_same_v<kind_type, date_filter>)
        return "is " + words_of(kind);
      else
        return words_of(kind);
    },
    f);
}

std::string words_of(const std::vector<event_filter>& filters) {
  return joined(
    filters,
    [](const event_filter& f) {
      return (f.property == "$value" ? "value" : f.property) + " " + words_of(f.test);
    },
    " and ");
}

std::string words_of(const event_selector& events) {
  return events.where.empty() ? events.metric : events.metric + " where " + words_of(events.where);
}

std::string times(const number_filter& f) {
  if (!f.upper && f.op == comparison::equal && f.operand == 0)
    return "zero times";
  const bool once = f.upper ? *f.upper == 1 : f.operand == 1;
  const std::string how_many = !f.upper && f.op == comparison::equal
                               ? "exactly " + number(f.operand)
                               : words_of(f);
  return how_many + (once ? " time" : " times");
}

std::string measured(const event_criterion& c, std::string_view name) {
  const std::string property = c.property.empty() ? "value" : c.property;
  return std::string{name} + " of " + property + " of ";
}

std::string describe_kind(const attribute_criterion& c) {
  return c.attribute + " " + words_of(c.test);
}

std::string describe_kind(const event_criterion& c) {
  const std::string events = words_of(c.events);
  const std::string during = words_of(c.during);
  switch (c.what) {
  case measure::count:
    return events + " " + times(c.holds) + " " + during;
  case measure::sum:
    return measured(c, "sum") + events + " is " + words_of(c.holds) + " " + during;
  case measure::average:
    return measured(c, "average") + events + " is " + words_of(c.holds) + " " + during;
  case measure::minimum:
    return measured(c, "minimum") + events + " is " + words_of(c.holds) + " " + during;
  case measure::maximum:
    return measured(c, "maximum") + events + " is " + words_of(c.holds) + " " + during;
  case measure::distinct:
    return "number of " + measured(c, "different values") + events + " is " + words_of(c.holds)
         + " " + during;
  case measure::first:
  case measure::last: {
    const std::string which = c.what == measure::first ? "first " : "last ";
    const std::string must = c.picked.empty() ? " exists" : " has " + words_of(c.picked);
    return which + events + " " + during + must;
  }
  }
  return {};
}

std::string milliseconds(std::int64_t ms) {
  constexpr std::int64_t second = 1'000;
  constexpr std::int64_t hour = 3'600 * second;
  if (ms % (24 * hour) == 0)
    return span(ms / (24 * hour), date_unit::day);
  if (ms % hour == 0)
    return span(ms / hour, date_unit::hour);
  if (ms % (60 * second) == 0)
    return span(ms / (60 * second), date_unit::minute);
  return ms % second == 0 ? span(ms / second, date_unit::second)
                          : std::to_string(ms) + " milliseconds";
}

std::string describe_kind(const sequence_criterion& c) {
  std::string out;
  for (const auto& step : c.steps) {
    if (!out.empty())
      out += ", then ";
    out += (step.exists ? "" : "no ") + words_of(step.events);
    if (step.within_ms)
      out += " within " + milliseconds(*step.within_ms);
  }
  if (!c.equal_property.empty())
    out += ", all with the same " + c.equal_property;
  if (c.window_ms)
    out += ", all within " + milliseconds(*c.window_ms) + " of the first";
  return out + ", " + words_of(c.during);
}

std::string describe_kind(const list_criterion& c) {
  std::string out = c.is_member ? "is in the list " : "is not in the list ";
  out += texts(c.lists);
  if (c.joined)
    out += ", joined " + words_of(*c.joined);
  return out;
}

std::string words_of(const std::vector<consent_filter>& filters) {
  std::string out;
  for (const auto& f : filters) {
    out += " and " + f.field;
    if (!f.method.empty())
      out += " is " + f.method;
    if (f.test)
      out += " " + words_of(*f.test);
  }
  return out;
}

std::string describe_kind(const consent_criterion& c) {
  constexpr std::string_view channels[] = {"email", "SMS", "push", "WhatsApp"};
  constexpr std::string_view states[] = {"", " and subscribed", " and unsubscribed",
                                         " and never subscribed"};
  std::string out = c.can_receive ? "can receive " : "cannot receive ";
  out += channels[static_cast<std::size_t>(c.on)];
  out += " marketing";
  out += states[static_cast<std::size_t>(c.state)];
  return out + words_of(c.filters);
}

std::string describe_kind(const permission_criterion& c) {
  constexpr std::string_view statuses[] = {
    "explicitly reachable",   "implicitly reachable",   "implicitly or explicitly reachable",
    "explicitly unreachable", "implicitly unreachable", "implicitly or explicitly unreachable"};
  std::string out = "is ";
  out += statuses[static_cast<std::size_t>(c.status)];
  out += c.transactional ? " by transactional WhatsApp" : " by marketing WhatsApp";
  return out + words_of(c.filters);
}

std::string describe_kind(const distance_criterion& c) {
  return std::string{"lives "} + (c.nearer ? "less than " : "more than ") + number(c.miles)
       + " miles from latitude " + number(c.latitude) + ", longitude " + number(c.longitude);
}

std::string describe_kind(const region_criterion& c) {
  return std::string{"lives "} + (c.inside ? "in " : "outside ")
       + (c.area == region::united_states ? "the United States" : "the European Union");
}

std::string describe_kind(const affinity_criterion& c) {
  return std::string{c.by_rank ? "rank of " : "place of "} + c.predicted_channel
       + " among the preferred channels " + words_of(c.test);
}

} // namespace

std::string describe(const criterion& c) {
  return std::visit([](const auto& kind) { return describe_kind(kind); }, c);
}

} // namespace segments
