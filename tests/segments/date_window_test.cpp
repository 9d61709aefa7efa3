#include "segments/calendar.hpp"
#include "segments/date_window.hpp"
#include "tests/segments/evaluation_support.hpp"

#include <boost/test/unit_test.hpp>

#include <stdexcept>

using namespace evaluation_support;
using segments::date_filter;
using segments::date_operator;
using segments::date_unit;

/// Every line of the table "Exact date boundaries" (klaviyo-api.md 4.2) with its own example, today
/// = 2023-06-17, and the rulings S14–S19 about what the table leaves open.
BOOST_AUTO_TEST_SUITE(date_window_test)

namespace {

constexpr std::string_view afternoon = "2023-06-17T15:00:00Z";

bool inside(const date_filter& f, std::string_view date, std::string_view now = afternoon,
            const std::string& account_zone = "UTC") {
  return holds(attribute("created", f), person{}.with("created", text(date)), now, account_zone);
}

std::string flip(const date_filter& f, std::string_view date, std::string_view now = afternoon,
                 const std::string& account_zone = "UTC") {
  return next_flip(attribute("created", f), person{}.with("created", text(date)), now,
                   account_zone);
}

date_filter in_zone(date_filter f, const std::string& zone) {
  f.zone = zone;
  return f;
}

date_filter rolling(date_filter f) {
  f.rolling = true;
  return f;
}

} // namespace

BOOST_AUTO_TEST_CASE(in_the_last_three_days_begins_at_midnight_three_days_ago_and_ends_now) {
  const auto f = relative(date_operator::in_the_last, 3);
  BOOST_CHECK(!inside(f, "2023-06-13T23:59:59.999Z"));
  BOOST_CHECK(inside(f, "2023-06-14"));
  BOOST_CHECK(inside(f, "2023-06-17T15:00:00Z"));
  BOOST_CHECK(!inside(f, "2023-06-17T15:00:00.001Z"));
  BOOST_CHECK_EQUAL(flip(f, "2023-06-14"), "2023-06-18T00:00:00Z");
  BOOST_CHECK_EQUAL(flip(f, "2023-06-17T15:00:00.001Z"), "2023-06-17T15:00:01Z");
}

BOOST_AUTO_TEST_CASE(at_least_three_days_ago_excludes_the_midnight_itself) {
  const auto f = relative(date_operator::at_least, 3);
  BOOST_CHECK(inside(f, "2023-06-13T23:59:59.999Z"));
  BOOST_CHECK(!inside(f, "2023-06-14"));
  BOOST_CHECK_EQUAL(flip(f, "2023-06-14T09:00:00Z"), "2023-06-18T00:00:00Z");
  BOOST_CHECK_EQUAL(flip(f, "2023-06-13"), "never");
}

