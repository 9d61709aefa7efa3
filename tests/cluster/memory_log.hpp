#pragma once

#include "cluster/partition_log.hpp"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace cluster_tests {

/// What the logs that are opened on it share.
class memory_records {
public:
  explicit memory_records(std::size_t bytes_max = std::size_t{1} << 30) : bytes_max_{bytes_max} {
  }

  model::outcome<std::uint64_t> append(std::uint64_t last, std::string bytes) {
    if (bytes.empty() || bytes.size() > cluster::partition_log::record_bytes_max)
      return model::failure{model::failure_code::invalid_input, "a record of no or too many bytes"};
    const std::scoped_lock lock{mutex_};
    if (last != last_)
      return model::failure{model::failure_code::conflict, "the log ends elsewhere"};
    if (bytes_ + bytes.size() > bytes_max_)
      return model::failure{model::failure_code::storage_full, "the log is full"};
    bytes_ += bytes.size();
    records_.emplace(++last_, std::move(bytes));
    grown_.notify_all();
    return last_;
  }

  cluster::log_extent extent() const {
    const std::scoped_lock lock{mutex_};
    return {records_.empty() ? last_ + 1 : records_.begin()->first, last_};
  }

  void trim(std::uint64_t up_to) {
    const std::scoped_lock lock{mutex_};
    while (!records_.empty() && records_.begin()->first <= up_to) {
      bytes_ -= records_.begin()->second.size();
      records_.erase(records_.begin());
    }
  }

  /// Waits for the record; none after `patience`.
  std::optional<std::string> find(std::uint64_t sequence, std::chrono::milliseconds patience) {
    std::unique_lock lock{mutex_};
    grown_.wait_for(lock, patience, [&] { return last_ >= sequence; });
    const auto found = records_.find(sequence);
    return found == records_.end() ? std::nullopt : std::optional{found->second};
  }

private:
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable grown_;
  std::uint64_t last_ = 0;
  std::size_t bytes_ = 0;
  std::map<std::uint64_t, std::string> records_;
};

/// The log of a partition in memory, for what stands on one. It does what the interface says, and
/// passes the tests that every other does.
class memory_log final : public cluster::partition_log {
public:
  explicit memory_log(std::shared_ptr<memory_records> records) : records_{std::move(records)} {
  }
  ~memory_log() override {
    {
      const std::scoped_lock lock{mutex_};
      stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
  }
  memory_log(const memory_log&) = delete;
  memory_log& operator=(const memory_log&) = delete;

  model::outcome<std::uint64_t> append(std::uint64_t last, std::string_view bytes) override {
    return records_->append(last, std::string{bytes});
  }

  void submit(std::uint64_t last, std::string bytes, appended done) override {
    const std::scoped_lock lock{mutex_};
    submitted_.push_back({last, std::move(bytes), std::move(done)});
    changed_.notify_all();
  }

  model::status read(std::uint64_t from, std::chrono::milliseconds patience,
                     const std::function<bool(std::uint64_t, std::string_view)>& each) override {
    if (from > records_->extent().last + 1)
      return model::failure{model::failure_code::conflict, "the log ends before"};
    for (auto next = std::max<std::uint64_t>(from, 1);; ++next) {
      const auto bytes = records_->find(next, patience);
      if (next < records_->extent().first && !bytes)
        return model::failure{model::failure_code::not_found, "the record was cut"};
      if (!bytes || !each(next, *bytes))
        return model::nothing{};
    }
  }

  model::outcome<cluster::log_extent> extent() override {
    return records_->extent();
  }

  model::status trim(std::uint64_t up_to) override {
    records_->trim(up_to);
    return model::nothing{};
  }

private:
  struct submission {
    std::uint64_t last;
    std::string bytes;
    appended done;
  };

  void work() {
    std::unique_lock lock{mutex_};
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !submitted_.empty(); });
      if (submitted_.empty())
        return;
      auto next = std::move(submitted_.front());
      submitted_.pop_front();
      const bool refused = stopping_;
      lock.unlock();
      if (refused)
        next.done(model::failure{model::failure_code::unavailable, "the log is being closed"});
      else
        next.done(records_->append(next.last, std::move(next.bytes)));
      lock.lock();
    }
  }

  const std::shared_ptr<memory_records> records_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::deque<submission> submitted_;
  std::thread thread_{[this] { work(); }};
};

} // namespace cluster_tests
