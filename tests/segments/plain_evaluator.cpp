#include "tests/segments/plain_evaluator.hpp"

#include "model/instant.hpp"
#include "segments/zip_points.hpp"

#include <date/date.h>
#include <date/tz.h>
#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <optional>
#include <set>
#include <tuple>

namespace plain {

namespace {

using namespace segments;
using date::days;
using std::chrono::milliseconds;

using instant_ms = date::sys_time<milliseconds>;

constexpr std::int64_t hour = 3'600'000;
constexpr std::int64_t day_of_24_hours = 24 * hour;

// --- calendar ------------------------------------------------------------------------------------

struct calendar {
  const date::time_zone* zone;

  std::int64_t start_of(date::local_days day) const {
    return milliseconds{zone->to_sys(day, date::choose::earliest).time_since_epoch()}.count();
  }
  date::local_time<milliseconds> wall(std::int64_t t) const {
    return zone->to_local(instant_ms{milliseconds{t}});
  }
  std::int64_t instant(date::local_time<milliseconds> wall_time) const {
    return zone->to_sys(wall_time, date::choose::earliest).time_since_epoch().count();
  }
  /// Today is the day whose first instant has come last.
  date::local_days today(std::int64_t now) const {
    date::local_days day = date::floor<days>(wall(now));
    while (start_of(day + days{1}) <= now)
      day += days{1};
    return day;
  }
};

bool exists(const std::string& name) {
  const auto& zones = date::get_tzdb().zones;
  return std::any_of(zones.begin(), zones.end(), [&](const auto& z) { return z.name() == name; });
}

calendar calendar_of(const std::string& wanted, const std::string& account,
                     const std::string& person) {
  std::string name = wanted;
  if (name.empty())
    name = "Etc/UTC";
  else if (name == "account")
    name = account;
  else if (name == "profile")
    name = exists(person) ? person : account;
  return {date::locate_zone(name)};
}

std::int64_t length_of(date_unit unit) {
  switch (unit) {
  case date_unit::second:
    return 1'000;
  case date_unit::minute:
    return 60'000;
  case date_unit::hour:
    return hour;
  case date_unit::day:
    return day_of_24_hours;
  case date_unit::week:
    return 7 * day_of_24_hours;
  }
  return 0;
}

/// An interval of instants, each end in or out.
struct interval {
  std::optional<std::int64_t> low;
  bool low_in = true;
  std::optional<std::int64_t> high;
  bool high_in = false;

