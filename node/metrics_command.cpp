#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

namespace node {

namespace {

std::string metrics_json(const std::vector<rollcall::metric_info>& metrics) {
  json_array all;
  for (const auto& metric : metrics)
    all.raw(json_object{}
              .text("id", metric.id)
              .text("name", metric.name)
              .count("count", metric.events)
              .count("profiles", metric.profiles)
              .number("value_sum", metric.value_sum)
              .done());
  return all.done();
}

std::string metrics_table(const std::vector<rollcall::metric_info>& metrics) {
  table rows({{"id"},
              {"metric"},
              {"events", side::right},
              {"profiles", side::right},
              {"sum of values", side::right}});
  for (const auto& metric : metrics)
    rows.add({metric.id, metric.name, grouped(metric.events), grouped(metric.profiles),
              fmt::format("{:.2f}", metric.value_sum)});
  return rows.text();
}

} // namespace

void add_metrics_command(command_line& line) {
  auto common = std::make_shared<common_options>();
  auto& command = line.add(line.root(), "metrics",
                           "List the kinds of event, how many there are and their values' sum",
                           "rollcall metrics --data store", [common] {
                             return with_engine(*common, [&](rollcall::engine& engine) {
                               const auto metrics = engine.metrics();
                               if (!metrics)
                                 return complain(*common, metrics.error());
                               if (common->json)
                                 fmt::print("{}\n", metrics_json(*metrics));
                               else
                                 fmt::print("{}", metrics_table(*metrics));
                               return exit_status::fine;
                             });
                           });
  add_common(command, *common);
}

} // namespace node
