#include "gateway/custom_metrics.hpp"
#include "gateway/reports.hpp"
#include "tests/gateway/event_bodies.hpp"
#include "tests/gateway/refusals.hpp"
#include "tests/gateway/resources.hpp"

#include <set>
#include <vector>

BOOST_AUTO_TEST_SUITE(reports_test)

namespace {

using gateway_test::answered;
using gateway_test::body_of;
using gateway_test::tells;

/// December 2025: a campaign of two messages, a flow, a form and a segment.
struct december : gateway_test::resources {
  batch_maker b;

  december() : resources{{gateway::add_report_routes, gateway::add_custom_metric_routes}} {
    b.describe(model::object_kind::campaign, "sale",
               R"({"id":"sale","name":"Sale","tags":[{"id":"t1","name":"Winter"}],)"
               R"("messages":[{"id":"m1","name":"One"},{"id":"m2","name":"Two"}]})");
    for (const auto* who : {"ann", "bob", "cid"})
      of_campaign(who, "Received Email", "m1", "2025-12-01T10:00:00Z");
    of_campaign("dan", "Received SMS", "m2", "2025-12-01T11:00:00Z");
    of_campaign("ann", "Opened Email", "m1", "2025-12-02T10:00:00Z");
    of_campaign("ann", "Opened Email", "m1", "2025-12-02T11:00:00Z");
    of_campaign("bob", "Opened Email", "m1", "2025-12-20T10:00:00Z");
    of_campaign("ann", "Clicked Email", "m1", "2025-12-02T11:01:00Z");
    order("ann", "2025-12-03T10:00:00Z", 30, "L");
    order("ann", "2025-12-04T10:00:00Z", 12.5, "M");
    order("cid", "2025-12-04T10:00:00Z", 99, "L");
    of_flow("ann", "Received Email", "2025-12-05T10:00:00Z");
    of_flow("bob", "Received Email", "2025-12-06T10:00:00Z");
    of_flow("bob", "Opened Email", "2025-12-07T10:00:00Z");
    form("ann", "Viewed Form", "f1", "v1", "2025-12-01T10:00:00Z");
    form("ann", "Viewed Form", "f1", "v1", "2025-12-02T10:00:00Z");
    form("bob", "Viewed Form", "f1", "v2", "2025-12-02T11:00:00Z");
    form("ann", "Submitted Form", "f1", "v1", "2025-12-02T12:00:00Z");
    form("bob", "Viewed Form", "f2", "v3", "2025-12-03T11:00:00Z");
    b.event({"ann"}, "Free", "2025-12-03T11:00:00Z");
    apply(b);
  }

  void of_campaign(std::string_view who, std::string_view metric, std::string_view message,
                   std::string_view time) {
    b.event({who}, metric, time);
    b.set("campaign_id", "sale");
    b.set("message_id", message);
  }
  void of_flow(std::string_view who, std::string_view metric, std::string_view time) {
    b.event({who}, metric, time);
    b.set("flow_id", "welcome");
    b.set("message_id", "w1");
  }
  void form(std::string_view who, std::string_view metric, std::string_view form_id,
            std::string_view version, std::string_view time) {
    b.event({who}, metric, time);
    b.set("form_id", form_id);
    b.set("form_version_id", version);
  }
  void order(std::string_view who, std::string_view time, double value, std::string_view size) {
    b.event({who}, "Placed Order", time, value);
    b.set("size", size);
  }

  std::string metric_id(std::string_view name) {
    return gateway::known_metrics{account()}.id_of(name);
  }
  /// `more` begins with a comma.
  answered report(const std::string& kind, std::string_view statistics, std::string_view more,
                  std::string_view query = {}) {
    return post(fmt::format("/api/{}s{}", kind, query),
                body_of(kind, fmt::format(R"("statistics":[{}],"timeframe":{}{})", statistics,
                                          in_december, more)));
  }
  answered of_sale(std::string_view statistics, std::string_view more = {},
                   std::string_view query = {}) {
    return report("campaign-values-report", statistics,
                  fmt::format(R"(,"conversion_metric_id":"Placed Order"{})", more), query);
  }
  std::string refused(const std::string& kind, std::string_view attributes) {
    const auto a = post("/api/" + kind + "s", body_of(kind, attributes));
    BOOST_TEST(a.status == 400U, a.text);
    return a.error();
  }
  /// A custom metric; its id.
  std::string custom(std::string_view name, std::string_view method, std::string_view groups) {
    const auto made = post(
      "/api/custom-metrics",
      body_of("custom-metric",
              fmt::format(
                R"("name":"{}","definition":{{"aggregation_method":"{}","metric_groups":[{}]}})",
                name, method, groups)));
    BOOST_TEST(made.status == 201U, made.text);
    return made.text_at("/data/id");
  }

