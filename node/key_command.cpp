#include "gateway/accounts.hpp"
#include "gateway/door.hpp"
#include "node/command_note.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/remote.hpp"
#include "node/table.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

namespace node {

namespace {

namespace json = boost::json;
using gateway::key_record;
using model::failure;
using model::failure_code;
using model::outcome;

constexpr std::string_view keys_target = "/api/rollcall/keys";

struct key_options {
  common_options common;
  remote_options remote;
  std::string account{gateway::default_account};
  std::string name;
  std::vector<std::string> scopes{std::string{gateway::full_access}};
  std::string expires;
  std::string id;
};

/// A key as it is shown; `key` is empty unless it was just made.
struct shown_key {
  key_record kept;
  std::string key{};
};

// --- showing -------------------------------------------------------------------------------------

std::string text_of(const std::optional<model::instant>& at) {
  return at ? model::format_instant(*at) : "";
}

std::string to_json(const shown_key& shown) {
  json_array scopes;
  for (const auto& scope : shown.kept.scopes)
    scopes.text(scope);
  json_object object;
  object.text("id", shown.kept.id)
    .text("name", shown.kept.name)
    .raw("scopes", scopes.done())
    .text("created", model::format_instant(shown.kept.created));
  for (const auto& [name, at] :
       {std::pair{"expires", shown.kept.expires}, std::pair{"revoked", shown.kept.revoked}})
    at ? object.text(name, model::format_instant(*at)) : object.null(name);
  if (!shown.key.empty())
    object.text("key", shown.key);
  return object.done();
}

std::string to_table(const std::vector<shown_key>& keys) {
  table rows({{"id"}, {"name"}, {"scopes"}, {"created"}, {"expires"}, {"revoked"}});
  for (const auto& [kept, key] : keys)
    rows.add({kept.id, kept.name, fmt::format("{}", fmt::join(kept.scopes, ",")),
              model::format_instant(kept.created), text_of(kept.expires), text_of(kept.revoked)});
  return rows.text();
}

void show_new(const shown_key& made, bool as_json) {
  if (as_json)
    fmt::print("{}\n", to_json(made));
  else
    fmt::print("{}\n{}\nThe key is shown this once; only its hash is kept.\n", to_table({made}),
               made.key);
}

// --- in the directory ----------------------------------------------------------------------------

/// An account's keys, and the log that is told what happens to them.
struct opened_keys {
  std::unique_ptr<rollcall::engine> engine;
  std::unique_ptr<gateway::audit_log> audit;
  std::unique_ptr<gateway::key_book> book;
};

outcome<opened_keys> open_keys(const key_options& wanted, bool may_make) {
  auto engine = open_account(wanted.common.data, wanted.account,
                             may_make && wanted.account == gateway::default_account);
  if (!engine)
    return engine.error();
  auto audit = gateway::audit_log::open(
    gateway::account_directory(wanted.common.data, wanted.account) / gateway::audit_file_name);
  if (!audit)
    return audit.error();
  auto book = gateway::key_book::open(gateway::keys_of(**engine));
  if (!book)
    return book.error();
  return opened_keys{std::move(*engine), std::move(*audit), std::move(*book)};
}

// --- at a server ---------------------------------------------------------------------------------

/// A resource of a server as a key. Whatever is missing or of another type is none of ours.
shown_key key_of(const json::value& resource) {
  const auto& attributes = resource.at("attributes");
  const auto instant = [&](const char* name) -> std::optional<model::instant> {
    const auto* at = attributes.at(name).if_string();
    return at ? model::parse_instant(std::string_view{*at}) : std::nullopt;
  };
  shown_key shown;
  shown.kept.id = json::value_to<std::string>(resource.at("id"));
  shown.kept.name = json::value_to<std::string>(attributes.at("name"));
  shown.kept.scopes = json::value_to<std::vector<std::string>>(attributes.at("scopes"));
  shown.kept.created = instant("created").value();
  shown.kept.expires = instant("expires");
  shown.kept.revoked = instant("revoked");
  if (const auto* key = attributes.as_object().if_contains("key"))
    shown.key = json::value_to<std::string>(*key);
  return shown;
}

std::vector<shown_key> keys_in(const json::value& data) {
  std::vector<shown_key> keys;
  for (const auto& one : data.as_array())
    keys.push_back(key_of(one));
  return keys;
}

// --- key -----------------------------------------------------------------------------------------

outcome<std::optional<model::instant>> end_of(const key_options& wanted) {
  if (wanted.expires.empty())
    return std::optional<model::instant>{};
  if (const auto at = model::parse_instant(wanted.expires))
    return std::optional{*at};
  return failure{
    failure_code::invalid_input,
    fmt::format("--expires: \"{}\" is no instant; write 2026-12-31 or 2026-12-31T09:30:00Z",
                wanted.expires)};
}

outcome<shown_key> make(const key_options& wanted) {
  const auto expires = end_of(wanted);
  if (!expires)
    return expires.error();
  if (wanted.remote.is_wanted()) {
    json::object attributes{
      {"name", wanted.name},
      {"scopes", json::array(wanted.scopes.begin(), wanted.scopes.end())},
      {"expires", *expires ? json::value(model::format_instant(**expires)) : json::value(nullptr)}};
    return ask_for(wanted.remote, "POST", keys_target,
                   document_of("rollcall-key", std::move(attributes)), key_of);
  }
  const auto keys = open_keys(wanted, true);
  if (!keys)
    return keys.error();
  auto made = keys->book->create({wanted.name, wanted.scopes, *expires},
                                 gateway::moment::now().calendar);
  if (!made) {
    note_command(*keys->audit, "rollcall key create", gateway::to_error(made.error()).status, {});
    return made.error();
  }
  note_command(*keys->audit, "rollcall key create", 201, made->kept.id);
  return shown_key{std::move(made->kept), std::move(made->key)};
}

exit_status create(const key_options& wanted) {
  const auto made = make(wanted);
  if (!made)
    return complain(wanted.common, made.error());
  show_new(*made, wanted.common.json);
  return exit_status::fine;
}

outcome<std::vector<shown_key>> all_keys(const key_options& wanted) {
  if (wanted.remote.is_wanted())
    return ask_for(wanted.remote, "GET", keys_target, {}, keys_in);
  const auto keys = open_keys(wanted, false);
  if (!keys)
    return keys.error();
  std::vector<shown_key> all;
  for (auto& kept : keys->book->all())
    all.push_back({std::move(kept)});
  return all;
}

exit_status list(const key_options& wanted) {
  const auto keys = all_keys(wanted);
  if (!keys)
    return complain(wanted.common, keys.error());
  if (!wanted.common.json) {
    fmt::print("{}", to_table(*keys));
    return exit_status::fine;
  }
  json_array all;
  for (const auto& one : *keys)
    all.raw(to_json(one));
  fmt::print("{}\n", all.done());
  return exit_status::fine;
}

model::status revoke_key(const key_options& wanted) {
  if (wanted.remote.is_wanted()) {
    const auto is_plain = std::ranges::all_of(wanted.id,
                                              [](unsigned char c) { return std::isalnum(c) != 0; });
    if (wanted.id.empty() || !is_plain)
      return failure{failure_code::not_found, fmt::format("\"{}\" is no id of a key", wanted.id)};
    const auto done = ask(wanted.remote, "DELETE", fmt::format("{}/{}", keys_target, wanted.id));
    return done ? model::status{model::nothing{}} : done.error();
  }
  const auto keys = open_keys(wanted, false);
  if (!keys)
    return keys.error();
  const auto done = keys->book->revoke(wanted.id, gateway::moment::now().calendar);
  note_command(*keys->audit, "rollcall key revoke",
               done ? 204 : gateway::to_error(done.error()).status, wanted.id);
  return done ? model::status{model::nothing{}} : done.error();
}

exit_status revoke(const key_options& wanted) {
  if (const auto done = revoke_key(wanted); !done)
    return complain(wanted.common, done.error());
  if (wanted.common.json)
    fmt::print("{}\n", json_object{}.text("revoked", wanted.id).done());
  else
    fmt::print("The key {} is revoked.\n", wanted.id);
  return exit_status::fine;
}

CLI::App& add(command_line& line, CLI::App& parent, const std::string& name,
              const std::string& purpose, const std::string& example,
              const std::shared_ptr<key_options>& wanted, exit_status (*act)(const key_options&)) {
  auto& command = line.add(parent, name, purpose, example, [wanted, act] { return act(*wanted); });
  add_place(command, wanted->common, wanted->remote);
  return command;
}

void add_account_option(CLI::App& command, key_options& wanted) {
  command
    .add_option("--account", wanted.account, "With --data: whose keys; else the key's account")
    ->type_name("NAME")
    ->capture_default_str();
}

} // namespace

void add_key_commands(command_line& line) {
  auto& group = line.add(line.root(), "key", "Private keys, which let programs in", "");

  const auto created = std::make_shared<key_options>();
  auto& create_command = add(line, group, "create", "Make a key and show it, this once",
                             "rollcall key create --data store --name shop --scopes "
                             "profiles:write,events:write",
                             created, create);
  add_account_option(create_command, *created);
  create_command.add_option("--name", created->name, "What it is for")->type_name("TEXT");
  create_command
    .add_option("--scopes", created->scopes,
                "What it may do: full, read-only, or a list like lists:read,events:write")
    ->delimiter(',')
    ->type_name("SCOPES")
    ->capture_default_str();
  create_command.add_option("--expires", created->expires, "When it ends; else never")
    ->type_name("INSTANT");

  const auto listed = std::make_shared<key_options>();
  add_account_option(add(line, group, "list", "Every key, ended ones too",
                         "rollcall key list --data store", listed, list),
                     *listed);

  const auto revoked = std::make_shared<key_options>();
  auto& revoke_command = add(line, group, "revoke", "End a key at once",
                             "rollcall key revoke --data store Ab3dE9", revoked, revoke);
  add_account_option(revoke_command, *revoked);
  revoke_command.add_option("id", revoked->id, "Id of the key: the six characters after pk_")
    ->required()
    ->type_name("KEYID");
}

} // namespace node
