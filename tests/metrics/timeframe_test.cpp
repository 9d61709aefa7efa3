#include "metrics/timeframe.hpp"
#include "model/instant.hpp"
#include "segments/calendar.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(timeframe_test)

namespace {

using namespace metrics;

std::int64_t at(std::string_view text) {
  return model::to_ms(*model::parse_instant(text));
}

std::string shown(std::int64_t t) {
  return model::format_instant(model::from_ms(t));
}

const segments::zone& zone(std::string_view name) {
  return *segments::find_zone(name);
}

/// First and last day of a range of whole days, both included.
std::string days_of(const time_range& range, const segments::zone& in) {
  const auto first = number_of(period::day, range.from, in, 0);
  const auto end = number_of(period::day, range.to, in, 0);
  BOOST_TEST(start_of(period::day, first, in, 0) == range.from);
  BOOST_TEST(start_of(period::day, end, in, 0) == range.to);
  return text_of(period::day, first, in, 0) + " " + text_of(period::day, end - 1, in, 0);
}

timeframe between(std::string_view start, std::string_view end) {
  return {std::nullopt, *parse_wall_time(start), *parse_wall_time(end)};
}

std::vector<std::string> starts(period p, const time_range& range, std::string_view zone_name,
                                weekday week_start = 0) {
  std::vector<std::string> made;
  const auto all = periods_in(range, p, zone(zone_name), week_start, 10'000);
  for (const auto t : all.value_or(std::vector<std::int64_t>{}))
    made.push_back(shown(t));
  return made;
}

time_range local_days(std::string_view first, std::string_view last, std::string_view zone_name) {
  return range_of(between(first, last), zone(zone_name), 0, 0, true);
}

std::string both(const time_range& range) {
  return shown(range.from) + " " + shown(range.to);
}

struct key_case {
  std::string_view key;
  std::string_view days[4];
};

/// By key, at the four moments of the test below.
constexpr key_case key_cases[] = {
  {"today",
   {"2025-12-31 2025-12-31", "2026-01-01 2026-01-01", "2024-03-01 2024-03-01",
    "2026-04-05 2026-04-05"}},
  {"yesterday",
   {"2025-12-30 2025-12-30", "2025-12-31 2025-12-31", "2024-02-29 2024-02-29",
    "2026-04-04 2026-04-04"}},
  {"last_7_days",
   {"2025-12-24 2025-12-30", "2025-12-25 2025-12-31", "2024-02-23 2024-02-29",
    "2026-03-29 2026-04-04"}},
  {"last_30_days",
   {"2025-12-01 2025-12-30", "2025-12-02 2025-12-31", "2024-01-31 2024-02-29",
    "2026-03-06 2026-04-04"}},
  {"last_90_days",
   {"2025-10-02 2025-12-30", "2025-10-03 2025-12-31", "2023-12-02 2024-02-29",
    "2026-01-05 2026-04-04"}},
  {"last_365_days",
   {"2024-12-31 2025-12-30", "2025-01-01 2025-12-31", "2023-03-02 2024-02-29",
    "2025-04-05 2026-04-04"}},
  {"this_week",
   {"2025-12-29 2025-12-31", "2025-12-29 2026-01-01", "2024-02-26 2024-03-01",
    "2026-03-30 2026-04-05"}},
  {"this_month",
   {"2025-12-01 2025-12-31", "2026-01-01 2026-01-01", "2024-03-01 2024-03-01",
    "2026-04-01 2026-04-05"}},
  {"this_year",
   {"2025-01-01 2025-12-31", "2026-01-01 2026-01-01", "2024-01-01 2024-03-01",
    "2026-01-01 2026-04-05"}},
  {"last_week",
   {"2025-12-22 2025-12-28", "2025-12-22 2025-12-28", "2024-02-19 2024-02-25",
    "2026-03-23 2026-03-29"}},
  {"last_month",
   {"2025-11-01 2025-11-30", "2025-12-01 2025-12-31", "2024-02-01 2024-02-29",
    "2026-03-01 2026-03-31"}},
  {"last_year",
   {"2024-01-01 2024-12-31", "2025-01-01 2025-12-31", "2023-01-01 2023-12-31",
    "2025-01-01 2025-12-31"}},
  {"last_3_months",
   {"2025-09-01 2025-11-30", "2025-10-01 2025-12-31", "2023-12-01 2024-02-29",
    "2026-01-01 2026-03-31"}},
  {"last_12_months",
   {"2024-12-01 2025-11-30", "2025-01-01 2025-12-31", "2023-03-01 2024-02-29",
    "2025-04-01 2026-03-31"}},
};

time_range of_key(std::string_view key, std::string_view now, std::string_view zone_name,
                  weekday week_start) {
  const auto keys = timeframe_keys();
  const auto found = std::ranges::find(keys, key);
  BOOST_REQUIRE(found != keys.end());
  timeframe asked;
  asked.key = static_cast<timeframe_key>(found - keys.begin());
  return range_of(asked, zone(zone_name), at(now), week_start, true);
}

} // namespace

BOOST_AUTO_TEST_CASE(keys_are_whole_days_of_the_zone) {
  constexpr struct {
    std::string_view now;
    std::string_view zone;
  } moments[] = {{"2026-01-01T04:30:00Z", "America/New_York"}, // A Wednesday, the year's last.
                 {"2026-01-01T04:30:00Z", "Asia/Kathmandu"},
                 {"2024-03-01T00:00:00Z", "UTC"},
                 {"2026-04-05T12:00:00Z", "Australia/Lord_Howe"}}; // A Sunday of 24.5 hours.
  BOOST_TEST(std::size(key_cases) == timeframe_keys().size());
  for (const auto& [key, days] : key_cases)
    for (std::size_t m = 0; m < std::size(moments); ++m)
      BOOST_TEST_CONTEXT(key << " " << moments[m].zone)
  BOOST_TEST(days_of(of_key(key, moments[m].now, moments[m].zone, 0), zone(moments[m].zone))
             == days[m]);
}

BOOST_AUTO_TEST_CASE(days_begin_at_the_zones_midnights) {
  BOOST_TEST(both(of_key("today", "2026-01-01T04:30:00Z", "America/New_York", 0))
             == "2025-12-31T05:00:00Z 2026-01-01T05:00:00Z");
  BOOST_TEST(both(of_key("today", "2026-01-01T04:30:00Z", "Asia/Kathmandu", 0))
             == "2025-12-31T18:15:00Z 2026-01-01T18:15:00Z");
  BOOST_TEST(both(of_key("today", "2026-04-05T12:00:00Z", "Australia/Lord_Howe", 0))
             == "2026-04-04T13:00:00Z 2026-04-05T13:30:00Z");
  // The first instant of a day belongs to it, the last one before does not.
  BOOST_TEST(both(of_key("today", "2026-03-08T05:00:00Z", "America/New_York", 0))
             == "2026-03-08T05:00:00Z 2026-03-09T04:00:00Z");
  BOOST_TEST(both(of_key("today", "2026-03-08T04:59:59.999Z", "America/New_York", 0))
             == "2026-03-07T05:00:00Z 2026-03-08T05:00:00Z");
}

BOOST_AUTO_TEST_CASE(weeks_begin_on_the_day_that_was_asked_for) {
  const auto week = [](std::string_view key, std::string_view now, weekday start) {
    return days_of(of_key(key, now, "UTC", start), zone("UTC"));
  };
  constexpr std::string_view sunday = "2026-04-05T12:00:00Z";
  constexpr std::string_view wednesday = "2025-12-31T12:00:00Z";
  BOOST_TEST(week("this_week", sunday, 6) == "2026-04-05 2026-04-05");
  BOOST_TEST(week("last_week", sunday, 6) == "2026-03-29 2026-04-04");
  BOOST_TEST(week("this_week", wednesday, 3) == "2025-12-25 2025-12-31");
  BOOST_TEST(week("last_week", wednesday, 3) == "2025-12-18 2025-12-24");
  BOOST_TEST(week("this_week", wednesday, 2) == "2025-12-31 2025-12-31");
}

BOOST_AUTO_TEST_CASE(starts_and_ends_are_read_on_the_wall) {
  const auto exact = [](std::string_view start, std::string_view end) {
    return both(range_of(between(start, end), zone("America/New_York"), 0, 0, false));
  };
  BOOST_TEST(exact("2026-01-31", "2026-01-31") == "2026-01-31T05:00:00Z 2026-02-01T05:00:00Z");
  BOOST_TEST(exact("2026-01-31T09:30:00", "2026-01-31")
             == "2026-01-31T14:30:00Z 2026-02-01T05:00:00Z");
  // The end is not included, and an offset does not count.
  BOOST_TEST(exact("2026-01-31T09:30:00Z", "2026-01-31T10:00:00+05:30")
             == "2026-01-31T14:30:00Z 2026-01-31T15:00:00Z");
  BOOST_TEST(exact("2026-01-31T09:30:00.5-08:00", "2026-01-31T09:30:00.5")
             == "2026-01-31T14:30:00.500Z 2026-01-31T14:30:00.500Z");
  // An hour that is skipped begins where the clock goes on; of one that comes twice, the first.
  BOOST_TEST(exact("2026-03-08T02:30:00", "2026-11-01T01:30:00")
             == "2026-03-08T07:00:00Z 2026-11-01T05:30:00Z");
  // Messages belong to whole days.
  BOOST_TEST(both(range_of(between("2026-01-31T09:30:00", "2026-01-31T10:00:00"),
                           zone("America/New_York"), 0, 0, true))
             == "2026-01-31T05:00:00Z 2026-02-01T05:00:00Z");
  for (const auto* text : {"", "2026", "2026-02-29", "2026-01-31T25:00:00", "31.1.2026",
                           "2026-01-31T10:00:00+", "2026-01-31X10:00:00", "yesterday"})
    BOOST_TEST_CONTEXT(text)
  BOOST_TEST(!parse_wall_time(text));
}

BOOST_AUTO_TEST_CASE(days_of_23_and_25_hours_have_so_many) {
  const auto spring = local_days("2026-03-08", "2026-03-08", "America/New_York");
  const auto spring_hours = starts(period::hour, spring, "America/New_York");
  BOOST_TEST(spring_hours.size() == 23);
  BOOST_TEST(spring_hours[2] == "2026-03-08T07:00:00Z");
  const auto autumn = local_days("2025-11-02", "2025-11-02", "America/New_York");
  BOOST_TEST(starts(period::hour, autumn, "America/New_York").size() == 25);
  const auto& in = zone("America/New_York");
  const auto hour_text = [&](std::string_view t) {
    return text_of(period::hour, number_of(period::hour, at(t), in, 0), in, 0);
  };
  BOOST_TEST(hour_text("2025-11-02T05:59:59Z") == "2025-11-02T01:00:00-04:00");
  BOOST_TEST(hour_text("2025-11-02T06:00:00Z") == "2025-11-02T01:00:00-05:00");
  BOOST_TEST(hour_text("2026-03-08T07:15:00Z") == "2026-03-08T03:00:00-04:00");
}

BOOST_AUTO_TEST_CASE(an_hour_begins_where_lord_howe_sets_its_clock_by_half_an_hour) {
  const auto& in = zone("Australia/Lord_Howe");
  const auto hour_text = [&](std::string_view t) {
    return text_of(period::hour, number_of(period::hour, at(t), in, 0), in, 0);
  };
  // In October from 02:00 to 02:30.
  const auto spring = local_days("2025-10-05", "2025-10-05", "Australia/Lord_Howe");
  const auto spring_hours = starts(period::hour, spring, "Australia/Lord_Howe");
  BOOST_TEST(spring_hours.size() == 24);
  BOOST_TEST(spring_hours[1] == "2025-10-04T14:30:00Z");
  BOOST_TEST(spring_hours[2] == "2025-10-04T15:30:00Z"); // Half an hour.
  BOOST_TEST(spring_hours[3] == "2025-10-04T16:00:00Z");
  BOOST_TEST(hour_text("2025-10-04T15:29:59.999Z") == "2025-10-05T01:00:00+10:30");
  BOOST_TEST(hour_text("2025-10-04T15:45:00Z") == "2025-10-05T02:30:00+11:00");
  BOOST_TEST(hour_text("2025-10-04T16:00:00Z") == "2025-10-05T03:00:00+11:00");
  // In April from 02:00 back to 01:30.
  const auto autumn = local_days("2026-04-05", "2026-04-05", "Australia/Lord_Howe");
  const auto autumn_hours = starts(period::hour, autumn, "Australia/Lord_Howe");
  BOOST_TEST(autumn_hours.size() == 25);
  BOOST_TEST(autumn_hours[2] == "2026-04-04T15:00:00Z"); // Half an hour.
  BOOST_TEST(autumn_hours[3] == "2026-04-04T15:30:00Z");
  BOOST_TEST(hour_text("2026-04-04T14:45:00Z") == "2026-04-05T01:00:00+11:00");
  BOOST_TEST(hour_text("2026-04-04T15:10:00Z") == "2026-04-05T01:30:00+10:30");
}

BOOST_AUTO_TEST_CASE(periods_begin_before_the_range_when_it_begins_within) {
  const auto range = local_days("2026-01-31", "2026-03-01", "UTC");
  BOOST_TEST(starts(period::month, range, "UTC")
               == (std::vector<std::string>{"2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z",
                                            "2026-03-01T00:00:00Z"}),
             boost::test_tools::per_element());
  BOOST_TEST(starts(period::week, local_days("2025-12-31", "2026-01-05", "UTC"), "UTC")
               == (std::vector<std::string>{"2025-12-29T00:00:00Z", "2026-01-05T00:00:00Z"}),
             boost::test_tools::per_element());
  BOOST_TEST(starts(period::week, local_days("2025-12-31", "2026-01-05", "UTC"), "UTC", 6)
               == (std::vector<std::string>{"2025-12-28T00:00:00Z", "2026-01-04T00:00:00Z"}),
             boost::test_tools::per_element());
  // Samoa had no 30 December 2011.
  BOOST_TEST(
    starts(period::day, local_days("2011-12-29", "2011-12-31", "Pacific/Apia"), "Pacific/Apia")
      == (std::vector<std::string>{"2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"}),
    boost::test_tools::per_element());
  BOOST_TEST(starts(period::day, {range.from, range.from}, "UTC").empty());
  BOOST_TEST(periods_in(range, period::day, zone("UTC"), 0, 30).has_value());
  BOOST_TEST(!periods_in(range, period::day, zone("UTC"), 0, 29).has_value());
}

BOOST_AUTO_TEST_CASE(periods_are_named_by_their_dates) {
  const auto text = [](period p, std::string_view t) {
    const auto& in = zone("Asia/Kathmandu");
    return text_of(p, number_of(p, at(t), in, 6), in, 6);
  };
  BOOST_TEST(text(period::hour, "2025-12-31T18:20:00Z") == "2026-01-01T00:00:00+05:45");
  BOOST_TEST(text(period::day, "2025-12-31T18:15:00Z") == "2026-01-01");
  BOOST_TEST(text(period::day, "2025-12-31T18:14:59.999Z") == "2025-12-31");
  BOOST_TEST(text(period::week, "2025-12-31T18:15:00Z") == "2025-12-28");
  BOOST_TEST(text(period::month, "2025-12-31T18:15:00Z") == "2026-01");
  BOOST_TEST(text(period::quarter, "2025-12-31T18:14:00Z") == "2025-Q4");
  BOOST_TEST(text(period::quarter, "2026-04-01T00:00:00Z") == "2026-Q2");
  BOOST_TEST(text(period::year, "2025-12-31T18:15:00Z") == "2026");
  BOOST_TEST(utc_text(at("2026-01-31T05:00:00Z")) == "2026-01-31T05:00:00+00:00");
}

BOOST_AUTO_TEST_CASE(the_period_before_is_as_long_in_days_or_months) {
  const auto before = [](std::string_view first, std::string_view last,
                         std::string_view zone_name) {
    return days_of(period_before(local_days(first, last, zone_name), zone(zone_name), false),
                   zone(zone_name));
  };
  BOOST_TEST(before("2026-03-01", "2026-03-31", "UTC") == "2026-02-01 2026-02-28");
  BOOST_TEST(before("2026-01-01", "2026-03-31", "UTC") == "2025-10-01 2025-12-31");
  BOOST_TEST(before("2024-01-01", "2024-12-31", "UTC") == "2023-01-01 2023-12-31");
  BOOST_TEST(before("2026-03-03", "2026-03-09", "UTC") == "2026-02-24 2026-03-02");
  // The clock is set in between: the days count, not their hours.
  BOOST_TEST(before("2026-03-09", "2026-03-09", "America/New_York") == "2026-03-08 2026-03-08");
  BOOST_TEST(before("2026-04-06", "2026-04-07", "Australia/Lord_Howe") == "2026-04-04 2026-04-05");
  BOOST_TEST(both(period_before({at("2026-03-08T10:00:00Z"), at("2026-03-08T13:30:00Z")},
                                zone("America/New_York"), false))
             == "2026-03-08T06:30:00Z 2026-03-08T10:00:00Z");
}

BOOST_AUTO_TEST_CASE(the_period_before_by_weekday_lies_whole_weeks_back) {
  const auto before = [](std::string_view first, std::string_view last) {
    const auto& in = zone("America/New_York");
    return days_of(period_before(local_days(first, last, "America/New_York"), in, true), in);
  };
  BOOST_TEST(before("2026-03-03", "2026-03-09") == "2026-02-24 2026-03-02");
  BOOST_TEST(before("2026-03-10", "2026-03-10") == "2026-03-03 2026-03-03");
  // Eight days, or a month of 31, lie before themselves only after two or five weeks.
  BOOST_TEST(before("2026-03-03", "2026-03-10") == "2026-02-17 2026-02-24");
  BOOST_TEST(before("2026-03-01", "2026-03-31") == "2026-01-25 2026-02-24");
  BOOST_TEST(both(period_before({at("2026-03-08T14:00:00Z"), at("2026-03-08T15:00:00Z")},
                                zone("America/New_York"), true))
             == "2026-03-01T15:00:00Z 2026-03-01T16:00:00Z");
}

BOOST_AUTO_TEST_CASE(the_year_before_has_the_same_dates_or_the_same_weekdays) {
  const auto before = [](std::string_view first, std::string_view last, bool by_weekday) {
    const auto& in = zone("America/New_York");
    return days_of(year_before(local_days(first, last, "America/New_York"), in, by_weekday), in);
  };
  BOOST_TEST(before("2026-03-01", "2026-03-31", false) == "2025-03-01 2025-03-31");
  BOOST_TEST(before("2024-02-01", "2024-02-29", false) == "2023-02-01 2023-02-28");
  BOOST_TEST(before("2025-02-01", "2025-02-28", false) == "2024-02-01 2024-02-29");
  BOOST_TEST(before("2024-02-29", "2024-02-29", false) == "2023-03-01 2023-03-01");
  BOOST_TEST(before("2024-02-29", "2024-03-05", false) == "2023-03-01 2023-03-05");
  BOOST_TEST(before("2026-03-02", "2026-03-08", true) == "2025-03-03 2025-03-09");
  BOOST_TEST(before("2024-12-30", "2024-12-30", true) == "2024-01-01 2024-01-01");
  // Exact instants keep the time on the wall.
  BOOST_TEST(both(year_before({at("2026-03-08T14:00:00Z"), at("2026-03-08T15:00:00Z")},
                              zone("America/New_York"), false))
             == "2025-03-08T15:00:00Z 2025-03-08T16:00:00Z");
}

BOOST_AUTO_TEST_SUITE_END()
