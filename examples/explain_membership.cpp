// Tries a definition without saving it, lists members, asks why somebody is in, and reads the feed
// from a cursor.
#include <rollcall/batch_builder.hpp>
#include <rollcall/rollcall.hpp>

#include <iostream>
#include <span>
#include <string>
#include <utility>

namespace {

constexpr auto silent_buyers = R"({"all_of": [
  {"type": "profile-metric", "metric_id": "Placed Order", "measurement": "count",
   "measurement_filter": {"type": "numeric", "operator": "greater-than-or-equal", "value": 1},
   "timeframe_filter": {"type": "date", "operator": "alltime"}, "metric_filters": null},
  {"type": "profile-metric", "metric_id": "Opened Email", "measurement": "count",
   "measurement_filter": {"type": "numeric", "operator": "equals", "value": 0},
   "timeframe_filter": {"type": "date", "operator": "in-the-last", "quantity": 7, "unit": "day"}, "metric_filters": null}
]})";

} // namespace

int main() {
  auto opened = rollcall::engine::open({.directory = "store",
                                        .clock = rollcall::clock_kind::manual,
                                        .start = *model::parse_instant("2026-01-10")});
  if (!opened) {
    std::cerr << opened.error().message << '\n';
    return 1;
  }
  auto& engine = **opened;
  rollcall::batch_builder batch;
  batch.event({"ada"}, "Placed Order", model::parse_instant("2026-01-02"));
  batch.event({"grace"}, "Placed Order", model::parse_instant("2026-01-03"));
  batch.event({"grace"}, "Opened Email", model::parse_instant("2026-01-09"));
  if (!engine.apply(batch.take()))
    return 1;

  // A preview is exact and leaves nothing behind; it may look at any instant.
  const auto later = *model::parse_instant("2026-01-20");
  const auto would_be = engine.preview(silent_buyers, later,
                                       [](std::span<const std::string> people) {
                                         for (const auto& one : people)
                                           std::cout << "on 20 January: " << one << '\n';
                                       });

  if (!engine.create("Silent buyers", silent_buyers) || !engine.wait_built("Silent buyers"))
    return 1;
  const auto page = engine.members("Silent buyers", "", 100);
  if (!page)
    return 1;
  for (const auto& m : page->members)
    std::cout << m.profile << " since " << model::format_instant(m.joined_at) << '\n';
  const auto why = engine.explain("Silent buyers", "ada");
  if (!why)
    return 1;
  std::cout << *why << '\n';

  const auto feed = engine.feed("Silent buyers", "", 100);
  if (!feed)
    return 1;
  for (const auto& flip : feed->flips)
    std::cout << flip.profile << (flip.joined ? " joined: " : " left: ")
              << model::name_of(flip.cause) << '\n';
  const auto nothing_new = engine.feed("Silent buyers", feed->cursor, 100);
  return would_be && *would_be == 2 && page->members.size() == 1 && feed->flips.size() == 1
          && nothing_new && nothing_new->flips.empty()
         ? 0
         : 1;
}
