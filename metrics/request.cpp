#include "metrics/request.hpp"

#include "metrics/where.hpp"
#include "metrics/words.hpp"
#include "segments/place.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace metrics {

namespace {

using segments::json_kind;
using segments::listed;
using segments::place;

constexpr std::array<std::string_view, 8> moment_names{
  "send",           "event",           "created",
  "scheduled",      "first_batch_due", "first_batch_started",
  "first_delivery", "send_completed"};
constexpr std::array<std::string_view, 8> interval_names{"hourly", "daily", "weekly", "monthly",
                                                         "hour",   "day",   "week",   "month"};
constexpr std::array<period, 4> interval_periods{period::hour, period::day, period::week,
                                                 period::month};
constexpr std::array<std::string_view, 9> operator_names{
  "equals",       "not-equals",   "contains", "starts-with", "any",
  "contains-any", "contains-all", "is-set",   "not-set"};
constexpr std::array<std::string_view, 2> comparison_names{"previous_period", "previous_year"};
constexpr std::array<std::string_view, 2> include_names{"exclude", "include"};
constexpr std::array<std::string_view, 2> credit_names{"credit", "no_credit"};

struct touch_field {
  std::string_view field;
  std::string_view events;
  channel by;
};
constexpr std::array<touch_field, 5> touch_fields{{
  {"email_open_hours", "opened", channel::email},
  {"email_click_hours", "clicked", channel::email},
  {"sms_click_hours", "clicked", channel::sms},
  {"sms_delivery_hours", "delivered", channel::sms},
  {"push_open_hours", "opened", channel::push},
}};

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

template <std::size_t Size>
std::optional<std::size_t> index_in(const std::array<std::string_view, Size>& names,
                                    std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end())
    return std::nullopt;
  return static_cast<std::size_t>(found - names.begin());
}

/// Names of what a map holds, for messages.
template <class Map>
std::vector<std::string_view> names_in(const Map& all) {
  std::vector<std::string_view> names;
  for (const auto& [name, entry] : all)
    names.push_back(name);
  return names;
}

class reader {
public:
  reader(const place& root, const request_context& account)
    : root_(root), account_(account), words_(*account.words) {
  }

  request read() {
    root_.must_have_only(request_fields);
    read_datasource();
    read_settings();
    read_statistics();
    read_time();
    read_groupings();
    read_filter();
    read_order();
    read_credit();
    return std::move(made_);
  }

private:
  [[nodiscard]] bool is_about(datasource_kind kind) const {
    return source_ != nullptr && source_->kind == kind;
  }

