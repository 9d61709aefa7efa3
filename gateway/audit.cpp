#include "gateway/audit.hpp"

#include "model/value.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace gateway {

namespace {

constexpr mode_t file_mode = 0640;

std::string line_of(const audit_entry& entry) {
  std::string line;
  const auto text = [&](std::string_view name, std::string_view value) {
    line += line.empty() ? "{\"" : ",\"";
    line.append(name).append("\":");
    model::append_json_string(line, value);
  };
  text("at", model::format_instant(entry.at));
  text("key", entry.key_id);
  text("method", entry.method);
  text("route", entry.route);
  if (!entry.about.empty())
    text("about", entry.about);
  if (entry.status != 0)
    line += fmt::format(",\"status\":{}", entry.status);
  if (!entry.request_id.empty())
    text("request", entry.request_id);
  line += "}\n";
  return line;
}

std::filesystem::path numbered(const std::filesystem::path& file, std::uint32_t number) {
  return number == 0 ? file : std::filesystem::path{fmt::format("{}.{}", file.string(), number)};
}

} // namespace

model::outcome<std::unique_ptr<audit_log>> audit_log::open(std::filesystem::path file,
                                                           audit_bounds bounds) {
  std::unique_ptr<audit_log> made{new audit_log{std::move(file), bounds}};
  if (!made->open_file())
    return model::failure{model::failure_code::not_found,
                          fmt::format("the audit log {} cannot be written: {}",
                                      made->file_.string(), std::strerror(errno))};
  made->thread_ = std::thread{[log = made.get()] { log->work(); }};
  return made;
}

audit_log::audit_log(std::filesystem::path file, audit_bounds bounds)
  : file_(std::move(file)), bounds_(bounds), full_at_(bounds.file_bytes_max) {
}

audit_log::~audit_log() {
  {
    const std::lock_guard lock{guard_};
    is_ending_ = true;
    changed_.notify_all();
  }
  if (thread_.joinable())
    thread_.join();
  if (descriptor_ >= 0)
    ::close(descriptor_);
}

void audit_log::add(const audit_entry& entry) {
  const auto line = line_of(entry);
  const std::lock_guard lock{guard_};
  if (waiting_.size() + line.size() > bounds_.waiting_bytes_max) {
    ++lost_;
    return;
  }
  if (waiting_.empty())
    changed_.notify_all();
  waiting_ += line;
}

void audit_log::flush() {
  std::unique_lock lock{guard_};
  changed_.wait(lock, [this] { return waiting_.empty() && !is_writing_; });
}

std::uint64_t audit_log::lost() const {
  const std::lock_guard lock{guard_};
  return lost_;
}

void audit_log::work() {
  std::unique_lock lock{guard_};
  for (;;) {
    changed_.wait(lock, [this] { return !waiting_.empty() || is_ending_; });
    if (waiting_.empty()) {
      if (lost_ != 0)
        spdlog::error("audit: {} lines of {} are lost", lost_, file_.string());
      return;
    }
    const auto lines = std::exchange(waiting_, {});
    const auto lost = std::exchange(lost_, 0);
    is_writing_ = true;
    lock.unlock();
    const bool is_told = lost == 0 || write(fmt::format("{{\"lost\":{}}}\n", lost)) == 0;
    const auto unwritten = write(lines) + (is_told ? 0 : lost);
    lock.lock();
    lost_ += unwritten;
    is_writing_ = false;
    changed_.notify_all();
  }
}

/// As many lines into each file as it has room for. Tells how many could not be written.
std::uint64_t audit_log::write(std::string_view lines) {
  while (!lines.empty()) {
    if (descriptor_ < 0 && !open_file()) {
      complain();
      return static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    }
    const auto room = full_at_ > size_ ? full_at_ - size_ : 0;
    auto end = lines.size();
    if (end > room) {
      const auto fits = room == 0 ? std::string_view::npos : lines.rfind('\n', room - 1);
      if (fits == std::string_view::npos && size_ != 0) {
        rotate();
        continue;
      }
      end = (fits == std::string_view::npos ? lines.find('\n') : fits) + 1;
    }
    if (!write_whole(lines.substr(0, end)))
      return static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    lines.remove_prefix(end);
  }
  return 0;
}

/// All of it or nothing, so that no line is ever half there.
bool audit_log::write_whole(std::string_view lines) {
  std::size_t done = 0;
  while (done < lines.size()) {
    const auto written = ::write(descriptor_, lines.data() + done, lines.size() - done);
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0) {
      complain();
      if (::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0)
        complain();
      return false;
    }
    done += static_cast<std::size_t>(written);
  }
  size_ += lines.size();
  is_in_trouble_ = false;
  return true;
}

void audit_log::complain() {
  const auto why = errno;
  if (!std::exchange(is_in_trouble_, true))
    spdlog::error("audit: {} cannot be written, what is lost is counted: {}", file_.string(),
                  std::strerror(why));
}

bool audit_log::open_file() {
  descriptor_ = ::open(file_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, file_mode);
  size_ = 0;
  if (descriptor_ < 0)
    return false;
  struct stat now {};
  size_ = ::fstat(descriptor_, &now) == 0 ? static_cast<std::uint64_t>(now.st_size) : 0;
  return true;
}

/// Every file moves on by one number, and the oldest goes. A file that cannot be moved is simply
/// written on: it grows beyond its bound, and nothing is lost.
void audit_log::rotate() {
  std::error_code failed;
  for (auto number = bounds_.files_max - 1; number > 0 && !failed; --number) {
    const auto from = numbered(file_, number - 1);
    if (std::filesystem::exists(from, failed))
      std::filesystem::rename(from, numbered(file_, number), failed);
  }
  if (failed)
    spdlog::error("audit: {} cannot be put aside: {}", file_.string(), failed.message());
  else if (bounds_.files_max <= 1)
    std::filesystem::remove(file_, failed);
  full_at_ = (failed ? size_ : 0) + bounds_.file_bytes_max;
  ::close(std::exchange(descriptor_, -1));
}

} // namespace gateway