  static constexpr const char* in_december = R"({"start":"2025-12-01T00:00:00Z",)"
                                             R"("end":"2025-12-31T00:00:00Z"})";
};

/// One line a row.
std::vector<std::string> rows(const answered& a) {
  BOOST_TEST(a.status == 200U, a.text);
  std::vector<std::string> lines;
  for (const auto& row : a.at("/data/attributes/results").as_array())
    lines.push_back(gateway::json_text(row.at("groupings")) + " "
                    + gateway::json_text(row.at("statistics")));
  return lines;
}

void check(const answered& a, const std::vector<std::string>& expected) {
  const auto found = rows(a);
  BOOST_CHECK_EQUAL_COLLECTIONS(found.begin(), found.end(), expected.begin(), expected.end());
}

} // namespace

BOOST_FIXTURE_TEST_CASE(a_campaign_is_told_by_message_and_channel, december) {
  const auto a = of_sale(R"("delivered","opens","opens_unique","open_rate","conversions",)"
                         R"("conversion_value")");
  check(a, {R"({"campaign_id":"sale","campaign_message_id":"m1","send_channel":"email"} )"
            R"({"delivered":3,"opens":3,"opens_unique":2,"open_rate":0.6666666666666666,)"
            R"("conversions":2,"conversion_value":42.5})",
            R"({"campaign_id":"sale","campaign_message_id":"m2","send_channel":"sms"} )"
            R"({"delivered":1,"opens":0,"opens_unique":0,"open_rate":0,"conversions":0,)"
            R"("conversion_value":0})"});
  BOOST_TEST(a.text_at("/data/type") == "campaign-values-report");
  BOOST_TEST(a.at("/data").as_object().if_contains("id") == nullptr);
  BOOST_TEST(a.text_at("/data/relationships/campaigns/data")
             == R"([{"type":"campaign","id":"sale"}])");
  BOOST_TEST(a.text_at("/links/self") == "http://127.0.0.1:8080/api/campaign-values-reports");
  BOOST_TEST(a.at("/links/next").is_null());
}

BOOST_FIXTURE_TEST_CASE(every_statistic_of_the_table_has_a_number, december) {
  const auto a = of_sale(
    R"("average_order_value","bounce_rate","bounced","bounced_or_failed","bounced_or_failed_rate",)"
    R"("click_rate","click_to_open_rate","clicks","clicks_unique","conversion_rate",)"
    R"("conversion_uniques","conversion_value","conversions","delivered","delivery_rate","failed",)"
    R"("failed_rate","message_segment_count_sum","open_rate","opens","opens_unique","recipients",)"
    R"("revenue_per_recipient","spam_complaint_rate","spam_complaints",)"
    R"("text_message_credit_usage_amount","text_message_roi","text_message_spend",)"
    R"("unsubscribe_rate","unsubscribe_uniques","unsubscribes")");
  BOOST_TEST(a.status == 200U);
  const auto& statistics = a.at("/data/attributes/results/0/statistics").as_object();
  BOOST_TEST(statistics.size() == 31U);
  for (const auto& [name, value] : statistics)
    BOOST_TEST(value.is_number(), name);
  BOOST_TEST(statistics.at("average_order_value").to_number<double>() == 21.25);
  for (const std::string kind : {"segment-values-report", "form-values-report"}) {
    const auto of_kind = report(kind,
                                kind == "form-values-report"
                                  ? R"("closed_form","closed_form_uniques","qualified_form",)"
                                    R"("qualified_form_uniques","submit_rate","submits",)"
                                    R"("submitted_form_step","submitted_form_step_uniques",)"
                                    R"("viewed_form","viewed_form_step",)"
                                    R"("viewed_form_step_uniques","viewed_form_uniques")"
                                  : R"("members_added","members_removed",)"
                                    R"("net_members_changed","total_members")",
                                "");
    BOOST_TEST(of_kind.status == 200U, of_kind.text);
  }
}

