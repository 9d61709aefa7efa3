#include "tests/library/report_fixture.hpp"

#include <fstream>

BOOST_AUTO_TEST_SUITE(report_settings_test)

namespace {

template <class Outcome>
auto good(Outcome found) {
  need(found);
  return std::move(*found);
}

/// Somebody bought two days after an open, and three after a click by a machine.
struct orders : report_fixture {
  orders() {
    of_campaign("ann", "Received Email", "sale", "2025-12-01T08:00:00Z");
    of_campaign("ann", "Opened Email", "sale", "2025-12-01T09:00:00Z");
    order("ann", "2025-12-03T09:00:00Z", 30);
    of_campaign("bob", "Received Email", "sale", "2025-12-01T08:00:00Z");
    of_campaign("bob", "Clicked Email", "sale", "2025-12-01T09:00:00Z");
    batch().set("Bot Click", true);
    order("bob", "2025-12-04T09:00:00Z", 5);
    batch().event({.external_id = "bob"}, "Subscribed", "2025-12-02T09:00:00Z");
    batch().set("Plan", "year");
    batch().set("Price", 99.0);
    load();
  }

  json::value asked(std::string_view more = "") {
    return report(R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},"group_by":[],)"
                  R"("statistics":["delivered","conversions","conversion_value","conversion_rate"])"
                  + std::string{more} + '}');
  }
  double value(const json::value& made, std::string_view statistic) {
    return made.at("results").at(0).at("statistics").at(statistic).to_number<double>();
  }
  std::string definition(const json::value& made, std::size_t statistic) {
    return std::string{made.at("statistics").at(statistic).at("definition").as_string()};
  }
  void change(std::string_view changes) {
    need(engine->change_report_settings(changes));
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_the_account_settles_holds_until_a_request_says_otherwise, orders) {
  BOOST_CHECK_EQUAL(value(asked(), "conversions"), 1);
  change(R"({"bots":"include"})");
  BOOST_CHECK_EQUAL(value(asked(), "conversions"), 2);
  BOOST_CHECK_EQUAL(value(asked(R"(,"bots":"exclude")"), "conversions"), 1);
  change(R"({"attribution":{"email_open_hours":47}})");
  BOOST_CHECK_EQUAL(value(asked(), "conversion_value"), 5);
  BOOST_CHECK_EQUAL(value(asked(R"(,"attribution":{"email_open_hours":48})"), "conversion_value"),
                    35);
  reopen();
  BOOST_CHECK_EQUAL(value(asked(), "conversion_value"), 5);
  change(R"({"bots":null,"attribution":null})");
  BOOST_CHECK_EQUAL(value(asked(), "conversion_value"), 30);
}

BOOST_FIXTURE_TEST_CASE(weeks_begin_when_the_account_says, orders) {
  const auto weeks = [&] {
    return rows_of(R"({"datasource":"account","timeframe":{"start":"2025-12-01","end":"2025-12-31"},
      "metric":"Placed Order","group_by":["week"],"statistics":["count"]})");
  };
  BOOST_TEST(weeks() == (std::vector<std::string>{"2025-12-01 | 2"}),
             boost::test_tools::per_element());
  change(R"({"week_start":"thursday"})");
  BOOST_TEST(weeks() == (std::vector<std::string>{"2025-11-27 | 1", "2025-12-04 | 1"}),
             boost::test_tools::per_element());
}

