#pragma once

#include "metrics/fold.hpp"

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

// Inside the folder only: what several rows of a rollup make together.
namespace metrics {

using row_key = std::vector<std::string>;
/// By interval, then measure.
using row_sums = std::vector<std::vector<partial>>;

/// Some rows of a rollup, and all others.
struct rows_apart {
  row_sums listed;
  row_sums other;
  /// By measure: what is told of it is too much where somebody is in several rows, and only the
  /// people of the rows could tell.
  std::vector<bool> lacks_people;
};

/// Everything and everybody once. `rollup`: index into the order's, as `total`, which is the empty
/// one.
rows_apart apart(const fold_order& order, std::span<const fold_result> parts, std::size_t rollup,
                 std::size_t total, const std::set<row_key>& listed);

} // namespace metrics
