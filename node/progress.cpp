#include "node/progress.hpp"

#include "node/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace node {

namespace {

constexpr std::chrono::milliseconds redraw_interval{100};
constexpr std::chrono::milliseconds line_interval{3000};
constexpr std::size_t bar_width = 30;

} // namespace

progress::progress(std::string what, std::string unit, std::uint64_t total)
    : what_(std::move(what)), unit_(std::move(unit)), total_(total),
      is_terminal_(isatty(STDERR_FILENO) == 1), began_(clock::now()),
      next_(began_ + (is_terminal_ ? redraw_interval : line_interval)) {
}

progress::~progress() {
  finish();
}

std::string progress::line(std::uint64_t done, clock::time_point now) const {
  const auto seconds = std::chrono::duration<double>(now - began_).count();
  const auto rate = rate_text(done, seconds);
  if (total_ == 0)
    return fmt::format("{}: {} {}, {}", what_, grouped(done), unit_, rate);
  const auto share = std::min(1.0, static_cast<double>(done) / static_cast<double>(total_));
  const auto left = share > 0 ? duration_text(seconds / share - seconds) : "?";
  if (!is_terminal_)
    return fmt::format("{}: {:.0f}% of {} {}, {}, {} left", what_, share * 100, grouped(total_),
                       unit_, rate, left);
  const auto filled = static_cast<std::size_t>(share * bar_width);
  return fmt::format("{} [{}{}] {:3.0f}%  {}, {} left", what_, std::string(filled, '#'),
                     std::string(bar_width - filled, '.'), share * 100, rate, left);
}

void progress::at(std::uint64_t done) {
  const auto now = clock::now();
  if (now < next_)
    return;
  next_ = now + (is_terminal_ ? redraw_interval : line_interval);
  if (is_terminal_)
    fmt::print(stderr, "\r\x1b[K{}", line(done, now));
  else
    fmt::print(stderr, "{}\n", line(done, now));
  std::fflush(stderr);
  is_drawn_ = is_terminal_;
}

void progress::finish() {
  if (is_drawn_)
    fmt::print(stderr, "\r\x1b[K");
  is_drawn_ = false;
}

} // namespace node
