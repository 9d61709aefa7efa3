#pragma once

#include <boost/unordered/unordered_map.hpp>

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace gateway {

struct fair_bounds {
  std::size_t at_work_max = 8;     // Of one account with workers at once.
  std::size_t waiting_max = 1'024; // Further ones of one account.
};

/// Stands between the accounts and the workers, so that one account cannot take all of them: before
/// the handlers, and before those who make streamed answers. Any thread.
class fair_queue {
public:
  using work = std::function<void()>;

  /// `run` hands work to the workers: it neither waits nor does it itself, and does not come back
  /// to the queue.
  fair_queue(fair_bounds bounds, std::function<void(work)> run);

  enum class place {
    at_work, // The caller does the work now, and says `leave` when it is done.
    waiting, // `later` will run on a worker, and say `leave` at its end.
    full,    // Too much of this account waits already; `later` is forgotten.
  };
  /// `whose` only tells accounts apart.
  place enter(const void* whose, work later);
  /// Whoever was at work has done it. The next one of the account goes to the end of the workers'
  /// queue, behind what others have brought meanwhile.
  void leave(const void* whose);
  /// Forgets whatever waits. For the end, when nobody enters any more.
  void forget_waiting();

  struct figures {
    std::size_t at_work = 0;
    std::size_t waiting = 0;
  };
  [[nodiscard]] figures counted(const void* whose) const;

private:
  struct line {
    std::size_t at_work = 0;
    std::deque<work> waiting{};
  };

  fair_bounds bounds_;
  std::function<void(work)> run_;
  mutable std::mutex guard_;
  boost::unordered_map<const void*, line> lines_; // Only of accounts with something to do.
};

} // namespace gateway
