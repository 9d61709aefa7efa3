#include "node/remote.hpp"

#include "gateway/accounts.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <utility>

namespace node {

namespace {

namespace json = boost::json;
using model::failure;
using model::failure_code;

failure_code code_of(unsigned status) {
  switch (status) {
  case 404:
    return failure_code::not_found;
  case 409:
    return failure_code::conflict;
  case 429:
    return failure_code::unavailable;
  default:
    return status < 500 ? failure_code::invalid_input : failure_code::unavailable;
  }
}

/// What the server says is wrong, sentence by sentence.
std::string details_of(const json::object& document) {
  std::string all;
  const auto* errors = document.if_contains("errors");
  if (errors == nullptr || !errors->is_array())
    return all;
  for (const auto& one : errors->get_array()) {
    const auto* detail = one.is_object() ? one.get_object().if_contains("detail") : nullptr;
    if (detail != nullptr && detail->is_string())
      all.append(all.empty() ? "" : " ").append(detail->get_string());
  }
  return all;
}

/// A server can be asked.
void check_place(const remote_options& remote) {
  if (!remote.is_wanted())
    return;
  if (const auto client = http_client::of({.url = remote.url}); !client)
    throw CLI::ValidationError("--url", client.error().message);
  if (remote.key.empty())
    throw CLI::RequiredError(
      fmt::format("With --url, --key KEY or the environment variable {}", key_variable));
}

} // namespace

void add_place(CLI::App& command, common_options& common, remote_options& remote) {
  auto* place = command.add_option_group("place", "Where the accounts are");
  place->add_option("--data", common.data, "Directory that holds them")->type_name("DIR");
  place
    ->add_option("--url", remote.url, "Server that has the directory open: http://127.0.0.1:8787")
    ->type_name("URL");
  place->require_option(1);
  command.add_option("--key", remote.key, "With --url: a key that may do this (admin:write)")
    ->envname(std::string{key_variable})
    ->type_name("KEY");
  command
    .add_option("--ca", remote.certificates,
                "With --url: PEM file of certificates to believe; else the system's")
    ->type_name("FILE")
    ->check(CLI::Validator{CLI::ExistingFile}.description(""));
  command.add_flag("--json", common.json, "Answer as JSON");
  command.parse_complete_callback([&remote] { check_place(remote); });
}

model::outcome<json::object> ask(const remote_options& remote, std::string_view method,
                                 std::string_view target, const std::optional<json::object>& body) {
  const auto client = http_client::of({.url = remote.url, .certificates = remote.certificates});
  if (!client)
    return client.error();
  http_headers headers{{"Authorization", "Klaviyo-API-Key " + remote.key},
                       {"Accept", "application/vnd.api+json"}};
  if (body)
    headers.emplace("Content-Type", "application/vnd.api+json");
  const auto answer = client->ask(method, target, headers, body ? json::serialize(*body) : "");
  if (!answer)
    return answer.error();
  json::object document;
  boost::system::error_code failed;
  if (auto read = json::parse(answer->body, failed); !failed && read.is_object())
    document = std::move(read.get_object());
  else if (!answer->body.empty() && answer->status < 300)
    return no_such_answer(remote);
  if (answer->status < 300)
    return document;
  const auto details = details_of(document);
  return failure{code_of(answer->status),
                 fmt::format("{} answered {}{}{}", remote.url, answer->status,
                             details.empty() ? "" : ": ", details)};
}

failure no_such_answer(const remote_options& remote) {
  return {failure_code::unavailable,
          fmt::format("{} answered with something other than expected; is it a Rollcall server of "
                      "this release?",
                      remote.url)};
}

json::object document_of(std::string_view type, json::object attributes) {
  return {{"data", {{"type", type}, {"attributes", std::move(attributes)}}}};
}

model::outcome<std::unique_ptr<rollcall::engine>>
open_account(const std::string& data, std::string_view account, bool may_make) {
  if (!gateway::is_account_name(account))
    return failure{failure_code::invalid_input,
                   fmt::format("\"{}\" is no name of an account", account)};
  const auto directory = gateway::account_directory(data, account);
  std::error_code ignored;
  if (!may_make && !std::filesystem::exists(directory / "account" / "data.mdb", ignored))
    return failure{failure_code::not_found,
                   fmt::format("there is no account {0} in {1}; `rollcall account list --data {1}` "
                               "shows which there are",
                               account, data)};
  auto opened = rollcall::engine::open({.directory = directory});
  if (!opened)
    return with_advice(opened.error());
  return opened;
}

failure with_advice(failure why) {
  if (why.code == failure_code::in_use)
    why.message += "; if that is `rollcall serve`, ask it instead: --url URL --key KEY in place of "
                   "--data";
  return why;
}

} // namespace node
