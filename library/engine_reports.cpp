#include "actors/report_actor.hpp"
#include "library/dictionary_entries.hpp"
#include "library/engine_parts.hpp"
#include "library/ordered.hpp"
#include "metrics/contrast.hpp"
#include "metrics/ready_report.hpp"
#include "segments/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace rollcall {

using messages::operation_kind;
using model::failure;
using model::failure_code;
using model::outcome;

namespace {

/// Terminals are rarely narrower.
constexpr std::size_t plot_width = 100;

std::vector<definition_fault> faults_of(std::vector<segments::definition_error> errors) {
  std::vector<definition_fault> faults;
  for (auto& e : errors)
    faults.push_back({std::move(e.pointer), std::move(e.found), std::move(e.allowed)});
  return faults;
}

failure refused(const std::vector<segments::definition_error>& errors) {
  return {failure_code::invalid_input,
          "the request of the report is wrong: " + segments::describe(errors)};
}

std::string text_of(const metrics::answer& a, const metrics::dictionary& words,
                    report_format format) {
  switch (format) {
  case report_format::csv:
    return metrics::to_csv(a);
  case report_format::table:
    return metrics::to_table(a);
  case report_format::plot:
    return metrics::to_plot(a, 0, plot_width);
  case report_format::svg:
    return metrics::to_svg(a, 0);
  case report_format::explanation:
    return metrics::explain(a, words);
  case report_format::explanation_json:
    return metrics::explain_json(a, words) + '\n';
  case report_format::json:
    break;
  }
  return metrics::to_json(a) + '\n';
}

outcome<metrics::dictionary_file> file_of(const std::filesystem::path& path) {
  std::ifstream in{path, std::ios::binary};
  std::ostringstream text;
  if (!in || !(text << in.rdbuf()))
    return failure{failure_code::not_found,
                   fmt::format("cannot read the dictionary file {}", path.string())};
  return metrics::dictionary_file{path.string(), std::move(text).str()};
}

} // namespace

outcome<std::shared_ptr<const metrics::dictionary>>
read_dictionary(const std::filesystem::path& directory,
                const std::vector<std::filesystem::path>& files) {
  std::vector<std::filesystem::path> paths;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{directory / "dictionary", error})
    if (entry.path().extension() == ".toml")
      paths.push_back(entry.path());
  std::ranges::sort(paths);
  paths.insert(paths.end(), files.begin(), files.end());
  const auto standard = metrics::standard_files();
  std::vector<metrics::dictionary_file> all(standard.begin(), standard.end());
  for (const auto& path : paths) {
    auto file = file_of(path);
    if (!file)
      return file.error();
    all.push_back(std::move(*file));
  }
  auto result = metrics::read_dictionary(all);
  if (result.read)
    return std::make_shared<const metrics::dictionary>(std::move(*result.read));
  std::string lines;
  for (const auto& fault : result.faults)
    lines += fmt::format("\n{}:{}: {}", fault.at.file, fault.at.line, fault.message);
  return failure{failure_code::invalid_input, "the data dictionary has faults:" + lines};
}

outcome<std::vector<dictionary_entry>> engine::dictionary() {
  return guarded(
    [&]() -> outcome<std::vector<dictionary_entry>> { return entries_of(*parts_->words); });
}

definition_outcome<std::string> engine::report(std::string_view request, report_format format) {
  return guarded([&]() -> definition_outcome<std::string> {
    auto asked = std::make_shared<const std::string>(request);
    if (format == report_format::explanation || format == report_format::explanation_json) {
      // Of a series' intervals people cannot be added up.
      auto whole = changed_request(request, R"({"interval":null})");
      if (!whole)
        return whole;
      asked = std::make_shared<const std::string>(std::move(*whole));
    }
    auto made = parts_->ask<actors::made_report>(parts_->reports,
                                                 actors::make_report{std::move(asked)},
                                                 "make a report", parts::work_deadline);
    if (!made)
      return made.error();
    if (!made->answer)
      return {refused(made->errors), faults_of(std::move(made->errors))};
    return text_of(*made->answer, *parts_->words, format);
  });
}

