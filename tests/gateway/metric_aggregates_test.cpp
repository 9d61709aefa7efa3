#include "gateway/metric_aggregates.hpp"
#include "gateway/metrics.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

#include <set>
#include <vector>

BOOST_AUTO_TEST_SUITE(metric_aggregates_test)

namespace {

using gateway_test::answered;
using gateway_test::body_of;
using gateway_test::tells;

/// The member "filter"; `more` begins with a comma.
std::string between(std::string_view from, std::string_view to, std::string_view more = {}) {
  return fmt::format(R"~("filter":["greater-or-equal(datetime,{})","less-than(datetime,{})"{}])~",
                     from, to, more);
}

/// Clicks of June 2025 in two cities' time, and one order.
struct june : gateway_test::resources {
  std::string clicks;

  june() : resources{{gateway::add_metric_aggregate_routes}} {
    batch_maker b;
    const auto click = [&](std::string_view who, std::string_view time, std::string_view url,
                           double value) {
      b.event({who}, "Clicked Email", time, value);
      if (!url.empty())
        b.set("URL", url);
      b.set("message_id", url == "https://x/" ? "M1" : "M2");
      b.set("Bot Click", who == "bot");
    };
    click("ada", "2025-06-01T03:30:00Z", "https://x/", 1); // 31 May in New York.
    click("ada", "2025-06-01T12:00:00Z", "https://x/", 2);
    click("ada", "2025-06-01T13:00:00Z", "https://y/", 4);
    click("bob", "2025-06-01T13:00:00Z", "https://x/", 8);
    click("bob", "2025-06-03T13:00:00Z", "", 16);
    click("bot", "2025-06-03T14:00:00Z", "https://x/", 32);
    click("ada", "2025-07-01T03:59:59Z", "https://x/", 64); // 30 June in New York.
    b.event({"ada"}, "Placed Order", "2025-06-02T12:00:00Z", 99);
    apply(b);
    clicks = gateway::known_metrics{account()}.id_of("Clicked Email");
  }

