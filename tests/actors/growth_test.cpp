#include "tests/actors/listing_fixture.hpp"

#include <filesystem>
#include <string>

// How a partition's directory grows while changes come one by one.
BOOST_AUTO_TEST_SUITE(growth_test)

// What a commit frees is used again, although nothing is merged.
BOOST_FIXTURE_TEST_CASE(single_changes_do_not_leave_their_pages_behind, listing_fixture) {
  constexpr int commits = 3'000;
  rollcall::batch_builder builder;
  for (int i = 0; i < commits; ++i) {
    builder.event({.external_id = "one"}, "Placed Order", {}, {}, "order-" + std::to_string(i));
    commit(builder, {0});
  }
  // Each of them writes about 25 KB, and keeps some 300 bytes of that.
  const auto bytes = std::filesystem::file_size(directory.path() / "partition" / "data.mdb");
  BOOST_TEST(bytes < std::uintmax_t{20} << 20);
  BOOST_TEST(owned->figures().delta_records >= static_cast<std::uint64_t>(commits));
}

BOOST_AUTO_TEST_SUITE_END()
