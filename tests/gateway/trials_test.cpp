// Definitions that are tried before they are saved, and what time will do to a segment.
#include "gateway/identity.hpp"
#include "gateway/trials.hpp"
#include "tests/gateway/served_account.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

BOOST_AUTO_TEST_SUITE(trials_test)

namespace {

using namespace gateway_tests;

/// u1 to u4 bought once, on 2 to 5 December 2025; u5 bought twice in November.
struct trial_account : served_account {
  trial_account() : served_account({gateway::add_trial_routes}) {
    batch_maker batch;
    for (int i = 1; i <= 4; ++i)
      batch.event({fmt::format("u{}", i)}, "Placed Order", fmt::format("2025-12-0{}T12:00", i + 1));
    batch.event({"u5"}, "Placed Order", "2025-11-01", {}, "1")
      .event({"u5"}, "Placed Order", "2025-11-02", {}, "2");
    batch.profile({"u6", "u6@shop.example"});
    apply(batch);
    id = create("Lately", bought_lately);
  }
  std::string id;

  [[nodiscard]] std::string path(std::string_view what) const {
    return fmt::format("/api/rollcall/segments/{}/{}", id, what);
  }
};

std::string body(std::string_view definition, std::string_view more = {}) {
  return fmt::format(R"({{"definition":{}{}}})", definition, more);
}

/// "u1 u2": who is listed.
std::string listed(const boost::json::value& people) {
  std::string all;
  for (const auto& person : people.at("profiles").as_array())
    all += (all.empty() ? "" : " ") + std::string{person.at("external_id").as_string()};
  return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_preview_counts_and_lists_members_of_a_definition_that_nobody_saved) {
  trial_account account;
  const auto preview = account.post("/api/rollcall/segment-previews", body(bought_lately));
  BOOST_REQUIRE(preview.status == 200U);
  BOOST_TEST(preview.text("/as_of") == "2026-01-01T00:00:00Z");
  BOOST_TEST(preview.at("/log_positions").as_array().size() == 3U);
  BOOST_TEST(preview.text("/members/count") == "4");
  BOOST_TEST(preview.at("/members/profiles").as_array().size() == 4U);
  const auto one = account.post("/api/rollcall/segment-previews",
                                body(bought_twice, R"(,"limit":10)"));
  BOOST_TEST(listed(one.at("/members")) == "u5");
  const auto place = account.engine().find_profile("u5");
  need(place);
  BOOST_TEST(one.text("/members/profiles/0/id") == gateway::profile_id(*place));
  BOOST_TEST(one.at("/members/profiles/0/email").is_null());
  // At other instants, with fewer listed.
  const auto then = account.post("/api/rollcall/segment-previews",
                                 body(bought_lately, R"(,"at":"2025-11-15","limit":0)"));
  BOOST_TEST(then.text("/at") == "2025-11-15T00:00:00Z");
  BOOST_TEST(then.text("/members") == R"({"count":1,"profiles":[]})");
}

BOOST_AUTO_TEST_CASE(mistakes_of_a_definition_point_into_the_body) {
  trial_account account;
  const auto wrong = account.post(
    "/api/rollcall/segment-previews",
    R"({"definition":{"condition_groups":[{"conditions":[{"type":"horoscope"}]}]}})");
  BOOST_TEST(wrong.status == 400U);
  BOOST_TEST(wrong.text("/errors/0/source/pointer")
             == "/definition/condition_groups/0/conditions/0/type");
  BOOST_TEST(wrong.text("/errors/0/detail").find("horoscope") != std::string::npos);
  const auto what_if = account.post(account.path("what-if"), body(R"({"condition_groups":7})"));
  BOOST_TEST(what_if.text("/errors/0/source/pointer") == "/definition/condition_groups");
  BOOST_TEST(account.post("/api/rollcall/segment-previews", "{}").text("/errors/0/source/pointer")
             == "/definition");
  BOOST_TEST(
    account
      .post("/api/rollcall/segment-previews", body(bought_lately, R"(,"limit":1001,"colour":1)"))
      .at("/errors")
      .as_array()
      .size()
    == 2U);
}

BOOST_AUTO_TEST_CASE(a_what_if_tells_who_would_join_and_leave) {
  trial_account account;
  const auto answer = account.post(account.path("what-if"), body(bought_twice));
  BOOST_REQUIRE(answer.status == 200U);
  BOOST_TEST(answer.text("/segment/name") == "Lately");
  BOOST_TEST(answer.text("/members_now") == "4");
  BOOST_TEST(answer.text("/members_then") == "1");
  BOOST_TEST(answer.text("/joining/count") == "1");
  BOOST_TEST(listed(answer.at("/joining")) == "u5");
  BOOST_TEST(answer.text("/leaving/count") == "4");
  BOOST_TEST(answer.at("/leaving/profiles").as_array().size() == 4U);
  const auto same = account.post(account.path("what-if"), body(bought_lately));
  BOOST_TEST(same.text("/joining/count") == "0");
  BOOST_TEST(same.text("/leaving/count") == "0");
  // Nothing was changed by asking.
  BOOST_TEST(*account.engine().count("Lately") == 4U);
  BOOST_TEST(account.post("/api/rollcall/segments/XXXXXX/what-if", body(bought_twice)).status
             == 404U);
}

BOOST_AUTO_TEST_CASE(a_forecast_tells_day_by_day_who_leaves_if_nobody_does_anything) {
  trial_account account;
  const auto forecast = account.get(account.path("forecast?days=6"));
  BOOST_REQUIRE(forecast.status == 200U);
  BOOST_TEST(forecast.text("/from") == "2026-01-01T00:00:00Z");
  BOOST_TEST(forecast.text("/until") == "2026-01-07T00:00:00Z");
  BOOST_TEST(forecast.text("/members") == "4");
  BOOST_TEST(forecast.text("/leaving/count") == "4");
  BOOST_TEST(forecast.text("/joining/count") == "0");
  const auto& days = forecast.at("/days").as_array();
  BOOST_REQUIRE(days.size() == 6U);
  // What it foretells is what comes true.
  std::string cursor;
  for (int d = 0; d < 6; ++d) {
    account.advance(fmt::format("2026-01-0{}", d + 2));
    const auto page = account.engine().feed("Lately", cursor, 100);
    need(page);
    std::uint64_t left = 0;
    std::string names;
    for (const auto& flip : page->flips)
      if (!flip.joined) {
        ++left;
        names += (names.empty() ? "" : " ") + flip.profile;
      }
    cursor = page->cursor;
    const auto& day = days.at(static_cast<std::size_t>(d));
    BOOST_TEST(day.at("day").to_number<int>() == d + 1);
    BOOST_TEST(day.at("at").as_string() == fmt::format("2026-01-0{}T00:00:00Z", d + 2));
    BOOST_TEST(day.at("leaving").at("count").to_number<std::uint64_t>() == left);
    BOOST_TEST(listed(day.at("leaving")) == names);
    BOOST_TEST(day.at("members").to_number<std::uint64_t>() == *account.engine().count("Lately"));
  }
  BOOST_TEST(*account.engine().count("Lately") == 0U);
}

BOOST_AUTO_TEST_CASE(a_forecast_tells_who_joins_by_time_alone) {
  trial_account account;
  account.id = account.create("Silent", R"({"condition_groups": [{"conditions": [
    {"type": "profile-metric", "metric_id": "Placed Order", "measurement": "count",
     "measurement_filter": {"type": "numeric", "operator": "equals", "value": 0},
     "timeframe_filter": {"type": "date", "operator": "in-the-last", "quantity": 30, "unit": "day"},
     "metric_filters": null}]}]})");
  const auto forecast = account.get(account.path("forecast?days=3&limit=1"));
  BOOST_TEST(forecast.text("/members") == "2");
  BOOST_TEST(forecast.text("/joining/count")
             == std::to_string(forecast.at("/days/2/members").to_number<std::uint64_t>() - 2));
  BOOST_TEST(forecast.at("/joining/count").to_number<int>() > 0);
  BOOST_TEST(forecast.at("/joining/profiles").as_array().size() == 1U);
  BOOST_TEST(account.get(account.path("forecast?days=0")).status == 400U);
  BOOST_TEST(account.get(account.path("forecast?days=367")).status == 400U);
  BOOST_TEST(account.get(account.path("forecast?day=3")).status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()
