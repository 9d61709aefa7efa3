#include "gateway/metric_aggregates.hpp"

#include "gateway/aggregate_filter.hpp"
#include "gateway/cursor.hpp"
#include "gateway/document.hpp"
#include "gateway/filter.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/metrics.hpp"
#include "gateway/query.hpp"
#include "gateway/report_rows.hpp"
#include "segments/calendar.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::int64_t page_size_preset = 500;
constexpr std::int64_t page_size_max = 10'000;

const std::vector<std::string_view> measurement_names = {"count", "sum_value", "unique"};
const std::vector<std::string_view> interval_names = {"day", "hour", "month", "week"};
/// What stands for a dimension where the events have no property of its name.
struct stand_in {
  std::string_view dimension;
  std::string_view property;
};
constexpr std::array<stand_in, 5> stand_ins{{{"$campaign_channel", "send_channel"},
                                             {"$flow", "flow_id"},
                                             {"$flow_channel", "send_channel"},
                                             {"$message", "message_id"},
                                             {"$variation", "variation"}}};

constexpr std::array<outer_name, 8> outer_names{{{"metric", "metric_id"},
                                                 {"statistics", "measurements"},
                                                 {"group_by", "by"},
                                                 {"filter", "filter", true},
                                                 {"timeframe", "filter", true},
                                                 {"order", "sort", true},
                                                 {"timezone", "timezone"},
                                                 {"datasource", "metric_id", true}}};

json::value operand_of(const filter_value& value) {
  if (const auto* text = std::get_if<std::string>(&value))
    return json::value(*text);
  if (const auto* number = std::get_if<double>(&value))
    return json::value(*number);
  return json::value(std::get<bool>(value));
}

/// Reads one request and answers it.
class aggregate_maker {
public:
  explicit aggregate_maker(const call& c) : c_(c) {
  }

  answer make() {
    static const query_rules rules{.fields = {{"metric-aggregate", {"data", "dates", "id"}}},
                                   .has_page_cursor = true};
    const auto query = parse_query(c_.asked, rules);
    auto body = read_body(c_.asked);
    read(body);
    if (!query.cursor.empty())
      cursor_ = query.cursor;
    const auto scope = scope_of(std::move(body));
    const auto position = open_cursor(scope, cursor_);
    auto report = make_report(*c_.whose, wanted_, outer_names);
    auto page = page_of(report, position, page_size_);
    resource r{"metric-aggregate", throw_away_id()};
    r.attributes["dates"] = std::move(report.at("date_times"));
    r.attributes["data"] = rows_of(std::move(page.rows));
    auto document = single_document(c_.asked, resource_object(c_.asked, std::move(r), query));
    auto& links = document.at("links").as_object();
    const auto next = seal_cursor(scope, page.position);
    links["next"] = next.empty() ? json::value{}
                                 : json::value(page_link(c_.asked, "page_cursor", next));
    links["prev"] = nullptr;
    return document_answer(200, document);
  }

private:
  /// Everything but the page.
  [[nodiscard]] std::string scope_of(json::value body) const {
    auto& attributes = body.at("data").at("attributes").as_object();
    attributes.erase("page_cursor");
    attributes.erase("page_size");
    return cursor_scope(c_.asked) + '\n' + json_text(body);
  }

