#pragma once

#include "cluster/chain.hpp"
#include "cluster/ownership.hpp"
#include "cluster/placement.hpp"
#include "cluster/retention.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <queue>
#include <random>
#include <string>
#include <vector>

namespace cluster_tests {

/// How often what happened, so that a test can see that it tested something.
struct simulation_figures {
  std::chrono::milliseconds longest_recovery{}; // From the last fault until all is well.
  std::uint64_t events = 0;
  std::uint64_t acknowledged = 0;
  std::uint64_t unknown = 0; // Operations whose fate their sender did not hear.
  std::uint64_t markers = 0; // In force.
  std::uint64_t stale = 0;   // Records of an earlier epoch behind a newer marker.
  std::uint64_t cut_off = 0; // Records of the latest epoch behind such a one.
  std::uint64_t refused = 0; // Appends, because the log ended elsewhere.
  std::uint64_t
    late = 0; // Records that came into the log after their sender was told "unavailable".
  std::uint64_t releases = 0;      // In force.
  std::uint64_t snapshots = 0;     // In force.
  std::uint64_t trimmed = 0;       // Records.
  std::uint64_t bootstraps = 0;    // From a snapshot.
  std::uint64_t strong_checks = 0; // Strong answers held against what was acknowledged.
};
void add(simulation_figures& to, const simulation_figures& more);

/// A whole cluster around one partition, in one thread, from a seed: log, links, clocks, disks,
/// nodes that freeze, die, come back, join and are drained, and senders of operations. After a
/// while all faults stop; then everything must get through within a bounded time.
class simulated_cluster {
public:
  explicit simulated_cluster(std::uint64_t seed);

  /// What was wrong; empty = nothing.
  std::string run();
  [[nodiscard]] const simulation_figures& figures() const {
    return figures_;
  }

private:
  using duration = std::chrono::nanoseconds;
  using outcome_code = std::uint64_t; // 0 = appended; else a model::failure_code.

  enum class what : std::uint8_t {
    tick,
    arrive,
    outcome,
    read,
    traffic,
    snapshot,
    retain,
    trim,
    started,
    fault,
    calm,
  };
  struct event {
    duration at{};
    std::uint64_t order = 0;
    what kind{};
    std::uint32_t node = 0;
    std::uint32_t life = 0;
    std::uint64_t a = 0;
    std::uint64_t b = 0;
    bool operator<(const event& other) const { // For a queue whose top is the earliest.
      return std::tie(at, order) > std::tie(other.at, other.order);
    }
  };

  /// What a replica keeps: it moves as one, like an LMDB environment.
  struct replica {
    cluster::chain log;
    std::vector<std::uint32_t> counts; // Of each sender, the last operation that was applied.
    std::uint64_t digest = 0;
    std::vector<cluster::snapshot_payload> snapshots; // As records said.
  };
  struct request {
    std::uint32_t node = 0;
    std::uint32_t life = 0;
    cluster::wanted_append wanted;
    bool answered = false;
  };
  /// Who asked for an append.
  struct asked {
    std::uint32_t sender = 0;
    std::uint32_t count = 0; // 0 = no operation.
  };
  struct node {
    std::string name;
    double speed = 1; // Of its clock.
    duration clock_start{};
    bool member = false;
    bool draining = false;
    bool alive = false;
    std::uint32_t life = 0;
    duration alive_since{};
    duration died_at{};
    duration frozen_until{};
    duration cut_until{};
    bool cut_takes_more = false; // The next append too is lost, not only late.
    duration slow_until{};
    duration withheld_until{};
    bool withheld_head = false; // The first is lost already.
    duration latency{};
    duration last_arrival{};
    std::optional<replica> memory;
    std::optional<replica> durable;
    std::optional<replica> incoming; // Being fetched.
    duration incoming_since{};
    std::optional<cluster::ownership> own;
    bool read_is_due = false;
    std::map<std::uint64_t, replica> snapshots;
    std::vector<std::string> ranked; // As it thinks.
    std::map<std::uint64_t, asked> asked_for;
    std::uint64_t owned_epoch = 0;
    duration owner_since{};
  };
  struct sender {
    std::uint32_t acknowledged = 0;
    std::uint32_t sent = 0; // acknowledged + those on their way.
    std::uint32_t at_node = 0;
    std::uint32_t goal = 0;
  };
  /// What the log means at a position, by whoever read it first.
  struct truth {
    std::uint64_t hash = 0;
    std::uint64_t digest = 0;
    cluster::decision decided{};
  };