  bool has(std::int64_t t) const {
    if (low && (low_in ? t < *low : t <= *low))
      return false;
    return !high || (high_in ? t <= *high : t < *high);
  }
};

/// The table "Exact date boundaries", line by line; S15–S19 where it is silent.
interval interval_of(const date_filter& f, std::int64_t now, const calendar& in) {
  const bool by_days = (f.unit == date_unit::day || f.unit == date_unit::week) && !f.rolling;
  const std::int64_t days_of_unit = f.unit == date_unit::week ? 7 : 1;
  const auto day = [&](std::int64_t offset) { return in.start_of(in.today(now) + days{offset}); };
  const std::int64_t n = f.from * (by_days ? days_of_unit : length_of(f.unit));
  const std::int64_t m = f.to * (by_days ? days_of_unit : length_of(f.unit));
  const std::int64_t start = model::to_ms(f.start);
  const std::int64_t end = model::to_ms(f.end);
  const auto is_midnight = [&](std::int64_t t) { return in.start_of(in.today(t)) == t; };
  const auto next_midnight = [&](std::int64_t t) { return in.start_of(in.today(t) + days{1}); };

  switch (f.op) {
  case date_operator::before:
    return {{}, true, start, false};
  case date_operator::after:
    if (is_midnight(start))
      return {next_midnight(start), true, {}, false};
    return {start, false, {}, false};
  case date_operator::between_static:
    return {start, true, is_midnight(end) ? next_midnight(end) : end, false};
  case date_operator::in_the_last:
  case date_operator::anniversary_last:
    return {by_days ? day(-n) : now - n, true, now, true};
  case date_operator::at_least:
    return {{}, true, by_days ? day(-n) : now - n, false};
  case date_operator::between:
    if (by_days)
      return {day(-m), true, day(-n + 1), false};
    return {now - m, true, now - n, true};
  case date_operator::in_the_next:
  case date_operator::anniversary_next: {
    const bool now_in = f.op == date_operator::in_the_next;
    if (by_days)
      return {now, now_in, day(n + 1), false};
    return {now, now_in, now + n, true};
  }
  case date_operator::anniversary:
    return {day(0), true, day(1), false};
  case date_operator::anniversary_month: {
    const date::year_month_day today{in.today(now)};
    const date::year_month month{today.year(), today.month()};
    return {in.start_of(date::local_days{month / 1}), true,
            in.start_of(date::local_days{(month + date::months{1}) / 1}), false};
  }
  default:
    return {};
  }
}

bool inside(const date_filter& f, std::int64_t t, std::int64_t now, const calendar& in) {
  const auto wall = in.wall(t);
  const auto wall_day = date::floor<days>(wall);
  const date::year_month_day date{wall_day};
  switch (f.op) {
  case date_operator::alltime:
    return true;
  case date_operator::calendar_month:
    return static_cast<std::int64_t>(static_cast<unsigned>(date.month())) == f.from;
  case date_operator::anniversary_month:
    return date.month() == date::year_month_day{in.today(now)}.month();
  case date_operator::anniversary:
  case date_operator::anniversary_last:
  case date_operator::anniversary_next: {
    // S14: the date moves into each year that the window touches.
    const interval window = interval_of(f, now, in);
    const auto year_of = [&](std::int64_t at) {
      return static_cast<int>(date::year_month_day{date::floor<days>(in.wall(at))}.year());
    };
    for (int year = year_of(*window.low) - 1; year <= year_of(*window.high) + 1; ++year) {
      const date::year_month_day moved{date::year{year}, date.month(), date.day()};
      if (!moved.ok())
        continue;
      const auto moved_wall = date::local_days{moved} + (wall - wall_day);
      // The day itself counts for "today", whatever the clock does in it.
      if (f.op == date_operator::anniversary ? date::local_days{moved} == in.today(now)
                                             : window.has(in.instant(moved_wall)))
        return true;
    }
    return false;
  }
  default:
    return interval_of(f, now, in).has(t);
  }
}

// --- values --------------------------------------------------------------------------------------

struct surroundings {
  std::int64_t now;
  std::string account_zone;
  std::string person_zone;
};

std::vector<model::value> items_of(const model::value& list) {
  std::vector<model::value> items;
  model::list_items rest{list.text};
  for (auto item = rest.next(); item.is_set(); item = rest.next())
    items.emplace_back(item);
  return items;
}

template <class Number>
bool compares(comparison op, Number left, Number right) {
  return op == comparison::equal         ? left == right
       : op == comparison::not_equal     ? left != right
       : op == comparison::greater       ? left > right
       : op == comparison::greater_equal ? left >= right
       : op == comparison::less          ? left < right
                                         : left <= right;
}

bool passes(const number_filter& f, double x) {
  if (f.upper)
    return x >= f.operand && x <= *f.upper;
  return compares(f.op, x, f.operand);
}

/// S8, for the countries that the tests speak of.
std::optional<std::string> country_of(const std::string& number) {
  if (number.size() < 8 || number.size() > 16 || number[0] != '+')
    return std::nullopt;
  for (std::size_t i = 1; i < number.size(); ++i)
    if (number[i] < '0' || number[i] > '9')
      return std::nullopt;
  static const std::set<std::string> canadian{"416", "514", "604", "902", "867"};
  if (number[1] == '1')
    return canadian.contains(number.substr(2, 3)) ? "CA" : "US";
  static const std::map<std::string, std::string> codes{
    {"44", "GB"}, {"49", "DE"}, {"351", "PT"}, {"353", "IE"}, {"33", "FR"},
    {"34", "ES"}, {"55", "BR"}, {"81", "JP"},  {"420", "CZ"}, {"27", "ZA"}};
  for (const auto& [code, country] : codes)
    if (number.compare(1, code.size(), code) == 0)
      return country;
  return "elsewhere";
}

bool text_passes(const text_filter& f, const std::string& text) {
  const auto& operands = f.operands;
  const auto is_among = [&](const std::string& wanted) {
    return std::find(operands.begin(), operands.end(), wanted) != operands.end();
  };
  switch (f.op) {
  case text_operator::in:
    return is_among(text);
  case text_operator::not_in:
    return !is_among(text);
  case text_operator::phone_country_in:
  case text_operator::phone_country_not_in: {
    const auto country = country_of(text);
    return country && is_among(*country) == (f.op == text_operator::phone_country_in);
  }
  default:
    break;
  }
  if (operands.empty())
    return false;
  const std::string& x = operands[0];
  const auto ends = [&] {
    return text.size() >= x.size() && text.compare(text.size() - x.size(), x.size(), x) == 0;
  };
  switch (f.op) {
  case text_operator::equals:
    return text == x;
  case text_operator::not_equals:
    return text != x;
  case text_operator::contains:
    return text.find(x) != std::string::npos;
  case text_operator::not_contains:
    return text.find(x) == std::string::npos;
  case text_operator::starts_with:
    return text.compare(0, x.size(), x) == 0;
  case text_operator::not_starts_with:
    return text.compare(0, x.size(), x) != 0;
  case text_operator::ends_with:
    return ends();
  case text_operator::not_ends_with:
    return !ends();
  case text_operator::matches:
    return re2::RE2::PartialMatch(text, x);
  case text_operator::not_matches:
    return !re2::RE2::PartialMatch(text, x);
  default:
    return false;
  }
}

bool list_passes(const list_filter& f, const std::vector<model::value>& items) {
  const auto has = [&](const model::value& x) {
    return std::find(items.begin(), items.end(), x) != items.end();
  };
  const auto has_text_with = [&](const std::string& part) {
    return std::any_of(items.begin(), items.end(), [&](const model::value& x) {
      return x.kind == model::value_kind::text && x.text.find(part) != std::string::npos;
    });
  };
  std::size_t found = 0;
  for (const auto& x : f.operands)
    found += has(x) ? 1 : 0;
  switch (f.op) {
  case list_operator::contains:
    return !f.operands.empty() && has(f.operands[0]);
  case list_operator::not_contains:
    return !f.operands.empty() && !has(f.operands[0]);
  case list_operator::contains_all:
    return found == f.operands.size();
  case list_operator::contains_any:
    return found > 0;
  case list_operator::not_contains_all:
    return found < f.operands.size();
  case list_operator::not_contains_any:
    return found == 0;
  case list_operator::contains_substring:
    return !f.operands.empty() && has_text_with(f.operands[0].text);
  case list_operator::not_contains_substring:
    return !f.operands.empty() && !has_text_with(f.operands[0].text);
  }
  return false;
}

bool passes(const filter& f, const model::value& v, const surroundings& s) {
  using model::value_kind;
  if (const auto* existence = std::get_if<existence_filter>(&f))
    return existence->is_set == (v.kind != value_kind::unset);
  if (const auto* text = std::get_if<text_filter>(&f)) {
    if (v.kind == value_kind::text)
      return text_passes(*text, v.text);
    const bool is_contains = text->op == text_operator::contains;
    if (v.kind != value_kind::list || text->operands.empty()
        || (!is_contains && text->op != text_operator::not_contains))
      return false;
    const auto items = items_of(v);
    const bool found = std::find(items.begin(), items.end(),
                                 model::value::of_text(text->operands[0]))
                    != items.end();
    return found == is_contains;
  }
  if (const auto* number = std::get_if<number_filter>(&f))
    return v.kind == value_kind::number && passes(*number, v.number);
  if (const auto* boolean = std::get_if<boolean_filter>(&f))
    return v.kind == value_kind::boolean && (v.number == 1) == boolean->operand;
  if (const auto* list = std::get_if<list_filter>(&f))
    return v.kind == value_kind::list && list_passes(*list, items_of(v));
  if (const auto* length = std::get_if<list_length_filter>(&f))
    return v.kind == value_kind::list
        && compares(length->op, static_cast<std::int64_t>(items_of(v).size()), length->operand);
  if (v.kind != value_kind::text)
    return false;
  const auto t = model::parse_instant(v.text);
  return t
      && is_inside(std::get<date_filter>(f), model::to_ms(*t), s.now, s.account_zone,
                   s.person_zone);
}

// --- criteria ------------------------------------------------------------------------------------

model::value attribute_of(const profile& p, const std::string& path) {
  const auto found = p.attributes.find(path);
  return found == p.attributes.end() ? model::value{} : found->second;
}

model::value property_of(const event& e, const std::string& name) {
  if (name == "$value")
    return std::isnan(e.value) ? model::value{} : model::value::of_number(e.value);
  const auto found = e.properties.find(name);
  return found == e.properties.end() ? model::value{} : found->second;
}

bool passes_all(const std::vector<event_filter>& filters, const event& e, const surroundings& s) {
  return std::all_of(filters.begin(), filters.end(), [&](const event_filter& f) {
    return passes(f.test, property_of(e, f.property), s);
  });
}

std::vector<const event*> in_time_order(const profile& p) {
  std::vector<const event*> events;
  for (const auto& e : p.events)
    events.push_back(&e);
  std::stable_sort(events.begin(), events.end(),
                   [](const event* a, const event* b) { return a->time < b->time; });
  return events;
}

std::vector<const event*> select(const event_selector& selector, const date_filter& during,
                                 const profile& p, const surroundings& s) {
  std::vector<const event*> found;
  for (const event* e : in_time_order(p))
    if (e->metric == selector.metric
        && is_inside(during, e->time, s.now, s.account_zone, s.person_zone)
        && passes_all(selector.where, *e, s))
      found.push_back(e);
  return found;
}

bool check(const attribute_criterion& c, const profile& p, const surroundings& s) {
  if (c.attribute != "last_event_date" && c.attribute != "first_event_date")
    return passes(c.test, attribute_of(p, c.attribute), s);
  const auto events = in_time_order(p);
  if (const auto* existence = std::get_if<existence_filter>(&c.test))
    return existence->is_set == !events.empty();
  const auto* date = std::get_if<date_filter>(&c.test);
  if (date == nullptr || events.empty())
    return false;
  const event* e = c.attribute == "last_event_date" ? events.back() : events.front();
  return is_inside(*date, e->time, s.now, s.account_zone, s.person_zone);
}

bool check(const event_criterion& c, const profile& p, const surroundings& s) {
  const auto events = select(c.events, c.during, p, s);
  if (c.what == measure::count)
    return passes(c.holds, static_cast<double>(events.size()));
  if (c.what == measure::first)
    return !events.empty() && passes_all(c.picked, *events.front(), s);
  if (c.what == measure::last)
    return !events.empty() && passes_all(c.picked, *events.back(), s);
  const std::string property = c.property.empty() ? "$value" : c.property;
  if (c.what == measure::distinct) {
    std::set<std::tuple<model::value_kind, double, std::string>> different;
    for (const event* e : events)
      if (const auto v = property_of(*e, property); v.kind != model::value_kind::unset)
        different.insert({v.kind, v.number, v.text});
    return passes(c.holds, static_cast<double>(different.size()));
  }
  std::vector<double> numbers;
  for (const event* e : events)
    if (const auto v = property_of(*e, property); v.kind == model::value_kind::number)
      numbers.push_back(v.number);
  double sum = 0;
  for (const double x : numbers)
    sum += x;
  if (c.what == measure::sum)
    return passes(c.holds, sum);
  if (numbers.empty())
    return false;
  if (c.what == measure::average)
    return passes(c.holds, sum / static_cast<double>(numbers.size()));
  const auto [least, most] = std::minmax_element(numbers.begin(), numbers.end());
  return passes(c.holds, c.what == measure::minimum ? *least : *most);
}

/// S20 by trying every choice of events.
class chain {
public:
  chain(const sequence_criterion& c, const profile& p, const surroundings& s) : c_(c) {
    for (const auto& step : c.steps)
      events_.push_back(select(step.events, c.during, p, s));
  }
  bool exists() {
    return continues(0);
  }

private:
  bool is_linked(const event& e) const {
    if (c_.equal_property.empty())
      return true;
    const auto v = property_of(e, c_.equal_property);
    return v.kind != model::value_kind::unset
        && (chosen_.empty() || v == property_of(*chosen_.front(), c_.equal_property));
  }
  bool is_in_window(std::int64_t t) const {
    return !c_.window_ms || chosen_.empty() || t <= chosen_.front()->time + *c_.window_ms;
  }
  bool continues(std::size_t step) {
    if (step == c_.steps.size())
      return true;
    const auto& now = c_.steps[step];
    if (!now.exists) {
      for (const event* e : events_[step])
        if (e->time >= chosen_.back()->time && is_in_window(e->time) && is_linked(*e)
            && (!now.within_ms || e->time <= chosen_.back()->time + *now.within_ms))
          return false;
      return continues(step + 1);
    }
    for (const event* e : events_[step]) {
      if (!chosen_.empty()
          && (e->time < chosen_.back()->time
              || (now.within_ms && e->time > chosen_.back()->time + *now.within_ms)))
        continue;
      if (!is_in_window(e->time) || !is_linked(*e)
          || std::find(chosen_.begin(), chosen_.end(), e) != chosen_.end())
        continue;
      chosen_.push_back(e);
      const bool found = continues(step + 1);
      chosen_.pop_back();
      if (found)
        return true;
    }
    return false;
  }

