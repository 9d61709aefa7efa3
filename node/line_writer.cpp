#include "node/line_writer.hpp"

#include <cerrno>
#include <signal.h>
#include <unistd.h>

namespace node {

namespace {

constexpr std::size_t waiting_bytes_max = std::size_t{64} << 20;

} // namespace

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

line_writer::line_writer(int descriptor) : descriptor_(descriptor) {
  // A reader that goes away is an end of output, not of the engine.
  signal(SIGPIPE, SIG_IGN);
  thread_ = std::thread([this] { work(); });
}

line_writer::~line_writer() {
  {
    const std::lock_guard lock{guard_};
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void line_writer::write(std::string_view line) {
  {
    std::unique_lock lock{guard_};
    changed_.wait(lock, [&] { return waiting_.size() < waiting_bytes_max || !is_open_; });
    if (!is_open_)
      return;
    waiting_.append(line).push_back('\n');
  }
  changed_.notify_all();
}

bool line_writer::is_open() const {
  const std::lock_guard lock{guard_};
  return is_open_;
}

void line_writer::work() {
  std::string writing;
  for (;;) {
    writing.clear();
    {
      std::unique_lock lock{guard_};
      changed_.wait(lock, [&] { return !waiting_.empty() || is_ending_; });
      if (waiting_.empty())
        return;
      writing.swap(waiting_);
    }
    changed_.notify_all();
    if (!write_all(descriptor_, writing)) {
      {
        const std::lock_guard lock{guard_};
        is_open_ = false;
        waiting_.clear();
      }
      changed_.notify_all();
      return;
    }
  }
}

} // namespace node
