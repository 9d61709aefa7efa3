/// Pages of members, profiles and events on a loaded directory, as a page of the HTTP face asks for
/// them. Prints one JSON object a line.
///
///     bench_pages DIRECTORY [SEGMENT]
#include "include/rollcall/rollcall.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

template <class T>
T must(model::outcome<T> o, const char* what) {
  if (!o) {
    fmt::print(stderr, "{}: {}\n", what, o.error().message);
    std::exit(1);
  }
  return std::move(*o);
}

/// Runs `work` so often, and says the median and the 99th of a hundred.
void measure(const std::string& name, int runs, const std::function<std::size_t()>& work) {
  std::vector<double> times;
  std::size_t lines = 0;
  for (int run = 0; run < runs; ++run) {
    const auto start = steady::now();
    lines = work();
    times.push_back(std::chrono::duration<double, std::milli>(steady::now() - start).count());
  }
  const auto first = times.front();
  std::ranges::sort(times);
  const auto at = [&](double share) {
    return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
  };
  fmt::print("{{\"work\":\"{}\",\"lines\":{},\"first\":{:.3f},\"p50\":{:.3f},\"p99\":{:.3f}}}\n",
             name, lines, first, at(0.5), at(0.99));
  std::fflush(stdout);
}

constexpr std::size_t page = 100;

void measure_members(rollcall::engine& engine, const std::string& segment) {
  std::mt19937 random{1};
  const auto figures = must(engine.figures(), "figures");
  const auto some_cursor = [&] {
    const auto p = random() % figures.partitions.size();
    return fmt::format("{}:{}", p, random() % figures.partitions[p].profile_numbers);
  };
  std::vector<rollcall::profile_place> places;
  measure("members, 100 from anywhere", 1'000, [&] {
    const auto found = must(engine.members(segment, some_cursor(), page), "members");
    return found.members.size();
  });
  measure("members and their JSON, 100 from anywhere", 1'000, [&] {
    const auto found = must(engine.members(segment, some_cursor(), page), "members");
    places.clear();
    for (const auto& m : found.members)
      places.push_back(m.place);
    return must(engine.profiles(places), "profiles").size();
  });
}

void measure_profiles(rollcall::engine& engine) {
  for (const auto* order : {"", "created", "email"})
    for (const bool is_descending : {false, true}) {
      rollcall::profile_query q;
      q.order_by = order;
      q.is_descending = is_descending;
      std::string cursor;
      measure(fmt::format("profiles by {}{}", *order ? order : "place",
                          is_descending ? " descending" : ""),
              20, [&] {
                auto found = must(engine.list_profiles(q, cursor, page), "list profiles");
                cursor = found.cursor;
                return found.profiles.size();
              });
    }
  for (const auto& list : must(engine.lists(), "lists")) {
    rollcall::profile_query q;
    q.list = list.name;
    measure("profiles of list " + list.name, 20, [&] {
      return must(engine.list_profiles(q, {}, page), "list profiles").profiles.size();
    });
    q.order_by = "joined_at";
    measure("profiles of list " + list.name + " by joined_at", 20, [&] {
      return must(engine.list_profiles(q, {}, page), "list profiles").profiles.size();
    });
  }
}

void measure_events(rollcall::engine& engine) {
  for (const bool newest_first : {true, false})
    for (const auto* metric : {"", "Placed Order"}) {
      rollcall::event_query q;
      q.newest_first = newest_first;
      if (*metric)
        q.metrics = {metric};
      std::string cursor;
      measure(fmt::format("{} events{}{}", newest_first ? "newest" : "oldest",
                          *metric ? " of " : "", metric),
              20, [&] {
                auto found = must(engine.events(q, cursor, page), "events");
                cursor = found.cursor;
                return found.events.size();
              });
    }
  const auto some = must(engine.list_profiles({}, {}, 1'000), "list profiles");
  std::size_t next = 0;
  measure("events of one profile", 1'000, [&] {
    rollcall::event_query q;
    q.profile = some.profiles[next++ % some.profiles.size()].place;
    return must(engine.events(q, {}, page), "events").events.size();
  });
  measure("properties of Placed Order", 20,
          [&] { return must(engine.metric_properties("Placed Order"), "properties").size(); });
}

} // namespace

int main(int count, char** words) {
  if (count < 2) {
    fmt::print(stderr, "bench_pages DIRECTORY [SEGMENT]\n");
    return 2;
  }
  auto engine = must(rollcall::engine::open({.directory = words[1]}), "open");
  if (count > 2)
    measure_members(*engine, words[2]);
  measure_profiles(*engine);
  measure_events(*engine);
}
