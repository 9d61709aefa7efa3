// Reports in our own words over HTTP, and the words.
#include "gateway/dictionary_routes.hpp"
#include "gateway/identity.hpp"
#include "tests/gateway/served_account.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

BOOST_AUTO_TEST_SUITE(dictionary_routes_test)

namespace {

using namespace gateway_tests;

constexpr const char* orders_by_day = R"({"datasource":"account","metric":"Placed Order",
  "statistics":["count","sum_value"],"timeframe":{"start":"2025-12-01","end":"2025-12-31"},
  "group_by":["day"]})";

struct report_account : served_account {
  report_account() : served_account({gateway::add_dictionary_routes}) {
    batch_maker batch;
    batch.event({"u1"}, "Placed Order", "2025-12-20T10:00", 10)
      .event({"u1"}, "Placed Order", "2025-12-20T11:00", 5)
      .event({"u2"}, "Placed Order", "2025-12-20T12:00", 7)
      .event({"u2"}, "Placed Order", "2025-12-21", 1);
    apply(batch);
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(the_dictionary_tells_what_every_word_means) {
  report_account account;
  const auto all = account.get("/api/rollcall/dictionary");
  BOOST_REQUIRE(all.status == 200U);
  BOOST_TEST(all.at("/entries").as_array().size() > 50U);
  BOOST_TEST(all.text("/as_of") == "2026-01-01T00:00:00Z");
  const auto one = account.get("/api/rollcall/dictionary/open_rate");
  BOOST_TEST(one.text("/entries/0/kind") == "derived");
  BOOST_TEST(one.text("/entries/0/formula") == "opens_unique / delivered");
  BOOST_TEST(account.get("/api/rollcall/dictionary/horoscope").status == 404U);
  const auto measures = account.get("/api/rollcall/dictionary?kind=measure");
  for (const auto& entry : measures.at("/entries").as_array())
    BOOST_TEST(entry.at("kind").as_string() == "measure");
  BOOST_TEST(account.get("/api/rollcall/dictionary?kind=x").error().find("datasource, report")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(conversion_metrics_are_entries_of_their_own) {
  report_account account;
  const auto all = account.get("/api/rollcall/dictionary?kind=conversion");
  BOOST_REQUIRE(all.status == 200U);
  BOOST_TEST(all.at("/entries").as_array().size() >= 3U);
  const auto one = account.get("/api/rollcall/dictionary/started_checkout");
  BOOST_TEST(one.text("/entries/0/kind") == "conversion");
  BOOST_TEST(one.text("/entries/0/metrics/1/name") == "Checkout Started");
}

BOOST_AUTO_TEST_CASE(settings_of_reports_are_read_changed_and_told_by_answers) {
  report_account account;
  constexpr std::string_view target = "/api/rollcall/report-settings";
  BOOST_TEST(account.get(target).text("/settings/week_start") == "monday");
  const auto patch = [&](std::string_view body) {
    auto asked = gateway_tests::post(target, body, {"Content-Type: application/json"});
    return served_account::show(account.connect().ask("PATCH" + asked.substr(4)));
  };
  const auto changed = patch(R"({"week_start":"sunday","attribution":{"push_open_hours":6}})");
  BOOST_REQUIRE(changed.status == 200U);
  BOOST_TEST(changed.text("/settings/week_start") == "sunday");
  BOOST_TEST(account.get(target).text("/settings/attribution/push_open_hours") == "6");
  const auto report = account.post("/api/rollcall/reports", orders_by_day);
  BOOST_TEST(report.text("/settings/week_start") == "sunday");
  const auto refused = patch(R"({"attribution":{"push_open_hours":-6}})");
  BOOST_TEST(refused.status == 400U);
  BOOST_TEST(refused.error().find("/attribution/push_open_hours") != std::string::npos);
  BOOST_TEST(account.get(target).text("/settings/attribution/push_open_hours") == "6");
}

BOOST_AUTO_TEST_CASE(a_report_comes_as_json_csv_or_svg) {
  report_account account;
  const auto json = account.post("/api/rollcall/reports", orders_by_day);
  BOOST_REQUIRE(json.status == 200U);
  BOOST_TEST(json.raw.header("content-type") == "application/json");
  BOOST_TEST(json.text("/results/0/statistics/count") == "3");
  BOOST_TEST(json.text("/results/0/statistics/sum_value") == "22");
  BOOST_TEST(json.text("/as_of") == "2026-01-01T00:00:00Z");
  BOOST_TEST(json.at("/completeness/log_positions").as_array().size() == 3U);
  const auto direct = account.engine().report(orders_by_day);
  need(direct);
  BOOST_TEST(json.raw.body == *direct);

  const auto csv = account.post("/api/rollcall/reports", orders_by_day, {"Accept: text/csv"});
  BOOST_TEST(csv.raw.header("content-type") == "text/csv");
  BOOST_TEST(csv.raw.body.find("2025-12-20") != std::string::npos);
  BOOST_TEST(csv.raw.header("rollcall-as-of") == "2026-01-01T00:00:00Z");
  BOOST_TEST(std::ranges::count(csv.raw.header("rollcall-log-positions"), ',') == 2);
  const auto svg = account.post("/api/rollcall/reports?format=svg", orders_by_day,
                                {"Accept: text/csv"});
  BOOST_TEST(svg.raw.header("content-type") == "image/svg+xml");
  BOOST_TEST(svg.raw.body.find("<svg") != std::string::npos);
  BOOST_TEST(account.post("/api/rollcall/reports?format=pdf", orders_by_day)
               .error()
               .find("json, csv, svg, table")
             != std::string::npos);
}

BOOST_AUTO_TEST_CASE(mistakes_of_a_request_have_their_pointers) {
  report_account account;
  const auto wrong = account.post(
    "/api/rollcall/reports",
    R"({"datasource":"account","statistics":["horoscope"],"timeframe":{"key":"today"}})");
  BOOST_TEST(wrong.status == 400U);
  BOOST_TEST(wrong.text("/errors/0/source/pointer") == "/statistics/0");
  BOOST_TEST(account.post("/api/rollcall/reports", "no json").status == 400U);
  const auto inside = account.post("/api/rollcall/reports/people",
                                   R"({"request":{"datasource":"account","statistics":["count"],
      "timeframe":{"key":"never"},"metric":"Placed Order"},"cell":{"statistic":"count"}})");
  BOOST_TEST(inside.text("/errors/0/source/pointer") == "/request/timeframe/key");
}

BOOST_AUTO_TEST_CASE(an_explanation_says_where_the_numbers_come_from) {
  report_account account;
  const auto json = account.post("/api/rollcall/reports/explanation", orders_by_day);
  BOOST_REQUIRE(json.status == 200U);
  BOOST_TEST(json.text("/statistics/0/name") == "count");
  const auto text = account.post("/api/rollcall/reports/explanation?format=text", orders_by_day);
  BOOST_TEST(text.raw.header("content-type") == "text/plain");
  BOOST_TEST(text.raw.body.find("count") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_difference_is_split_into_steps_that_add_up) {
  report_account account;
  const auto body = fmt::format(
    R"({{"request":{},"first":"count","second":"sum_value","changes":{{"timeframe":{{"start":"2025-12-21","end":"2025-12-31"}}}}}})",
    orders_by_day);
  const auto answer = account.post("/api/rollcall/reports/difference", body);
  BOOST_REQUIRE(answer.status == 200U);
  BOOST_TEST(answer.text("/first") == R"({"statistic":"count","value":4})");
  BOOST_TEST(answer.text("/second/value") == "1");
  BOOST_TEST(answer.text("/steps/0/axis") == "timeframe");
  auto sum = 4.0;
  for (const auto& step : answer.at("/steps").as_array())
    sum += step.at("change").to_number<double>();
  BOOST_TEST(sum == 1.0);
}

BOOST_AUTO_TEST_CASE(a_number_opens_into_the_people_who_make_it) {
  report_account account;
  const auto body = fmt::format(
    R"({{"request":{},"cell":{{"values":["2025-12-20"],"statistic":"count"}},"limit":1}})",
    orders_by_day);
  const auto answer = account.post("/api/rollcall/reports/people", body);
  BOOST_REQUIRE(answer.status == 200U);
  BOOST_TEST(answer.text("/people") == "2");
  BOOST_TEST(answer.text("/count") == "3");
  BOOST_REQUIRE(answer.at("/profiles").as_array().size() == 1U);
  const auto name = answer.text("/profiles/0/profile");
  const auto place = account.engine().find_profile(name);
  need(place);
  BOOST_TEST(answer.text("/profiles/0/id") == gateway::profile_id(*place));
}

BOOST_AUTO_TEST_CASE(ready_reports_are_requests_that_can_be_sent_back) {
  report_account account;
  const auto entries = account.get("/api/rollcall/dictionary?kind=report");
  const auto name = entries.text("/entries/0/name");
  const auto ready = account.get("/api/rollcall/reports/" + name);
  BOOST_REQUIRE(ready.status == 200U);
  const auto report = account.post("/api/rollcall/reports", ready.text("/request"));
  BOOST_TEST(report.status == 200U);
  BOOST_TEST(account.get("/api/rollcall/reports/horoscope").status == 404U);
}

BOOST_AUTO_TEST_SUITE_END()
