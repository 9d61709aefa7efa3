#include "tests/library/report_fixture.hpp"

#include <fstream>

BOOST_AUTO_TEST_SUITE(report_comparison_test)

namespace {

constexpr const char* orders_by_day = R"({"datasource":"account","interval":"daily",
  "timeframe":{"start":"2025-02-01","end":"2025-02-28"},"group_by":[],"statistics":["orders"],
  "compare":"previous_period"})";

/// Orders on the last day of January and the first of February.
struct turn_of_the_month : report_fixture {
  turn_of_the_month() {
    order("ann", "2025-01-31T10:00:00Z", 1);
    order("bob", "2025-02-01T10:00:00Z", 2);
    load();
  }
};

/// Three campaigns of one, two and three people, and a year before two of one.
struct three_campaigns : report_fixture {
  three_campaigns() {
    const std::vector<std::string> people{"ann", "bob", "cid"};
    const std::vector<std::string> campaigns{"a", "b", "c"};
    for (std::size_t c = 0; c < campaigns.size(); ++c)
      for (std::size_t p = 0; p <= c; ++p)
        of_campaign(people[p], "Received Email", campaigns[c],
                    "2025-11-1" + std::to_string(c) + "T08:00:00Z");
    of_campaign("ann", "Received Email", "old", "2024-11-10T08:00:00Z");
    of_campaign("bob", "Received Email", "older", "2024-11-10T08:00:00Z");
    load();
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(the_earlier_month_keeps_its_own_days, turn_of_the_month) {
  const auto made = report(orders_by_day);
  const auto& row = made.at("results").at(0);
  BOOST_CHECK_EQUAL(made.at("date_times").as_array().size(), 28);
  BOOST_CHECK_EQUAL(row.at("statistics").at("orders").as_array().size(), 28);
  const auto& starts = made.at("before_date_times").as_array();
  BOOST_REQUIRE_EQUAL(starts.size(), 31);
  BOOST_CHECK_EQUAL(starts[30].as_string(), "2025-01-31T00:00:00+00:00");
  const auto& before = row.at("before").at("orders").as_array();
  BOOST_REQUIRE_EQUAL(before.size(), 31);
  BOOST_CHECK_EQUAL(before[30].to_number<double>(), 1);
}

BOOST_FIXTURE_TEST_CASE(tables_and_csv_show_both_timeframes, turn_of_the_month) {
  const auto csv = engine->report(orders_by_day, rollcall::report_format::csv);
  need(csv);
  BOOST_CHECK(csv->starts_with("date_time,orders,before_date_time,orders_before\n"
                               "2025-02-01T00:00:00+00:00,1,2025-01-01T00:00:00+00:00,0\n"));
  BOOST_CHECK(csv->ends_with("\n,,2025-01-31T00:00:00+00:00,1\n"));
  const auto table = engine->report(orders_by_day, rollcall::report_format::table);
  need(table);
  BOOST_CHECK_EQUAL(std::ranges::count(*table, '\n'), 2 + 31 + 2); // Head, days, empty line, foot.
}

BOOST_FIXTURE_TEST_CASE(parts_of_the_rows_are_compared_like_the_rows, three_campaigns) {
  const auto made = report(R"({"datasource":"campaign","compare":"previous_year","limit":2,
    "timeframe":{"start":"2025-11-01","end":"2025-11-30"},"group_by":["campaign_id"],
    "statistics":["delivered"],"order":"-delivered"})");
  BOOST_CHECK_EQUAL(made.at("rows").to_number<int>(), 5);
  const auto value = [&](const char* part, const char* which) {
    return made.at(part).at(which).at("delivered").to_number<double>();
  };
  BOOST_CHECK_EQUAL(value("listed", "statistics"), 5);
  BOOST_CHECK_EQUAL(value("other", "statistics"), 1);
  BOOST_CHECK_EQUAL(value("listed", "before"), 0);
  BOOST_CHECK_EQUAL(value("other", "before"), 2);
  BOOST_CHECK_EQUAL(value("all", "before"), 2);
}

BOOST_FIXTURE_TEST_CASE(by_weekday_a_period_is_compared_with_the_same_weekdays, report_fixture) {
  order("ann", "2025-06-02T10:00:00Z", 1); // A Monday.
  order("ann", "2025-06-09T10:00:00Z", 2);
  load();
  const auto compared = [&](const char* compare) {
    const auto made = report(R"({"datasource":"account","group_by":[],"statistics":["revenue"],
      "timeframe":{"start":"2025-06-09","end":"2025-06-11"},"compare":)"
                             + std::string{compare} + "}");
    return std::string{made.at("compared_with").at("start").as_string()} + " "
         + json::serialize(made.at("results").at(0).at("before").at("revenue"));
  };
  BOOST_CHECK_EQUAL(compared(R"("previous_period")"), "2025-06-06T00:00:00Z 0");
  BOOST_CHECK_EQUAL(compared(R"({"to":"previous_period","align":"weekday"})"),
                    "2025-06-02T00:00:00Z 1");
}

