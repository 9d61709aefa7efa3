#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/progress.hpp"
#include "node/segment_questions.hpp"
#include "node/segments_file.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

namespace node {

namespace {

struct definition_options {
  common_options common;
  std::string segment;
  std::string definition;
  std::string many; // File of segments; then there is no name and no definition.
  bool wait = true;
};

std::string info_json(const rollcall::segment_info& info) {
  json_array references;
  for (const auto& name : info.references)
    references.text(name);
  json_array history;
  for (const auto& version : info.history)
    history.raw(json_object{}
                  .count("version", version.version)
                  .text("at", model::format_instant(version.at))
                  .text("reason", version.reason)
                  .raw("definition", one_line(version.json))
                  .done());
  json_object object;
  object.text("id", info.id)
    .text("name", info.name)
    .text("state", rollcall::name_of(info.state))
    .boolean("is_active", info.is_active)
    .count("version", info.version)
    .text("created", model::format_instant(info.created))
    .count("members", info.members)
    .raw("references", references.done())
    .raw("definition", one_line(info.json));
  if (!info.history.empty())
    object.raw("history", history.done());
  return object.done();
}

void print_info(const common_options& common, const rollcall::segment_info& info) {
  if (common.json) {
    fmt::print("{}\n", info_json(info));
    return;
  }
  fmt::print("{} ({}): {}{}, version {}, {}\n", info.name, info.id, rollcall::name_of(info.state),
             info.is_active ? "" : ", inactive", info.version, amount(info.members, "member"));
}

/// After create and edit: builds, or leaves the build to whoever opens the directory next.
exit_status settle(rollcall::engine& engine, const definition_options& wanted,
                   const std::string& id) {
  if (wanted.wait)
    if (const auto built = wait_with_progress(engine, id); !built)
      return complain(wanted.common, built.error());
  const auto info = engine.show(id);
  if (!info)
    return complain(wanted.common, info.error());
  auto shown = *info;
  shown.history.clear();
  print_info(wanted.common, shown);
  return exit_status::fine;
}

/// All segments of a file, built in one scan.
exit_status define_many(const definition_options& wanted) {
  const auto text = text_of(wanted.many);
  if (!text)
    return complain(wanted.common, text.error());
  auto segments = read_segments(*text);
  if (!segments)
    return complain(wanted.common, segments.error());
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    const auto defined = engine.create(std::move(*segments));
    if (!defined)
      return complain(wanted.common, defined.error(), defined.faults());
    for (const auto& one : *defined)
      if (const auto status = settle(engine, wanted, one.id); status != exit_status::fine)
        return status;
    return exit_status::fine;
  });
}

enum class definition_use : std::uint8_t { create, edit };

exit_status define(const definition_options& wanted, definition_use use) {
  if (!wanted.many.empty())
    return define_many(wanted);
  const auto text = text_of(wanted.definition);
  if (!text)
    return complain(wanted.common, text.error());
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    const auto defined = use == definition_use::create ? engine.create(wanted.segment, *text)
                                                       : engine.edit(wanted.segment, *text);
    if (!defined)
      return complain(wanted.common, defined.error(), defined.faults());
    return settle(engine, wanted, defined->id);
  });
}

exit_status list(const common_options& common) {
  return with_engine(common, [&](rollcall::engine& engine) {
    const auto segments = engine.list();
    if (!segments)
      return complain(common, segments.error());
    if (common.json) {
      json_array all;
      for (const auto& segment : *segments)
        all.raw(info_json(segment));
      fmt::print("{}\n", all.done());
      return exit_status::fine;
    }
    table rows({{"id"},
                {"segment"},
                {"state"},
                {"version", side::right},
                {"members", side::right},
                {"created"}});
    for (const auto& segment : *segments)
      rows.add({segment.id, segment.name,
                segment.is_active ? rollcall::name_of(segment.state) : "inactive",
                std::to_string(segment.version), grouped(segment.members),
                model::format_instant(segment.created)});
    fmt::print("{}", rows.text());
    return exit_status::fine;
  });
}

