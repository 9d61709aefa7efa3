#include "metrics/request.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/table.hpp"

#include <fmt/format.h>
#include <rollcall/batch_builder.hpp>

#include <fstream>

namespace node {

namespace {

/// What a report command asks for: a ready report or a file, and fields put over its request.
struct report_options {
  common_options common;
  std::vector<std::string> words; // A verb perhaps, and a name perhaps.
  std::string name;
  std::string file;
  std::string timeframe;
  std::string from;
  std::string to;
  std::string interval;
  std::string zone;
  std::string metric;
  std::string conversion_metric;
  std::string compare;
  std::string basis;
  std::string filter;
  std::string set;
  std::vector<std::string> group_by;
  std::vector<std::string> statistics;
  std::vector<std::string> order;
  std::uint64_t limit = 0;
  bool csv = false;
  bool plot = false;
  std::string svg;
  // Of `people`.
  rollcall::report_cell cell;
  std::int64_t interval_index = -1;
  std::string save_as;
  std::string against; // Of `difference`.
};

void add_request_options(CLI::App& command, report_options& wanted) {
  add_common(command, wanted.common);
  command
    .add_option("name", wanted.words,
                "A ready report; `rollcall dictionary list` shows them. In front may stand "
                "`explain` (how its numbers came about), `people` (who makes one of them) or "
                "`difference` (why two numbers differ)")
    ->expected(0, 2);
  command.add_option("--request", wanted.file, "File with a request as JSON, - = standard input")
    ->type_name("FILE");
  command.add_option("--dictionary", wanted.common.dictionary, "More dictionary files (TOML)")
    ->type_name("FILE");
  auto* timeframe = command.add_option("--timeframe", wanted.timeframe,
                                       "last_30_days, this_month, …");
  command.add_option("--from", wanted.from, "First day or instant, with --to")
    ->type_name("DATE")
    ->excludes(timeframe);
  command.add_option("--to", wanted.to, "Last day, included; or instant")
    ->type_name("DATE")
    ->excludes(timeframe);
  command.add_option("--interval", wanted.interval, "hourly, daily, weekly, monthly");
  command.add_option("--timezone", wanted.zone, "IANA name")->type_name("ZONE");
  command
    .add_option("--group-by", wanted.group_by,
                "Dimensions, separated by commas; none = everything in one row")
    ->delimiter(',');
  command.add_option("--statistics", wanted.statistics, "Names, separated by commas")
    ->delimiter(',');
  command.add_option("--metric", wanted.metric, "The metric that count, unique, sum_value count");
  command.add_option("--conversion-metric", wanted.conversion_metric, "Placed Order if not given");
  command.add_option("--filter", wanted.filter, "A filter as JSON")->type_name("JSON");
  command.add_option("--order", wanted.order, "Statistics or dimensions; -NAME falls")
    ->delimiter(',');
  command.add_option("--limit", wanted.limit, "Rows listed")
    ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{metrics::limit_max}));
  command.add_option("--compare", wanted.compare, "previous_period or previous_year");
  command.add_option("--time-basis", wanted.basis, "send, event, created, …");
  command.add_option("--set", wanted.set, "Any fields of the request, a JSON object")
    ->type_name("JSON");
}

std::string list_json(const std::vector<std::string>& names) {
  json_array all;
  for (const auto& name : names)
    all.text(name);
  return all.done();
}

