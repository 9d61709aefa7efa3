#include "tests/library/report_fixture.hpp"

BOOST_AUTO_TEST_SUITE(report_test)

BOOST_FIXTURE_TEST_CASE(what_came_of_a_campaign_belongs_to_the_month_of_its_first_send, november) {
  check_rows(R"({"datasource":"campaign","timeframe":{"start":"2025-11-01","end":"2025-11-30"},
                 "group_by":["campaign_id"],
                 "statistics":["delivered","opens","opens_unique","open_rate","clicks",
                               "conversions","conversion_uniques","conversion_value"]})",
             {"sale | 4 3 2 5E-1 1 2 2 35"});
  check_rows(R"({"datasource":"campaign","timeframe":{"start":"2025-12-01","end":"2025-12-31"},
                 "statistics":["delivered","opens"]})",
             {});
}

BOOST_FIXTURE_TEST_CASE(by_the_events_own_time_the_months_tell_another_story, november) {
  check_rows(R"({"datasource":"campaign","timeframe":{"start":"2025-12-01","end":"2025-12-31"},
                 "group_by":["campaign_id"],"time_basis":"event",
                 "statistics":["delivered","opens_unique","open_rate"]})",
             {"sale | 1 2 2"});
}

BOOST_FIXTURE_TEST_CASE(a_share_above_one_is_told_with_its_reason, november) {
  const auto notes_of = [&](const std::string& more) {
    const auto made = report(R"({"datasource":"campaign","group_by":["campaign_id"],
      "timeframe":{"start":"2025-12-01","end":"2025-12-31"},
      "statistics":["open_rate","open_rate_total","opens"])"
                             + more + "}");
    return made.as_object().contains("notes") ? json::serialize(made.at("notes")) : std::string{};
  };
  BOOST_CHECK_EQUAL(notes_of(R"(,"time_basis":"event")"),
                    R"(["\"open_rate\" is above 1 in 1 row: events are counted there whose sends )"
                    R"(are not, since nobody told them or they belong to another row or time."])");
  BOOST_CHECK_EQUAL(notes_of(""), "");
}

BOOST_FIXTURE_TEST_CASE(the_zone_decides_which_month_a_send_at_night_belongs_to, november) {
  check_rows(R"({"datasource":"campaign","timeframe":{"start":"2025-12-01","end":"2025-12-31"},
                 "timezone":"Asia/Tokyo","group_by":["day"],"statistics":["delivered"]})",
             {"2025-12-01 | 4"});
}

BOOST_FIXTURE_TEST_CASE(a_described_send_time_goes_before_the_first_send, november) {
  constexpr const char* request = R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
    "group_by":["day","campaign_name","tag_name"],"statistics":["delivered"]})";
  check_rows(request, {"2025-11-30   | 4"});
  batch().describe(model::object_kind::campaign, "sale",
                   R"({"id":"sale","name":"Winter sale","tags":["cold","big"],
    "send_time":"2025-12-01T00:30:00Z","created_at":"2025-10-01T00:00:00Z"})");
  load();
  check_rows(request, {"2025-12-01 Winter sale big | 4", "2025-12-01 Winter sale cold | 4"});
  check_rows(R"({"datasource":"campaign","timeframe":{"start":"2025-10-01","end":"2025-10-01"},
                 "time_basis":"created","group_by":[],"statistics":["delivered"]})",
             {"| 4"});
}

BOOST_FIXTURE_TEST_CASE(rows_before_and_after_the_delta_is_folded_are_the_same, november) {
  constexpr const char* request = R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
    "group_by":["campaign_id","send_channel"],
    "statistics":["recipients","open_rate","click_rate","conversion_value","people_opened"]})";
  const auto before = text(request);
  need(engine->fold());
  const auto after = text(request);
  BOOST_CHECK_EQUAL(before, after);
  reopen();
  BOOST_CHECK_EQUAL(text(request), before);
}

