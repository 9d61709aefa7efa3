#include "gateway/reports.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

BOOST_AUTO_TEST_SUITE(report_time_test)

namespace {

using gateway_test::body_of;
using gateway_test::tells;

struct account : gateway_test::resources {
  account() : resources{{gateway::add_report_routes}} {
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(timeframes_keep_their_rules, account) {
  const auto with = [&](std::string_view timeframe, std::string_view interval) {
    const auto a = post("/api/segment-series-reports",
                        body_of("segment-series-report",
                                fmt::format(R"("statistics":["total_members"],"timeframe":{})"
                                            R"(,"interval":"{}")",
                                            timeframe, interval)));
    return a.status == 200U ? std::string{} : a.error();
  };
  const auto key = [](std::string_view name) { return fmt::format(R"({{"key":"{}"}})", name); };
  for (const auto* name : {"last_12_months", "last_30_days", "last_365_days", "last_3_months",
                           "last_7_days", "last_90_days", "last_month", "last_week", "last_year",
                           "this_month", "this_week", "this_year", "today", "yesterday"})
    BOOST_TEST(with(key(name), "weekly") == "", name);
  const std::string of_interval = "/data/attributes/interval: 'interval' '";
  BOOST_TEST(with(key("last_7_days"), "hourly") == "");
  BOOST_TEST(with(key("last_30_days"), "hourly")
             == of_interval
                  + "hourly' is allowed for a timeframe of at most 7 days; this one has "
                    "30");
  BOOST_TEST(with(key("last_30_days"), "daily") == "");
  BOOST_TEST(tells(with(key("last_90_days"), "daily"), "at most 60 days; this one has 90"));
  BOOST_TEST(with(key("last_12_months"), "monthly") == "");
  BOOST_TEST(tells(with(key("last_365_days"), "monthly"), "at most 364 days"));
  BOOST_TEST(with(R"({"start":"2025-01-01T00:00:00","end":"2025-12-31T00:00:00"})", "monthly")
             == "");
  BOOST_TEST(with(R"({"start":"2025-01-01T00:00:00","end":"2025-01-08T00:00:00"})", "hourly")
             == "");
  BOOST_TEST(tells(with(R"({"start":"2025-01-01T00:00:00","end":"2025-01-08T00:00:01"})", "hourly"),
                   "this one has 8"));
  BOOST_TEST(with(R"({"start":"2024-01-01T00:00:00","end":"2025-01-01T00:00:00"})", "weekly")
             == "");
  BOOST_TEST(
    with(R"({"start":"1970-01-01T00:00:00.000Z","end":"2001-09-09T01:46:40.000Z"})", "weekly")
    == "/data/attributes/timeframe: 'timeframe' must not be longer than a year; this one has 11575 "
       "days");
  const std::string time = "/data/attributes/timeframe";
  BOOST_TEST(tells(with("{}", "daily"), time + ": 'timeframe' needs a 'key'"));
  BOOST_TEST(tells(with(key("last_decade"), "daily"), time + "/key: 'key' must be one of today"));
  BOOST_TEST(tells(with(R"({"key":"today","start":"2025-01-01"})", "daily"),
                   time + "/start: 'start' is not allowed beside 'key'"));
  BOOST_TEST(tells(with(R"({"start":"2025-01-01"})", "daily"), time + "/end: 'end' is required"));
  BOOST_TEST(tells(with(R"({"start":"2025-01-01","end":"soon"})", "daily"), time + "/end: "));
  BOOST_TEST(tells(with(R"({"start":"2025-01-02","end":"2025-01-01"})", "daily"),
                   "'end' must not lie before 'start'"));
  BOOST_TEST(
    tells(with(R"({"start":"2025-01-02","end":"2025-01-03","x":1})", "daily"), time + "/x"));
  BOOST_TEST(tells(with(key("today"), "yearly"), "/data/attributes/interval: "));
}

BOOST_AUTO_TEST_SUITE_END()
