#include "gateway/rate_limit.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(rate_limit_test)

namespace {

using namespace std::chrono_literals;
using gateway::limit_setting;
using gateway::rate_limits;

// A whole day, hour, minute and second begin here.
constexpr rate_limits::instant start{24h * 100};

limit_setting klaviyo() {
  return *gateway::limit_setting_of("klaviyo");
}

struct asker {
  rate_limits limits;
  std::string_view key = "k1";
  std::string_view account = "a1";
  std::string_view route = "GET /api/segments";
  std::string_view tier = "S"; // 3 a second, 60 a minute.
  bool is_change = false;

  explicit asker(limit_setting setting = klaviyo()) : limits(setting) {
  }
  rate_limits::verdict ask(rate_limits::instant now) {
    return limits.take({key, account, route, gateway::tier_named(tier), is_change}, now);
  }
  int allowed(int tries, rate_limits::instant now) {
    int count = 0;
    for (int i = 0; i < tries; ++i)
      count += ask(now).is_allowed ? 1 : 0;
    return count;
  }
};

} // namespace

BOOST_AUTO_TEST_CASE(a_second_has_room_for_so_many_and_the_next_one_too) {
  asker a;
  BOOST_TEST(a.allowed(10, start) == 3);
  BOOST_TEST(a.allowed(10, start + 999ms) == 0);
  BOOST_TEST(a.allowed(10, start + 1s) == 3);
}

BOOST_AUTO_TEST_CASE(a_refusal_says_when_there_is_room_again) {
  asker a;
  a.allowed(3, start + 200ms);
  BOOST_CHECK(a.ask(start + 200ms).retry_after == 1s);
  // After a whole minute's worth it is the minute that counts.
  asker b;
  for (int second = 0; second < 20; ++second)
    BOOST_REQUIRE_EQUAL(b.allowed(3, start + std::chrono::seconds{second}), 3);
  const auto refused = b.ask(start + 20s + 500ms);
  BOOST_TEST(!refused.is_allowed);
  BOOST_CHECK(refused.retry_after == 40s);
  BOOST_TEST(!b.ask(start + 59'999ms).is_allowed);
  BOOST_TEST(b.ask(start + 20s + 500ms + refused.retry_after).is_allowed);
}

BOOST_AUTO_TEST_CASE(what_is_left_of_the_minute_is_told) {
  asker a;
  auto seen = a.ask(start + 10s);
  BOOST_TEST(seen.limit == 60U);
  BOOST_TEST(seen.remaining == 59U);
  BOOST_CHECK(seen.reset == 50s);
  seen = a.ask(start + 59'500ms);
  BOOST_TEST(seen.remaining == 58U);
  BOOST_CHECK(seen.reset == 1s);
  BOOST_TEST(a.ask(start + 60s).remaining == 59U);
}

BOOST_AUTO_TEST_CASE(reports_end_with_the_day) {
  asker a;
  a.tier = "reports";
  auto now = start;
  int day = 0;
  while (a.ask(now).is_allowed) {
    ++day;
    now += 30s + 1ms;
  }
  BOOST_TEST(day == 225);
  BOOST_CHECK(a.ask(now).retry_after > 20h);
  BOOST_TEST(a.ask(start + 24h).is_allowed);
}

BOOST_AUTO_TEST_CASE(a_refused_request_uses_nothing_up) {
  asker a;
  BOOST_TEST(a.allowed(500, start) == 3);
  BOOST_TEST(a.ask(start + 1s).remaining == 56U);
}

BOOST_AUTO_TEST_CASE(routes_keys_and_accounts_are_counted_apart) {
  asker a{{1, 2, true}}; // An account has room for two keys.
  BOOST_TEST(a.allowed(10, start) == 3);
  a.route = "GET /api/lists";
  BOOST_TEST(a.allowed(10, start) == 3);
  a.route = "GET /api/segments";
  a.key = "k2";
  BOOST_TEST(a.allowed(10, start) == 3);
  a.key = "k3";
  BOOST_TEST(a.allowed(10, start) == 0);
  a.account = "a2";
  BOOST_TEST(a.allowed(10, start) == 3);
}

BOOST_AUTO_TEST_CASE(the_nearer_end_is_told) {
  asker a{{1, 2, true}};
  a.allowed(3, start);
  a.key = "k2";
  BOOST_TEST(a.ask(start).remaining == 59U);
  // 59 of the key against 120 - 4 of the account; now the account comes first.
  for (int second = 1; second < 20; ++second)
    for (const auto* key : {"k3", "k4"}) {
      a.key = key;
      a.allowed(3, start + std::chrono::seconds{second});
    }
  a.key = "k5";
  const auto seen = a.ask(start + 20s);
  BOOST_TEST(seen.limit == 120U);
  BOOST_TEST(seen.remaining == 120U - 4 - 19 * 6 - 1);
}

BOOST_AUTO_TEST_CASE(a_factor_multiplies_and_spares_changes) {
  asker a{*gateway::limit_setting_of("2.5")};
  BOOST_TEST(a.allowed(100, start) == 8); // 7.5, rounded up.
  a.is_change = true;
  BOOST_TEST(a.allowed(1'000, start) == 1'000);
  BOOST_TEST(a.ask(start).limit == 0U);
  asker strict;
  strict.is_change = true;
  BOOST_TEST(strict.allowed(100, start) == 3);
}

BOOST_AUTO_TEST_CASE(no_limits_count_nobody) {
  asker a{*gateway::limit_setting_of("off")};
  BOOST_TEST(a.allowed(10'000, start) == 10'000);
  BOOST_TEST(a.limits.counted() == 0U);
  asker unknown;
  unknown.tier = "none";
  BOOST_TEST(unknown.allowed(1'000, start) == 1'000);
}

BOOST_AUTO_TEST_CASE(settings_are_read_or_refused) {
  BOOST_TEST(gateway::limit_setting_of("klaviyo")->factor == 1.0);
  BOOST_TEST(gateway::limit_setting_of("10")->factor == limit_setting{}.factor);
  BOOST_TEST(gateway::limit_setting_of("10")->account_factor == limit_setting{}.account_factor);
  for (const auto* text : {"", "0", "-1", "on", "10x", "inf", "nan", "1e9", " 1"}) {
    const auto setting = gateway::limit_setting_of(text);
    BOOST_REQUIRE_MESSAGE(!setting, text << " was read");
    BOOST_TEST(setting.error().message.find("off, klaviyo, or a factor") != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(who_has_not_come_for_long_is_forgotten) {
  asker a;
  std::vector<std::string> peers;
  for (int i = 0; i < 100'000; ++i)
    peers.push_back("peer" + std::to_string(i));
  for (std::size_t i = 0; i < peers.size(); ++i) {
    a.key = peers[i];
    a.account = peers[i];
    a.ask(start + std::chrono::seconds{i}); // 60 of them a minute.
  }
  BOOST_TEST(a.limits.counted() < 3'000U);
  // Nobody comes away with more because of it.
  asker b;
  b.allowed(3, start);
  for (std::size_t i = 0; i < 5'000; ++i) {
    b.key = peers[i];
    b.account = peers[i];
    b.ask(start);
  }
  b.key = "k1";
  b.account = "a1";
  BOOST_TEST(b.allowed(10, start) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
