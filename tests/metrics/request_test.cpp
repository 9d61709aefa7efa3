#include "metrics/dictionary.hpp"
#include "metrics/request.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(request_test)

namespace {

using namespace metrics;

const dictionary& words() {
  static const auto made = *read_dictionary(standard_files()).read;
  return made;
}

request_result read(std::string_view json, const report_settings& settings = {}) {
  request_context context;
  context.settings = settings;
  context.words = &words();
  context.account_zone = "Europe/Berlin";
  context.metric_name = [](std::string_view name) -> std::optional<std::string> {
    return name == "PLCORD" || name == "Placed Order" ? std::optional<std::string>{"Placed Order"}
                                                      : std::nullopt;
  };
  context.segment_id = [](std::string_view name) -> std::optional<std::string> {
    return name == "VIP" || name == "SEG1" ? std::optional<std::string>{"SEG1"} : std::nullopt;
  };
  return read_request(json, context);
}

/// A request about campaigns with more fields, or others in the place of the usual ones.
std::string campaigns(const std::string& more) {
  return R"({"datasource": "campaign", "statistics": ["opens"], "timeframe": {"key": "today"})"
       + (more.empty() ? "" : ", " + more) + "}";
}

request good(const std::string& json, const report_settings& settings = {}) {
  const auto result = read(json, settings);
  for (const auto& e : result.errors)
    BOOST_ERROR(json << ": " << e.pointer << " " << e.found << " instead of " << e.allowed);
  BOOST_REQUIRE(result.read);
  return *result.read;
}

/// Exactly one mistake, at the pointer, whose message has the piece.
void refused(const std::string& json, std::string_view pointer, std::string_view piece) {
  BOOST_TEST_CONTEXT(json) {
    const auto result = read(json);
    BOOST_TEST(!result.read);
    BOOST_REQUIRE(!result.errors.empty());
    BOOST_TEST(result.errors.size() == 1);
    BOOST_TEST(result.errors[0].pointer == pointer);
    BOOST_TEST_CONTEXT(result.errors[0].allowed)
    BOOST_TEST((result.errors[0].allowed.find(piece) != std::string::npos));
  }
}

std::string repeated(const std::string& piece, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i)
    out += (i == 0 ? "" : ", ") + piece;
  return out;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_short_request_means_what_the_document_says) {
  const auto r = good(campaigns(""));
  BOOST_TEST(r.zone == "Europe/Berlin");
  BOOST_TEST(r.settings.week_start == 0);
  BOOST_TEST(r.conversion_metric == "Placed Order");
  BOOST_TEST(r.limit == 10'000u);
  BOOST_TEST(!r.interval.has_value());
  BOOST_TEST(!r.settings.with_bots);
  BOOST_TEST(r.settings.apple_earns_credit);
  BOOST_TEST((r.compare == comparison::none));
  BOOST_TEST((r.moment == send_moment::send));
  BOOST_TEST(!r.has_rollups);
  BOOST_REQUIRE(r.rollups.size() == 1);
  std::vector<std::string> names;
  for (const auto& g : r.rollups[0])
    names.push_back(g.name);
  BOOST_TEST(names == (std::vector<std::string>{"campaign_id", "message_id", "send_channel"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(everything_that_a_request_may_say_is_read) {
  const auto r = good(R"({"datasource": "campaign", "statistics": ["open_rate", "conversions"],
    "timeframe": {"start": "2026-01-01", "end": "2026-01-31T09:30:00-05:00"},
    "conversion_metric_id": "PLCORD", "interval": "weekly", "timezone": "Asia/Kathmandu",
    "week_start": "sunday", "rollups": [[], ["campaign_message_id", "segment:VIP@send"],
    ["property:Client Type", "profile:location['city']", "day"]],
    "filter": {"and": [{"field": "tag_id", "operator": "contains-all", "value": ["a", "b"]},
      {"not": {"or": [{"field": "send_channel", "operator": "equals", "value": "sms"},
        {"field": "campaign_name", "operator": "not-set"}]}},
      {"field": "hour_of_day", "operator": "any", "value": [7, "08"]},
      {"field": "day_of_week", "operator": "equals", "value": "Thursday"},
      {"field": "message_id", "operator": "any", "value": [7, "08", true]}]},
    "order": ["-conversions", "day"], "limit": 100000,
    "compare": {"to": "previous_year", "align": "weekday"}, "time_basis": "first_delivery",
    "attribution": {"email_open_hours": 0, "sms_delivery_hours": 2160},
    "bots": "include", "apple_privacy": "no_credit"})");
  BOOST_TEST(r.conversion_metric == "Placed Order");
  BOOST_TEST(r.settings.week_start == 6);
  BOOST_TEST((r.interval == period::week));
  BOOST_TEST(r.has_rollups);
  BOOST_REQUIRE(r.rollups.size() == 3);
  BOOST_TEST(r.rollups[0].empty());
  BOOST_TEST(r.rollups[1][0].name == "campaign_message_id");
  BOOST_TEST((r.rollups[1][0].fact == message_fact::message_id));
  BOOST_TEST(r.rollups[1][1].key == "SEG1");
  BOOST_TEST((r.rollups[1][1].moment == membership_moment::send));
  BOOST_TEST(r.rollups[2][0].key == "Client Type");
  BOOST_TEST(r.rollups[2][1].key == "location['city']");
  BOOST_TEST(r.filtered.size() == 6);
  BOOST_TEST(r.filter.parts[2].values == (std::vector<std::string>{"07", "08"}),
             boost::test_tools::per_element());
  BOOST_TEST(r.filter.parts[3].values[0] == "thursday");
  BOOST_TEST(r.filter.parts[4].values == (std::vector<std::string>{"7", "08", "true"}),
             boost::test_tools::per_element());
  BOOST_REQUIRE(r.order.size() == 2);
  BOOST_TEST(r.order[0].falls);
  BOOST_TEST(*r.order[0].statistic == 1);
  BOOST_TEST(r.order[1].grouping == "day");
  BOOST_TEST((r.compare == comparison::previous_year));
  BOOST_TEST(r.by_weekday);
  BOOST_TEST((r.moment == send_moment::first_delivery));
  BOOST_TEST(r.settings.windows.size() == 2);
  BOOST_TEST(r.settings.with_bots);
  BOOST_TEST(!r.settings.apple_earns_credit);
}

BOOST_AUTO_TEST_CASE(a_conversion_metric_is_an_entry_a_metric_or_written_out) {
  const auto wanted = [](const std::string& written) {
    return good(campaigns("\"conversion_metric\": " + written));
  };
  const auto entry = wanted("\"started_checkout\"");
  BOOST_TEST(entry.conversion_metric == "started_checkout");
  BOOST_REQUIRE(entry.conversions.size() == 2U);
  BOOST_TEST(entry.conversions[1].metric == "Checkout Started");
  BOOST_TEST(wanted("\"orders\"").conversion_metric == "placed_order");
  const auto metric = wanted("\"PLCORD\"");
  BOOST_TEST(metric.conversion_metric == "Placed Order");
  BOOST_REQUIRE(metric.conversions.size() == 1U);
  BOOST_TEST(metric.conversions[0].metric == "Placed Order");
  const auto written = wanted(R"({"metrics": [{"name": "PLCORD", "value": "Net"}, {"name": "Visit",
    "where": [{"property": "Item", "filter": {"type": "existence", "operator": "is-set"}}]}]})");
  BOOST_TEST(written.conversion_metric.empty());
  BOOST_REQUIRE(written.conversions.size() == 2U);
  BOOST_TEST(written.conversions[0].metric == "Placed Order");
  BOOST_TEST(written.conversions[0].value == "Net");
  BOOST_TEST(written.conversions[1].where.find("is-set") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_conversion_metric_that_is_none_is_refused_with_its_place) {
  refused(campaigns(R"("conversion_metric": {"metrics": []})"), "/conversion_metric/metrics", "");
  refused(campaigns(R"("conversion_metric": {"metrics": [{"value": "Net"}]})"),
          "/conversion_metric/metrics/0/name", "");
  refused(campaigns(R"("conversion_metric": {"metrics": [{"name": "A"}, {"name": "A"}]})"),
          "/conversion_metric/metrics/1", "not there already");
  refused(campaigns(R"("conversion_metric": {"metrics": [{"name": "A", "where": [{}]}]})"),
          "/conversion_metric/metrics/0/where/0/property", "");
}

BOOST_AUTO_TEST_CASE(what_the_account_has_settled_holds_unless_the_request_says_otherwise) {
  std::vector<segments::definition_error> errors;
  const auto settings = changed({}, R"({"week_start": "sunday", "bots": "include",
    "attribution": {"email_open_hours": 48, "sms_delivery_hours": 0}})",
                                errors);
  BOOST_REQUIRE(settings);
  const auto told = good(campaigns(""), *settings).settings;
  BOOST_TEST(told.week_start == 6);
  BOOST_TEST(told.with_bots);
  BOOST_TEST(told.apple_earns_credit);
  BOOST_TEST(told.windows.size() == 2U);
  const auto otherwise = good(campaigns(R"("week_start": "friday", "bots": "exclude",
    "attribution": {"email_open_hours": 12, "push_open_hours": 1}, "apple_privacy": null)"),
                              *settings)
                           .settings;
  BOOST_TEST(otherwise.week_start == 4);
  BOOST_TEST(!otherwise.with_bots);
  BOOST_TEST(otherwise.apple_earns_credit);
  std::map<std::pair<std::string, channel>, std::int64_t> hours;
  for (const auto& w : otherwise.windows)
    BOOST_TEST((hours.emplace(std::pair{w.events, w.by}, w.window_hours).second));
  BOOST_TEST((hours[{"opened", channel::email}]) == 12);
  BOOST_TEST((hours[{"opened", channel::push}]) == 1);
  BOOST_TEST((hours[{"delivered", channel::sms}]) == 0);
}