BOOST_FIXTURE_TEST_CASE(answers_tell_what_was_settled_and_hash_it, orders) {
  const auto before = asked();
  BOOST_CHECK_EQUAL(before.at("settings").at("attribution").at("email_open_hours"), 120);
  BOOST_CHECK_EQUAL(before.at("settings").at("attribution").at("model").as_string(), "last_touch");
  BOOST_CHECK_EQUAL(before.at("settings").at("conversion_metric").at("name").as_string(),
                    "Placed Order");
  change(R"({"attribution":{"email_open_hours":48}})");
  const auto after = asked();
  BOOST_CHECK_EQUAL(after.at("settings").at("attribution").at("email_open_hours"), 48);
  BOOST_CHECK_NE(before.at("settings").at("hash"), after.at("settings").at("hash"));
  BOOST_CHECK_EQUAL(definition(before, 0), definition(after, 0)); // Deliveries know no credit.
  BOOST_CHECK_NE(definition(before, 1), definition(after, 1));
  BOOST_CHECK_NE(definition(before, 3), definition(after, 3));
  // What the request says counts as much as what the account does.
  change(R"({"attribution":null})");
  const auto told = asked(R"(,"attribution":{"email_open_hours":48})");
  BOOST_CHECK_EQUAL(definition(told, 1), definition(after, 1));
  BOOST_CHECK_EQUAL(told.at("settings").at("hash"), after.at("settings").at("hash"));
  const auto explained = good(engine->report(
    R"({"datasource":"campaign","timeframe":{"key":"last_365_days"},"statistics":["conversions"]})",
    rollcall::report_format::explanation));
  BOOST_CHECK_NE(explained.find("email_open_hours 120"), std::string::npos);
  BOOST_CHECK_NE(explained.find("weeks begin on monday"), std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(wrong_settings_are_refused_and_change_nothing, orders) {
  const auto before = good(engine->report_settings());
  const auto refused = engine->change_report_settings(
    R"({"bots":"include","attribution":{"email_open_hours":-1}})");
  BOOST_REQUIRE(!refused);
  BOOST_REQUIRE_EQUAL(refused.faults().size(), 1U);
  BOOST_CHECK_EQUAL(refused.faults()[0].pointer, "/attribution/email_open_hours");
  BOOST_CHECK_EQUAL(good(engine->report_settings()), before);
}

// --- conversion metrics of the dictionary --------------------------------------------------------

BOOST_FIXTURE_TEST_CASE(a_conversion_metric_of_ones_own_is_named_by_requests, orders) {
  {
    engine.reset();
    std::filesystem::create_directories(directory.path() / "store" / "dictionary");
    std::ofstream out{directory.path() / "store" / "dictionary" / "mine.toml"};
    out << R"([conversion.worth_having]
description = "Orders, and subscriptions by the year."
owner = "tests"
version = 1
synonyms = ["worthy"]
metrics = [
  "Placed Order",
  {name = "Subscribed", value = "Price", where = '''[{"property": "Plan",
    "filter": {"type": "string", "operator": "equals", "value": "year"}}]'''},
]
)";
  }
  reopen();
  const auto made = asked(R"(,"conversion_metric":"worth_having","bots":"include")");
  BOOST_CHECK_EQUAL(value(made, "conversions"), 3);
  BOOST_CHECK_EQUAL(value(made, "conversion_value"), 30 + 5 + 99);
  const auto by_synonym = asked(R"(,"conversion_metric":"worthy","bots":"include")");
  BOOST_CHECK_EQUAL(by_synonym, made);
  const auto orders_alone = asked(R"(,"conversion_metric":"placed_order","bots":"include")");
  BOOST_CHECK_EQUAL(value(orders_alone, "conversions"), 2);
  BOOST_CHECK_NE(definition(made, 1), definition(orders_alone, 1));
  const auto entries = good(engine->dictionary());
  const auto entry = std::ranges::find(entries, "worth_having", &rollcall::dictionary_entry::name);
  BOOST_REQUIRE(entry != entries.end());
  BOOST_CHECK_EQUAL(entry->kind, "conversion");
  BOOST_CHECK_NE(entry->json.find("\"value\":\"Price\""), std::string::npos);
  // Written out it is the same.
  const auto written = asked(R"(,"bots":"include","conversion_metric":{"metrics":[
    {"name":"Placed Order"},{"name":"Subscribed","value":"Price","where":[{"property":"Plan",
    "filter":{"type":"string","operator":"equals","value":"year"}}]}]})");
  BOOST_CHECK_EQUAL(definition(written, 1), definition(made, 1));
  BOOST_CHECK_EQUAL(value(written, "conversion_value"), value(made, "conversion_value"));
}

BOOST_AUTO_TEST_SUITE_END()