exit_status show(const common_options& common, const std::string& segment) {
  return with_engine(common, [&](rollcall::engine& engine) {
    const auto info = engine.show(segment);
    if (!info)
      return complain(common, info.error());
    print_info(common, *info);
    if (common.json)
      return exit_status::fine;
    fmt::print("created {}", model::format_instant(info->created));
    for (const auto& name : info->references)
      fmt::print("{}{}", &name == info->references.data() ? "; refers to " : ", ", name);
    fmt::print("\n\n{}\n\n", indented(one_line(info->json)));
    table rows({{"version", side::right}, {"since"}, {"why"}});
    for (const auto& version : info->history)
      rows.add(
        {std::to_string(version.version), model::format_instant(version.at), version.reason});
    fmt::print("{}", rows.text());
    return exit_status::fine;
  });
}

exit_status drop(const common_options& common, const std::string& segment) {
  return with_engine(common, [&](rollcall::engine& engine) {
    if (const auto dropped = engine.drop(segment); !dropped)
      return complain(common, dropped.error());
    if (common.json)
      fmt::print("{}\n", json_object{}.text("deleted", segment).done());
    else
      fmt::print("{} is deleted\n", segment);
    return exit_status::fine;
  });
}

exit_status cancel(const common_options& common, const std::string& segment) {
  return with_engine(common, [&](rollcall::engine& engine) {
    if (const auto cancelled = engine.cancel_build(segment); !cancelled)
      return complain(common, cancelled.error());
    if (common.json)
      fmt::print("{}\n", json_object{}.text("cancelled", segment).done());
    else
      fmt::print("the build of {} is cancelled\n", segment);
    return exit_status::fine;
  });
}

struct preview_options {
  common_options common;
  std::string definition;
  std::string at;
  std::string ids;
};

exit_status preview(const preview_options& wanted) {
  const auto text = text_of(wanted.definition);
  if (!text)
    return complain(wanted.common, text.error());
  return with_engine(wanted.common, [&](rollcall::engine& engine) {
    auto at = instant_of(wanted.at, engine);
    if (!at)
      return complain(wanted.common, at.error());
    at = model::floor_second(*at); // The present is a whole second (semantics S1).
    std::vector<std::string> ids;
    const auto found = engine.preview(*text, *at, [&](std::span<const std::string> some) {
      if (!wanted.ids.empty())
        ids.insert(ids.end(), some.begin(), some.end());
    });
    if (!found)
      return complain(wanted.common, found.error(), found.faults());
    if (!wanted.ids.empty())
      if (const auto written = write_ids(wanted.ids, std::move(ids)); !written)
        return complain(wanted.common, written.error());
    if (wanted.ids == "-")
      return exit_status::fine;
    if (wanted.common.json)
      fmt::print(
        "{}\n",
        json_object{}.count("members", *found).text("at", model::format_instant(*at)).done());
    else
      fmt::print("{} at {}\n", amount(*found, "member"), model::format_instant(*at));
    return exit_status::fine;
  });
}

void add_definition_options(CLI::App& command, definition_options& wanted, definition_use use) {
  add_common(command, wanted.common);
  auto* name = command.add_option("NAME", wanted.segment, "Name or id of the segment");
  auto* rule = command
                 .add_option("--definition", wanted.definition,
                             "The rule as JSON; - is standard input")
                 ->type_name("FILE");
  if (use == definition_use::create) {
    auto* many = command
                   .add_option("--many", wanted.many,
                               "Instead of one: segments, one a line as "
                               R"({"name":…,"definition":…}, built in one scan; all or none)")
                   ->type_name("FILE")
                   ->excludes(name)
                   ->excludes(rule);
    command.parse_complete_callback([name, rule, many] {
      if (many->empty() && (name->empty() || rule->empty()))
        throw CLI::RequiredError("NAME and --definition, or --many");
    });
  } else {
    name->required();
    rule->required();
  }
  command.add_flag("--wait,!--no-wait", wanted.wait,
                   "Build before returning (usual), or leave the build to the command that opens "
                   "the directory next");
}

struct one_segment {
  common_options common;
  std::string segment;
};