BOOST_AUTO_TEST_CASE(synonyms_are_read_and_shown_as_they_were_written) {
  const auto r = good(R"({"datasource": "form", "statistics": ["submitted_form", "viewed_form"],
    "timeframe": {"key": "last_7_days"}, "interval": "day", "order": "-submitted_form"})");
  BOOST_TEST(r.statistics == (std::vector<std::string>{"submits", "viewed_form"}),
             boost::test_tools::per_element());
  BOOST_TEST(r.shown_as[0] == "submitted_form");
  BOOST_TEST((r.interval == period::day));
}

BOOST_AUTO_TEST_CASE(what_knows_no_time_needs_no_timeframe) {
  good(R"({"datasource": "account", "statistics": ["profiles"], "group_by": ["country"]})");
  refused(R"({"datasource": "account", "statistics": ["orders"]})", "/timeframe", "\"key\"");
  refused(R"({"datasource": "account", "statistics": ["profiles"], "group_by": ["day"]})",
          "/group_by/0", "counts profiles");
  refused(R"({"datasource": "account", "statistics": ["profiles"], "interval": "day",
    "timeframe": {"key": "today"}})",
          "/interval", "counts profiles");
}

BOOST_AUTO_TEST_CASE(unknown_words_are_refused_where_they_stand) {
  refused(campaigns(R"("statistic": 1)"), "/statistic", "did you mean \"statistics\"?");
  refused(R"({"datasource": "campain", "statistics": ["opens"], "timeframe": {"key": "today"}})",
          "/datasource", "did you mean \"campaign\"?");
  refused(R"({"datasource": "campaign", "statistics": ["opens", "open_rat"],
    "timeframe": {"key": "today"}})",
          "/statistics/1", "did you mean \"open_rate\"?");
  refused(R"({"datasource": "campaign", "statistics": ["opens"], "timeframe": {"key": "tody"}})",
          "/timeframe/key", "did you mean \"today\"?");
  refused(campaigns(R"("timezone": "Berlin")"), "/timezone", "IANA");
  refused(campaigns(R"("week_start": "Monday")"), "/week_start", "\"monday\"");
  refused(campaigns(R"("interval": "yearly")"), "/interval", "\"monthly\"");
  refused(campaigns(R"("bots": "yes")"), "/bots", "\"include\"");
  refused(campaigns(R"("apple_privacy": true)"), "/apple_privacy", "\"no_credit\"");
  refused(campaigns(R"("compare": "last_year")"), "/compare", "\"previous_year\"");
  refused(campaigns(R"("group_by": ["day", "segment:VIPs"])"), "/group_by/1", "segment");
  refused(campaigns(R"("order": ["-clicks"])"), "/order/0", "\"opens\"");
  refused(campaigns(R"("attribution": {"fax_hours": 1})"), "/attribution/fax_hours",
          "no such field");
  // WhatsApp earns no credit, so there is nothing to set.
  refused(campaigns(R"("attribution": {"active_on_site_hours": 1})"),
          "/attribution/active_on_site_hours", "no such field");
}

