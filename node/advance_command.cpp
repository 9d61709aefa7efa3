#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/movements.hpp"
#include "node/progress.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

namespace node {

namespace {

exit_status move_clock(const common_options& common, const std::string& to) {
  return with_engine(common, [&](rollcall::engine& engine) {
    const auto target = instant_of(to, engine);
    if (!target)
      return complain(common, target.error());
    const auto before = feed_ends(engine);
    if (!before)
      return complain(common, before.error());
    {
      progress bar("moving the clock");
      const auto advance = [&](model::instant at) {
        return engine.advance(at, [&](double share) { bar.at(share); });
      };
      auto moved = advance(*target);
      // A clock that goes by itself may have passed what was now.
      while (to == "now" && !moved && moved.error().code == model::failure_code::invalid_input)
        moved = advance(engine.now());
      if (!moved)
        return complain(common, moved.error());
    }
    const auto moves = movements_since(engine, *before);
    if (!moves)
      return complain(common, moves.error());
    const auto now = model::format_instant(engine.now());
    if (common.json) {
      json_array list;
      for (const auto& m : *moves)
        list.raw(json_object{}
                   .text("segment", m.segment)
                   .count("joined", m.joined)
                   .count("left", m.left)
                   .done());
      fmt::print("{}\n", json_object{}.text("now", now).raw("segments", list.done()).done());
      return exit_status::fine;
    }
    fmt::print("the clock is at {}\n", now);
    table rows(
      {{"segment"}, {"joined", side::right}, {"left", side::right}, {"members", side::right}});
    for (const auto& m : *moves)
      rows.add({m.segment, grouped(m.joined), grouped(m.left), grouped(m.members)});
    if (rows.rows() > 0)
      fmt::print("\n{}", rows.text());
    return exit_status::fine;
  });
}

} // namespace

void add_advance_command(command_line& line) {
  struct options {
    common_options common;
    std::string to;
  };
  auto wanted = std::make_shared<options>();
  auto& command = line.add(line.root(), "advance",
                           "Move the clock forward, and every member whose time comes",
                           "rollcall advance --data store --to 2026-07-01",
                           [wanted] { return move_clock(wanted->common, wanted->to); });
  add_common(command, wanted->common);
  command.add_option("--to", wanted->to, "2026-07-01 or 2026-07-01T09:30:00Z")
    ->required()
    ->type_name("INSTANT");
}

} // namespace node
