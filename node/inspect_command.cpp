#include "node/actor_orders.hpp"
#include "node/commands.hpp"
#include "node/inspection_view.hpp"
#include "node/json_text.hpp"
#include "node/remote.hpp"
#include "node/stop_signals.hpp"
#include "node/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iostream>
#include <unistd.h>

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

exit_status inspect_directory(const common_options& common) {
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

// --- a server ------------------------------------------------------------------------------------

constexpr std::chrono::seconds look_interval{1};
/// To the upper left corner, and nothing below.
constexpr std::string_view clear_screen = "\x1b[H\x1b[J";

struct inspect_options {
  common_options common;
  remote_options remote;
  inspection_choice choice;
  actor_order order;
  bool follow = false;
};

std::string next_line() {
  std::string line;
  std::getline(std::cin, line);
  return line;
}

exit_status show_once(const inspect_options& wanted) {
  const auto shown = ask(wanted.remote, "GET", "/api/rollcall/inspection");
  if (!shown)
    return complain(wanted.common, shown.error());
  try {
    if (wanted.common.json)
      fmt::print("{}\n", boost::json::serialize(chosen(*shown, wanted.choice)));
    else
      fmt::print("{}", inspection_text(*shown, wanted.choice));
  } catch (const std::exception&) {
    return complain(wanted.common, no_such_answer(wanted.remote));
  }
  return exit_status::fine;
}

exit_status inspect_server(const inspect_options& wanted) {
  if (!wanted.follow)
    return show_once(wanted);
  stop_signals signals;
  do {
    if (!wanted.common.json && ::isatty(STDOUT_FILENO) == 1)
      fmt::print("{}", clear_screen);
    if (const auto status = show_once(wanted); status != exit_status::fine)
      return status;
    std::fflush(stdout);
  } while (!signals.wait(look_interval));
  return exit_status::fine;
}

exit_status inspect(const inspect_options& wanted) {
  const auto& top = wanted.choice.top;
  if (!top.empty() && std::ranges::find(inspection_columns, top) == inspection_columns.end())
    return complain_of_usage(wanted.common,
                             fmt::format("\"{}\" is no column to order by; there are {}", top,
                                         fmt::join(inspection_columns, ", ")));
  const bool is_order = is_wanted(wanted.order);
  if (wanted.remote.is_wanted())
    return is_order ? carry_out(wanted.order, wanted.common, wanted.remote, next_line)
                    : inspect_server(wanted);
  if (is_order || wanted.follow || !top.empty() || !wanted.choice.filter.empty())
    return complain_of_usage(wanted.common,
                             "--follow, --top, --filter, --log-level, --restart and --stop go with "
                             "a server: use --url");
  return inspect_directory(wanted.common);
}

} // namespace

void add_inspect_command(command_line& line) {
  auto wanted = std::make_shared<inspect_options>();
  auto& command = line.add(line.root(), "inspect", "Show partitions and the actor tree",
                           "rollcall inspect --url http://127.0.0.1:8787 --top waiting --follow",
                           [wanted] { return inspect(*wanted); });
  add_place(command, wanted->common, wanted->remote);
  command.get_option("--key")->description(
    "With --url: a key that may look (admin:read) or give orders (admin:write)");
  command
    .add_option("--top", wanted->choice.top,
                fmt::format("With --url: order actors by {}", fmt::join(inspection_columns, ", ")))
    ->type_name("COLUMN");
  command
    .add_option("--filter", wanted->choice.filter,
                "With --url: only actors whose name or kind has this")
    ->type_name("TEXT");
  command.add_flag("--follow", wanted->follow, "With --url: look again every second");
  command
    .add_option("--log-level", wanted->order.log_level,
                "With --url: have the server log at debug, info, warn, error or off")
    ->type_name("LEVEL");
  command
    .add_option("--restart", wanted->order.restart,
                "With --url: have an actor come back from the disk and from the others")
    ->type_name("ACTOR");
  command.add_option("--stop", wanted->order.stop, "With --url: end a report that is being made")
    ->type_name("ACTOR");
  command.add_flag("--yes", wanted->order.is_confirmed,
                   "Restart or stop without asking for the actor's name again");
}

} // namespace node
