#pragma once

#include "tests/node/small_cluster.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace node_tests {

/// What was sent, and what of it was acknowledged.
struct chaos_account {
  /// People with one order each, that were sent until it was acknowledged.
  std::set<std::string> ordered;
  /// People whose order was sent once: acknowledged, or nobody knows.
  std::set<std::string> sent_once;
  std::set<std::string> perhaps;
  /// The last level of each person whose level rises, all of them acknowledged one after another.
  std::map<std::string, std::uint64_t> levels;
};

/// People who buy, people whose values change, and readers: through all nodes, without a pause,
/// whatever happens to these. Holds every answer against what was acknowledged before it was asked
/// for, and against the answers of other epochs.
class chaos_traffic {
public:
  chaos_traffic(const small_cluster& on, std::uint64_t seed);
  ~chaos_traffic();
  chaos_traffic(const chaos_traffic&) = delete;
  chaos_traffic& operator=(const chaos_traffic&) = delete;

  /// Segments that the traffic moves people in and out of, by name.
  static const std::vector<std::pair<std::string, std::string>>& segments();

  [[nodiscard]] std::uint64_t acknowledged() const {
    return acknowledged_;
  }
  /// Nobody was answered for the longest so long since `mark`.
  void mark();
  [[nodiscard]] std::chrono::milliseconds longest_pause() const;
  /// From now on nobody will leave a segment because time passes.
  void let_nobody_leave() {
    may_leave_ = false;
  }
  /// Each sender gets its last answer. What was wrong so far, in sentences.
  std::vector<std::string> finish();
  /// What was wrong so far.
  [[nodiscard]] std::vector<std::string> contradictions() const;
  /// After `finish`.
  [[nodiscard]] const chaos_account& account() const {
    return account_;
  }
  [[nodiscard]] std::uint64_t epochs() const {
    return highest_;
  }
  [[nodiscard]] std::map<unsigned, std::uint64_t> statuses() const;

private:
  using clock = std::chrono::steady_clock;
  /// One that sends or asks, with a connection that is kept for a while.
  struct visitor {
    std::mt19937_64 chance;
    std::optional<gateway_tests::client> connection{};
    std::size_t node = 0;
  };
  static constexpr std::size_t people_per_source = 4;
  struct source {
    std::array<std::atomic<std::uint64_t>, people_per_source> acknowledged{};
    std::array<std::atomic<std::uint64_t>, people_per_source> attempted{};
    std::array<std::atomic<std::uint64_t>, people_per_source> told{}; // The highest.
  };

  void send_orders(std::size_t number);
  void send_once();
  void send_levels(std::size_t number);
  void read_levels(std::size_t number);

  gateway_tests::received ask(visitor& by, const std::string& text);
  void note_epoch(const gateway_tests::received& told, clock::time_point begun,
                  clock::time_point ended);
  void note_acknowledged();
  void blame(std::string what);
  [[nodiscard]] std::string order(const std::string& person, std::string_view more) const;

  const small_cluster& on_;
  const std::uint64_t seed_;
  std::vector<std::string> headers_;
  std::atomic<bool> is_over_ = false;
  std::atomic<bool> may_leave_ = true;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::array<source, 2> sources_;

  mutable std::mutex guard_;
  chaos_account account_;
  std::vector<std::string> wrong_;
  std::map<unsigned, std::uint64_t> statuses_;
  clock::time_point last_acknowledged_ = clock::now();
  clock::duration longest_{0};
  /// Instants at which an answer of a higher epoch than all before had come.
  std::vector<std::pair<clock::time_point, std::uint64_t>> risen_;
  std::map<std::uint64_t, std::string> leaders_; // By epoch.
  std::uint64_t highest_ = 0;

  std::vector<std::thread> threads_;
};

} // namespace node_tests
