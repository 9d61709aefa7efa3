#include "gateway/background.hpp"

#include <algorithm>
#include <utility>

namespace gateway {

background::background() : thread_([this] { run(); }) {
}

background::~background() {
  {
    const std::lock_guard lock{guard_};
    is_ending_ = true;
    changed_.notify_all();
  }
  thread_.join();
}

void background::add(std::string name, work one) {
  const std::lock_guard lock{guard_};
  if (std::ranges::find(waiting_, name, &entry::name) != waiting_.end())
    return;
  waiting_.push_back({std::move(name), std::move(one), clock::now()});
  changed_.notify_all();
}

void background::run() {
  std::unique_lock lock{guard_};
  while (!is_ending_) {
    const auto next = std::ranges::min_element(waiting_, {}, &entry::due);
    if (next == waiting_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (next->due > clock::now()) {
      changed_.wait_until(lock, next->due);
      continue;
    }
    // Only this thread takes entries away.
    lock.unlock();
    const auto pause = next->act();
    lock.lock();
    if (pause)
      next->due = clock::now() + *pause;
    else
      waiting_.erase(next);
  }
}

} // namespace gateway