  const sequence_criterion& c_;
  std::vector<std::vector<const event*>> events_;
  std::vector<const event*> chosen_;
};

bool check(const sequence_criterion& c, const profile& p, const surroundings& s) {
  return chain{c, p, s}.exists();
}

bool check(const list_criterion& c, const profile& p, const surroundings& s) {
  bool is_in = false;
  for (const auto& list : c.lists) {
    const auto joined = attribute_of(p, "list['" + list + "']");
    if (joined.kind != model::value_kind::number)
      continue;
    is_in = is_in || !c.joined
         || is_inside(*c.joined, static_cast<std::int64_t>(joined.number), s.now, s.account_zone,
                      s.person_zone);
  }
  return is_in == c.is_member;
}

std::string upper(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

bool check(const consent_filter& f, const profile& p, const std::string& record,
           const surroundings& s) {
  const auto field = [&](const std::string& name) {
    return attribute_of(p, record + "['" + name + "']");
  };
  static const std::map<std::string, std::string> reasons{
    {"bounce_date", "HARD_BOUNCE"},
    {"manual_suppression_date", "USER_SUPPRESSED"},
    {"invalid_email_date", "INVALID_EMAIL"}};
  if (const auto reason = reasons.find(f.field); reason != reasons.end()) {
    const auto suppression = field("suppression");
    std::vector<std::string> dates;
    if (suppression.kind == model::value_kind::list)
      for (const auto& entry : items_of(suppression))
        if (entry.text.substr(0, entry.text.find('|')) == reason->second)
          dates.push_back(entry.text.substr(entry.text.find('|') + 1));
    if (dates.empty())
      return passes(*f.test, model::value{}, s);
    return std::any_of(dates.begin(), dates.end(), [&](const std::string& date) {
      return passes(*f.test, model::value::of_text(date), s);
    });
  }
  if (f.field == "method" || f.field == "subscribe_method")
    return upper(field("method").text) == upper(f.method)
        && (!f.test || passes(*f.test, field("method_detail"), s));
  static const std::map<std::string, std::string> attributes{
    {"status_date", "consent_timestamp"},   {"effective_date", "consent_timestamp"},
    {"recorded_date", "created_timestamp"}, {"custom_source", "custom_method_detail"},
    {"is_double_opt_in", "double_optin"},   {"is_rcs_capable", "is_rcs_capable"}};
  return passes(*f.test, field(attributes.at(f.field)), s);
}

bool check(const consent_criterion& c, const profile& p, const surroundings& s) {
  const std::string record = c.on == channel::email ? "subscriptions['email']"
                           : c.on == channel::sms   ? "subscriptions['sms']"
                           : c.on == channel::push  ? "subscriptions['mobile_push']"
                                                    : "subscriptions['whatsapp']";
  const std::string consent = attribute_of(p, record + "['consent']").text;
  const auto suppression = attribute_of(p, record + "['suppression']");
  const bool is_suppressed = suppression.kind == model::value_kind::list
                          && !items_of(suppression).empty();
  const bool can_receive = c.on == channel::email ? !is_suppressed && consent != "UNSUBSCRIBED"
                                                  : consent == "SUBSCRIBED";
  if (can_receive != c.can_receive)
    return false;
  if (c.state == subscription::subscribed && consent != "SUBSCRIBED")
    return false;
  if (c.state == subscription::unsubscribed && consent != "UNSUBSCRIBED")
    return false;
  if (c.state == subscription::never_subscribed && !consent.empty()
      && consent != "NEVER_SUBSCRIBED")
    return false;
  return std::all_of(c.filters.begin(), c.filters.end(),
                     [&](const consent_filter& f) { return check(f, p, record, s); });
}

bool check(const permission_criterion& c, const profile& p, const surroundings& s) {
  const std::string record = c.transactional ? "subscriptions['whatsapp_transactional']"
                                             : "subscriptions['whatsapp']";
  const std::string consent = attribute_of(p, record + "['consent']").text;
  const bool is_yes = consent == "SUBSCRIBED";
  const bool is_no = consent == "UNSUBSCRIBED";
  bool is_so = false;
  switch (c.status) {
  case reachability::explicitly_reachable:
  case reachability::implicitly_or_explicitly_reachable:
    is_so = is_yes;
    break;
  case reachability::implicitly_reachable:
    is_so = false;
    break;
  case reachability::explicitly_unreachable:
    is_so = is_no;
    break;
  case reachability::implicitly_unreachable:
    is_so = !is_yes && !is_no;
    break;
  case reachability::implicitly_or_explicitly_unreachable:
    is_so = !is_yes;
    break;
  }
  return is_so && std::all_of(c.filters.begin(), c.filters.end(), [&](const consent_filter& f) {
           return check(f, p, record, s);
         });
}

bool check(const distance_criterion& c, const profile& p, const surroundings&) {
  const auto latitude = attribute_of(p, "location['latitude']");
  const auto longitude = attribute_of(p, "location['longitude']");
  const auto country = attribute_of(p, "location['country']");
  const auto zip = attribute_of(p, "location['zip']");
  double at = latitude.number;
  double to = longitude.number;
  if (latitude.kind != model::value_kind::number || longitude.kind != model::value_kind::number) {
    if (country.text != "US" && country.text != "USA" && country.text != "United States")
      return false;
    const auto point = zip.kind == model::value_kind::text ? segments::zip_point(zip.text)
                                                           : std::nullopt;
    if (!point)
      return false;
    at = point->latitude;
    to = point->longitude;
  }
  const auto radians = [](double degrees) { return degrees * std::numbers::pi / 180; };
  const auto half_chord = [](double angle) { return std::sin(angle / 2) * std::sin(angle / 2); };
  const double h = half_chord(radians(at - c.latitude))
                 + std::cos(radians(at)) * std::cos(radians(c.latitude))
                     * half_chord(radians(to - c.longitude));
  const double miles = 2 * 3958.7613 * std::asin(std::min(1.0, std::sqrt(h)));
  return c.nearer ? miles < c.miles : miles > c.miles;
}

bool check(const region_criterion& c, const profile& p, const surroundings&) {
  static const std::set<std::string> union_members{
    "Austria",     "AT", "Belgium",   "BE", "Bulgaria",       "BG", "Croatia", "HR",
    "Cyprus",      "CY", "Czechia",   "CZ", "Czech Republic", "DK", "Denmark", "EE",
    "Estonia",     "FI", "Finland",   "FR", "France",         "DE", "Germany", "GR",
    "Greece",      "HU", "Hungary",   "IE", "Ireland",        "IT", "Italy",   "LV",
    "Latvia",      "LT", "Lithuania", "LU", "Luxembourg",     "MT", "Malta",   "NL",
    "Netherlands", "PL", "Poland",    "PT", "Portugal",       "RO", "Romania", "SK",
    "Slovakia",    "SI", "Slovenia",  "ES", "Spain",          "SE", "Sweden"};
  const auto country = attribute_of(p, "location['country']");
  if (country.kind != model::value_kind::text)
    return false;
  const bool is_in = c.area == region::united_states
                     ? country.text == "US" || country.text == "United States"
                     : union_members.contains(country.text);
  return is_in == c.inside;
}

bool check(const affinity_criterion& c, const profile& p, const surroundings& s) {
  const auto ranked = attribute_of(p, "predictive['ranked_channel_affinity']");
  if (ranked.kind != model::value_kind::list)
    return false;
  const auto channels = items_of(ranked);
  const auto found = std::find(channels.begin(), channels.end(),
                               model::value::of_text(c.predicted_channel));
  if (found == channels.end())
    return false;
  const auto place = found - channels.begin() + 1;
  const std::string rank = place == 1 ? "high" : place == 2 ? "medium" : "low";
  return passes(c.test,
                c.by_rank ? model::value::of_text(rank)
                          : model::value::of_number(static_cast<double>(place)),
                s);
}

} // namespace

bool is_inside(const date_filter& f, std::int64_t t, std::int64_t now,
               const std::string& account_zone, const std::string& person_zone) {
  return inside(f, t, now, calendar_of(f.zone, account_zone, person_zone));
}

bool holds(const criterion& c, const profile& p, std::int64_t now,
           const std::string& account_zone) {
  const auto home = attribute_of(p, "location['timezone']");
  const surroundings s{now, account_zone, home.kind == model::value_kind::text ? home.text : ""};
  return std::visit([&](const auto& kind) { return check(kind, p, s); }, c);
}

} // namespace plain
