#include "gateway/reports.hpp"

#include "gateway/conversion.hpp"
#include "gateway/cursor.hpp"
#include "gateway/document.hpp"
#include "gateway/filter.hpp"
#include "gateway/json_text.hpp"
#include "gateway/query.hpp"
#include "gateway/report_families.hpp"
#include "gateway/report_rows.hpp"
#include "gateway/report_time.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace gateway {

namespace {

namespace json = boost::json;

constexpr std::size_t rows_in_page = 1'000;
constexpr std::size_t filter_values_max = 100;
constexpr std::size_t statistics_max = 100;

constexpr std::array<outer_name, 4> outer_names{
  {{"conversion_metric", "conversion_metric_id", true},
   {"conversion_filter", "conversion_metric_id", true},
   {"filter", "filter", true},
   {"datasource", "statistics", true}}};

/// Reads one request and answers it.
class report_maker {
public:
  report_maker(const call& c, const report_family& family, bool is_series)
    : c_(c), family_(family), is_series_(is_series),
      type_(fmt::format("{}-{}-report", family.datasource, is_series ? "series" : "values")) {
  }

  answer make() {
    const auto query = parse_query(c_.asked, rules());
    const auto body = read_body(c_.asked);
    read(body);
    const auto scope = cursor_scope(c_.asked) + '\n' + json_text(body);
    const auto position = open_cursor(scope, query.cursor);
    auto report = make_report(*c_.whose, wanted_, outer_names);
    auto page = page_of(report, position, family_.has_pages ? rows_in_page : report_rows_max);
    neighbours pages;
    pages.parameter = "page_cursor";
    pages.next = seal_cursor(scope, page.position);
    return document_answer(200, document_of(query, report, std::move(page.rows), pages));
  }

private:
  [[nodiscard]] query_rules rules() const {
    query_rules all;
    all.fields[type_] = {"id", "results"};
    if (is_series_)
      all.fields[type_].emplace_back("date_times");
    all.has_page_cursor = family_.has_pages;
    return all;
  }

  /// Fills in `wanted_`, the engine's request.
  void read(const json::value& body) {
    mistakes found;
    data_reader reader{body, {type_}, found};
    auto& attributes = reader.attributes();
    if (attributes.content().empty())
      found.refuse_if_any();
    wanted_["datasource"] = family_.datasource;
    const auto statistics = read_names(attributes, "statistics", family_.statistics, true);
    wanted_["statistics"] = json::array(statistics.begin(), statistics.end());
    read_time(attributes);
    if (family_.has_conversion)
      read_conversion(c_, attributes, statistics, wanted_);
    read_group_by(attributes);
    read_filter(attributes);
    reader.finish();
    found.refuse_if_any();
  }

  void read_time(object_reader& attributes) {
    const auto figures = value_of(c_.whose->engine->figures());
    const auto* zone = segments::find_zone(figures.account_zone);
    auto time = read_report_time(attributes, {zone == nullptr ? segments::utc() : *zone,
                                              model::to_ms(figures.now), is_series_});
    wanted_["timeframe"] = std::move(time.timeframe);
    if (!time.interval.empty())
      wanted_["interval"] = time.interval;
  }

  /// Each of them once.
  static std::vector<std::string> read_names(object_reader& attributes, std::string_view key,
                                             const std::vector<std::string_view>& allowed,
                                             bool is_required) {
    text_rule rule;
    rule.choices = allowed;
    auto given = attributes.texts(key, is_required ? presence::required : presence::nullable,
                                  statistics_max, rule);
    if (!given)
      return {};
    if (is_required && given->empty())
      attributes.refuse(key, "must not be empty");
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < given->size(); ++i)
      if (!seen.insert((*given)[i]).second)
        attributes.found().add(fmt::format("{}/{}", attributes.pointer_to(key), i),
                               fmt::format("'{}' is there already", (*given)[i]));
    return *given;
  }

