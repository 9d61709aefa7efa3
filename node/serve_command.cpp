#include "gateway/tls.hpp"
#include "node/commands.hpp"
#include "node/json_text.hpp"
#include "node/service_manager.hpp"
#include "node/serving.hpp"
#include "node/settings.hpp"
#include "node/stop_signals.hpp"
#include "node/table.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <map>
#include <memory>
#include <sys/resource.h>

namespace node {

namespace {

/// What the command line said, by the names of settings.
struct words {
  std::map<std::string, std::string> values;
  std::map<std::string, bool> flags;
  std::string config;
  bool json = false;

  [[nodiscard]] std::map<std::string, std::string> given(const command_line& line,
                                                         const CLI::App& command) const {
    std::map<std::string, std::string> all;
    for (const auto& [name, value] : values)
      if (command.count("--" + name) > 0)
        all[name] = value;
    for (const auto& [name, value] : flags)
      if (command.count("--" + name) > 0)
        all[name] = value ? "true" : "false";
    if (command.count("--config") > 0)
      all["config"] = config;
    if (const auto level = line.log_level())
      all["log"] = *level;
    return all;
  }
};

void add_options(CLI::App& command, words& into) {
  for (const auto& each : all_settings()) {
    const auto name = "--" + std::string{each.name};
    if (each.name == "log")
      continue; // Every command has it.
    if (each.type_name.empty()) {
      command.add_flag(name, into.flags[std::string{each.name}], std::string{each.purpose});
      continue;
    }
    auto purpose = std::string{each.purpose};
    if (!each.otherwise.empty())
      purpose += fmt::format(" (usually {})", each.otherwise);
    command.add_option(name, into.values[std::string{each.name}], purpose)
      ->type_name(std::string{each.type_name});
  }
  command.add_option("--config", into.config, "File with settings, in TOML")->type_name("FILE");
}

exit_status complain_of(const gathered_settings& found, bool json) {
  if (json) {
    json_array list;
    for (const auto& fault : found.faults)
      list.text(fault);
    fmt::print("{}\n", json_object{}
                         .raw("error", json_object{}
                                         .text("code", "invalid_input")
                                         .text("message", "settings are wrong")
                                         .raw("faults", list.done())
                                         .done())
                         .done());
  } else
    for (const auto& fault : found.faults)
      fmt::print(stderr, "{}\n", fault);
  return exit_status::usage;
}

/// A connection is a descriptor, and the usual limit of them is low.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
    spdlog::warn("serve: cannot raise the limit of open files");
}

/// Log level and certificate anew. What is wrong is logged, and stays as it was.
void reload(const std::map<std::string, std::string>& flags, serving& running) {
  const auto found = gather_settings(flags, process_environment());
  for (const auto& fault : found.faults)
    spdlog::error("serve: settings stay as they were: {}", fault);
  if (found.faults.empty()) {
    gateway::set_log_level(found.made.log);
    spdlog::info("serve: reloaded: log level");
  }
  if (const auto done = running.reload_certificate(); !done)
    spdlog::error("serve: the certificate stays as it was: {}", done.error().message);
  else if (running.url().starts_with("https:"))
    spdlog::info("serve: reloaded: certificate");
}

/// Both or none are given.
void check_certificate(gathered_settings& found) {
  const auto& certificate = found.made.server.certificate;
  const auto& key = found.made.server.private_key;
  if (certificate.empty() || key.empty())
    return;
  if (const auto made = gateway::make_tls_context(certificate, key); !made)
    found.faults.push_back("tls-certificate, tls-key: " + made.error().message);
}

exit_status serve(const std::map<std::string, std::string>& flags, bool json) {
  stop_signals signals{hangups::heard};
  auto found = gather_settings(flags, process_environment());
  if (found.made.data.empty())
    found.faults.push_back("data: the directory is not given; use --data DIR");
  check_certificate(found);
  if (!found.faults.empty())
    return complain_of(found, json);
  gateway::set_log_level(found.made.log);
  for (const auto& warning : found.warnings)
    spdlog::warn("serve: {}", warning);
  raise_descriptor_limit();
  auto running = serving::start(found.made);
  if (!running)
    return complain({.data = found.made.data.string(), .json = json}, running.error());
  if (json)
    fmt::print("{}\n", json_object{}.text("listening", (*running)->url()).done());
  else
    fmt::print("Rollcall listens on {}\n", (*running)->url());
  std::fflush(stdout);
  tell_service_manager("READY=1");
  while (signals.wait_for_signal() == stop_signals::woken_by::hangup)
    reload(flags, **running);
  spdlog::info("serve: stopping");
  tell_service_manager("STOPPING=1");
  return exit_status::fine;
}

exit_status show(const std::map<std::string, std::string>& flags, bool json) {
  const auto found = gather_settings(flags, process_environment());
  if (!found.faults.empty())
    return complain_of(found, json);
  for (const auto& warning : found.warnings)
    fmt::print(stderr, "{}\n", warning);
  table rows({{"setting"}, {"value"}, {"from"}});
  json_array list;
  for (const auto& each : found.in_force) {
    rows.add({each.name, each.value, each.origin});
    list.raw(json_object{}
               .text("setting", each.name)
               .text("value", each.value)
               .text("from", each.origin)
               .done());
  }
  fmt::print("{}", json ? list.done() + '\n' : rows.text());
  return exit_status::fine;
}

using deed = exit_status (*)(const std::map<std::string, std::string>& flags, bool json);

void add_command(command_line& line, CLI::App& parent, const std::string& name,
                 const std::string& purpose, const std::string& example, deed act) {
  auto said = std::make_shared<words>();
  auto itself = std::make_shared<const CLI::App*>(nullptr);
  auto& command = line.add(parent, name, purpose, example, [&line, said, itself, act] {
    return act(said->given(line, **itself), said->json);
  });
  *itself = &command;
  add_options(command, *said);
  command.add_flag("--json", said->json, "Answer as JSON");
}

} // namespace

void add_serve_commands(command_line& line) {
  add_command(line, line.root(), "serve", "Serve the account over HTTP",
              "rollcall serve --data store --open", serve);
  auto& group = line.add(line.root(), "config", "Settings of `serve`", "");
  add_command(line, group, "show", "Every setting in force, and where it comes from",
              "rollcall config show --config rollcall.toml", show);
}

} // namespace node
