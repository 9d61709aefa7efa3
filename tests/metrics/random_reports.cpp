#include "tests/metrics/random_reports.hpp"

#include "model/history.hpp"
#include "model/instant.hpp"
#include "tests/metrics/plain_calendar.hpp"

#include <algorithm>
#include <map>

namespace {

constexpr std::int64_t second = 1'000;
constexpr std::int64_t minute = 60 * second;
constexpr std::int64_t hour = 60 * minute;
constexpr std::int64_t day = 24 * hour;

const std::string zones[] = {
  "America/New_York",  "Australia/Lord_Howe", "Asia/Kathmandu", "Europe/Berlin", "UTC",
  "America/Sao_Paulo", "Pacific/Apia"};
/// Around which clocks are set, years, months and weeks begin.
const std::string_view turns[] = {
  "2025-11-06T12:00:00Z", "2026-03-12T09:30:15Z", "2026-04-08T00:00:00Z", "2025-10-09T23:59:59Z",
  "2026-01-04T05:00:00Z", "2024-03-02T18:00:00Z", "2025-03-31T10:00:00Z", "2018-11-06T02:00:00Z"};

std::map<std::string, std::map<std::string, std::string>> metrics_by_channel() {
  return {{"email",
           {{"delivered", "Received Email"},
            {"undelivered", "Bounced Email"},
            {"opened", "Opened Email"},
            {"clicked", "Clicked Email"}}},
          {"sms",
           {{"delivered", "Received SMS"},
            {"undelivered", "Failed SMS"},
            {"opened", "Clicked SMS"},
            {"clicked", "Clicked SMS"}}},
          {"push-notification",
           {{"delivered", "Received Push"},
            {"undelivered", "Received Push"},
            {"opened", "Opened Push"},
            {"clicked", "Opened Push"}}}};
}

model::value text(std::string_view t) {
  return model::value::of_text(t);
}

} // namespace

random_reports::random_reports(std::uint64_t seed, bool orderly)
  : random_(seed), orderly_(orderly), zone_(one_of(zones)),
    now_(model::to_ms(*model::parse_instant(one_of(turns)))) {
  const plain::report_calendar calendar{zone_, 0};
  using part = plain::report_calendar::part;
  for (int i = 0; i < 6; ++i) {
    const auto t = now_ - static_cast<std::int64_t>(below(12)) * day;
    instants_.push_back(calendar.begin(part::day, t));
    instants_.push_back(calendar.begin(part::hour, t));
  }
  instants_.push_back(calendar.begin(part::week, now_));
  instants_.push_back(calendar.begin(part::month, now_));
  instants_.push_back(now_);
  // Where the clock is set: hours that begin at other minutes, or days of other lengths.
  for (auto t = calendar.begin(part::day, now_ - 12 * day); t < now_;
       t = calendar.end(part::day, t))
    if (calendar.end(part::day, t) - t != day)
      for (auto h = t; h < calendar.end(part::day, t); h = calendar.end(part::hour, h))
        if (chance(0.3) || calendar.end(part::hour, h) - h != hour)
          instants_.push_back(h);

  static const std::string channels[] = {"email", "email", "sms", "push-notification"};
  const auto count = 2 + below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    sent_message made;
    made.is_flow = chance(0.5);
    made.channel = one_of(channels);
    const auto number = 1 + below(3);
    const auto id = (made.is_flow ? "F" : "C") + std::to_string(number);
    if (orderly_ || chance(0.8))
      made.object = text(id);
    else if (chance(0.8))
      made.object = model::value::of_number(static_cast<double>(number));
    else
      made.object = text(std::to_string(number)); // Shown like the number.
    if (chance(0.8))
      made.id = chance(0.9) || orderly_ ? text("M" + std::to_string(below(4)))
                                        : model::value::of_number(7);
    if (chance(0.5))
      made.object_name = "Name of " + id;
    if (chance(0.5) && made.id.kind == model::value_kind::text)
      made.message_name = "Message " + made.id.text;
    messages_.push_back(std::move(made));
  }
}

std::uint64_t random_reports::below(std::uint64_t n) {
  return random_() % n;
}

bool random_reports::chance(double share) {
  return static_cast<double>(random_() >> 11) * 0x1p-53 < share;
}

std::int64_t random_reports::next_time() {
  if (!orderly_ && chance(0.05)) // Where timeframes are compared with the year before.
    return now_ - static_cast<std::int64_t>(363 * day + below(4 * day / minute) * minute);
  if (chance(0.4)) {
    static constexpr std::int64_t beside[] = {0, 0, -1, 1, 10 * minute, -10 * minute};
    return one_of(instants_) + one_of(beside);
  }
  return now_ - static_cast<std::int64_t>(below(20 * day / second)) * second;
}

