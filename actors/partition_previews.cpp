#include "actors/partition_state.hpp"

/// Members of definitions that nobody has saved.
namespace actors {

namespace {

/// True = all have read everybody, at this moment.
bool go_on(std::vector<preview_scan>& scans, const storage::profile_store& people,
           std::chrono::steady_clock::time_point end) {
  bool is_done = true;
  for (auto& scan : scans)
    is_done = scan.go_on(people, end) && is_done;
  return is_done;
}

std::vector<comparison_step> compare(std::vector<preview_scan>& scans, std::size_t listed_max,
                                     const storage::profile_store& people) {
  std::vector<comparison_step> steps;
  std::span<const std::uint64_t> before;
  for (auto& scan : scans) {
    const auto& now = scan.bits(people);
    steps.push_back(actors::compare(before, now, listed_max));
    before = now;
  }
  return steps;
}

} // namespace

model::outcome<preview_scan> partition_state::make_scan(const question& asked) {
  auto rule = parse(asked.json);
  if (!rule)
    return rule.error();
  if (auto usable = can_compile(*rule); !usable)
    return usable.error();
  preview_scan::compiled_criteria compiled;
  for (const auto& c : rule->criteria)
    compiled.push_back(segments::compile(c, names_, options_.account_zone));
  return preview_scan{std::move(*rule), std::move(compiled), asked.at};
}

model::outcome<std::uint64_t> partition_state::begin_preview(std::string_view json,
                                                             model::instant at) {
  auto scan = make_scan({json, at});
  if (!scan)
    return scan.error();
  previews_[++last_preview_].scans.push_back(std::move(*scan));
  return std::uint64_t{last_preview_};
}

model::outcome<std::uint64_t> partition_state::begin_comparison(std::span<const question> questions,
                                                                std::size_t listed_max) {
  running_preview all{{}, listed_max};
  for (const auto& asked : questions) {
    auto scan = make_scan(asked);
    if (!scan)
      return scan.error();
    all.scans.push_back(std::move(*scan));
  }
  previews_.emplace(++last_preview_, std::move(all));
  return std::uint64_t{last_preview_};
}

partition::preview_result partition_state::preview_slice(std::chrono::microseconds budget) {
  preview_result result;
  const auto end = std::chrono::steady_clock::now() + budget;
  for (auto p = previews_.begin(); p != previews_.end();) {
    auto& [number, running] = *p;
    if (!go_on(running.scans, *store_, end))
      break;
    if (running.listed_max)
      result.found.push_back({number, {}, compare(running.scans, *running.listed_max, *store_)});
    else
      result.found.push_back({number, running.scans.front().members(*store_)});
    p = previews_.erase(p);
    if (std::chrono::steady_clock::now() >= end)
      break;
  }
  result.done = previews_.empty();
  return result;
}

} // namespace actors