  void read(const json::value& body) {
    mistakes found;
    data_reader reader{body, {"metric-aggregate"}, found};
    auto& attributes = reader.attributes();
    if (attributes.content().empty())
      found.refuse_if_any();
    wanted_["datasource"] = "account";
    wanted_["time_basis"] = "event";
    wanted_["bots"] = "include"; // Every event counts; `Bot Click` can be filtered.
    read_metric(attributes);
    measurements_ = read_names(attributes, "measurements", presence::required, measurement_names);
    if (measurements_.empty() && found.is_empty())
      attributes.refuse("measurements", "must not be empty");
    wanted_["statistics"] = json::array(measurements_.begin(), measurements_.end());
    wanted_["interval"] = attributes
                            .text("interval", presence::nullable, {1'000, true, interval_names})
                            .value_or("day");
    by_ = read_names(attributes, "by", presence::nullable, aggregate_dimensions());
    read_zone(attributes);
    if (auto filter = read_aggregate_filter(attributes, *zone_)) {
      wanted_["timeframe"] = std::move(filter->timeframe);
      terms_ = std::move(filter->terms);
    }
    read_sort(attributes);
    read_return_fields(attributes);
    read_page(attributes);
    reader.finish();
    found.refuse_if_any();
    name_properties();
  }

  void read_metric(object_reader& attributes) {
    const auto given = attributes.text("metric_id", presence::required, {1'000, false, {}});
    if (!given)
      return;
    const known_metrics metrics{*c_.whose};
    const auto* metric = metrics.by_id(*given);
    if (metric == nullptr)
      return attributes.refuse("metric_id", fmt::format("'{}' is no metric's id", *given));
    metric_id_ = metric->id;
    wanted_["metric"] = metric->name;
  }

  static std::vector<std::string> read_names(object_reader& attributes, std::string_view key,
                                             presence p,
                                             const std::vector<std::string_view>& allowed) {
    const auto given = attributes.texts(key, p, allowed.size(), {1'000, true, allowed});
    std::vector<std::string> names;
    for (const auto& name : given ? *given : std::vector<std::string>{})
      if (std::ranges::find(names, name) == names.end())
        names.push_back(name);
    return names;
  }

  void read_zone(object_reader& attributes) {
    const auto name = attributes.text("timezone", presence::nullable).value_or("UTC");
    zone_ = segments::find_zone(name);
    if (zone_ == nullptr) {
      attributes.refuse("timezone",
                        fmt::format("'{}' is no IANA time zone such as America/New_York", name));
      zone_ = &segments::utc();
    }
    wanted_["timezone"] = name;
  }

  void read_sort(object_reader& attributes) {
    const auto given = attributes.text("sort", presence::nullable);
    if (!given)
      return;
    const bool falls = given->starts_with('-');
    const auto name = given->substr(falls ? 1 : 0);
    const bool is_measurement = std::ranges::find(measurements_, name) != measurements_.end();
    const auto at = std::ranges::find(by_, name);
    if (!is_measurement && at == by_.end())
      return attributes.refuse("sort", fmt::format("must be one of {}{}{}, with - before it for "
                                                   "descending",
                                                   fmt::join(measurements_, ", "),
                                                   by_.empty() ? "" : ", ", fmt::join(by_, ", ")));
    sort_ = {name, falls, !is_measurement};
  }

  void read_return_fields(object_reader& attributes) {
    auto allowed = std::vector<std::string_view>{"data", "dates"};
    allowed.insert(allowed.end(), measurement_names.begin(), measurement_names.end());
    allowed.insert(allowed.end(), aggregate_dimensions().begin(), aggregate_dimensions().end());
    const auto names = read_names(attributes, "return_fields", presence::nullable, allowed);
    std::erase_if(shown_ = measurements_, [&](const std::string& name) {
      return std::ranges::find(names, name) == names.end();
    });
    if (shown_.empty()) // None of them was named, so all are wanted.
      shown_ = measurements_;
  }

  void read_page(object_reader& attributes) {
    page_size_ = static_cast<std::size_t>(
      attributes.integer("page_size", presence::nullable, {1, page_size_max})
        .value_or(page_size_preset));
    cursor_ = cursor_inside(
      attributes.text("page_cursor", presence::nullable, {16'384, true, {}}).value_or({}));
  }

  /// Dimensions and filters as the engine has them.
  void name_properties() {
    json::array groupings;
    for (const auto& name : by_) {
      // Two dimensions may be one property: a campaign's channel and a flow's.
      auto grouping = "property:" + property_of(name);
      if (std::ranges::find(groupings_, grouping) == groupings_.end())
        groupings.emplace_back(grouping);
      groupings_.push_back(std::move(grouping));
    }
    wanted_["group_by"] = std::move(groupings);
    if (!sort_.name.empty())
      wanted_["order"] = json::array{
        fmt::format("{}{}", sort_.falls ? "-" : "",
                    sort_.is_dimension ? "property:" + property_of(sort_.name) : sort_.name)};
    json::array parts;
    for (const auto& term : terms_) {
      json::array values;
      for (const auto& value : term.values)
        values.push_back(operand_of(value));
      json::object part{{"field", "property:" + property_of(term.field)},
                        {"operator", name_of(term.operation)}};
      if (term.is_list)
        part["value"] = std::move(values);
      else
        part["value"] = values.front();
      parts.push_back(std::move(part));
    }
    if (!parts.empty())
      wanted_["filter"] = json::object{{"and", std::move(parts)}};
  }

  std::string property_of(const std::string& dimension) {
    const auto* known = std::ranges::find(stand_ins, dimension, &stand_in::dimension);
    if (known == stand_ins.end())
      return dimension;
    if (!properties_) {
      properties_.emplace();
      for (auto& property : value_of(c_.whose->engine->metric_properties(metric_id_)))
        properties_->insert(std::move(property.name));
    }
    return properties_->contains(dimension) ? dimension : std::string{known->property};
  }

  [[nodiscard]] json::array rows_of(json::array rows) const {
    json::array all;
    all.reserve(rows.size());
    for (auto& row : rows) {
      auto& groupings = row.as_object().at("groupings").as_object();
      auto& statistics = row.as_object().at("statistics").as_object();
      json::array dimensions;
      for (const auto& name : groupings_)
        dimensions.push_back(groupings.at(name));
      json::object measurements;
      for (const auto& name : shown_)
        measurements[name] = std::move(statistics.at(name));
      all.push_back(
        {{"dimensions", std::move(dimensions)}, {"measurements", std::move(measurements)}});
    }
    return all;
  }

  [[nodiscard]] std::string throw_away_id() const {
    return random_short_id(std::hash<std::string>{}(c_.asked.id + c_.asked.body));
  }

  struct order {
    std::string name;
    bool falls = false;
    bool is_dimension = false;
  };

  const call& c_;
  json::object wanted_; // The engine's request.
  std::string metric_id_;
  std::vector<std::string> measurements_;
  std::vector<std::string> shown_; // Of the measurements.
  std::vector<std::string> by_;
  std::vector<std::string> groupings_; // What the engine calls each of them.
  std::vector<filter_term> terms_;
  const segments::zone* zone_ = nullptr;
  order sort_;
  std::size_t page_size_ = 0;
  std::string cursor_;
  std::optional<std::set<std::string>> properties_; // Of the metric, once they are asked for.
};

} // namespace

void add_metric_aggregate_routes(route_table& routes) {
  routes.add(
    "POST", "/api/metric-aggregates", {"metrics:read"},
    [](const call& c) { return aggregate_maker{c}.make(); }, "S");
}

} // namespace gateway