void add_one_segment(CLI::App& command, one_segment& wanted) {
  add_common(command, wanted.common);
  command.add_option("NAME", wanted.segment, "Name or id of the segment")->required();
}

} // namespace

std::string one_line(const std::string& json) {
  std::string out;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const auto c = json[i];
    if (!in_text && (c == ' ' || c == '\n' || c == '\r' || c == '\t'))
      continue;
    out.push_back(c);
    if (in_text && c == '\\' && i + 1 < json.size())
      out.push_back(json[++i]);
    else if (c == '"')
      in_text = !in_text;
  }
  return out;
}

model::status wait_with_progress(rollcall::engine& engine, const std::string& segment) {
  progress bar("building", "profiles");
  return engine.wait_built(segment, [&](const rollcall::build_report& report) {
    bar.at(report.percent / 100, report.profiles_done);
    return true;
  });
}

model::status write_ids(const std::string& file, std::vector<std::string> ids) {
  std::sort(ids.begin(), ids.end());
  std::string all;
  for (const auto& id : ids)
    all.append(id).push_back('\n');
  if (file == "-") {
    fmt::print("{}", all);
    return model::nothing{};
  }
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  if (!out.is_open())
    return model::failure{model::failure_code::not_found,
                          fmt::format("the file {} cannot be written", file)};
  out.write(all.data(), static_cast<std::streamsize>(all.size()));
  if (!out.flush())
    return model::failure{model::failure_code::storage_full,
                          fmt::format("the file {} could not be written whole", file)};
  return model::nothing{};
}

void add_segment_commands(command_line& line) {
  auto& group = line.add(line.root(), "segment", "Define segments and ask about their members", "");

  auto created = std::make_shared<definition_options>();
  add_definition_options(
    line.add(group, "create", "Define a segment and build it",
             "rollcall segment create Buyers --data store --definition buyers.json",
             [created] { return define(*created, definition_use::create); }),
    *created, definition_use::create);

  auto edited = std::make_shared<definition_options>();
  add_definition_options(
    line.add(group, "edit",
             "Replace a segment's rule; the old one stays in force until the new one is built",
             "rollcall segment edit Buyers --data store --definition buyers.json",
             [edited] { return define(*edited, definition_use::edit); }),
    *edited, definition_use::edit);

  auto listed = std::make_shared<common_options>();
  add_common(line.add(group, "list", "List the segments with their counts",
                      "rollcall segment list --data store", [listed] { return list(*listed); }),
             *listed);

  auto shown = std::make_shared<one_segment>();
  add_one_segment(line.add(group, "show", "A segment's rule, state and history",
                           "rollcall segment show Buyers --data store",
                           [shown] { return show(shown->common, shown->segment); }),
                  *shown);

  auto dropped = std::make_shared<one_segment>();
  add_one_segment(line.add(group, "delete", "Delete a segment",
                           "rollcall segment delete Buyers --data store",
                           [dropped] { return drop(dropped->common, dropped->segment); }),
                  *dropped);

  auto cancelled = std::make_shared<one_segment>();
  add_one_segment(line.add(group, "cancel", "Stop a build; an older rule stays in force",
                           "rollcall segment cancel Buyers --data store",
                           [cancelled] { return cancel(cancelled->common, cancelled->segment); }),
                  *cancelled);

  auto previewed = std::make_shared<preview_options>();
  auto& command = line.add(group, "preview",
                           "Exact members of a rule that is not saved, as of an instant",
                           "rollcall segment preview --data store --definition buyers.json --at "
                           "2026-06-15T09:30:00Z --ids ids.txt",
                           [previewed] { return preview(*previewed); });
  add_common(command, previewed->common);
  command
    .add_option("--definition", previewed->definition, "The rule as JSON; - is standard input")
    ->required()
    ->type_name("FILE");
  command
    .add_option("--at", previewed->at,
                "What the rule takes for the present; the account's clock without it")
    ->type_name("INSTANT");
  command
    .add_option("--ids", previewed->ids,
                "Write the members here, one external id a line, sorted; - is standard output")
    ->type_name("FILE");

  add_segment_questions(line, group);
}

} // namespace node
