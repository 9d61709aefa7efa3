#include "gateway/accounts.hpp"
#include "gateway/door.hpp"
#include "node/command_note.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/remote.hpp"
#include "node/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

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
  auto& group = line.add(line.root(), "account", "Accounts of one data directory", "");
  const auto created = std::make_shared<account_options>();
  add(line, group, "create", "Make an account with a first key",
      "rollcall account create --data store shop", created, create_account)
    .add_option("name", created->name, "Small letters, digits, - and _")
    ->required()
    ->type_name("NAME");
  add(line, group, "list", "Every account and its id", "rollcall account list --data store",
      std::make_shared<account_options>(), list_accounts);
}

} // namespace node
