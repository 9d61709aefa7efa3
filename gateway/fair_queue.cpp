#include "gateway/fair_queue.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace gateway {

fair_queue::fair_queue(fair_bounds bounds, std::function<void(work)> run)
  : bounds_(bounds), run_(std::move(run)) {
}

fair_queue::place fair_queue::enter(const void* whose, work later) {
  const std::lock_guard lock{guard_};
  auto& own = lines_[whose];
  if (own.at_work < bounds_.at_work_max) {
    ++own.at_work;
    return place::at_work;
  }
  if (own.waiting.size() >= bounds_.waiting_max)
    return place::full;
  own.waiting.push_back(std::move(later));
  return place::waiting;
}

void fair_queue::leave(const void* whose) {
  work next;
  {
    const std::lock_guard lock{guard_};
    const auto own = lines_.find(whose);
    auto& waiting = own->second.waiting;
    if (waiting.empty()) {
      if (--own->second.at_work == 0)
        lines_.erase(own);
      return;
    }
    next = std::move(waiting.front());
    waiting.pop_front();
  }
  run_(std::move(next));
}

void fair_queue::forget_waiting() {
  std::deque<work> forgotten; // Lets go of what it holds once nothing is locked.
  const std::lock_guard lock{guard_};
  for (auto& [whose, own] : lines_) {
    std::ranges::move(own.waiting, std::back_inserter(forgotten));
    own.waiting.clear();
  }
}

fair_queue::figures fair_queue::counted(const void* whose) const {
  const std::lock_guard lock{guard_};
  const auto own = lines_.find(whose);
  return own == lines_.end() ? figures{} : figures{own->second.at_work, own->second.waiting.size()};
}

} // namespace gateway
