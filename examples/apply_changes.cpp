// Opens an engine on a directory, gives it changes, and counts.
#include <rollcall/batch_builder.hpp>
#include <rollcall/rollcall.hpp>

#include <iostream>
#include <utility>

int main() {
  auto opened = rollcall::engine::open({.directory = "store"});
  if (!opened) {
    std::cerr << opened.error().message << '\n';
    return 1;
  }
  auto& engine = **opened;

  rollcall::batch_builder batch;
  batch.profile({"ada", "ada@example.org"})
    .set("first_name", "Ada")
    .set("properties['points']", 250.0);
  batch.event({"ada"}, "Placed Order", {}, 49.90, "order-1").set("Brand", "Northwind");
  batch.event({"", "grace@example.org"}, "Placed Order", {}, 12.00, "order-2");
  batch.event({"ada"}, "Placed Order", {}, 49.90, "order-1"); // The same order again counts once.
  batch.event({}, "Placed Order", {}, 1.00);                  // Nobody is named.

  // With a source and a sequence, a batch that is sent again after a crash counts once too.
  const auto taken = engine.apply(batch.take(), "shop", 1);
  if (!taken) {
    std::cerr << taken.error().message << '\n';
    return 1;
  }
  std::cout << taken->applied << " applied, " << taken->duplicates << " known already\n";
  for (const auto& r : taken->rejected)
    std::cout << "record " << r.record << " rejected: " << r.reason << '\n';

  const auto metrics = engine.metrics();
  if (!metrics || metrics->size() != 1)
    return 1;
  const auto& orders = metrics->front();
  std::cout << orders.name << " (" << orders.id << "): " << orders.events << " events of "
            << orders.profiles << " people, " << orders.value_sum << " in all\n";
  return taken->applied == 3 && taken->duplicates == 1 && taken->rejected.size() == 1
          && orders.events == 2
         ? 0
         : 1;
}
