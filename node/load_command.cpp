#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/loader.hpp"
#include "node/progress.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>

namespace node {

namespace {

constexpr std::uint64_t rejects_shown_max = 20;

struct load_options {
  common_options common;
  std::vector<std::string> files;
  std::string rejects;
  std::uint32_t partitions = 0; // 0 = as stored, or the usual number.
  std::string zone;
  std::string clock;
  std::string start;
  bool again = false;
};

/// Shows the first rejected lines and keeps all of them.
class reject_log {
public:
  /// An empty path keeps none.
  explicit reject_log(const std::string& path) : is_kept_(!path.empty()) {
    if (is_kept_)
      file_.open(path, std::ios::binary | std::ios::trunc);
  }
  [[nodiscard]] bool is_writable() const {
    return !is_kept_ || file_.good();
  }
  void add(const rejected_line& line) {
    if (++count_ <= rejects_shown_max)
      fmt::print(stderr, "{}:{}: {}{}{}\n", line.file,
                 line.line == 0 ? "?" : std::to_string(line.line), line.field,
                 line.field.empty() ? "" : ": ", line.reason);
    if (is_kept_)
      file_ << json_object{}
                 .text("file", line.file)
                 .count("line", line.line)
                 .text("field", line.field)
                 .text("reason", line.reason)
                 .text("text", line.text)
                 .done()
            << '\n';
  }
  /// Says how many were not shown; false when they could not all be kept.
  bool finish(const std::string& path) {
    if (count_ > rejects_shown_max)
      fmt::print(stderr, "{} more lines were rejected; {}\n", grouped(count_ - rejects_shown_max),
                 is_kept_ ? "all of them are in " + path : "--rejects FILE keeps them all");
    if (is_kept_)
      file_.flush();
    return is_writable();
  }

private:
  bool is_kept_;
  std::ofstream file_;
  std::uint64_t count_ = 0;
};

std::uint64_t records_of(const load_report& report,
                         std::initializer_list<model::change_kind> kinds) {
  std::uint64_t all = 0;
  for (const auto kind : kinds)
    all += report.by_kind[static_cast<std::size_t>(kind)];
  return all;
}

struct kind_count {
  const char* name;
  std::uint64_t records;
};

std::array<kind_count, 6> counts_of(const load_report& report) {
  return {{{"events", records_of(report, {model::change_kind::event})},
           {"profiles", records_of(report, {model::change_kind::profile})},
           {"list changes",
            records_of(report, {model::change_kind::list_add, model::change_kind::list_remove})},
           {"merges", records_of(report, {model::change_kind::merge})},
           {"erasures", records_of(report, {model::change_kind::erase})},
           {"descriptions", records_of(report, {model::change_kind::describe})}}};
}

std::string report_json(const load_report& report, double seconds) {
  json_object kinds;
  for (const auto& [name, records] : counts_of(report))
    kinds.count(name == std::string_view{"list changes"} ? "list_changes" : name, records);
  return json_object{}
    .raw("records", kinds.done())
    .count("lines", report.lines)
    .count("applied", report.applied)
    .count("duplicates", report.duplicates)
    .count("rejected", report.rejected)
    .number("seconds", seconds)
    .number("records_per_second", seconds > 0 ? static_cast<double>(report.records()) / seconds : 0)
    .done();
}

std::string report_text(const load_report& report, double seconds) {
  table rows({{"read"}, {"records", side::right}});
  for (const auto& [name, records] : counts_of(report))
    if (records > 0)
      rows.add({name, grouped(records)});
  rows.add({"all", grouped(report.records())});
  return fmt::format("{}\napplied {}, duplicates {}, rejected {}; {}, {}\n", rows.text(),
                     grouped(report.applied), grouped(report.duplicates), grouped(report.rejected),
                     duration_text(seconds), rate_text(report.records(), seconds));
}

struct input {
  std::string name;
  std::string identity;
  messages::line_source lines;
};

/// Opens all files before anything is loaded: a misspelt name is found at once.
model::outcome<std::vector<input>> open_inputs(const load_options& wanted) {
  std::vector<input> inputs;
  for (const auto& file : wanted.files) {
    auto lines = messages::line_source::open(file);
    if (!lines)
      return lines.error();
    inputs.push_back({file == "-" ? "standard input" : file,
                      wanted.again ? std::string{} : identity_of(file), std::move(*lines)});
  }
  return inputs;
}

exit_status load_into(rollcall::engine& engine, const load_options& wanted,
                      std::vector<input> inputs) {
  reject_log rejects(wanted.rejects);
  if (!rejects.is_writable())
    return complain(wanted.common,
                    {model::failure_code::not_found,
                     fmt::format("the reject file {} cannot be written", wanted.rejects)});
  const auto began = std::chrono::steady_clock::now();
  progress bar("loading", "records");
  loader loading(
    engine, [&](const rejected_line& line) { rejects.add(line); },
    [&](std::optional<double> share, std::uint64_t records) { bar.at(share, records); });
  for (auto& [name, identity, lines] : inputs)
    if (const auto loaded = loading.load(lines, name, identity); !loaded) {
      bar.finish();
      return complain(
        wanted.common,
        {loaded.error().code,
         fmt::format("{} was not loaded to its end: {}. {} records are durable; the same "
                     "command goes on behind them",
                     name, loaded.error().message,
                     grouped(loading.report().applied + loading.report().duplicates))});
    }
  const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began)
                         .count();
  bar.finish();
  // The next command opens faster when there is no log to read again.
  if (const auto folded = engine.fold(); !folded)
    return complain(wanted.common, folded.error());
  const auto report = loading.report();
  const auto are_kept = rejects.finish(wanted.rejects);
  fmt::print("{}", wanted.common.json ? report_json(report, seconds) + '\n'
                                      : report_text(report, seconds));
  if (!are_kept)
    return complain(wanted.common,
                    {model::failure_code::storage_full,
                     fmt::format("the reject file {} could not be written whole", wanted.rejects)});
  return report.rejected == 0 ? exit_status::fine : exit_status::bad_input;
}

exit_status load(const load_options& wanted) {
  auto inputs = open_inputs(wanted);
  if (!inputs)
    return complain(wanted.common, inputs.error());
  rollcall::options opening{.directory = wanted.common.data};
  if (wanted.partitions > 0)
    opening.partitions = wanted.partitions;
  if (!wanted.zone.empty())
    opening.account_zone = wanted.zone;
  if (wanted.clock == "manual")
    opening.clock = rollcall::clock_kind::manual;
  else if (wanted.clock == "real")
    opening.clock = rollcall::clock_kind::real;
  if (!wanted.start.empty()) {
    opening.start = model::parse_instant(wanted.start);
    if (!opening.start)
      return complain(wanted.common,
                      {model::failure_code::invalid_input,
                       fmt::format("--start: \"{}\" is no instant; write 2026-06-15 or "
                                   "2026-06-15T09:30:00Z",
                                   wanted.start)});
  }
  return with_engine(wanted.common, std::move(opening), [&](rollcall::engine& engine) {
    return load_into(engine, wanted, std::move(*inputs));
  });
}

} // namespace