BOOST_AUTO_TEST_CASE(a_metric_that_nobody_knows_is_kept_to_be_told) {
  const auto misspelled = good(campaigns(R"("conversion_metric": "placed orders")"));
  BOOST_REQUIRE_EQUAL(misspelled.unknown_metrics.size(), 1);
  BOOST_TEST(misspelled.unknown_metrics[0] == "placed orders");
  // The account has no such events, but the dictionary has the name.
  BOOST_TEST(good(campaigns(R"("conversion_metric": "Clicked SMS")")).unknown_metrics.empty());
  BOOST_TEST(good(campaigns(R"("conversion_metric": "PLCORD")")).unknown_metrics.empty());
  BOOST_TEST(good(campaigns("")).unknown_metrics.empty());
}

BOOST_AUTO_TEST_CASE(one_thing_is_said_once) {
  refused(campaigns(R"("conversion_metric": "Placed Order", "conversion_metric_id": "PLCORD")"),
          "/conversion_metric_id", "nothing beside \"conversion_metric\"");
}

BOOST_AUTO_TEST_CASE(a_profiles_dimension_is_a_property_as_in_segments) {
  const auto by = [](const std::string& path) {
    return campaigns(R"("group_by": [")" + path + R"("])");
  };
  BOOST_TEST(good(by("profile:properties['tier']")).rollups[0][0].key == "properties['tier']");
  BOOST_TEST(good(by("profile:first_name")).rollups[0][0].key == "first_name");
  refused(by("profile:tier"), "/group_by/0", "\"properties['…']\"");
  refused(by("profile:properties['tier"), "/group_by/0", "\"location['city']\"");
  refused(by("profile:last_event_date"), "/group_by/0", "no dimension");
}

