#include "tests/metrics/plain_credit.hpp"

#include "metrics/where.hpp"

#include <algorithm>
#include <tuple>

namespace plain {

using namespace metrics;

namespace {

constexpr std::int64_t hour_ms = 3'600'000;

bool is_true(const event& e, const std::string& key) {
  const auto v = property(e, key);
  return v.kind == model::value_kind::boolean && v.number == 1;
}

bool is_id(const model::value& v) {
  return (v.kind == model::value_kind::text && !v.text.empty())
      || v.kind == model::value_kind::number || v.kind == model::value_kind::boolean;
}

} // namespace

model::value property(const event& e, const std::string& key) {
  const auto found = e.properties.find(key);
  return found == e.properties.end() ? model::value{} : found->second;
}

std::string shown(const model::value& v) {
  if (v.kind == model::value_kind::unset)
    return "";
  return v.kind == model::value_kind::text ? v.text : model::to_json(v.view());
}

credit_rules::credit_rules(const request& asked, const dictionary& words,
                           std::span<const profile* const> people,
                           std::span<const model::described_object> described, std::int64_t now)
  : asked_(asked), words_(words), source_(words.datasources.find(asked.datasource)->second),
    people_(people), described_(described), now_(now) {
}

bool credit_rules::is_in(const std::string& event_set, const event& e) const {
  const auto found = words_.event_sets.find(event_set);
  if (found != words_.event_sets.end())
    for (const auto& member : found->second.members)
      if (member.metric == e.metric)
        return true;
  return false;
}

bool credit_rules::passes(const std::string& where, const event& e) const {
  if (where.empty())
    return true;
  std::vector<segments::definition_error> errors;
  segments::event_criterion some;
  some.events = {e.metric, parse_where(where, errors)};
  some.holds = {segments::comparison::greater, 0};
  return holds(segments::criterion{some}, {{}, {e}}, now_, "UTC");
}

bool credit_rules::is_in_any(std::string datasource::*set, const event& e) const {
  for (const auto& [name, source] : words_.datasources)
    if (is_in(source.*set, e))
      return true;
  return false;
}

bool credit_rules::is_bot_click(const event& e) const {
  return is_in_any(&datasource::clicks, e) && is_true(e, "Bot Click");
}

bool credit_rules::is_apple_open(const event& e) const {
  return is_in_any(&datasource::opens, e) && is_true(e, "Apple Privacy Open");
}

bool credit_rules::is_send(const event& e) const {
  for (const auto& set : source_.sends)
    if (is_in(set, e))
      return true;
  return false;
}

std::optional<message> credit_rules::message_of(const event& e) const {
  message made;
  if (const auto campaign = property(e, "campaign_id"); is_id(campaign)) {
    made.object = shown(campaign);
  } else if (const auto flow = property(e, "flow_id"); is_id(flow)) {
    made.owner = message_owner::flow;
    made.object = shown(flow);
  } else {
    return std::nullopt;
  }
  const auto id = property(e, "message_id");
  made.id = is_id(id) ? shown(id) : made.object;
  if (const auto variation = property(e, "variation"); is_id(variation))
    made.variation = shown(variation);
  static const std::map<std::string, channel> channels{
    {"email", channel::email}, {"sms", channel::sms},          {"push-notification", channel::push},
    {"push", channel::push},   {"mobile_push", channel::push}, {"whatsapp", channel::whatsapp}};
  const auto told = channels.find(shown(property(e, "send_channel")));
  if (told != channels.end()) {
    made.by = told->second;
    return made;
  }
  for (const auto& [name, set] : words_.event_sets)
    for (const auto& member : set.members)
      if (member.metric == e.metric && member.by != channel::any)
        made.by = member.by;
  return made;
}

// --- when ----------------------------------------------------------------------------------------

std::optional<std::int64_t> credit_rules::send_time(const profile& person, const message& of,
                                                    std::int64_t event_time) const {
  if (of.owner == message_owner::campaign)
    return campaign_time(of.object);
  std::optional<std::int64_t> last;
  for (const auto& e : person.events) {
    if (!is_send(e) || e.time > event_time)
      continue;
    const auto sent = message_of(e);
    if (sent && sent->identity() == of.identity())
      last = std::max(last.value_or(e.time), e.time);
  }
  return last;
}

std::optional<std::int64_t> credit_rules::campaign_time(const std::string& id) const {
  if (const auto known = campaign_times_.find(id); known != campaign_times_.end())
    return known->second;
  std::optional<model::instant> told;
  for (const auto& o : described_)
    if (o.kind == model::object_kind::campaign && o.id == id)
      switch (asked_.moment) {
      case send_moment::send:
      case send_moment::event:
        told = o.send_time;
        break;
      case send_moment::created:
        told = o.created;
        break;
      case send_moment::scheduled:
        told = o.scheduled;
        break;
      case send_moment::first_batch_due:
        told = o.first_batch_due;
        break;
      case send_moment::first_batch_started:
        told = o.first_batch_started;
        break;
      case send_moment::first_delivery:
        told = o.first_delivery;
        break;
      case send_moment::send_completed:
        told = o.send_completed;
        break;
      }
  auto& made = campaign_times_[id];
  if (told) {
    made = model::to_ms(*told);
    return made;
  }
  // Nobody said; then the sends tell, as far as they can.
  for (const auto* person : people_)
    for (const auto& e : person->events) {
      const auto sent = is_send(e) ? message_of(e) : std::nullopt;
      if (!sent || sent->owner != message_owner::campaign || sent->object != id)
        continue;
      if (asked_.moment == send_moment::send || asked_.moment == send_moment::event
          || (asked_.moment == send_moment::first_delivery && is_in(source_.sends[0], e)))
        made = std::min(made.value_or(e.time), e.time);
      if (asked_.moment == send_moment::send_completed)
        made = std::max(made.value_or(e.time), e.time);
    }
  return made;
}

// --- credit --------------------------------------------------------------------------------------

std::pair<std::int64_t, int> credit_rules::window(const event& e, channel by) const {
  std::pair<std::int64_t, int> found{0, 2};
  for (const auto& rule : source_.touches) {
    if (!is_in(rule.events, e) || rule.by != by)
      continue;
    auto hours = rule.window_hours;
    for (const auto& changed : asked_.settings.windows)
      if (changed.events == rule.events && changed.by == rule.by)
        hours = changed.window_hours;
    const int rank = rule.events == source_.clicks ? 0 : rule.events == source_.opens ? 1 : 2;
    found = {hours * hour_ms, rank};
  }
  return found;
}

const conversion_events* credit_rules::conversion_rule(const event& e) const {
  for (const auto& some : asked_.conversions)
    if (some.metric == e.metric)
      return &some;
  return nullptr;
}

bool credit_rules::is_wanted_conversion(const event& e) const {
  const auto* rule = conversion_rule(e);
  return rule != nullptr && passes(rule->where, e) && passes(asked_.conversion_where, e);
}

std::vector<const event*> credit_rules::conversions(const profile& person) const {
  std::vector<const event*> found;
  for (const auto& e : person.events)
    if (is_wanted_conversion(e))
      found.push_back(&e);
  return found;
}

std::vector<credit_rules::touch> credit_rules::touches(const profile& person) const {
  std::vector<touch> found;
  for (const auto& e : person.events) {
    const auto of = message_of(e);
    if (!of)
      continue;
    if (!asked_.settings.with_bots && is_bot_click(e))
      continue;
    if (!asked_.settings.apple_earns_credit && is_apple_open(e))
      continue;
    const auto [length, rank] = window(e, of->by);
    if (length != 0)
      found.push_back({&e, *of, rank, e.time + length});
  }
  return found;
}

std::optional<message> credit_rules::credit(const profile& person, const event& conversion) const {
  // The greatest time wins, then the smallest of everything else.
  using precedence = std::tuple<std::int64_t, int, message_owner, std::string, std::string,
                                std::string, channel>;
  std::optional<precedence> best;
  for (const auto& t : touches(person)) {
    if (t.what->time > conversion.time || conversion.time > t.end)
      continue;
    precedence p{-t.what->time, t.rank, t.of.owner, t.of.object, t.of.id, t.of.variation, t.of.by};
    if (!best || p < *best)
      best = std::move(p);
  }
  if (!best)
    return std::nullopt;
  return message{std::get<2>(*best), std::get<3>(*best), std::get<4>(*best), std::get<5>(*best),
                 std::get<6>(*best)};
}

// --- what is known of a message ------------------------------------------------------------------

const model::described_object* credit_rules::described(const message& of) const {
  const auto kind = of.owner == message_owner::campaign ? model::object_kind::campaign
                                                        : model::object_kind::flow;
  for (const auto& o : described_)
    if (o.kind == kind && o.id == of.object)
      return &o;
  return nullptr;
}

std::string credit_rules::name_sent(const message& of, const std::string& key,
                                    bool of_message) const {
  const auto [known, is_new] = names_sent_.try_emplace(of.identity() + "/" + key);
  if (!is_new)
    return known->second;
  // Of equal times a name goes before none, and the smaller one before others.
  std::optional<std::tuple<std::int64_t, bool, std::string>> first;
  for (const auto* person : people_)
    for (const auto& e : person->events) {
      const auto sent = is_send(e) ? message_of(e) : std::nullopt;
      if (!sent || sent->owner != of.owner || sent->object != of.object
          || (of_message && sent->id != of.id))
        continue;
      const auto name = shown(property(e, key));
      const std::tuple candidate{e.time, name.empty(), name};
      first = first ? std::min(*first, candidate) : candidate;
    }
  if (first)
    known->second = std::get<2>(*first);
  return known->second;
}

std::vector<model::object_tag> credit_rules::tags(const message& of) const {
  const auto* object = described(of);
  if (object == nullptr)
    return {};
  auto tags = object->tags;
  // A tag's own description goes before what the object calls it.
  for (auto& tag : tags)
    for (const auto& o : described_)
      if (o.kind == model::object_kind::tag && o.id == tag.id)
        tag.name = o.name;
  for (auto& tag : tags)
    if (tag.name.empty())
      tag.name = tag.id;
  return tags;
}

std::string credit_rules::fact(message_fact which, const message& of) const {
  const auto* object = described(of);
  const model::object_message* message = nullptr;
  if (object != nullptr)
    for (const auto& m : object->messages)
      if (m.id == of.id)
        message = &m;
  switch (which) {
  case message_fact::object_id:
    return of.object;
  case message_fact::object_name:
    if (object != nullptr && !object->name.empty())
      return object->name;
    return name_sent(of, of.owner == message_owner::campaign ? "campaign_name" : "flow_name",
                     false);
  case message_fact::message_id:
    return of.id;
  case message_fact::message_name:
    if (message != nullptr && !message->name.empty())
      return message->name;
    return name_sent(of, "message_name", true);
  case message_fact::variation:
    return of.variation;
  case message_fact::variation_name:
    if (message != nullptr)
      for (const auto& v : message->variations)
        if (v.id == of.variation && !v.name.empty())
          return v.name;
    return of.variation;
  case message_fact::channel:
    return std::string{name_of(of.by)};
  case message_fact::send_strategy:
    return object == nullptr ? "" : object->strategy.method;
  default:
    return "";
  }
}

} // namespace plain