/// The fields that options name, as a JSON object without its closing brace.
std::string changes_of(const report_options& wanted) {
  json_object changes;
  if (!wanted.timeframe.empty())
    changes.raw("timeframe", json_object{}.text("key", wanted.timeframe).done());
  if (!wanted.from.empty() || !wanted.to.empty())
    changes.raw("timeframe",
                json_object{}.text("start", wanted.from).text("end", wanted.to).done());
  const auto text = [&](std::string_view field, const std::string& value) {
    if (!value.empty())
      changes.text(field, value);
  };
  text("interval", wanted.interval);
  text("timezone", wanted.zone);
  text("metric", wanted.metric);
  text("conversion_metric", wanted.conversion_metric);
  text("compare", wanted.compare);
  text("time_basis", wanted.basis);
  if (!wanted.filter.empty())
    changes.raw("filter", wanted.filter);
  const bool is_one_row = wanted.group_by == std::vector<std::string>{"none"};
  if (!wanted.group_by.empty())
    changes.raw("group_by", is_one_row ? "[]" : list_json(wanted.group_by));
  if (!wanted.statistics.empty())
    changes.raw("statistics", list_json(wanted.statistics));
  if (!wanted.order.empty())
    changes.raw("order", list_json(wanted.order));
  if (wanted.limit != 0)
    changes.count("limit", wanted.limit);
  return changes.done();
}

/// The request, or nothing after a complaint.
std::optional<std::string> request_of(rollcall::engine& engine, const report_options& wanted,
                                      exit_status& status) {
  const auto fail = [&](const auto& outcome) {
    status = complain(wanted.common, outcome.error(), outcome.faults());
    return std::nullopt;
  };
  std::string request;
  if (!wanted.file.empty()) {
    auto text = text_of(wanted.file);
    if (!text) {
      status = complain(wanted.common, text.error());
      return std::nullopt;
    }
    request = std::move(*text);
  } else {
    auto ready = engine.ready_request(wanted.name);
    if (!ready)
      return fail(ready);
    request = std::move(*ready);
  }
  for (const auto& changes : {wanted.set, changes_of(wanted)}) {
    if (changes.empty() || changes == "{}")
      continue;
    auto changed = rollcall::engine::changed_request(request, changes);
    if (!changed)
      return fail(changed);
    request = std::move(*changed);
  }
  return request;
}

exit_status with_request(
  const report_options& wanted,
  const std::function<exit_status(rollcall::engine&, const std::string& request)>& work) {
  if (wanted.name.empty() == wanted.file.empty())
    return complain_of_usage(wanted.common, "name a ready report, or give --request FILE");
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    auto status = exit_status::fine;
    const auto request = request_of(engine, wanted, status);
    return request ? work(engine, *request) : status;
  });
}

exit_status write_file(const common_options& common, const std::string& file,
                       const std::string& text) {
  std::ofstream out{file, std::ios::binary};
  if (!out.is_open())
    return complain(
      common, {model::failure_code::not_found, fmt::format("the file {} cannot be written", file)});
  out << text;
  out.close();
  if (!out)
    return complain(common, {model::failure_code::storage_full,
                             fmt::format("the file {} could not be written whole", file)});
  return exit_status::fine;
}

exit_status show(const report_options& wanted) {
  return with_request(wanted, [&](rollcall::engine& engine, const std::string& request) {
    using rollcall::report_format;
    const auto format = wanted.common.json  ? report_format::json
                      : wanted.csv          ? report_format::csv
                      : wanted.plot         ? report_format::plot
                      : !wanted.svg.empty() ? report_format::svg
                                            : report_format::table;
    const auto made = engine.report(request, format);
    if (!made)
      return complain(wanted.common, made.error(), made.faults());
    if (format == report_format::svg)
      return write_file(wanted.common, wanted.svg, *made);
    fmt::print("{}", *made);
    return exit_status::fine;
  });
}

exit_status explain(const report_options& wanted) {
  return with_request(wanted, [&](rollcall::engine& engine, const std::string& request) {
    const auto made = engine.report(request, wanted.common.json
                                               ? rollcall::report_format::explanation_json
                                               : rollcall::report_format::explanation);
    if (!made)
      return complain(wanted.common, made.error(), made.faults());
    fmt::print("{}", *made);
    return exit_status::fine;
  });
}

