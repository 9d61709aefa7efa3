#include "actors/partition_state.hpp"
#include "messages/consent_channels.hpp"
#include "model/limits.hpp"

#include <fmt/format.h>

#include <algorithm>

/// What a partition answers.
namespace actors {

using storage::name_kind;

namespace {

/// `properties['x']` split into `properties` and `x`; a bare name has no key.
struct attribute_path {
  std::string_view group;
  std::string_view key;
  std::string_view field; // `subscriptions['email']['consent']`.
};

attribute_path split_path(std::string_view path) {
  const auto open = path.find("['");
  if (open == std::string_view::npos || !path.ends_with("']"))
    return {path, {}, {}};
  const auto inner = path.substr(open + 2, path.size() - open - 4);
  if (path.starts_with("subscriptions"))
    if (const auto middle = inner.find("']['"); middle != std::string_view::npos)
      return {path.substr(0, open), inner.substr(0, middle), inner.substr(middle + 4)};
  return {path.substr(0, open), inner, {}};
}

void append_key(std::string& json, std::string_view key) {
  if (json.back() != '{' && json.back() != '[')
    json += ',';
  model::append_json_string(json, key);
  json += ':';
}

/// Why somebody gets no mail, kept as texts `REASON|instant`, in the shape of the input.
std::string suppressions_json(model::value_view kept) {
  std::string json = "[";
  model::list_items items{kept.text};
  for (auto item = items.next(); item.is_set(); item = items.next()) {
    const auto bar = std::min(item.text.find('|'), item.text.size());
    json += json.size() > 1 ? ",{" : "{";
    append_key(json, "reason");
    model::append_json_string(json, item.text.substr(0, bar));
    if (bar != item.text.size()) {
      append_key(json, "timestamp");
      model::append_json_string(json, item.text.substr(bar + 1));
    }
    json += '}';
  }
  return json + ']';
}

model::failure no_profile_number(std::uint32_t profile) {
  return {model::failure_code::not_found, fmt::format("there is no profile number {}", profile)};
}

} // namespace

std::uint64_t partition_state::count(std::uint64_t segment) const {
  const auto* members = members_.members(segment);
  return members == nullptr ? 0 : members->size();
}

std::vector<member> partition_state::members(std::uint64_t segment,
                                             std::optional<std::uint32_t> after,
                                             std::size_t limit) const {
  std::vector<std::uint32_t> page;
  if (const auto* members = members_.members(segment))
    page = members->list(after ? std::uint64_t{*after} + 1 : 0, limit);
  const auto joined = feed_.joined_at(segment, page);
  std::vector<member> found;
  for (std::size_t i = 0; i < page.size(); ++i)
    found.push_back({page[i], joined[i]});
  return found;
}

std::vector<std::optional<model::instant>>
partition_state::joined_at(std::uint64_t segment,
                           const std::vector<std::uint32_t>& profiles) const {
  std::vector<std::optional<model::instant>> found(profiles.size());
  const auto* members = members_.members(segment);
  if (members == nullptr)
    return found;
  std::vector<std::uint32_t> asked;
  for (const auto profile : profiles)
    if (members->contains(profile))
      asked.push_back(profile);
  std::ranges::sort(asked);
  const auto [first, last] = std::ranges::unique(asked);
  asked.erase(first, last);
  const auto at = feed_.joined_at(segment, asked);
  for (std::size_t i = 0; i < profiles.size(); ++i)
    if (const auto place = std::ranges::lower_bound(asked, profiles[i]);
        place != asked.end() && *place == profiles[i])
      found[i] = at[static_cast<std::size_t>(place - asked.begin())];
  return found;
}

std::vector<model::flip> partition_state::feed(std::uint64_t segment, std::uint64_t after,
                                               std::size_t limit) const {
  return feed_.read(segment, after, limit);
}

model::outcome<json_text> partition_state::explain(std::uint64_t segment,
                                                   std::uint32_t profile) const {
  const auto* rule = members_.rule_in_force(segment);
  if (rule == nullptr)
    return model::failure{model::failure_code::not_found,
                          "the segment has no definition in force yet"};
  if (!store_->is_alive(profile))
    return no_profile_number(profile);
  const auto now = std::max(model::to_ms(now_),
                            settled_key_ == INT64_MIN ? INT64_MIN : settled_key_);
  const auto& view = store_->view(profile);
  const auto member_at = [&](std::int64_t at) {
    return segments::holds(rule->root, [&](std::uint32_t leaf) {
      return members_.compiled(rule->ids[leaf])->evaluate(view, at).holds;
    });
  };
  const bool is_member = rule->criteria.empty() ? members_.members(segment)->contains(profile)
                                                : member_at(now);

  // The segment flips when some criterion flips and the tree's value follows; criteria are asked in
  // turn.
  std::optional<std::int64_t> flips_at;
  constexpr std::int64_t horizon = std::int64_t{10} * 366 * 86'400'000;
  for (auto at = now; !flips_at && at - now < horizon;) {
    auto next = model::to_ms(model::instant_max);
    for (const auto& id : rule->ids)
      next = std::min(next, members_.compiled(id)->evaluate(view, at).next_flip);
    if (next >= model::to_ms(model::instant_max))
      break;
    at = next;
    if (member_at(at) != is_member)
      flips_at = at;
  }

  const auto instant_or_null = [](std::optional<std::int64_t> at) {
    return at ? '"' + model::format_instant(model::from_ms(*at)) + '"' : std::string{"null"};
  };
  std::string json = "{\"profile\":";
  model::append_json_string(json, label(profile));
  json += fmt::format(",\"member\":{},\"as_of\":{},\"flips_at\":{},\"logic\":", is_member,
                      instant_or_null(now), instant_or_null(flips_at));
  std::string conditions = "[";
  const std::function<void(const segments::expression&)> tell = [&](const segments::expression& e) {
    if (e.kind != segments::boolean_kind::leaf) {
      static constexpr std::array kinds{"all_of", "any_of", "none_of"};
      json += fmt::format("{{\"{}\":[", kinds[static_cast<std::size_t>(e.kind)]);
      for (std::size_t i = 0; i < e.children.size(); ++i) {
        if (i != 0)
          json += ',';
        tell(e.children[i]);
      }
      json += "]}";
      return;
    }
    json += std::to_string(e.leaf);
  };
  tell(rule->root);
  for (std::size_t i = 0; i < rule->criteria.size(); ++i) {
    const auto why = segments::explain(rule->criteria[i], *members_.compiled(rule->ids[i]), view,
                                       names_, now);
    if (i != 0)
      conditions += ',';
    conditions += fmt::format("{{\"condition\":{},\"holds\":{},\"flips_at\":{},\"rule\":", i,
                              why.holds,
                              instant_or_null(why.next_flip < model::to_ms(model::instant_max)
                                                ? std::optional{why.next_flip}
                                                : std::nullopt));
    model::append_json_string(conditions, why.rule);
    conditions += ",\"found\":";
    model::append_json_string(conditions, why.found);
    conditions += fmt::format(",\"events_in_all\":{},\"events\":[", why.events_in_all);
    for (std::size_t e = 0; e < why.events.size(); ++e) {
      const auto& event = why.events[e];
      if (e != 0)
        conditions += ',';
      conditions += "{\"metric\":";
      model::append_json_string(conditions, names_.name(name_kind::metric, event.metric));
      conditions += ",\"time\":" + instant_or_null(event.what.time) + ",\"unique_id\":";
      model::append_json_string(conditions, store_->unique_id(profile, event.metric, event.what));
      if (event.what.value == event.what.value)
        conditions += ",\"value\":" + model::format_number(event.what.value);
      conditions += '}';
    }
    conditions += "]}";
  }
  return json + ",\"conditions\":" + conditions + "]}";
}

model::outcome<json_text> partition_state::profile_json(std::uint32_t profile,
                                                        bool with_segments) const {
  if (!store_->is_alive(profile))
    return no_profile_number(profile);
  std::string json = "{";
  // Groups as the input has them; bare names first.
  using texts = std::map<std::string, std::string, std::less<>>;
  texts groups;
  std::map<std::string, texts, std::less<>> channels; // Their purposes.
  std::string lists = "[";
  for (std::uint32_t number = 1; number <= names_.count(name_kind::attribute); ++number) {
    const auto value = store_->attribute(profile, number);
    if (!value.is_set())
      continue;
    const auto path = split_path(names_.name(name_kind::attribute, number));
    if (path.key.empty()) {
      append_key(json, path.group);
      json += model::to_json(value);
    } else if (path.group == "list") {
      if (lists.size() > 1)
        lists += ',';
      lists += "{\"id\":";
      model::append_json_string(lists, path.key);
      lists += ",\"joined_at\":\""
             + model::format_instant(model::from_ms(static_cast<std::int64_t>(value.number)))
             + "\"}";
    } else if (path.field.empty()) {
      const auto name = path.group == "predictive" ? "predictive_analytics" : path.group;
      auto& group = groups.try_emplace(std::string{name}, "{").first->second;
      append_key(group, path.key);
      group += model::to_json(value);
    } else {
      const auto of = messages::consent_channel_named(path.key);
      auto& consent = channels[std::string{of.channel}]
                        .try_emplace(std::string{of.purpose}, "{")
                        .first->second;
      append_key(consent, path.field);
      consent += path.field == "suppression" && value.kind == model::value_kind::list
                 ? suppressions_json(value)
                 : model::to_json(value);
    }
  }
  for (const auto& [name, content] : groups) {
    append_key(json, name);
    json += content + '}';
  }
  if (!channels.empty()) {
    append_key(json, "subscriptions");
    json += '{';
    for (const auto& [channel, purposes] : channels) {
      append_key(json, channel);
      json += '{';
      for (const auto& [purpose, content] : purposes) {
        append_key(json, purpose);
        json += content + '}';
      }
      json += '}';
    }
    json += '}';
  }
  append_key(json, "lists");
  json += lists + ']';
  append_key(json, "events");
  json += '{';
  for (std::uint32_t metric = 1; metric <= names_.count(name_kind::metric); ++metric) {
    const auto events = store_->view(profile).events(metric);
    if (events.empty())
      continue;
    append_key(json, names_.name(name_kind::metric, metric));
    json += fmt::format("{{\"count\":{},\"first\":\"{}\",\"last\":\"{}\"}}", events.size(),
                        model::format_instant(model::from_ms(events.front().time)),
                        model::format_instant(model::from_ms(events.back().time)));
  }
  json += '}';
  if (!with_segments)
    return json + '}';
  append_key(json, "segments");
  json += '[';
  bool first = true;
  for (const auto& s : members_.states())
    if (members_.members(s.segment)->contains(profile)) {
      json += (first ? "" : ",") + std::to_string(s.segment);
      first = false;
    }
  return json + "]}";
}

std::string partition_state::label(std::uint32_t profile) const {
  for (const auto* name : {"external_id", "email", "phone_number"})
    if (const auto number = names_.find(name_kind::attribute, name); number != 0)
      if (const auto value = store_->attribute(profile, number);
          value.kind == model::value_kind::text)
        return std::string{value.text};
  return fmt::format("#{}:{}", options_.index, profile);
}

std::vector<metric_figures> partition_state::metrics() const {
  std::vector<metric_figures> all;
  for (std::uint32_t metric = 1; metric <= names_.count(name_kind::metric); ++metric)
    if (const auto sums = store_->sums(metric); sums.events != 0)
      all.push_back({std::string{names_.name(name_kind::metric, metric)}, sums.events,
                     sums.profiles, sums.value_sum});
  return all;
}

void partition_state::identifiers(
  const std::function<void(std::uint32_t, std::string_view, std::string_view, std::string_view)>&
    each) const {
  std::array<std::uint32_t, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = names_.find(name_kind::attribute,
                             std::array{"external_id", "email", "phone_number"}[i]);
  for (std::uint32_t profile = 0; profile < store_->profiles(); ++profile) {
    if (!store_->is_alive(profile))
      continue;
    std::array<std::string_view, 3> texts{};
    for (std::size_t i = 0; i < numbers.size(); ++i)
      if (const auto value = store_->attribute(profile, numbers[i]);
          value.kind == model::value_kind::text)
        texts[i] = value.text;
    each(profile, texts[0], texts[1], texts[2]);
  }
}

model::outcome<model::change_batch> partition_state::export_profile(std::uint32_t profile,
                                                                    std::uint32_t into) const {
  if (!store_->is_alive(profile))
    return no_profile_number(profile);
  model::change_batch batch;
  const auto add_property = [&](std::string_view name, const model::value_view& value,
                                model::property_action action) {
    model::property_entry entry;
    entry.name = static_cast<std::uint32_t>(batch.names.size());
    batch.names.push_back(batch.add_text(name));
    entry.kind = value.kind;
    entry.action = action;
    entry.number = value.number;
    entry.text = batch.add_text(value.text);
    batch.properties.push_back(entry);
  };
  model::change_record about;
  about.kind = model::change_kind::profile;
  about.profile = into;
  for (std::uint32_t number = 1; number <= names_.count(name_kind::attribute); ++number)
    if (const auto value = store_->attribute(profile, number); value.is_set())
      add_property(names_.name(name_kind::attribute, number), value, model::property_action::fill);
  about.property_count = static_cast<std::uint32_t>(batch.properties.size());
  batch.records.push_back(about);
  for (std::uint32_t metric = 1; metric <= names_.count(name_kind::metric); ++metric) {
    const auto events = store_->view(profile).events(metric);
    if (events.empty())
      continue;
    const auto name = static_cast<std::uint32_t>(batch.names.size());
    batch.names.push_back(batch.add_text(names_.name(name_kind::metric, metric)));
    for (const auto& e : events) {
      model::change_record r;
      r.kind = model::change_kind::event;
      r.profile = into;
      r.name = name;
      r.has_time = true;
      r.time = e.time;
      r.has_value = e.value == e.value;
      r.value = r.has_value ? e.value : 0;
      r.unique_id = batch.add_text(store_->unique_id(profile, metric, e));
      r.first_property = static_cast<std::uint32_t>(batch.properties.size());
      for (const auto& p : store_->properties(profile, metric, e))
        add_property(names_.name(name_kind::event_property, p.property), p.value,
                     model::property_action::set);
      r.property_count = static_cast<std::uint32_t>(batch.properties.size()) - r.first_property;
      batch.records.push_back(r);
    }
  }
  return batch;
}

partition_figures partition_state::figures() const {
  partition_figures f;
  f.profiles = members_.alive().size();
  f.profile_numbers = store_->profiles();
  f.log_last = log_->last();
  f.log_first = log_->first();
  f.delta_bytes = store_->delta_bytes();
  f.delta_records = store_->delta_records();
  f.due_entries = members_.due_entries();
  if (const auto flip = members_.next_flip())
    f.next_due = model::from_ms(*flip);
  f.now = now_;
  f.criteria = members_.criteria();
  f.segments = definitions_.size();
  return f;
}

std::vector<std::string> partition_state::check(std::uint32_t step) const {
  auto faults = store_->check();
  const auto snapshot = where_->read();
  if (!snapshot)
    return {snapshot.error().message};
  if (auto chain = log_->read(*snapshot, log_->first(),
                              [](std::uint64_t, std::string_view) { return true; });
      !chain)
    faults.push_back("change log: " + chain.error().message);
  // What is overdue is not wrong yet: everybody is judged at the instant up to which due work is
  // done.
  const auto due = std::min(members_.next_flip().value_or(INT64_MAX), members_.foreseen());
  const auto now = due <= model::to_ms(now_) ? settled_key_ : model::to_ms(now_);
  const auto& criteria = members_.criterion_states();
  for (std::uint32_t profile = 0; profile < store_->profiles(); profile += std::max(step, 1U)) {
    const bool alive = store_->is_alive(profile);
    for (const auto& c : criteria) {
      if (!c || !c->complete)
        continue;
      const bool holds = alive && c->compiled->evaluate(store_->view(profile), now).holds;
      if (holds != c->bits.contains(profile))
        faults.push_back(fmt::format("profile {}: \"{}\" is kept as {} and evaluates to {}",
                                     label(profile), segments::describe(c->what), !holds, holds));
    }
    for (const auto& s : members_.states()) {
      const auto* rule = members_.rule_in_force(s.segment);
      if (rule == nullptr || (alive && rule->criteria.empty()))
        continue; // Whoever is in a frozen segment is in it.
      const bool in = alive && segments::holds(rule->root, [&](std::uint32_t leaf) {
                        return members_.compiled(rule->ids[leaf])
                          ->evaluate(store_->view(profile), now)
                          .holds;
                      });
      if (in != members_.members(s.segment)->contains(profile))
        faults.push_back(fmt::format("profile {}: segment {} is kept as {} and evaluates to {}",
                                     label(profile), s.segment, !in, in));
    }
  }
  return faults;
}

} // namespace actors
