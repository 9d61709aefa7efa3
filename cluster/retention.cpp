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

} // namespace cluster
