#include "tests/segments/random_account.hpp"

#include "model/instant.hpp"

#include <algorithm>
#include <array>
#include <cmath>

using namespace segments;

namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t hour = 3'600 * second;
constexpr std::int64_t day = 24 * hour;

const std::vector<std::string> zones{
  "UTC",          "America/New_York",  "Europe/Berlin",       "America/St_Johns", "Asia/Kathmandu",
  "Pacific/Apia", "America/Sao_Paulo", "Australia/Lord_Howe", "US/Eastern",       "Asia/Tokyo"};
const std::vector<std::string> metrics{"Placed Order", "Viewed Product", "Opened Email"};
const std::vector<std::string> properties{"Brand", "Categories", "Price", "Gift", "Delivery"};
const std::vector<std::string> words{"Northwind", "North", "wind", "Jeans", "Denim", "", "éclair"};
const std::vector<std::string> phones{"+14165550100", "+12125550100",  "+447700900123",
                                      "+4930123456",  "+351912345678", "+5511912345678",
                                      "0301234567",   "+49",           "+353861234567"};
const std::vector<std::string> countries{
  "US", "United States", "USA", "Germany", "DE", "France", "GB", "", "Portugal", "germany"};
const std::vector<std::string> channels{"email", "sms", "push", "whatsapp"};
const std::vector<std::string> lists{"Newsletter", "VIP", "Sale"};
const std::vector<std::string> consents{"SUBSCRIBED", "UNSUBSCRIBED", "NEVER_SUBSCRIBED"};
const std::vector<std::string> methods{"FORM", "api", "Checkout", "SPAM_COMPLAINT"};
const std::vector<std::string> reasons{"HARD_BOUNCE", "USER_SUPPRESSED", "INVALID_EMAIL",
                                       "UNSUBSCRIBE"};
const std::vector<std::string> attributes{"email",
                                          "phone_number",
                                          "created",
                                          "first_name",
                                          "properties['points']",
                                          "properties['sizes']",
                                          "properties['wholesale']",
                                          "properties['birthday']",
                                          "predictive['churn_probability']",
                                          "location['country']",
                                          "last_event_date",
                                          "first_event_date"};

std::string list_text(const std::vector<model::value>& items) {
  std::string out;
  for (const auto& item : items)
    model::append_list_item(out, item.view());
  return out;
}

model::value list_of(const std::vector<model::value>& items) {
  model::value v;
  v.kind = model::value_kind::list;
  v.text = list_text(items);
  return v;
}

std::string iso(std::int64_t t) {
  return model::format_instant(model::from_ms(t));
}

} // namespace

random_account::random_account(std::uint64_t seed) : random_(seed) {
  zone_ = chance(0.5) ? "UTC" : one_of(zones);
  // Ordinary years, leap days, and the day that Samoa skipped.
  constexpr std::array middles{"2024-02-20", "2023-06-17", "2025-11-02", "2011-12-20",
                               "2020-02-29", "2007-03-11", "1969-12-30"};
  middle_ = model::to_ms(*model::parse_instant(one_of(middles)));
}

std::uint64_t random_account::below(std::uint64_t n) {
  return random_() % n;
}

bool random_account::chance(double share) {
  return static_cast<double>(random_() >> 11) * 0x1p-53 < share;
}

std::int64_t random_account::next_time() {
  const std::int64_t reach = chance(0.6) ? 12 * day : chance(0.8) ? 100 * day : 900 * day;
  std::int64_t t = middle_ + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(2 * reach)))
                 - reach;
  const auto cut = [&](std::int64_t to) { t -= (t % to + to) % to; };
  if (chance(0.4))
    cut(day);
  else if (chance(0.4))
    cut(hour);
  else if (chance(0.6))
    cut(second);
  if (chance(0.05))
    t += static_cast<std::int64_t>(below(3)) - 1;
  return t;
}

std::string random_account::next_date_text() {
  const std::int64_t t = next_time();
  if (chance(0.05))
    return one_of(std::array<std::string, 4>{"2023-02-29", "soon", "", "2024-13-01T00:00:00Z"});
  if (chance(0.3)) {
    const auto year = 1940 + static_cast<std::int64_t>(below(80));
    const std::string date = chance(0.2) ? "02-29" : iso(t).substr(5, 5);
    return std::to_string(date == "02-29" ? year / 4 * 4 : year) + "-"
         + (date == "02-29" ? date : date);
  }
  return chance(0.5) ? iso(t).substr(0, 10) : iso(t);
}

