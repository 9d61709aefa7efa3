#include "metrics/request_reader.hpp"
#include "metrics/settings_reader.hpp"
#include "metrics/where.hpp"
#include "metrics/words.hpp"

#include <algorithm>
#include <array>

namespace metrics {

namespace {

using segments::json_kind;
using segments::listed;

constexpr std::array<std::string_view, 8> moment_names{
  "send",           "event",           "created",
  "scheduled",      "first_batch_due", "first_batch_started",
  "first_delivery", "send_completed"};
constexpr std::array<std::string_view, 8> interval_names{"hourly", "daily", "weekly", "monthly",
                                                         "hour",   "day",   "week",   "month"};
constexpr std::array<period, 4> interval_periods{period::hour, period::day, period::week,
                                                 period::month};
constexpr std::array<std::string_view, 2> comparison_names{"previous_period", "previous_year"};
constexpr std::array<std::string_view, 21> request_fields{"datasource",
                                                          "statistics",
                                                          "timeframe",
                                                          "conversion_metric",
                                                          "conversion_metric_id",
                                                          "conversion_filter",
                                                          "metric",
                                                          "metric_id",
                                                          "interval",
                                                          "timezone",
                                                          "week_start",
                                                          "group_by",
                                                          "rollups",
                                                          "filter",
                                                          "order",
                                                          "limit",
                                                          "compare",
                                                          "time_basis",
                                                          "attribution",
                                                          "bots",
                                                          "apple_privacy"};

} // namespace

request request_reader::read() {
  root_.must_have_only(request_fields);
  read_datasource();
  made_.settings = account_.settings;
  read_settings(root_, account_.settings, made_.settings);
  read_metrics();
  read_statistics();
  read_time();
  read_groupings();
  read_filter();
  read_order();
  return std::move(made_);
}

bool request_reader::is_about(datasource_kind kind) const {
  return source_ != nullptr && source_->kind == kind;
}

void request_reader::read_datasource() {
  const auto at = root_.member("datasource");
  const auto names = names_in(words_.datasources);
  const auto text = at.text(listed(names));
  if (!text)
    return;
  const auto found = words_.datasources.find(*text);
  if (found == words_.datasources.end()) {
    at.refuse(listed(names, *text));
    return;
  }
  made_.datasource = *text;
  source_ = &found->second;
}

place request_reader::either(std::string_view name, std::string_view other) const {
  const auto at = root_.member(name);
  const auto instead = root_.member(other);
  if (at.is_there() && instead.is_there())
    instead.refuse("nothing beside \"" + std::string{name} + "\", which says the same");
  return at.is_there() ? at : instead;
}

std::optional<std::string> request_reader::read_metric(const place& at) {
  if (at.is_nothing())
    return std::nullopt;
  auto text = at.text("name or id of a metric");
  if (text && account_.metric_name) {
    if (auto name = account_.metric_name(*text))
      return name;
    note_unknown(*text);
  }
  return text;
}

void request_reader::note_unknown(const std::string& metric) {
  const auto is_meant = [&](const auto& sets, const auto& members, auto name) {
    return std::ranges::any_of(sets, [&](const auto& set) {
      return std::ranges::any_of(set.second.*members,
                                 [&](const auto& m) { return m.*name == metric; });
    });
  };
  // Who has sent nothing of what the dictionary is about has spelled it well all the same.
  if (!is_meant(words_.event_sets, &event_set::members, &event_set::member::metric)
      && !is_meant(words_.conversions, &conversion_metric::events, &conversion_events::metric))
    made_.unknown_metrics.push_back(metric);
}

std::string request_reader::read_where(const place& at) {
  auto where = segments::json_text(at.value());
  std::vector<segments::definition_error> errors;
  parse_where(where, errors);
  for (auto& e : errors) {
    e.pointer.insert(0, at.pointer());
    at.errors().push_back(std::move(e));
  }
  return where;
}

std::optional<conversion_events> request_reader::read_conversion_events(const place& at) {
  if (!at.must_be_object("a metric with \"name\", and \"where\" and \"value\" if need be"))
    return std::nullopt;
  at.must_have_only({"name", "where", "value"});
  conversion_events made;
  const auto name = at.member("name");
  if (name.is_nothing())
    name.refuse("name or id of a metric");
  made.metric = read_metric(name).value_or("");
  if (const auto where = at.member("where"); !where.is_nothing())
    made.where = read_where(where);
  if (const auto value = at.member("value"); !value.is_nothing())
    made.value = value.text("a numeric property").value_or("");
  return made;
}

void request_reader::read_conversion() {
  made_.conversions = {{made_.conversion_metric}};
  const auto at = either("conversion_metric", "conversion_metric_id");
  if (at.is_nothing())
    return;
  if (at.is(json_kind::object)) {
    at.must_have_only({"metrics"});
    const auto all = at.member("metrics");
    if (!all.must_be_filled_array("metrics whose events are conversions"))
      return;
    made_.conversion_metric.clear();
    made_.conversions.clear();
    for (std::size_t i = 0; i < all.items(); ++i) {
      auto some = read_conversion_events(all.item(i));
      if (!some)
        continue;
      if (std::ranges::find(made_.conversions, some->metric, &conversion_events::metric)
          != made_.conversions.end())
        all.item(i).refuse("a metric that is not there already");
      made_.conversions.push_back(std::move(*some));
    }
    return;
  }
  const auto text = at.text("name or id of a metric, or a conversion metric of the dictionary");
  if (!text)
    return;
  if (const auto* entry = words_.conversion(*text)) {
    made_.conversion_metric = entry->facts.name;
    made_.conversions = entry->events;
  } else {
    made_.conversion_metric = read_metric(at).value_or("");
    made_.conversions = {{made_.conversion_metric}};
  }
}

void request_reader::read_metrics() {
  made_.zone = account_.account_zone;
  if (const auto at = root_.member("timezone"); !at.is_nothing())
    if (auto name = at.text("an IANA time zone")) {
      if (segments::find_zone(*name) == nullptr)
        at.refuse("an IANA time zone, such as \"America/New_York\"");
      else
        made_.zone = *name;
    }
  if (auto name = read_metric(either("metric", "metric_id")))
    made_.metric = *name;
  read_conversion();
  if (const auto at = root_.member("conversion_filter"); !at.is_nothing())
    made_.conversion_where = read_where(at);
  if (const auto at = root_.member("time_basis"); !at.is_nothing())
    if (const auto moment = at.choice(moment_names)) {
      made_.moment = static_cast<send_moment>(*moment);
      if (source_ != nullptr && *moment > 1
          && (source_->kind != datasource_kind::messages
              || source_->owner != message_owner::campaign))
        at.refuse("\"send\", \"event\"; the others are of campaigns only");
    }
  if (const auto at = root_.member("limit"); !at.is_nothing())
    if (const auto limit = at.integer(1, limit_max))
      made_.limit = static_cast<std::size_t>(*limit);
}

std::string request_reader::obstacle(const std::string& name) const {
  for (const auto& part : words_.measures_of(name)) {
    const auto& m = words_.measures.find(part)->second;
    const bool fits = is_about(datasource_kind::messages) ? m.of == population::message_sends
                    : is_about(datasource_kind::segments)
                      ? m.of == population::segment_members
                      : m.of == population::account_people || m.of == population::form_views;
    if (!fits)
      return "a statistic of the datasource \"" + made_.datasource + "\"; this one is about "
           + std::string{describe(m.of)};
    if (m.events == metric_set && made_.metric.empty())
      return "a field \"metric\" beside it, since this statistic is about the request's metric";
  }
  return {};
}

void request_reader::note_needs(const std::string& name) {
  for (const auto& part : words_.measures_of(name)) {
    const auto& m = words_.measures.find(part)->second;
    needs_time_ = needs_time_ || m.basis != time_basis::none;
    if (m.counts == counting::profiles)
      profiles_statistic_ = name;
  }
}

std::vector<std::string_view> request_reader::fitting_statistics() const {
  std::vector<std::string_view> all;
  const auto add = [&](const auto& entries) {
    for (const auto& [name, entry] : entries)
      if (source_ == nullptr || obstacle(name).empty())
        all.push_back(name);
  };
  add(words_.measures);
  add(words_.derived);
  std::ranges::sort(all);
  return all;
}

std::string_view request_reader::describe(population p) {
  switch (p) {
  case population::message_sends:
    return "messages (datasources \"campaign\" and \"flow\")";
  case population::account_people:
    return "people and events (datasource \"account\")";
  case population::form_views:
    return "forms (datasource \"form\")";
  case population::segment_members:
    return "segments (datasource \"segment\")";
  }
  return {};
}

void request_reader::read_statistics() {
  const auto at = root_.member("statistics");
  const auto names = at.texts("names of statistics");
  if (!names)
    return;
  if (names->empty() || names->size() > statistics_max) {
    at.refuse("1 to " + std::to_string(statistics_max) + " names of statistics");
    return;
  }
  for (std::size_t i = 0; i < names->size(); ++i) {
    const auto& asked = (*names)[i];
    const auto known = words_.statistic(asked);
    if (!known) {
      at.item(i).refuse(listed(fitting_statistics(), asked));
      continue;
    }
    if (std::ranges::find(made_.shown_as, asked) != made_.shown_as.end()) {
      at.item(i).refuse("a statistic that is not there already");
      continue;
    }
    if (source_ != nullptr)
      if (auto why = obstacle(*known); !why.empty()) {
        at.item(i).refuse(std::move(why));
        continue;
      }
    note_needs(*known);
    made_.statistics.push_back(*known);
    made_.shown_as.push_back(asked);
  }
}

void request_reader::read_time() {
  const auto at = root_.member("timeframe");
  if (at.is_nothing()) {
    if (needs_time_)
      at.refuse("{\"key\": …} or {\"start\": …, \"end\": …}");
  } else if (at.must_be_object("{\"key\": …} or {\"start\": …, \"end\": …}")) {
    read_timeframe(at);
  }
  if (const auto i = root_.member("interval"); !i.is_nothing())
    if (const auto which = i.choice(interval_names)) {
      made_.interval = interval_periods[*which % interval_periods.size()];
      if (!made_.time)
        i.refuse("nothing without a timeframe");
      if (!profiles_statistic_.empty())
        i.refuse("nothing beside \"" + profiles_statistic_
                 + "\", which counts profiles and knows no time");
      if (made_.time && !made_.time->key && !is_short_enough())
        i.refuse("an interval of which the timeframe has at most " + std::to_string(intervals_max));
    }
  if (const auto c = root_.member("compare"); !c.is_nothing())
    read_comparison(c);
}

bool request_reader::is_short_enough() const {
  const auto* zone = segments::find_zone(made_.zone);
  return zone == nullptr
      || periods_in(range_of(*made_.time, *zone, 0, made_.settings.week_start,
                             is_about(datasource_kind::messages)),
                    *made_.interval, *zone, made_.settings.week_start, intervals_max);
}

void request_reader::read_timeframe(const place& at) {
  at.must_have_only({"key", "start", "end"});
  timeframe read;
  const auto key = at.member("key");
  if (!key.is_nothing()) {
    if (const auto which = key.choice(timeframe_keys()))
      read.key = static_cast<timeframe_key>(*which);
    for (const auto* end : {"start", "end"})
      if (!at.member(end).is_nothing())
        at.member(end).refuse("nothing beside \"key\"");
  } else {
    const auto start = read_wall_time(at.member("start"));
    const auto end = read_wall_time(at.member("end"));
    if (!start || !end)
      return;
    if (end->local < start->local)
      at.member("end").refuse("an end that is not before the start");
    read.start = *start;
    read.end = *end;
  }
  made_.time = read;
}

std::optional<wall_time> request_reader::read_wall_time(const place& at) {
  const auto text = at.text("a date or a date-time");
  if (!text)
    return std::nullopt;
  auto read = parse_wall_time(*text);
  if (!read)
    at.refuse("a date such as \"2026-01-31\", or a date-time such as \"2026-01-31T09:30:00\"");
  return read;
}

void request_reader::read_comparison(const place& at) {
  auto to = at;
  if (at.is(json_kind::object)) {
    at.must_have_only({"to", "align"});
    to = at.member("to");
    if (const auto align = at.member("align"); !align.is_nothing()) {
      static constexpr std::array<std::string_view, 2> alignments{"date", "weekday"};
      made_.by_weekday = align.choice(alignments) == std::size_t{1};
    }
  }
  if (const auto which = to.choice(comparison_names))
    made_.compare = *which == 0 ? comparison::previous_period : comparison::previous_year;
  if (!made_.time)
    at.refuse("nothing without a timeframe");
}

std::span<const std::string_view> send_moment_names() {
  return moment_names;
}

request_result read_request(std::string_view json, const request_context& context) {
  request_result result;
  if (json.size() > request_bytes_max) {
    result.errors.push_back({"", std::to_string(json.size()) + " bytes", "at most 1 MiB of JSON"});
    return result;
  }
  const auto document = segments::read_json(json, result.errors);
  if (!document)
    return result;
  const place root{&*document, "", result.errors};
  if (!root.must_be_object("a report's request"))
    return result;
  auto made = request_reader{root, context}.read();
  if (result.errors.empty())
    result.read = std::move(made);
  return result;
}

} // namespace metrics
