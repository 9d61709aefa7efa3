#include "metrics/time_slots.hpp"

#include <algorithm>

namespace metrics {

std::optional<time_slots>
time_slots::make(const time_range& range, period unit, const segments::zone& zone,
                 weekday week_start, const std::function<std::uint32_t(std::int64_t)>& class_of) {
  time_slots made;
  made.begin_ = segments::floor_divide(range.from, slot_ms) * slot_ms;
  if (range.to <= range.from)
    return made;
  const auto slots = (range.to - made.begin_ + slot_ms - 1) / slot_ms;
  if (slots > static_cast<std::int64_t>(slots_max))
    return std::nullopt;
  const auto starts = periods_in(range, unit, zone, week_start, slots_max);
  if (!starts)
    return std::nullopt;
  made.classes_.resize(static_cast<std::size_t>(slots));
  for (std::size_t i = 0; i < starts->size(); ++i) {
    const auto first = (*starts)[i];
    if (segments::floor_divide(first, slot_ms) * slot_ms != first)
      return std::nullopt;
    const auto from = std::max<std::int64_t>((first - made.begin_) / slot_ms, 0);
    const auto end = i + 1 < starts->size() ? ((*starts)[i + 1] - made.begin_) / slot_ms : slots;
    std::fill(made.classes_.begin() + from, made.classes_.begin() + std::min(end, slots),
              class_of(std::max(first, range.from)));
  }
  return made;
}

} // namespace metrics
