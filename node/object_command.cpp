#include "messages/object_reader.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

namespace node {

namespace {

struct object_options {
  common_options common;
  std::string kind; // Empty = all.
  std::string id;
};

/// As the line of input that describes it.
std::string line_of(const model::described_object& object) {
  return json_object{}.raw(model::name_of(object.kind), messages::object_json(object)).done();
}

std::string objects_json(const std::vector<model::described_object>& objects) {
  json_array all;
  for (const auto& object : objects)
    all.raw(line_of(object));
  return all.done();
}

std::string objects_table(const std::vector<model::described_object>& objects) {
  table rows({{"kind"},
              {"id"},
              {"name"},
              {"channel"},
              {"status"},
              {"send time"},
              {"messages", side::right},
              {"tags", side::right}});
  for (const auto& object : objects)
    rows.add({std::string{model::name_of(object.kind)}, object.id, object.name, object.channel,
              object.status, object.send_time ? model::format_instant(*object.send_time) : "",
              grouped(object.messages.size()), grouped(object.tags.size())});
  return rows.text();
}

exit_status list(const object_options& wanted) {
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    auto objects = engine.objects();
    if (!objects)
      return complain(wanted.common, objects.error());
    if (const auto kind = model::object_kind_named(wanted.kind))
      std::erase_if(*objects, [&](const auto& object) { return object.kind != *kind; });
    if (wanted.common.json)
      fmt::print("{}\n", objects_json(*objects));
    else
      fmt::print("{}", objects_table(*objects));
    return exit_status::fine;
  });
}

exit_status show(const object_options& wanted) {
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    const auto objects = engine.objects();
    if (!objects)
      return complain(wanted.common, objects.error());
    for (const auto& object : *objects)
      if (model::name_of(object.kind) == wanted.kind && object.id == wanted.id) {
        const auto line = line_of(object);
        fmt::print("{}\n", wanted.common.json ? line : indented(line));
        return exit_status::fine;
      }
    return complain(wanted.common, {model::failure_code::not_found,
                                    fmt::format("no {} \"{}\" was described; `rollcall object "
                                                "list --data {}` shows those that were",
                                                wanted.kind, wanted.id, wanted.common.data)});
  });
}

CLI::IsMember kinds() {
  std::vector<std::string> names;
  for (const auto kind : model::object_kinds)
    names.emplace_back(model::name_of(kind));
  return CLI::IsMember(std::move(names));
}

} // namespace

void add_object_commands(command_line& line) {
  auto& group = line.add(line.root(), "object", "Campaigns, flows and tags as they were described",
                         "");

  auto listed = std::make_shared<object_options>();
  auto& list_command = line.add(group, "list", "Every campaign, flow and tag",
                                "rollcall object list --data store --kind campaign",
                                [listed] { return list(*listed); });
  add_common(list_command, listed->common);
  list_command.add_option("--kind", listed->kind, "Only campaign, flow or tag")->check(kinds());

  auto shown = std::make_shared<object_options>();
  auto& show_command = line.add(
    group, "show", "All that is known of one, in the shape of the input",
    "rollcall object show --data store campaign 01GDDKASAP", [shown] { return show(*shown); });
  add_common(show_command, shown->common);
  show_command.add_option("KIND", shown->kind, "campaign, flow or tag")->required()->check(kinds());
  show_command.add_option("ID", shown->id, "Its id")->required();
}

} // namespace node