  /// `more` begins with a comma. From the first to the fourth of June unless it has a filter.
  answered ask_for(std::string_view measurements, std::string_view more = {},
                   std::string_view query = {}) {
    const auto filter = more.find("\"filter\"") == std::string_view::npos
                        ? "," + between("2025-06-01", "2025-06-04T00:00:00")
                        : std::string{};
    return post(
      fmt::format("/api/metric-aggregates{}", query),
      body_of("metric-aggregate", fmt::format(R"("metric_id":"{}","measurements":[{}]{}{})", clicks,
                                              measurements, more, filter)));
  }
  std::string refused(std::string_view attributes) {
    const auto a = post("/api/metric-aggregates", body_of("metric-aggregate", attributes));
    BOOST_TEST(a.status == 400U, a.text);
    return a.error();
  }
};

/// One line a row.
std::vector<std::string> rows(const answered& a) {
  BOOST_TEST(a.status == 200U, a.text);
  std::vector<std::string> lines;
  for (const auto& row : a.at("/data/attributes/data").as_array())
    lines.push_back(gateway::json_text(row.at("dimensions")) + " "
                    + gateway::json_text(row.at("measurements")));
  return lines;
}

void check(const answered& a, const std::vector<std::string>& expected) {
  const auto found = rows(a);
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_metric_is_added_up_by_day, june) {
  const auto a = ask_for(R"("count","unique","sum_value")");
  check(a, {R"([] {"count":[4,0,2],"unique":[2,0,2],"sum_value":[15,0,48]})"});
  BOOST_TEST(a.text_at("/data/attributes/dates")
             == R"(["2025-06-01T00:00:00+00:00","2025-06-02T00:00:00+00:00",)"
                R"("2025-06-03T00:00:00+00:00"])");
  BOOST_TEST(a.text_at("/data/type") == "metric-aggregate");
  BOOST_TEST(a.text_at("/data/links/self")
             == "http://127.0.0.1:8080/api/metric-aggregates/" + a.text_at("/data/id"));
  BOOST_TEST(a.at("/links/next").is_null());
}

BOOST_FIXTURE_TEST_CASE(months_of_a_zone_begin_at_its_midnight, june) {
  const auto a = ask_for(R"("count")", R"(,"interval":"month","timezone":"US/Eastern",)"
                                         + between("2025-06-01T00:00:00", "2025-12-01T00:00:00"));
  check(a, {R"([] {"count":[6,0,0,0,0,0]})"});
  BOOST_TEST(a.text_at("/data/attributes/dates/0") == "2025-06-01T04:00:00+00:00");
  BOOST_TEST(a.text_at("/data/attributes/dates/5") == "2025-11-01T04:00:00+00:00");
  // An offset says exactly when; without one it is the zone's clock.
  const auto exact = ask_for(R"("count")",
                             R"(,"interval":"month","timezone":"US/Eastern",)"
                               + between("2025-06-01T00:00:00Z", "2025-07-01T00:00:00+00:00"));
  check(exact, {R"([] {"count":[1,5]})"});
  BOOST_TEST(exact.text_at("/data/attributes/dates/0") == "2025-05-01T04:00:00+00:00");
}

BOOST_FIXTURE_TEST_CASE(hours_and_weeks_are_intervals_too, june) {
  const auto hours = ask_for(
    R"("count")", R"(,"interval":"hour",)" + between("2025-06-01T12:00:00", "2025-06-01T14:00:00"));
  check(hours, {R"([] {"count":[1,2]})"});
  const auto weeks = ask_for(R"("sum_value")", R"(,"interval":"week")");
  check(weeks, {R"([] {"sum_value":[15,48]})"});
  check(ask_for(R"("count")", R"(,"interval":null)"), {R"([] {"count":[4,0,2]})"});
}

BOOST_FIXTURE_TEST_CASE(two_dimensions_may_be_one_property, june) {
  check(ask_for(R"("count")", R"(,"by":["$campaign_channel","URL","$flow_channel"],)"
                              R"("interval":"week")"),
        {R"(["","",""] {"count":[0,1]})", R"(["","https://x/",""] {"count":[3,1]})",
         R"(["","https://y/",""] {"count":[1,0]})"});
}

BOOST_FIXTURE_TEST_CASE(dimensions_make_rows_and_missing_ones_are_empty, june) {
  check(ask_for(R"("count")", R"(,"by":["URL"],"interval":"week")"),
        {R"([""] {"count":[0,1]})", R"(["https://x/"] {"count":[3,1]})",
         R"(["https://y/"] {"count":[1,0]})"});
  check(ask_for(R"("count")", R"(,"by":["Bot Click","URL"],"interval":"week","sort":"-count")"),
        {R"(["false","https://x/"] {"count":[3,0]})", R"(["false",""] {"count":[0,1]})",
         R"(["false","https://y/"] {"count":[1,0]})", R"(["true","https://x/"] {"count":[0,1]})"});
  check(ask_for(R"("count")", R"(,"by":["URL"],"interval":"week","sort":"-URL")"),
        {R"(["https://y/"] {"count":[1,0]})", R"(["https://x/"] {"count":[3,1]})",
         R"([""] {"count":[0,1]})"});
  // The events say which message by `message_id`.
  check(ask_for(R"("count")", R"(,"by":["$message"],"interval":"week","sort":"$message")"),
        {R"(["M1"] {"count":[3,1]})", R"(["M2"] {"count":[1,1]})"});
}

BOOST_FIXTURE_TEST_CASE(dimensions_can_be_filtered, june) {
  const auto with = [&](std::string_view filter) {
    return ask_for(R"("sum_value")",
                   R"(,"interval":"week",)"
                     + between("2025-06-01", "2025-06-04", "," + std::string{filter}));
  };
  check(with(R"~("equals(URL,\"https://x/\")")~"), {R"([] {"sum_value":[11,32]})"});
  check(with(R"~("any(URL,['https://y/','https://z/'])")~"), {R"([] {"sum_value":[4,0]})"});
  check(with(R"~("equals(Bot Click,false)","any($message,[\"M1\"])")~"),
        {R"([] {"sum_value":[11,0]})"});
  check(with(R"~("equals(URL,\"https://none/\")")~"), {R"([] {"sum_value":[0,0]})"});
}

BOOST_FIXTURE_TEST_CASE(return_fields_name_the_measurements_that_are_shown, june) {
  check(ask_for(R"("count","unique")", R"(,"interval":"week","return_fields":["unique"])"),
        {R"([] {"unique":[2,2]})"});
  check(ask_for(R"("count")", R"(,"interval":"week","return_fields":["data","dates"])"),
        {R"([] {"count":[4,2]})"});
  BOOST_TEST(ask_for(R"("count")", "", "?fields[metric-aggregate]=dates")
               .at("/data/attributes")
               .as_object()
               .size()
             == 1U);
}

BOOST_FIXTURE_TEST_CASE(rows_come_in_pages_by_the_body_and_by_the_address, june) {
  batch_maker b;
  for (int i = 0; i < 1'103; ++i) {
    b.event({"zoe"}, "Clicked Email", "2025-06-02T10:00:00Z", {}, std::to_string(i));
    b.set("Subject", fmt::format("S{:04}", i));
  }
  apply(b);
  const std::string by = R"(,"by":["Subject"],"interval":"week")";
  for (const bool in_body : {true, false}) {
    std::vector<std::size_t> sizes;
    std::set<std::string> seen;
    std::string cursor;
    for (;;) {
      const auto page = ask_for(
        R"("count")",
        by + (in_body && !cursor.empty() ? R"(,"page_cursor":")" + cursor + '"' : std::string{}),
        in_body || cursor.empty() ? std::string{} : cursor.substr(cursor.find('?')));
      sizes.push_back(page.size_at("/data/attributes/data"));
      for (const auto& row : page.at("/data/attributes/data").as_array())
        seen.emplace(row.at("dimensions").at(0).as_string());
      if (page.at("/links/next").is_null())
        break;
      cursor = page.text_at("/links/next");
    }
    // 1,103 subjects and the clicks without one.
    BOOST_TEST(sizes == (std::vector<std::size_t>{500, 500, 104}),
               boost::test_tools::per_element());
    BOOST_TEST(seen.size() == 1'104U);
  }
  const auto small = ask_for(R"("count")", by + R"(,"page_size":7)");
  BOOST_TEST(small.size_at("/data/attributes/data") == 7U);
  const auto link = small.text_at("/links/next");
  BOOST_TEST(ask_for(R"("unique")", by, link.substr(link.find('?'))).error()
             == "/data/: Invalid cursor provided.");
}

BOOST_FIXTURE_TEST_CASE(mistakes_name_their_place, june) {
  const std::string a = "/data/attributes/";
  const auto metric = fmt::format(R"("metric_id":"{}",)", clicks);
  const std::string from = R"~("greater-or-equal(datetime,2025-06-01)")~";
  const std::string range = R"("filter":[)" + from + R"~(,"less-than(datetime,2025-06-04)"])~";
  const auto with = [&](const std::string& rest) {
    return refused(metric + R"("measurements":["count"],)" + rest);
  };
  BOOST_TEST(tells(refused(R"("measurements":["count"],)" + range), a + "metric_id: "));
  BOOST_TEST(tells(refused(R"("metric_id":"Clicked Email","measurements":["count"],)" + range),
                   a + "metric_id: 'metric_id' 'Clicked Email' is no metric's id"));
  BOOST_TEST(tells(refused(metric + range), a + "measurements: 'measurements' is required"));
  BOOST_TEST(tells(refused(metric + R"("measurements":[],)" + range),
                   a + "measurements: 'measurements' must not be empty"));
  BOOST_TEST(tells(refused(metric + R"("measurements":["mean"],)" + range),
                   a + "measurements/0: an item must be one of count, sum_value, unique"));
  BOOST_TEST(tells(with(range + R"(,"interval":"year")"), a + "interval: "));
  BOOST_TEST(tells(with(range + R"(,"by":["size"])"), a + "by/0: "));
  BOOST_TEST(tells(with(range + R"(,"timezone":"us/eastern")"), a + "timezone: "));
  BOOST_TEST(
    tells(with(range + R"(,"sort":"unique")"), a + "sort: 'sort' must be one of count, with"));
  BOOST_TEST(tells(with(range + R"(,"return_fields":["x"])"), a + "return_fields/0: "));
  BOOST_TEST(tells(with(range + R"(,"page_size":0)"), a + "page_size: "));
  BOOST_TEST(tells(with(range + R"(,"page_cursor":"zz")"), "Invalid cursor provided."));
  BOOST_TEST(tells(with(range + R"(,"size":1)"), a + "size: 'size' is not a valid field"));
  BOOST_TEST(tells(with(R"("by":[])"), a + "filter: 'filter' is required"));
  BOOST_TEST(tells(with(R"("filter":[])"), a + "filter: 'filter' must have greater-or-equal"));
  BOOST_TEST(tells(with(R"("filter":[)" + from + "]"), "must have greater-or-equal"));
  BOOST_TEST(tells(with(R"("filter":[)" + from + "," + from + "]"),
                   a + "filter/1: greater-or-equal of 'datetime' is there already"));
  BOOST_TEST(tells(with(R"("filter":[)" + from + R"~(,"less-than(datetime,2025-06-01)"])~"),
                   "an end of 'datetime' behind its start"));
  BOOST_TEST(tells(with(R"("filter":[)" + from + R"~(,"less-than(datetime,2026-06-03)"])~"),
                   "must not span more than a year"));
  BOOST_TEST(tells(with(R"("filter":[)" + from + R"~(,"less-or-equal(datetime,2025-06-03)"])~"),
                   a + "filter/1: character 1: 'datetime' cannot be filtered"));
  BOOST_TEST(tells(with(R"("filter":[)" + from + R"~(,"equals(size,'L')"])~"),
                   a + "filter/1: character 1: 'size' cannot be filtered"));
  BOOST_TEST(tells(with(R"("filter":[)" + from + R"~(,"equals(URL"])~"), a + "filter/1: "));
}

BOOST_AUTO_TEST_SUITE_END()
