#include "cluster/operations.hpp"

#include <boost/test/unit_test.hpp>

#include <random>
#include <vector>

namespace {

/// Packs all into payloads of at most `bytes_max`.
std::vector<std::string> packed(const std::vector<std::string>& all, std::size_t bytes_max) {
  std::vector<std::string> payloads;
  cluster::operation_packer packer{bytes_max};
  for (const auto& one : all)
    for (std::size_t offset = 0; offset < one.size();) {
      const auto taken = packer.add(one, offset);
      offset += taken;
      if (offset < one.size())
        payloads.push_back(packer.take());
    }
  if (!packer.empty())
    payloads.push_back(packer.take());
  return payloads;
}

} // namespace

BOOST_AUTO_TEST_SUITE(operations_test)

BOOST_AUTO_TEST_CASE(operations_of_any_size_come_back_in_order) {
  std::mt19937 chance{5};
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> all;
    for (auto n = 1 + chance() % 20; n > 0; --n)
      all.emplace_back(1 + chance() % (chance() % 4 == 0 ? 20'000 : 300),
                       static_cast<char>(chance()));
    std::vector<std::string> back;
    cluster::operation_unpacker unpacker;
    for (const auto& payload : packed(all, 4'096)) {
      BOOST_TEST_REQUIRE(payload.size() <= 4'096U);
      std::uint32_t expected = 0;
      BOOST_REQUIRE(unpacker.take(1, payload, [&](std::uint32_t index, std::string_view bytes) {
        BOOST_TEST(index == expected++);
        back.emplace_back(bytes);
      }));
    }
    BOOST_TEST(unpacker.is_between());
    BOOST_TEST((back == all));
  }
}

BOOST_AUTO_TEST_CASE(what_a_writer_left_half_written_is_forgotten_with_its_epoch) {
  const auto pieces = packed({std::string(10'000, 'x')}, 4'096);
  BOOST_REQUIRE(pieces.size() > 1);
  cluster::operation_unpacker unpacker;
  const auto nothing = [](std::uint32_t, std::string_view) { BOOST_ERROR("nothing is whole"); };
  BOOST_REQUIRE(unpacker.take(1, pieces.front(), nothing));
  BOOST_TEST(!unpacker.is_between());
  std::vector<std::string> back;
  BOOST_REQUIRE(unpacker.take(2, packed({"next"}, 4'096).front(),
                              [&](std::uint32_t, std::string_view b) { back.emplace_back(b); }));
  BOOST_TEST((back == std::vector<std::string>{"next"}));
}

BOOST_AUTO_TEST_CASE(what_no_packer_makes_is_refused) {
  std::mt19937 chance{6};
  const auto whole = packed({"one", "two", "three"}, 4'096).front();
  for (int i = 0; i < 20'000; ++i) {
    auto damaged = whole;
    damaged[chance() % damaged.size()] = static_cast<char>(chance());
    damaged.resize(1 + chance() % damaged.size());
    cluster::operation_unpacker unpacker;
    std::size_t bytes = 0;
    (void)unpacker.take(1, damaged, [&](std::uint32_t, std::string_view b) { bytes += b.size(); });
    BOOST_TEST_REQUIRE(bytes <= damaged.size());
  }
  cluster::operation_unpacker unpacker;
  BOOST_TEST(!unpacker.take(1, "short", [](std::uint32_t, std::string_view) {}));
}

BOOST_AUTO_TEST_SUITE_END()
