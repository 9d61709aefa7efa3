#include "gateway/dictionary_routes.hpp"

#include "gateway/body.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/ours.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>

namespace gateway {

namespace json = boost::json;

namespace {

using rollcall::report_format;

constexpr std::int64_t people_preset = 1'000;
constexpr std::int64_t people_max = 100'000;
constexpr std::size_t values_max = 100; // Of a cell: one for each dimension.

// --- the dictionary ------------------------------------------------------------------------------

answer show_entries(const call& c, const std::vector<rollcall::dictionary_entry>& entries) {
  json::object content;
  add_freshness(content, freshness_of(*c.whose->engine));
  json::array all;
  for (const auto& entry : entries)
    all.push_back(own_json(entry.json));
  content["entries"] = std::move(all);
  return own_answer(content);
}

answer list_entries(const call& c) {
  check_parameters(c.asked, {"kind"});
  auto entries = value_of(c.whose->engine->dictionary());
  if (const auto* kind = c.asked.parameter("kind")) {
    static constexpr std::array<std::string_view, 7> kinds{
      "datasource", "report", "events", "measure", "derived", "conversion", "dimension"};
    if (std::ranges::find(kinds, *kind) == kinds.end())
      throw refusal{invalid_parameter(
        "kind", fmt::format("kind: '{}' is not one of {}.", *kind, fmt::join(kinds, ", ")))};
    std::erase_if(entries, [&](const auto& e) { return e.kind != *kind; });
  }
  return show_entries(c, entries);
}

answer show_entry(const call& c) {
  check_parameters(c.asked, {});
  const auto& name = c.captured.front();
  auto entries = value_of(c.whose->engine->dictionary());
  std::erase_if(entries, [&](const auto& e) {
    return e.name != name && std::ranges::find(e.synonyms, name) == e.synonyms.end();
  });
  if (entries.empty())
    throw refusal{not_found("dictionary entry", name)};
  return show_entries(c, entries);
}

// --- reports -------------------------------------------------------------------------------------

struct report_form {
  std::string_view name;
  std::string_view type;
  report_format format;
};
constexpr std::array<report_form, 4> report_forms{{{"json", json_type, report_format::json},
                                                   {"csv", "text/csv", report_format::csv},
                                                   {"svg", "image/svg+xml", report_format::svg},
                                                   {"table", "text/plain", report_format::table}}};
constexpr std::array<report_form, 2> explanation_forms{
  {{"json", json_type, report_format::explanation_json},
   {"text", "text/plain", report_format::explanation}}};

/// The form by the parameter `format`, else the first that the header Accept names, else the first.
const report_form& form_of(const request& asked, std::span<const report_form> forms) {
  if (const auto* name = asked.parameter("format")) {
    const auto found = std::ranges::find(forms, *name, &report_form::name);
    if (found == forms.end()) {
      std::vector<std::string_view> names;
      for (const auto& form : forms)
        names.push_back(form.name);
      throw refusal{invalid_parameter(
        "format", fmt::format("format: '{}' is not one of {}.", *name, fmt::join(names, ", ")))};
    }
    return *found;
  }
  const auto* accept = asked.header("accept");
  const report_form* first = &forms.front();
  auto first_at = std::string::npos;
  for (const auto& form : forms)
    if (const auto at = accept == nullptr ? std::string::npos : accept->find(form.type);
        at < first_at) {
      first = &form;
      first_at = at;
    }
  return *first;
}

answer formed_answer(std::string text, const report_form& form, const rollcall::freshness& seen) {
  answer a;
  a.content_type = form.type;
  a.body = std::move(text);
  // Texts that are no JSON have no other place for it, and JSON reports have a place of their own.
  a.headers = {{"Rollcall-As-Of", model::format_instant(seen.as_of)},
               {"Rollcall-Log-Positions", fmt::format("{}", fmt::join(seen.log_positions, ","))}};
  return a;
}

/// The body as the engine reads it: it knows best what a request may say.
const std::string& report_body(const request& asked) {
  static_cast<void>(read_body(asked));
  return asked.body;
}

answer make_report(const call& c, std::span<const report_form> forms) {
  check_parameters(c.asked, {"format"});
  auto& engine = *c.whose->engine;
  const auto& form = form_of(c.asked, forms);
  const auto& body = report_body(c.asked);
  const auto seen = freshness_of(engine);
  return formed_answer(value_of(engine.report(body, form.format), ""), form, seen);
}

answer show_ready(const call& c) {
  check_parameters(c.asked, {});
  auto& engine = *c.whose->engine;
  json::object content;
  add_freshness(content, freshness_of(engine));
  content["report"] = c.captured.front();
  content["request"] = own_json(value_of(engine.ready_request(c.captured.front()), ""));
  return own_answer(content);
}

answer show_settings(const call& c, const std::string& settings) {
  json::object content;
  add_freshness(content, freshness_of(*c.whose->engine));
  content["settings"] = own_json(settings);
  return own_answer(content);
}

answer read_settings(const call& c) {
  check_parameters(c.asked, {});
  return show_settings(c, value_of(c.whose->engine->report_settings()));
}

answer change_settings(const call& c) {
  check_parameters(c.asked, {});
  return show_settings(c,
                       value_of(c.whose->engine->change_report_settings(report_body(c.asked)), ""));
}

// --- what is behind the numbers ------------------------------------------------------------------

/// The object that a body must be.
object_reader body_reader(const json::value& body, std::string resource, mistakes& found) {
  if (!body.is_object())
    found.add("", "The body must be an object.");
  found.refuse_if_any();
  return {body.get_object(), "", std::move(resource), found};
}

std::string needed_json(object_reader& fields, std::string_view key) {
  const auto* value = fields.object(key, presence::required);
  return value ? json_text(*value) : std::string{};
}

json::value number_or_null(const std::optional<double>& number) {
  return number ? json::value(*number) : json::value{};
}

answer explain_difference(const call& c) {
  check_parameters(c.asked, {});
  const auto body = read_body(c.asked);
  mistakes found;
  auto fields = body_reader(body, "difference", found);
  const auto wanted = needed_json(fields, "request");
  const auto first = fields.text("first", presence::required).value_or("");
  const auto second = fields.text("second", presence::required).value_or("");
  const auto* changes = fields.object("changes", presence::optional);
  fields.finish();
  found.refuse_if_any();
  auto& engine = *c.whose->engine;
  json::object content;
  add_freshness(content, freshness_of(engine));
  const auto made = value_of(
    engine.explain_difference(wanted, first, second, changes ? json_text(*changes) : ""),
    "/request");
  content["first"] = {{"statistic", first}, {"value", number_or_null(made.first)}};
  content["second"] = {{"statistic", second}, {"value", number_or_null(made.second)}};
  json::array steps;
  auto before = made.first;
  for (const auto& step : made.steps) {
    json::object one{{"axis", step.axis}, {"value", number_or_null(step.value)}};
    one["change"] = before && step.value ? json::value(*step.value - *before) : json::value{};
    before = step.value;
    steps.push_back(std::move(one));
  }
  content["steps"] = std::move(steps);
  return own_answer(content);
}

rollcall::report_cell read_cell(object_reader& fields) {
  constexpr auto index_max = std::int64_t{std::numeric_limits<std::uint32_t>::max()};
  rollcall::report_cell cell;
  auto inside = fields.nested("cell", presence::required);
  if (!inside)
    return cell;
  cell.rollup = static_cast<std::uint32_t>(
    inside->integer("rollup", presence::optional, {0, index_max}).value_or(0));
  cell.values = inside->texts("values", presence::optional, values_max).value_or({});
  if (const auto interval = inside->integer("interval", presence::nullable, {0, index_max}))
    cell.interval = static_cast<std::uint32_t>(*interval);
  cell.statistic = inside->text("statistic", presence::required).value_or("");
  inside->finish();
  return cell;
}

answer open_cell(const call& c) {
  check_parameters(c.asked, {});
  const auto body = read_body(c.asked);
  mistakes found;
  auto fields = body_reader(body, "cell", found);
  const auto wanted = needed_json(fields, "request");
  const auto cell = read_cell(fields);
  const auto limit = static_cast<std::size_t>(
    fields.integer("limit", presence::optional, {0, people_max}).value_or(people_preset));
  fields.finish();
  found.refuse_if_any();
  auto& engine = *c.whose->engine;
  json::object content;
  add_freshness(content, freshness_of(engine));
  const auto makers = value_of(engine.open_cell(wanted, cell), "/request");
  std::uint64_t total = 0;
  for (const auto& maker : makers)
    total += maker.count;
  json::array people;
  for (const auto& maker : std::span{makers}.first(std::min(limit, makers.size())))
    people.push_back(
      {{"id", profile_id(maker.place)}, {"profile", maker.profile}, {"count", maker.count}});
  content["people"] = makers.size();
  content["count"] = total;
  content["profiles"] = std::move(people);
  return own_answer(content);
}

} // namespace

void add_dictionary_routes(route_table& routes) {
  routes.add("GET", "/api/rollcall/dictionary", {reading_scope}, list_entries);
  routes.add("GET", "/api/rollcall/dictionary/{name}", {reading_scope}, show_entry);
  routes.add("GET", "/api/rollcall/report-settings", {reading_scope}, read_settings);
  routes.add("PATCH", "/api/rollcall/report-settings", {writing_scope}, change_settings);
  routes.add("GET", "/api/rollcall/reports/{name}", {reading_scope}, show_ready);
  routes.add(
    "POST", "/api/rollcall/reports", {reading_scope},
    [](const call& c) { return make_report(c, report_forms); }, "M");
  routes.add(
    "POST", "/api/rollcall/reports/explanation", {reading_scope},
    [](const call& c) { return make_report(c, explanation_forms); }, "M");
  routes.add("POST", "/api/rollcall/reports/difference", {reading_scope}, explain_difference, "M");
  routes.add("POST", "/api/rollcall/reports/people", {reading_scope}, open_cell, "M");
}

} // namespace gateway
