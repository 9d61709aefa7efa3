#pragma once

#include "node/exit_status.hpp"
#include "node/text_file.hpp"

#include <CLI/CLI.hpp>
#include <rollcall/rollcall.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace node {

/// The words on the command line: which command they choose and what it does.
class command_line {
public:
  using action = std::function<exit_status()>;

  command_line();

  [[nodiscard]] CLI::App& root() {
    return app_;
  }

  /// Adds a command below `parent`. `example` ends its help; a group of commands has no action.
  CLI::App& add(CLI::App& parent, const std::string& name, const std::string& purpose,
                const std::string& example, action act = {});

  /// How the program was called, for advice that can be pasted.
  [[nodiscard]] const std::string& program() const {
    return program_;
  }

  /// What `--log` says; nothing = it was not given.
  [[nodiscard]] std::optional<std::string> log_level() const;

  /// Reads the words, does what they ask and returns what to tell the shell.
  int run(int argc, const char* const* argv);

private:
  CLI::App app_;
  action chosen_;
  std::string program_ = "rollcall";
  std::string log_level_ = "warn";
};

/// What every command that opens a directory takes.
struct common_options {
  std::string data;
  bool json = false;
  bool inspect = false;
  std::vector<std::string> dictionary{}; // Files of the user's own, of reports.
};

/// Adds --data, --json and --inspect.
void add_common(CLI::App& command, common_options& common);

/// Opens the directory, which must exist and be Rollcall's, does the work and shows the actors when
/// that was asked for.
exit_status with_engine(const common_options& common,
                        const std::function<exit_status(rollcall::engine&)>& work);

/// The same with options of one's own; makes the directory where there is none.
exit_status with_engine(const common_options& common, rollcall::options wanted,
                        const std::function<exit_status(rollcall::engine&)>& work);

/// Says why something failed: a sentence on standard error, or with --json an object on standard
/// output.
exit_status complain(const common_options& common, const model::failure& why);
/// The same about the command line itself.
exit_status complain_of_usage(const common_options& common, std::string why);
/// The same for a definition: every mistake on a line of its own.
exit_status complain(const common_options& common, const model::failure& why,
                     const std::vector<rollcall::definition_fault>& faults);

/// An instant as people write it; `now` for empty text.
model::outcome<model::instant> instant_of(const std::string& text, const rollcall::engine& engine);

/// The actors of an engine as an indented tree with what they did.
std::string actor_tree(const std::vector<rollcall::actor_info>& actors);

} // namespace node