  void read_datasource() {
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

  /// The member under either of two names.
  [[nodiscard]] place either(std::string_view name, std::string_view other) const {
    auto at = root_.member(name);
    return at.is_there() ? at : root_.member(other);
  }

  std::optional<std::string> read_metric(const place& at) {
    if (at.is_nothing())
      return std::nullopt;
    auto text = at.text("name or id of a metric");
    if (text && account_.metric_name)
      if (auto name = account_.metric_name(*text))
        return name;
    return text;
  }

  void read_settings() {
    made_.zone = account_.account_zone;
    if (const auto at = root_.member("timezone"); !at.is_nothing())
      if (auto name = at.text("an IANA time zone")) {
        if (segments::find_zone(*name) == nullptr)
          at.refuse("an IANA time zone, such as \"America/New_York\"");
        else
          made_.zone = *name;
      }
    if (const auto at = root_.member("week_start"); !at.is_nothing())
      if (const auto day = at.choice(weekday_names()))
        made_.week_start = static_cast<weekday>(*day);
    if (auto name = read_metric(either("metric", "metric_id")))
      made_.metric = *name;
    if (auto name = read_metric(either("conversion_metric", "conversion_metric_id")))
      made_.conversion_metric = *name;
    if (const auto at = root_.member("conversion_filter"); !at.is_nothing()) {
      made_.conversion_where = segments::json_text(at.value());
      std::vector<segments::definition_error> errors;
      parse_where(made_.conversion_where, errors);
      for (auto& e : errors) {
        e.pointer.insert(0, at.pointer());
        at.errors().push_back(std::move(e));
      }
    }
    if (const auto at = root_.member("time_basis"); !at.is_nothing())
      if (const auto moment = at.choice(moment_names)) {
        made_.moment = static_cast<send_moment>(*moment);
        if (source_ != nullptr && *moment > 1
            && (source_->kind != datasource_kind::messages
                || source_->owner != message_owner::campaign))
          at.refuse("\"send\", \"event\"; the others are of campaigns only");
      }
    if (const auto at = root_.member("bots"); !at.is_nothing())
      made_.with_bots = at.choice(include_names) == std::size_t{1};
    if (const auto at = root_.member("apple_privacy"); !at.is_nothing())
      made_.apple_earns_credit = at.choice(credit_names) == std::size_t{0};
    if (const auto at = root_.member("limit"); !at.is_nothing())
      if (const auto limit = at.integer(1, limit_max))
        made_.limit = static_cast<std::size_t>(*limit);
  }

  /// Why a statistic cannot be had from this datasource; empty = it can.
  [[nodiscard]] std::string obstacle(const std::string& name) const {
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

  /// What the other fields have to be like because of a statistic.
  void note_needs(const std::string& name) {
    for (const auto& part : words_.measures_of(name)) {
      const auto& m = words_.measures.find(part)->second;
      needs_time_ = needs_time_ || m.basis != time_basis::none;
      if (m.counts == counting::profiles)
        profiles_statistic_ = name;
    }
  }

  /// Every statistic that this datasource has.
  [[nodiscard]] std::vector<std::string_view> fitting_statistics() const {
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

  static std::string_view describe(population p) {
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

  void read_statistics() {
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

  void read_time() {
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
          i.refuse("an interval of which the timeframe has at most "
                   + std::to_string(intervals_max));
      }
    if (const auto c = root_.member("compare"); !c.is_nothing())
      read_comparison(c);
  }

  /// Of timeframes with a key none is too long.
  [[nodiscard]] bool is_short_enough() const {
    const auto* zone = segments::find_zone(made_.zone);
    return zone == nullptr
        || periods_in(
             range_of(*made_.time, *zone, 0, made_.week_start, is_about(datasource_kind::messages)),
             *made_.interval, *zone, made_.week_start, intervals_max);
  }

  void read_timeframe(const place& at) {
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

  static std::optional<wall_time> read_wall_time(const place& at) {
    const auto text = at.text("a date or a date-time");
    if (!text)
      return std::nullopt;
    auto read = parse_wall_time(*text);
    if (!read)
      at.refuse("a date such as \"2026-01-31\", or a date-time such as \"2026-01-31T09:30:00\"");
    return read;
  }

  void read_comparison(const place& at) {
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

  std::optional<grouping> read_grouping(const place& at) {
    const auto text = at.text("the name of a dimension");
    if (!text)
      return std::nullopt;
    auto found = grouping_of(at, *text);
    if (found && !profiles_statistic_.empty() && found->source != group_source::profile_attribute
        && !(found->source == group_source::membership
             && found->moment == membership_moment::now)) {
      at.refuse("\"profile:…\" or \"segment:…\", since \"" + profiles_statistic_
                + "\" counts profiles");
      return std::nullopt;
    }
    return found;
  }

  std::optional<grouping> grouping_of(const place& at, const std::string& text) {
    grouping g;
    g.name = text;
    const auto rest = [&](std::string_view prefix) -> std::optional<std::string> {
      if (!text.starts_with(prefix) || text.size() == prefix.size())
        return std::nullopt;
      return text.substr(prefix.size());
    };
    const bool about_segments = is_about(datasource_kind::segments);
    if (auto key = rest("property:"); key && !about_segments) {
      g.source = group_source::event_property;
      g.key = std::move(*key);
      return g;
    }
    if (auto key = rest("profile:"); key && !about_segments) {
      g.source = group_source::profile_attribute;
      g.key = std::move(*key);
      return g;
    }
    if (auto key = rest("segment:"); key && !about_segments)
      return membership_of(at, std::move(g), std::move(*key));
    const auto known = words_.dimension_name(text);
    if (known)
      if (auto made = of_dictionary(std::move(g), words_.dimensions.find(*known)->second))
        return made;
    std::vector<std::string_view> fitting;
    for (const auto& [name, d] : words_.dimensions)
      if (of_dictionary({}, d))
        fitting.push_back(name);
    at.refuse(listed(fitting, text)
              + (about_segments ? "" : ", \"property:KEY\", \"profile:PATH\", \"segment:NAME\""));
    return std::nullopt;
  }

  std::optional<grouping> membership_of(const place& at, grouping g, std::string segment) {
    g.source = group_source::membership;
    static constexpr std::array<std::string_view, 3> moments{"@now", "@send", "@event"};
    for (std::size_t i = 0; i < moments.size(); ++i)
      if (segment.ends_with(moments[i])) {
        segment.resize(segment.size() - moments[i].size());
        g.moment = static_cast<membership_moment>(i);
        break;
      }
    const auto id = account_.segment_id ? account_.segment_id(segment) : std::nullopt;
    if (!id) {
      at.refuse("name or id of a segment after \"segment:\", and \"@now\", \"@send\" or "
                "\"@event\" behind it if you like");
      return std::nullopt;
    }
    g.key = *id;
    return g;
  }

  /// Nothing when the datasource does not know the dimension.
  [[nodiscard]] std::optional<grouping> of_dictionary(grouping g, const dimension& d) const {
    const bool about_segments = is_about(datasource_kind::segments);
    if ((d.source == dimension_source::segment) != about_segments)
      return std::nullopt;
    g.key = d.key;
    switch (d.source) {
    case dimension_source::message: {
      const auto fact = index_in(message_keys, d.key);
      if (!is_about(datasource_kind::messages) || !fact)
        return std::nullopt;
      // A campaign's dimension is not a flow's.
      const bool of_flow = d.facts.name.starts_with("flow_");
      const bool of_campaign = d.facts.name.starts_with("campaign_");
      if ((of_flow && source_->owner != message_owner::flow)
          || (of_campaign && source_->owner != message_owner::campaign))
        return std::nullopt;
      g.source = group_source::message;
      g.fact = static_cast<message_fact>(*fact);
      return g;
    }
    case dimension_source::time: {
      const auto part = index_in(time_keys, d.key);
      if (!part)
        return std::nullopt;
      g.source = group_source::time;
      g.part = static_cast<time_part>(*part);
      return g;
    }
    case dimension_source::event_property:
      g.source = group_source::event_property;
      return g;
    case dimension_source::profile_attribute:
      g.source = group_source::profile_attribute;
      return g;
    case dimension_source::segment:
      g.source = group_source::segment;
      return g;
    }
    return std::nullopt;
  }

  std::optional<std::vector<grouping>> read_grouping_list(const place& at) {
    if (!at.is(json_kind::array)) {
      at.refuse("an array of names of dimensions");
      return std::nullopt;
    }
    if (at.items() > groupings_max) {
      at.refuse("at most " + std::to_string(groupings_max) + " dimensions");
      return std::nullopt;
    }
    std::vector<grouping> all;
    for (std::size_t i = 0; i < at.items(); ++i) {
      auto g = read_grouping(at.item(i));
      if (!g)
        continue;
      const auto same = [&](const grouping& o) { return o.name == g->name; };
      if (std::ranges::any_of(all, same))
        at.item(i).refuse("a dimension that is not there already");
      else
        all.push_back(std::move(*g));
    }
    return all;
  }

  void read_groupings() {
    if (const auto at = root_.member("rollups"); !at.is_nothing()) {
      if (!root_.member("group_by").is_nothing())
        root_.member("group_by").refuse("nothing beside \"rollups\"");
      if (!at.is(json_kind::array) || at.items() == 0 || at.items() > rollups_max) {
        at.refuse("an array of 1 to " + std::to_string(rollups_max)
                  + " groupings, each an array of names of dimensions");
        return;
      }
      made_.has_rollups = true;
      for (std::size_t i = 0; i < at.items(); ++i)
        if (auto all = read_grouping_list(at.item(i)))
          made_.rollups.push_back(std::move(*all));
      return;
    }
    if (const auto at = root_.member("group_by"); !at.is_nothing()) {
      if (auto all = read_grouping_list(at))
        made_.rollups.push_back(std::move(*all));
      return;
    }
    // The datasource's own.
    std::vector<grouping> all;
    if (source_ != nullptr)
      for (const auto& name : source_->group_by)
        if (const auto known = words_.dimension_name(name)) {
          grouping g;
          g.name = name;
          if (auto made = of_dictionary(std::move(g), words_.dimensions.find(*known)->second))
            all.push_back(std::move(*made));
        }
    made_.rollups.push_back(std::move(all));
  }

  void read_filter() {
    if (const auto at = root_.member("filter"); !at.is_nothing())
      if (auto read = read_row_filter(at, 0))
        made_.filter = std::move(*read);
  }

  std::optional<row_filter> read_row_filter(const place& at, unsigned depth) {
    constexpr unsigned depth_max = 32;
    constexpr std::string_view shape = "{\"and\": […]}, {\"or\": […]}, {\"not\": …} or {\"field\": "
                                       "…, \"operator\": …, \"value\": …}";
    if (!at.must_be_object(shape))
      return std::nullopt;
    if (depth == depth_max) {
      at.refuse("at most 32 levels");
      return std::nullopt;
    }
    row_filter made;
    for (const auto* word : {"and", "or", "not"}) {
      const auto parts = at.member(word);
      if (!parts.is_there())
        continue;
      at.must_have_only({word});
      made.what = word == std::string_view{"and"} ? row_filter::kind::all
                : word == std::string_view{"or"}  ? row_filter::kind::any
                                                  : row_filter::kind::none;
      if (made.what == row_filter::kind::none && parts.is(json_kind::object)) {
        if (auto part = read_row_filter(parts, depth + 1))
          made.parts.push_back(std::move(*part));
        return made;
      }
      if (!parts.must_be_filled_array("filters"))
        return std::nullopt;
      for (std::size_t i = 0; i < parts.items(); ++i)
        if (auto part = read_row_filter(parts.item(i), depth + 1))
          made.parts.push_back(std::move(*part));
      return made;
    }
    if (!at.member("field").is_there()) {
      at.refuse(std::string{shape});
      return std::nullopt;
    }
    return read_leaf(at);
  }

  std::optional<row_filter> read_leaf(const place& at) {
    at.must_have_only({"field", "operator", "value"});
    row_filter made;
    made.what = row_filter::kind::leaf;
    auto g = read_grouping(at.member("field"));
    const auto op = at.member("operator").choice(operator_names);
    if (!g || !op)
      return std::nullopt;
    made.op = static_cast<filter_operator>(*op);
    const auto value = at.member("value");
    const bool wants_many = made.op == filter_operator::any
                         || made.op == filter_operator::contains_any
                         || made.op == filter_operator::contains_all;
    if (made.op == filter_operator::is_set || made.op == filter_operator::not_set) {
      if (value.is_there())
        value.refuse("nothing beside this operator");
    } else if (wants_many) {
      if (!value.must_be_filled_array("values"))
        return std::nullopt;
      for (std::size_t i = 0; i < value.items(); ++i)
        if (auto text = read_operand(value.item(i)))
          made.values.push_back(std::move(*text));
    } else if (auto text = read_operand(value)) {
      made.values.push_back(std::move(*text));
    }
    const auto known = std::ranges::find_if(made_.filtered,
                                            [&](const grouping& o) { return o.same_values(*g); });
    made.grouping = static_cast<std::size_t>(known - made_.filtered.begin());
    if (known == made_.filtered.end())
      made_.filtered.push_back(std::move(*g));
    return made;
  }

  /// Values as rows show them.
  static std::optional<std::string> read_operand(const place& at) {
    if (at.is(json_kind::text) || at.is(json_kind::number))
      return at.is(json_kind::text) ? at.value().text : model::format_number(at.value().number);
    if (at.is(json_kind::boolean))
      return at.value().truth ? "true" : "false";
    at.refuse("a text, a number or a boolean");
    return std::nullopt;
  }

  void read_order() {
    const auto at = root_.member("order");
    if (at.is_nothing())
      return;
    if (at.is(json_kind::text)) {
      read_one_order(at);
    } else if (at.is(json_kind::array)) {
      for (std::size_t i = 0; i < at.items(); ++i)
        read_one_order(at.item(i));
    } else {
      at.refuse("names of statistics or dimensions, with \"-\" in front for falling");
    }
  }

  void read_one_order(const place& at) {
    auto name = at.text("the name of a statistic or dimension, with \"-\" in front for falling");
    if (!name)
      return;
    order_by made;
    if (name->starts_with('-')) {
      made.falls = true;
      name->erase(0, 1);
    }
    std::vector<std::string_view> choices(made_.shown_as.begin(), made_.shown_as.end());
    if (const auto found = std::ranges::find(made_.shown_as, *name);
        found != made_.shown_as.end()) {
      made.statistic = static_cast<std::size_t>(found - made_.shown_as.begin());
    } else {
      bool is_known = false;
      for (const auto& rollup : made_.rollups)
        for (const auto& g : rollup) {
          is_known = is_known || g.name == *name;
          if (std::ranges::find(choices, g.name) == choices.end())
            choices.push_back(g.name);
        }
      if (!is_known) {
        at.refuse(listed(choices, *name));
        return;
      }
      made.grouping = *name;
    }
    made_.order.push_back(std::move(made));
  }

  void read_credit() {
    const auto at = root_.member("attribution");
    if (at.is_nothing() || !at.must_be_object("windows in hours"))
      return;
    std::vector<std::string_view> fields;
    for (const auto& f : touch_fields)
      fields.push_back(f.field);
    at.must_have_only(fields);
    for (const auto& f : touch_fields)
      if (const auto hours = at.member(f.field); hours.is_there())
        if (const auto n = hours.integer(0, window_hours_max))
          made_.windows.push_back({std::string{f.events}, f.by, *n});
  }

  place root_;
  const request_context& account_;
  const dictionary& words_;
  const datasource* source_ = nullptr;
  bool needs_time_ = false;
  std::string profiles_statistic_; // One that counts profiles; empty = none does.
  request made_;
};

} // namespace

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
  auto made = reader{root, context}.read();
  if (result.errors.empty())
    result.read = std::move(made);
  return result;
}

} // namespace metrics
