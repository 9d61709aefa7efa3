#include "segments/calendar.hpp"

#include <boost/test/unit_test.hpp>
#include <date/tz.h>

#include <random>

namespace {

std::int64_t ms_of(date::sys_seconds t) {
  return t.time_since_epoch().count() * segments::second_ms;
}

std::int64_t offset_at(const date::time_zone& zone, std::int64_t ms) {
  const date::sys_seconds at{std::chrono::seconds{segments::floor_divide(ms, segments::second_ms)}};
  return zone.get_info(at).offset.count() * segments::second_ms;
}

} // namespace

BOOST_AUTO_TEST_SUITE(calendar_test)

// Against the time zone library, at both sides of every change of offset and anywhere between.
BOOST_AUTO_TEST_CASE(clocks_on_the_wall_show_what_the_database_of_zones_says) {
  std::mt19937_64 chance{1};
  const auto begin = date::sys_seconds{date::sys_days{date::year{1850} / 1 / 2}};
  const auto end = date::sys_seconds{date::sys_days{date::year{2199} / 12 / 30}};
  std::size_t changes = 0;
  for (const char* name :
       {"America/New_York", "Europe/Berlin", "Africa/Casablanca", "Africa/El_Aaiun", "Asia/Tokyo",
        "America/Sao_Paulo", "Pacific/Apia", "Australia/Lord_Howe", "Asia/Gaza", "Europe/Dublin",
        "America/St_Johns", "Antarctica/Troll", "Asia/Kolkata", "Etc/GMT+5", "UTC"}) {
    const auto& source = *date::locate_zone(name);
    const auto& zone = *segments::find_zone(name);
    const auto check = [&](std::int64_t t) {
      BOOST_TEST_REQUIRE(zone.local(t) == t + offset_at(source, t), name << " at " << t);
    };
    for (auto at = begin; at < end;) {
      const auto info = source.get_info(at);
      const auto until = std::min(info.end, end);
      check(ms_of(until) - 1);
      check(ms_of(until));
      for (int i = 0; i < 5; ++i)
        check(ms_of(at)
              + static_cast<std::int64_t>(chance()
                                          % static_cast<std::uint64_t>(ms_of(until) - ms_of(at))));
      at = until;
      ++changes;
    }
    // Beyond what is tabulated the nearest offset holds.
    BOOST_TEST(zone.local(segments::always) == segments::always + offset_at(source, ms_of(begin)));
    BOOST_TEST(zone.local(segments::never) - segments::never
               == zone.local(ms_of(end)) - ms_of(end));
  }
  BOOST_TEST(changes > 1'500);
}

BOOST_AUTO_TEST_SUITE_END()
