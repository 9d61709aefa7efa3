#include "metrics/exact_sum.hpp"

#include <algorithm>

namespace metrics {

exact_sum::wide exact_sum::nanos_of(double value) {
  const double cut = std::clamp(value, -value_max, value_max);
  const double whole = std::trunc(cut);
  const double part = cut - whole; // Exact.
  const double product = part * scale;
  auto nanos = static_cast<wide>(std::nearbyint(product));
  // A product that seems to lie in the middle was perhaps rounded to there.
  if (std::abs(product - std::trunc(product)) == 0.5)
    if (const double lost = std::fma(part, scale, -product); lost != 0)
      nanos = static_cast<wide>(std::floor(product)) + (lost > 0 ? 1 : 0);
  return static_cast<wide>(whole) * static_cast<wide>(scale) + nanos;
}

double exact_sum::value() const {
  // The quotient of two exact numbers is rounded once.
  constexpr wide exact_max = wide{1} << 53;
  if (nanos_ < exact_max && nanos_ > -exact_max)
    return static_cast<double>(nanos_) / scale;
  __extension__ typedef unsigned __int128 bits;
  constexpr bits divisor = static_cast<bits>(scale);
  const auto size = nanos_ < 0 ? -static_cast<bits>(nanos_) : static_cast<bits>(nanos_);
  // More bits of the quotient than a double has; its last one says whether more would follow.
  const int shift = size < bits{1} << 85 ? 40 : 0;
  const auto moved = size << shift;
  const auto quotient = moved / divisor | (moved % divisor != 0 ? 1 : 0);
  const double magnitude = std::ldexp(static_cast<double>(quotient), -shift);
  return nanos_ < 0 ? -magnitude : magnitude;
}

} // namespace metrics
