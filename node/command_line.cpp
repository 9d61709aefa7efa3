#include "node/command_line.hpp"

#include "node/json_text.hpp"
#include "node/table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdio>
#include <iostream>

namespace node {

namespace {

constexpr std::string_view version = "0.1.0";

std::string_view name_of(model::failure_code code) {
  switch (code) {
  case model::failure_code::invalid_input:
    return "invalid_input";
  case model::failure_code::not_found:
    return "not_found";
  case model::failure_code::conflict:
    return "conflict";
  case model::failure_code::storage_full:
    return "storage_full";
  case model::failure_code::storage_broken:
    return "storage_broken";
  case model::failure_code::in_use:
    return "in_use";
  case model::failure_code::newer_format:
    return "newer_format";
  case model::failure_code::cancelled:
    return "cancelled";
  case model::failure_code::unavailable:
    return "unavailable";
  }
  return "unavailable";
}

json_object error_object(const model::failure& why) {
  json_object error;
  error.text("code", name_of(why.code)).text("message", why.message);
  return error;
}

void add_actors(table& rows, const std::vector<rollcall::actor_info>& actors, std::uint64_t parent,
                std::size_t depth) {
  for (const auto& actor : actors) {
    if (actor.parent != parent)
      continue;
    rows.add({std::string(depth * 2, ' ') + (actor.name.empty() ? actor.kind : actor.name),
              actor.kind, actor.alive ? grouped(actor.mailbox_depth) : "ended",
              grouped(actor.mailbox_depth_max), grouped(actor.messages_in),
              fmt::format("{:.0f}", actor.messages_per_second),
              duration_text(std::chrono::duration<double>(actor.busy).count()), actor.last_error});
    add_actors(rows, actors, actor.id, depth + 1);
  }
}

/// The word that stands where a command should, and the group that it should be of; empty = an
/// option stands there, whose value it may be.
struct unknown_command {
  const CLI::App* group = nullptr;
  std::string path; // "segment bogus"
};

unknown_command find_unknown(const CLI::App& root, int argc, const char* const* argv) {
  unknown_command found{&root, {}};
  for (int i = 1; i < argc; ++i) {
    const std::string word{argv[i]};
    if (word == "--log") { // The only option that stands in front of commands.
      ++i;
      continue;
    }
    if (word.starts_with('-'))
      return {};
    found.path += (found.path.empty() ? "" : " ") + word;
    const auto below = found.group->get_subcommands(
      [&](const CLI::App* command) { return command->check_name(word); });
    if (below.empty())
      return found;
    found.group = below.front();
  }
  return {};
}

/// Says that there is no such command; false when that is not what is wrong.
bool complain_of_command(const CLI::App& root, int argc, const char* const* argv) {
  const auto [group, path] = find_unknown(root, argc, argv);
  if (group == nullptr)
    return false;
  std::vector<std::string> names;
  for (const auto* command : group->get_subcommands([](const CLI::App*) { return true; }))
    if (!command->get_name().empty()) // A group of options has none.
      names.push_back(command->get_name());
  if (names.empty())
    return false;
  fmt::print(stderr, "rollcall: there is no command \"{}\"; there are {}\n", path,
             fmt::join(names, ", "));
  return true;
}

} // namespace

command_line::command_line() : app_("Who is in which segment at this second.", "rollcall") {
  app_.set_version_flag("--version", std::string{"rollcall "}.append(version));
  app_.add_option("--log", log_level_, "What is logged on standard error")
    ->check(CLI::IsMember({"debug", "info", "warn", "error", "off"}))
    ->capture_default_str();
  app_.require_subcommand(1);
  app_.footer("`rollcall demo` shows everything on a store that it makes up; `rollcall COMMAND "
              "--help` has an example each.\n"
              "Exit status: 0 fine, 1 bad input, 2 usage, 3 not found, 4 conflict, 5 storage full, "
              "6 storage broken,\n"
              "7 directory in use, 8 newer format, 9 cancelled, 10 unavailable.");
}

CLI::App& command_line::add(CLI::App& parent, const std::string& name, const std::string& purpose,
                            const std::string& example, action act) {
  auto& command = *parent.add_subcommand(name, purpose);
  command.fallthrough();
  if (act)
    command.final_callback([this, act = std::move(act)] { chosen_ = act; });
  else
    command.require_subcommand(1);
  if (!example.empty())
    command.footer("Example:\n  " + example);
  return command;
}

std::optional<std::string> command_line::log_level() const {
  return app_.count("--log") > 0 ? std::optional{log_level_} : std::nullopt;
}

int command_line::run(int argc, const char* const* argv) {
  if (argc > 0)
    program_ = argv[0];
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& stopped) {
    const auto is_answer = stopped.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    if (is_answer || !complain_of_command(app_, argc, argv))
      app_.exit(stopped, std::cout, std::cerr);
    return static_cast<int>(is_answer ? exit_status::fine : exit_status::usage);
  }
  auto logger = spdlog::stderr_logger_mt("rollcall");
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  logger->set_level(spdlog::level::from_str(log_level_ == "warn" ? "warning" : log_level_));
  spdlog::set_default_logger(std::move(logger));
  const auto status = chosen_();
  if (std::fflush(stdout) != 0) {
    fmt::print(stderr, "rollcall: the answer could not be written whole\n");
    return static_cast<int>(exit_status::storage_full);
  }
  return static_cast<int>(status);
}