definition_outcome<std::string> engine::ready_request(std::string_view name) {
  return guarded([&]() -> definition_outcome<std::string> {
    const auto& reports = parts_->words->reports;
    const auto found = reports.find(name);
    if (found != reports.end())
      return std::string{found->second.request};
    std::string known;
    for (const auto& [other, report] : reports)
      known += (known.empty() ? "" : ", ") + other;
    return failure{failure_code::not_found,
                   fmt::format("the dictionary has no report \"{}\"; it has {}", name, known)};
  });
}

definition_outcome<std::string> engine::changed_request(std::string_view request,
                                                        std::string_view changes) {
  return guarded([&]() -> definition_outcome<std::string> {
    std::vector<segments::definition_error> errors;
    auto made = metrics::request_with(request, changes, errors);
    if (!made)
      return {refused(errors), faults_of(std::move(errors))};
    return std::move(*made);
  });
}

namespace {

/// What the account wants of its reports.
definition_outcome<metrics::report_settings> settings_of(engine::parts& parts) {
  auto kept = parts.ask<actors::document_list>(
    parts.account, actors::read_documents{std::string{actors::settings_kind}},
    "read the settings of reports");
  if (!kept)
    return kept.error();
  const auto found = std::ranges::find(kept->documents, actors::settings_id,
                                       &actors::account_document::id);
  if (found == kept->documents.end())
    return metrics::report_settings{};
  std::vector<segments::definition_error> errors;
  auto settings = metrics::changed({}, found->json, errors);
  if (!settings)
    return failure{failure_code::storage_broken,
                   "the account's settings of reports cannot be read: "
                     + segments::describe(errors)};
  return std::move(*settings);
}

} // namespace

outcome<std::string> engine::report_settings() {
  return guarded([&]() -> outcome<std::string> {
    const auto settings = settings_of(*parts_);
    if (!settings)
      return settings.error();
    return metrics::shown_json(*settings, *parts_->words);
  });
}

definition_outcome<std::string> engine::change_report_settings(std::string_view changes) {
  return in_order<definition_outcome<std::string>>(
    *parts_, {.kind = operation_kind::change_reports, .texts = {std::string{changes}}},
    [&]() -> definition_outcome<std::string> {
      const std::lock_guard lock{parts_->settings_guard};
      const auto settings = settings_of(*parts_);
      if (!settings)
        return settings.error();
      std::vector<segments::definition_error> errors;
      const auto wanted = metrics::changed(*settings, changes, errors);
      if (!wanted)
        return {failure{failure_code::invalid_input,
                        "the settings of reports are wrong: " + segments::describe(errors)},
                faults_of(std::move(errors))};
      const auto kept = parts_->ask<actors::finished>(
        parts_->account,
        actors::put_document{std::string{actors::settings_kind},
                             {std::string{actors::settings_id}, metrics::kept_json(*wanted)}},
        "keep the settings of reports");
      if (!kept)
        return kept.error();
      return metrics::shown_json(*wanted, *parts_->words);
    });
}

