#include "actors/event_listing.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

namespace actors {

namespace {

using storage::name_kind;
using storage::profile_store;

constexpr auto earliest = std::numeric_limits<std::int64_t>::min();
constexpr auto latest = std::numeric_limits<std::int64_t>::max();

std::vector<std::uint32_t> numbers_of(const event_question& asked, const storage::names& names) {
  std::vector<std::uint32_t> numbers;
  if (!asked.metrics) {
    for (std::uint32_t metric = 1; metric <= names.count(name_kind::metric); ++metric)
      numbers.push_back(metric);
    return numbers;
  }
  for (const auto& name : *asked.metrics)
    if (const auto number = names.find(name_kind::metric, name); number != 0)
      numbers.push_back(number);
  std::ranges::sort(numbers);
  const auto twice = std::ranges::unique(numbers);
  numbers.erase(twice.begin(), twice.end());
  return numbers;
}

/// By name, so that it is the same wherever the event is kept.
std::string properties_json(const storage::names& names,
                            const std::vector<storage::new_property>& properties) {
  std::map<std::string_view, model::value_view> by_name;
  for (const auto& p : properties)
    by_name[names.name(name_kind::event_property, p.property)] = p.value; // The last one counts.
  std::string json = "{";
  for (const auto& [name, value] : by_name) {
    if (json.size() > 1)
      json += ',';
    model::append_json_string(json, name);
    json += ':' + model::to_json(value);
  }
  return json + '}';
}

/// Calls `each(event)` for events [begin, end) with a time from `from` to `to`, both included.
template <class Raw, class Each>
void each_between(const model::integer_column& times, std::uint32_t begin, std::uint32_t end,
                  std::uint64_t from, std::uint64_t to, const Each& each) {
  const auto* raws = reinterpret_cast<const Raw*>(times.raws);
  const auto low = static_cast<Raw>(from);
  const auto span = static_cast<Raw>(to - from);
  Raw nearest = std::numeric_limits<Raw>::max();
  for (auto i = begin; i < end; ++i)
    nearest = std::min(nearest, static_cast<Raw>(raws[i] - low));
  if (nearest > span)
    return;
  for (auto i = begin; i < end; ++i)
    if (static_cast<Raw>(raws[i] - low) <= span)
      each(i);
}

template <class Each>
void each_between(const model::integer_column& times, std::uint32_t begin, std::uint32_t end,
                  std::int64_t from, std::int64_t to, const Each& each) {
  if (to < times.base)
    return;
  const auto scale = static_cast<std::uint64_t>(times.scale);
  const auto distance =
    [&](std::int64_t t) { // Of t >= base; no subtraction of signed ones holds it.
      return static_cast<std::uint64_t>(t) - static_cast<std::uint64_t>(times.base);
    };
  const auto to_from = from <= times.base ? 0 : distance(from);
  const auto low = to_from / scale + (to_from % scale != 0 ? 1 : 0);
  const auto largest = times.width == 0 ? 0 : ~std::uint64_t{0} >> (64 - 8 * times.width);
  const auto high = std::min(distance(to) / scale, largest);
  if (low > high)
    return;
  switch (times.width) {
  case 1:
    return each_between<std::uint8_t>(times, begin, end, low, high, each);
  case 2:
    return each_between<std::uint16_t>(times, begin, end, low, high, each);
  case 4:
    return each_between<std::uint32_t>(times, begin, end, low, high, each);
  case 8:
    return each_between<std::uint64_t>(times, begin, end, low, high, each);
  default:
    for (auto i = begin; i < end; ++i)
      each(i);
  }
}

} // namespace

event_listing::event_listing(event_question asked, std::uint32_t partition,
                             const profile_store& people, const storage::names& names)
  : people_scan(people), asked_(std::move(asked)), partition_(partition),
    metrics_(numbers_of(asked_, names)), from_(asked_.from.value_or(earliest)),
    to_(asked_.to.value_or(latest)), before_{asked_.newest_first}, found_(asked_.limit, before_) {
  if (asked_.after && asked_.newest_first)
    to_ = std::min(to_, asked_.after->time + 1);
  else if (asked_.after)
    from_ = std::max(from_, asked_.after->time);
}

template <class TimeOf, class EventAt>
void event_listing::offer_all(const profile_store& people, std::uint32_t profile,
                              std::uint32_t metric, std::uint32_t begin, std::uint32_t end,
                              const TimeOf& time_of, const EventAt& event_at) {
  if (asked_.newest_first) {
    for (auto i = end; i > begin && time_of(i - 1) >= from_; --i)
      if (time_of(i - 1) < to_ && !offer(people, profile, metric, event_at(i - 1)))
        return;
  } else {
    for (auto i = begin; i < end && time_of(i) < to_; ++i)
      if (time_of(i) >= from_ && !offer(people, profile, metric, event_at(i)))
        return;
  }
}

bool event_listing::offer(const profile_store& people, std::uint32_t profile, std::uint32_t metric,
                          const model::event_view& event) {
  if (found_.is_full()) {
    const auto last = found_.last().time;
    if (asked_.newest_first ? event.time < last : event.time > last)
      return false;
  }
  const event_key key{event.time,
                      {partition_, profile},
                      metric,
                      hash_of_unique_id(people.unique_id(profile, metric, event))};
  if (!asked_.after || before_(*asked_.after, key))
    found_.add(key);
  return true;
}

void event_listing::read_columns(const profile_store& people, const model::block_view& columns,
                                 std::uint32_t first, const row_bits& wanted) {
  for (const auto metric : metrics_) {
    const auto* events = columns.events(metric);
    if (events == nullptr)
      continue;
    if (found_.is_full() && events->times.scale > 0) {
      read_times(people, *events, metric, first, wanted);
      continue;
    }
    each_row(wanted, [&](std::uint32_t row) {
      offer_all(
        people, first + row, metric, events->first[row], events->first[row + 1],
        [&](std::uint32_t i) { return events->times.at(i); },
        [&](std::uint32_t i) {
          return model::event_view{events->times.at(i), model::no_value, i};
        });
    });
  }
}

void event_listing::read_times(const profile_store& people, const model::event_columns& events,
                               std::uint32_t metric, std::uint32_t first, const row_bits& wanted) {
  constexpr std::uint32_t piece = 4'096; // The bound gets narrower from one to the next.
  const auto count = events.first.back();
  for (std::uint32_t begin = 0; begin < count; begin += piece) {
    const auto last = found_.last().time;
    const auto from = asked_.newest_first ? std::max(from_, last) : from_;
    const auto to = asked_.newest_first ? to_ - 1 : std::min(to_ - 1, last);
    each_between(events.times, begin, std::min(count, begin + piece), from, to,
                 [&](std::uint32_t i) {
                   const auto behind = std::ranges::upper_bound(events.first, i);
                   const auto row = static_cast<std::uint32_t>(behind - events.first.begin()) - 1;
                   if ((wanted[row / 64] >> (row % 64) & 1) != 0)
                     offer(people, first + row, metric, {events.times.at(i), model::no_value, i});
                 });
  }
}

void event_listing::read_profile(const profile_store& people, std::uint32_t profile) {
  for (const auto metric : metrics_) {
    const auto events = people.view(profile).events(metric);
    offer_all(
      people, profile, metric, 0, static_cast<std::uint32_t>(events.size()),
      [&](std::uint32_t i) { return events[i].time; }, [&](std::uint32_t i) { return events[i]; });
  }
}

void event_listing::read_one(const profile_store& people) {
  if (people.is_alive(*asked_.profile))
    read_profile(people, *asked_.profile);
}

listing_answer event_listing::answer(const profile_store& /*people*/) {
  return event_keys{found_.take()};
}

std::optional<event_content> read_event(const profile_store& people, const storage::names& names,
                                        const event_key& key) {
  const auto profile = key.place.profile;
  if (!people.is_alive(profile) || key.metric == 0 || key.metric > names.count(name_kind::metric))
    return std::nullopt;
  const auto events = people.view(profile).events(key.metric);
  const auto [begin, end] = std::ranges::equal_range(events, key.time, {},
                                                     &model::event_view::time);
  for (auto event = begin; event != end; ++event) {
    auto id = people.unique_id(profile, key.metric, *event);
    if (hash_of_unique_id(id) != key.id_hash)
      continue;
    event_content content;
    content.metric = names.name(name_kind::metric, key.metric);
    if (event->value == event->value) // NaN = it has none.
      content.value = event->value;
    content.unique_id = std::move(id);
    content.properties = properties_json(names, people.properties(profile, key.metric, *event));
    return content;
  }
  return std::nullopt;
}

} // namespace actors
