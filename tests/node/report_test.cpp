// Published figures through the program: reports of real campaigns.
#include "tests/node/program.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <cstdio>
#include <map>

namespace {

using namespace node_tests;
namespace json = boost::json;

/// ../shared/data/NAME, or nothing where it is not laid out.
std::optional<std::filesystem::path> data_set(std::string_view name) {
  const auto path = std::filesystem::path{"../shared/data"} / name;
  if (std::filesystem::exists(path))
    return path;
  BOOST_TEST_MESSAGE("SKIPPED: " << path.string() << " is not there");
  return std::nullopt;
}

struct loaded_store {
  loaded_store(const std::filesystem::path& data, const std::string& start) {
    const auto run = rollcall({"load", "--data", store, "--clock", "manual", "--start", start,
                               (data / "profiles.ndjson.gz").string(),
                               (data / "events.ndjson.gz").string()});
    BOOST_REQUIRE_MESSAGE(run.status == 0, run.err);
  }
  json::value report(std::vector<std::string> arguments, const std::string& request) {
    write_file(scratch / "request.json", request);
    std::vector<std::string> all{"report", "--data",    store,
                                 "--json", "--request", scratch / "request.json"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const auto run = rollcall(all);
    BOOST_REQUIRE_MESSAGE(run.status == 0, run.out + run.err);
    return json::parse(run.out);
  }

  scratch_directory scratch;
  std::string store = scratch / "store";
};

/// 14 decimals, as the published table prints them.
std::string printed(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.14f", value);
  return text;
}

double statistic(const json::value& row, std::string_view name) {
  return row.at("statistics").at(name).to_number<double>();
}

} // namespace

BOOST_AUTO_TEST_SUITE(report_test)

BOOST_AUTO_TEST_CASE(hillstroms_arms_have_the_published_rates_to_the_last_digit) {
  const auto data = data_set("hillstrom");
  if (!data)
    return;
  loaded_store store{*data, "2008-04-01"};
  struct arm {
    double customers;
    const char* visit_rate;
    const char* conversion_rate;
    const char* spend;
  };
  // ../shared/data/hillstrom/SOURCE.md
  const std::map<std::string, arm> published{
    {"No E-Mail", {21306, "0.10616727682343", "0.00572608654839", "0.65278935511124"}},
    {"Mens E-Mail", {21307, "0.18275684047496", "0.01253109306801", "1.42261651100577"}},
    {"Womens E-Mail", {21387, "0.15140038341048", "0.00883714405948", "1.07720157104783"}},
  };
  const auto made = store.report({}, R"({"datasource":"account","metric":"Active on Site",
    "timeframe":{"start":"2008-03-01","end":"2008-03-31"},
    "group_by":["profile:properties['test_segment']"],
    "statistics":["profiles","share_of_profiles","buyers_share","revenue_per_profile"]})");
  BOOST_REQUIRE_EQUAL(made.at("results").as_array().size(), published.size());
  for (const auto& row : made.at("results").as_array()) {
    const auto name = row.at("groupings").as_object().begin()->value().as_string();
    const auto& expected = published.at(std::string{name});
    BOOST_CHECK_EQUAL(statistic(row, "profiles"), expected.customers);
    BOOST_CHECK_EQUAL(printed(statistic(row, "share_of_profiles")), expected.visit_rate);
    BOOST_CHECK_EQUAL(printed(statistic(row, "buyers_share")), expected.conversion_rate);
    BOOST_CHECK_EQUAL(printed(statistic(row, "revenue_per_profile")), expected.spend);
  }