exit_status difference(const report_options& wanted) {
  if (wanted.statistics.size() != 2)
    return complain_of_usage(wanted.common, "`report difference` needs --statistics FIRST,SECOND");
  auto base = wanted;
  base.statistics.resize(1);
  return with_request(base, [&](rollcall::engine& engine, const std::string& request) {
    const auto found = engine.explain_difference(request, wanted.statistics[0],
                                                 wanted.statistics[1], wanted.against);
    if (!found)
      return complain(wanted.common, found.error(), found.faults());
    const auto text = [](const std::optional<double>& v) {
      return v ? model::format_number(*v) : std::string{"none"};
    };
    const auto json_value = [](const std::optional<double>& v) {
      return v ? model::format_number(*v) : std::string{"null"};
    };
    if (wanted.common.json) {
      // As POST /api/rollcall/reports/difference answers.
      const auto side_of = [&](std::size_t which, const std::optional<double>& value) {
        return json_object{}
          .text("statistic", wanted.statistics[which])
          .raw("value", json_value(value))
          .done();
      };
      json_array steps;
      auto last = found->first;
      for (const auto& step : found->steps) {
        const auto by = last && step.value ? std::optional{*step.value - *last} : std::nullopt;
        steps.raw(json_object{}
                    .text("axis", step.axis)
                    .raw("value", json_value(step.value))
                    .raw("change", json_value(by))
                    .done());
        last = step.value;
      }
      fmt::print("{}\n", json_object{}
                           .raw("first", side_of(0, found->first))
                           .raw("second", side_of(1, found->second))
                           .raw("steps", steps.done())
                           .done());
      return exit_status::fine;
    }
    table rows({{"what changes"}, {"by", side::right}, {"to", side::right}});
    rows.add({wanted.statistics[0], "", text(found->first)});
    auto before = found->first;
    for (const auto& step : found->steps) {
      const auto by = before && step.value ? std::optional{*step.value - *before} : std::nullopt;
      rows.add(
        {step.axis, by ? (*by > 0 ? "+" : "") + model::format_number(*by) : "", text(step.value)});
      before = step.value;
    }
    rows.add({wanted.statistics[1], "", text(found->second)});
    fmt::print("{}", rows.text());
    return exit_status::fine;
  });
}

/// A static list of the makers, and a segment of its members.
model::outcome<rollcall::segment_info> save(rollcall::engine& engine, const std::string& name,
                                            const std::vector<rollcall::report_maker>& makers) {
  const auto list = "report: " + name;
  rollcall::batch_builder batch;
  for (const auto& maker : makers) {
    // Who is called by a number alone has no identifier that a change could name.
    if (maker.profile.starts_with('#'))
      return model::failure{model::failure_code::invalid_input,
                            "the profile " + maker.profile
                              + " has no identifier and cannot be put on a list"};
    rollcall::person who;
    const bool is_phone = maker.profile.starts_with('+');
    (is_phone                                       ? who.phone_number
     : maker.profile.find('@') != std::string::npos ? who.email
                                                    : who.external_id) = maker.profile;
    batch.join(who, list);
  }
  if (auto applied = engine.apply(batch.take()); !applied)
    return applied.error();
  std::string id;
  model::append_json_string(id, list);
  auto made = engine.create(
    name,
    R"({"condition_groups":[{"conditions":[{"type":"profile-group-membership","is_member":true,)"
    R"("group_ids":[)"
      + id + R"(],"timeframe_filter":null}]}]})");
  if (!made)
    return made.error();
  if (auto built = engine.wait_built(name); !built)
    return built.error();
  return engine.show(name);
}

/// An option that says nothing beside this verb, as a complaint; empty = there is none.
std::string option_without_verb(const report_options& wanted, std::string_view verb) {
  const auto of = [verb](std::string_view option, std::string_view its_verb, bool is_given) {
    return is_given && verb != its_verb ? fmt::format("{} is of `report {}`", option, its_verb)
                                        : std::string{};
  };
  for (auto complaint : {of("--statistic", "people", !wanted.cell.statistic.empty()),
                         of("--value", "people", !wanted.cell.values.empty()),
                         of("--rollup", "people", wanted.cell.rollup != 0),
                         of("--interval-index", "people", wanted.interval_index >= 0),
                         of("--save-as", "people", !wanted.save_as.empty()),
                         of("--against", "difference", !wanted.against.empty())})
    if (!complaint.empty())
      return complaint;
  if (verb.empty() || (verb != "explain" && verb != "people" && verb != "difference"))
    return {};
  return wanted.csv || wanted.plot || !wanted.svg.empty()
         ? fmt::format("--csv, --plot and --svg are of reports, not of `report {}`", verb)
         : std::string{};
}