std::int64_t random_reports::next_time_after(std::int64_t t) {
  static constexpr std::int64_t windows[] = {0,      0,          1,        12 * hour,  24 * hour,
                                             minute, 120 * hour, 3 * hour, 30 * minute};
  if (chance(0.5))
    return t + one_of(windows) + (orderly_ ? 0 : static_cast<std::int64_t>(below(3)) - 1);
  return t + static_cast<std::int64_t>(below(150 * hour / minute)) * minute;
}

double random_reports::next_value() {
  static constexpr double odd[] = {0, 0.1, 0.2, -3.15, 1e-9, 123456789.987654321, 1.0 / 3, 2e15};
  if (chance(0.3))
    return one_of(odd);
  return static_cast<double>(below(20'000)) / 100;
}

void random_reports::name(plain::event& e, const sent_message& of) {
  e.properties[of.is_flow ? "flow_id" : "campaign_id"] = of.object;
  if (!of.is_flow && !orderly_ && chance(0.05))
    e.properties["flow_id"] = text("F1"); // The campaign goes first.
  if (of.is_flow && !orderly_ && chance(0.05))
    e.properties["campaign_id"] = text(""); // Names nothing.
  if (of.id.kind != model::value_kind::unset)
    e.properties["message_id"] = of.id;
  if (!of.object_name.empty())
    e.properties[of.is_flow ? "flow_name" : "campaign_name"] = text(of.object_name);
  if (!of.message_name.empty())
    e.properties["message_name"] = text(of.message_name);
}

plain::event random_reports::make(const std::string& metric, std::int64_t t,
                                  const sent_message& of) {
  plain::event e{metric, t, model::no_value, {}};
  name(e, of);
  if (!orderly_ && chance(0.1)) {
    static const std::string odd[] = {
      "email", "sms", "push", "mobile_push", "whatsapp", "pigeon", "push-notification"};
    e.properties["send_channel"] = text(one_of(odd));
  } else if (chance(0.4)) {
    e.properties["send_channel"] = text(of.channel);
  }
  if (chance(0.4))
    e.properties["variation"] = text(chance(0.5) ? "A" : chance(0.9) ? "B" : "");
  if (chance(0.3)) {
    static const std::string devices[] = {"Desktop", "Mobile", "Bot"};
    e.properties["Client Type"] = text(one_of(devices));
  }
  if (chance(0.1))
    e.properties["Client Type"] = model::value::of_number(static_cast<double>(below(3)));
  if (metric.starts_with("Opened") && chance(0.3))
    e.properties["Apple Privacy Open"] = model::value::of_boolean(chance(0.8));
  if (metric.starts_with("Clicked") && chance(0.3))
    e.properties["Bot Click"] = chance(0.1) ? text("true") : model::value::of_boolean(chance(0.7));
  if (metric == "Received SMS") {
    e.properties["Message Cost"] = chance(0.1) ? text("0.02")
                                               : model::value::of_number(next_value());
    e.properties["Message Segment Count"] = model::value::of_number(
      static_cast<double>(1 + below(3)));
    e.properties["Message Format"] = text(chance(0.5) ? "MMS" : "SMS");
  }
  if (chance(0.05))
    e.value = next_value();
  return e;
}

void random_reports::add_message_story(plain::profile& person) {
  static const auto metrics = metrics_by_channel();
  const auto& of = messages_[below(messages_.size())];
  const auto& named = metrics.at(of.channel);
  const auto sent = next_time();
  const bool has_send = orderly_ || chance(0.85);
  const bool arrives = orderly_ || chance(0.85);
  if (has_send)
    person.events.push_back(make(named.at(arrives ? "delivered" : "undelivered"), sent, of));
  for (const auto* kind : {"opened", "clicked", "opened"}) {
    if (!chance(0.45))
      continue;
    const auto t = orderly_ || chance(0.85) ? next_time_after(sent) : next_time();
    person.events.push_back(make(named.at(kind), t, of));
    if (!orderly_ && chance(0.1)) {
      // The same once more, told by its channel or variation only.
      auto twin = person.events.back();
      if (chance(0.3))
        twin.properties["variation"] = text("C");
      else if (of.channel == "email")
        twin.properties["send_channel"] = text(twin.metric == "Opened Email" ? "push" : "sms");
      else
        twin.properties["send_channel"] = text("email");
      person.events.push_back(std::move(twin));
    }
    if (chance(0.4)) {
      plain::event order{"Placed Order", next_time_after(t), next_value(), {}};
      if (chance(0.3))
        order.properties["Item"] = text(chance(0.5) ? "Shoe" : "Hat");
      if (chance(0.5))
        order.properties["Net"] = chance(0.9) ? model::value::of_number(next_value()) : text("1");
      if (chance(0.2))
        order.properties["campaign_id"] = text("C1"); // Says nothing about the credit.
      if (chance(0.2))
        order.value = model::no_value;
      person.events.push_back(std::move(order));
    }
  }
  if (chance(0.1))
    person.events.push_back(make("Unsubscribed", next_time_after(sent), of));
  if (chance(0.1))
    person.events.push_back(make("Marked as Spam", next_time_after(sent), of));
  if (!orderly_ && chance(0.05)) // Opened, but of nothing.
    person.events.push_back({"Opened Email", sent, model::no_value, {}});
}

void random_reports::add_other_event(plain::profile& person) {
  static const std::string metrics[] = {"Placed Order",   "Placed Order",        "Viewed Form",
                                        "Submitted Form", "Submitted Form Step", "Viewed Form",
                                        "Closed Form",    "Active on Site"};
  plain::event e{one_of(metrics), next_time(), chance(0.7) ? next_value() : model::no_value, {}};
  if (e.metric.ends_with("Form") || e.metric.ends_with("Step")) {
    e.properties["form_id"] = text(chance(0.5) ? "P1" : "P2");
    if (chance(0.5))
      e.properties["form_version_id"] = model::value::of_number(static_cast<double>(below(3)));
  } else if (chance(0.4)) {
    e.properties["Item"] = text(chance(0.5) ? "Shoe" : "Hat");
  }
  if (chance(0.2))
    e.properties["Client Type"] = text(chance(0.5) ? "Desktop" : "");
  person.events.push_back(std::move(e));
}

plain::profile random_reports::next_person() {
  plain::profile person;
  static const std::string countries[] = {"Germany", "Nepal", "United States"};
  if (chance(0.7))
    person.attributes["location['country']"] = text(one_of(countries));
  if (chance(0.5))
    person.attributes["properties['tier']"] = chance(0.7) ? text(chance(0.5) ? "gold" : "tin")
                                                          : model::value::of_number(1.5);
  if (chance(0.1)) {
    model::value list;
    list.kind = model::value_kind::list;
    model::append_list_item(list.text, text("gold").view());
    person.attributes["properties['tier']"] = list;
  }
  for (auto left = below(4); left > 0; --left)
    add_message_story(person);
  for (auto left = below(3); left > 0; --left)
    add_other_event(person);
  // Now and then something happens at the very instant of something else.
  if (person.events.size() > 1 && !orderly_ && chance(0.4)) {
    auto& e = person.events[below(person.events.size())];
    e.time = person.events[below(person.events.size())].time;
  }
  return person;
}

std::vector<std::vector<plain::profile>> random_reports::next_partitions() {
  std::vector<std::vector<plain::profile>> made(1 + below(3));
  const auto people = chance(0.05) ? 100 + below(101) : 20 + below(12);
  for (std::uint64_t i = 0; i < people; ++i)
    made[below(made.size())].push_back(next_person());
  return made;
}

std::vector<plain::segment> random_reports::next_segments(std::size_t people) {
  std::vector<plain::segment> made;
  for (const auto* id : {"S1", "S2", "S3", "S4", "S5"}) {
    if (chance(0.3))
      continue;
    plain::segment s{id, chance(0.5) ? std::string{"Segment "} + id : id, {}};
    s.people.resize(people);
    for (auto& stays : s.people) {
      std::vector<std::int64_t> moves;
      for (auto left = below(5); left > 0; --left)
        if (const auto t = next_time(); t <= now_)
          moves.push_back(t);
      std::ranges::sort(moves);
      for (std::size_t i = 0; i < moves.size(); i += 2)
        stays.push_back(
          {moves[i], i + 1 < moves.size() ? std::optional{moves[i + 1]} : std::nullopt});
    }
    made.push_back(std::move(s));
  }
  return made;
}

std::vector<model::described_object> random_reports::next_described() {
  std::vector<model::described_object> made;
  for (const auto* id : {"C1", "C2", "1", "F1", "F2", "C9"}) {
    if (chance(0.5))
      continue;
    model::described_object o;
    o.id = id;
    o.kind = id[0] == 'F' ? model::object_kind::flow : model::object_kind::campaign;
    if (chance(0.5))
      o.name = std::string{"Described "} + id;
    if (o.kind == model::object_kind::campaign) {
      for (const auto& [field, at] : model::object_instants)
        if (chance(0.4))
          o.*at = model::from_ms(next_time());
      if (chance(0.5))
        o.strategy.method = chance(0.5) ? "immediate" : "throttled";
    }
    for (const auto* tag : {"T1", "T2", "T3"})
      if (chance(0.3))
        o.tags.push_back({tag, chance(0.4)   ? std::string{"Tag "} + tag
                               : chance(0.2) ? "Tag T1" // Two tags may have one name.
                                             : ""});
    for (const auto* message : {"M0", "M1"})
      if (chance(0.4))
        o.messages.push_back({message,
                              chance(0.5) ? std::string{"Text "} + message : "",
                              "",
                              {{"A", "Wording A"}, {"B", ""}}});
    made.push_back(std::move(o));
  }
  for (const auto* id : {"T1", "T2"})
    if (chance(0.6)) {
      model::described_object tag;
      tag.id = id;
      tag.kind = model::object_kind::tag;
      tag.name = std::string{"Tag "} + id;
      made.push_back(std::move(tag));
    }
  return made;
}