void add_common(CLI::App& command, common_options& common) {
  command.add_option("--data", common.data, "Directory that holds the account")
    ->required()
    ->type_name("DIR");
  command.add_flag("--json", common.json, "Answer as JSON");
  command.add_flag("--inspect", common.inspect,
                   "Afterwards show the actors and what they did, on standard error");
}

exit_status with_engine(const common_options& common,
                        const std::function<exit_status(rollcall::engine&)>& work) {
  const std::filesystem::path directory{common.data};
  std::error_code ignored;
  if (!std::filesystem::exists(directory / "account" / "data.mdb", ignored))
    return complain(
      common, {model::failure_code::not_found,
               fmt::format(
                 "there is no Rollcall directory at {0}; `rollcall load --data {0} FILE` makes one",
                 common.data)});
  rollcall::options wanted{.directory = directory};
  wanted.dictionary.assign(common.dictionary.begin(), common.dictionary.end());
  return with_engine(common, std::move(wanted), work);
}

exit_status with_engine(const common_options& common, rollcall::options wanted,
                        const std::function<exit_status(rollcall::engine&)>& work) {
  auto opened = rollcall::engine::open(std::move(wanted));
  if (!opened)
    return complain(common, opened.error());
  const auto status = work(**opened);
  if (common.inspect)
    fmt::print(stderr, "{}", actor_tree((*opened)->inspect()));
  return status;
}

exit_status complain(const common_options& common, const model::failure& why) {
  if (common.json)
    fmt::print("{}\n", json_object{}.raw("error", error_object(why).done()).done());
  else
    fmt::print(stderr, "rollcall: {}\n", why.message);
  return status_of(why.code);
}

exit_status complain_of_usage(const common_options& common, std::string why) {
  complain(common, {model::failure_code::invalid_input, std::move(why)});
  return exit_status::usage;
}

exit_status complain(const common_options& common, const model::failure& why,
                     const std::vector<rollcall::definition_fault>& faults) {
  if (faults.empty())
    return complain(common, why);
  if (!common.json) {
    for (const auto& fault : faults)
      fmt::print(
        stderr, "{}: found {}; {}{}\n",
        fault.pointer.empty() ? "(whole definition)" : fault.pointer, fault.found,
        fault.allowed.starts_with("no such field") ? "there is " : "allowed: ", fault.allowed);
    return status_of(why.code);
  }
  json_array list;
  for (const auto& fault : faults)
    list.raw(json_object{}
               .text("pointer", fault.pointer)
               .text("found", fault.found)
               .text("allowed", fault.allowed)
               .done());
  fmt::print(
    "{}\n", json_object{}.raw("error", error_object(why).raw("faults", list.done()).done()).done());
  return status_of(why.code);
}

model::outcome<model::instant> instant_of(const std::string& text, const rollcall::engine& engine) {
  if (text.empty() || text == "now")
    return engine.now();
  if (const auto found = model::parse_instant(text))
    return *found;
  return model::failure{
    model::failure_code::invalid_input,
    fmt::format("\"{}\" is no instant; write 2026-06-15, 2026-06-15T09:30:00Z, or now", text)};
}

std::string actor_tree(const std::vector<rollcall::actor_info>& actors) {
  table rows({{"actor"},
              {"kind"},
              {"waiting", side::right},
              {"most", side::right},
              {"messages", side::right},
              {"per s", side::right},
              {"busy", side::right},
              {"last error"}});
  add_actors(rows, actors, 0, 0);
  return rows.text();
}

} // namespace node