BOOST_AUTO_TEST_CASE(statistics_and_dimensions_belong_to_a_datasource) {
  refused(R"({"datasource": "flow", "statistics": ["orders"], "timeframe": {"key": "today"}})",
          "/statistics/0", "\"account\"");
  refused(R"({"datasource": "account", "statistics": ["opens"], "timeframe": {"key": "today"}})",
          "/statistics/0", "\"campaign\" and \"flow\"");
  refused(R"({"datasource": "account", "statistics": ["count"], "timeframe": {"key": "today"}})",
          "/statistics/0", "\"metric\"");
  refused(campaigns(R"("group_by": ["flow_id"])"), "/group_by/0", "\"campaign_id\"");
  refused(R"({"datasource": "flow", "statistics": ["opens"], "timeframe": {"key": "today"},
    "group_by": ["campaign_id"]})",
          "/group_by/0", "\"flow_id\"");
  refused(R"({"datasource": "form", "statistics": ["submits"], "timeframe": {"key": "today"},
    "group_by": ["message_id"]})",
          "/group_by/0", "\"form_id\"");
  refused(R"({"datasource": "flow", "statistics": ["opens"], "timeframe": {"key": "today"},
    "time_basis": "created"})",
          "/time_basis", "campaigns only");
}

BOOST_AUTO_TEST_CASE(a_timeframe_is_a_key_or_a_start_and_an_end) {
  const auto with = [](const std::string& timeframe) {
    return R"({"datasource": "campaign", "statistics": ["opens"], "timeframe": )" + timeframe + "}";
  };
  refused(with(R"({"key": "today", "start": "2026-01-01"})"), "/timeframe/start", "nothing");
  refused(with(R"({"start": "2026-01-01"})"), "/timeframe/end", "date");
  refused(with(R"({"start": "2026-02-30", "end": "2026-03-01"})"), "/timeframe/start", "date");
  refused(with(R"({"start": "2026-03-02", "end": "2026-03-01"})"), "/timeframe/end", "before");
  refused(with(R"({"key": "today", "zone": "UTC"})"), "/timeframe/zone", "no such field");
  refused(with(R"("today")"), "/timeframe", "object");
}

BOOST_AUTO_TEST_CASE(groupings_are_given_once) {
  refused(campaigns(R"("rollups": [["day"]], "group_by": ["day"])"), "/group_by", "\"rollups\"");
  refused(campaigns(R"("group_by": ["day", "day"])"), "/group_by/1", "already");
  refused(campaigns(R"("rollups": [])"), "/rollups", "1 to 32");
  refused(campaigns(R"("rollups": ["day"])"), "/rollups/0", "array");
  refused(campaigns(R"("group_by": "day")"), "/group_by", "array");
  refused(R"({"datasource": "campaign", "statistics": ["opens", "opens"],
    "timeframe": {"key": "today"}})",
          "/statistics/1", "already");
}

