#include "library/dictionary_entries.hpp"
#include "metrics/dictionary.hpp"
#include "metrics/dictionary_diff.hpp"
#include "metrics/reference_page.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace node {

namespace {

struct dictionary_options {
  std::string data; // Directory with a folder `dictionary`; empty = none.
  std::vector<std::string> files;
  std::vector<std::string> before; // Of a difference; empty = what comes with Rollcall.
  std::string name;
  bool json = false;
  bool page = false;
};

void add_files(CLI::App& command, dictionary_options& wanted) {
  command.add_option("files", wanted.files, "Dictionary files (TOML) beside those of Rollcall")
    ->type_name("FILE");
  command.add_option("--data", wanted.data, "Read the folder `dictionary` of this directory too")
    ->type_name("DIR");
  command.add_flag("--json", wanted.json, "Answer as JSON");
}

common_options common_of(const dictionary_options& wanted) {
  common_options common;
  common.json = wanted.json;
  return common;
}

/// Rollcall's own files, those of the directory, the named ones; reading stops at the first that is
/// not there.
model::outcome<std::vector<metrics::dictionary_file>>
files_of(const std::string& data, const std::vector<std::string>& named) {
  const auto standard = metrics::standard_files();
  std::vector<metrics::dictionary_file> files(standard.begin(), standard.end());
  std::vector<std::string> paths;
  std::error_code error;
  if (!data.empty())
    for (const auto& entry :
         std::filesystem::directory_iterator{std::filesystem::path{data} / "dictionary", error})
      if (entry.path().extension() == ".toml")
        paths.push_back(entry.path().string());
  std::ranges::sort(paths);
  paths.insert(paths.end(), named.begin(), named.end());
  for (const auto& path : paths) {
    auto text = text_of(path);
    if (!text)
      return text.error();
    files.push_back({path, std::move(*text)});
  }
  return files;
}

exit_status tell_faults(const dictionary_options& wanted,
                        const std::vector<metrics::dictionary_fault>& faults) {
  if (wanted.json) {
    json_array all;
    for (const auto& f : faults)
      all.raw(json_object{}
                .text("file", f.at.file)
                .count("line", f.at.line)
                .text("message", f.message)
                .done());
    fmt::print("{}\n", json_object{}.raw("faults", all.done()).done());
  } else {
    for (const auto& f : faults)
      fmt::print(stderr, "{}:{}: {}\n", f.at.file, f.at.line, f.message);
  }
  return exit_status::bad_input;
}

exit_status with_dictionary(const dictionary_options& wanted,
                            const std::function<exit_status(const metrics::dictionary&)>& work) {
  const auto files = files_of(wanted.data, wanted.files);
  if (!files)
    return complain(common_of(wanted), files.error());
  const auto result = metrics::read_dictionary(*files);
  return result.read ? work(*result.read) : tell_faults(wanted, result.faults);
}

// --- entries -------------------------------------------------------------------------------------

std::string texts_json(const std::vector<std::string>& texts) {
  json_array all;
  for (const auto& t : texts)
    all.text(t);
  return all.done();
}

exit_status list(const dictionary_options& wanted) {
  return with_dictionary(wanted, [&](const metrics::dictionary& all) {
    if (wanted.page) {
      fmt::print("{}", metrics::reference_page(all));
      return exit_status::fine;
    }
    if (wanted.json) {
      json_array entries;
      for (const auto& e : rollcall::entries_of(all))
        entries.raw(e.json);
      fmt::print("{}\n", entries.done());
      return exit_status::fine;
    }
    table rows({{"kind"}, {"name"}, {"unit"}, {"what"}, {"description"}});
    for (auto& e : rollcall::entries_of(all))
      rows.add({e.kind, e.name, e.unit, e.detail, e.description});
    fmt::print("{}", rows.text());
    return exit_status::fine;
  });
}

exit_status show(const dictionary_options& wanted) {
  return with_dictionary(wanted, [&](const metrics::dictionary& all) {
    std::vector<rollcall::dictionary_entry> found;
    for (auto& e : rollcall::entries_of(all))
      if (e.name == wanted.name || std::ranges::find(e.synonyms, wanted.name) != e.synonyms.end())
        found.push_back(std::move(e));
    if (found.empty())
      return complain(common_of(wanted),
                      {model::failure_code::not_found,
                       fmt::format("the dictionary has no entry \"{}\"; `rollcall dictionary "
                                   "list` shows all",
                                   wanted.name)});
    json_array entries;
    for (const auto& e : found)
      entries.raw(e.json);
    if (wanted.json)
      fmt::print("{}\n", entries.done());
    else
      for (const auto& e : found)
        fmt::print("{}\n", indented(e.json));
    return exit_status::fine;
  });
}

exit_status lint(const dictionary_options& wanted) {
  return with_dictionary(wanted, [&](const metrics::dictionary& all) {
    const auto entries = rollcall::entries_of(all).size();
    if (wanted.json)
      fmt::print("{}\n", json_object{}.raw("faults", "[]").count("entries", entries).done());
    else
      fmt::print("{} entries, no fault\n", entries);
    return exit_status::fine;
  });
}

exit_status diff(const dictionary_options& wanted) {
  const auto before_files = files_of("", wanted.before);
  if (!before_files)
    return complain(common_of(wanted), before_files.error());
  const auto before = metrics::read_dictionary(*before_files);
  if (!before.read)
    return tell_faults(wanted, before.faults);
  return with_dictionary(wanted, [&](const metrics::dictionary& after) {
    const auto lines = metrics::difference(*before.read, after);
    if (wanted.json)
      fmt::print("{}\n", texts_json(lines));
    else if (lines.empty())
      fmt::print("no difference\n");
    else
      for (const auto& line : lines)
        fmt::print("{}\n", line);
    return exit_status::fine;
  });
}

} // namespace

void add_dictionary_commands(command_line& line) {
  auto& group = line.add(line.root(), "dictionary", "The data dictionary: what every number means",
                         "");
  const auto add = [&](const std::string& name, const std::string& purpose,
                       const std::string& example, exit_status (*act)(const dictionary_options&)) {
    const auto wanted = std::make_shared<dictionary_options>();
    auto& command = line.add(group, name, purpose, example, [wanted, act] { return act(*wanted); });
    return std::pair<CLI::App*, std::shared_ptr<dictionary_options>>{&command, wanted};
  };
  const auto listed = add("list", "Lists all entries", "rollcall dictionary list", list);
  add_files(*listed.first, *listed.second);
  listed.first->add_flag("--page", listed.second->page, "As a Markdown page with every entry");
  const auto shown = add("show", "Shows one entry with everything that it fixes",
                         "rollcall dictionary show open_rate", show);
  shown.first->add_option("name", shown.second->name, "Name or synonym of an entry")->required();
  add_files(*shown.first, *shown.second);
  const auto linted = add("lint", "Reads dictionary files and tells what is wrong with them",
                          "rollcall dictionary lint shop-metrics.toml", lint);
  add_files(*linted.first, *linted.second);
  const auto differing = add("diff", "Tells what changed between two dictionaries",
                             "rollcall dictionary diff --before old.toml new.toml", diff);
  differing.first
    ->add_option("--before", differing.second->before,
                 "A file of the earlier dictionary; once for each")
    ->type_name("FILE")
    ->expected(1)
    ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
    ->allow_extra_args(false);
  add_files(*differing.first, *differing.second);
}

} // namespace node