model::value random_account::next_list() {
  std::vector<model::value> items;
  for (std::uint64_t n = below(4); n > 0; --n) {
    if (chance(0.6))
      items.push_back(model::value::of_text(chance(0.2) ? "38" : one_of(words)));
    else if (chance(0.7))
      items.push_back(model::value::of_number(38 + static_cast<double>(below(2))));
    else
      items.push_back(model::value::of_boolean(chance(0.5)));
  }
  return list_of(items);
}

model::value random_account::next_value() {
  switch (below(8)) {
  case 0:
  case 1:
    return model::value::of_text(one_of(words));
  case 2:
    return model::value::of_number(static_cast<double>(below(6)));
  case 3:
    return model::value::of_boolean(chance(0.5));
  case 4:
    return next_list();
  case 5:
    return model::value::of_text(next_date_text());
  case 6: {
    model::value v;
    v.kind = model::value_kind::nested;
    v.text = R"([["Jeans"]])";
    return v;
  }
  default:
    return {};
  }
}

plain::event random_account::next_event() {
  plain::event e;
  e.metric = one_of(metrics);
  e.time = next_time();
  if (chance(0.8))
    e.value = chance(0.8) ? static_cast<double>(below(4'000)) / 100 - 5
                          : static_cast<double>(below(1'000'000)) / 7;
  const auto put = [&](const std::string& key, model::value v) {
    if (chance(0.1))
      v = next_value();
    if (v.kind != model::value_kind::unset && chance(0.85))
      e.properties[key] = std::move(v);
  };
  put("Brand", model::value::of_text(one_of(words)));
  put("Categories", next_list());
  put("Price", model::value::of_number(static_cast<double>(below(8)) / 2));
  put("Gift", model::value::of_boolean(chance(0.5)));
  put("Delivery", model::value::of_text(next_date_text()));
  return e;
}

void random_account::add_consent(plain::profile& p, const std::string& record) {
  if (chance(0.3))
    return;
  const auto put = [&](const char* field, model::value v) {
    if (chance(0.7))
      p.attributes[record + "['" + field + "']"] = std::move(v);
  };
  put("consent", model::value::of_text(one_of(consents)));
  put("consent_timestamp", model::value::of_text(next_date_text()));
  put("created_timestamp", model::value::of_text(next_date_text()));
  put("method", model::value::of_text(one_of(methods)));
  put("method_detail", model::value::of_text(one_of(words)));
  put("custom_method_detail", model::value::of_text(one_of(words)));
  put("double_optin", model::value::of_boolean(chance(0.5)));
  put("is_rcs_capable", model::value::of_boolean(chance(0.5)));
  std::vector<model::value> suppressions;
  for (std::uint64_t n = below(3); n > 0; --n)
    suppressions.push_back(model::value::of_text(one_of(reasons) + "|" + next_date_text()));
  put("suppression", list_of(suppressions));
}

plain::profile random_account::next_profile() {
  plain::profile p;
  const auto put = [&](const std::string& path, model::value v) {
    if (chance(0.08))
      v = next_value();
    if (v.kind != model::value_kind::unset && chance(0.8))
      p.attributes[path] = std::move(v);
  };
  put("email", model::value::of_text(one_of(words) + "@example.org"));
  put("phone_number", model::value::of_text(one_of(phones)));
  put("first_name", model::value::of_text(one_of(words)));
  put("created", model::value::of_text(next_date_text()));
  put("properties['points']", model::value::of_number(static_cast<double>(below(6))));
  put("properties['sizes']", next_list());
  put("properties['wholesale']", model::value::of_boolean(chance(0.5)));
  put("properties['birthday']", model::value::of_text(next_date_text()));
  put("predictive['churn_probability']",
      model::value::of_number(static_cast<double>(below(10)) / 10));
  put("location['country']", model::value::of_text(one_of(countries)));
  put("location['zip']", model::value::of_text(one_of(
                           std::array<std::string, 4>{"02110", "10001", "94105-1234", "00000"})));
  if (chance(0.5)) {
    put("location['latitude']", model::value::of_number(30 + static_cast<double>(below(20))));
    put("location['longitude']", model::value::of_number(-120 + static_cast<double>(below(60))));
  }
  put("location['timezone']", model::value::of_text(chance(0.1) ? "Nowhere/Land" : one_of(zones)));
  std::vector<model::value> ranked;
  for (const auto& channel : channels)
    if (chance(0.7))
      ranked.insert(ranked.begin() + static_cast<std::ptrdiff_t>(below(ranked.size() + 1)),
                    model::value::of_text(channel));
  put("predictive['ranked_channel_affinity']", list_of(ranked));
  for (const auto& list : lists)
    if (chance(0.4))
      p.attributes["list['" + list + "']"] = model::value::of_number(
        static_cast<double>(next_time()));
  for (const char* record : {"email", "sms", "mobile_push", "whatsapp", "whatsapp_transactional"})
    add_consent(p, "subscriptions['" + std::string{record} + "']");
  const std::uint64_t events = chance(0.2) ? 0 : chance(0.9) ? below(12) : 30 + below(60);
  for (std::uint64_t n = 0; n < events; ++n) {
    p.events.push_back(next_event());
    if (n > 0 && chance(0.1))
      p.events.back().time = p.events[below(n)].time;
  }
  return p;
}

std::int64_t random_account::next_now(const plain::profile& person) {
  std::int64_t t = next_time();
  if (chance(0.5)) {
    std::vector<std::int64_t> marks;
    for (const auto& e : person.events)
      marks.push_back(e.time);
    for (const auto& [path, v] : person.attributes) {
      if (v.kind == model::value_kind::text)
        if (const auto date = model::parse_instant(v.text))
          marks.push_back(model::to_ms(*date));
      if (v.kind == model::value_kind::number && path.starts_with("list["))
        marks.push_back(static_cast<std::int64_t>(v.number));
    }
    if (!marks.empty())
      t = one_of(marks);
    if (std::abs(t - middle_) > 2'000 * day)
      t = middle_ + (t - middle_) % (365 * day);
    t += (static_cast<std::int64_t>(below(9)) - 4) * (chance(0.5) ? day : hour);
    if (chance(0.5))
      t -= (t % day + day) % day;
    t += (static_cast<std::int64_t>(below(3)) - 1) * second;
  }
  return t - (t % second + second) % second;
}

date_filter random_account::next_date_filter() {
  date_filter f;
  f.op = static_cast<date_operator>(below(13));
  f.unit = static_cast<date_unit>(chance(0.8) ? below(3) : below(5));
  f.from = static_cast<std::int64_t>(chance(0.85) ? below(6) : below(800));
  f.to = f.from + static_cast<std::int64_t>(chance(0.85) ? below(6) : below(800));
  if (f.op == date_operator::calendar_month)
    f.from = 1 + static_cast<std::int64_t>(below(12));
  f.start = model::from_ms(next_time());
  f.end = model::from_ms(next_time());
  if (f.end < f.start)
    std::swap(f.start, f.end);
  f.rolling = chance(0.15);
  if (chance(0.35))
    f.zone = chance(0.3) ? "account" : chance(0.5) ? "profile" : one_of(zones);
  return f;
}

number_filter random_account::next_number_filter(bool small) {
  number_filter f;
  f.op = static_cast<comparison>(below(6));
  f.operand = small ? static_cast<double>(below(5)) : static_cast<double>(below(120)) / 2 - 5;
  if (chance(0.1))
    f.operand += 0.5;
  if (chance(0.15))
    f.upper = f.operand + static_cast<double>(below(4));
  return f;
}

text_filter random_account::next_text_filter() {
  text_filter f;
  f.op = static_cast<text_operator>(below(14));
  switch (f.op) {
  case text_operator::matches:
  case text_operator::not_matches:
    f.operands = {one_of(std::array<std::string, 5>{"^N", "wind", "J.*s$", "^$", "[a-e]"})};
    break;
  case text_operator::phone_country_in:
  case text_operator::phone_country_not_in:
    for (const char* country : {"CA", "DE", "GB", "PT", "US"})
      if (chance(0.4))
        f.operands.emplace_back(country);
    break;
  case text_operator::in:
  case text_operator::not_in:
    for (const auto& word : words)
      if (chance(0.4))
        f.operands.push_back(word);
    std::sort(f.operands.begin(), f.operands.end());
    break;
  default:
    if (chance(0.95))
      f.operands = {one_of(words)};
    break;
  }
  return f;
}

list_filter random_account::next_list_filter() {
  list_filter f;
  f.op = static_cast<list_operator>(below(8));
  const bool takes_text = f.op == list_operator::contains_substring
                       || f.op == list_operator::not_contains_substring;
  const std::uint64_t operands = chance(0.1) ? 0 : chance(0.5) ? 1 : 2;
  for (std::uint64_t n = 0; n < operands; ++n) {
    if (takes_text || chance(0.7))
      f.operands.push_back(model::value::of_text(chance(0.2) ? "38" : one_of(words)));
    else
      f.operands.push_back(model::value::of_number(38));
  }
  return f;
}

filter random_account::next_filter() {
  switch (below(7)) {
  case 0:
    return next_text_filter();
  case 1:
    return next_number_filter(true);
  case 2:
    return boolean_filter{chance(0.5)};
  case 3:
    return existence_filter{chance(0.5)};
  case 4:
    return next_list_filter();
  case 5:
    return list_length_filter{static_cast<comparison>(below(6)),
                              static_cast<std::int64_t>(below(4))};
  default:
    return next_date_filter();
  }
}

event_filter random_account::next_event_filter() {
  if (chance(0.15))
    return {"$value", chance(0.8) ? filter{next_number_filter(false)} : next_filter()};
  if (chance(0.3))
    return {one_of(properties), next_filter()};
  switch (below(5)) {
  case 0:
    return {"Brand", next_text_filter()};
  case 1:
    return {"Categories", next_list_filter()};
  case 2:
    return {"Price", next_number_filter(true)};
  case 3:
    return {"Gift", boolean_filter{chance(0.5)}};
  default:
    return {"Delivery", next_date_filter()};
  }
}

event_selector random_account::next_selector() {
  event_selector s;
  s.metric = chance(0.03) ? "Never Happened" : one_of(metrics);
  while (chance(0.35) && s.where.size() < 3)
    s.where.push_back(next_event_filter());
  return s;
}

attribute_criterion random_account::next_attribute() {
  attribute_criterion c;
  c.attribute = one_of(attributes);
  if (chance(0.25)) {
    c.test = next_filter();
    return c;
  }
  if (c.attribute == "properties['points']" || c.attribute.starts_with("predictive"))
    c.test = next_number_filter(true);
  else if (c.attribute == "properties['sizes']")
    c.test = chance(0.7) ? filter{next_list_filter()} : next_filter();
  else if (c.attribute == "properties['wholesale']")
    c.test = boolean_filter{chance(0.5)};
  else if (c.attribute == "created" || c.attribute == "properties['birthday']"
           || c.attribute.ends_with("event_date"))
    c.test = next_date_filter();
  else if (c.attribute == "phone_number") {
    auto phone = next_text_filter();
    while (phone.op != text_operator::phone_country_in
           && phone.op != text_operator::phone_country_not_in)
      phone = next_text_filter();
    c.test = phone;
  } else
    c.test = next_text_filter();
  return c;
}

event_criterion random_account::next_measure() {
  event_criterion c;
  c.events = next_selector();
  c.during = next_date_filter();
  if (chance(0.4)) {
    c.during.op = date_operator::in_the_last;
    c.during.zone.clear();
  }
  c.what = chance(0.4) ? measure::count : static_cast<measure>(below(8));
  const bool is_count = c.what == measure::count || c.what == measure::distinct;
  c.holds = next_number_filter(is_count);
  if (c.what != measure::count && c.what != measure::first && c.what != measure::last
      && chance(0.4))
    c.property = c.what == measure::distinct && chance(0.6) ? one_of(properties) : "Price";
  if (!is_count && c.property == "Price")
    c.holds = next_number_filter(true);
  if (c.what == measure::first || c.what == measure::last)
    while (chance(0.6) && c.picked.size() < 2)
      c.picked.push_back(next_event_filter());
  return c;
}

sequence_criterion random_account::next_sequence() {
  sequence_criterion c;
  const std::uint64_t steps = 1 + below(4);
  for (std::uint64_t n = 0; n < steps; ++n) {
    sequence_step step;
    step.exists = n == 0 || chance(0.7);
    step.events = next_selector();
    if (chance(0.6))
      step.events.where.clear();
    if (n > 0 && chance(0.25))
      step.within_ms = static_cast<std::int64_t>(below(5)) * day;
    c.steps.push_back(std::move(step));
  }
  c.during = next_date_filter();
  if (chance(0.4))
    c.during = date_filter{};
  if (chance(0.5))
    c.window_ms = static_cast<std::int64_t>(below(12)) * day / 2;
  if (chance(0.25))
    c.equal_property = chance(0.7) ? "Gift" : one_of(properties);
  return c;
}

list_criterion random_account::next_list_membership() {
  list_criterion c;
  c.lists = {one_of(lists)};
  if (chance(0.4))
    c.lists = {lists[0], chance(0.5) ? "Nobody" : lists[1]};
  c.is_member = chance(0.7);
  if (c.is_member && chance(0.7))
    c.joined = next_date_filter();
  return c;
}

std::vector<consent_filter> random_account::next_consent_filters(bool is_permission) {
  std::vector<consent_filter> filters;
  while (chance(0.5) && filters.size() < 3) {
    consent_filter f;
    switch (below(is_permission ? 3 : 8)) {
    case 0:
      f.field = is_permission ? "effective_date" : "status_date";
      f.test = next_date_filter();
      break;
    case 1:
      f.field = is_permission ? "recorded_date" : "bounce_date";
      f.test = next_date_filter();
      break;
    case 2:
      f.field = is_permission ? "subscribe_method" : "method";
      f.method = one_of(std::array<std::string, 4>{"form", "api", "checkout", "spam_complaint"});
      if (chance(0.4))
        f.test = next_text_filter();
      break;
    case 3:
      f.field = "manual_suppression_date";
      f.test = chance(0.3) ? filter{existence_filter{true}} : filter{next_date_filter()};
      break;
    case 4:
      f.field = "invalid_email_date";
      f.test = chance(0.3) ? filter{existence_filter{true}} : filter{next_date_filter()};
      break;
    case 5:
      f.field = "custom_source";
      f.test = text_filter{text_operator::equals, {one_of(words)}};
      break;
    case 6:
      f.field = "is_double_opt_in";
      f.test = boolean_filter{chance(0.5)};
      break;
    default:
      f.field = "is_rcs_capable";
      f.test = boolean_filter{chance(0.5)};
      break;
    }
    filters.push_back(std::move(f));
  }
  return filters;
}

consent_criterion random_account::next_consent() {
  consent_criterion c;
  c.on = static_cast<channel>(chance(0.5) ? 0 : below(4));
  c.can_receive = chance(0.5);
  c.state = static_cast<subscription>(below(4));
  c.filters = next_consent_filters(false);
  return c;
}

permission_criterion random_account::next_permission() {
  permission_criterion c;
  c.transactional = chance(0.5);
  c.status = static_cast<reachability>(below(6));
  if (c.status == reachability::explicitly_reachable
      || c.status == reachability::explicitly_unreachable)
    c.filters = next_consent_filters(true);
  return c;
}

distance_criterion random_account::next_distance() {
  return {42.355, -71.05, static_cast<double>(1 + below(3'000)), chance(0.5)};
}

region_criterion random_account::next_region() {
  return {chance(0.5), static_cast<region>(below(2))};
}

affinity_criterion random_account::next_affinity() {
  affinity_criterion c;
  c.predicted_channel = one_of(channels);
  c.by_rank = chance(0.5);
  if (c.by_rank)
    c.test = text_filter{chance(0.5) ? text_operator::equals : text_operator::not_equals,
                         {one_of(std::array<std::string, 3>{"high", "medium", "low"})}};
  else
    c.test = number_filter{comparison::equal, 1 + static_cast<double>(below(4))};
  return c;
}

criterion random_account::next_criterion(std::size_t kind) {
  switch (kind) {
  case 0:
    return next_attribute();
  case 1:
    return next_measure();
  case 2:
    return next_sequence();
  case 3:
    return next_list_membership();
  case 4:
    return next_consent();
  case 5:
    return next_permission();
  case 6:
    return next_distance();
  case 7:
    return next_region();
  default:
    return next_affinity();
  }
}

criterion random_account::next_criterion() {
  if (chance(0.25))
    return next_criterion(0);
  if (chance(0.55))
    return next_criterion(1);
  return chance(0.5) ? next_criterion(2) : next_criterion(3 + below(6));
}
