#include "gateway/accounts.hpp"
#include "gateway/door.hpp"
#include "node/command_note.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/remote.hpp"
#include "node/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <charconv>
#include <utility>

namespace node {

namespace {

namespace json = boost::json;
using model::outcome;

constexpr std::string_view accounts_target = "/api/rollcall/accounts";

struct account_options {
  common_options common;
  remote_options remote;
  std::string name;
};

struct settings_options {
  common_options common;
  remote_options remote;
  std::string account{gateway::default_account}; // Of the directory; a key tells its own.
  std::string week_start;                        // Empty = not to be changed, as all of these.
  std::string bots;
  std::string apple_privacy;
  std::vector<std::string> windows; // "email_open_hours=48"
};

struct shown_account {
  std::string name;
  std::string id;    // Empty = not open.
  std::string key{}; // Of one that was just made.
};

shown_account account_of(const json::value& resource) {
  const auto& attributes = resource.at("attributes");
  shown_account shown;
  shown.name = json::value_to<std::string>(attributes.at("name"));
  if (const auto* id = resource.as_object().if_contains("id"))
    shown.id = json::value_to<std::string>(*id);
  if (const auto* key = attributes.as_object().if_contains("key"))
    shown.key = json::value_to<std::string>(*key);
  return shown;
}

/// The default account is held open meanwhile, so that no server has the directory.
outcome<shown_account> make_account(const account_options& wanted) {
  if (wanted.remote.is_wanted())
    return ask_for(wanted.remote, "POST", accounts_target,
                   document_of("rollcall-account", {{"name", wanted.name}}), account_of);
  gateway::accounts_options options;
  options.data = wanted.common.data;
  auto all = gateway::accounts::open(std::move(options));
  if (!all)
    return with_advice(all.error());
  const auto made = (*all)->create(wanted.name);
  if (const auto first = (*all)->by_name(gateway::default_account))
    note_command(*first->audit, "rollcall account create",
                 made ? 201 : gateway::to_error(made.error()).status, wanted.name);
  if (!made)
    return made.error();
  auto key = (*all)->create_key(*made, {.name = std::string{gateway::first_key_name}},
                                gateway::moment::now().calendar);
  if (!key)
    return key.error();
  note_command(*(*made)->audit, "rollcall key create", 201, key->kept.id);
  return shown_account{(*made)->name, (*made)->id, std::move(key->key)};
}

outcome<std::vector<shown_account>> all_accounts(const account_options& wanted) {
  if (wanted.remote.is_wanted())
    return ask_for(wanted.remote, "GET", accounts_target, {}, [](const json::value& data) {
      std::vector<shown_account> list;
      for (const auto& one : data.as_array())
        list.push_back(account_of(one));
      return list;
    });
  const auto names = gateway::account_names(wanted.common.data);
  if (!names)
    return names.error();
  std::vector<shown_account> list;
  for (const auto& name : *names) {
    const auto engine = open_account(wanted.common.data, name, false);
    if (!engine)
      return engine.error();
    const auto id = gateway::account_id(**engine);
    if (!id)
      return id.error();
    list.push_back({name, *id});
  }
  return list;
}

exit_status create_account(const account_options& wanted) {
  const auto made = make_account(wanted);
  if (!made)
    return complain(wanted.common, made.error());
  if (wanted.common.json)
    fmt::print(
      "{}\n",
      json_object{}.text("id", made->id).text("name", made->name).text("key", made->key).done());
  else
    fmt::print("The account {} has the id {}. Its first key, which may do everything:\n\n{}\n\n"
               "The key is shown this once; only its hash is kept.\n",
               made->name, made->id, made->key);
  return exit_status::fine;
}

exit_status list_accounts(const account_options& wanted) {
  const auto all = all_accounts(wanted);
  if (!all)
    return complain(wanted.common, all.error());
  table rows({{"name"}, {"id"}});
  json_array list;
  for (const auto& one : *all) {
    rows.add({one.name, one.id.empty() ? "(not open)" : one.id});
    json_object object;
    object.text("name", one.name);
    list.raw((one.id.empty() ? object.null("id") : object.text("id", one.id)).done());
  }
  fmt::print("{}", wanted.common.json ? list.done() + '\n' : rows.text());
  return exit_status::fine;
}

// --- settings of reports -------------------------------------------------------------------------

constexpr std::string_view settings_target = "/api/rollcall/report-settings";
constexpr std::string_view preset_word = "preset"; // Takes a change back.

json::value changed_to(std::string_view word) {
  return word == preset_word ? json::value{} : json::value(word);
}

/// `FIELD=HOURS` or `FIELD=preset` into `to`; nothing when it is neither.
bool add_window(std::string_view written, json::object& to) {
  const auto equals = written.find('=');
  if (equals == std::string_view::npos)
    return false;
  const auto hours = written.substr(equals + 1);
  auto& field = to[written.substr(0, equals)];
  field = nullptr;
  if (hours == preset_word)
    return true;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(hours.data(), hours.data() + hours.size(), number);
  field = number;
  return error == std::errc{} && end == hours.data() + hours.size();
}

outcome<json::object> changes_of(const settings_options& wanted) {
  json::object changes;
  if (!wanted.week_start.empty())
    changes["week_start"] = changed_to(wanted.week_start);
  if (!wanted.bots.empty())
    changes["bots"] = changed_to(wanted.bots);
  if (!wanted.apple_privacy.empty())
    changes["apple_privacy"] = changed_to(wanted.apple_privacy);
  json::object windows;
  for (const auto& written : wanted.windows)
    if (!add_window(written, windows))
      return model::failure{model::failure_code::invalid_input,
                            fmt::format("--window {}: what is possible is a field and its hours, "
                                        "such as email_open_hours=48, or FIELD=preset",
                                        written)};
  if (!windows.empty())
    changes["attribution"] = std::move(windows);
  return changes;
}

/// Without changes they are only read.
outcome<std::string> settle(const settings_options& wanted, const json::object& changes) {
  if (wanted.remote.is_wanted()) {
    const auto answered = changes.empty() ? ask(wanted.remote, "GET", settings_target)
                                          : ask(wanted.remote, "PATCH", settings_target, changes);
    if (!answered)
      return answered.error();
    const auto* settings = answered->if_contains("settings");
    return settings ? outcome<std::string>{json::serialize(*settings)}
                    : no_such_answer(wanted.remote);
  }
  const auto engine = open_account(wanted.common.data, wanted.account, false);
  if (!engine)
    return engine.error();
  if (changes.empty())
    return (*engine)->report_settings();
  auto changed = (*engine)->change_report_settings(json::serialize(changes));
  if (!changed)
    return changed.error();
  return std::move(*changed);
}

exit_status show_settings(const settings_options& wanted) {
  const auto changes = changes_of(wanted);
  if (!changes)
    return complain(wanted.common, changes.error());
  const auto settings = settle(wanted, *changes);
  if (!settings)
    return complain(wanted.common, settings.error());
  fmt::print("{}\n", wanted.common.json ? *settings : indented(*settings));
  return exit_status::fine;
}

void add_account(CLI::App& command, settings_options& wanted) {
  add_place(command, wanted.common, wanted.remote);
  command.add_option("--account", wanted.account, "One of the directory's accounts")
    ->type_name("NAME")
    ->capture_default_str();
}

void add_settings_commands(command_line& line, CLI::App& group) {
  const auto shown = std::make_shared<settings_options>();
  auto& show = line.add(group, "settings", "What holds for reports unless a request says otherwise",
                        "rollcall account settings --data store",
                        [shown] { return show_settings(*shown); });
  add_account(show, *shown);

  const auto wanted = std::make_shared<settings_options>();
  auto& set = line.add(group, "set", "Change what holds for reports",
                       "rollcall account set --data store --week-start sunday "
                       "--window email_open_hours=48",
                       [wanted] { return show_settings(*wanted); });
  add_account(set, *wanted);
  set.add_option("--week-start", wanted->week_start, "monday … sunday, or preset")
    ->type_name("DAY");
  set.add_option("--bots", wanted->bots, "Bots' clicks: exclude, include, or preset")
    ->type_name("WORD");
  set
    .add_option("--apple-privacy", wanted->apple_privacy,
                "Opens by Apple's privacy protection: credit, no_credit, or preset")
    ->type_name("WORD");
  set
    .add_option("--window", wanted->windows,
                "How long a touch earns credit, in hours, 0 = not at all; may be repeated")
    ->type_name("FIELD=HOURS")
    ->allow_extra_args(false);
}

CLI::App& add(command_line& line, CLI::App& parent, const std::string& name,
              const std::string& purpose, const std::string& example,
              const std::shared_ptr<account_options>& wanted,
              exit_status (*act)(const account_options&)) {
  auto& command = line.add(parent, name, purpose, example, [wanted, act] { return act(*wanted); });
  add_place(command, wanted->common, wanted->remote);
  return command;
}

} // namespace

void add_account_commands(command_line& line) {
  auto& group = line.add(line.root(), "account",
                         "Accounts of one data directory, and what holds for their reports", "");
  const auto created = std::make_shared<account_options>();
  add(line, group, "create", "Make an account with a first key",
      "rollcall account create --data store shop", created, create_account)
    .add_option("name", created->name, "Small letters, digits, - and _")
    ->required()
    ->type_name("NAME");
  add(line, group, "list", "Every account and its id", "rollcall account list --data store",
      std::make_shared<account_options>(), list_accounts);
  add_settings_commands(line, group);
}

} // namespace node
