#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <unordered_map>
#include <utility>
#include <vector>

namespace actors {

/// What is counted about one actor. The actor writes, anybody reads; every number is true by
/// itself, not all of them together.
class actor_record {
public:
  using clock = std::chrono::steady_clock;
  static constexpr std::size_t
    types_max = 32; // Message types counted apart; the rest goes together.

  actor_record(std::uint64_t id, std::uint64_t parent);

  void message_arrived() {
    arrived_.fetch_add(1, std::memory_order_relaxed);
  }
  void message_begins(const std::type_info* type, clock::time_point now);
  void message_ends(clock::time_point now, bool was_handled);
  void ended() {
    alive_.store(false, std::memory_order_relaxed);
  }
  void call_it(std::string kind, std::string name);
  void note_error(std::string text);

  /// A copy of everything at one moment.
  struct reading {
    std::uint64_t id = 0;
    std::uint64_t parent = 0;
    std::string kind;
    std::string name;
    std::string last_error;
    bool alive = true;
    std::uint64_t arrived = 0;
    std::uint64_t depth = 0;
    std::uint64_t depth_max = 0;
    std::vector<std::pair<std::string, std::uint64_t>> by_type; // Most frequent first.
    std::chrono::nanoseconds busy{0};
    clock::time_point born{};
    clock::time_point running_since{}; // Of the message it is at; the clock's epoch = none.
  };
  [[nodiscard]] reading read() const;
  [[nodiscard]] std::uint64_t id() const {
    return id_;
  }

private:
  struct type_count {
    std::atomic<const std::type_info*> type{nullptr};
    std::atomic<std::uint64_t> count{0};
  };
  const std::uint64_t id_;
  const std::uint64_t parent_;
  const clock::time_point born_ = clock::now();
  std::atomic<bool> alive_{true};
  std::atomic<std::uint64_t> arrived_{0};
  std::atomic<std::uint64_t> handled_{0};
  std::atomic<std::uint64_t> depth_max_{0};
  std::atomic<std::int64_t> busy_ns_{0};
  std::atomic<clock::rep> running_since_{0};
  std::array<type_count, types_max> types_{};
  std::atomic<std::uint64_t> other_types_{0};
  mutable std::mutex texts_;
  std::string kind_;
  std::string name_;
  std::string last_error_;
};

/// Every actor of one actor system, the last ones that ended included.
class actor_directory {
public:
  static constexpr std::size_t ended_max = 100;

  /// `stop` asks the actor to end soon, before anything else that waits for it.
  void add(std::shared_ptr<actor_record> record, std::function<void()> stop);
  /// Moves a record to the ended ones, of which the oldest is forgotten.
  void retire(std::uint64_t id);
  void stop_all();
  /// False = no such actor is alive.
  bool stop(std::uint64_t id);
  /// In order of ids, living ones first.
  [[nodiscard]] std::vector<actor_record::reading> read() const;

private:
  mutable std::mutex guard_;
  struct living_actor {
    std::shared_ptr<actor_record> record;
    std::function<void()> stop;
  };
  std::unordered_map<std::uint64_t, living_actor> living_;
  std::deque<std::shared_ptr<actor_record>> ended_;
};

/// A message type as people read it: without namespaces and wrappers.
std::string readable_type(const std::type_info& type);

} // namespace actors
