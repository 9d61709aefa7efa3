// Defines a segment, hears who joins and leaves, and lets time pass on a manual clock.
#include <rollcall/batch_builder.hpp>
#include <rollcall/rollcall.hpp>

#include <atomic>
#include <chrono>
#include <iostream>
#include <utility>

namespace {

constexpr auto bought_in_thirty_days = R"({"condition_groups": [{"conditions": [{
  "type": "profile-metric", "metric_id": "Placed Order", "measurement": "count",
  "measurement_filter": {"type": "numeric", "operator": "greater-than-or-equal", "value": 1},
  "timeframe_filter": {"type": "date", "operator": "in-the-last", "quantity": 30, "unit": "day"},
  "metric_filters": null}]}]})";

int complain(const model::failure& why) {
  std::cerr << why.message << '\n';
  return 1;
}

} // namespace

int main() {
  const auto new_year = *model::parse_instant("2026-01-01");
  auto opened = rollcall::engine::open(
    {.directory = "store", .clock = rollcall::clock_kind::manual, .start = new_year});
  if (!opened)
    return complain(opened.error());
  auto& engine = **opened;

  if (const auto made = engine.create("Recent buyers", bought_in_thirty_days); !made) {
    for (const auto& fault : made.faults())
      std::cerr << fault.pointer << ": found " << fault.found << "; allowed: " << fault.allowed
                << '\n';
    return complain(made.error());
  }
  if (const auto built = engine.wait_built("Recent buyers"); !built)
    return complain(built.error());

  std::atomic<int> joined = 0;
  std::atomic<int> left = 0;
  {
    const auto subscribed = engine.subscribe(
      "Recent buyers", [&](const rollcall::flip_record& flip) {
        std::cout << model::format_instant(flip.at) << ' ' << flip.profile
                  << (flip.joined ? " joined" : " left") << " (" << model::name_of(flip.cause)
                  << ")\n";
        ++(flip.joined ? joined : left);
        joined.notify_all();
        left.notify_all();
      });
    if (!subscribed)
      return complain(subscribed.error());

    rollcall::batch_builder batch;
    batch.event({"ada"}, "Placed Order", new_year);
    if (const auto taken = engine.apply(batch.take()); !taken)
      return complain(taken.error());
    joined.wait(0);

    // Nothing happens for a while, and that alone moves her.
    if (const auto moved = engine.advance(new_year + std::chrono::hours{24 * 60}); !moved)
      return complain(moved.error());
    left.wait(0);
  }
  const auto count = engine.count("Recent buyers");
  return count && *count == 0 && joined == 1 && left == 1 ? 0 : 1;
}
