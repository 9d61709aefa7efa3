#include "metrics/fold_state.hpp"

#include <algorithm>
#include <tuple>

namespace metrics {

void fold_state::give_credit() {
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
      if (count(e, credited_) && !is_told_without_send(e))
        ++result_.without_send;
    }
  }
}

bool fold_state::is_told_without_send(seen conversion) {
  auto& stream = streams_[conversion.stream];
  if (!stream.messages || !need_sends(stream.measures))
    return false;
  mark(stream, conversion);
  const auto message = conversion.message;
  return message != message_reader::none && rows_[message].owner == order_.owner
      && send_time(message, conversion.time) == no_time;
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
    if (rows_[e.message].owner != order_.owner)
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

void fold_state::credit_row(std::uint32_t row) {
  for (auto& s : streams_)
    s.events.turn_to_row(row);
  for (auto& a : attributes_)
    a.turn_to_row(row);
  gather_near_touches();
  give_credit();
}

void fold_state::gather_near_touches() {
  conversion_times_.clear();
  for (const auto& s : streams_)
    if (s.order->is_conversion)
      for (std::uint32_t i = 0; i < s.events.size(); ++i)
        conversion_times_.push_back(s.events.time(i));
  std::ranges::sort(conversion_times_);
  touches_.clear();
  for (std::uint32_t s = 0; s < streams_.size(); ++s) {
    auto& stream = streams_[s];
    const auto longest = longest_window(*stream.order);
    if (longest == 0 || !stream.messages)
      continue;
    auto next = conversion_times_.begin(); // The first that is not before the event.
    for (std::uint32_t i = 0; i < stream.events.size(); ++i) {
      seen e{stream.events.time(i), s, i};
      while (next != conversion_times_.end() && *next < e.time)
        ++next;
      if (next == conversion_times_.end())
        break;
      if (*next > e.time + longest)
        continue;
      mark(stream, e);
      const auto window = e.message == message_reader::none ? 0 : window_of(e);
      if (window != 0)
        touches_.push_back({e.time, e.time + window, e.message, stream.order->touch_rank});
    }
  }
  std::ranges::sort(touches_, [&](const touch& a, const touch& b) { return goes_after(b, a); });
}

std::int64_t fold_state::longest_window(const fold_stream& s) {
  return *std::ranges::max_element(s.window_ms);
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