  // The same visits as clicks of the campaign, by the arm that each person was sent.
  const auto campaign = store.report({}, R"({"datasource":"campaign",
    "timeframe":{"start":"2008-03-03","end":"2008-03-03"},
    "group_by":["campaign_name","variation"],
    "statistics":["delivered","clicks_unique","click_rate","conversions","conversion_value"]})");
  const std::map<std::string, std::vector<double>> arms{
    {"Mens E-Mail", {21307, 3894, 267, 30311.69}}, {"Womens E-Mail", {21387, 3238, 189, 23038.11}}};
  BOOST_REQUIRE_EQUAL(campaign.at("results").as_array().size(), arms.size());
  for (const auto& row : campaign.at("results").as_array()) {
    BOOST_CHECK_EQUAL(row.at("groupings").at("campaign_name").as_string(),
                      "MineThatData E-Mail Test");
    const auto& expected = arms.at(std::string{row.at("groupings").at("variation").as_string()});
    BOOST_CHECK_EQUAL(statistic(row, "delivered"), expected[0]);
    BOOST_CHECK_EQUAL(statistic(row, "clicks_unique"), expected[1]);
    BOOST_CHECK_EQUAL(statistic(row, "click_rate"), expected[1] / expected[0]);
    BOOST_CHECK_EQUAL(statistic(row, "conversions"), expected[2]);
    BOOST_CHECK_EQUAL(statistic(row, "conversion_value"), expected[3]);
  }
}

BOOST_AUTO_TEST_CASE(a_campaign_over_a_month_end_stays_whole_in_the_month_of_its_start) {
  const auto data = data_set("completejourney");
  if (!data)
    return;
  loaded_store store{*data, "2018-03-01"};
  write_file(store.scratch / "coupons.toml", R"toml(
[events.coupons_sent]
description = "A campaign's coupons reached a household."
owner = "tests"
version = 1
metrics = ["Received Campaign"]

[events.coupons_redeemed]
description = "A coupon was redeemed."
owner = "tests"
version = 1
metrics = ["Redeemed Coupon"]

[datasource.coupons]
description = "Coupon campaigns."
owner = "tests"
version = 1
kind = "messages"
messages_of = "campaign"
sends = ["coupons_sent"]
group_by = ["campaign_id"]

[measure.households]
description = "Households that received a campaign."
owner = "tests"
version = 1
unit = "messages"
counts = "events"
events = "coupons_sent"
population = "message_sends"
time_basis = "send"

[measure.redeemers]
description = "Households that redeemed a coupon of the campaign."
owner = "tests"
version = 1
unit = "people"
counts = "message_people"
events = "coupons_redeemed"
population = "message_sends"
time_basis = "send"

[measure.redemptions]
description = "Coupons redeemed."
owner = "tests"
version = 1
unit = "events"
counts = "events"
events = "coupons_redeemed"
population = "message_sends"
time_basis = "send"

[derived.redemption_rate]
description = "Share of the households that redeemed."
owner = "tests"
version = 1
unit = "fraction"
formula = "redeemers / households"
share = true
)toml");
  const std::vector<std::string> dictionary{"--dictionary", store.scratch / "coupons.toml"};
  const auto all = store.report(dictionary, R"({"datasource":"coupons",
    "timeframe":{"start":"2016-01-01","end":"2018-12-31"},
    "rollups":[["campaign_id"],["month"],[]],
    "statistics":["households","redemptions","redemption_rate"]})");
  const auto& by_campaign = all.at("rollups").at(0).at("results").as_array();
  BOOST_CHECK_EQUAL(by_campaign.size(), 27);
  double households = 0;
  double redemptions = 0;
  for (const auto& row : by_campaign) {
    households += statistic(row, "households");
    redemptions += statistic(row, "redemptions");
    BOOST_CHECK_LE(statistic(row, "redemption_rate"), 1);
  }
  BOOST_CHECK_EQUAL(households, 6589);
  BOOST_CHECK_EQUAL(redemptions, 2102);
  // Months add up to everything, since no campaign is in two of them.
  double by_month = 0;
  for (const auto& row : all.at("rollups").at(1).at("results").as_array())
    by_month += statistic(row, "households");
  BOOST_CHECK_EQUAL(by_month, 6589);
  const auto& total = all.at("rollups").at(2).at("results").at(0);
  BOOST_CHECK_EQUAL(statistic(total, "households"), 6589);
}

BOOST_AUTO_TEST_SUITE_END()
