// The public disagreements of ../shared/reference/reporting-peers.md §5c: both numbers of each by
// name, from the same events, and what makes them different.
#include "tests/library/engine_fixture.hpp"

#include <boost/json.hpp>

#include <numeric>

namespace json = boost::json;

namespace {

/// A campaign late on 30 November and a flow, with what came of both until the middle of December.
struct disputed : engine_fixture {
  disputed() {
    for (const auto* person : {"ann", "bob", "cid", "dan"})
      of("campaign_id", "sale", person, "Received Email", "2025-11-30T23:30:00Z");
    // A gradual send goes on after midnight.
    of("campaign_id", "sale", "eve", "Received Email", "2025-12-01T00:30:00Z");
    of("campaign_id", "sale", "ann", "Opened Email", "2025-12-01T08:00:00Z");
    of("campaign_id", "sale", "ann", "Opened Email", "2025-12-02T08:00:00Z");
    of("campaign_id", "sale", "ann", "Opened Email", "2025-12-03T08:00:00Z");
    of("campaign_id", "sale", "bob", "Opened Email", "2025-12-02T09:00:00Z");
    of("campaign_id", "sale", "ann", "Clicked Email", "2025-12-01T08:01:00Z");
    of("flow_id", "welcome", "ann", "Received Email", "2025-12-02T07:00:00Z");
    of("flow_id", "welcome", "ann", "Clicked Email", "2025-12-02T10:00:00Z");
    of("flow_id", "welcome", "bob", "Received Email", "2025-12-05T07:00:00Z");
    order("ann", "2025-12-02T11:00:00Z", 60, "shop");
    order("ann", "2025-12-02T11:00:01Z", 60, "plugin"); // The same order by a second integration.
    order("bob", "2025-12-06T09:00:00Z", 40, "shop");   // Four days after his open.
    batch_.event({.external_id = "ann"}, "Refunded Order", "2025-12-09T11:00:00Z", 60);
    apply(batch_);
  }

  double value(std::string_view statistic, std::string_view changes = "{}") {
    auto request = rollcall::engine::changed_request(
      R"({"datasource":"campaign","timeframe":{"start":"2025-11-01","end":"2025-12-31"},
          "group_by":[],"statistics":[]})",
      changes);
    need(request);
    request = rollcall::engine::changed_request(*request, R"({"statistics":[")"
                                                            + std::string{statistic} + R"("]})");
    need(request);
    const auto made = engine->report(*request);
    if (!made)
      for (const auto& f : made.faults())
        BOOST_TEST_MESSAGE(f.pointer << " " << f.found << " " << f.allowed);
    need(made);
    answer_ = json::parse(*made);
    const auto& rows = answer_.at("results").as_array();
    if (rows.empty())
      return 0;
    const auto& found = rows.front().at("statistics").at(statistic);
    if (!found.is_array())
      return found.to_number<double>();
    double sum = 0;
    for (const auto& v : found.as_array())
      sum += v.to_number<double>();
    return sum;
  }
  /// The axes on the way from one statistic to the other; the pieces add up to the difference.
  std::vector<std::string> axes(std::string_view first, std::string_view second,
                                std::string_view changes = {}) {
    const auto found = engine->explain_difference(
      R"({"datasource":"campaign","timeframe":{"start":"2025-11-01","end":"2025-12-31"},
          "statistics":["delivered"]})",
      first, second, changes);
    need(found);
    std::vector<std::string> names;
    double value = found->first.value_or(0);
    for (const auto& step : found->steps) {
      names.push_back(step.axis);
      value += step.value.value_or(0) - value;
    }
    BOOST_CHECK_EQUAL(value, found->second.value_or(0));
    return names;
  }
  static bool is_one(const std::vector<std::string>& axes, std::string_view axis) {
    return axes.size() == 1 && axes.front() == axis;
  }

private:
  void of(std::string_view kind, std::string_view id, std::string_view person,
          std::string_view metric, std::string_view time) {
    batch_.event({.external_id = person}, metric, time);
    batch_.set(kind, id);
  }
  void order(std::string_view person, std::string_view time, double value,
             std::string_view source) {
    batch_.event({.external_id = person}, "Placed Order", time, value);
    batch_.set("source", source);
  }

  batch_maker batch_;
  json::value answer_;
};

constexpr const char* november = R"({"timeframe":{"start":"2025-11-01","end":"2025-11-30"}})";
constexpr const char* december = R"({"timeframe":{"start":"2025-12-01","end":"2025-12-31"}})";

} // namespace

BOOST_AUTO_TEST_SUITE(discrepancy_test)

BOOST_FIXTURE_TEST_CASE(case_1_by_send_date_and_by_event_date, disputed) {
  BOOST_CHECK_EQUAL(value("opens", november), 4);
  BOOST_CHECK_EQUAL(value("opens_by_event_date", november), 0);
  BOOST_CHECK_EQUAL(value("opens_by_event_date", december), 4);
  BOOST_CHECK(is_one(axes("opens", "opens_by_event_date"), "time basis of opens"));
}

