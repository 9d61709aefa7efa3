#include "metrics/exact_sum.hpp"
#include "tests/metrics/plain_sums.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

BOOST_AUTO_TEST_SUITE(exact_sum_test)

namespace {

using metrics::exact_sum;

double sum_of(const std::vector<double>& values) {
  exact_sum sum;
  for (const double v : values)
    sum.add(v);
  return sum.value();
}

double some_value(std::mt19937_64& random) {
  const auto n = static_cast<double>(random() % 1'000'000'000);
  switch (random() % 6) {
  case 0:
    return n / 100;
  case 1:
    return -n / 1e9;
  case 2:
    return n * 12'345.678'9;
  case 3:
    return static_cast<double>(random() >> 11) * 0x1p-53 * 4e6; // Places beyond the ninth.
  case 4:
    return static_cast<double>(random() >> 11) * 1e6;
  default:
    return std::ldexp(n, -static_cast<int>(random() % 40));
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(decimals_are_added_as_they_are_written) {
  BOOST_TEST(sum_of({}) == 0.0);
  BOOST_TEST(sum_of({0.1, 0.2}) == 0.3);
  BOOST_TEST(sum_of({29.99, 29.99, 29.99}) == 89.97);
  BOOST_TEST(sum_of(std::vector<double>(1'000, 0.01)) == 10.0);
  BOOST_TEST(sum_of({1e15, 0.01, -1e15}) == 0.01);
  BOOST_TEST(sum_of({1e-9}) == 1e-9);
  BOOST_TEST(sum_of({4e-10}) == 0.0);
  BOOST_TEST(sum_of({-4e-10}) == 0.0);
  BOOST_TEST(!std::signbit(sum_of({-4e-10})));
}

BOOST_AUTO_TEST_CASE(what_is_no_number_or_too_large_is_left_out_or_cut) {
  constexpr double none = std::numeric_limits<double>::quiet_NaN();
  constexpr double endless = std::numeric_limits<double>::infinity();
  BOOST_TEST(sum_of({none, 1, none}) == 1.0);
  BOOST_TEST(sum_of({endless}) == exact_sum::value_max);
  BOOST_TEST(sum_of({-endless, 1e300}) == 0.0);
}

BOOST_AUTO_TEST_CASE(every_value_counts_as_the_nearest_decimal_of_nine_places) {
  std::mt19937_64 random{9};
  for (int i = 0; i < 200'000; ++i) {
    const double v = some_value(random);
    exact_sum sum;
    sum.add(v);
    const double expected = plain::value_of(plain::billionths_of(v));
    if (sum.value() != expected) {
      BOOST_ERROR(v << " counts as " << sum.value() << " instead of " << expected);
      return;
    }
  }
}

BOOST_AUTO_TEST_CASE(sums_are_the_nearest_double_in_any_order) {
  std::mt19937_64 random{10};
  for (int round = 0; round < 2'000; ++round) {
    std::vector<double> values(1 + random() % 30);
    plain::billionths plainly = 0;
    for (auto& v : values) {
      v = some_value(random);
      plainly += plain::billionths_of(v);
    }
    const double first = sum_of(values);
    BOOST_REQUIRE_MESSAGE(first == plain::value_of(plainly),
                          first << " instead of " << plain::value_of(plainly));
    std::shuffle(values.begin(), values.end(), random);
    BOOST_REQUIRE(sum_of(values) == first);
    // In parts, and one part taken away again.
    exact_sum one;
    exact_sum other;
    for (std::size_t i = 0; i < values.size(); ++i)
      (i % 2 == 0 ? one : other).add(values[i]);
    exact_sum all = one;
    all.add(other);
    BOOST_REQUIRE(all.value() == first);
    all.subtract(other);
    BOOST_REQUIRE(all == one);
    all.subtract(one);
    BOOST_REQUIRE(all.is_zero());
  }
}

BOOST_AUTO_TEST_SUITE_END()
