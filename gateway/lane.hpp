#pragma once

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_set>
#include <utility>
#include <vector>

// Inside the folder only.
namespace gateway {

class connection;

using io_executor = boost::asio::io_context::executor_type;
using tcp_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, io_executor>;
using io_timer = boost::asio::basic_waitable_timer<
  std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, io_executor>;

/// One I/O thread and the connections that it serves, which no other thread touches.
class lane {
public:
  /// Looks at its connections' deadlines once a `tick`.
  explicit lane(std::chrono::milliseconds tick);
  lane(const lane&) = delete;
  lane& operator=(const lane&) = delete;

  void begin();
  /// Closes its connections, except that those which have said their last word may wait for the
  /// client to hear it. Finishes what was posted and joins the thread; takes nothing afterwards.
  void end();

  [[nodiscard]] io_executor executor() {
    return context_.get_executor();
  }
  /// Runs `work` on the lane's thread, from any thread; false = it has ended, and `work` is gone.
  template <class Work>
  bool post(Work&& work) {
    const std::lock_guard lock{guard_};
    if (has_ended_)
      return false;
    boost::asio::post(context_, std::forward<Work>(work));
    return true;
  }

  // On the lane's thread.
  /// False = the lane is at its end; the connection has to go.
  bool add(std::shared_ptr<connection> c);
  void remove(const std::shared_ptr<connection>& c);
  /// The present second as the header Date has it.
  const std::string& date();
  [[nodiscard]] std::mt19937_64& chance() {
    return chance_;
  }

  /// Where the next connection should not go; from any thread.
  [[nodiscard]] std::size_t load() const {
    return load_.load(std::memory_order_relaxed);
  }

private:
  void wait_tick();
  void close_all();

  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<io_executor> work_;
  io_timer timer_;
  std::chrono::milliseconds tick_;
  std::thread thread_;
  std::mutex guard_;
  bool has_ended_ = false;
  bool is_closing_ = false;
  std::unordered_set<std::shared_ptr<connection>> connections_;
  std::atomic<std::size_t> load_ = 0;
  std::mt19937_64 chance_;
  std::chrono::sys_seconds date_second_{};
  std::string date_;
};

/// Threads for what may wait. Like a lane it takes nothing once it has ended.
class worker_pool {
public:
  explicit worker_pool(std::size_t threads) : pool_(threads) {
  }

  template <class Work>
  bool post(Work&& work) {
    const std::lock_guard lock{guard_};
    if (has_ended_)
      return false;
    boost::asio::post(pool_, std::forward<Work>(work));
    return true;
  }
  [[nodiscard]] bool runs_here() {
    return pool_.get_executor().running_in_this_thread();
  }
  /// Does what was posted, then joins.
  void end();

private:
  boost::asio::thread_pool pool_;
  std::mutex guard_;
  bool has_ended_ = false;
};

} // namespace gateway
