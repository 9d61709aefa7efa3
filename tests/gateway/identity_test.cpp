#include "gateway/identity.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cctype>
#include <cstdint>
#include <random>
#include <string>

BOOST_AUTO_TEST_SUITE(identity_test)

namespace {

using namespace gateway;
using rollcall::profile_place;

constexpr std::string_view digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

} // namespace

BOOST_AUTO_TEST_CASE(profile_ids_look_like_ulids) {
  for (const auto place :
       {profile_place{0, 0}, profile_place{3, 4711}, profile_place{UINT32_MAX, UINT32_MAX}}) {
    const auto id = profile_id(place);
    BOOST_TEST(id.size() == 26U);
    BOOST_TEST(id.starts_with('0'));
    BOOST_TEST(id.find_first_not_of(digits) == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(the_form_of_profile_ids_stays_the_same) {
  // Clients keep ids for years.
  BOOST_TEST(profile_id({0, 0}) == "0100000000000000W8GAGEBV3Q");
  BOOST_TEST(profile_id({3, 4711}) == "01000000300004K76EMM8XMBRQ");
}

BOOST_AUTO_TEST_CASE(an_id_leads_back_to_its_place) {
  std::mt19937 random{4711};
  for (int i = 0; i < 10'000; ++i) {
    const profile_place place{static_cast<std::uint32_t>(random()) >> (random() % 32),
                              static_cast<std::uint32_t>(random()) >> (random() % 32)};
    const auto back = profile_place_of(profile_id(place));
    BOOST_TEST_REQUIRE(back.has_value());
    BOOST_TEST_REQUIRE((*back == place));
  }
}

BOOST_AUTO_TEST_CASE(ids_sort_like_places) {
  std::mt19937 random{4711};
  for (int i = 0; i < 10'000; ++i) {
    const profile_place a{static_cast<std::uint32_t>(random() % 256),
                          static_cast<std::uint32_t>(random())};
    const profile_place b{static_cast<std::uint32_t>(random() % 256),
                          static_cast<std::uint32_t>(random())};
    BOOST_TEST_REQUIRE((profile_id(a) < profile_id(b)) == (a < b));
  }
}

BOOST_AUTO_TEST_CASE(every_single_typo_and_swap_is_noticed) {
  const auto id = profile_id({2, 123'456});
  for (std::size_t i = 0; i < id.size(); ++i) {
    for (int c = 0; c < 256; ++c) {
      auto wrong = id;
      wrong[i] = static_cast<char>(c);
      if (wrong != id)
        BOOST_TEST_REQUIRE(!profile_place_of(wrong));
    }
    auto swapped = id;
    std::swap(swapped[i], swapped[(i + 1) % id.size()]);
    if (swapped != id)
      BOOST_TEST_REQUIRE(!profile_place_of(swapped));
  }
}

BOOST_AUTO_TEST_CASE(other_texts_are_no_profile_ids) {
  const auto id = profile_id({2, 123'456});
  auto lower = id;
  for (auto& c : lower)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  for (const auto& text :
       {std::string{}, std::string{"#0:1"}, std::string{"01GDDKASAP8TKDDA2GRZDSVP4H"}, lower,
        id + '0', id.substr(1), ' ' + id.substr(1), std::string(26, '\0'), std::string(26, 'Z'),
        std::string(26, '0')})
    BOOST_TEST(!profile_place_of(text));
}

BOOST_AUTO_TEST_CASE(uuids_are_made_of_given_bytes) {
  std::array<std::uint8_t, 16> bytes{};
  BOOST_TEST(random_uuid(bytes) == "00000000-0000-4000-8000-000000000000");
  bytes.fill(0xff);
  BOOST_TEST(random_uuid(bytes) == "ffffffff-ffff-4fff-bfff-ffffffffffff");
  for (std::uint8_t i = 0; i < 16; ++i)
    bytes[i] = static_cast<std::uint8_t>(i * 17);
  BOOST_TEST(random_uuid(bytes) == "00112233-4455-4677-8899-aabbccddeeff");
}

BOOST_AUTO_TEST_CASE(uuids_are_told_from_other_texts) {
  BOOST_TEST(is_uuid("00112233-4455-4677-8899-aabbccddeeff"));
  for (const auto* text :
       {"", "00112233-4455-4677-8899-aabbccddeef", "00112233-4455-4677-8899-AABBCCDDEEFF",
        "0011223304455-4677-8899-aabbccddeeff", "00112233-4455-4677-8899-aabbccddeefg",
        "00112233-4455-4677-8899-aabbccddeeff0"})
    BOOST_TEST(!is_uuid(text));
}

BOOST_AUTO_TEST_CASE(short_ids_are_six_letters_and_digits) {
  std::mt19937_64 random{4711};
  for (int i = 0; i < 1'000; ++i)
    BOOST_TEST_REQUIRE(is_short_id(random_short_id(random())));
  BOOST_TEST(random_short_id(0) == "AAAAAA");
  BOOST_TEST(random_short_id(1) != random_short_id(62));
  for (const auto* text : {"", "ABCDE", "ABCDEFG", "ABC-EF", "ABCDé"})
    BOOST_TEST(!is_short_id(text));
}

BOOST_AUTO_TEST_SUITE_END()