  void read_group_by(object_reader& attributes) {
    std::vector<std::string> given;
    if (!family_.group_by.empty())
      given = read_names(attributes, "group_by", family_.group_by, false);
    if (given.empty())
      given.assign(family_.group_by_preset.begin(), family_.group_by_preset.end());
    for (const auto needed : family_.group_by_needed)
      if (std::ranges::find(given, needed) == given.end()) {
        attributes.refuse("group_by",
                          fmt::format("must have {}", fmt::join(family_.group_by_needed, " and ")));
        break;
      }
    json::array known;
    for (auto& name : given) {
      if (std::ranges::find(family_.unknown_groups, name) != family_.unknown_groups.end())
        unknown_.push_back(std::move(name));
      else
        known.emplace_back(name);
    }
    wanted_["group_by"] = std::move(known);
  }

  void read_filter(object_reader& attributes) {
    const auto text = attributes.text("filter", presence::nullable, {filter_bytes_max, true, {}});
    if (!text || text->empty())
      return;
    const auto terms = parse_filter(*text);
    if (!terms)
      return attributes.refuse("filter", terms.error().message);
    for (const auto& fault : check_filter(*terms, family_.filters))
      attributes.refuse("filter", fault);
    json::array parts;
    std::set<std::string_view> fields;
    for (const auto& term : *terms) {
      if (!fields.insert(term.field).second)
        attributes.refuse("filter", fmt::format("has '{}' twice; one filter is allowed for each "
                                                "attribute",
                                                term.field));
      if (term.values.size() > filter_values_max)
        attributes.refuse("filter", fmt::format("has {} values for '{}'; at most {} are allowed",
                                                term.values.size(), term.field, filter_values_max));
      parts.push_back(part_of(term));
    }
    if (!parts.empty())
      wanted_["filter"] = json::object{{"and", std::move(parts)}};
  }

  static json::object part_of(const filter_term& term) {
    json::object part;
    part["field"] = term.field;
    part["operator"] = name_of(term.operation);
    json::array values;
    for (const auto& value : term.values)
      if (const auto* text = std::get_if<std::string>(&value))
        values.emplace_back(*text);
    if (term.is_list)
      part["value"] = std::move(values);
    else if (!values.empty())
      part["value"] = values.front();
    return part;
  }

  /// The ids of a relationship, each once, in the order of the rows.
  static json::object related(const json::array& rows, const report_family::relation& to) {
    json::array data;
    std::set<std::string> seen;
    for (const auto& row : rows) {
      const std::string id{row.as_object().at("groupings").as_object().at(to.grouping).as_string()};
      if (!id.empty() && seen.insert(id).second)
        data.push_back(resource_identifier(to.type, id));
    }
    return {{"data", std::move(data)}};
  }

  json::object document_of(const parsed_query& query, json::object& report, json::array rows,
                           const neighbours& pages) const {
    for (auto& row : rows)
      for (const auto& name : unknown_)
        row.as_object().at("groupings").as_object()[name] = "";
    json::object relationships;
    for (const auto& relation : family_.relations)
      relationships[relation.name] = related(rows, relation);
    resource r{type_, {}};
    r.attributes["results"] = std::move(rows);
    if (is_series_)
      r.attributes["date_times"] = std::move(report.at("date_times"));
    auto data = resource_object(c_.asked, std::move(r), query);
    if (!relationships.empty()) // Without links: a report has no address.
      data["relationships"] = std::move(relationships);
    json::object document = single_document(c_.asked, std::move(data));
    auto& links = document.at("links").as_object();
    links["next"] = pages.next.empty()
                    ? json::value{}
                    : json::value(page_link(c_.asked, pages.parameter, pages.next));
    links["prev"] = nullptr;
    return document;
  }

  const call& c_;
  const report_family& family_;
  bool is_series_;
  std::string type_;
  json::object wanted_;
  std::vector<std::string> unknown_; // Of group_by.
};

void add_report(route_table& routes, const report_family& family, bool is_series) {
  routes.add(
    "POST", fmt::format("/api/{}-{}-reports", family.datasource, is_series ? "series" : "values"),
    {std::string{family.scope}},
    [&family, is_series](const call& c) {
      return report_maker{c, family, is_series}.make();
    },
    "reports");
}

} // namespace

void add_report_routes(route_table& routes) {
  static const auto families = report_families();
  for (const auto& family : families) {
    add_report(routes, family, false);
    if (family.has_series)
      add_report(routes, family, true);
  }
}

} // namespace gateway
