#pragma once

#include "storage/environment.hpp"

#include <lmdb.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

/// What environment.cpp and transaction.cpp share; no other file includes this.
namespace storage {

struct environment_state {
  std::filesystem::path directory;
  environment_options options;
  MDB_env* env = nullptr;
  std::array<MDB_dbi, keyspaces.size()> spaces{};
  std::uint64_t map_size = 0;
  int lock_file = -1;
  std::array<std::uint64_t, 2> identity{}; // Device and inode of the directory.
  std::atomic<std::uint64_t> unaligned_reads = 0;

  std::mutex gate;
  std::condition_variable gate_moved;
  std::uint64_t readers = 0; // Open read transactions. Guarded by the gate, as are the next two.
  std::uint64_t writers = 0; // Open or waiting write transactions.
  bool closed_off = false;   // The map is being moved: nobody may begin.

  ~environment_state();

  /// Lets a transaction begin, unless the map is being moved: then waits.
  void enter(bool writes);
  void leave(bool writes);

  /// Runs `move` when no transaction is open, holding new ones back. False: they did not end in
  /// time.
  bool alone(const std::function<void()>& move);

  /// Opens data.mdb and the keyspaces, checks the format.
  model::status open_map();
  void close_map();

  /// LMDB's or the system's error as a failure: "cannot <what> in <directory>: …".
  [[nodiscard]] model::failure failure_of(int error, std::string_view what) const;
};

struct transaction_state {
  environment_state& home;
  MDB_txn* txn = nullptr;
  bool writes = false;
  bool map_full = false;
  std::optional<model::failure> failed{};
  std::vector<std::function<void()>> after_commit{};
  std::deque<std::vector<word>> copies{}; // Of records that stood at odd addresses.
  bool left = false;

  ~transaction_state();

  /// The transaction is over: the map may move, the environment close.
  void leave();
  void fail(int error, std::string_view what);
  /// The record in place, or a copy when it is not aligned; nothing (and a failure) when it is not
  /// whole words.
  std::optional<words_view> value_of(const MDB_val& v, keyspace space);
};

} // namespace storage
