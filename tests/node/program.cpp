#include "tests/node/program.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdexcept>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>

extern char** environ;

namespace node_tests {

namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct pipe_ends {
  int read = -1;
  int write = -1;
};

/// Both ends close on exec, so that no child keeps another's pipe open.
pipe_ends new_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    fail("pipe2");
  return {ends[0], ends[1]};
}

void close_end(int& end) {
  if (end >= 0)
    ::close(end);
  end = -1;
}

struct standard_streams {
  int in;
  int out;
  int err;
};

pid_t spawn(const std::vector<std::string>& arguments, standard_streams streams,
            const std::vector<std::string>& environment = {}) {
  const auto program = program_path();
  std::vector<char*> words{const_cast<char*>(program.c_str())};
  for (const auto& argument : arguments)
    words.push_back(const_cast<char*>(argument.c_str()));
  words.push_back(nullptr);
  std::vector<char*> around;
  for (char** one = environ; *one; ++one)
    around.push_back(*one);
  for (const auto& one : environment)
    around.push_back(const_cast<char*>(one.c_str()));
  around.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, streams.in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, streams.out, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, streams.err, STDERR_FILENO);
  pid_t pid = -1;
  const auto failed = posix_spawn(&pid, program.c_str(), &actions, nullptr, words.data(),
                                  around.data());
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) {
    errno = failed;
    fail("posix_spawn");
  }
  return pid;
}

int status_after(pid_t pid) {
  int raw = 0;
  while (waitpid(pid, &raw, 0) < 0)
    if (errno != EINTR)
      fail("waitpid");
  return WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
}

bool write_all(int end, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(end, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

std::string read_all(int end) {
  std::string all;
  std::array<char, 65536> buffer{};
  for (;;) {
    const auto size = ::read(end, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return all;
    all.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

/// A program that ends early must show as a failed write, not end the test.
void ignore_broken_pipes() {
  signal(SIGPIPE, SIG_IGN);
}

} // namespace

std::string program_path() {
  const auto* path = std::getenv("ROLLCALL_PROGRAM");
  if (!path)
    throw std::runtime_error("ROLLCALL_PROGRAM does not say where the rollcall program is");
  return path;
}

finished_run rollcall(const std::vector<std::string>& arguments, std::string_view input) {
  ignore_broken_pipes();
  auto in = new_pipe();
  auto out = new_pipe();
  auto err = new_pipe();
  const auto pid = spawn(arguments, {in.read, out.write, err.write});
  close_end(in.read);
  close_end(out.write);
  close_end(err.write);
  finished_run run;
  std::thread feeds([&] {
    write_all(in.write, input);
    close_end(in.write);
  });
  std::thread hears([&] { run.err = read_all(err.read); });
  run.out = read_all(out.read);
  feeds.join();
  hears.join();
  close_end(out.read);
  close_end(err.read);
  run.status = status_after(pid);
  return run;
}

running_program::running_program(const std::vector<std::string>& arguments,
                                 const std::filesystem::path& err_file,
                                 const std::vector<std::string>& environment) {
  ignore_broken_pipes();
  auto in = new_pipe();
  auto out = new_pipe();
  const auto& err_path = err_file.empty() ? std::filesystem::path{"/dev/null"} : err_file;
  auto err = ::open(err_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (err < 0)
    fail("open");
  pid_ = spawn(arguments, {in.read, out.write, err}, environment);
  close_end(in.read);
  close_end(out.write);
  close_end(err);
  in_ = in.write;
  out_ = out.read;
}

running_program::~running_program() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    wait();
  }
  close_end(in_);
  close_end(out_);
}

bool running_program::write(std::string_view text) {
  return in_ >= 0 && write_all(in_, text);
}

void running_program::close_input() {
  close_end(in_);
}

std::optional<std::string> running_program::read_line(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    if (const auto end = unread_.find('\n'); end != std::string::npos) {
      auto line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
                        until - std::chrono::steady_clock::now())
                        .count();
    pollfd waiting{out_, POLLIN, 0};
    if (left < 0 || poll(&waiting, 1, static_cast<int>(left)) <= 0)
      return std::nullopt;
    std::array<char, 65536> buffer{};
    const auto size = ::read(out_, buffer.data(), buffer.size());
    if (size < 0 && errno == EINTR)
      continue;
    if (size <= 0)
      return std::nullopt;
    unread_.append(buffer.data(), static_cast<std::size_t>(size));
  }
}

void running_program::send(int signal) const {
  if (!status_)
    ::kill(pid_, signal);
}

int running_program::wait() {
  if (!status_)
    status_ = status_after(pid_);
  return *status_;
}

bool running_program::has_ended() {
  if (status_)
    return true;
  int raw = 0;
  if (waitpid(pid_, &raw, WNOHANG) != pid_)
    return false;
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return true;
}

scratch_directory::scratch_directory() {
  auto name = (std::filesystem::temp_directory_path() / "rollcall-test-XXXXXX").string();
  if (!mkdtemp(name.data()))
    fail("mkdtemp");
  path_ = name;
}

scratch_directory::~scratch_directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush())
    throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::optional<std::filesystem::path> shared_data() {
  const auto* place = std::getenv("ROLLCALL_SHARED");
  const auto data = (place ? std::filesystem::path{place} : std::filesystem::path{"../shared"})
                  / "data";
  return std::filesystem::is_directory(data) ? std::optional{data} : std::nullopt;
}

} // namespace node_tests
