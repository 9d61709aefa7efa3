#include "gateway/events.hpp"

#include "gateway/account.hpp"
#include "gateway/cursor.hpp"
#include "gateway/document.hpp"
#include "gateway/durable_answer.hpp"
#include "gateway/event_changes.hpp"
#include "gateway/field_names.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/members.hpp"
#include "gateway/metrics.hpp"
#include "gateway/query.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <map>
#include <optional>
#include <utility>

namespace gateway {

namespace {

namespace json = boost::json;
using rollcall::event_info;
using rollcall::event_query;
using rollcall::profile_place;

// --- as they are shown ---

/// A UUID that belongs to the event's id.
std::string uuid_of(const std::string& id) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(id.data(), id.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::array<std::uint8_t, 16> half{};
  std::copy_n(digest.begin(), half.size(), half.begin());
  return random_uuid(half);
}

json::object properties_of(const event_info& event) {
  auto properties = own_json(event.properties);
  auto& all = properties.as_object();
  if (!event.unique_id.empty())
    all["$event_id"] = event.unique_id;
  if (event.value)
    all["$value"] = *event.value;
  return std::move(all);
}

resource event_resource(const event_info& event, const std::string& metric_id,
                        const parsed_query& query) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(event.time);
  resource r{"event", event.id};
  r.attributes["timestamp"] = seconds.time_since_epoch().count();
  r.attributes["event_properties"] = properties_of(event);
  r.attributes["datetime"] = instant_text(event.time);
  r.attributes["uuid"] = uuid_of(event.id);
  r.relationships = {{"profile", resource_identifier("profile", profile_id(event.place))},
                     {"metric", {}},
                     {"attributions", {}}};
  if (!metric_id.empty())
    r.relationships[1].data = resource_identifier("metric", metric_id);
  if (query.includes("attributions"))
    r.relationships[2].data = json::array{};
  return r;
}

/// The profiles and metrics of some events.
included_resources included_with(const call& c, const parsed_query& query,
                                 const known_metrics& metrics,
                                 const std::vector<event_info>& events) {
  included_resources all;
  if (query.includes("metric"))
    for (const auto& event : events)
      if (const auto* metric = metrics.by_name(event.metric);
          metric != nullptr && all.is_new("metric", metric->id))
        all.add(resource_object(c.asked, metric_resource(*metric), query));
  if (!query.includes("profile"))
    return all;
  std::vector<profile_place> places;
  for (const auto& event : events)
    places.push_back(event.place);
  std::ranges::sort(places);
  const auto [first, last] = std::ranges::unique(places);
  places.erase(first, last);
  const auto shown = value_of(c.whose->engine->profiles(places));
  for (std::size_t i = 0; i < places.size(); ++i)
    if (shown[i])
      all.add(resource_object(c.asked, profile_resource({places[i], {}}, *shown[i], query), query));
  return all;
}

// --- queries ---

query_rules event_rules() {
  query_rules rules;
  rules.includes = {"attributions", "metric", "profile"};
  rules.fields = {{"attribution", {"id"}},
                  {"event", field_names("event")},
                  {"metric", field_names("metric")},
                  {"profile", field_names("profile", {"subscriptions", "predictive_analytics"})}};
  return rules;
}

query_rules listed_rules() {
  using enum filter_operator;
  const std::vector<filter_operator> comparisons = {greater_or_equal, greater_than, less_or_equal,
                                                    less_than};
  auto rules = event_rules();
  rules.filters = {{"metric_id", {equals}, filter_kind::text, true},
                   {"profile_id", {equals}},
                   {"profile", {has}},
                   {"metric", {has}},
                   {"datetime", comparisons, filter_kind::instant},
                   {"timestamp", comparisons, filter_kind::number}};
  rules.sorts = {"datetime", "timestamp"};
  rules.page = page_rule{200, 1, 1'000};
  rules.has_cursor = true;
  return rules;
}

query_rules metric_rules() {
  query_rules rules;
  rules.fields = {{"metric", field_names("metric")}};
  return rules;
}

query_rules profile_rules() {
  query_rules rules;
  rules.fields = {{"profile", field_names("profile")}};
  rules.additional_fields = {{"profile", {"subscriptions", "predictive_analytics"}}};
  return rules;
}

/// What a filter of events asks for; nothing = nobody could be among them.
class event_filter {
public:
  explicit event_filter(const known_metrics& metrics) : metrics_(metrics) {
  }

  std::optional<event_query> read(const parsed_query& query) {
    for (const auto& term : query.filter) {
      if (term.field == "metric_id")
        narrow_metrics(term);
      else if (term.field == "profile_id")
        narrow_profile(term);
      else if (term.field == "datetime")
        narrow_time(term.operation, static_cast<double>(model::to_ms(term.instant())) / 1'000);
      else if (term.field == "timestamp")
        narrow_time(term.operation, term.number());
      // Every event has a profile and a metric.
    }
    if (wanted_.from && wanted_.to && *wanted_.from >= *wanted_.to)
      is_empty_ = true;
    wanted_.newest_first = query.is_descending;
    return is_empty_ ? std::nullopt : std::optional{std::move(wanted_)};
  }

private:
  void narrow_metrics(const filter_term& term) {
    std::vector<std::string> ids;
    for (const auto& id : term.texts())
      if (metrics_.by_id(id) != nullptr && (!has_metrics_ || has(wanted_.metrics, id))
          && !has(ids, id))
        ids.push_back(id);
    is_empty_ = is_empty_ || ids.empty();
    wanted_.metrics = std::move(ids);
    has_metrics_ = true;
  }

  void narrow_profile(const filter_term& term) {
    const auto place = profile_place_of(term.text());
    is_empty_ = is_empty_ || !place || (wanted_.profile && *wanted_.profile != *place);
    wanted_.profile = place;
  }

  /// Times are shown to the second, so that is how they are compared.
  void narrow_time(filter_operator operation, double seconds) {
    using enum filter_operator;
    constexpr double limit = 1e11; // Some 3,000 years.
    const auto at = std::clamp(seconds, -limit, limit);
    const bool is_lower = operation == greater_than || operation == greater_or_equal;
    const bool takes_next = operation == greater_than || operation == less_or_equal;
    const auto bound = model::from_ms(
      static_cast<std::int64_t>(takes_next ? std::floor(at) + 1 : std::ceil(at)) * 1'000);
    auto& edge = is_lower ? wanted_.from : wanted_.to;
    if (!edge || (is_lower ? *edge < bound : bound < *edge))
      edge = bound;
  }

  static bool has(const std::vector<std::string>& all, const std::string& one) {
    return std::ranges::find(all, one) != all.end();
  }

  const known_metrics& metrics_;
  event_query wanted_;
  bool has_metrics_ = false;
  bool is_empty_ = false;
};

/// The page, which is empty for a profile that is not there any more.
rollcall::event_page read_page(const call& c, const event_query& wanted, const std::string& cursor,
                               std::size_t limit) {
  auto page = c.whose->engine->events(wanted, cursor, limit);
  if (!page && page.error().code == model::failure_code::not_found)
    return {};
  return value_of(std::move(page));
}

// --- handlers ---

answer list_events(const call& c) {
  static const auto rules = listed_rules();
  const auto query = parse_query(c.asked, rules);
  const auto scope = cursor_scope(c.asked);
  const auto cursor = open_cursor(scope, query.cursor);
  const known_metrics metrics{*c.whose};
  rollcall::event_page page;
  if (const auto wanted = event_filter{metrics}.read(query))
    page = read_page(c, *wanted, cursor, query.page_size);
  json::array data;
  data.reserve(page.events.size());
  for (const auto& event : page.events)
    data.push_back(
      resource_object(c.asked, event_resource(event, metrics.id_of(event.metric), query), query));
  neighbours pages;
  pages.next = seal_cursor(scope, page.cursor);
  return document_answer(200, collection_document(c.asked, std::move(data), pages,
                                                  included_with(c, query, metrics, page.events)));
}

event_info find_event(const call& c) {
  const auto& id = c.captured.front();
  auto found = c.whose->engine->event(id);
  if (!found
      && (found.error().code == model::failure_code::not_found
          || found.error().code == model::failure_code::invalid_input))
    throw refusal{not_found("event", id)};
  return value_of(std::move(found));
}

answer show_event(const call& c) {
  static const auto rules = event_rules();
  const auto query = parse_query(c.asked, rules);
  const auto event = find_event(c);
  const known_metrics metrics{*c.whose};
  auto shown = resource_object(c.asked, event_resource(event, metrics.id_of(event.metric), query),
                               query);
  return document_answer(
    200, single_document(c.asked, std::move(shown), included_with(c, query, metrics, {event})));
}

answer show_event_metric(const call& c) {
  static const auto rules = metric_rules();
  const auto query = parse_query(c.asked, rules);
  const auto event = find_event(c);
  const known_metrics metrics{*c.whose};
  json::value data;
  if (const auto* metric = metrics.by_name(event.metric))
    data = resource_object(c.asked, metric_resource(*metric), query);
  return document_answer(200, single_document(c.asked, std::move(data)));
}

answer show_metric_id(const call& c) {
  parse_query(c.asked, nothing_allowed);
  const auto event = find_event(c);
  const auto id = known_metrics{*c.whose}.id_of(event.metric);
  return document_answer(
    200, single_document(c.asked, id.empty() ? json::value{} : resource_identifier("metric", id)));
}

answer show_profile(const call& c) {
  static const auto rules = profile_rules();
  const auto query = parse_query(c.asked, rules);
  const auto event = find_event(c);
  const auto shown = value_of(c.whose->engine->profiles({{event.place}}));
  json::value data;
  if (shown.front())
    data = resource_object(c.asked, profile_resource({event.place, {}}, *shown.front(), query),
                           query);
  return document_answer(200, single_document(c.asked, std::move(data)));
}

answer show_profile_id(const call& c) {
  parse_query(c.asked, nothing_allowed);
  return document_answer(
    200, single_document(c.asked, resource_identifier("profile", profile_id(find_event(c).place))));
}

route writing_route(std::string_view pattern, std::string_view tier, async_handler act) {
  route r{"POST", std::string{pattern}, {"events:write"}, std::move(act)};
  r.tier = tier;
  return r;
}

} // namespace

bool sends_event_at_once(const request& asked) {
  // The id of a profile is looked up, and only a key "id" can name one. Should the key be spelled
  // with an escape, the look-up is waited for, and nothing worse happens.
  return asked.method == "POST" && (asked.path == "/api/events" || asked.path == "/client/events")
      && asked.body.find("\"id\"") == std::string::npos;
}

void add_event_routes(route_table& routes) {
  routes.add(
    writing_route("/api/events", "XL", [](const std::shared_ptr<const call>& c, reply done) {
      parse_query(c->asked, nothing_allowed);
      answer_when_durable(c, read_event(*c, speaker::server), std::move(done));
    }));
  routes.add(writing_route("/api/event-bulk-create-jobs", "M",
                           [](const std::shared_ptr<const call>& c, reply done) {
                             parse_query(c->asked, nothing_allowed);
                             answer_when_durable(c, read_event_groups(*c), std::move(done));
                           }));
  const std::string one = "/api/events/{id}";
  const std::vector<std::string> of_metric = {"events:read", "metrics:read"};
  const std::vector<std::string> of_profile = {"events:read", "profiles:read"};
  routes.add("GET", "/api/events", {"events:read"}, list_events, "XL");
  routes.add("GET", one, {"events:read"}, show_event, "M");
  routes.add("GET", one + "/metric", of_metric, show_event_metric, "XL");
  routes.add("GET", one + "/relationships/metric", of_metric, show_metric_id, "XL");
  routes.add("GET", one + "/profile", of_profile, show_profile, "XL");
  routes.add("GET", one + "/relationships/profile", of_profile, show_profile_id, "XL");
}

} // namespace gateway