exit_status people(report_options& wanted) {
  if (wanted.cell.statistic.empty())
    return complain_of_usage(wanted.common,
                             "`report people` needs --statistic, a measure of the report");
  if (wanted.interval_index >= 0)
    wanted.cell.interval = static_cast<std::uint32_t>(wanted.interval_index);
  return with_request(wanted, [&](rollcall::engine& engine, const std::string& request) {
    const auto opened = engine.open_cell(request, wanted.cell);
    if (!opened)
      return complain(wanted.common, opened.error(), opened.faults());
    if (!wanted.save_as.empty()) {
      const auto saved = save(engine, wanted.save_as, *opened);
      if (!saved)
        return complain(wanted.common, saved.error());
      fmt::print(stderr, "{} ({}): {}\n", saved->name, saved->id, amount(saved->members, "member"));
    }
    if (wanted.common.json) {
      json_array all;
      for (const auto& maker : *opened)
        all.raw(json_object{}.text("profile", maker.profile).count("count", maker.count).done());
      fmt::print("{}\n", all.done());
      return exit_status::fine;
    }
    for (const auto& maker : *opened)
      fmt::print("{}\t{}\n", maker.profile, maker.count);
    if (opened->empty())
      fmt::print(stderr, "nobody: the number is 0, or the report has no row of these values\n");
    return exit_status::fine;
  });
}

} // namespace

void add_report_commands(command_line& line) {
  const auto wanted = std::make_shared<report_options>();
  auto& report = line.add(
    line.root(), "report", "Makes a report by the data dictionary",
    "rollcall report campaign_performance --data shop --timeframe last_month\n"
    "  rollcall report explain campaign_performance --data shop --statistics click_rate\n"
    "  rollcall report people campaign_performance --data shop --group-by send_channel "
    "--statistic opens_unique --value email",
    [wanted] {
      auto& words = wanted->words;
      const auto verb = words.empty() ? std::string{} : words.front();
      const bool has_verb = verb == "explain" || verb == "people" || verb == "difference";
      if (has_verb)
        words.erase(words.begin());
      if (words.size() > 1)
        return complain_of_usage(wanted->common, "one report at a time");
      if (const auto unused = option_without_verb(*wanted, verb); !unused.empty())
        return complain_of_usage(wanted->common, unused);
      wanted->name = words.empty() ? "" : words.front();
      return verb == "explain"    ? explain(*wanted)
           : verb == "people"     ? people(*wanted)
           : verb == "difference" ? difference(*wanted)
                                  : show(*wanted);
    });
  add_request_options(report, *wanted);
  auto* json = report.get_option("--json");
  auto* csv = report.add_flag("--csv", wanted->csv, "Answer as CSV")->excludes(json);
  auto* plot = report.add_flag("--plot", wanted->plot, "Draw the first statistic in the terminal")
                 ->excludes(json)
                 ->excludes(csv);
  report.add_option("--svg", wanted->svg, "Draw the first statistic into a file")
    ->type_name("FILE")
    ->excludes(json)
    ->excludes(csv)
    ->excludes(plot);
  report.add_option("--statistic", wanted->cell.statistic, "Of people: a measure of the report");
  report.add_option("--value", wanted->cell.values,
                    "Of people: the row's value, once for each dimension");
  report.add_option("--rollup", wanted->cell.rollup, "Of people: index of the grouping, from 0");
  report.add_option("--interval-index", wanted->interval_index,
                    "Of people: index of the interval, from 0");
  report
    .add_option("--against", wanted->against,
                "Of difference: fields of the request by which the second number is made")
    ->type_name("JSON");
  report.add_option("--save-as", wanted->save_as, "Of people: make a segment of them")
    ->type_name("NAME");
}

} // namespace node