void add_load_command(command_line& line) {
  auto wanted = std::make_shared<load_options>();
  auto& command = line.add(
    line.root(), "load", "Read profiles and events from NDJSON files",
    "rollcall load --data store --rejects rejects.ndjson profiles.ndjson.gz events.ndjson.gz",
    [wanted] { return load(*wanted); });
  add_common(command, wanted->common);
  command.add_option("FILE", wanted->files, "NDJSON, plain or gzip; - is standard input")
    ->required();
  command
    .add_option("--rejects", wanted->rejects,
                "Keep every rejected line here, with file, line, field and reason")
    ->type_name("FILE");
  command.add_option("--partitions", wanted->partitions, "Of a new directory (usually 4)")
    ->check(CLI::Range(1U, 256U));
  command.add_option("--zone", wanted->zone, "Account time zone of a new directory (usually UTC)")
    ->type_name("ZONE");
  command
    .add_option("--clock", wanted->clock,
                "real follows the system; manual stands still until `advance`")
    ->check(CLI::IsMember({"real", "manual"}));
  auto* start = command
                  .add_option("--start", wanted->start,
                              "With --clock manual: where the clock of a new directory starts")
                  ->type_name("INSTANT");
  command.parse_complete_callback([start, wanted] {
    if (!start->empty() && wanted->clock != "manual")
      throw CLI::ValidationError("--start", "a clock that starts somewhere stands still until "
                                            "`advance`; give --clock manual with it");
  });
  command.add_flag(
    "--again", wanted->again,
    "Take the lines even of a file that was loaded before; events are still taken once");
}

} // namespace node
