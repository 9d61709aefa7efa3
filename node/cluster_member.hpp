#pragma once

#include "cluster/cluster_file.hpp"
#include "cluster/placement.hpp"
#include "cluster/replica.hpp"
#include "cluster/retention.hpp"
#include "cluster/tunnel.hpp"
#include "gateway/accounts.hpp"
#include "gateway/registry.hpp"
#include "gateway/server.hpp"
#include "node/cluster_accounts.hpp"
#include "node/snapshot_shelf.hpp"

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
  std::uint32_t clients_max = 4096; // Connections of clients, of which each may be led to a peer.
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
  /// How many connections come in there at most.
  [[nodiscard]] std::uint32_t peer_connections_max() const;

  /// See gateway::server_options::direct. `is_from_peer`: the request was led here already.
  [[nodiscard]] gateway::direction direct(const gateway::request& asked, bool is_from_peer);
  /// Whether the request is for an account that is served elsewhere, or nowhere, by now.
  [[nodiscard]] bool has_elsewhere(const gateway::request& asked) const;
  /// A new account, served by whoever leads it. See gateway::accounts_options::make_elsewhere.
  model::status make_account(std::string_view name);
  /// Of this node's replicas and of its peers, for `/metrics`.
  void write_figures(gateway::exposition& to) const;
  /// An order or question of the cluster's own, below `cluster_paths`.
  [[nodiscard]] gateway::answer obey(const gateway::request& asked);

private:
  /// A snapshot, and who has it.
  struct snapshot_choice {
    std::uint64_t position = 0;
    std::string node;
    friend auto operator<=>(const snapshot_choice&, const snapshot_choice&) = default;
  };
  using clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds peer_alive_for{4};

  /// A replica and what it is applied to. Goes in order.
  struct running_replica {
    std::shared_ptr<cluster_accounts> accounts;
    std::unique_ptr<cluster::replica> it;
    /// Waits for what is being applied, and closes the accounts.
    void end();
    ~running_replica();
  };
  struct partition {
    partition(std::uint32_t its_number, std::filesystem::path its_directory)
      : number(its_number), directory(std::move(its_directory)),
        snapshots(directory / snapshots_folder) {
    }
    const std::uint32_t number;
    const std::filesystem::path directory;
    const snapshot_shelf snapshots;

    // With `guard_`.
    std::shared_ptr<running_replica> now; // Null while it starts from a snapshot.
    bool is_served = false;
    clock::time_point led_since{};
    bool is_snapshot_wanted = false;
    bool is_kept_closed = false;   // Nobody is to be served, for the sake of a snapshot.
    std::uint64_t starts_from = 0; // While `now` is null: where the next replica will stand,
    std::string doing;             // and what goes on.

    // Of the keeper.
    clock::time_point not_before{}; // Of the next attempt at anything.
    std::uint64_t cut = 0;          // The log, up to there.
    std::optional<cluster::chain::dispute> overruled;
    std::optional<snapshot_choice> came_from; // What the replica started from,
    std::set<snapshot_choice> passed_over;    // and what it should not start from again.
  };
  /// What a node tells of its replica.
  struct peer_replica {
    std::uint64_t position = 0;
    std::uint64_t settled = 0;
    std::vector<std::uint64_t> snapshots;
    bool is_sound = false; // It goes together with the log.
    bool leads = false;
  };
  struct peer {
    std::unique_ptr<cluster::tunnel_outlet> outlet;
    clock::time_point heard{};             // Zero = it does not answer at the moment.
    clock::time_point told = clock::now(); // The last time it did, or since when we listen.
    bool is_draining = false;
    std::map<std::uint32_t, peer_replica> replicas; // By partition.
  };

  explicit cluster_member(cluster_member_options wanted);
  model::status open_partitions();
  model::outcome<std::shared_ptr<running_replica>> open_replica(partition& p);
  /// Null while it starts from a snapshot.
  [[nodiscard]] std::shared_ptr<running_replica> running(const partition& p) const;
  [[nodiscard]] bool may_lack_accounts() const;
  [[nodiscard]] std::uint32_t connections_per_peer_max() const;
  model::status open_outlets();
  void stand();
  void wake();
  void work();
  void ask_peers();
  void ask_peer(const std::string& name, peer& of);
  model::outcome<std::string> ask_peer_for(const std::string& name, std::string_view method,
                                           const std::string& what) const;
  void serve_partition(partition& p, bool is_leader);
  void refresh_index();
  void hand_over();
  std::optional<model::failure> ensure_default_account();

  // node/cluster_keeping.cpp: snapshots, the length of the log, and starting anew.
  void keep();
  void keep_partition(partition& p);
  model::status make_snapshot(partition& p, const running_replica& of);
  void cut_log(partition& p, const running_replica& of);
  model::status start_anew(partition& p, const std::shared_ptr<running_replica>& broken);
  model::status replace_replica(partition& p, const std::shared_ptr<running_replica>& broken,
                                bool is_set_aside);
  model::status obtain(partition& p, const snapshot_choice& from);
  model::status order_snapshot(const partition& p);
  [[nodiscard]] std::vector<snapshot_choice> choices(const partition& p,
                                                     const cluster::log_extent& log) const;
  void say(partition& p, std::string doing, std::uint64_t starts_from);
  [[nodiscard]] std::vector<cluster::roster_entry> roster() const;
  partition* partition_of(std::string_view account);
  /// By the id of a key, or, where that is empty, the account's own.
  [[nodiscard]] std::optional<std::string> account_with(std::string_view key,
                                                        const std::string* id) const;
  /// The one that a request names; null = this node has none of that number.
  [[nodiscard]] const partition* named(const gateway::request& asked) const;
  [[nodiscard]] gateway::answer tell_status() const;
  [[nodiscard]] gateway::answer tell_snapshot(const gateway::request& asked) const;
  [[nodiscard]] gateway::answer tell_snapshot_file(const gateway::request& asked) const;
  gateway::answer want_snapshot(const gateway::request& asked);
  gateway::answer make_key(const gateway::request& asked);
  gateway::answer move(const gateway::request& asked);
  gateway::answer drain(const gateway::request& asked);

  cluster_member_options options_;
  std::string secret_;
  std::shared_ptr<cluster::nats_connection> nats_;
  std::map<std::uint32_t, std::unique_ptr<partition>> partitions_;
  cluster::tunnel_threads tunnel_threads_;
  std::unique_ptr<cluster::tunnel_listener> listener_;

  std::mutex serving_; // Held while accounts of a partition begin or cease to be served.
  gateway::accounts* accounts_ = nullptr;
  account_listener opened_;
  account_listener closed_;

  mutable std::mutex guard_;
  std::condition_variable woken_;
  bool has_news_ = false;
  bool is_index_wanted_ = false;
  clock::time_point index_begun_{};                      // Of what `keys_` and `ids_` say.
  std::map<std::string, std::string, std::less<>> keys_; // Account, by key id,
  std::map<std::string, std::string, std::less<>> ids_;  // by account id.
  std::map<std::string, peer> peers_;                    // By name.
  bool is_draining_ = false;
  bool is_stopping_ = false;
  std::thread worker_;
  std::thread asker_;
  std::thread keeper_;
};

} // namespace node