BOOST_FIXTURE_TEST_CASE(groupings_and_filters_are_the_engines, december) {
  check(of_sale(R"("delivered")",
                R"(,"group_by":["campaign_id","campaign_message_id","campaign_message_name",)"
                R"("tag_name","group"],"filter":"equals(send_channel,\"email\"),)"
                R"~(contains-any(campaign_message_id,[\"m1\",\"m2\"])")~"),
        {R"({"campaign_id":"sale","campaign_message_id":"m1","campaign_message_name":"One",)"
         R"("tag_name":"Winter","group":""} {"delivered":3})"});
  check(of_sale(R"("delivered")", R"~(,"filter":"and(equals(campaign_id,'other'))")~"), {});
  check(
    of_sale(R"("delivered")",
            R"~(,"filter":"contains-all(tag_id,[\"t1\"]),equals(campaign_message_name,\"Two\")")~"),
    {R"({"campaign_id":"sale","campaign_message_id":"m2","send_channel":"sms"} )"
     R"({"delivered":1})"});
}

BOOST_FIXTURE_TEST_CASE(a_flow_is_told_in_series, december) {
  const auto values = report("flow-values-report", R"("delivered","opens")",
                             R"(,"conversion_metric_id":"Placed Order")");
  check(values, {R"({"flow_id":"welcome","flow_message_id":"w1","send_channel":"email"} )"
                 R"({"delivered":2,"opens":1})"});
  BOOST_TEST(values.text_at("/data/relationships/flow-messages/data")
             == R"([{"type":"flow-message","id":"w1"}])");
  const auto series = post("/api/flow-series-reports",
                           body_of("flow-series-report",
                                   R"("statistics":["delivered","open_rate"],"interval":"daily",)"
                                   R"("timeframe":{"start":"2025-12-05","end":"2025-12-07"},)"
                                   R"("conversion_metric_id":"Placed Order")"));
  check(series, {R"({"flow_id":"welcome","flow_message_id":"w1","send_channel":"email"} )"
                 R"({"delivered":[1,1,0],"open_rate":[0,1,0]})"});
  BOOST_TEST(series.text_at("/data/attributes/date_times")
             == R"(["2025-12-05T00:00:00+00:00","2025-12-06T00:00:00+00:00",)"
                R"("2025-12-07T00:00:00+00:00"])");
}

BOOST_FIXTURE_TEST_CASE(forms_are_told_by_form_and_version, december) {
  check(report("form-values-report", R"("viewed_form","viewed_form_uniques","submit_rate")", ""),
        {R"({"form_id":"f1"} {"viewed_form":3,"viewed_form_uniques":2,)"
         R"("submit_rate":0.3333333333333333})",
         R"({"form_id":"f2"} {"viewed_form":1,"viewed_form_uniques":1,"submit_rate":0})"});
  check(report("form-values-report", R"("viewed_form")",
               R"~(,"group_by":["form_id","form_version_id"],"filter":"any(form_id,[\"f1\"])")~"),
        {R"({"form_id":"f1","form_version_id":"v1"} {"viewed_form":2})",
         R"({"form_id":"f1","form_version_id":"v2"} {"viewed_form":1})"});
  check(post("/api/form-series-reports",
             body_of("form-series-report",
                     R"("statistics":["submits"],"interval":"weekly","filter":null,)"
                     R"("group_by":null,"timeframe":{"start":"2025-12-01","end":"2025-12-14"})")),
        {R"({"form_id":"f1"} {"submits":[1,0]})"});
}

BOOST_FIXTURE_TEST_CASE(segments_are_told_from_their_birth, december) {
  create_segment("Buyers", R"({"condition_groups":[{"conditions":[{"type":"profile-metric",)"
                           R"("metric_id":"Placed Order","measurement":"count",)"
                           R"("measurement_filter":{"type":"numeric","operator":"greater-than",)"
                           R"("value":0},"timeframe_filter":{"type":"date","operator":"alltime"},)"
                           R"("metric_filters":null}]}]})");
  advance("2026-01-02");
  batch_maker more;
  more.event({"bob"}, "Placed Order", "2026-01-02T00:00:00Z", 5);
  apply(more);
  advance("2026-01-03");
  const auto shown = engine().show("Buyers");
  need(shown);
  const auto a = post(
    "/api/segment-series-reports",
    body_of("segment-series-report",
            fmt::format(R"("statistics":["total_members","members_added"],)"
                        R"("interval":"daily","timeframe":{{"start":"2026-01-01",)"
                        R"("end":"2026-01-02"}},)"
                        R"~("filter":"equals(segment_id,\"{}\")")~",
                        shown->id)));
  check(a, {fmt::format(R"({{"segment_id":"{}"}} {{"total_members":[2,3],"members_added":[2,1]}})",
                        shown->id)});
  check(post("/api/segment-values-reports",
             body_of("segment-values-report",
                     R"("statistics":["total_members"],"timeframe":{"key":"yesterday"},)"
                     R"~("filter":"any(segment_id,[\"nobody\"])")~")),
        {});
}

BOOST_FIXTURE_TEST_CASE(conversions_are_of_any_metric_by_id_or_name, december) {
  const auto with = [&](const std::string& id, std::string_view statistics) {
    return report("campaign-values-report", statistics,
                  fmt::format(R"(,"conversion_metric_id":"{}","filter":)"
                              R"~("equals(campaign_message_id,\"m1\")")~",
                              id));
  };
  const std::string row = R"({"campaign_id":"sale","campaign_message_id":"m1",)"
                          R"("send_channel":"email"} )";
  check(with(metric_id("Placed Order"), R"("conversions","conversion_uniques")"),
        {row + R"({"conversions":2,"conversion_uniques":1})"});
  check(with("Free", R"("conversions")"), {row + R"({"conversions":1})"});
  const auto only_large = custom(
    "Large", "value",
    fmt::format(R"({{"metric_id":"{}","metric_filters":[{{"property":"size","filter":)"
                R"({{"type":"string","operator":"equals","value":"L"}}}}]}})",
                metric_id("Placed Order")));
  check(with(only_large, R"("conversions","conversion_value")"),
        {row + R"({"conversions":1,"conversion_value":30})"});

  const auto counts = custom("Counts", "count",
                             fmt::format(R"({{"metric_id":"{}"}})", metric_id("Placed Order")));
  check(with(counts, R"("conversions")"), {row + R"({"conversions":2})"});
  const auto refused = with(counts, R"("conversions","conversion_value")");
  BOOST_TEST(refused.status == 400U);
  BOOST_TEST(tells(refused.error(), "/data/attributes/conversion_metric_id: "
                                    "'conversion_metric_id' is a metric that does not support "
                                    "querying for values data"));
  const auto two = custom("Two", "count",
                          fmt::format(R"({{"metric_id":"{}"}},{{"metric_id":"{}"}})",
                                      metric_id("Placed Order"), metric_id("Free")));
  check(with(two, R"("conversions")"), {row + R"({"conversions":3})"});
  const auto twice = custom(
    "Twice", "count",
    fmt::format(R"({{"metric_id":"{0}"}},{{"metric_id":"{0}"}})", metric_id("Placed Order")));
  BOOST_TEST(tells(with(twice, R"("conversions")").error(), "several groups of one metric"));
  check(with("placed_order", R"("conversions")"), {row + R"({"conversions":2})"});
  BOOST_TEST(tells(with("Placed Ordre", R"("conversions")").error(),
                   "'Placed Ordre' is neither the id nor the name of a metric"));
}

BOOST_FIXTURE_TEST_CASE(long_reports_come_in_pages_that_lead_to_the_end, december) {
  for (int i = 0; i < 2'100; ++i) {
    b.event({"zoe"}, "Received Email", "2025-12-10T10:00:00Z", {}, std::to_string(i));
    b.set("campaign_id", fmt::format("c{:04}", i));
  }
  apply(b);
  auto page = of_sale(R"("delivered")");
  std::vector<std::size_t> sizes;
  std::set<std::string> ids;
  double delivered = 0;
  for (;;) {
    sizes.push_back(page.size_at("/data/attributes/results"));
    for (const auto& row : page.at("/data/attributes/results").as_array()) {
      ids.emplace(gateway::json_text(row.at("groupings")));
      delivered += row.at("statistics").at("delivered").to_number<double>();
    }
    BOOST_TEST(page.size_at("/data/relationships/campaigns/data") >= sizes.back() - 1);
    if (page.at("/links/next").is_null())
      break;
    const auto link = page.text_at("/links/next");
    BOOST_TEST(tells(link, "?page_cursor="));
    page = of_sale(R"("delivered")", "", link.substr(link.find('?')));
  }
  BOOST_TEST(sizes == (std::vector<std::size_t>{1'000, 1'000, 102}),
             boost::test_tools::per_element());
  BOOST_TEST(ids.size() == 2'102U);
  BOOST_TEST(delivered == 2'104.0);
  // A cursor belongs to its request.
  const auto link = of_sale(R"("delivered")").text_at("/links/next");
  BOOST_TEST(of_sale(R"("opens")", "", link.substr(link.find('?'))).error()
             == "/data/: Invalid cursor provided.");
  BOOST_TEST(of_sale(R"("opens")", "", "?page_cursor=c1").status == 400U);
}

BOOST_FIXTURE_TEST_CASE(sparse_fields_leave_out_the_rest, december) {
  const auto a = of_sale(R"("opens")", "", "?fields[campaign-values-report]=id");
  BOOST_TEST(a.text_at("/data/attributes") == "{}");
}

BOOST_FIXTURE_TEST_CASE(mistakes_name_their_place, december) {
  const std::string time = R"("timeframe":{"key":"today"},)";
  const std::string metric = R"("conversion_metric_id":"Placed Order",)";
  const auto campaign = [&](const std::string& rest) {
    return refused("campaign-values-report", time + metric + rest);
  };
  const std::string a = "/data/attributes/";
  BOOST_TEST(tells(refused("campaign-values-report", ""), a + "statistics: "));
  BOOST_TEST(tells(refused("campaign-values-report", metric + R"("statistics":["opens"])"),
                   a + "timeframe: 'timeframe' is required"));
  BOOST_TEST(tells(refused("campaign-values-report", time + R"("statistics":["opens"])"),
                   a + "conversion_metric_id: 'conversion_metric_id' is required"));
  BOOST_TEST(tells(campaign(R"("statistics":[])"), a + "statistics: 'statistics' must not be"));
  BOOST_TEST(tells(campaign(R"("statistics":["opens","viewed_form"])"),
                   a + "statistics/1: an item must be one of"));
  BOOST_TEST(tells(campaign(R"("statistics":["opens","opens"])"),
                   a + "statistics/1: 'opens' is there already"));
  BOOST_TEST(tells(campaign(R"("statistics":["opens"],"interval":"daily")"), a + "interval: "));
  BOOST_TEST(campaign(R"("statistics":["opens"],"group_by":["campaign_id"])")
             == a + "group_by: 'group_by' must have campaign_id and campaign_message_id");
  BOOST_TEST(tells(campaign(R"("statistics":["opens"],"group_by":["flow_id"])"), a + "group_by/0"));
  BOOST_TEST(tells(refused("form-values-report",
                           time + R"("statistics":["submits"],"group_by":["form_version_id"])"),
                   "'group_by' must have form_id"));
  BOOST_TEST(tells(refused("segment-values-report",
                           time + R"("statistics":["total_members"],"group_by":["segment_id"])"),
                   a + "group_by: 'group_by' is not a valid field"));
  BOOST_TEST(tells(refused("segment-series-report", time + R"("statistics":["total_members"])"),
                   a + "interval: 'interval' is required"));
  const auto filter = [&](const std::string& text) {
    return campaign(R"("statistics":["opens"],"filter":")" + text + '"');
  };
  BOOST_TEST(tells(filter("equals(send_channel,"), a + "filter: 'filter' character"));
  BOOST_TEST(tells(filter(R"(equals(send_channel,\"fax\"))"), "allowed: email, sms"));
  BOOST_TEST(tells(filter(R"(equals(tag_id,\"t\"))"), "cannot be filtered with equals"));
  BOOST_TEST(tells(filter(R"(any(campaign_id,[\"t\"]))"), "cannot be filtered with any"));
  BOOST_TEST(tells(filter(R"(equals(flow_id,\"t\"))"), "'flow_id' cannot be filtered"));
  BOOST_TEST(tells(filter(R"(equals(campaign_id,\"a\"),equals(campaign_id,\"b\"))"),
                   "'filter' has 'campaign_id' twice"));
  std::string many;
  for (int i = 0; i < 101; ++i)
    many += fmt::format(R"({}\"{}\")", i == 0 ? "" : ",", i);
  BOOST_TEST(tells(filter("contains-any(campaign_id,[" + many + "])"),
                   "has 101 values for 'campaign_id'; at most 100"));
  BOOST_TEST(post("/api/campaign-series-reports", "{}").status == 404U);
}

BOOST_AUTO_TEST_SUITE_END()
