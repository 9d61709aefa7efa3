#include "library/opaque_text.hpp"
#include "library/page_cursor.hpp"

#include <boost/test/unit_test.hpp>

#include <random>

BOOST_AUTO_TEST_SUITE(opaque_text_test)

BOOST_AUTO_TEST_CASE(bytes_become_base64url_and_come_back) {
  using rollcall::from_base64url;
  using rollcall::to_base64url;
  BOOST_TEST(to_base64url("") == "");
  BOOST_TEST(to_base64url("f") == "Zg");
  BOOST_TEST(to_base64url("fo") == "Zm8");
  BOOST_TEST(to_base64url("foo") == "Zm9v");
  BOOST_TEST(to_base64url("\xfb\xff\xfe") == "-__-");
  const auto seed = std::random_device{}();
  BOOST_TEST_CONTEXT("seed " << seed) {
    std::mt19937 random{seed};
    for (int round = 0; round < 1'000; ++round) {
      std::string bytes(random() % 40, '\0');
      for (auto& byte : bytes)
        byte = static_cast<char>(random());
      const auto again = from_base64url(to_base64url(bytes));
      BOOST_REQUIRE(again);
      BOOST_TEST(*again == bytes);
    }
  }
}

BOOST_AUTO_TEST_CASE(only_what_is_written_is_read) {
  for (const auto* text : {"Zg==", "Zg=", "Z", "Zm9vZ", "Zh", "Zm9", "Zm+v", "Zm/v", " Zg", "Zg\n"})
    BOOST_TEST(!rollcall::from_base64url(text), text);
}

BOOST_AUTO_TEST_CASE(numbers_and_a_text_are_read_in_the_order_of_writing) {
  rollcall::opaque_writer to;
  to.put(std::uint8_t{7}).put(std::uint32_t{4'000'000'000}).put(std::int64_t{-5});
  to.put(std::uint64_t{1} << 63).put(std::string_view{"rest"});
  rollcall::opaque_reader from{to.text()};
  BOOST_TEST(from.take_byte() == 7);
  BOOST_TEST(!from.is_good()); // Something is left.
  BOOST_TEST(from.take_word() == 4'000'000'000);
  BOOST_TEST(from.take_signed() == -5);
  BOOST_TEST(from.take_long() == std::uint64_t{1} << 63);
  BOOST_TEST(from.take_text() == "rest");
  BOOST_TEST(from.is_good());
  BOOST_TEST(from.take_word() == 0u);
  BOOST_TEST(!from.is_good());
  BOOST_TEST(!rollcall::opaque_reader{"?"}.is_good());
}

BOOST_AUTO_TEST_SUITE_END()