BOOST_AUTO_TEST_CASE(filters_are_checked_to_their_leaves) {
  const auto filter = [](const std::string& f) { return campaigns(R"("filter": )" + f); };
  refused(filter(R"({"field": "flow_id", "operator": "is-set"})"), "/filter/field",
          "\"campaign_id\"");
  refused(filter(R"({"and": [{"field": "day", "operator": "eqals", "value": 1}]})"),
          "/filter/and/0/operator", "did you mean \"equals\"?");
  refused(filter(R"({"or": []})"), "/filter/or", "at least one");
  refused(filter(R"({"not": {"field": "day", "operator": "any", "value": "x"}})"),
          "/filter/not/value", "array");
  refused(filter(R"({"field": "day", "operator": "is-set", "value": 1})"), "/filter/value",
          "nothing");
  refused(filter(R"({"field": "day", "operator": "equals"})"), "/filter/value", "text");
  refused(filter(R"({"field": "hour_of_day", "operator": "equals", "value": 24})"), "/filter/value",
          "\"23\"");
  refused(filter(R"({"field": "day_of_week", "operator": "any", "value": ["Sun", "monday"]})"),
          "/filter/value/0", "\"sunday\"");
  refused(filter(R"({"field": "send_channel", "operator": "not-equals", "value": "e-mail"})"),
          "/filter/value", "did you mean \"email\"");
  refused(filter(R"({"field": "segment:VIP", "operator": "equals", "value": "yes"})"),
          "/filter/value", "\"not a member\"");
  refused(filter(R"({"field": "day", "operator": "equals", "value": {}})"), "/filter/value",
          "text");
  refused(filter(R"({"and": [{"field": "day", "operator": "is-set"}], "or": []})"), "/filter/or",
          "no such field");
  refused(filter("{}"), "/filter", "\"and\"");
  refused(filter("[]"), "/filter", "object");
  std::string deep = R"({"field": "day", "operator": "is-set"})";
  for (int i = 0; i < 31; ++i)
    deep = R"({"not": )" + deep + "}";
  good(filter(deep));
  std::string pointer = "/filter";
  for (int i = 0; i < 32; ++i)
    pointer += "/not";
  refused(filter(R"({"not": )" + deep + "}"), pointer, "32 levels");
}

BOOST_AUTO_TEST_CASE(limits_are_kept) {
  for (const auto* limit : {"0", "100001", "1.5", "\"10\"", "-1"})
    refused(campaigns(std::string{R"("limit": )"} + limit), "/limit", "1 to 100000");
  good(campaigns(R"("limit": 1)"));
  for (const auto* hours : {"-1", "2161", "0.5"})
    refused(campaigns(std::string{R"("attribution": {"email_open_hours": )"} + hours + "}"),
            "/attribution/email_open_hours", "0 to 2160");
  refused(R"({"datasource": "campaign", "statistics": [], "timeframe": {"key": "today"}})",
          "/statistics", "1 to 200");
  refused(R"({"datasource": "campaign", "statistics": [)" + repeated("\"opens\"", 201)
            + R"(], "timeframe": {"key": "today"}})",
          "/statistics", "1 to 200");
  refused(campaigns("\"rollups\": [" + repeated("[]", 33) + "]"), "/rollups", "1 to 32");
  refused(campaigns("\"group_by\": [" + repeated("\"day\"", 17) + "]"), "/group_by", "at most 16");
  refused(std::string(request_bytes_max + 1, ' '), "", "1 MiB");
}

BOOST_AUTO_TEST_CASE(a_series_has_no_more_intervals_than_a_limit) {
  const auto hourly = [](const std::string& end) {
    return R"({"datasource": "account", "statistics": ["orders"], "interval": "hourly", )"
           R"("timezone": "UTC", "timeframe": {"start": "2020-01-01", "end": ")"
         + end + "\"}}";
  };
  good(hourly("2021-02-20T16:00:00")); // 10,000 hours.
  refused(hourly("2021-02-20T16:00:01"), "/interval", "10000");
  good(campaigns(R"("interval": "hourly")"));
}

BOOST_AUTO_TEST_CASE(every_mistake_is_told_at_once) {
  const auto result = read(R"({"datasource": "campaign", "statistics": ["opns", "opens"],
    "timeframe": {"key": "today"}, "limit": 0, "group_by": ["dya"], "colour": 1})");
  std::vector<std::string> pointers;
  for (const auto& e : result.errors)
    pointers.push_back(e.pointer);
  std::ranges::sort(pointers);
  BOOST_TEST(pointers
               == (std::vector<std::string>{"/colour", "/group_by/0", "/limit", "/statistics/0"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_no_request_is_refused) {
  for (const auto* json : {"", "[]", "1", "null", "{", "{\"datasource\": 1}", "\"campaign\"",
                           "{\"datasource\": \"campaign\", \"datasource\": \"flow\"}"})
    BOOST_TEST_CONTEXT(json) {
      const auto result = read(json);
      BOOST_TEST(!result.read);
      BOOST_TEST(!result.errors.empty());
    }
}

BOOST_AUTO_TEST_CASE(every_ready_report_is_a_good_request) {
  for (const auto& [name, report] : words().reports)
    BOOST_TEST_CONTEXT(name)
  good(report.request);
}

BOOST_AUTO_TEST_SUITE_END()
