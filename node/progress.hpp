#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace node {

/// How far a long piece of work is, on standard error: a bar that redraws itself on a terminal,
/// elsewhere a plain line every few seconds, so that logs stay readable. Nothing is written for
/// work that ends before the first report.
class progress {
public:
  /// `unit` names what is counted: "records", "profiles"; empty = nothing is.
  explicit progress(std::string what, std::string unit = {});
  ~progress();
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// `share` from 0 to 1; nothing = unknown. Cheap: looks at the clock and mostly does nothing.
  void at(std::optional<double> share, std::uint64_t count = 0);
  /// Clears the bar.
  void finish();

private:
  using clock = std::chrono::steady_clock;

  [[nodiscard]] std::string line(std::optional<double> share, std::uint64_t count,
                                 double seconds) const;

  std::string what_;
  std::string unit_;
  bool is_terminal_;
  bool is_drawn_ = false;
  clock::time_point began_;
  clock::time_point next_;
};

} // namespace node
