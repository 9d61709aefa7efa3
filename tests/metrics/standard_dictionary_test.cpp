#include "tests/metrics/dictionary_support.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

BOOST_AUTO_TEST_SUITE(standard_dictionary_test)

namespace {

using namespace dictionary_support;
using namespace metrics;

constexpr std::string_view message_statistics[] = {"average_order_value",
                                                   "bounce_rate",
                                                   "bounced",
                                                   "bounced_or_failed",
                                                   "bounced_or_failed_rate",
                                                   "click_rate",
                                                   "click_to_open_rate",
                                                   "clicks",
                                                   "clicks_unique",
                                                   "conversion_rate",
                                                   "conversion_uniques",
                                                   "conversion_value",
                                                   "conversions",
                                                   "delivered",
                                                   "delivery_rate",
                                                   "failed",
                                                   "failed_rate",
                                                   "message_segment_count_sum",
                                                   "open_rate",
                                                   "opens",
                                                   "opens_unique",
                                                   "recipients",
                                                   "revenue_per_recipient",
                                                   "spam_complaint_rate",
                                                   "spam_complaints",
                                                   "text_message_credit_usage_amount",
                                                   "text_message_roi",
                                                   "text_message_spend",
                                                   "unsubscribe_rate",
                                                   "unsubscribe_uniques",
                                                   "unsubscribes"};
constexpr std::string_view form_statistics[] = {"closed_form",
                                                "closed_form_uniques",
                                                "qualified_form",
                                                "qualified_form_uniques",
                                                "submit_rate",
                                                "submits",
                                                "submitted_form_step",
                                                "submitted_form_step_uniques",
                                                "viewed_form",
                                                "viewed_form_step",
                                                "viewed_form_step_uniques",
                                                "viewed_form_uniques"};
constexpr std::string_view segment_statistics[] = {"members_added", "members_removed",
                                                   "net_members_changed", "total_members"};
constexpr std::string_view groupings[] = {"campaign_id",
                                          "campaign_message_id",
                                          "campaign_message_name",
                                          "send_channel",
                                          "tag_id",
                                          "tag_name",
                                          "text_message_format",
                                          "variation",
                                          "variation_name",
                                          "flow_id",
                                          "flow_message_id",
                                          "flow_message_name",
                                          "flow_name",
                                          "form_id",
                                          "form_version_id",
                                          "segment_id"};

} // namespace

BOOST_AUTO_TEST_CASE(the_standard_files_have_no_faults) {
  const auto result = read_dictionary(standard_files());
  BOOST_TEST(result.faults.empty(), told(result.faults));
  BOOST_TEST(standard_files().size() == 13);
}

BOOST_AUTO_TEST_CASE(every_statistic_and_grouping_of_klaviyos_reports_is_known) {
  const auto all = standard();
  for (const auto name : message_statistics)
    BOOST_TEST(all.statistic(name).has_value(), name);
  for (const auto name : form_statistics)
    BOOST_TEST(all.statistic(name).has_value(), name);
  for (const auto name : segment_statistics)
    BOOST_TEST(all.statistic(name).has_value(), name);
  for (const auto name : groupings)
    BOOST_TEST(all.dimension_name(name).has_value(), name);
}

BOOST_AUTO_TEST_CASE(every_message_statistic_rests_on_measures_by_send_date) {
  const auto all = standard();
  for (const auto name : message_statistics) {
    const auto below = all.measures_of(name);
    BOOST_TEST(!below.empty(), name);
    for (const auto& each : below) {
      BOOST_TEST((all.measures.at(each).of == population::message_sends), name << ": " << each);
      BOOST_TEST((all.measures.at(each).basis == time_basis::send), name << ": " << each);
    }
  }
}

BOOST_AUTO_TEST_CASE(recipients_are_deliveries_bounces_and_failures) {
  const std::vector<std::string> expected{"bounced", "delivered", "failed"};
  BOOST_TEST(standard().measures_of("recipients") == expected, boost::test_tools::per_element());
  BOOST_TEST(standard().measures_of("delivery_rate") == expected, boost::test_tools::per_element());
  BOOST_TEST(standard().measures_of("unheard_of").empty());
}

BOOST_AUTO_TEST_CASE(synonyms_lead_to_the_own_name) {
  const auto all = standard();
  BOOST_TEST(all.dimension_name("flow_message_id").value() == "message_id");
  BOOST_TEST(all.statistic("submitted_form").value() == "submits");
  BOOST_TEST(!all.statistic("message_id").has_value());
}

BOOST_AUTO_TEST_CASE(datasources_of_messages_know_their_sends_and_touches) {
  const auto all = standard();
  const auto& flow = all.datasources.at("flow");
  BOOST_TEST((flow.kind == datasource_kind::messages && flow.owner == message_owner::flow));
  const std::vector<std::string> sends{"delivered", "bounced", "failed"};
  BOOST_TEST(flow.sends == sends, boost::test_tools::per_element());
  BOOST_TEST(flow.touches.size() == 8);
  BOOST_TEST(flow.clicks == "clicked");
  BOOST_TEST(flow.opens == "opened");
  const std::vector<std::string> grouping{"flow_id", "message_id", "send_channel"};
  BOOST_TEST(flow.group_by == grouping, boost::test_tools::per_element());
  BOOST_TEST((all.event_sets.at("delivered").members.at(1).by == channel::sms));
}

BOOST_AUTO_TEST_CASE(ready_reports_hold_their_request_as_json) {
  const auto all = standard();
  const std::string expected =
    R"({"datasource":"segment","group_by":["segment_id","segment_name"],"interval":"daily",)"
    R"("statistics":["total_members","members_added","members_removed","net_members_changed"],)"
    R"("timeframe":{"key":"last_30_days"}})";
  BOOST_TEST(all.reports.at("segment_growth").request == expected);
  BOOST_TEST(all.reports.size() == 6);
}

BOOST_AUTO_TEST_CASE(entries_know_where_they_stand) {
  const auto all = standard(entry("derived.my_rate", R"(unit = "fraction"
formula = "clicks / delivered")"));
  BOOST_TEST(all.derived.at("my_rate").facts.at.file == my_file);
  BOOST_TEST(all.derived.at("my_rate").facts.at.line == 1);
  BOOST_TEST(all.measures.at("opens").facts.at.file == "metrics/dictionary/messages.toml");
}

BOOST_AUTO_TEST_SUITE_END()
