#pragma once

#include "cluster/nats_stream.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace cluster {

/// Sends records to one stream and waits for what becomes of them, on a thread of its own. The
/// library has the same, but forgets what was on its way when a connection is lost.
class nats_answers {
public:
  nats_answers(nats_connection& connection, nats_stream_name name);
  /// Whoever still waits hears `unavailable` before it returns.
  ~nats_answers();
  nats_answers(const nats_answers&) = delete;
  nats_answers& operator=(const nats_answers&) = delete;

  void submit(std::uint64_t last, std::string_view bytes, partition_log::appended done);

private:
  using result = model::outcome<std::uint64_t>;

  // Where answers come to, as long as one link works.
  struct mailbox {
    std::shared_ptr<nats_link> link;
    std::string address; // Followed by '.' and the number of what is answered.
    nats_subscription subscription{};
  };
  struct record_on_its_way {
    std::uint64_t last;
    std::chrono::steady_clock::time_point until;
    partition_log::appended done;
  };

  model::outcome<std::shared_ptr<mailbox>> open_mailbox();
  void wait();
  void take(natsMsg* answer);
  void give_up_late_ones();
  void give_up_all(const model::failure& why);
  void settle(partition_log::appended done, result outcome);

  nats_connection& connection_;
  const nats_stream_name name_;

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  std::uint64_t sent_ = 0;
  std::shared_ptr<mailbox> mailbox_;
  std::map<std::uint64_t, record_on_its_way> on_their_way_; // By number, so the oldest is first.
  std::vector<std::pair<partition_log::appended, result>> settled_;
  std::thread thread_;
};

} // namespace cluster