BOOST_AUTO_TEST_CASE(between_three_and_five_days_ago_holds_three_whole_days) {
  const auto f = between(3, 5);
  BOOST_CHECK(!inside(f, "2023-06-11T23:59:59Z"));
  BOOST_CHECK(inside(f, "2023-06-12"));
  BOOST_CHECK(inside(f, "2023-06-14T23:59:59.999Z"));
  BOOST_CHECK(!inside(f, "2023-06-15"));
  BOOST_CHECK_EQUAL(flip(f, "2023-06-15T12:00:00Z"), "2023-06-18T00:00:00Z");
  BOOST_CHECK_EQUAL(flip(f, "2023-06-12T12:00:00Z"), "2023-06-18T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(between_zero_and_n_days_reaches_to_the_end_of_today) {
  BOOST_CHECK(inside(between(0, 2), "2023-06-17T23:59:59Z"));
  BOOST_CHECK(!inside(between(0, 2), "2023-06-18"));
}

BOOST_AUTO_TEST_CASE(in_the_next_three_days_begins_now_and_ends_before_the_fourth_midnight) {
  const auto f = relative(date_operator::in_the_next, 3);
  BOOST_CHECK(!inside(f, "2023-06-17T14:59:59.999Z"));
  BOOST_CHECK(inside(f, "2023-06-17T15:00:00Z"));
  BOOST_CHECK(inside(f, "2023-06-20T23:59:59.999Z"));
  BOOST_CHECK(!inside(f, "2023-06-21"));
  BOOST_CHECK_EQUAL(flip(f, "2023-06-17T15:00:00Z"), "2023-06-17T15:00:01Z");
  BOOST_CHECK_EQUAL(flip(f, "2023-06-21"), "2023-06-18T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_bare_date_of_today_is_in_the_next_days_only_at_midnight) {
  const auto f = relative(date_operator::in_the_next, 3);
  BOOST_CHECK(inside(f, "2023-06-17", "2023-06-17T00:00:00Z"));
  BOOST_CHECK(!inside(f, "2023-06-17", "2023-06-17T00:00:01Z"));
  // For anniversaries it is excluded even then (S19).
  BOOST_CHECK(
    !inside(relative(date_operator::anniversary_next, 3), "1990-06-17", "2023-06-17T00:00:00Z"));
}

BOOST_AUTO_TEST_CASE(before_a_date_is_strictly_before) {
  const auto f = fixed(date_operator::before, "2023-06-10");
  BOOST_CHECK(inside(f, "2023-06-09T23:59:59.999Z"));
  BOOST_CHECK(!inside(f, "2023-06-10"));
}

BOOST_AUTO_TEST_CASE(after_a_date_begins_with_the_next_day) {
  const auto f = fixed(date_operator::after, "2023-06-10");
  BOOST_CHECK(!inside(f, "2023-06-10T23:59:59.999Z"));
  BOOST_CHECK(inside(f, "2023-06-11"));
}

BOOST_AUTO_TEST_CASE(after_a_time_of_day_is_strictly_later) {
  const auto f = fixed(date_operator::after, "2023-06-10T09:00:00Z");
  BOOST_CHECK(!inside(f, "2023-06-10T09:00:00Z"));
  BOOST_CHECK(inside(f, "2023-06-10T09:00:00.001Z"));
}

BOOST_AUTO_TEST_CASE(an_offset_that_lands_on_midnight_utc_means_the_whole_day) {
  const auto f = fixed(date_operator::after, "2023-06-09T19:00:00-05:00");
  BOOST_CHECK(!inside(f, "2023-06-10T12:00:00Z"));
  BOOST_CHECK(inside(f, "2023-06-11"));
}

BOOST_AUTO_TEST_CASE(between_two_dates_holds_the_whole_last_day) {
  const auto f = fixed(date_operator::between_static, "2023-06-10", "2023-06-15");
  BOOST_CHECK(!inside(f, "2023-06-09T23:59:59.999Z"));
  BOOST_CHECK(inside(f, "2023-06-10"));
  BOOST_CHECK(inside(f, "2023-06-15T23:59:59.999Z"));
  BOOST_CHECK(!inside(f, "2023-06-16"));
}

BOOST_AUTO_TEST_CASE(between_two_times_takes_the_start_and_leaves_the_end) {
  const auto f = fixed(date_operator::between_static, "2023-06-10T08:00:00Z",
                       "2023-06-15T08:00:00Z");
  BOOST_CHECK(inside(f, "2023-06-10T08:00:00Z"));
  BOOST_CHECK(inside(f, "2023-06-15T07:59:59.999Z"));
  BOOST_CHECK(!inside(f, "2023-06-15T08:00:00Z"));
}

BOOST_AUTO_TEST_CASE(an_anniversary_is_this_day_in_any_year_for_the_whole_day) {
  const auto f = relative(date_operator::anniversary, 0);
  BOOST_CHECK(inside(f, "1990-06-17"));
  BOOST_CHECK(inside(f, "1990-06-17T23:00:00Z"));
  BOOST_CHECK(inside(f, "2031-06-17"));
  BOOST_CHECK(!inside(f, "1990-06-18"));
  BOOST_CHECK_EQUAL(flip(f, "1990-06-17"), "2023-06-18T00:00:00Z");
  BOOST_CHECK_EQUAL(flip(f, "1990-06-16"), "2024-06-16T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(anniversaries_in_the_next_days_are_later_than_now) {
  const auto f = relative(date_operator::anniversary_next, 3);
  BOOST_CHECK(!inside(f, "1990-06-17"));
  BOOST_CHECK(!inside(f, "1990-06-17T15:00:00Z"));
  BOOST_CHECK(inside(f, "1990-06-17T15:00:01Z"));
  BOOST_CHECK(inside(f, "1990-06-20T23:59:59Z"));
  BOOST_CHECK(!inside(f, "1990-06-21"));
  BOOST_CHECK_EQUAL(flip(f, "1990-06-17T15:00:01Z"), "2023-06-17T15:00:01Z");
}

BOOST_AUTO_TEST_CASE(anniversaries_in_the_last_days_end_now) {
  const auto f = relative(date_operator::anniversary_last, 3);
  BOOST_CHECK(!inside(f, "1990-06-13T23:59:59Z"));
  BOOST_CHECK(inside(f, "1990-06-14"));
  BOOST_CHECK(inside(f, "1990-06-17T15:00:00Z"));
  BOOST_CHECK(!inside(f, "1990-06-17T15:00:01Z"));
}

BOOST_AUTO_TEST_CASE(anniversaries_reach_over_new_year) {
  BOOST_CHECK(
    inside(relative(date_operator::anniversary_next, 5), "1990-01-02", "2023-12-30T10:00:00Z"));
  BOOST_CHECK(
    inside(relative(date_operator::anniversary_last, 5), "1990-12-30", "2024-01-02T10:00:00Z"));
}

BOOST_AUTO_TEST_CASE(leap_days_come_back_in_leap_years_only) {
  const auto today = relative(date_operator::anniversary, 0);
  BOOST_CHECK(inside(today, "2000-02-29", "2024-02-29T08:00:00Z"));
  BOOST_CHECK(!inside(today, "2000-02-29", "2023-02-28T08:00:00Z"));
  BOOST_CHECK(!inside(today, "2000-02-29", "2023-03-01T08:00:00Z"));
  BOOST_CHECK(
    !inside(relative(date_operator::anniversary_next, 7), "2000-02-29", "2023-02-26T08:00:00Z"));
  BOOST_CHECK(
    inside(relative(date_operator::anniversary_next, 7), "2000-02-29", "2024-02-26T08:00:00Z"));
  BOOST_CHECK_EQUAL(flip(today, "2000-02-29", "2096-03-01T00:00:00Z"), "2104-02-29T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(leap_days_belong_to_every_february) {
  BOOST_CHECK(
    inside(relative(date_operator::anniversary_month, 0), "2000-02-29", "2023-02-01T00:00:00Z"));
  BOOST_CHECK(inside(relative(date_operator::calendar_month, 2), "2000-02-29"));
}

BOOST_AUTO_TEST_CASE(this_month_is_the_whole_month_in_any_year) {
  const auto f = relative(date_operator::anniversary_month, 0);
  BOOST_CHECK(inside(f, "1990-06-01"));
  BOOST_CHECK(inside(f, "1990-06-30T23:59:59Z"));
  BOOST_CHECK(!inside(f, "1990-07-01"));
  BOOST_CHECK_EQUAL(flip(f, "1990-06-05"), "2023-07-01T00:00:00Z");
  BOOST_CHECK_EQUAL(flip(f, "1990-12-05"), "2023-12-01T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_named_month_does_not_depend_on_now) {
  const auto f = relative(date_operator::calendar_month, 3);
  BOOST_CHECK(inside(f, "1990-03-31T23:59:59Z"));
  BOOST_CHECK(!inside(f, "1990-04-01"));
  BOOST_CHECK_EQUAL(flip(f, "1990-03-31"), "never");
}

BOOST_AUTO_TEST_CASE(all_time_has_no_bound) {
  BOOST_CHECK(inside(date_filter{}, "0001-01-01"));
  BOOST_CHECK(inside(date_filter{}, "9999-12-31"));
}

BOOST_AUTO_TEST_CASE(weeks_are_seven_days_with_day_boundaries) {
  const auto f = between(1, 2, date_unit::week); // [06-03, 06-11)
  BOOST_CHECK(!inside(f, "2023-06-02T23:59:59Z"));
  BOOST_CHECK(inside(f, "2023-06-03"));
  BOOST_CHECK(inside(f, "2023-06-10T23:59:59Z"));
  BOOST_CHECK(!inside(f, "2023-06-11"));
  BOOST_CHECK(inside(relative(date_operator::in_the_last, 1, date_unit::week), "2023-06-10"));
}

BOOST_AUTO_TEST_CASE(hours_roll_with_both_ends_included) {
  const auto last = relative(date_operator::in_the_last, 2, date_unit::hour);
  BOOST_CHECK(!inside(last, "2023-06-17T12:59:59.999Z"));
  BOOST_CHECK(inside(last, "2023-06-17T13:00:00Z"));
  BOOST_CHECK_EQUAL(flip(last, "2023-06-17T13:00:00Z"), "2023-06-17T15:00:01Z");
  const auto before = relative(date_operator::at_least, 2, date_unit::hour);
  BOOST_CHECK(inside(before, "2023-06-17T12:59:59.999Z"));
  BOOST_CHECK(!inside(before, "2023-06-17T13:00:00Z"));
  const auto middle = between(1, 2, date_unit::hour);
  BOOST_CHECK(inside(middle, "2023-06-17T13:00:00Z"));
  BOOST_CHECK(inside(middle, "2023-06-17T14:00:00Z"));
  BOOST_CHECK(!inside(middle, "2023-06-17T14:00:00.001Z"));
  const auto next = relative(date_operator::in_the_next, 2, date_unit::hour);
  BOOST_CHECK(inside(next, "2023-06-17T17:00:00Z"));
  BOOST_CHECK(!inside(next, "2023-06-17T17:00:00.001Z"));
}

BOOST_AUTO_TEST_CASE(rolling_days_count_back_from_now_by_24_hours) {
  const auto f = rolling(relative(date_operator::in_the_last, 3));
  BOOST_CHECK(!inside(f, "2023-06-14T14:59:59Z"));
  BOOST_CHECK(inside(f, "2023-06-14T15:00:00Z"));
  BOOST_CHECK_EQUAL(flip(f, "2023-06-14T15:00:00Z"), "2023-06-17T15:00:01Z");
}

BOOST_AUTO_TEST_CASE(days_of_a_zone_begin_at_its_midnights) {
  // New York is at UTC-4 in June: its 17th began at 04:00 UTC.
  const auto f = in_zone(relative(date_operator::in_the_last, 0), "America/New_York");
  BOOST_CHECK(!inside(f, "2023-06-17T03:59:59Z"));
  BOOST_CHECK(inside(f, "2023-06-17T04:00:00Z"));
  BOOST_CHECK_EQUAL(flip(f, "2023-06-17T04:00:00Z"), "2023-06-18T04:00:00Z");
  BOOST_CHECK(inside(in_zone(f, "account"), "2023-06-17T04:00:00Z", afternoon, "US/Eastern"));
  BOOST_CHECK(!inside(in_zone(f, "account"), "2023-06-17T03:59:59Z", afternoon, "US/Eastern"));
}

BOOST_AUTO_TEST_CASE(days_are_as_long_as_the_clocks_make_them) {
  // Clocks go forward in New York on 2023-03-12 and back on 2023-11-05: days of 23 and 25 hours.
  const auto today = in_zone(relative(date_operator::in_the_last, 0), "America/New_York");
  BOOST_CHECK_EQUAL(flip(today, "2023-03-12T05:00:00Z", "2023-03-12T12:00:00Z"),
                    "2023-03-13T04:00:00Z");
  BOOST_CHECK_EQUAL(flip(today, "2023-11-05T04:00:00Z", "2023-11-05T12:00:00Z"),
                    "2023-11-06T05:00:00Z");
}

BOOST_AUTO_TEST_CASE(a_midnight_that_clocks_skip_begins_with_the_first_instant_after_it) {
  // Sao Paulo went from 00:00 to 01:00 on 2017-10-15; that day began at 03:00 UTC.
  const auto& zone = *segments::find_zone("America/Sao_Paulo");
  const std::int64_t day = segments::day_of(2017, 10, 15);
  BOOST_CHECK_EQUAL(zone.day_start(day), ms("2017-10-15T03:00:00Z"));
  BOOST_CHECK_EQUAL(zone.day(ms("2017-10-15T02:59:59Z")), day - 1);
  BOOST_CHECK_EQUAL(zone.day(ms("2017-10-15T03:00:00Z")), day);
}

BOOST_AUTO_TEST_CASE(a_day_that_a_zone_skipped_is_empty) {
  // Samoa had no 2011-12-30.
  const auto& zone = *segments::find_zone("Pacific/Apia");
  const std::int64_t day = segments::day_of(2011, 12, 30);
  BOOST_CHECK_EQUAL(zone.day_start(day), zone.day_start(day + 1));
  BOOST_CHECK_EQUAL(zone.day(zone.day_start(day)), day + 1);
}

BOOST_AUTO_TEST_CASE(a_midnight_that_clocks_show_twice_begins_its_day_once) {
  // St. John's went from 00:01 back to 23:01 on 2009-11-01.
  const auto& zone = *segments::find_zone("America/St_Johns");
  const std::int64_t day = segments::day_of(2009, 11, 1);
  const std::int64_t start = zone.day_start(day);
  BOOST_CHECK_EQUAL(start, ms("2009-11-01T02:30:00Z"));
  for (std::int64_t t = start; t < start + 2 * segments::hour_ms; t += segments::minute_ms)
    BOOST_REQUIRE_EQUAL(zone.day(t), day);
}

BOOST_AUTO_TEST_CASE(the_persons_zone_is_their_location_or_the_accounts) {
  const auto c = attribute("created", in_zone(relative(date_operator::in_the_last, 0), "profile"));
  auto p = person{}.with("created", text("2023-06-17T04:00:00Z"));
  // 16:00 UTC is the 18th in Auckland, the 17th in New York.
  const auto in = [&](std::string_view zone) {
    return holds(c, person{p}.with("location['timezone']", text(zone)), "2023-06-17T16:00:00Z",
                 "Pacific/Auckland");
  };
  BOOST_CHECK(in("America/New_York"));
  BOOST_CHECK(!in("Pacific/Auckland"));
  BOOST_CHECK(!in("Atlantis"));
  BOOST_CHECK(!holds(c, p, "2023-06-17T16:00:00Z", "Pacific/Auckland"));
}

BOOST_AUTO_TEST_CASE(quantities_beyond_all_time_do_no_harm) {
  const std::int64_t huge = INT64_MAX;
  for (const auto unit : {date_unit::second, date_unit::hour, date_unit::day, date_unit::week}) {
    BOOST_CHECK(inside(relative(date_operator::in_the_last, huge, unit), "1970-01-01"));
    BOOST_CHECK(!inside(relative(date_operator::at_least, huge, unit), "1970-01-01"));
    BOOST_CHECK(inside(relative(date_operator::in_the_next, huge, unit), "9999-01-01"));
    BOOST_CHECK(inside(relative(date_operator::anniversary_last, huge, unit), "2000-02-29"));
  }
}

BOOST_AUTO_TEST_CASE(zones_that_do_not_exist_are_refused_when_a_rule_is_compiled) {
  BOOST_CHECK_THROW(inside(in_zone(date_filter{}, "Mars/Olympus"), "2023-06-17"),
                    std::invalid_argument);
  BOOST_CHECK_THROW(inside(date_filter{}, "2023-06-17", afternoon, "Mars/Olympus"),
                    std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