BOOST_FIXTURE_TEST_CASE(several_groupings_are_answered_at_once_each_exact, november) {
  of_campaign("ann", "Received Email", "news", "2025-11-20T08:00:00Z");
  of_campaign("ann", "Opened Email", "news", "2025-11-20T09:00:00Z");
  load();
  const auto made = report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
    "rollups":[["campaign_id"],["month"],[]],"statistics":["people_opened","opens_unique"]})");
  const auto& rollups = made.at("rollups").as_array();
  BOOST_REQUIRE_EQUAL(rollups.size(), 3);
  const std::vector<std::string> by_campaign{"news | 1 1", "sale | 2 2"};
  const auto found = rows(rollups[0]);
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), by_campaign.begin(), by_campaign.end());
  BOOST_CHECK_EQUAL(rows(rollups[1]).front(), "2025-11 | 2 3");
  BOOST_CHECK_EQUAL(rows(rollups[2]).front(), "| 2 3");
  // Ann opened both: the rows say why they are more than the total.
  const auto& gap = rollups[0].at("rows_against_all").at(0);
  BOOST_CHECK_EQUAL(gap.at("rows").to_number<double>(), 3);
  BOOST_CHECK_EQUAL(gap.at("all").to_number<double>(), 2);
}

BOOST_FIXTURE_TEST_CASE(a_flows_events_belong_to_the_persons_own_last_send, november) {
  of_flow("ann", "Received Email", "welcome", "m1", "2025-11-10T08:00:00Z");
  of_flow("ann", "Opened Email", "welcome", "m1", "2025-11-11T08:00:00Z");
  of_flow("ann", "Received Email", "welcome", "m1", "2025-12-10T08:00:00Z");
  of_flow("ann", "Opened Email", "welcome", "m1", "2025-12-11T08:00:00Z");
  of_flow("ann", "Opened Email", "welcome", "m1", "2025-12-12T08:00:00Z");
  of_flow("bob", "Opened Email", "welcome", "m1", "2025-12-12T08:00:00Z"); // Never sent to him.
  load();
  check_rows(R"({"datasource":"flow","timeframe":{"key":"last_365_days"},
                 "group_by":["month"],"statistics":["delivered","opens","opens_unique"]})",
             {"2025-11 | 1 1 1", "2025-12 | 1 2 1"});
  const auto made = report(R"({"datasource":"flow","timeframe":{"key":"last_365_days"},
    "group_by":[],"statistics":["opens"]})");
  BOOST_CHECK_EQUAL(made.at("completeness").at("without_send").to_number<int>(), 1);
}

BOOST_FIXTURE_TEST_CASE(a_series_has_every_interval_and_short_days, november) {
  const auto made = report(R"({"datasource":"account","metric":"Placed Order",
    "timeframe":{"start":"2025-12-01","end":"2025-12-08"},"interval":"daily","group_by":[],
    "statistics":["count","sum_value","unique"]})");
  BOOST_CHECK_EQUAL(made.at("date_times").as_array().size(), 8);
  const auto& values = made.at("results").at(0).at("statistics").at("count").as_array();
  BOOST_CHECK_EQUAL(values[0].to_number<double>(), 2);
  BOOST_CHECK_EQUAL(values[1].to_number<double>(), 0);
  BOOST_CHECK_EQUAL(values[6].to_number<double>(), 1);
  const auto spring = report(R"({"datasource":"account","metric":"Placed Order",
    "timezone":"America/New_York","timeframe":{"start":"2025-11-02","end":"2025-11-02"},
    "interval":"hourly","group_by":[],"statistics":["count"]})");
  BOOST_CHECK_EQUAL(spring.at("date_times").as_array().size(), 25);
}

BOOST_FIXTURE_TEST_CASE(the_earlier_period_stands_beside, november) {
  const auto made = report(R"({"datasource":"campaign","compare":"previous_period",
    "timeframe":{"start":"2025-12-01","end":"2025-12-31"},"group_by":["campaign_id"],
    "statistics":["delivered"]})");
  BOOST_CHECK_EQUAL(made.at("compared_with").at("start").as_string(), "2025-11-01T00:00:00Z");
  const auto& row = made.at("results").at(0);
  BOOST_CHECK_EQUAL(row.at("statistics").at("delivered").to_number<double>(), 0);
  BOOST_CHECK_EQUAL(row.at("before").at("delivered").to_number<double>(), 4);
}

BOOST_FIXTURE_TEST_CASE(a_number_opens_as_the_people_who_make_it, november) {
  constexpr const char* request = R"({"datasource":"campaign",
    "timeframe":{"key":"last_365_days"},"group_by":["campaign_id"],
    "statistics":["opens","opens_unique","conversion_value","open_rate"]})";
  const auto opened = engine->open_cell(request, {0, {"sale"}, {}, "opens_unique"});
  need(opened);
  names people;
  for (const auto& maker : *opened)
    people.insert(maker.profile);
  BOOST_CHECK((people == names{"ann", "bob"}));
  const auto events = engine->open_cell(request, {0, {"sale"}, {}, "opens"});
  need(events);
  std::uint64_t count = 0;
  for (const auto& maker : *events)
    count += maker.count;
  BOOST_CHECK_EQUAL(count, 3);
  const auto rate = engine->open_cell(request, {0, {"sale"}, {}, "open_rate"});
  BOOST_REQUIRE(!rate);
  BOOST_CHECK_EQUAL(rate.faults().at(0).pointer, "/cell/statistic");
}

