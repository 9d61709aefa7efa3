#include "metrics/fold_order.hpp"

#include <algorithm>

namespace metrics {

namespace {

/// `found` has one value; of tags it may have several or none, which is like one that is not set.
bool leaf_holds(const row_filter& f, std::vector<std::string> found) {
  if (found.empty())
    found.emplace_back();
  const auto has = [&](const std::string& wanted) {
    return std::ranges::find(found, wanted) != found.end();
  };
  const auto some = [&](const auto& test) { return std::ranges::any_of(found, test); };
  switch (f.op) {
  case filter_operator::equals:
    return has(f.values[0]);
  case filter_operator::not_equals:
    return !has(f.values[0]);
  case filter_operator::contains:
    return some([&](const auto& v) { return v.find(f.values[0]) != std::string::npos; });
  case filter_operator::starts_with:
    return some([&](const auto& v) { return v.starts_with(f.values[0]); });
  case filter_operator::any:
  case filter_operator::contains_any:
    return std::ranges::any_of(f.values, has);
  case filter_operator::contains_all:
    return std::ranges::all_of(f.values, has);
  case filter_operator::is_set:
    return some([](const auto& v) { return !v.empty(); });
  case filter_operator::not_set:
    return !some([](const auto& v) { return !v.empty(); });
  }
  return false;
}

} // namespace

bool holds(const row_filter& f,
           const std::function<std::vector<std::string>(std::size_t)>& values_of) {
  const auto part_holds = [&](const row_filter& part) { return holds(part, values_of); };
  switch (f.what) {
  case row_filter::kind::all:
    return std::ranges::all_of(f.parts, part_holds);
  case row_filter::kind::any:
    return std::ranges::any_of(f.parts, part_holds);
  case row_filter::kind::none:
    return std::ranges::none_of(f.parts, part_holds);
  case row_filter::kind::leaf:
    break;
  }
  return leaf_holds(f, values_of(f.grouping));
}

} // namespace metrics
