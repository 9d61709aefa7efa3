#include "metrics/fold_state.hpp"

#include <algorithm>
#include <tuple>

namespace metrics {

void fold_state::give_credit() {
  gather_touches();
  for (std::uint32_t s = 0; s < streams_.size(); ++s) {
    auto& stream = streams_[s];
    if (!stream.order->is_conversion)
      continue;
    for (std::uint32_t i = 0; i < stream.events.size(); ++i) {
      if (stream.conversion_tests && !stream.conversion_tests->pass(i, stream.events, values_)) {
        for (const auto m : credited_)
          exclude(m, exclusion::other_property);
        continue;
      }
      seen e{stream.events.time(i), s, i};
      const auto* led = touch_before(e.time);
      if (led == nullptr) {
        for (const auto m : credited_)
          exclude(m, exclusion::not_credited);
        continue;
      }
      e.message = led->message;
      count(e, credited_);
    }
  }
}

void fold_state::gather_touches() {
  touches_.clear();
  for (const auto& e : seen_) {
    if (e.message == message_reader::none)
      continue;
    const auto window = window_of(e);
    if (window == 0)
      continue;
    touches_.push_back({e.time, e.time + window, e.message, streams_[e.stream].order->touch_rank});
    if (is_counted_by_columns_ || rows_[e.message].owner != order_.owner)
      continue;
    const auto at = order_.moment == send_moment::event ? e.time : send_time(e.message, e.time);
    if (!order_.time.holds(at))
      continue;
    ++result_.touches;
    if (e.time + window >= order_.now)
      ++result_.open_touches;
  }
  std::ranges::sort(touches_, [&](const touch& a, const touch& b) { return goes_after(b, a); });
}

std::int64_t fold_state::window_of(const seen& e) const {
  if ((e.is_bot && !order_.with_bots) || (e.is_apple && !order_.apple_earns_credit))
    return 0;
  const auto& windows = streams_[e.stream].order->window_ms;
  return windows[static_cast<std::size_t>(states_[e.message].by)];
}

bool fold_state::goes_after(const touch& a, const touch& b) const {
  if (a.time != b.time)
    return a.time > b.time;
  if (a.rank != b.rank)
    return a.rank < b.rank;
  if (a.message == b.message)
    return false;
  const auto key = [&](std::uint32_t message) {
    const auto& r = rows_[message];
    return std::tuple{r.owner, values_.text(r.object_id), values_.text(r.message_id),
                      values_.text(r.variation), states_[message].by};
  };
  return key(a.message) < key(b.message);
}

const fold_state::touch* fold_state::touch_before(std::int64_t time) const {
  for (auto t = touches_.rbegin(); t != touches_.rend(); ++t)
    if (t->time <= time && time <= t->end)
      return &*t;
  return nullptr;
}

} // namespace metrics
