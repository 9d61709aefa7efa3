#pragma once

#include "cluster/replica.hpp"

#include <rollcall/rollcall.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace node {

/// The way from an engine to the log of its partition.
class partition_door {
public:
  /// Until there is a replica, and after it is gone, nothing gets through.
  void open(cluster::replica* to);
  void close();
  void put(std::string operation, cluster::replica::performed done);

private:
  std::shared_mutex guard_;
  cluster::replica* to_ = nullptr;
};

/// An account of a partition on this node.
struct hosted_account {
  std::string name;
  std::filesystem::path directory;
  std::shared_ptr<rollcall::engine> engine; // Null while it is closed, see `while_closed`.
};

/// The accounts of one cluster partition, as this node holds them: engines that perform what the
/// log says. Whoever leads has them served.
class cluster_accounts final : public cluster::state_machine {
public:
  struct options {
    std::uint32_t partition = 0;
    std::filesystem::path directory; // Each account has one of its name below it.
    /// Called with every change of leadership, and with each account that comes while this node
    /// leads; must not wait for an operation.
    std::function<void(bool is_leader)> lead;
    std::function<void()> came;
  };

  /// Opens every account that is there.
  static model::outcome<std::shared_ptr<cluster_accounts>> open(options wanted);

  [[nodiscard]] const std::shared_ptr<partition_door>& door() const {
    return door_;
  }
  [[nodiscard]] std::vector<hosted_account> all() const;

  /// Nobody but us holds an engine.
  [[nodiscard]] bool is_unused() const;
  /// Closes every engine, works on the directories, and opens them again. Only while nothing is
  /// applied. `in_use`, and nothing was closed, when somebody holds an engine for longer than
  /// `patience`.
  model::status while_closed(std::chrono::milliseconds patience,
                             const std::function<model::status()>& work);

  model::status apply(std::uint64_t position, std::string_view operation, performed done) override;
  model::status settle() override;
  void stop() override;
  void lead(bool is_leader) override;

private:
  explicit cluster_accounts(options wanted)
    : options_(std::move(wanted)), door_(std::make_shared<partition_door>()) {
  }
  model::outcome<hosted_account> open_account(std::string_view name, rollcall::options wanted);
  model::status create(std::uint64_t position, std::string_view name, model::instant at,
                       const std::vector<std::string>& texts, const performed& done);
  model::outcome<std::shared_ptr<rollcall::engine>> find(std::string_view name) const;
  model::status open_again(const std::string& name);

  options options_;
  std::shared_ptr<partition_door> door_;
  mutable std::mutex guard_;
  std::map<std::string, hosted_account, std::less<>> accounts_;
  std::uint64_t applied_ = 0; // The position performed last.
  std::atomic<bool> is_stopping_ = false;
};

/// An operation that creates an account, for the log of its partition.
std::string new_account_operation(std::string_view name);
/// One that only lets time pass.
std::string tick_operation();

} // namespace node
