#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace metrics {

/// A sum of decimals that does not depend on the order of adding: every value is taken as the
/// decimal with at most nine places next to it, and those are added as whole numbers. 29.99 counts
/// as 29.99, not as the double beside it. Exact up to 10^24 in all; larger values are cut there.
class exact_sum {
public:
  static constexpr double scale = 1e9;
  static constexpr double value_max = 1e24;

  void add(double value) {
    if (std::isnan(value))
      return;
    nanos_ += nanos_of(value);
  }
  void add(const exact_sum& other) {
    nanos_ += other.nanos_;
  }
  void subtract(const exact_sum& other) {
    nanos_ -= other.nanos_;
  }
  /// The double next to the sum.
  [[nodiscard]] double value() const;
  [[nodiscard]] bool is_zero() const {
    return nanos_ == 0;
  }
  friend bool operator==(const exact_sum&, const exact_sum&) = default;

private:
  __extension__ typedef __int128 wide;
  static wide nanos_of(double value);

  wide nanos_ = 0;
};

} // namespace metrics
