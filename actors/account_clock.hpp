#pragma once

#include "model/instant.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>

namespace actors {

/// What time it is for one account: the system's clock plus what was advanced, or an instant that
/// stands still. Read by everybody, moved by the CLOCK only, never back.
class account_clock {
public:
  struct setting {
    bool is_manual = false;
    std::int64_t ms = 0; // Manual: the instant. Real: what is added to the system's clock.
  };

  explicit account_clock(setting s) : is_manual_(s.is_manual), ms_(s.ms) {
  }

  /// A whole second (S1).
  [[nodiscard]] model::instant now() const {
    const auto ms = ms_.load(std::memory_order_acquire);
    return model::floor_second(is_manual_ ? model::from_ms(ms)
                                          : system_now() + std::chrono::milliseconds{ms});
  }
  /// To the millisecond; of use for waiting only.
  [[nodiscard]] model::instant exact_now() const {
    return is_manual_
           ? now()
           : system_now() + std::chrono::milliseconds{ms_.load(std::memory_order_acquire)};
  }
  [[nodiscard]] bool is_manual() const {
    return is_manual_;
  }
  [[nodiscard]] setting current() const {
    return {is_manual_, ms_.load(std::memory_order_acquire)};
  }
  /// The setting with which it is `to` now. A clock that goes with the system never lags behind it,
  /// nor behind what it was: an instant that has passed leaves it as it is.
  [[nodiscard]] setting moved_to(model::instant to) const {
    if (is_manual_)
      return {true, model::to_ms(to)};
    const std::int64_t ahead = (to - system_now()).count();
    return {false, std::max({ahead, ms_.load(std::memory_order_acquire), std::int64_t{0}})};
  }
  void set(setting s) {
    ms_.store(s.ms, std::memory_order_release);
  }

  static model::instant system_now() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }

private:
  const bool is_manual_;
  std::atomic<std::int64_t> ms_;
};

} // namespace actors
