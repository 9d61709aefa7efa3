#pragma once

#include "cluster/cluster_file.hpp"
#include "cluster/placement.hpp"
#include "cluster/replica.hpp"
#include "cluster/tunnel.hpp"
#include "gateway/accounts.hpp"
#include "gateway/server.hpp"
#include "node/cluster_accounts.hpp"

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace node {

/// The header that shows orders to nodes are the cluster's own, and where those are asked.
inline constexpr std::string_view cluster_secret_header = "x-rollcall-cluster";
inline constexpr std::string_view cluster_paths = "/cluster/";

struct cluster_member_options {
  cluster::cluster_settings cluster;
  std::string node; // Our name.
  std::filesystem::path data;
};

/// This node's part of a cluster: replicas of its partitions, whose accounts are served while it
/// leads them, and the ways to the other nodes.
class cluster_member {
public:
  /// Opens what is on the disk and connects. Fails, with a sentence that says what to do, for
  /// servers of the log that could lose what they have acknowledged.
  static model::outcome<std::unique_ptr<cluster_member>> start(cluster_member_options wanted);
  /// Gives up in order what it leads, then stops.
  ~cluster_member();
  cluster_member(const cluster_member&) = delete;
  cluster_member& operator=(const cluster_member&) = delete;

  /// From now on accounts that this node leads are served by `all`; `opened` and `closed` hear of
  /// each that comes and goes.
  using account_listener = std::function<void(const std::shared_ptr<gateway::account>&)>;
  void serve(gateway::accounts& all, account_listener opened, account_listener closed);
  /// Peers come in at this port of the loopback.
  model::status receive_peers(std::uint16_t port);

  /// See gateway::server_options::direct. `is_from_peer`: the request was led here already.
  [[nodiscard]] gateway::direction direct(const gateway::request& asked, bool is_from_peer);
  /// A new account, served by whoever leads it. See gateway::accounts_options::make_elsewhere.
  model::status make_account(std::string_view name);
  /// An order or question of the cluster's own, below `cluster_paths`.
  [[nodiscard]] gateway::answer obey(const gateway::request& asked);

private:
  using clock = std::chrono::steady_clock;
  struct partition {
    std::uint32_t number = 0;
    std::shared_ptr<cluster_accounts> accounts;
    std::unique_ptr<cluster::replica> replica;
    bool is_served = false;  // With `guard_`.
    clock::time_point led_since{};
  };
  struct peer {
    std::unique_ptr<cluster::tunnel_outlet> outlet;
    clock::time_point heard{};
    bool is_draining = false;
    std::map<std::uint32_t, std::uint64_t> positions; // By partition.
  };

  explicit cluster_member(cluster_member_options wanted);
  model::status open_partitions();
  model::status open_outlets();
  void stand();
  void wake();
  void work();
  void ask_peers();
  void ask_peer(const std::string& name, peer& of);
  void serve_partition(partition& p, bool is_leader);
  void refresh_index();
  void hand_over();
  std::optional<model::failure> ensure_default_account();
  [[nodiscard]] std::vector<cluster::roster_entry> roster() const;
  partition* partition_of(std::string_view account);
  [[nodiscard]] gateway::answer tell_status() const;
  gateway::answer make_key(const gateway::request& asked);
  gateway::answer move(const gateway::request& asked);
  gateway::answer drain(const gateway::request& asked);

  cluster_member_options options_;
  std::string secret_;
  std::shared_ptr<cluster::nats_connection> nats_;
  std::map<std::uint32_t, std::unique_ptr<partition>> partitions_;
  cluster::tunnel_threads tunnel_threads_;
  std::unique_ptr<cluster::tunnel_listener> listener_;

  gateway::accounts* accounts_ = nullptr;
  account_listener opened_;
  account_listener closed_;

  mutable std::mutex guard_;
  std::condition_variable woken_;
  bool has_news_ = false;
  bool is_index_wanted_ = false;
  clock::time_point index_begun_{}; // Of what `keys_` and `ids_` say.
  std::map<std::string, std::string, std::less<>> keys_; // Account, by key id,
  std::map<std::string, std::string, std::less<>> ids_;  // by account id.
  std::map<std::string, peer> peers_;                    // By name.
  bool is_draining_ = false;
  bool is_stopping_ = false;
  std::thread worker_;
  std::thread asker_;
};

} // namespace node
