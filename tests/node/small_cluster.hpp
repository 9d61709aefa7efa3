#pragma once

#include "tests/cluster/host_network.hpp"
#include "tests/cluster/nats_servers.hpp"
#include "tests/gateway/client.hpp"
#include "tests/node/program.hpp"
#include "tests/node/sized_disk.hpp"

#include <boost/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace node_tests {

struct small_cluster_options {
  std::size_t nodes = 3;
  std::size_t servers = 3;
  unsigned partitions = 2;
  unsigned ttl_ms = 3'000;
  std::uint64_t snapshot_records = 0; // 0 = as delivered.
  std::string more_lines{};           // Of cluster.toml, in front.
  std::uint64_t log_mebibytes_max = 64;
  std::string log_level = "warn";
  /// Each node on a host of its own with a NATS server, small disks for both, and a wall clock of
  /// its own; else all are on loopback.
  bool on_hosts = false;
  std::uint64_t seed = 1; // Of the network.
};

/// Nodes as users run them, programs of their own on NATS servers, that can be killed, frozen and
/// started again. Made and ended on one thread, which is on the host of the clients meanwhile.
class small_cluster {
public:
  /// Makes its file; no node runs.
  explicit small_cluster(small_cluster_options wanted = {});
  ~small_cluster();
  small_cluster(const small_cluster&) = delete;
  small_cluster& operator=(const small_cluster&) = delete;

  [[nodiscard]] std::size_t size() const {
    return options_.nodes;
  }
  static std::string name(std::size_t node);
  [[nodiscard]] std::string file() const;
  [[nodiscard]] std::filesystem::path data(std::size_t node) const;
  [[nodiscard]] std::string log_of(std::size_t node) const;

  void start(std::size_t node);
  /// Waits for a node that was started to say that it listens.
  [[nodiscard]] bool listens(std::size_t node);
  /// All of them, until the cluster is sound and has a key.
  void start_all();
  void kill(std::size_t node);
  /// In order. Its exit status.
  int stop(std::size_t node);
  void send(std::size_t node, int signal);
  [[nodiscard]] bool runs(std::size_t node) const {
    return nodes_.at(node) != nullptr;
  }

  /// `rollcall cluster WHAT`, as the first node.
  [[nodiscard]] finished_run ask(const std::string& what, std::vector<std::string> more = {}) const;
  /// What each node tells of its replicas; empty = nobody tells.
  [[nodiscard]] boost::json::array status() const;
  /// What a node tells of its replica of partition 0; nothing = it is not there.
  [[nodiscard]] std::optional<boost::json::object> replica(std::size_t node) const;
  /// Who leads the first partition; nothing = nobody, or nobody tells.
  [[nodiscard]] std::optional<std::size_t> leader() const;
  /// Who leads the default account's.
  [[nodiscard]] std::optional<std::size_t> leader_of_account() const;
  /// The stream of the default account's partition.
  [[nodiscard]] std::string account_stream() const;
  [[nodiscard]] bool is_sound() const;
  /// Patience of two minutes. `tell` hears what is still wrong, whenever that changes. Nodes that
  /// ended by themselves are started again, as the system's service manager does; those that a
  /// signal ended are a failure.
  void until_sound(const std::function<void(std::string)>& tell = {});
  void make_key();

  [[nodiscard]] const std::string& address(std::size_t node) const {
    return addresses_.at(node);
  }
  [[nodiscard]] std::uint16_t port(std::size_t node) const {
    return ports_.at(node);
  }
  /// Of every request.
  [[nodiscard]] std::vector<std::string> headers() const;
  /// A request on a connection of its own. Status 0 = the node is not there, or has broken off.
  [[nodiscard]] gateway_tests::received
  get(std::size_t node, std::string_view target,
      std::chrono::milliseconds patience = std::chrono::seconds{10}) const;
  [[nodiscard]] gateway_tests::received
  post(std::size_t node, std::string_view target, std::string_view body,
       std::chrono::milliseconds patience = std::chrono::seconds{10}) const;

  /// Null = all are on loopback. Host i is node i's; the last one is the clients'.
  [[nodiscard]] cluster_tests::host_network* network() const {
    return network_.get();
  }
  /// Of a node and of a server; only with hosts of their own.
  [[nodiscard]] const sized_disk& disk(std::size_t node) const {
    return *disks_.at(node);
  }
  [[nodiscard]] const sized_disk& server_disk(std::size_t server) const {
    return *disks_.at(options_.nodes + server);
  }
  /// Whether nodes have wall clocks that can be set.
  [[nodiscard]] bool has_clocks() const {
    return !clock_library_.empty();
  }
  void set_clock(std::size_t node, std::chrono::seconds off_by) const;

  [[nodiscard]] cluster_tests::nats_servers& servers() const {
    return *servers_;
  }

  template <class Condition>
  static bool comes_true(const Condition& condition,
                         std::chrono::seconds patience = std::chrono::seconds{30}) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() >= until)
        return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
    }
    return true;
  }

private:
  void make_disks();
  void supervise();
  void init();
  gateway_tests::received exchange(std::size_t node, const std::string& text,
                                   std::chrono::milliseconds patience) const;

  small_cluster_options options_;
  scratch_directory scratch_;
  std::vector<std::unique_ptr<sized_disk>> disks_; // Of nodes, then of servers.
  std::unique_ptr<cluster_tests::host_network> network_;
  std::optional<cluster_tests::host_network::stay> with_clients_;
  std::unique_ptr<cluster_tests::nats_servers> servers_;
  std::vector<std::string> addresses_;
  std::vector<std::uint16_t> peer_ports_;
  std::vector<std::uint16_t> ports_;
  std::string clock_library_;
  std::string key_;
  std::vector<std::unique_ptr<running_program>> nodes_;
  std::vector<std::chrono::steady_clock::time_point> started_;
};

} // namespace node_tests
