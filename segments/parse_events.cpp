#include "segments/calendar.hpp"
#include "segments/parse_condition.hpp"
#include "segments/parse_filter.hpp"

#include <array>
#include <utility>

namespace segments {

namespace {

constexpr std::string_view value_property = "$value";

constexpr std::array<std::string_view, 8> measurements{"count", "sum",      "avg",   "min",
                                                       "max",   "distinct", "first", "last"};
constexpr std::array measures{measure::count,   measure::sum,     measure::average,
                              measure::minimum, measure::maximum, measure::distinct,
                              measure::first,   measure::last};

constexpr std::array<std::string_view, 9> windows{
  "HOURS_1", "DAYS_1", "DAYS_3", "DAYS_5", "WEEKS_1", "DAYS_30", "DAYS_90", "DAYS_180", "YEARS_1"};
constexpr std::array<std::int64_t, 9> windows_ms{hour_ms,     day_ms,       3 * day_ms,
                                                 5 * day_ms,  7 * day_ms,   30 * day_ms,
                                                 90 * day_ms, 180 * day_ms, 365 * day_ms};

std::optional<std::string> parse_event_property(const place& at) {
  auto name = at.text("the name of an event property, or \"$value\"");
  if (!name)
    return std::nullopt;
  if (name->empty() || *name == "$event_id" || *name == "$extra") {
    at.refuse("the name of an event property, or \"$value\"; \"$event_id\" and \"$extra\" cannot "
              "be tested");
    return std::nullopt;
  }
  return name;
}

/// `{"property": …, "filter": …}`; a filter that is null or absent tests nothing.
void parse_event_filter(const place& at, std::vector<event_filter>& out) {
  if (!at.must_be_object("with \"property\" and \"filter\""))
    return;
  at.must_have_only({"property", "filter"});
  auto property = parse_event_property(at.member("property"));
  const auto test = at.member("filter");
  if (test.is_nothing())
    return;
  auto parsed = parse_filter(test, legal::event_property);
  if (property && parsed)
    out.push_back({std::move(*property), std::move(*parsed)});
}

} // namespace

std::vector<event_filter> parse_event_filters(const place& at) {
  std::vector<event_filter> out;
  if (at.is_nothing())
    return out;
  if (!at.is(json_kind::array)) {
    at.refuse("an array of objects with \"property\" and \"filter\", null");
    return out;
  }
  for (std::size_t i = 0; i < at.items(); ++i)
    parse_event_filter(at.item(i), out);
  return out;
}

namespace {

/// The metric's name: of `metric_id` when the account knows that id or name, else the text itself.
std::string parse_metric_name(const place& at, const parse_context& account) {
  const auto written = at.text("id or name of a metric");
  if (!written)
    return {};
  if (written->empty()) {
    at.refuse("id or name of a metric, not empty");
    return {};
  }
  if (account.metric_name)
    if (auto name = account.metric_name(*written))
      return std::move(*name);
  return *written;
}

event_selector parse_selector(const place& at, const parse_context& account) {
  return {parse_metric_name(at.member("metric_id"), account),
          parse_event_filters(at.member("metric_filters"))};
}

/// The numeric event property that is measured; "" = the event's value.
std::string parse_measured_property(const place& at, measure what) {
  const auto property = at.member("measurement_property");
  if (what == measure::count || what == measure::first || what == measure::last) {
    if (property.is_there())
      property.refuse("no measurement_property with this measurement");
    return {};
  }
  if (property.is_there() || what == measure::distinct) {
    auto name = parse_event_property(property).value_or("");
    return name == value_property ? std::string{} : name;
  }
  return {};
}

/// Of first and last: what the picked event has to be.
std::vector<event_filter> parse_picked(const place& at, measure what) {
  const auto picked = at.member("picked_filters");
  if (what != measure::first && what != measure::last) {
    if (picked.is_there())
      picked.refuse("no picked_filters with this measurement; they go with \"first\" and \"last\"");
    return {};
  }
  if (!picked.must_be_filled_array(
        "object with \"property\" and \"filter\" that the picked event must pass"))
    return {};
  const auto before = picked.errors().size();
  auto filters = parse_event_filters(picked);
  if (filters.empty() && picked.errors().size() == before)
    picked.refuse("at least one filter that is not null");
  return filters;
}

number_filter parse_holds(const place& at, measure what) {
  const auto holds = at.member("measurement_filter");
  if (what == measure::first || what == measure::last) {
    if (holds.is_there())
      holds.refuse("no measurement_filter with \"first\" and \"last\"; picked_filters say what the "
                   "event must be");
    return {};
  }
  return parse_number_filter(holds, legal::number | legal::number_range).value_or(number_filter{});
}

std::optional<std::int64_t> parse_completion_window(const place& at) {
  const auto named = at.member("completion_window_seconds");
  const auto free = at.member("completion_window");
  if (!named.is_nothing() && !free.is_nothing()) {
    free.refuse("either completion_window or completion_window_seconds");
    return std::nullopt;
  }
  if (!free.is_nothing())
    return parse_duration(free);
  if (named.is_nothing())
    return std::nullopt;
  const auto index = named.choice(windows);
  return index ? std::optional{windows_ms[*index]} : std::nullopt;
}

sequence_step parse_step(const place& at, bool is_first, const parse_context& account) {
  sequence_step out;
  if (!at.must_be_object("with \"metric_exists\" and \"metric_id\""))
    return out;
  at.must_have_only({"metric_exists", "metric_id", "metric_filters", "within"});
  const auto exists = at.member("metric_exists");
  out.exists = exists.truth().value_or(true);
  if (is_first && !out.exists)
    exists.refuse("true: the first step must be an event that happened");
  out.events = parse_selector(at, account);
  const auto within = at.member("within");
  if (within.is_nothing())
    return out;
  if (is_first)
    within.refuse("no within on the first step: nothing comes before it");
  else
    out.within_ms = parse_duration(within);
  return out;
}

} // namespace

std::optional<criterion> parse_metric(const place& at, const parse_context& account) {
  at.must_have_only({"type", "metric_id", "measurement", "measurement_property",
                     "measurement_filter", "picked_filters", "timeframe_filter", "metric_filters"});
  event_criterion out;
  out.events = parse_selector(at, account);
  out.during = parse_date_filter(at.member("timeframe_filter"), legal::timeframe)
                 .value_or(date_filter{});
  const auto index = at.member("measurement").choice(measurements);
  if (!index) { // The rest can be wrong all the same.
    if (const auto holds = at.member("measurement_filter"); holds.is_there())
      (void)parse_number_filter(holds, legal::number | legal::number_range);
    if (const auto picked = at.member("picked_filters"); picked.is_there())
      (void)parse_event_filters(picked);
    return std::nullopt;
  }
  out.what = measures[*index];
  out.property = parse_measured_property(at, out.what);
  out.holds = parse_holds(at, out.what);
  out.picked = parse_picked(at, out.what);
  return out;
}

std::optional<criterion> parse_funnel(const place& at, const parse_context& account) {
  at.must_have_only({"type", "timeframe_filter", "completion_window_seconds", "completion_window",
                     "equal_property", "steps"});
  sequence_criterion out;
  out.during = parse_date_filter(at.member("timeframe_filter"), legal::timeframe)
                 .value_or(date_filter{});
  out.window_ms = parse_completion_window(at);
  if (const auto link = at.member("equal_property"); !link.is_nothing())
    out.equal_property = parse_event_property(link).value_or("");
  const auto steps = at.member("steps");
  if (!steps.must_be_filled_array("step"))
    return std::nullopt;
  for (std::size_t i = 0; i < steps.items(); ++i)
    out.steps.push_back(parse_step(steps.item(i), i == 0, account));
  return out;
}

} // namespace segments
