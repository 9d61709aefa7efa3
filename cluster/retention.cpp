#include "cluster/retention.hpp"

#include <algorithm>
#include <functional>
#include <set>

namespace cluster {

retention retained(std::span<const held_snapshot> snapshots, std::span<const replica_position> live,
                   std::size_t nodes) {
  const std::size_t copies = nodes > 1 ? 2 : 1;
  std::set<std::uint64_t, std::greater<>> safe;
  for (const auto& s : snapshots)
    if (std::set<std::string>{s.nodes.begin(), s.nodes.end()}.size() >= copies)
      safe.insert(s.position);
  if (safe.size() < 2)
    return {};
  const auto previous = *std::next(safe.begin());
  retention r{previous, previous};
  for (const auto& replica : live)
    r.cut_up_to = std::min(r.cut_up_to, replica.position == 0 ? 0 : replica.position - 1);
  return r;
}

std::uint64_t cut_by_reports(const replica_report& own, std::span<const replica_report> others,
                             const cut_settings& settings) {
  std::vector<const replica_report*> reports{&own};
  for (const auto& one : others)
    if (one.silence < settings.absence_max)
      reports.push_back(&one);
  if (reports.size() == 1)
    return own.settled > settings.spare_records ? own.settled - settings.spare_records - 1 : 0;
  std::set<std::uint64_t> positions;
  std::vector<replica_position> live;
  for (const auto* one : reports) {
    positions.insert(one->snapshots.begin(), one->snapshots.end());
    live.push_back({one->node, one->settled});
  }
  std::vector<held_snapshot> held;
  for (const auto position : positions) {
    held_snapshot here{position, {}};
    for (const auto* one : reports)
      if (std::ranges::any_of(one->snapshots, [&](auto at) { return at >= position; }))
        here.nodes.push_back(one->node);
    held.push_back(std::move(here));
  }
  // Of those who stand by; the owner's state is a copy too.
  return retained(held, live, reports.size() - 1).cut_up_to;
}

} // namespace cluster
