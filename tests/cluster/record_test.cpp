#include "cluster/partition_log.hpp"
#include "cluster/record.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(record_test)

namespace {

using namespace cluster;
using model::failure_code;

record some(record_kind kind, std::string_view payload, std::uint64_t number = 7) {
  record r;
  r.partition = 11;
  r.kind = kind;
  r.epoch = 3;
  r.number = kind == record_kind::marker ? 0 : number;
  r.previous = 0x0123456789abcdef;
  r.writer = node_id("node-a");
  r.payload = payload;
  return r;
}

/// One encoded record of each kind.
std::vector<std::string> one_of_each() {
  const auto marker = encode(marker_payload{"node-a", 5});
  const auto snapshot = encode(snapshot_payload{41, 99, {"node-a", "node-b"}});
  const auto digest = encode(digest_payload{40, 98});
  const auto release = encode(release_payload{"node-b"});
  return {encode(some(record_kind::marker, marker)),
          encode(some(record_kind::heartbeat, {})),
          encode(some(record_kind::operations, "what the replicas apply")),
          encode(some(record_kind::snapshot, snapshot)),
          encode(some(record_kind::digest, digest)),
          encode(some(record_kind::release, release)),
          encode(some(record_kind::placement, "node-a node-b"))};
}

failure_code refusal_of(std::string_view bytes) {
  const auto r = decode(bytes);
  BOOST_REQUIRE(!r);
  BOOST_TEST(r.error().message.find("cannot read a record") == 0U, r.error().message);
  return r.error().code;
}

/// A payload under a kind that encode would not let through.
std::string disguised(record_kind kind, const std::string& payload) {
  auto bytes = encode(some(record_kind::operations, payload));
  bytes[4] = static_cast<char>(kind);
  sign(bytes);
  return bytes;
}

} // namespace

BOOST_AUTO_TEST_CASE(what_was_encoded_is_decoded) {
  for (const auto& bytes : one_of_each()) {
    const auto r = decode(bytes);
    BOOST_REQUIRE_MESSAGE(r, (r ? "" : r.error().message));
    BOOST_TEST(r->partition == 11U);
    BOOST_TEST(r->epoch == 3U);
    BOOST_TEST(r->number == (r->kind == record_kind::marker ? 0U : 7U));
    BOOST_TEST(r->previous == 0x0123456789abcdefU);
    BOOST_TEST(r->writer == node_id("node-a"));
    BOOST_TEST(r->checksum == checksum_in(bytes));
    BOOST_TEST(encode(*r) == bytes);
    BOOST_TEST((r->payload.empty() || r->payload.data() == bytes.data() + record_head_bytes));
  }
}

BOOST_AUTO_TEST_CASE(payloads_come_back) {
  const auto all = one_of_each();
  BOOST_TEST(marker_of(*decode(all[0])).owner == "node-a");
  BOOST_TEST(marker_of(*decode(all[0])).incarnation == 5U);
  BOOST_TEST((snapshot_of(*decode(all[3])) == snapshot_payload{41, 99, {"node-a", "node-b"}}));
  BOOST_TEST((digest_of(*decode(all[4])) == digest_payload{40, 98}));
  BOOST_TEST(release_of(*decode(all[5])).successor == "node-b");
  const auto nobody = encode(release_payload{});
  BOOST_TEST(release_of(*decode(encode(some(record_kind::release, nobody)))).successor.empty());
}

/// These bytes are in logs for good.
BOOST_AUTO_TEST_CASE(the_form_does_not_change) {
  const auto bytes = one_of_each()[4];
  BOOST_REQUIRE_EQUAL(bytes.size(), record_head_bytes + 16);
  BOOST_TEST(bytes.substr(0, 4) == "RCL\x01");
  const auto expected = std::array<unsigned char, 20>{5, 0, 0, 0, 11, 0, 0, 0, 16, 0,
                                                      0, 0, 3, 0, 0,  0, 0, 0, 0,  0};
  for (std::size_t i = 0; i < expected.size(); ++i)
    BOOST_TEST(static_cast<unsigned char>(bytes[4 + i]) == expected[i], "byte " << 4 + i);
  BOOST_TEST(node_id("node-a") == 0xdadea24aa12481feU);
  BOOST_TEST(checksum_in(bytes) == 0x3da61abdc988e04bU);
}

BOOST_AUTO_TEST_CASE(a_flipped_bit_anywhere_is_found) {
  for (const auto& bytes : one_of_each())
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      auto damaged = bytes;
      damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
      BOOST_REQUIRE_MESSAGE(!decode(damaged), "bit " << bit);
    }
}

BOOST_AUTO_TEST_CASE(a_record_that_is_cut_or_has_a_tail_is_refused) {
  for (const auto& bytes : one_of_each()) {
    for (std::size_t kept = 0; kept < bytes.size(); ++kept)
      BOOST_TEST(
        (refusal_of(std::string_view{bytes}.substr(0, kept)) == failure_code::storage_broken));
    BOOST_TEST((refusal_of(bytes + '\0') == failure_code::storage_broken));
  }
  BOOST_TEST((refusal_of(std::string(partition_log::record_bytes_max + 1, 'x'))
              == failure_code::storage_broken));
}

BOOST_AUTO_TEST_CASE(the_largest_record_fits) {
  const std::string payload(partition_log::record_bytes_max - record_head_bytes, 'x');
  const auto bytes = encode(some(record_kind::operations, payload));
  BOOST_REQUIRE(decode(bytes));
  BOOST_TEST(decode(bytes)->payload == payload);
}

