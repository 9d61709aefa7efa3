#include "metrics/exact_sum.hpp"

#include <algorithm>

namespace metrics {

exact_sum::wide exact_sum::nanos_of(double value) {
  // Up to here a product by 10^9 is exact enough for `round` to find the decimal's last place.
  constexpr double small = 4e6;
  if (std::abs(value) < small)
    return static_cast<wide>(std::llround(value * scale));
  const double cut = std::clamp(value, -value_max, value_max);
  const double whole = std::trunc(cut);
  return static_cast<wide>(whole) * static_cast<wide>(scale)
       + static_cast<wide>(std::llround((cut - whole) * scale));
}

double exact_sum::value() const {
  // The quotient of two exact numbers is rounded once.
  constexpr wide exact_max = wide{1} << 53;
  if (nanos_ < exact_max && nanos_ > -exact_max)
    return static_cast<double>(nanos_) / scale;
  return static_cast<double>(static_cast<long double>(nanos_) / static_cast<long double>(scale));
}

} // namespace metrics