  // Chance.
  std::uint64_t below(std::uint64_t n);
  bool chance(std::uint64_t one_in);
  duration between(std::chrono::milliseconds low, std::chrono::milliseconds high);

  // The queue.
  void later(duration in, what kind, std::uint32_t at = 0, std::uint64_t a = 0,
             std::uint64_t b = 0);
  void handle(const event& e);
  void complain(const std::string& about);

  // The log and the links to it.
  void submit(std::uint32_t n, cluster::wanted_append wanted);
  void arrive(const event& e);
  void answer(const event& e);
  void read(std::uint32_t n);
  void wake_reader(std::uint32_t n);
  [[nodiscard]] duration latency_of(const node& n);

  // Replicas.
  void apply(replica& to, std::uint64_t position, const cluster::record& r,
             cluster::decision decided);
  void hold_against_truth(const replica& r, std::uint64_t position, cluster::decision decided);
  void start_replica(std::uint32_t n);
  void replica_started(std::uint32_t n);
  void drop_replica(node& n);

  // Nodes.
  [[nodiscard]] cluster::steady_instant clock(const node& n) const;
  [[nodiscard]] bool running(const node& n) const;
  [[nodiscard]] bool reaches_log(const node& n) const;
  [[nodiscard]] std::vector<cluster::replica_position> live_positions() const;
  [[nodiscard]] node* owner();
  [[nodiscard]] std::uint32_t index_of(const node& n) const;
  void tick(std::uint32_t n);
  void look_around(node& n);
  void hand_over(std::uint32_t n);
  void settle(node& n);
  void kill(std::uint32_t n);
  void revive(std::uint32_t n, bool with_disk);
  bool may_lose_disk(std::uint32_t n) const;

  // The rest of the world.
  void traffic(std::uint32_t s);
  void take_snapshot();
  void retain();
  [[nodiscard]] std::size_t usable_snapshots(std::uint64_t cut_up_to) const;
  void trim(std::uint64_t up_to, duration decided_at);
  void fault();
  void cut(node& n);
  void calm();
  void watch();
  [[nodiscard]] bool all_is_well();
  [[nodiscard]] std::string state();

  std::uint64_t seed_;
  std::mt19937_64 random_;
  simulation_figures figures_;
  std::string complaint_;
  duration now_{};
  std::uint64_t order_ = 0;
  bool calm_ = false;
  std::priority_queue<event> queue_;

  cluster::ownership_settings settings_;
  duration tick_every_{};
  duration patience_{}; // How long an append may take before its sender hears "unavailable".
  std::uint32_t partition_ = 0;
  std::size_t replicas_ = 0;
  std::vector<node> nodes_;
  std::vector<sender> senders_;
  std::deque<request> requests_;

  struct entry {
    std::string bytes;
    cluster::record r; // Its payload lies in `bytes`.
  };
  std::deque<entry> log_; // From sequence 1; cut ones stay for the checks.
  std::uint64_t first_ = 1;
  duration log_down_until_{};
  std::vector<std::uint64_t> withheld_; // Requests that come in behind the next marker.

  std::vector<truth> truth_;                         // By position.
  std::vector<std::vector<std::uint64_t>> taken_at_; // By sender and count: where it had effect.
  std::map<std::uint64_t, asked> promised_;          // By position: acknowledged, not read yet.
};

} // namespace cluster_tests