BOOST_FIXTURE_TEST_CASE(a_difference_falls_into_what_made_it, november) {
  const auto found = engine->explain_difference(
    R"({"datasource":"campaign","timeframe":{"start":"2025-12-01","end":"2025-12-31"},
        "statistics":["opens"]})",
    "opens", "opens_by_event_date");
  need(found);
  BOOST_CHECK(!found->first || *found->first == 0);
  BOOST_REQUIRE_EQUAL(found->steps.size(), 1);
  BOOST_CHECK_EQUAL(found->steps[0].axis, "time basis of opens");
  BOOST_CHECK_EQUAL(found->second.value_or(-1), 3);
  const auto zones = engine->explain_difference(
    R"({"datasource":"campaign","timeframe":{"start":"2025-12-01","end":"2025-12-31"},
        "statistics":["opens"]})",
    "delivered", "opens_unique", R"({"timezone":"Asia/Tokyo"})");
  need(zones);
  BOOST_REQUIRE_EQUAL(zones->steps.size(), 3);
  BOOST_CHECK_EQUAL(zones->steps[0].axis, "timezone");
  BOOST_CHECK_EQUAL(zones->steps[0].value.value_or(-1), 4);
  BOOST_CHECK_EQUAL(zones->steps[2].value.value_or(-1), 2);
}

BOOST_FIXTURE_TEST_CASE(a_difference_to_what_never_happened_adds_up_too, november) {
  const auto found = engine->explain_difference(
    R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},"statistics":["opens"]})",
    "opens", "spam_complaints");
  need(found);
  BOOST_CHECK_EQUAL(found->first.value_or(-1), 3);
  BOOST_CHECK_EQUAL(found->second.value_or(-1), 0);
  for (const auto& step : found->steps)
    BOOST_CHECK(step.value.has_value());
}

BOOST_FIXTURE_TEST_CASE(another_time_basis_is_another_meaning, november) {
  const auto asked = [&](const std::string& basis) {
    return report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},)"
                  R"("group_by":[],"statistics":["opens","delivered"],)"
                  R"("time_basis":")"
                  + basis + "\"}");
  };
  const auto by_send = asked("send");
  const auto by_event = asked("event");
  BOOST_CHECK_NE(by_send.at("statistics").at(0).at("definition"),
                 by_event.at("statistics").at(0).at("definition"));
  BOOST_CHECK_NE(by_send.at("settings").at("hash"), by_event.at("settings").at("hash"));
  const auto told = json::parse(
    *engine->report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},"group_by":[],)"
                    R"("statistics":["opens"],"time_basis":"event"})",
                    rollcall::report_format::explanation_json));
  BOOST_CHECK_EQUAL(told.at("statistics").at(0).at("inputs").at(0).at("time_basis"), "event");
}

BOOST_FIXTURE_TEST_CASE(a_report_says_that_it_knows_no_such_metric, november) {
  const auto made = report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
    "group_by":[],"statistics":["delivered","conversions"],"conversion_metric":"placed orders"})");
  const auto& notes = made.at("notes").as_array();
  BOOST_REQUIRE_EQUAL(notes.size(), 1);
  BOOST_CHECK(notes[0].as_string().find("\"placed orders\"") != std::string::npos);
  const auto well_spelled = report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
    "group_by":[],"statistics":["delivered","conversions"],"conversion_metric":"Placed Order"})");
  BOOST_CHECK(!well_spelled.as_object().contains("notes"));
}

BOOST_FIXTURE_TEST_CASE(rows_can_be_told_by_membership_of_a_segment, november) {
  create("Buyers", bought_twice);
  check_rows(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
                 "group_by":["segment:Buyers"],"statistics":["delivered","people_opened"]})",
             {"member | 1 1", "not a member | 3 1"});
}

