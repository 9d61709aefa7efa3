#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace node {

/// How far a long piece of work is, on standard error: a bar that redraws itself on a terminal,
/// elsewhere a plain line every few seconds, so that logs stay readable. Nothing is written for
/// work that ends before the first report.
class progress {
public:
  /// `total` = 0: unknown; then only what is done is shown. `unit` names what is counted:
  /// "records", "profiles".
  progress(std::string what, std::string unit, std::uint64_t total);
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  void total(std::uint64_t total) {
    total_ = total;
  }
  /// Cheap: looks at the clock and mostly does nothing.
  void at(std::uint64_t done);
  /// Clears the bar.
  void finish();

private:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] std::string line(std::uint64_t done, clock::time_point now) const;

  std::string what_;
  std::string unit_;
  std::uint64_t total_;
  bool is_terminal_;
  bool is_drawn_ = false;
  clock::time_point began_;
  clock::time_point next_;
};

} // namespace node
