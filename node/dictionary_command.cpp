#include "metrics/dictionary.hpp"
#include "metrics/dictionary_diff.hpp"
#include "metrics/reference_page.hpp"
#include "metrics/words.hpp"
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

/// What kinds of entry have in common, for lists.
struct shown_entry {
  std::string_view kind;
  const metrics::entry_facts* facts = nullptr;
  std::string detail; // Formula, or what is counted.
  std::string unit{};
};

std::string detail_of(const metrics::measure& m) {
  auto text = std::string{metrics::counting_words[static_cast<std::size_t>(m.counts)]};
  if (!m.events.empty())
    text += " of " + m.events;
  if (!m.property.empty())
    text += ", property " + m.property;
  return text;
}

std::vector<shown_entry> entries_of(const metrics::dictionary& all) {
  std::vector<shown_entry> shown;
  const auto unit = [](metrics::unit in) {
    return std::string{metrics::unit_words[static_cast<std::size_t>(in)]};
  };
  for (const auto& [name, d] : all.datasources)
    shown.push_back({"datasource", &d.facts, ""});
  for (const auto& [name, r] : all.reports)
    shown.push_back({"report", &r.facts, r.title});
  for (const auto& [name, e] : all.event_sets) {
    std::string metrics;
    for (const auto& m : e.members)
      metrics += (metrics.empty() ? "" : ", ") + m.metric;
    shown.push_back({"events", &e.facts, std::move(metrics)});
  }
  for (const auto& [name, m] : all.measures)
    shown.push_back({"measure", &m.facts, detail_of(m), unit(m.in)});
  for (const auto& [name, d] : all.derived)
    shown.push_back({"derived", &d.facts, d.formula_text, unit(d.in)});
  for (const auto& [name, d] : all.dimensions)
    shown.push_back({"dimension", &d.facts, d.key});
  return shown;
}

std::string texts_json(const std::vector<std::string>& texts) {
  json_array all;
  for (const auto& t : texts)
    all.text(t);
  return all.done();
}

std::string entry_json(const metrics::dictionary& all, const shown_entry& e) {
  json_object object;
  object.text("kind", e.kind)
    .text("name", e.facts->name)
    .text("description", e.facts->description)
    .text("detail", e.detail)
    .text("owner", e.facts->owner)
    .count("version", e.facts->version)
    .raw("synonyms", texts_json(e.facts->synonyms));
  if (!e.unit.empty())
    object.text("unit", e.unit).text("definition", all.hash_of(e.facts->name));
  if (!e.facts->disagreement.empty())
    object.text("disagreement", e.facts->disagreement);
  if (!e.facts->alternatives.empty())
    object.raw("alternatives", texts_json(e.facts->alternatives));
  if (const auto m = all.measures.find(e.facts->name);
      e.kind == "measure" && m != all.measures.end()) {
    using namespace metrics;
    const auto& x = m->second;
    object.text("counts", counting_words[static_cast<std::size_t>(x.counts)])
      .text("events", x.events)
      .text("population", population_words[static_cast<std::size_t>(x.of)])
      .text("time_basis", time_basis_words[static_cast<std::size_t>(x.basis)])
      .text("zone", x.zone)
      .text("bot_clicks", policy_words[static_cast<std::size_t>(x.bot_clicks)])
      .text("apple_privacy_opens", policy_words[static_cast<std::size_t>(x.apple_privacy_opens)]);
  }
  if (const auto d = all.derived.find(e.facts->name);
      e.kind == "derived" && d != all.derived.end()) {
    object.text("formula", d->second.formula_text).boolean("share", d->second.is_share);
    if (d->second.when_zero)
      object.number("when_zero", *d->second.when_zero);
    else
      object.null("when_zero");
  }
  object.text("file", e.facts->at.file).count("line", e.facts->at.line);
  return object.done();
}

exit_status list(const dictionary_options& wanted) {
  return with_dictionary(wanted, [&](const metrics::dictionary& all) {
    if (wanted.page) {
      fmt::print("{}", metrics::reference_page(all));
      return exit_status::fine;
    }
    if (wanted.json) {
      json_array entries;
      for (const auto& e : entries_of(all))
        entries.raw(entry_json(all, e));
      fmt::print("{}\n", entries.done());
      return exit_status::fine;
    }
    table rows({{"kind"}, {"name"}, {"unit"}, {"what"}, {"description"}});
    for (const auto& e : entries_of(all))
      rows.add({std::string{e.kind}, e.facts->name, e.unit, e.detail, e.facts->description});
    fmt::print("{}", rows.text());
    return exit_status::fine;
  });
}

exit_status show(const dictionary_options& wanted) {
  return with_dictionary(wanted, [&](const metrics::dictionary& all) {
    std::vector<shown_entry> found;
    for (auto& e : entries_of(all))
      if (e.facts->name == wanted.name
          || std::ranges::find(e.facts->synonyms, wanted.name) != e.facts->synonyms.end())
        found.push_back(std::move(e));
    if (found.empty())
      return complain(common_of(wanted),
                      {model::failure_code::not_found,
                       fmt::format("the dictionary has no entry \"{}\"; `rollcall dictionary "
                                   "list` shows all",
                                   wanted.name)});
    json_array entries;
    for (const auto& e : found)
      entries.raw(entry_json(all, e));
    if (wanted.json)
      fmt::print("{}\n", entries.done());
    else
      for (const auto& e : found)
        fmt::print("{}\n", indented(entry_json(all, e)));
    return exit_status::fine;
  });
}

exit_status lint(const dictionary_options& wanted) {
  return with_dictionary(wanted, [&](const metrics::dictionary& all) {
    const auto entries = entries_of(all).size();
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
    ->add_option("--before", differing.second->before, "Files of the earlier dictionary")
    ->type_name("FILE");
  add_files(*differing.first, *differing.second);
}

} // namespace node