/// What no writer of ours makes, with a checksum that holds.
BOOST_AUTO_TEST_CASE(a_record_that_cannot_be_is_refused) {
  const auto changed = [](std::string bytes, std::size_t at, char to) {
    bytes[at] = to;
    sign(bytes);
    return bytes;
  };
  const auto all = one_of_each();
  constexpr std::size_t version_at = 3;
  constexpr std::size_t kind_at = 4;
  constexpr std::size_t length_at = 12;
  constexpr std::size_t epoch_at = 16;
  constexpr std::size_t number_at = 24;
  constexpr std::size_t writer_at = 40;
  BOOST_TEST((refusal_of(changed(all[1], 0, 'X')) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[1], version_at, 2)) == failure_code::newer_format));
  BOOST_TEST((refusal_of(changed(all[1], version_at, 0)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[1], kind_at, 8)) == failure_code::newer_format));
  BOOST_TEST((refusal_of(changed(all[1], kind_at, 0)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[1], kind_at + 1, 1)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[1], length_at, 1)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[1], epoch_at, 0)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[1], number_at, 0)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[0], number_at, 1)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[0], writer_at, 1)) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[5], record_head_bytes, 5)) == failure_code::storage_broken));
  BOOST_TEST(
    (refusal_of(changed(all[5], record_head_bytes + 1, ' ')) == failure_code::storage_broken));
  BOOST_TEST((refusal_of(changed(all[3], record_head_bytes + 16, 1))
              == failure_code::storage_broken)); // A node behind the end.
  BOOST_TEST((refusal_of(changed(all[3], all[3].size() - 1, 'a'))
              == failure_code::storage_broken)); // The same node twice.
}

BOOST_AUTO_TEST_CASE(a_snapshot_names_its_nodes_and_not_too_many) {
  const auto with = [](std::size_t nodes) {
    std::string payload(16, '\1');
    payload += static_cast<char>(nodes);
    for (std::size_t i = 0; i < nodes; ++i)
      payload += std::string{'\2', 'n', static_cast<char>('0' + i)};
    return disguised(record_kind::snapshot, payload);
  };
  BOOST_TEST(decode(with(10)).has_value());
  BOOST_TEST((refusal_of(with(0)) == failure_code::storage_broken));
  std::string many(16, '\1');
  many += static_cast<char>(snapshot_nodes_max + 1);
  for (std::size_t i = 0; i <= snapshot_nodes_max; ++i)
    many += '\2' + std::to_string(10 + i);
  BOOST_TEST((refusal_of(disguised(record_kind::snapshot, many)) == failure_code::storage_broken));
}

BOOST_AUTO_TEST_CASE(a_record_that_is_too_large_is_refused_though_it_is_whole) {
  const std::string payload(partition_log::record_bytes_max - record_head_bytes, 'x');
  auto bytes = encode(some(record_kind::operations, payload)) + 'x';
  BOOST_REQUIRE(static_cast<unsigned char>(bytes[12]) < 0xFF);
  ++bytes[12]; // One more behind the head.
  sign(bytes);
  const auto r = decode(bytes);
  BOOST_REQUIRE(!r);
  BOOST_TEST(r.error().message.find("1048577 bytes are too many") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(names_of_nodes_have_a_form) {
  for (const auto* fine : {"a", "node-1", "eu-west.node_2", "A9"})
    BOOST_TEST(is_node_name(fine), fine);
  for (const auto* bad : {"", "-a", "a.", "a b", "a/b", "ä", "a\n"})
    BOOST_TEST(!is_node_name(bad), bad);
  BOOST_TEST(is_node_name(std::string(node_name_bytes_max, 'a')));
  BOOST_TEST(!is_node_name(std::string(node_name_bytes_max + 1, 'a')));
}

/// Random changes, with a checksum that holds now and then, so that what is behind it is reached.
BOOST_AUTO_TEST_CASE(no_bytes_confuse_the_reader) {
  const auto* named = std::getenv("ROLLCALL_FUZZ_SEED");
  const auto seed = named ? std::strtoull(named, nullptr, 10) : 20'261'130;
  std::mt19937_64 random{seed};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  const auto seeds = one_of_each();
  std::size_t taken = 0;
  std::size_t refused = 0;
  for (int round = 0; round < 200'000; ++round) {
    auto bytes = seeds[below(seeds.size())];
    for (auto changes = below(4); changes > 0 && !bytes.empty(); --changes) {
      const auto at = below(bytes.size());
      switch (below(4)) {
      case 0:
        bytes[at] = static_cast<char>(below(256));
        break;
      case 1:
        bytes.erase(at, 1 + below(8));
        break;
      case 2:
        bytes.insert(at, 1 + below(4), static_cast<char>(below(4)));
        break;
      default: {
        const auto& other = seeds[below(seeds.size())];
        bytes.insert(at, other, below(other.size()), below(40));
      }
      }
    }
    if (bytes.size() >= record_head_bytes && below(4) != 0)
      sign(bytes);
    const auto r = decode(bytes);
    ++(r ? taken : refused);
    if (r)
      BOOST_REQUIRE_MESSAGE(encode(*r) == bytes, "seed " << seed << ", round " << round);
    else
      BOOST_REQUIRE_MESSAGE(!r.error().message.empty(), "seed " << seed << ", round " << round);
  }
  BOOST_TEST(taken > 20'000U, "seed " << seed);
  BOOST_TEST(refused > 100'000U, "seed " << seed);
}

BOOST_AUTO_TEST_SUITE_END()
