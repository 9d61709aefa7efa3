#include "gateway/lane.hpp"

#include "gateway/connection.hpp"

#include <fmt/chrono.h>

namespace gateway {

namespace asio = boost::asio;

lane::lane(std::chrono::milliseconds tick)
  : work_(context_.get_executor()), timer_(context_.get_executor()), tick_(tick),
    chance_(std::random_device{}()) {
}

void lane::begin() {
  wait_tick();
  thread_ = std::thread([this] { context_.run(); });
}

void lane::end() {
  if (!thread_.joinable())
    return;
  {
    // The last that is posted: whatever came after it might lie in a context that nobody runs any
    // more, and hold on to its connection for ever.
    const std::lock_guard lock{guard_};
    has_ended_ = true;
    asio::post(context_, [this] { close_all(); });
  }
  thread_.join();
}

bool lane::add(std::shared_ptr<connection> c) {
  if (is_closing_)
    return false;
  connections_.insert(std::move(c));
  load_.store(connections_.size(), std::memory_order_relaxed);
  return true;
}

void lane::remove(const std::shared_ptr<connection>& c) {
  connections_.erase(c);
  load_.store(connections_.size(), std::memory_order_relaxed);
  if (is_closing_ && connections_.empty())
    timer_.cancel();
}

void lane::close_all() {
  is_closing_ = true;
  work_.reset();
  const std::vector<std::shared_ptr<connection>> all{connections_.begin(), connections_.end()};
  for (const auto& each : all)
    each->close_unless_closing();
  if (connections_.empty())
    timer_.cancel();
}

const std::string& lane::date() {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  if (now != date_second_) {
    date_second_ = now;
    date_ = fmt::format("{:%a, %d %b %Y %H:%M:%S} GMT",
                        fmt::gmtime(std::chrono::system_clock::to_time_t(now)));
  }
  return date_;
}

void lane::wait_tick() {
  timer_.expires_after(tick_);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (cancelled || (is_closing_ && connections_.empty()))
      return;
    const auto now = std::chrono::steady_clock::now();
    // A look may close a connection, which takes it out of the set.
    const std::vector<std::shared_ptr<connection>> all{connections_.begin(), connections_.end()};
    for (const auto& each : all)
      each->look(now);
    wait_tick();
  });
}

void worker_pool::end() {
  {
    const std::lock_guard lock{guard_};
    has_ended_ = true;
  }
  pool_.join();
}

} // namespace gateway
