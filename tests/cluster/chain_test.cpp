#include "cluster/chain.hpp"
#include "tests/cluster/log_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <ostream>
#include <string>

namespace cluster {

static std::ostream& operator<<(std::ostream& to, decision d) {
  return to << std::array{"apply", "drop", "broken"}[static_cast<std::size_t>(d)];
}

} // namespace cluster

BOOST_AUTO_TEST_SUITE(chain_test)

namespace {

using namespace cluster;
using cluster_tests::log_writer;

constexpr std::uint32_t partition = 4;

/// Reads encoded records in order.
struct reader {
  decision take(const std::string& bytes) {
    return take_at(log.position() + 1, bytes);
  }
  decision take_at(std::uint64_t sequence, const std::string& bytes) {
    const auto r = decode(bytes);
    BOOST_REQUIRE_MESSAGE(r, (r ? "" : r.error().message));
    return log.accept(sequence, *r);
  }
  chain log{partition};
};

} // namespace

BOOST_AUTO_TEST_CASE(the_records_of_an_owner_are_applied) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  BOOST_TEST(r.take(a.operations("one")) == decision::apply);
  BOOST_TEST(r.take(a.heartbeat()) == decision::apply);
  BOOST_TEST(r.log.reason().empty());
  BOOST_TEST(r.log.position() == 3U);
  BOOST_TEST(r.log.epoch() == 1U);
  BOOST_TEST(r.log.marker_position() == 1U);
  BOOST_TEST(r.log.owner() == "node-a");
  log_writer b{"node-b", 2, r.log};
  BOOST_TEST(r.take(b.marker()) == decision::apply);
  BOOST_TEST(r.take(b.operations("two")) == decision::apply);
  BOOST_TEST(r.log.owner() == "node-b");
  BOOST_TEST(r.log.marker_position() == 4U);
}

/// What run f10 of the study showed: the head of a dead epoch's pipeline was lost, the marker of
/// the next took exactly its place, and the rest of the pipeline came in behind it.
BOOST_AUTO_TEST_CASE(stale_records_behind_a_newer_marker_are_dropped) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  BOOST_TEST(r.take(a.operations("one")) == decision::apply);
  log_writer b{"node-b", 2, r.log};
  a.operations("lost");
  const auto stale = a.operations("stale");
  const auto staler = a.operations("staler");
  BOOST_TEST(r.take(b.marker()) == decision::apply);
  BOOST_TEST(r.take(stale) == decision::drop);
  BOOST_TEST(r.take(staler) == decision::drop);
  BOOST_TEST(r.log.position() == 5U);
  BOOST_TEST(r.log.epoch() == 2U);
  BOOST_TEST(!r.log.open());
  log_writer again{"node-b", 3, r.log};
  BOOST_TEST(r.take(again.marker()) == decision::apply);
  BOOST_TEST(r.take(again.operations("two")) == decision::apply);
}

/// The stale record has taken the place of the new owner's first one, which the log refused. Its
/// second one finds the log as long as it expects.
BOOST_AUTO_TEST_CASE(what_follows_a_refused_record_of_the_same_epoch_is_dropped) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  log_writer b{"node-b", 2, r.log};
  a.operations("lost");
  const auto stale = a.operations("stale");
  BOOST_TEST(r.take(b.marker()) == decision::apply);
  BOOST_TEST(r.take(stale) == decision::drop);
  b.operations("refused");
  BOOST_TEST(r.take(b.operations("without the one before")) == decision::drop);
  BOOST_TEST(r.take(b.heartbeat()) == decision::drop);
}

BOOST_AUTO_TEST_CASE(a_marker_that_is_no_newer_is_dropped_and_cuts_the_owner_off) {
  for (const std::uint64_t epoch : {4U, 5U}) {
    reader r;
    log_writer a{"node-a", 5, r.log};
    log_writer b{"node-b", epoch, r.log};
    BOOST_TEST(r.take(a.marker()) == decision::apply);
    BOOST_TEST(r.take(b.marker()) == decision::drop);
    BOOST_TEST(r.log.owner() == "node-a");
    a.heartbeat();
    BOOST_TEST(r.take(a.operations("late")) == decision::drop);
  }
}

