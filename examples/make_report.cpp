// Describes a campaign, makes a report of it by the data dictionary, asks who makes one of its
// numbers and why two numbers differ.
#include <rollcall/batch_builder.hpp>
#include <rollcall/rollcall.hpp>

#include <iostream>
#include <string>

namespace {

constexpr auto by_campaign = R"({"datasource": "campaign",
  "timeframe": {"start": "2026-01-01", "end": "2026-01-31"},
  "group_by": ["campaign_name"],
  "statistics": ["delivered", "opens_unique", "open_rate", "conversion_value"]})";

} // namespace

int main() {
  auto opened = rollcall::engine::open({.directory = "store",
                                        .clock = rollcall::clock_kind::manual,
                                        .start = *model::parse_instant("2026-02-10")});
  if (!opened) {
    std::cerr << opened.error().message << '\n';
    return 1;
  }
  auto& engine = **opened;
  rollcall::batch_builder batch;
  batch.describe(model::object_kind::campaign, "sale",
                 R"({"id": "sale", "name": "Winter sale", "channel": "email"})");
  for (const auto* person : {"ada", "grace"})
    batch.event({person}, "Received Email", model::parse_instant("2026-01-31T09:00:00Z"))
      .set("campaign_id", "sale");
  // What came of it in February belongs to January, when it was sent.
  batch.event({"ada"}, "Opened Email", model::parse_instant("2026-02-01T09:00:00Z"))
    .set("campaign_id", "sale");
  batch.event({"ada"}, "Placed Order", model::parse_instant("2026-02-01T10:00:00Z"), 31.5);
  if (!engine.apply(batch.take()))
    return 1;

  const auto table = engine.report(by_campaign, rollcall::report_format::table);
  const auto csv = engine.report(by_campaign, rollcall::report_format::csv);
  if (!table || !csv)
    return 1;
  std::cout << *table;

  const auto openers = engine.open_cell(
    by_campaign,
    {.rollup = 0, .values = {"Winter sale"}, .interval = {}, .statistic = "opens_unique"});
  if (!openers)
    return 1;
  for (const auto& maker : *openers)
    std::cout << maker.profile << " opened it\n";

  const auto why = engine.explain_difference(by_campaign, "opens", "opens_by_event_date");
  if (!why)
    return 1;
  for (const auto& step : why->steps)
    std::cout << "they differ by " << step.axis << '\n';
  return *csv
            == "campaign_name,delivered,opens_unique,open_rate,conversion_value\n"
               "Winter sale,2,1,0.5,31.5\n"
          && openers->size() == 1 && why->steps.size() == 1
         ? 0
         : 1;
}
