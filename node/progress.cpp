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

progress::progress(std::string what, std::string unit)
  : what_(std::move(what)), unit_(std::move(unit)), is_terminal_(isatty(STDERR_FILENO) == 1),
    began_(clock::now()), next_(began_ + (is_terminal_ ? redraw_interval : line_interval)) {
}

progress::~progress() {
  finish();
}

std::string progress::line(std::optional<double> share, std::uint64_t count, double seconds) const {
  auto text = what_;
  if (share) {
    const auto part = std::clamp(*share, 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(part * bar_width);
    if (is_terminal_)
      text += fmt::format(" [{}{}]", std::string(filled, '#'),
                          std::string(bar_width - filled, '.'));
    text += fmt::format(" {:3.0f}%", part * 100);
    if (part > 0.01)
      text += fmt::format(", {} left", duration_text(seconds / part - seconds));
  }
  if (!unit_.empty())
    text += fmt::format(", {} {}, {}", grouped(count), unit_, rate_text(count, seconds));
  return text;
}

void progress::at(std::optional<double> share, std::uint64_t count) {
  const auto now = clock::now();
  if (now < next_)
    return;
  next_ = now + (is_terminal_ ? redraw_interval : line_interval);
  const auto text = line(share, count, std::chrono::duration<double>(now - began_).count());
  fmt::print(stderr, "{}{}{}", is_terminal_ ? "\r\x1b[K" : "", text, is_terminal_ ? "" : "\n");
  std::fflush(stderr);
  is_drawn_ = is_terminal_;
}

void progress::finish() {
  if (is_drawn_)
    fmt::print(stderr, "\r\x1b[K");
  is_drawn_ = false;
}

} // namespace node
