#include "tests/metrics/plain_sums.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace plain {

using metrics::counting;

void reported::add(const reported& more) {
  count += more.count;
  sum += more.sum;
  if (more.least)
    least = std::min(least.value_or(*more.least), *more.least);
  if (more.most)
    most = std::max(most.value_or(*more.most), *more.most);
}

std::optional<double> reported::shown(metrics::counting counts) const {
  switch (counts) {
  case counting::sum:
    return value_of(sum);
  case counting::minimum:
    return least;
  case counting::maximum:
    return most;
  default:
    return static_cast<double>(count);
  }
}

billionths billionths_of(double value) {
  char text[400];
  std::snprintf(text, sizeof text, "%.9f", std::clamp(value, -1e24, 1e24));
  billionths number = 0;
  for (const char* c = text; *c != '\0'; ++c)
    if (*c >= '0' && *c <= '9')
      number = number * 10 + (*c - '0');
  return text[0] == '-' ? -number : number;
}

double value_of(billionths sum) {
  std::string digits;
  for (billionths rest = sum < 0 ? -sum : sum; rest > 0; rest /= 10)
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(rest % 10)));
  return std::strtod(((sum < 0 ? "-" : "") + digits + "e-9").c_str(), nullptr);
}

} // namespace plain