namespace {

/// A request for statistics over everything.
definition_outcome<std::string> request_for(std::string_view request,
                                            const std::vector<std::string>& statistics) {
  std::string names;
  for (const auto& name : statistics)
    names += (names.empty() ? "" : ",") + json_string(name);
  return engine::changed_request(request, R"({"group_by":[],"interval":null,"compare":null,)"
                                          R"("order":null,"statistics":[)"
                                            + names + "]}");
}

/// Values over everything of the statistics that the request names.
definition_outcome<std::vector<std::optional<double>>>
values_of(engine::parts& parts, const std::string& request,
          std::shared_ptr<const metrics::dictionary> words) {
  auto made = parts.ask<actors::made_report>(
    parts.reports, actors::make_report{std::make_shared<const std::string>(request), words},
    "make a report", engine::parts::work_deadline);
  if (!made)
    return made.error();
  if (!made->answer)
    return {refused(made->errors), faults_of(std::move(made->errors))};
  // From the totals, since there is no row where nothing was counted.
  const auto& answer = *made->answer;
  std::vector<std::optional<double>> values;
  for (const auto& s : answer.statistics)
    values.push_back(
      metrics::evaluate(words ? *words : *parts.words, s.entry, [&](const std::string& measure) {
        const auto at = std::ranges::find(answer.measures, measure) - answer.measures.begin();
        return answer.totals[static_cast<std::size_t>(at)];
      }));
  return values;
}

} // namespace

definition_outcome<report_difference> engine::explain_difference(std::string_view request,
                                                                 std::string_view first,
                                                                 std::string_view second,
                                                                 std::string_view changes) {
  return guarded([&]() -> definition_outcome<report_difference> {
    const auto pass_on = [](const auto& outcome) {
      return definition_outcome<report_difference>{outcome.error(), outcome.faults()};
    };
    for (const auto statistic : {first, second})
      if (!parts_->words->statistic(statistic))
        return failure{failure_code::not_found,
                       fmt::format("the dictionary has no statistic \"{}\"", statistic)};
    report_difference made;
    auto current = request_for(request, {std::string{first}});
    if (!current)
      return pass_on(current);
    auto value = values_of(*parts_, *current, nullptr);
    if (!value)
      return pass_on(value);
    made.first = value->front();

    std::vector<segments::definition_error> errors;
    const auto fields = segments::read_json(changes.empty() ? "{}" : changes, errors);
    if (!fields)
      return {refused(errors), faults_of(std::move(errors))};
    for (const auto& field : fields->members) {
      current = changed_request(*current, '{' + json_string(field.key) + ':'
                                            + segments::json_text(field.value) + '}');
      if (!current)
        return pass_on(current);
      value = values_of(*parts_, *current, nullptr);
      if (!value)
        return pass_on(value);
      made.steps.push_back({field.key, value->front()});
    }

    // Everything that lies between the statistics is added up in one go.
    auto way = metrics::contrast_of(*parts_->words, first, second);
    std::vector<std::string> statistics;
    for (const auto& step : way.steps)
      if (std::ranges::find(statistics, step.statistic) == statistics.end())
        statistics.push_back(step.statistic);
    if (!statistics.empty()) {
      current = request_for(*current, statistics);
      if (!current)
        return pass_on(current);
      value = values_of(*parts_, *current,
                        std::make_shared<const metrics::dictionary>(std::move(way.words)));
      if (!value)
        return pass_on(value);
      for (const auto& step : way.steps) {
        const auto at = std::ranges::find(statistics, step.statistic) - statistics.begin();
        made.steps.push_back({step.axis, (*value)[static_cast<std::size_t>(at)]});
      }
    }
    made.second = made.steps.empty() ? made.first : made.steps.back().value;
    return made;
  });
}

definition_outcome<std::vector<report_maker>> engine::open_cell(std::string_view request,
                                                                const report_cell& cell) {
  return guarded([&]() -> definition_outcome<std::vector<report_maker>> {
    auto opened = parts_->ask<actors::opened_cell>(
      parts_->reports,
      actors::open_cell{std::make_shared<const std::string>(request), cell.rollup, cell.values,
                        cell.interval, cell.statistic},
      "open a number of a report", parts::work_deadline);
    if (!opened)
      return opened.error();
    if (!opened->errors.empty())
      return {refused(opened->errors), faults_of(std::move(opened->errors))};
    std::vector<report_maker> makers;
    for (auto& m : opened->makers)
      makers.push_back({std::move(m.profile), m.count, {m.partition, m.number}});
    return makers;
  });
}

} // namespace rollcall