BOOST_FIXTURE_TEST_CASE(segments_grow_by_their_feeds, november) {
  create("Lately", bought_lately);
  advance("2026-01-06T12:00:00Z");
  advance("2026-02-01");
  const auto made = report(R"({"datasource":"segment","interval":"monthly",
    "timeframe":{"start":"2026-01-01","end":"2026-01-31"},
    "statistics":["total_members","members_added","members_removed","net_members_changed"]})");
  const auto& row = made.at("results").at(0).at("statistics");
  BOOST_CHECK_EQUAL(row.at("members_added").at(0).to_number<double>(), 2);
  BOOST_CHECK_EQUAL(row.at("members_removed").at(0).to_number<double>(), 2);
  BOOST_CHECK_EQUAL(row.at("total_members").at(0).to_number<double>(), 0);
  const auto people = engine->open_cell(
    R"({"datasource":"segment","timeframe":{"start":"2026-01-01","end":"2026-01-31"},
        "statistics":["members_added"],"group_by":[]})",
    {0, {}, {}, "members_added"});
  BOOST_REQUIRE(!people); // And not an empty list.
  BOOST_CHECK_EQUAL(people.faults().at(0).pointer, "/cell/statistic");
  BOOST_CHECK_EQUAL(row.at("net_members_changed").at(0).to_number<double>(), 0);
}

BOOST_FIXTURE_TEST_CASE(a_wrong_request_tells_every_mistake_with_its_place, november) {
  const auto pointers = fault_pointers(R"({"datasource":"campaign","statistics":["opens","opnes"],
    "timeframe":{"key":"last_31_days"},"group_by":["form_id","campaign_id"],"limit":0,"colour":1,
    "filter":{"field":"send_channel","operator":"equal","value":"email"}})");
  const std::vector<std::string> expected{"/colour", "/limit", "/statistics/1", "/timeframe/key",
                                          "/filter/operator"};
  for (const auto& pointer : expected)
    BOOST_CHECK_MESSAGE(std::ranges::find(pointers, pointer) != pointers.end(),
                        "no fault at " << pointer);
}

BOOST_FIXTURE_TEST_CASE(limits_keep_totals_whole, november) {
  of_campaign("ann", "Received Email", "news", "2025-11-20T08:00:00Z");
  load();
  const auto made = report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
    "group_by":["campaign_id"],"statistics":["delivered","people_reached"],"order":"-delivered",
    "limit":1})");
  BOOST_CHECK_EQUAL(made.at("results").at(0).at("groupings").at("campaign_id").as_string(), "sale");
  BOOST_CHECK_EQUAL(made.at("rows").to_number<int>(), 2);
  BOOST_CHECK_EQUAL(made.at("all").at("statistics").at("delivered").to_number<double>(), 5);
  BOOST_CHECK_EQUAL(made.at("listed").at("statistics").at("delivered").to_number<double>(), 4);
  BOOST_CHECK_EQUAL(made.at("other").at("statistics").at("delivered").to_number<double>(), 1);
  const auto reached = [&](const json::value& report, const char* rows) {
    return report.at(rows).at("statistics").at("people_reached").to_number<int>();
  };
  BOOST_CHECK_EQUAL(reached(made, "all"), 4);
  BOOST_CHECK_EQUAL(reached(made, "listed"), 4);
  BOOST_CHECK_EQUAL(reached(made, "other"), 1);
}

// Nobody says before that rows will be left out: everything is read again.
BOOST_FIXTURE_TEST_CASE(of_more_rows_than_anybody_lists_people_count_once_too, november) {
  constexpr int campaigns = 10'002;
  for (int i = 0; i < campaigns; ++i) // Events of one person and instant would be one event.
    of_campaign("ann", "Received Email", "c" + std::to_string(i),
                model::format_instant(instant("2025-11-20") + std::chrono::seconds{i}));
  of_campaign("bob", "Received Email", "c0", "2025-11-20T08:00:00Z");
  load();
  const auto made = report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},
    "group_by":["campaign_id"],"statistics":["delivered","people_reached"],
    "order":["-delivered","campaign_id"]})");
  BOOST_CHECK_EQUAL(made.at("results").as_array().size(), 10'000U);
  const auto reached = [&](const char* rows) {
    return made.at(rows).at("statistics").at("people_reached").to_number<int>();
  };
  BOOST_CHECK_EQUAL(reached("all"), 4);
  BOOST_CHECK_EQUAL(reached("listed"), 4);
  BOOST_CHECK_EQUAL(reached("other"), 1);
}

BOOST_AUTO_TEST_SUITE_END()
