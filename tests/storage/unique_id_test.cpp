#include "storage/unique_id.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

BOOST_AUTO_TEST_SUITE(unique_id_test)

namespace {

void check_round_trip(const std::string& id) {
  const auto parts = storage::split(id);
  BOOST_REQUIRE_EQUAL(storage::join(parts), id);
}

} // namespace

BOOST_AUTO_TEST_CASE(ids_that_platforms_use_come_apart_as_expected) {
  using storage::id_shape;
  const auto padded = storage::split("evt-0012345678");
  BOOST_TEST((padded == storage::split_id{"evt-", id_shape::decimal, 10, 0, 12345678}));
  const auto natural = storage::split("cdnow:59");
  BOOST_TEST((natural == storage::split_id{"cdnow:", id_shape::decimal, 0, 0, 59}));
  const auto hex = storage::split("olist:2e7a8482f6fb09756ca50c10d7bfc047");
  BOOST_TEST(
    (hex == storage::split_id{"olist:", id_shape::hex, 0, 0x2e7a8482f6fb0975, 0x6ca50c10d7bfc047}));
  const auto uuid = storage::split("72d76fde-8bb3-4e00-8c23-a032dfed738c");
  BOOST_TEST(
    (uuid == storage::split_id{"", id_shape::uuid, 0, 0x72d76fde8bb34e00, 0x8c23a032dfed738c}));
  BOOST_TEST((storage::split("hill:1:r") == storage::split_id{"hill:1:r"}));
  BOOST_TEST((storage::split("72D76FDE-8bb3-4e00-8c23-a032dfed738c").shape != id_shape::uuid));
}

BOOST_AUTO_TEST_CASE(edge_cases_come_back_as_they_were) {
  for (const auto* id : {"",
                         "0",
                         "00",
                         "-0",
                         "000000000000000000",
                         "0000000000000000000",
                         "999999999999999999",
                         "1000000000000000000",
                         "18446744073709551616",
                         "a",
                         "a0",
                         "a00",
                         "a007",
                         "00000000000000000000000000000000",
                         "x00000000000000000000000000000000",
                         "ffffffffffffffffffffffffffffffff",
                         "gfffffffffffffffffffffffffffffff",
                         "00000000-0000-0000-0000-000000000000",
                         "ffffffff-ffff-ffff-ffff-ffffffffffff",
                         "ffffffff-ffff-ffff-ffff-fffffffffff",
                         "f-fffffff-ffff-ffff-ffff-ffffffffffff"})
    check_round_trip(id);
  check_round_trip(std::string("\0\xff\x80", 3));
  check_round_trip(std::string("12\0", 3));
  check_round_trip(std::string("\0"
                               "12",
                               3));
}

BOOST_AUTO_TEST_CASE(any_bytes_come_back_as_they_were) {
  constexpr std::uint64_t seed = 20;
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937_64 random{seed};
    const std::string_view alphabets[] = {"0123456789", "0123456789abcdef", "0123456789abcdef-",
                                          "01aA-:\xff"};
    for (int round = 0; round < 300'000; ++round) {
      const auto alphabet = alphabets[random() % 4];
      std::string id(random() % 45, '\0');
      for (auto& c : id)
        c = random() % 200 == 0 ? static_cast<char>(random())
                                : alphabet[random() % alphabet.size()];
      if (id.size() >= 36 && random() % 2 == 0)
        for (const auto at : {8U, 13U, 18U, 23U})
          id[id.size() - 36 + at] = '-';
      check_round_trip(id);
    }
  }
}

BOOST_AUTO_TEST_CASE(seconds_round_down) {
  BOOST_TEST(storage::seconds_id(1'700'000'000'999) == "1700000000");
  BOOST_TEST(storage::seconds_id(-1) == "-1");
  BOOST_TEST(storage::seconds_id(0) == "0");
  for (const std::int64_t time :
       {0LL, 999LL, 1000LL, -1LL, -1000LL, -1001LL, 1'700'000'000'000LL}) {
    BOOST_TEST(storage::is_seconds_id(storage::split(storage::seconds_id(time)), time));
    BOOST_TEST(!storage::is_seconds_id(storage::split("0" + storage::seconds_id(time)), time));
    BOOST_TEST(!storage::is_seconds_id(storage::split(storage::seconds_id(time)), time + 1000));
  }
}

BOOST_AUTO_TEST_SUITE_END()
