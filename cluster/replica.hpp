#pragma once

#include "cluster/operations.hpp"
#include "cluster/ownership.hpp"
#include "cluster/partition_log.hpp"

#include <any>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace cluster {

/// What an operation came to; means nothing to a replica.
struct operation_answer {
  std::any value;
};

/// What the log of a partition is applied to. The replica calls it from one thread at a time.
class state_machine {
public:
  /// Called once, on any thread.
  using performed = std::function<void(operation_answer)>;

  virtual ~state_machine() = default;

  /// Performs an operation. `position` rises from call to call, gaps included; after a start
  /// operations may come again from some position on, and must then change nothing that they have
  /// changed before. May return before it is done, but what comes later counts later.
  virtual model::status apply(std::uint64_t position, std::string_view operation,
                              performed done) = 0;
  /// Everything applied so far is durable when this returns: it never comes again.
  virtual model::status settle() = 0;
  /// Makes `apply` and `settle` give up waiting for a disk that refuses.
  virtual void stop() = 0;
  /// Whether this node speaks for the partition from now on. Called on a change, after everything
  /// that the owner before has put into the log is applied.
  virtual void lead(bool is_leader) = 0;
};

struct replica_options {
  std::uint32_t partition = 0;
  std::string node;
  std::filesystem::path state_file; // How far the log was applied, durably.
  ownership_settings ownership{};
  /// An operation waits at most so long for others to share its record.
  std::chrono::milliseconds gather{2};
  std::size_t payload_bytes_max = std::size_t{192} << 10;
  /// What broke the replica before this one, see chain::overrule.
  std::optional<chain::dispute> overruled{};
};

/// Why a replica and the log do not go together any more.
enum class parting : std::uint8_t {
  none,
  cut,      // The log begins behind what was read.
  disputed, // A marker's writer has another past.
  other,    // The log is another one, or lost its end.
};

/// How a replica stands, for those who look.
struct replica_figures {
  std::uint32_t partition = 0;
  bool is_owner = false;
  bool is_leading = false; // Owner, and everything before its time is applied.
  bool is_sure = false;    // See replica::may_answer_strongly.
  std::string owner;       // As the log says; empty = nobody yet, or given up.
  std::uint64_t epoch = 0;
  std::uint64_t position = 0; // Of the last record that was handed to the state machine.
  /// The state machine has done everything up to there. Behind `position` while it works.
  std::uint64_t performed = 0;
  std::uint64_t hash = 0;    // Of the chain there.
  std::uint64_t settled = 0; // Position from which a start would go on.
  std::uint64_t waiting = 0; // Operations that have no place yet.
  std::chrono::milliseconds silence{0};
  std::string trouble; // Empty = none.
  /// Except for `none` the replica does nothing more; another has to start from a snapshot.
  parting parted = parting::none;
  std::optional<chain::dispute> disputed{};
};

/// Records whose operations the state machine was handed and has not performed yet. Any thread.
class unperformed_records {
public:
  void begin(std::uint64_t record);
  void end(std::uint64_t record);
  /// The last record in front of which nothing is open; `handed` is the last one handed over.
  [[nodiscard]] std::uint64_t performed(std::uint64_t handed) const;

private:
  mutable std::mutex guard_;
  std::map<std::uint64_t, std::size_t> open_; // Operations, by record.
};

/// A partition on this node: reads its log, applies it, and, when it is the owner, writes it.
class replica {
public:
  /// What became of an operation: an answer of the state machine; or `conflict` (this node is not
  /// the owner; it was not written), or `unavailable` (it may be in the log or not).
  using performed = std::function<void(model::outcome<operation_answer>)>;

  /// Reads the state file and starts. Fails with storage_broken, newer_format.
  static model::outcome<std::unique_ptr<replica>> start(replica_options options,
                                                        std::unique_ptr<partition_log> log,
                                                        std::shared_ptr<state_machine> machine);
  /// Waits for what is being applied. Whoever waits for an operation hears `unavailable`.
  ~replica();
  replica(const replica&) = delete;
  replica& operator=(const replica&) = delete;

  /// See ownership::stand.
  void stand(std::optional<std::uint32_t> rank);
  /// Any thread.
  void put(std::string operation, performed done);
  /// Gives the partition up in order, for a node or (empty) for whoever ranks first.
  void release(std::string successor);

  /// Whether an answer that is worked out from the state machine now is the partition's.
  [[nodiscard]] bool may_answer_strongly() const;
  [[nodiscard]] replica_figures figures() const;

  /// Runs `work` between two records, when everything applied is durable.
  model::status while_settled(const std::function<model::status(const chain&)>& work);

  /// Where the log stands.
  model::outcome<log_extent> extent();
  /// Cuts the log, but nothing that a start of this replica would read.
  model::status trim(std::uint64_t up_to);

private:
  struct waiting_operation {
    std::string bytes;
    performed done;
    std::chrono::steady_clock::time_point came{};
  };
  /// What an own record carries: the operations that end in it.
  struct own_record {
    std::uint64_t ticket = 0;
    std::uint64_t checksum = 0; // Of the record, by which it is known again.
    std::vector<performed> done;
  };

  replica(replica_options options, std::unique_ptr<partition_log> log,
          std::shared_ptr<state_machine> machine, chain read);
  void read_log();
  void write_log();
  [[nodiscard]] bool take(std::uint64_t sequence, std::string_view bytes);
  void send(wanted_append&& append);
  void gather_operations();
  void settle_appends();
  void refuse_waiting();
  void look_at_leadership();
  model::status save();
  void trouble(std::string what);
  void part(parting why);

  replica_options options_;
  std::unique_ptr<partition_log> log_;
  std::shared_ptr<state_machine> machine_;

  std::mutex applying_; // Held while a record is applied, or settled work runs.
  chain read_;          // With `applying_`; changed with `guard_` too.
  operation_unpacker unpacker_;
  std::uint64_t settled_ = 0;
  std::chrono::steady_clock::time_point settled_at_{};

  mutable std::mutex guard_;
  std::condition_variable woken_;
  ownership owning_;
  std::uint64_t applied_ = 0;
  std::uint64_t applied_hash_ = 0; // Of the chain there.
  std::deque<waiting_operation> waiting_;
  std::size_t front_written_ = 0;           // Of the first waiting operation's bytes.
  std::map<std::uint64_t, own_record> own_; // By the position that each was sent for.
  /// Shared with operations that end when we are gone.
  std::shared_ptr<unperformed_records> unperformed_ = std::make_shared<unperformed_records>();
  std::optional<std::string> release_to_;
  bool is_leading_ = false;
  std::string trouble_;
  parting parted_ = parting::none;
  std::optional<chain::dispute> disputed_;

  std::atomic<bool> is_stopping_ = false;
  std::thread reader_;
  std::thread writer_;
};

/// The clock of `ownership`.
steady_instant boot_time();

} // namespace cluster
