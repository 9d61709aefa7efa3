#pragma once

#include "tests/gateway/running_server.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace gateway_tests {

/// Somebody whom webhooks tell something, on this machine. Says yes, except where it is told what
/// to say.
class receiver {
public:
  /// The next answers, one after the other.
  void will_say(std::deque<unsigned> statuses) {
    const std::lock_guard lock{guard_};
    statuses_ = std::move(statuses);
  }
  [[nodiscard]] std::string url() const {
    return fmt::format("http://127.0.0.1:{}/hook?token=secret", server_.it->port());
  }
  [[nodiscard]] std::size_t count() {
    const std::lock_guard lock{guard_};
    return got_.size();
  }
  /// The first `count` requests, once they have come.
  std::vector<gateway::request> await(std::size_t count) {
    std::unique_lock lock{guard_};
    const auto have_come = [&] { return got_.size() >= count; };
    if (!changed_.wait_for(lock, std::chrono::minutes{2}, have_come))
      BOOST_FAIL("only " << got_.size() << " of " << count << " requests came");
    return got_;
  }

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<unsigned> statuses_;
  std::vector<gateway::request> got_;
  running_server server_{[this](const gateway::request& asked, const gateway::reply& done) {
    unsigned status = 200;
    {
      const std::lock_guard lock{guard_};
      got_.push_back(asked);
      if (!statuses_.empty()) {
        status = statuses_.front();
        statuses_.pop_front();
      }
      changed_.notify_all();
    }
    done(text_answer("", status));
  }};
};

} // namespace gateway_tests
