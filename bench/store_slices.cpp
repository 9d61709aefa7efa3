#include "bench/generated_store.hpp"

#include <algorithm>
#include <cassert>

namespace bench {

namespace {

constexpr std::int64_t hour_seconds = 3'600;
constexpr std::size_t hour_count = (store_now - store_opening) / hour_seconds + 1;

/// An event in 16 bytes whose first half sorts by time, profile and place in the history.
struct packed_event {
  std::uint64_t key;
  std::uint64_t rest;
};

packed_event pack(const event_row& e, std::size_t place) {
  const auto time = static_cast<std::uint64_t>(e.time - store_opening);
  return {time << 37 | std::uint64_t{e.profile} << 14 | place,
          std::uint64_t{e.value_cents} << 32 | std::uint64_t{e.topic} << 16
            | std::uint64_t{e.detail} << 8 | static_cast<std::uint64_t>(e.kind)};
}

event_row unpack(const packed_event& p) {
  event_row e;
  e.time = store_opening + static_cast<std::int64_t>(p.key >> 37);
  e.profile = static_cast<std::uint32_t>(p.key >> 14 & ((1U << 23) - 1));
  e.value_cents = static_cast<std::uint32_t>(p.rest >> 32);
  e.topic = static_cast<std::uint16_t>(p.rest >> 16);
  e.detail = static_cast<std::uint8_t>(p.rest >> 8);
  e.kind = static_cast<metric>(p.rest & 0xFF);
  return e;
}

std::size_t hour_of(const event_row& e) {
  return static_cast<std::size_t>((e.time - store_opening) / hour_seconds);
}

} // namespace

const std::vector<std::uint64_t>& generated_store::events_before_hour() const {
  if (!before_hour_.empty())
    return before_hour_;
  std::vector<std::uint64_t> before(hour_count + 1);
  std::vector<event_row> rows;
  for (std::uint32_t profile = 0; profile < profiles_; ++profile) {
    rows.clear();
    history(profile, rows);
    for (const auto& e : rows)
      ++before[hour_of(e) + 1];
  }
  for (std::size_t h = 0; h < hour_count; ++h)
    before[h + 1] += before[h];
  before_hour_ = std::move(before);
  return before_hour_;
}

std::uint64_t generated_store::events() const {
  return events_before_hour().back();
}

void generated_store::for_each_chunk(
  std::uint64_t from, std::uint64_t to,
  const std::function<void(std::uint64_t first_number, const std::vector<event_row>&)>& take,
  std::uint64_t chunk) const {
  const auto& before = events_before_hour();
  to = std::min(to, before.back());
  std::vector<packed_event> packed;
  std::vector<event_row> rows;
  for (std::size_t hour = 0; hour < hour_count && from < to;) {
    if (before[hour + 1] <= from) {
      ++hour;
      continue;
    }
    auto end = hour + 1; // A chunk is whole hours, at least one.
    while (end < hour_count && before[end] < to && before[end + 1] - before[hour] <= chunk)
      ++end;
    packed.clear();
    for (std::uint32_t profile = 0; profile < profiles_; ++profile) {
      rows.clear();
      history(profile, rows);
      for (std::size_t place = 0; place < rows.size(); ++place)
        if (const auto h = hour_of(rows[place]); h >= hour && h < end)
          packed.push_back(pack(rows[place], place));
    }
    assert(packed.size() == before[end] - before[hour]);
    std::sort(packed.begin(), packed.end(),
              [](const auto& a, const auto& b) { return a.key < b.key; });
    const auto last = std::min(to, before[end]);
    rows.clear();
    rows.reserve(last - from);
    for (auto number = from; number < last; ++number)
      rows.push_back(unpack(packed[number - before[hour]]));
    take(from, rows);
    from = last;
    hour = end;
  }
}

} // namespace bench