BOOST_FIXTURE_TEST_CASE(an_event_without_a_send_counts_once_whatever_is_asked, report_fixture) {
  of_campaign("ann", "Received Email", "sale", "2025-11-10T08:00:00Z");
  of_flow("ann", "Opened Email", "welcome", "m1", "2025-11-11T08:00:00Z");
  of_flow("ann", "Clicked Email", "welcome", "m1", "2025-11-11T08:01:00Z");
  load();
  const auto without_send = [&](const std::string& more) {
    return report(R"({"datasource":"flow","timeframe":{"key":"last_90_days"},"group_by":[],)" + more
                  + "}")
      .at("completeness")
      .at("without_send")
      .to_number<int>();
  };
  BOOST_CHECK_EQUAL(without_send(R"("statistics":["opens","opens_unique","open_rate"])"), 1);
  BOOST_CHECK_EQUAL(without_send(R"("statistics":["opens","clicks"])"), 2);
  BOOST_CHECK_EQUAL(without_send(R"("statistics":["opens","clicks"],"time_basis":"event")"), 0);
}

BOOST_FIXTURE_TEST_CASE(what_is_a_messages_event_and_a_conversion_is_one_event, report_fixture) {
  of_flow("ann", "Received Email", "welcome", "m1", "2025-11-11T08:00:00Z");
  of_flow("ann", "Opened Email", "later", "m1", "2025-11-11T08:00:00Z"); // Never sent.
  of_flow("ann", "Clicked Email", "later", "m1", "2025-11-11T08:01:00Z");
  load();
  const auto made = report(R"({"datasource":"flow","timeframe":{"key":"last_90_days"},
    "group_by":[],"conversion_metric":"Clicked Email",
    "statistics":["clicks","conversions"]})");
  BOOST_CHECK_EQUAL(made.at("completeness").at("without_send").to_number<int>(), 1);
}

// S34.
BOOST_FIXTURE_TEST_CASE(the_total_has_a_row_when_something_was_sent, three_campaigns) {
  const auto rows_of = [&](const std::string& more) {
    const auto made = report(R"({"datasource":"campaign","statistics":["clicks","click_rate"],)"
                             + more + "}");
    const auto found = rows(made);
    BOOST_CHECK_EQUAL(made.at("rows").to_number<std::size_t>(), found.size());
    return found.empty() ? std::string{"none"} : found.front();
  };
  const auto clicks_of = [&](const std::string& more) {
    const auto found = rows(
      report(R"({"datasource":"campaign","statistics":["clicks"],)" + more + "}"));
    return found.empty() ? std::string{"none"} : found.front();
  };
  const std::string november = R"("timeframe":{"start":"2025-11-01","end":"2025-11-30"})";
  const std::string october = R"("timeframe":{"start":"2025-10-01","end":"2025-10-31"})";
  const std::string total = R"(,"group_by":[])";
  BOOST_CHECK_EQUAL(rows_of(november + total), "| 0 0");
  BOOST_CHECK_EQUAL(clicks_of(november + total), "| 0");
  BOOST_CHECK_EQUAL(clicks_of(october + total), "none");
  BOOST_CHECK_EQUAL(clicks_of(october + total + R"(,"time_basis":"event")"), "none");
  BOOST_CHECK_EQUAL(clicks_of(november + R"(,"group_by":["campaign_id"])"), "none");
  BOOST_CHECK_EQUAL(clicks_of(november + total
                              + R"(,"filter":{"field":"campaign_id","operator":"equals",)"
                                R"("value":"a"})"),
                    "| 0");
  BOOST_CHECK_EQUAL(clicks_of(november + total
                              + R"(,"filter":{"field":"campaign_id","operator":"equals",)"
                                R"("value":"old"})"),
                    "none");
}

BOOST_FIXTURE_TEST_CASE(the_total_of_what_knows_no_messages_is_a_row, turn_of_the_month) {
  const auto found = rows(report(R"({"datasource":"account","statistics":["orders","revenue"],
    "timeframe":{"start":"2024-02-01","end":"2024-02-28"},"group_by":[]})"));
  BOOST_REQUIRE_EQUAL(found.size(), 1);
  BOOST_CHECK_EQUAL(found[0], "| 0 0");
}

BOOST_FIXTURE_TEST_CASE(a_window_is_open_to_its_last_instant, report_fixture) {
  of_campaign("ann", "Received Email", "sale", "2025-12-25T08:00:00Z");
  of_campaign("ann", "Opened Email", "sale", "2025-12-27T00:00:00Z"); // Now less five days.
  of_campaign("ann", "Opened Email", "sale", "2025-12-26T23:59:59Z");
  load();
  const auto open = [&](const std::string& more) {
    return report(R"({"datasource":"campaign","timeframe":{"start":"2025-12-25","end":")" + more
                  + R"(,"group_by":[],"statistics":["conversions"]})")
      .at("completeness")
      .at("open_windows")
      .to_number<double>();
  };
  BOOST_CHECK_EQUAL(open(R"(2025-12-25"})"), 0.5);
  // By the touches' own time one of them lies outside.
  BOOST_CHECK_EQUAL(open(R"(2025-12-26"},"time_basis":"event")"), 0);
  BOOST_CHECK_EQUAL(open(R"(2025-12-27"},"time_basis":"event")"), 0.5);
}

