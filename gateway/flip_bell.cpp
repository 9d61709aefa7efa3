#include "gateway/flip_bell.hpp"

namespace gateway {

flip_bell::flip_bell(std::shared_ptr<account> whose, std::string segment_id)
  : whose_(std::move(whose)), segment_id_(std::move(segment_id)) {
}

model::status flip_bell::begin() {
  const std::lock_guard lock{beginning_};
  if (has_begun_)
    return model::nothing{};
  auto made = whose_->engine->subscribe(
    segment_id_, [all = shared_](const rollcall::flip_record&) { ring(*all); });
  if (!made)
    return made.error();
  subscription_ = std::move(*made);
  has_begun_ = true;
  return model::nothing{};
}

std::uint64_t flip_bell::rung() const {
  const std::lock_guard lock{shared_->guard};
  return shared_->rung;
}

void flip_bell::ring(shared& all) {
  std::map<const void*, std::function<void()>> waiting;
  {
    const std::lock_guard lock{all.guard};
    ++all.rung;
    waiting.swap(all.waiting);
  }
  for (const auto& [who, wake] : waiting)
    wake();
}

void flip_bell::call(const void* who, std::uint64_t heard, std::function<void()> wake) {
  {
    const std::lock_guard lock{shared_->guard};
    if (shared_->rung <= heard) {
      shared_->waiting[who] = std::move(wake);
      return;
    }
  }
  wake();
}

void flip_bell::forget(const void* who) {
  const std::lock_guard lock{shared_->guard};
  shared_->waiting.erase(who);
}

model::outcome<std::shared_ptr<flip_bell>> flip_bells::of(const std::shared_ptr<account>& whose,
                                                          std::string_view segment_id) {
  std::shared_ptr<flip_bell> bell;
  {
    const std::lock_guard lock{guard_};
    std::erase_if(bells_, [](const auto& one) { return one.second.expired(); });
    auto& known = bells_[{whose.get(), std::string{segment_id}}];
    bell = known.lock();
    if (!bell) {
      bell = std::make_shared<flip_bell>(whose, std::string{segment_id});
      known = bell;
    }
  }
  if (auto begun = bell->begin(); !begun)
    return begun.error();
  return bell;
}

} // namespace gateway