BOOST_FIXTURE_TEST_CASE(case_2_rates_over_a_hundred_percent, disputed) {
  // Openers of December by deliveries of December: the other four were sent in November.
  BOOST_CHECK_EQUAL(value("open_rate_by_event_date", december), 2);
  BOOST_CHECK_EQUAL(value("open_rate", november), 2.0 / 5);
}

BOOST_FIXTURE_TEST_CASE(case_3_uniques_of_periods_do_not_add_up, disputed) {
  // Ann opened on three days, Bob on one.
  BOOST_CHECK_EQUAL(value("opens_unique_by_event_date", R"({"interval":"daily"})"), 4);
  BOOST_CHECK_EQUAL(value("opens_unique_by_event_date"), 2);
  // Campaign and flow: Ann clicked both, once each.
  BOOST_CHECK_EQUAL(value("clicks_unique") + value("clicks_unique", R"({"datasource":"flow"})"), 2);
}

BOOST_FIXTURE_TEST_CASE(case_4_a_rate_over_all_is_no_average_of_daily_rates, disputed) {
  constexpr const char* flow = R"({"datasource":"flow",
    "timeframe":{"start":"2025-12-02","end":"2025-12-05"}})";
  constexpr const char* daily = R"({"datasource":"flow","interval":"daily",
    "timeframe":{"start":"2025-12-02","end":"2025-12-05"}})";
  BOOST_CHECK_EQUAL(value("click_rate", flow), 0.5);
  BOOST_CHECK_EQUAL(value("click_rate", daily) / 4, 0.25); // Days without a send count as 0.
}

BOOST_FIXTURE_TEST_CASE(case_5_revenue_by_send_and_by_conversion, disputed) {
  BOOST_CHECK_EQUAL(value("conversion_value", november), 40); // Ann's went to the flow.
  BOOST_CHECK_EQUAL(value("conversion_value_by_event_date", november), 0);
  BOOST_CHECK_EQUAL(value("conversion_value_by_event_date", december), 40);
  BOOST_CHECK(is_one(axes("conversion_value", "conversion_value_by_event_date"),
                     "time basis of conversion_value"));
}

BOOST_FIXTURE_TEST_CASE(case_6_gross_revenue_and_refunds_on_their_own_date, disputed) {
  constexpr const char* orders = R"({"datasource":"account","metric":"Placed Order"})";
  constexpr const char* refunds = R"({"datasource":"account","metric":"Refunded Order"})";
  BOOST_CHECK_EQUAL(value("revenue", orders), 160);
  BOOST_CHECK_EQUAL(value("sum_value", refunds), 60); // Net is another number, by its own name.
}

BOOST_FIXTURE_TEST_CASE(case_7_a_window_cuts_what_came_later, disputed) {
  BOOST_CHECK_EQUAL(value("conversions"), 1);
  BOOST_CHECK_EQUAL(value("conversions", R"({"attribution":{"email_open_hours":72}})"), 0);
  BOOST_CHECK(
    is_one(axes("conversions", "conversions", R"({"attribution":{"email_open_hours":72}})"),
           "attribution"));
}

BOOST_FIXTURE_TEST_CASE(case_8_a_changed_setting_counts_for_all_of_history, disputed) {
  constexpr const char* none = R"({"attribution":{"email_open_hours":0,"email_click_hours":0}})";
  BOOST_CHECK_EQUAL(value("conversions", none), 0);
  BOOST_CHECK_EQUAL(value("conversions"), 1); // And nothing remembers the other setting.
}

BOOST_FIXTURE_TEST_CASE(case_9_a_send_over_midnight_is_whole, disputed) {
  BOOST_CHECK_EQUAL(value("delivered", november), 5);
  BOOST_CHECK_EQUAL(value("delivered", december), 0);
  BOOST_CHECK_EQUAL(value("delivered_by_event_date", november), 4);
  BOOST_CHECK_EQUAL(value("delivered_by_event_date", december), 1);
}

BOOST_FIXTURE_TEST_CASE(case_10_two_integrations_tell_one_order, disputed) {
  constexpr const char* shop = R"({"datasource":"flow","conversion_filter":
    [{"property":"source","filter":{"type":"string","operator":"equals","value":"shop"}}]})";
  BOOST_CHECK_EQUAL(value("conversion_value", R"({"datasource":"flow"})"), 120);
  BOOST_CHECK_EQUAL(value("conversion_value", shop), 60);
}

BOOST_FIXTURE_TEST_CASE(case_11_total_and_unique_have_names_of_their_own, disputed) {
  BOOST_CHECK_EQUAL(value("open_rate_total"), 4.0 / 5);
  BOOST_CHECK_EQUAL(value("open_rate"), 2.0 / 5);
  const auto found = axes("open_rate", "open_rate_total");
  BOOST_CHECK(is_one(found, "counting of opens_unique"));
}

BOOST_AUTO_TEST_SUITE_END()