BOOST_FIXTURE_TEST_CASE(an_explanation_of_a_series_counts_people_of_all_of_it, november) {
  const auto made = engine->report(R"({"datasource":"account","metric":"Placed Order",
    "timeframe":{"start":"2025-12-01","end":"2025-12-31"},"interval":"daily","group_by":[],
    "statistics":["unique"]})",
                                   rollcall::report_format::explanation_json);
  need(made);
  const auto input = json::parse(*made).at("statistics").at(0).at("inputs").at(0);
  BOOST_CHECK_EQUAL(input.at("total").to_number<int>(), 3); // Ann on two days, and Bob and Cid.
  BOOST_CHECK_EQUAL(input.at("counted").to_number<int>(), 4);
}

BOOST_FIXTURE_TEST_CASE(by_its_own_time_an_event_is_outside_before_it_is_anothers, november) {
  of_flow("ann", "Received Email", "welcome", "m1", "2025-10-10T08:00:00Z");
  of_flow("ann", "Received Email", "welcome", "m1", "2025-11-10T08:00:00Z");
  load();
  for (const bool in_columns : {false, true}) {
    if (in_columns)
      need(engine->fold());
    const auto made = engine->report(R"({"datasource":"campaign","group_by":[],
      "timeframe":{"start":"2025-11-01","end":"2025-11-30"},
      "statistics":["delivered_by_event_date"]})",
                                     rollcall::report_format::explanation_json);
    need(made);
    const auto input = json::parse(*made).at("statistics").at(0).at("inputs").at(0);
    BOOST_CHECK_EQUAL(json::serialize(input.at("excluded")),
                      R"({"belongs to the other kind of message":1,"outside the timeframe":2})");
  }
}

BOOST_FIXTURE_TEST_CASE(several_segments_in_a_row_are_added_up, november) {
  create("Twice", bought_twice);
  create("Lately", bought_lately);
  advance("2026-01-02T00:00:00Z");
  const std::string request = R"({"datasource":"segment",
    "timeframe":{"start":"2025-12-31","end":"2026-01-01"},"group_by":["segment_name"],"limit":1,
    "statistics":["total_members","members_added"]})";
  const auto made = report(request);
  const auto value = [&](const char* part, const char* statistic) {
    return made.at(part).at("statistics").at(statistic).to_number<int>();
  };
  BOOST_CHECK_EQUAL(value("listed", "total_members"), 2); // Lately.
  BOOST_CHECK_EQUAL(value("other", "total_members"), 1);
  BOOST_CHECK_EQUAL(value("all", "total_members"), 3);
  BOOST_CHECK_EQUAL(value("other", "members_added"), 1);
  const auto explained = engine->report(
    R"({"datasource":"segment","timeframe":{"start":"2025-12-31","end":"2026-01-01"},
        "filter":{"field":"segment_name","operator":"equals","value":"Twice"},
        "statistics":["total_members"]})",
    rollcall::report_format::explanation_json);
  need(explained);
  const auto input = json::parse(*explained).at("statistics").at(0).at("inputs").at(0);
  BOOST_CHECK_EQUAL(input.at("counted").to_number<int>(), 1);
  BOOST_CHECK_EQUAL(json::serialize(input.at("excluded")), R"({"filtered out by the request":2})");
}

BOOST_FIXTURE_TEST_CASE(a_bots_click_is_none_for_the_account_either, report_fixture) {
  const auto file = directory.path() / "mine.toml";
  std::ofstream{file} << R"(
[measure.human_clicks]
description = "Clicks of people."
owner = "tests"
version = 1
unit = "events"
counts = "events"
events = "clicked"
population = "account_people"
time_basis = "event"
bot_clicks = "exclude"
)";
  engine.reset();
  auto with_mine = options();
  with_mine.dictionary = {file};
  auto opened = rollcall::engine::open(with_mine);
  need(opened);
  engine = std::move(*opened);
  of_campaign("ann", "Clicked Email", "sale", "2025-12-25T08:00:00Z");
  of_campaign("ann", "Clicked Email", "sale", "2025-12-25T08:00:01Z");
  batch().set("Bot Click", true);
  load();
  const std::string request = R"({"datasource":"account","timeframe":{"key":"last_30_days"},
    "group_by":[],"statistics":["human_clicks"])";
  for (const bool in_columns : {false, true}) {
    if (in_columns)
      need(engine->fold());
    check_rows(request + "}", {"| 1"});
    check_rows(request + R"(,"bots":"include"})", {"| 2"});
  }
}

BOOST_AUTO_TEST_SUITE_END()
