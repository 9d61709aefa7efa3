#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace gateway {

/// Long work, piece by piece, on a thread of its own. Works take turns, so that a long one holds up
/// nobody else's.
class background {
public:
  /// Does a piece and says after which time the next one may be done; nothing = that was all. Must
  /// not throw.
  using work = std::function<std::optional<std::chrono::milliseconds>()>;

  background();
  /// Waits for the piece under way; what is left is not done.
  ~background();
  background(const background&) = delete;
  background& operator=(const background&) = delete;

  /// Does nothing while there is a work of this name.
  void add(std::string name, work one);

private:
  using clock = std::chrono::steady_clock;
  struct entry {
    std::string name;
    work act;
    clock::time_point due;
  };

  void run();

  std::mutex guard_;
  std::condition_variable changed_;
  std::list<entry> waiting_; // The one under way too.
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace gateway