BOOST_AUTO_TEST_CASE(after_a_release_nothing_of_its_epoch_counts) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  BOOST_TEST(r.take(a.release("node-b")) == decision::apply);
  BOOST_TEST(r.log.released());
  BOOST_TEST(r.log.successor() == "node-b");
  BOOST_TEST(r.take(a.operations("more")) == decision::drop);
  log_writer b{"node-b", 2, r.log};
  BOOST_TEST(r.take(b.marker()) == decision::apply);
  BOOST_TEST(!r.log.released());
  BOOST_TEST(r.log.successor().empty());
}

BOOST_AUTO_TEST_CASE(a_record_that_comes_again_is_dropped_and_changes_nothing) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  const auto marker = a.marker();
  const auto one = a.operations("one");
  const auto two = a.operations("two");
  for (const auto& bytes : {marker, one, two})
    BOOST_TEST(r.take(bytes) == decision::apply);
  const auto before = r.log;
  BOOST_TEST(r.take_at(3, two) == decision::drop);
  BOOST_TEST(r.take_at(1, marker) == decision::drop);
  BOOST_TEST((r.log == before));
  BOOST_TEST(r.take(a.operations("three")) == decision::apply);
}

BOOST_AUTO_TEST_CASE(a_replica_that_starts_sees_whether_the_log_is_still_its_own) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  auto other = a;
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  other.marker();
  BOOST_TEST(r.take(a.operations("one")) == decision::apply);
  BOOST_TEST(r.take_at(2, other.operations("another")) == decision::broken);
  BOOST_TEST(r.log.reason() == "record 2 is another one than was read there before");
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_breaks_the_replica_and_leaves_it_where_it_was) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  BOOST_TEST(r.take(a.operations("one")) == decision::apply);
  const auto before = r.log;
  const auto refuses = [&](std::uint64_t sequence, const std::string& bytes,
                           std::string_view reason) {
    BOOST_TEST(r.take_at(sequence, bytes) == decision::broken);
    BOOST_TEST(r.log.reason() == reason);
    BOOST_TEST((r.log == before));
  };
  auto ahead = a;
  refuses(4, ahead.operations("gap"), "record 4 comes behind record 2");
  refuses(3, ahead.operations("gap"), "record 3 of epoch 1 is not the next one of its owner");
  log_writer elsewhere{"node-a", 1, chain{partition + 1}};
  refuses(3, elsewhere.marker(), "record 3 belongs to partition 5, not to 4");
  log_writer unmarked{"node-b", 2, r.log};
  unmarked.marker();
  refuses(3, unmarked.operations("x"), "record 3 is of epoch 2, whose marker is not in the log");
  log_writer stranger{"node-b", 1, r.log};
  stranger.marker();
  stranger.heartbeat();
  refuses(3, stranger.heartbeat(), "record 3 of epoch 1 is not the next one of its owner");
  BOOST_TEST(!r.log.disputed());
}

BOOST_AUTO_TEST_CASE(a_writer_with_another_past_is_not_followed) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  auto other = a;
  BOOST_TEST(r.take(a.operations("one")) == decision::apply);
  other.operations("another");
  BOOST_TEST(r.take(other.operations("two")) == decision::broken);
  BOOST_TEST(r.log.reason() == "record 3 follows other records than were read here");
  log_writer b{"node-b", 2, chain{partition}};
  BOOST_TEST(r.take(b.marker()) == decision::broken);
  BOOST_TEST(r.log.reason() == "marker 3 follows other records than were read here");
}

