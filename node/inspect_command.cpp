#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

namespace node {

namespace {

std::string clock_name(rollcall::clock_kind clock) {
  return clock == rollcall::clock_kind::manual ? "manual" : "real";
}

std::string figures_json(const rollcall::engine_figures& figures) {
  json_array partitions;
  for (const auto& p : figures.partitions) {
    json_object one;
    one.count("index", p.index)
      .count("profiles", p.profiles)
      .count("profile_numbers", p.profile_numbers)
      .count("log_first", p.log_first)
      .count("log_last", p.log_last)
      .count("delta_bytes", p.delta_bytes)
      .count("delta_records", p.delta_records)
      .count("due_entries", p.due_entries);
    if (p.next_due)
      one.text("next_due", model::format_instant(*p.next_due));
    else
      one.null("next_due");
    one.text("now", model::format_instant(p.now))
      .count("criteria", p.criteria)
      .count("segments", p.segments)
      .text("trouble", p.trouble);
    partitions.raw(one.done());
  }
  return json_object{}
    .text("now", model::format_instant(figures.now))
    .text("clock", clock_name(figures.clock))
    .text("account_zone", figures.account_zone)
    .count("profiles", figures.profiles)
    .count("segments", figures.segments)
    .raw("partitions", partitions.done())
    .done();
}

std::string actors_json(const std::vector<rollcall::actor_info>& actors) {
  json_array all;
  for (const auto& a : actors) {
    json_object types;
    for (const auto& [type, count] : a.messages_by_type)
      types.count(type, count);
    all.raw(json_object{}
              .count("id", a.id)
              .count("parent", a.parent)
              .text("kind", a.kind)
              .text("name", a.name)
              .boolean("alive", a.alive)
              .count("mailbox_depth", a.mailbox_depth)
              .count("mailbox_depth_max", a.mailbox_depth_max)
              .count("messages_in", a.messages_in)
              .number("messages_per_second", a.messages_per_second)
              .raw("messages_by_type", types.done())
              .count("busy_ns", static_cast<std::uint64_t>(a.busy.count()))
              .number("busy_share", a.busy_share)
              .text("last_error", a.last_error)
              .done());
  }
  return all.done();
}

std::string figures_text(const rollcall::engine_figures& figures) {
  table rows({{"partition", side::right},
              {"profiles", side::right},
              {"log", side::right},
              {"delta records", side::right},
              {"delta MiB", side::right},
              {"waiting for time", side::right},
              {"next due"},
              {"trouble"}});
  for (const auto& p : figures.partitions)
    rows.add({std::to_string(p.index), grouped(p.profiles),
              fmt::format("{}-{}", p.log_first, p.log_last), grouped(p.delta_records),
              fmt::format("{:.1f}", static_cast<double>(p.delta_bytes) / 1048576),
              grouped(p.due_entries), p.next_due ? model::format_instant(*p.next_due) : "never",
              p.trouble});
  return fmt::format("{}, {}, {} clock at {}, account zone {}\n\n{}",
                     amount(figures.profiles, "profile"), amount(figures.segments, "segment"),
                     clock_name(figures.clock), model::format_instant(figures.now),
                     figures.account_zone, rows.text());
}

exit_status inspect(const common_options& common) {
  return with_engine(common, [&](rollcall::engine& engine) {
    const auto figures = engine.figures();
    if (!figures)
      return complain(common, figures.error());
    if (common.json)
      fmt::print("{}\n", json_object{}
                           .raw("figures", figures_json(*figures))
                           .raw("actors", actors_json(engine.inspect()))
                           .done());
    else
      fmt::print("{}\n{}", figures_text(*figures), actor_tree(engine.inspect()));
    return exit_status::fine;
  });
}

} // namespace

void add_inspect_command(command_line& line) {
  auto common = std::make_shared<common_options>();
  auto& command = line.add(line.root(), "inspect", "Show partitions and the actor tree",
                           "rollcall inspect --data store", [common] { return inspect(*common); });
  add_common(command, *common);
}

} // namespace node
