// Who is in a segment, who was, and why.
#include "gateway/identity.hpp"
#include "gateway/memberships.hpp"
#include "tests/gateway/served_account.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <vector>

BOOST_AUTO_TEST_SUITE(memberships_test)

namespace {

using namespace gateway_tests;

struct member_account : served_account {
  member_account() : served_account({gateway::add_membership_routes}) {
    id = create("Lately", bought_lately);
  }
  std::string id;

  void buys(const std::string& who, const char* when) const {
    batch_maker batch;
    batch.event({who}, "Placed Order", when);
    apply(batch);
  }
  [[nodiscard]] shown ask(std::string_view what) {
    return get(fmt::format("/api/rollcall/segments/{}/{}", id, what));
  }
  /// "u1 u2", in the order of names, over all pages.
  std::string members(std::string_view at, int limit = 2) {
    std::vector<std::string> names;
    std::string cursor;
    do {
      const auto page = ask(
        fmt::format("members?limit={}&cursor={}{}{}", limit, cursor, at.empty() ? "" : "&at=", at));
      if (page.status != 200)
        return page.error();
      const auto& people = page.at("/profiles").as_array();
      BOOST_TEST(people.size() <= static_cast<std::size_t>(limit));
      for (const auto& person : people)
        names.emplace_back(person.at("external_id").as_string());
      cursor = page.at("/cursor").is_null() ? "" : page.text("/cursor");
      if (cursor.empty())
        BOOST_TEST(page.at("/count").to_number<std::size_t>() == names.size());
    } while (!cursor.empty());
    std::ranges::sort(names);
    std::string all;
    for (const auto& name : names)
      all += (all.empty() ? "" : " ") + name;
    return all;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(members_of_a_past_instant_are_those_who_were_in_then) {
  member_account account;
  account.buys("u1", "2025-12-20");
  account.buys("u2", "2025-12-31");
  account.advance("2026-01-10");
  for (int i = 3; i <= 7; ++i)
    account.buys(fmt::format("u{}", i), "2026-01-10");
  account.advance("2026-01-22"); // u1 has left on the 20th.
  account.buys("u1", "2026-01-22");
  account.advance("2026-03-01"); // All have left.
  account.buys("u8", "2026-03-01");

  BOOST_TEST(account.members("") == "u8");
  BOOST_TEST(account.members("2026-01-01") == "u1 u2");
  BOOST_TEST(account.members("2026-01-09T23:59:59Z") == "u1 u2");
  BOOST_TEST(account.members("2026-01-10") == "u1 u2 u3 u4 u5 u6 u7");
  BOOST_TEST(account.members("2026-01-20T12:00:00Z") == "u2 u3 u4 u5 u6 u7");
  BOOST_TEST(account.members("2026-01-25") == "u1 u2 u3 u4 u5 u6 u7");
  BOOST_TEST(account.members("2026-02-28") == "");
  BOOST_TEST(account.members("2026-03-01") == "u8");
  const auto first = account.ask("members?at=2026-01-25&limit=1000");
  for (const auto& person : first.at("/profiles").as_array())
    if (person.at("external_id").as_string() == "u1")
      BOOST_TEST(person.at("joined_at").as_string() == "2026-01-22T00:00:00Z");
  BOOST_TEST(first.text("/as_of") == "2026-03-01T00:00:00Z");
  BOOST_TEST(first.text("/at") == "2026-01-25T00:00:00Z");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_told_is_refused) {
  member_account account;
  account.buys("u1", "2025-12-20");
  BOOST_TEST(account.members("2025-12-31").find("was created at 2026-01-01T00:00:00Z")
             != std::string::npos);
  BOOST_TEST(account.members("2026-01-02").find("the forecast and previews tell what is later")
             != std::string::npos);
  BOOST_TEST(account.members("yesterday").find("not a date and time") != std::string::npos);
  BOOST_TEST(account.ask("members?limit=0").status == 400U);
  BOOST_TEST(account.ask("members?cursor=abc").status == 400U);
  BOOST_TEST(account.get("/api/rollcall/segments/XXXXXX/members").status == 404U);
}

BOOST_AUTO_TEST_CASE(a_cursor_belongs_to_its_segment_and_instant) {
  member_account account;
  for (int i = 1; i <= 3; ++i)
    account.buys(fmt::format("u{}", i), "2025-12-20");
  account.advance("2026-01-05");
  const auto cursor = account.ask("members?limit=1&at=2026-01-02").text("/cursor");
  BOOST_TEST(account.ask("members?limit=2&at=2026-01-02&cursor=" + cursor).status == 200U);
  BOOST_TEST(account.ask("members?limit=1&at=2026-01-03&cursor=" + cursor).status == 400U);
  BOOST_TEST(account.ask("members?limit=1&cursor=" + cursor).status == 400U);
}

BOOST_AUTO_TEST_CASE(somebody_who_was_erased_still_counts_where_he_was) {
  member_account account;
  account.buys("u1", "2025-12-20");
  account.buys("u2", "2025-12-20");
  account.advance("2026-01-05");
  batch_maker batch;
  batch.erase({"u1"});
  account.apply(batch);
  account.advance("2026-01-06");
  const auto then = account.ask("members?at=2026-01-04");
  BOOST_TEST(then.text("/count") == "2");
  std::size_t unnamed = 0;
  for (const auto& person : then.at("/profiles").as_array())
    unnamed += person.as_object().contains("external_id") ? 0 : 1;
  BOOST_TEST(unnamed == 1U);
  BOOST_TEST(account.members("2026-01-06") == "u2");
}

BOOST_AUTO_TEST_CASE(an_explanation_says_which_events_make_a_member_and_until_when) {
  member_account account;
  account.buys("u1", "2025-12-20");
  account.buys("u2", "2025-10-01");
  const auto in = account.ask("explanation?profile=u1");
  BOOST_REQUIRE(in.status == 200U);
  BOOST_TEST(in.text("/member") == "true");
  BOOST_TEST(in.text("/flips_at").starts_with("2026-01-20T"));
  BOOST_TEST(in.text("/conditions/0/events/0/metric") == "Placed Order");
  BOOST_TEST(in.text("/profile/external_id") == "u1");
  BOOST_TEST(in.text("/segment/state") == "live");
  BOOST_TEST(in.text("/as_of") == "2026-01-01T00:00:00Z");
  const auto place = account.engine().find_profile("u2");
  need(place);
  const auto out = account.ask("explanation?profile=" + gateway::profile_id(*place));
  BOOST_TEST(out.text("/member") == "false");
  BOOST_TEST(out.text("/flips_at") == "null");
  BOOST_TEST(account.ask("explanation?profile=nobody").status == 404U);
  BOOST_TEST(account.ask("explanation").status == 400U);
}

BOOST_AUTO_TEST_SUITE_END()
