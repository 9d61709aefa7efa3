#pragma once

#include "tests/node/small_cluster.hpp"

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace node_tests {

/// Something that goes wrong for a while.
struct chaos_fault {
  std::string kind;
  std::string what; // The kind, and whom it hits.
  std::function<void()> begin;
  std::function<void()> end;
};

/// What can happen to a cluster: to its nodes, its servers, and, where they have hosts of their
/// own, to the network, the disks and the clocks.
class chaos_faults {
public:
  explicit chaos_faults(small_cluster& on) : on_{on} {
  }

  /// The kinds that this cluster can have.
  [[nodiscard]] std::vector<std::string> kinds() const;
  /// Of a kind. Those that must not hit the same node or server twice remember whom they hit until
  /// `forget`; nothing = all have been hit.
  std::optional<chaos_fault> make(const std::string& kind, std::mt19937_64& chance);
  /// One to three of any kind, for one cycle.
  std::vector<chaos_fault> draw(std::mt19937_64& chance);
  void forget();

private:
  enum class whom : std::uint8_t { leader, other, any };
  std::optional<std::size_t> node(whom which, std::mt19937_64& chance);
  std::optional<std::size_t> server(bool is_leading, std::mt19937_64& chance);
  chaos_fault kill_node(std::string kind, std::size_t node);
  chaos_fault on_network(std::string kind, std::string whom,
                         std::function<void(cluster_tests::host_network&)> begin);
  [[nodiscard]] std::vector<std::size_t> hosts_but(std::size_t host, bool with_clients) const;

  small_cluster& on_;
  std::vector<std::size_t> nodes_hit_;
  std::vector<std::size_t> servers_hit_;
  bool is_network_hit_ = false;
  std::optional<std::size_t> leader_;
  bool is_leader_known_ = false;
};

} // namespace node_tests