/// The log lost records that had been acknowledged, and went on with others. A node that had read
/// the lost ones did not notice, and took over.
BOOST_AUTO_TEST_CASE(a_marker_of_a_node_that_went_astray_is_overruled_by_who_starts_anew) {
  reader right;
  log_writer a{"node-a", 1, right.log};
  const auto first = a.marker();
  BOOST_TEST(right.take(first) == decision::apply);
  reader astray = right;
  auto lost = a;
  BOOST_TEST(astray.take(lost.operations("lost")) == decision::apply);
  const auto one = a.operations("one");
  BOOST_TEST(right.take(one) == decision::apply);

  log_writer stray{"node-b", 2, astray.log};
  const auto marker = stray.marker();
  const auto words = stray.operations("of a wrong state");
  BOOST_TEST(right.take(marker) == decision::broken);
  const auto dispute = right.log.disputed();
  BOOST_REQUIRE(dispute);
  BOOST_TEST(dispute->sequence == 3U);
  BOOST_TEST(right.take_at(4, words) == decision::broken);
  BOOST_TEST(!right.log.disputed()); // Of that one.

  reader anew;
  anew.log.overrule(*dispute);
  for (const auto& bytes : {first, one})
    BOOST_TEST(anew.take(bytes) == decision::apply);
  BOOST_TEST(anew.take(marker) == decision::drop);
  BOOST_TEST(anew.take(words) == decision::drop);
  log_writer c{"node-c", anew.log.epoch() + 1, anew.log};
  const auto next = c.marker();
  BOOST_TEST(anew.take(next) == decision::apply);
  BOOST_TEST(anew.take(stray.heartbeat()) == decision::drop);

  // And the one that went astray finds out.
  BOOST_TEST(astray.take(marker) == decision::apply);
  BOOST_TEST(astray.take(words) == decision::apply);
  BOOST_TEST(astray.take(next) == decision::broken);
  BOOST_TEST(astray.log.disputed().has_value());
}

BOOST_AUTO_TEST_CASE(only_the_disputed_marker_is_overruled) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  log_writer stray{"node-b", 2, chain{partition}};
  const auto marker = stray.marker();
  r.log.overrule({3, checksum_in(marker)});
  BOOST_TEST(r.take(marker) == decision::broken);
  r.log.overrule({2, 7});
  BOOST_TEST(r.take(marker) == decision::broken);
  r.log.overrule({2, checksum_in(marker)});
  BOOST_TEST(r.take(marker) == decision::drop);
}

BOOST_AUTO_TEST_CASE(the_hash_holds_dropped_records_too) {
  reader one;
  log_writer a{"node-a", 1, one.log};
  auto stale = a;
  BOOST_TEST(one.take(a.marker()) == decision::apply);
  stale.marker();
  reader two = one;
  log_writer b{"node-b", 2, one.log};
  const auto marker = b.marker();
  for (auto* r : {&one, &two})
    BOOST_TEST(r->take(marker) == decision::apply);
  auto other = stale;
  BOOST_TEST(one.take(stale.operations("this")) == decision::drop);
  BOOST_TEST(two.take(other.operations("that")) == decision::drop);
  BOOST_TEST(one.log.hash() != two.log.hash());
}

BOOST_AUTO_TEST_CASE(it_is_stored_and_read_back_at_every_point) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  for (const auto& bytes : {a.marker(), a.operations("one"), a.release("node-b")}) {
    const auto back = chain::decoded(r.log.encoded());
    BOOST_REQUIRE(back);
    BOOST_TEST((*back == r.log));
    reader copy{*back};
    BOOST_TEST(r.take(bytes) == decision::apply);
    BOOST_TEST(copy.take(bytes) == decision::apply);
    BOOST_TEST((copy.log == r.log));
  }
  BOOST_TEST(chain::decoded(r.log.encoded())->successor() == "node-b");
}

BOOST_AUTO_TEST_CASE(a_stored_state_that_is_damaged_is_refused) {
  reader r;
  log_writer a{"node-a", 1, r.log};
  BOOST_TEST(r.take(a.marker()) == decision::apply);
  const auto bytes = r.log.encoded();
  for (std::size_t kept = 0; kept < bytes.size(); ++kept)
    BOOST_TEST(!chain::decoded(std::string_view{bytes}.substr(0, kept)));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    BOOST_REQUIRE_MESSAGE(!chain::decoded(damaged), "bit " << bit);
  }
}

BOOST_AUTO_TEST_SUITE_END()
