#include "node/store_pipe.hpp"

#include "node/line_writer.hpp"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <signal.h>
#include <string>
#include <system_error>
#include <unistd.h>

namespace node {

namespace {

constexpr int pipe_bytes = 1 << 20;
constexpr std::size_t piece_bytes = 1 << 18;

void write_store(const demo_size& size, demo_events& events, bool with_profiles, int end) {
  std::string lines;
  const auto pass_on = [&] {
    const auto was_taken = lines.size() < piece_bytes || write_all(end, lines);
    if (lines.size() >= piece_bytes)
      lines.clear();
    return was_taken;
  };
  for (demo_profiles profiles(size); with_profiles && profiles.append_next(lines);)
    if (!pass_on())
      return;
  while (events.written() < size.events) {
    events.append_next(lines);
    if (!pass_on())
      return;
  }
  write_all(end, lines);
}

} // namespace

store_pipe::store_pipe(const demo_size& size, demo_events& events, bool with_profiles) {
  signal(SIGPIPE, SIG_IGN); // A reader that gives up ends the writing, not the program.
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe2");
  fcntl(ends[1], F_SETPIPE_SZ, pipe_bytes);
  read_end_ = ends[0];
  writer_ = std::thread([size, &events, with_profiles, end = ends[1]] {
    write_store(size, events, with_profiles, end);
    ::close(end);
  });
}

store_pipe::~store_pipe() {
  writer_.join();
}

} // namespace node
