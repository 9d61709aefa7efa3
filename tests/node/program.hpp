#pragma once

#include <chrono>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

/// Runs the built `rollcall` as a user's shell does: from outside, by its files, streams and exit
/// status.
namespace node_tests {

struct finished_run {
  int status = 0; // Exit status; 128 + signal when one ended it.
  std::string out;
  std::string err;
};

/// Path of the program, from the environment variable ROLLCALL_PROGRAM; throws when it is not set.
std::string program_path();

/// Runs to the end with `input` on standard input.
finished_run rollcall(const std::vector<std::string>& arguments, std::string_view input = {});

/// A program that is running: for tests that talk to it or end it early.
class running_program {
public:
  /// Standard error goes to `err_file`, or nowhere. `environment` comes beside the test's own:
  /// "NAME=VALUE".
  explicit running_program(const std::vector<std::string>& arguments,
                           const std::filesystem::path& err_file = {},
                           const std::vector<std::string>& environment = {});
  /// Kills what still runs.
  ~running_program();
  running_program(const running_program&) = delete;
  running_program& operator=(const running_program&) = delete;

  /// Writes all of `text` to standard input; false when the program has closed it.
  bool write(std::string_view text);
  void close_input();
  /// The next line of standard output without its line feed; nothing at its end or after
  /// `patience`.
  std::optional<std::string> read_line(std::chrono::milliseconds patience);
  void send(int signal) const;
  /// Waits for the end; exit status, or 128 + signal.
  int wait();
  [[nodiscard]] bool has_ended();

private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string unread_;
  std::optional<int> status_;
};

/// A fresh directory that is removed with its contents at the end.
class scratch_directory {
public:
  scratch_directory();
  ~scratch_directory();
  scratch_directory(const scratch_directory&) = delete;
  scratch_directory& operator=(const scratch_directory&) = delete;

  [[nodiscard]] std::string operator/(std::string_view name) const {
    return (path_ / name).string();
  }
  [[nodiscard]] const std::filesystem::path& path() const {
    return path_;
  }

private:
  std::filesystem::path path_;
};

void write_file(const std::filesystem::path& path, std::string_view text);
std::string read_file(const std::filesystem::path& path);
std::vector<std::string> lines_of(std::string_view text);

/// Where the real data sets are: $ROLLCALL_SHARED/data or ../shared/data; nothing when absent.
std::optional<std::filesystem::path> shared_data();

} // namespace node_tests
