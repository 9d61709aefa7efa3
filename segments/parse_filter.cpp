#include "segments/parse_filter.hpp"

#include "segments/calendar.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>
#include <utility>

namespace segments {

namespace {

constexpr std::int64_t exact_integer_max = std::int64_t{1} << 53;
constexpr std::int64_t
  span_days_max = 1'000'000; // Of relative dates; keeps instants far from overflow.

enum class shape : std::uint8_t {
  text,
  pattern,
  texts,
  countries,
  number,
  number_range,
  boolean,
  bare,
  item,
  item_texts,
  item_text,
  length,
  instant,
  instant_range,
  quantity,
  quantity_range,
  month,
};

/// One operator of one filter type: where it is legal, how it looks and what it means.
struct filter_operator {
  std::string_view type;
  std::string_view name;
  filter_kinds kind;
  shape looks;
  std::uint8_t meaning; // Of the enumeration that belongs to the type.
};

template <class Enum>
constexpr std::uint8_t code(Enum e) {
  return static_cast<std::uint8_t>(e);
}

using enum comparison;
using text_op = text_operator;
using list_op = list_operator;
using date_op = date_operator;

constexpr auto operators = std::to_array<filter_operator>({
  {"string", "equals", legal::text_equals, shape::text, code(text_op::equals)},
  {"string", "not-equals", legal::text_not_equals, shape::text, code(text_op::not_equals)},
  {"string", "contains", legal::text_other, shape::text, code(text_op::contains)},
  {"string", "not-contains", legal::text_other, shape::text, code(text_op::not_contains)},
  {"string", "starts-with", legal::text_other, shape::text, code(text_op::starts_with)},
  {"string", "not-starts-with", legal::text_other, shape::text, code(text_op::not_starts_with)},
  {"string", "ends-with", legal::text_other, shape::text, code(text_op::ends_with)},
  {"string", "not-ends-with", legal::text_other, shape::text, code(text_op::not_ends_with)},
  {"string", "regex", legal::text_other, shape::pattern, code(text_op::matches)},
  {"string", "nregex", legal::text_other, shape::pattern, code(text_op::not_matches)},
  {"string", "in", legal::text_in, shape::texts, code(text_op::in)},
  {"string", "not-in", legal::text_not_in, shape::texts, code(text_op::not_in)},
  {"string", "phone-country-code-in", legal::phone, shape::countries,
   code(text_op::phone_country_in)},
  {"string", "phone-country-code-not-in", legal::phone, shape::countries,
   code(text_op::phone_country_not_in)},
  {"numeric", "equals", legal::number_equals, shape::number, code(equal)},
  {"numeric", "not-equals", legal::number_other, shape::number, code(not_equal)},
  {"numeric", "greater-than", legal::number_greater, shape::number, code(greater)},
  {"numeric", "greater-than-or-equal", legal::number_other, shape::number, code(greater_equal)},
  {"numeric", "less-than", legal::number_less, shape::number, code(less)},
  {"numeric", "less-than-or-equal", legal::number_other, shape::number, code(less_equal)},
  {"numeric", "between", legal::number_range, shape::number_range, 0},
  {"boolean", "equals", legal::boolean, shape::boolean, 0},
  {"existence", "is-set", legal::is_set, shape::bare, 1},
  {"existence", "not-set", legal::not_set, shape::bare, 0},
  {"list", "contains", legal::list_item, shape::item, code(list_op::contains)},
  {"list", "not-contains", legal::list_item, shape::item, code(list_op::not_contains)},
  {"list", "contains-any", legal::list_set, shape::item_texts, code(list_op::contains_any)},
  {"list", "contains-all", legal::list_set, shape::item_texts, code(list_op::contains_all)},
  {"list", "not-contains-any", legal::list_set, shape::item_texts, code(list_op::not_contains_any)},
  {"list", "not-contains-all", legal::list_set, shape::item_texts, code(list_op::not_contains_all)},
  {"list", "contains-substring", legal::list_substring, shape::item_text,
   code(list_op::contains_substring)},
  {"list", "not-contains-substring", legal::list_substring, shape::item_text,
   code(list_op::not_contains_substring)},
  {"list", "length-equals", legal::list_length, shape::length, code(equal)},
  {"list", "length-greater-than", legal::list_length, shape::length, code(greater)},
  {"list", "length-greater-than-or-equal", legal::list_length, shape::length, code(greater_equal)},
  {"list", "length-less-than", legal::list_length, shape::length, code(less)},
  {"list", "length-less-than-or-equal", legal::list_length, shape::length, code(less_equal)},
  {"date", "before", legal::static_date, shape::instant, code(date_op::before)},
  {"date", "after", legal::static_date, shape::instant, code(date_op::after)},
  {"date", "between-static", legal::static_range, shape::instant_range,
   code(date_op::between_static)},
  {"date", "in-the-last", legal::relative, shape::quantity, code(date_op::in_the_last)},
  {"date", "at-least", legal::relative, shape::quantity, code(date_op::at_least)},
  {"date", "in-the-next", legal::relative, shape::quantity, code(date_op::in_the_next)},
  {"date", "between", legal::relative_range, shape::quantity_range, code(date_op::between)},
  {"date", "anniversary-last", legal::relative_anniversary, shape::quantity,
   code(date_op::anniversary_last)},
  {"date", "anniversary-next", legal::relative_anniversary, shape::quantity,
   code(date_op::anniversary_next)},
  {"date", "anniversary", legal::anniversary, shape::bare, code(date_op::anniversary)},
  {"date", "anniversary-month", legal::anniversary, shape::bare, code(date_op::anniversary_month)},
  {"date", "calendar-month", legal::calendar_month, shape::month, code(date_op::calendar_month)},
  {"date", "alltime", legal::alltime, shape::bare, code(date_op::alltime)},
});

struct unit_of_time {
  std::string_view name;
  date_unit unit;
  std::int64_t milliseconds;
};

constexpr auto units = std::to_array<unit_of_time>({
  {"hour", date_unit::hour, 3'600'000},
  {"day", date_unit::day, 86'400'000},
  {"week", date_unit::week, 7 * std::int64_t{86'400'000}},
  {"second", date_unit::second, 1'000},
  {"minute", date_unit::minute, 60'000},
});

constexpr std::array<std::string_view, units.size()> unit_names() {
  std::array<std::string_view, units.size()> names;
  std::transform(units.begin(), units.end(), names.begin(), [](const auto& u) { return u.name; });
  return names;
}

const unit_of_time* parse_unit(const place& at) {
  static constexpr auto names = unit_names();
  const auto index = at.choice(names);
  return index ? &units[*index] : nullptr;
}

constexpr std::int64_t quantity_max(const unit_of_time& unit) {
  return span_days_max * (std::int64_t{86'400'000} / 1000) / (unit.milliseconds / 1000);
}

/// Texts of the operators that have this type and are legal here; empty type = the types
/// themselves.
std::vector<std::string_view> choices(filter_kinds kinds, std::string_view type) {
  std::vector<std::string_view> names;
  for (const auto& op : operators) {
    if ((op.kind & kinds) == 0 || (!type.empty() && op.type != type))
      continue;
    const auto name = type.empty() ? op.type : op.name;
    if (std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(name);
  }
  return names;
}

/// The operator that the filter names; nothing when it may not stand here.
const filter_operator* parse_operator(const place& at, filter_kinds kinds) {
  const auto types = choices(kinds, {});
  const auto type_index = at.member("type").choice(types);
  if (!type_index)
    return nullptr;
  const auto type = types[*type_index];
  const auto names = choices(kinds, type);
  const auto name_index = at.member("operator").choice(names);
  if (!name_index)
    return nullptr;
  const auto name = names[*name_index];
  return std::find_if(operators.begin(), operators.end(),
                      [&](const auto& op) { return op.type == type && op.name == name; });
}

void sort_unique(std::vector<std::string>& texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
}

bool is_pattern(const place& at, const std::string& pattern) {
  const RE2 compiled{pattern, RE2::Quiet};
  if (!compiled.ok())
    at.refuse("a regular expression of RE2: " + compiled.error());
  return compiled.ok();
}

std::optional<filter> text_of_one(const place& at, const filter_operator& op,
                                  std::span<const std::string_view> values) {
  text_filter out{static_cast<text_operator>(op.meaning), {}};
  const auto value = at.member("value");
  if (!values.empty()) {
    const auto index = value.choice(values);
    if (!index)
      return std::nullopt;
    out.operands.emplace_back(values[*index]);
    return out;
  }
  if (value.is(json_kind::null))
    return out;
  auto text = value.text("what to compare with, or null");
  if (!text || (op.looks == shape::pattern && !is_pattern(value, *text)))
    return std::nullopt;
  out.operands.push_back(std::move(*text));
  return out;
}

bool is_country_code(std::string_view text) {
  const auto is_capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  return text.size() == 2 && is_capital(text[0]) && is_capital(text[1]);
}

std::optional<filter> text_of_several(const place& at, const filter_operator& op,
                                      std::span<const std::string_view> values) {
  const auto value = at.member("value");
  text_filter out{static_cast<text_operator>(op.meaning), {}};
  auto texts = value.texts("what to compare with");
  if (!texts)
    return std::nullopt;
  const auto before = at.errors().size();
  for (std::size_t i = 0; i < texts->size(); ++i) {
    if (op.looks == shape::countries && !is_country_code((*texts)[i]))
      value.item(i).refuse("a country as two capital letters, such as \"US\"");
    else if (!values.empty())
      static_cast<void>(value.item(i).choice(values));
  }
  if (at.errors().size() != before)
    return std::nullopt;
  out.operands = std::move(*texts);
  sort_unique(out.operands);
  return out;
}

std::optional<filter> number(const place& at, const filter_operator& op) {
  const auto operand = at.member("value").number("a number");
  if (!operand)
    return std::nullopt;
  return number_filter{static_cast<comparison>(op.meaning), *operand, std::nullopt};
}

std::optional<filter> number_range(const place& at) {
  const auto start = at.member("start").number("a number");
  const auto end = at.member("end").number("a number");
  if (!start || !end)
    return std::nullopt;
  return number_filter{equal, std::min(*start, *end), std::max(*start, *end)};
}

std::optional<filter> list_of_one(const place& at, const filter_operator& op) {
  list_filter out{static_cast<list_operator>(op.meaning), {}};
  const auto value = at.member("value");
  if (value.is(json_kind::null))
    return out;
  if (value.is(json_kind::text)) {
    out.operands.push_back(model::value::of_text(value.value().text));
    return out;
  }
  if (op.looks == shape::item_text || !value.is(json_kind::number)) {
    value.refuse(op.looks == shape::item_text ? "text, null" : "text, a whole number, null");
    return std::nullopt;
  }
  const auto operand = value.integer(-exact_integer_max, exact_integer_max);
  if (!operand)
    return std::nullopt;
  out.operands.push_back(model::value::of_number(static_cast<double>(*operand)));
  return out;
}

std::optional<filter> list_of_several(const place& at, const filter_operator& op) {
  auto texts = at.member("value").texts("items to look for");
  if (!texts)
    return std::nullopt;
  sort_unique(*texts);
  list_filter out{static_cast<list_operator>(op.meaning), {}};
  for (const auto& text : *texts)
    out.operands.push_back(model::value::of_text(text));
  return out;
}

std::optional<model::instant> parse_date(const place& at) {
  if (at.is(json_kind::text))
    if (const auto instant = model::parse_instant(at.value().text))
      return instant;
  at.refuse("an ISO 8601 date or date-time, such as \"2025-03-01\" or \"2025-03-01T09:30:00Z\"");
  return std::nullopt;
}

bool is_zone_name(std::string_view text) {
  return text == "account" || text == "profile" || find_zone(text) != nullptr;
}

/// The wider form's fields of a date filter. False = one of them is wrong.
bool parse_calendar(const place& at, date_filter& out) {
  bool fine = true;
  if (const auto rolling = at.member("rolling"); rolling.is_there()) {
    const auto truth = rolling.truth();
    fine = truth.has_value();
    out.rolling = truth.value_or(false);
  }
  if (const auto zone = at.member("zone"); zone.is_there()) {
    if (zone.is(json_kind::text) && is_zone_name(zone.value().text)) {
      out.zone = zone.value().text;
    } else {
      zone.refuse("\"account\", \"profile\", or an IANA zone such as \"Europe/Lisbon\"");
      fine = false;
    }
  }
  return fine;
}

std::optional<filter> date(const place& at, const filter_operator& op) {
  date_filter out;
  out.op = static_cast<date_operator>(op.meaning);
  bool fine = parse_calendar(at, out);
  if (op.looks == shape::instant || op.looks == shape::instant_range) {
    const bool ranges = op.looks == shape::instant_range;
    const auto start = parse_date(at.member(ranges ? "start" : "date"));
    const auto end = ranges ? parse_date(at.member("end")) : model::instant{};
    if (!start || !end)
      return std::nullopt;
    out.start = ranges ? std::min(*start, *end) : *start;
    out.end = ranges ? std::max(*start, *end) : model::instant{};
  } else if (op.looks == shape::month) {
    const auto month = at.member("value").integer(1, 12);
    fine = fine && month;
    out.from = month.value_or(1);
  } else if (op.looks == shape::quantity || op.looks == shape::quantity_range) {
    const bool ranges = op.looks == shape::quantity_range;
    const auto unit = parse_unit(at.member("unit"));
    const auto most = unit ? quantity_max(*unit) : exact_integer_max;
    const auto from = at.member(ranges ? "start" : "quantity").integer(0, most);
    const auto to = ranges ? at.member("end").integer(0, most) : std::optional{std::int64_t{0}};
    if (!unit || !from || !to)
      return std::nullopt;
    out.unit = unit->unit;
    out.from = ranges ? std::min(*from, *to) : *from;
    out.to = ranges ? std::max(*from, *to) : 0;
  }
  return fine ? std::optional<filter>{std::move(out)} : std::nullopt;
}

/// The fields that a filter of this look may have beside `type` and `operator`.
std::vector<std::string_view> fields_of(const filter_operator& op) {
  std::vector<std::string_view> fields{"type", "operator"};
  switch (op.looks) {
  case shape::bare:
    break;
  case shape::instant:
    fields.push_back("date");
    break;
  case shape::number_range:
  case shape::instant_range:
    fields.insert(fields.end(), {"start", "end"});
    break;
  case shape::quantity:
    fields.insert(fields.end(), {"quantity", "unit"});
    break;
  case shape::quantity_range:
    fields.insert(fields.end(), {"start", "end", "unit"});
    break;
  default:
    fields.push_back("value");
  }
  if ((op.kind & (legal::relative | legal::relative_range)) != 0)
    fields.push_back("rolling");
  if (op.type == "date" && op.kind != legal::alltime)
    fields.push_back("zone");
  return fields;
}

} // namespace

std::optional<filter> parse_filter(const place& at, filter_kinds kinds,
                                   std::span<const std::string_view> values) {
  if (!at.must_be_object("a filter with \"type\" and \"operator\""))
    return std::nullopt;
  const auto op = parse_operator(at, kinds);
  if (!op)
    return std::nullopt;
  at.must_have_only(fields_of(*op));
  switch (op->looks) {
  case shape::text:
  case shape::pattern:
    return text_of_one(at, *op, values);
  case shape::texts:
  case shape::countries:
    return text_of_several(at, *op, values);
  case shape::number:
    return number(at, *op);
  case shape::number_range:
    return number_range(at);
  case shape::boolean:
    if (const auto truth = at.member("value").truth())
      return boolean_filter{*truth};
    return std::nullopt;
  case shape::item:
  case shape::item_text:
    return list_of_one(at, *op);
  case shape::item_texts:
    return list_of_several(at, *op);
  case shape::length:
    if (const auto length = at.member("value").integer(-exact_integer_max, exact_integer_max))
      return list_length_filter{static_cast<comparison>(op->meaning), *length};
    return std::nullopt;
  case shape::bare:
    if (op->type == "existence")
      return existence_filter{op->meaning != 0};
    return date(at, *op);
  default:
    return date(at, *op);
  }
}

std::optional<date_filter> parse_date_filter(const place& at, filter_kinds kinds) {
  auto parsed = parse_filter(at, kinds);
  if (!parsed)
    return std::nullopt;
  return std::get<date_filter>(std::move(*parsed));
}

std::optional<number_filter> parse_number_filter(const place& at, filter_kinds kinds) {
  auto parsed = parse_filter(at, kinds);
  if (!parsed)
    return std::nullopt;
  return std::get<number_filter>(std::move(*parsed));
}

std::optional<std::int64_t> parse_duration(const place& at) {
  if (!at.must_be_object("such as {\"quantity\": 3, \"unit\": \"day\"}"))
    return std::nullopt;
  at.must_have_only({"quantity", "unit"});
  const auto unit = parse_unit(at.member("unit"));
  const auto quantity = at.member("quantity")
                          .integer(0, unit ? quantity_max(*unit) : exact_integer_max);
  if (!unit || !quantity)
    return std::nullopt;
  return *quantity * unit->milliseconds;
}

} // namespace segments
