#include "cluster/ownership.hpp"
#include "tests/cluster/log_writer.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

BOOST_AUTO_TEST_SUITE(ownership_test)

namespace {

using namespace cluster;
using namespace std::chrono_literals;
using cluster_tests::log_writer;
using model::failure;
using model::failure_code;

constexpr std::uint32_t partition = 4;

/// Ttl 12 s, margin 2 s, rank step 500 ms, window 4.
ownership_settings settings() {
  ownership_settings s;
  s.window = 4;
  return s;
}

/// One node and the log as it reads it.
struct node {
  explicit node(const char* called, chain read = chain{partition}, steady_instant at = 0s)
    : name(called), log(read), own(settings(), {called, 1}, log, at) {
    own.stand(0);
  }
  void hears(const std::string& bytes, steady_instant at) {
    const auto decided = log.accept(log.position() + 1, *decode(bytes));
    BOOST_REQUIRE_MESSAGE(decided != decision::broken, log.reason());
    own.heard(log, decided, at);
  }
  void acknowledges(const wanted_append& wanted, steady_instant at) {
    own.appended(wanted.ticket, wanted.last + 1, at);
  }
  void fails(const wanted_append& wanted, failure_code code, steady_instant at) {
    own.appended(wanted.ticket, failure{code, "of the test"}, at);
  }
  /// Takes over by a marker that is sent at once, acknowledged after 100 ms and read then.
  void takes_over(steady_instant at) {
    const auto marker = own.tick(at);
    BOOST_REQUIRE(marker);
    BOOST_REQUIRE((marker->kind == record_kind::marker));
    acknowledges(*marker, at + 100ms);
    BOOST_REQUIRE(own.is_owner());
    hears(marker->bytes, at + 100ms);
  }
  /// Ticks every second, and wants nothing.
  void waits(steady_instant from, steady_instant until) {
    for (auto at = from; at < until; at += 1s)
      BOOST_TEST(!own.tick(at), "at " << at / 1s << " s");
  }
  wanted_append says(std::string_view payload, steady_instant at) {
    auto wanted = own.append(record_kind::operations, payload, at);
    BOOST_REQUIRE(wanted);
    return *wanted;
  }

  std::string name;
  chain log;
  ownership own;
};

/// A log that node-a owns and has written two records to, as node-b has read it at 0 s.
struct with_an_owner {
  with_an_owner() {
    for (const auto& bytes : {a.marker(), a.operations("one")})
      b.hears(bytes, 0s);
  }
  log_writer a{"node-a", 1, chain{partition}};
  node b{"node-b"};
};

std::vector<std::uint64_t> positions(const std::vector<settled_append>& settled) {
  std::vector<std::uint64_t> all;
  for (const auto& s : settled)
    all.push_back(s.position);
  return all;
}

using list = std::vector<std::uint64_t>;

} // namespace

// --- taking over ------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(an_empty_log_is_taken_at_once_in_the_order_of_ranks) {
  node a{"node-a"};
  const auto marker = a.own.tick(0s);
  BOOST_REQUIRE(marker);
  BOOST_TEST(marker->last == 0U);
  const auto r = decode(marker->bytes);
  BOOST_REQUIRE(r);
  BOOST_TEST(r->epoch == 1U);
  BOOST_TEST(r->partition == partition);
  BOOST_TEST(marker_of(*r).owner == "node-a");

  node b{"node-b"};
  b.own.stand(2);
  BOOST_TEST(!b.own.tick(999ms));
  BOOST_TEST(b.own.tick(1s).has_value());
}

BOOST_FIXTURE_TEST_CASE(a_standby_waits_for_the_ttl_and_its_rank, with_an_owner) {
  b.own.stand(3);
  b.waits(1s, 13s + 1s);
  BOOST_TEST(!b.own.tick(13'499ms));
  const auto marker = b.own.tick(13'500ms);
  BOOST_REQUIRE(marker);
  BOOST_TEST(marker->last == 2U);
  BOOST_TEST(decode(marker->bytes)->epoch == 2U);
  BOOST_TEST(!b.own.is_owner());
  BOOST_TEST(!b.own.tick(14s)); // One attempt at a time.
  b.acknowledges(*marker, 14s);
  BOOST_TEST(b.own.is_owner());
  BOOST_TEST(b.own.epoch() == 2U);
  BOOST_TEST(b.own.acknowledged_up_to() == 3U);
}

BOOST_FIXTURE_TEST_CASE(every_record_in_force_is_a_sign_of_life_and_no_other, with_an_owner) {
  auto stale = a;
  b.waits(1s, 9s);
  b.hears(a.heartbeat(), 8s);
  BOOST_TEST((b.own.silence(10s) == 2s));
  log_writer c{"node-c", 2, b.log};
  b.hears(c.marker(), 9s);
  stale.heartbeat();
  b.hears(stale.operations("stale"), 15s);
  BOOST_TEST((b.own.silence(15s) == 6s));
  BOOST_TEST(!b.own.tick(16s));
  BOOST_TEST(!b.own.tick(20'999ms));
  BOOST_TEST(b.own.tick(21s).has_value());
}

BOOST_FIXTURE_TEST_CASE(who_has_no_rank_does_not_take_over, with_an_owner) {
  b.own.stand(std::nullopt);
  b.waits(1s, 60s + 1s);
}

BOOST_FIXTURE_TEST_CASE(who_was_frozen_listens_first, with_an_owner) {
  BOOST_TEST(!b.own.tick(1s));
  BOOST_TEST(!b.own.tick(60s));
  BOOST_TEST((b.own.silence(60s) == 0s));
}

BOOST_FIXTURE_TEST_CASE(who_was_refused_reads_on_before_it_tries_again, with_an_owner) {
  b.waits(1s, 12s);
  const auto marker = b.own.tick(12s);
  BOOST_REQUIRE(marker);
  b.fails(*marker, failure_code::conflict, 12s);
  b.waits(13s, 20s);
  // What it had missed was of nobody who lives: a stale record.
  log_writer older{"node-c", 1, chain{partition}};
  older.marker();
  const auto decided = b.log.accept(3, *decode(log_writer{"node-c", 1, chain{partition}}.marker()));
  BOOST_TEST((decided == decision::drop));
  b.own.heard(b.log, decided, 20s);
  const auto again = b.own.tick(20s);
  BOOST_REQUIRE(again);
  BOOST_TEST(again->last == 3U);
}

BOOST_FIXTURE_TEST_CASE(an_attempt_of_unknown_fate_is_made_again_after_a_pause, with_an_owner) {
  b.waits(1s, 12s);
  const auto marker = b.own.tick(12s);
  b.fails(*marker, failure_code::unavailable, 14s);
  BOOST_TEST(!b.own.is_owner());
  BOOST_TEST(!b.own.tick(14'400ms));
  const auto again = b.own.tick(14'500ms);
  BOOST_REQUIRE(again);
  BOOST_TEST(again->last == 2U);
  BOOST_TEST(again->ticket != marker->ticket);
  // The first one got in after all. It is read, the second is refused, and a third goes behind.
  b.hears(marker->bytes, 15s);
  b.acknowledges(*marker, 15s); // Too late to count.
  BOOST_TEST(!b.own.is_owner());
  b.fails(*again, failure_code::conflict, 15s);
  const auto third = b.own.tick(15'500ms);
  BOOST_REQUIRE(third);
  BOOST_TEST(third->last == 3U);
  BOOST_TEST(decode(third->bytes)->epoch == 3U);
}

/// As happens when a configuration is copied.
BOOST_FIXTURE_TEST_CASE(two_processes_of_one_name_do_not_take_each_other_for_themselves,
                        with_an_owner) {
  node twin{"node-b", b.log};
  twin.own = ownership{settings(), {"node-b", 2}, twin.log, 0s};
  twin.own.stand(0);
  b.waits(1s, 12s);
  twin.waits(1s, 12s);
  const auto marker = b.own.tick(12s);
  const auto other = twin.own.tick(12s);
  BOOST_REQUIRE(marker);
  BOOST_REQUIRE(other);
  BOOST_TEST(marker->bytes != other->bytes);
  twin.hears(marker->bytes, 12s);
  twin.fails(*other, failure_code::conflict, 12s);
  twin.waits(13s, 24s);
}

BOOST_FIXTURE_TEST_CASE(a_marker_that_was_overtaken_makes_no_owner, with_an_owner) {
  b.waits(1s, 12s);
  const auto marker = b.own.tick(12s);
  log_writer c{"node-c", 3, b.log};
  const auto others = c.marker();
  b.hears(marker->bytes, 12'200ms);
  log_writer d{"node-d", 5, b.log};
  b.hears(d.marker(), 12'300ms);
  b.acknowledges(*marker, 12'400ms);
  BOOST_TEST(!b.own.is_owner());
  BOOST_TEST(b.own.epoch() == 5U);
}

// --- the lease --------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(the_lease_counts_from_when_the_append_was_sent) {
  node a{"node-a"};
  const auto marker = a.own.tick(0s);
  BOOST_TEST(!a.own.may_answer_strongly(1s));
  a.acknowledges(*marker, 3s);
  BOOST_TEST(a.own.may_answer_strongly(3s));
  BOOST_TEST((a.own.lease_until() == 10s));
  BOOST_TEST(a.own.may_answer_strongly(9'999ms));
  BOOST_TEST(!a.own.may_answer_strongly(10s));
  BOOST_TEST(a.own.is_owner());
}

BOOST_AUTO_TEST_CASE(an_idle_owner_writes_heartbeats_and_keeps_the_lease) {
  node a{"node-a"};
  a.takes_over(0s);
  BOOST_TEST(!a.own.tick(3'999ms));
  const auto beat = a.own.tick(4s);
  BOOST_REQUIRE(beat);
  BOOST_TEST((beat->kind == record_kind::heartbeat));
  BOOST_TEST(beat->last == 1U);
  a.acknowledges(*beat, 5s);
  BOOST_TEST((a.own.lease_until() == 14s));
  const auto one = a.says("one", 7s);
  BOOST_TEST(one.last == 2U);
  BOOST_TEST(!a.own.tick(8s)); // It spoke.
  BOOST_TEST(a.own.tick(11s).has_value());
  BOOST_TEST(a.own.take_settled().empty());
}

BOOST_AUTO_TEST_CASE(a_frozen_owner_neither_serves_nor_appends_until_it_is_acknowledged_again) {
  node a{"node-a"};
  a.takes_over(0s);
  BOOST_TEST(!a.own.tick(1s));
  BOOST_TEST(!a.own.may_answer_strongly(60s)); // Before anything else, the first tick included.
  BOOST_TEST(!a.own.append(record_kind::operations, "x", 60s));
  BOOST_TEST(!a.own.release("node-b", 60s));
  const auto probe = a.own.tick(60s);
  BOOST_REQUIRE(probe);
  BOOST_TEST((probe->kind == record_kind::heartbeat));
  BOOST_TEST(!a.own.tick(61s)); // One alone.
  BOOST_TEST(!a.own.append(record_kind::operations, "x", 61s));
  a.acknowledges(*probe, 61s);
  BOOST_TEST(a.own.may_answer_strongly(61s));
  BOOST_TEST(a.own.append(record_kind::operations, "x", 61s).has_value());
}

BOOST_AUTO_TEST_CASE(a_frozen_owner_that_was_replaced_finds_out_by_its_first_append) {
  node a{"node-a"};
  a.takes_over(0s);
  BOOST_TEST(!a.own.tick(1s));
  const auto probe = a.own.tick(60s);
  a.fails(*probe, failure_code::conflict, 60'100ms);
  BOOST_TEST(!a.own.is_owner());
  const auto marker = a.own.tick(60'200ms); // It has read of no other, and asks the log.
  BOOST_REQUIRE(marker);
  BOOST_TEST(marker->last == 1U);
  a.fails(*marker, failure_code::conflict, 60'300ms);
  log_writer b{"node-b", 2, a.log};
  a.hears(b.marker(), 60'400ms);
  a.waits(61s, 72s);
}

BOOST_AUTO_TEST_CASE(an_owner_that_cannot_renew_its_lease_for_a_ttl_stands_back) {
  node a{"node-a"};
  a.takes_over(0s);
  auto at = 1s;
  for (; a.own.is_owner() && at < 60s; at += 1s)
    static_cast<void>(a.own.tick(at)); // Heartbeats that nobody answers.
  BOOST_TEST((at == 23s));             // The lease ran out at 10 s.
  a.waits(23s, 34s);                   // Others first, although the epoch was its own.
  BOOST_TEST(a.own.tick(34s).has_value());
}

BOOST_AUTO_TEST_CASE(an_owner_that_renews_its_lease_late_has_a_ttl_again) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto beat = a.own.tick(4s);
  BOOST_REQUIRE(beat);
  const auto after = a.own.tick(8s);
  BOOST_REQUIRE(after);
  a.waits(10s, 11s); // Run out.
  a.acknowledges(*beat, 11s);
  a.acknowledges(*after, 11s);
  BOOST_TEST((a.own.lease_until() == 18s));
  BOOST_TEST(a.own.tick(12s).has_value());
  a.waits(18s, 25s); // Run out again.
  BOOST_TEST(a.own.is_owner());
}

BOOST_AUTO_TEST_CASE(a_marker_whose_lease_is_over_when_it_is_acknowledged_makes_no_owner) {
  node a{"node-a"};
  const auto marker = a.own.tick(0s);
  a.acknowledges(*marker, 10s);
  BOOST_TEST(!a.own.is_owner());
}

BOOST_AUTO_TEST_CASE(only_acknowledgements_without_a_gap_give_a_lease) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 5s);
  const auto two = a.says("two", 6s);
  a.acknowledges(two, 7s);
  BOOST_TEST((a.own.lease_until() == 10s));
  a.acknowledges(one, 7s);
  BOOST_TEST((a.own.lease_until() == 16s));
}

// --- appends ----------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(appends_are_reported_in_order_and_without_a_gap) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 1s);
  const auto two = a.says("two", 1s);
  const auto three = a.says("three", 1s);
  BOOST_TEST(two.last == one.last + 1);
  a.acknowledges(three, 2s);
  a.acknowledges(two, 2s);
  BOOST_TEST(a.own.take_settled().empty());
  BOOST_TEST(a.own.acknowledged_up_to() == 1U);
  a.acknowledges(one, 2s);
  const auto settled = a.own.take_settled();
  BOOST_TEST(positions(settled) == (list{2, 3, 4}), boost::test_tools::per_element());
  BOOST_TEST(settled.front().ticket == one.ticket);
  BOOST_TEST(a.own.acknowledged_up_to() == 4U);
  BOOST_TEST(a.own.take_settled().empty());
}

BOOST_AUTO_TEST_CASE(what_is_appended_is_in_force_for_those_who_read_it) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 1s);
  const auto two = a.says("two", 1s);
  for (const auto& wanted : {one, two}) {
    const auto r = decode(wanted.bytes);
    BOOST_REQUIRE(r);
    BOOST_TEST((a.log.accept(wanted.last + 1, *r) == decision::apply));
  }
}

BOOST_AUTO_TEST_CASE(the_first_failure_ends_the_epoch) {
  for (const auto code :
       {failure_code::conflict, failure_code::unavailable, failure_code::storage_full}) {
    node a{"node-a"};
    a.takes_over(0s);
    const auto one = a.says("one", 1s);
    const auto two = a.says("two", 1s);
    const auto three = a.says("three", 1s);
    a.acknowledges(one, 2s);
    a.acknowledges(three, 2s);
    a.fails(two, code, 2s);
    BOOST_TEST(!a.own.is_owner());
    BOOST_TEST(!a.own.may_answer_strongly(2s));
    BOOST_TEST(!a.own.append(record_kind::operations, "x", 2s));
    // The third is in the log, and may never count: its reader is told nothing good.
    BOOST_TEST(positions(a.own.take_settled()) == (list{2, 0, 0}),
               boost::test_tools::per_element());
  }
}

BOOST_AUTO_TEST_CASE(an_acknowledgement_of_another_place_is_none) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 1s);
  a.own.appended(one.ticket, std::uint64_t{0}, 1s);
  BOOST_TEST(!a.own.is_owner());
  BOOST_TEST(positions(a.own.take_settled()) == (list{0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_owner_that_was_cut_off_takes_over_again_once_it_has_read_up_to_there) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 1s);
  a.fails(one, failure_code::unavailable, 3s);
  const auto marker = a.own.tick(3s);
  BOOST_REQUIRE(marker);
  BOOST_TEST(marker->last == 1U);
  BOOST_TEST(decode(marker->bytes)->epoch == 2U);
}

// Nobody else can have a lease meanwhile, so nobody waits for a ttl of silence.
BOOST_AUTO_TEST_CASE(an_owner_whose_log_has_no_leader_tries_again_until_it_has) {
  node a{"node-a"};
  a.takes_over(0s);
  a.fails(a.says("one", 1s), failure_code::unavailable, 1s);
  for (steady_instant at = 1s; at < 6s; at += 500ms) {
    const auto marker = a.own.tick(at);
    BOOST_REQUIRE_MESSAGE(marker, "at " << at / 1ms << " ms");
    BOOST_TEST(marker->last == 1U);
    a.fails(*marker, failure_code::unavailable, at);
    BOOST_TEST(!a.own.tick(at + 499ms));
  }
  const auto marker = a.own.tick(6s);
  BOOST_REQUIRE(marker);
  BOOST_TEST(decode(marker->bytes)->epoch == 2U);
  a.acknowledges(*marker, 6'100ms);
  BOOST_TEST(a.own.is_owner());
}

BOOST_AUTO_TEST_CASE(it_reads_everything_that_it_acknowledged_before_it_takes_over_again) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 1s);
  const auto two = a.says("two", 1s);
  a.acknowledges(one, 1s);
  a.fails(two, failure_code::unavailable, 3s);
  BOOST_TEST(!a.own.tick(3s));
  a.hears(one.bytes, 3'100ms);
  const auto marker = a.own.tick(3'200ms);
  BOOST_REQUIRE(marker);
  BOOST_TEST(marker->last == 2U);
}

BOOST_AUTO_TEST_CASE(an_owner_gives_up_when_it_reads_of_another) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 1s);
  log_writer b{"node-b", 2, a.log};
  a.hears(b.marker(), 2s);
  BOOST_TEST(!a.own.is_owner());
  BOOST_TEST(positions(a.own.take_settled()) == (list{0}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_owner_gives_up_when_it_reads_that_its_epoch_was_cut_off) {
  node a{"node-a"};
  log_writer older{"node-b", 1, a.log};
  a.hears(older.marker(), 0s);
  older.heartbeat();
  const auto stale = older.operations("stale");
  a.waits(1s, 12s);
  a.takes_over(12s);
  a.hears(stale, 13s);
  BOOST_TEST(!a.own.is_owner());
  const auto marker = a.own.tick(13s);
  BOOST_REQUIRE(marker);
  BOOST_TEST(marker->last == 3U);
}

BOOST_AUTO_TEST_CASE(the_window_bounds_what_is_on_its_way) {
  node a{"node-a"};
  a.takes_over(0s);
  BOOST_TEST(a.own.room() == 4U);
  const auto one = a.says("one", 1s);
  for (int i = 0; i < 3; ++i)
    a.says("more", 1s);
  BOOST_TEST(a.own.room() == 0U);
  BOOST_TEST(!a.own.append(record_kind::operations, "x", 1s));
  BOOST_TEST(!a.own.tick(6s)); // No heartbeat either.
  a.acknowledges(one, 6s);
  BOOST_TEST(a.own.append(record_kind::operations, "x", 6s).has_value());
}

// --- giving up in order -----------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_releasing_owner_stops_serving_and_settles_what_is_on_its_way) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto one = a.says("one", 1s);
  const auto release = a.own.release("node-b", 1s);
  BOOST_REQUIRE(release);
  BOOST_TEST(release_of(*decode(release->bytes)).successor == "node-b");
  BOOST_TEST(!a.own.is_owner());
  BOOST_TEST(!a.own.may_answer_strongly(1s));
  BOOST_TEST(!a.own.append(record_kind::operations, "x", 1s));
  a.acknowledges(one, 2s);
  BOOST_TEST(positions(a.own.take_settled()) == (list{2}), boost::test_tools::per_element());
  a.acknowledges(*release, 2s);
  a.hears(one.bytes, 2s);
  a.hears(release->bytes, 2s);
  a.waits(3s, 14s); // Nor back at once.
  BOOST_TEST(a.own.tick(14s).has_value());
}

BOOST_AUTO_TEST_CASE(who_releases_to_nobody_does_not_take_it_back_at_once) {
  node a{"node-a"};
  a.takes_over(0s);
  const auto release = a.own.release("", 1s);
  BOOST_REQUIRE(release);
  a.acknowledges(*release, 1s);
  a.hears(release->bytes, 1s);
  a.waits(2s, 13s);
  BOOST_TEST(a.own.tick(13s).has_value());
}

BOOST_FIXTURE_TEST_CASE(the_named_successor_takes_over_at_once, with_an_owner) {
  b.own.stand(2);
  const auto release = a.release("node-b");
  b.hears(release, 1s);
  BOOST_TEST(b.own.tick(1s).has_value());

  node c{"node-c"};
  log_writer owner{"node-a", 1, chain{partition}};
  for (const auto& bytes : {owner.marker(), owner.operations("one"), release})
    c.hears(bytes, 1s);
  c.waits(2s, 13s);
  BOOST_TEST(c.own.tick(13s).has_value()); // When the successor does not come.
}

BOOST_FIXTURE_TEST_CASE(a_release_to_nobody_is_taken_in_the_order_of_ranks, with_an_owner) {
  b.own.stand(1);
  b.hears(a.release(""), 1s);
  BOOST_TEST(!b.own.tick(1'400ms));
  BOOST_TEST(b.own.tick(1'500ms).has_value());
}

// --- settings ---------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(settings_have_ranges) {
  BOOST_TEST(check(ownership_settings{}).has_value());
  const auto with = [](auto change) {
    ownership_settings s;
    change(s);
    return check(s);
  };
  BOOST_TEST(!with([](auto& s) { s.ttl = 2'999ms; }));
  BOOST_TEST(!with([](auto& s) { s.ttl = 5min + 1ms; }));
  BOOST_TEST(!with([](auto& s) { s.margin = 1'199ms; }));
  BOOST_TEST(!with([](auto& s) { s.margin = 6'001ms; }));
  BOOST_TEST(!with([](auto& s) { s.rank_step = 9ms; }));
  BOOST_TEST(!with([](auto& s) { s.rank_step = 12'001ms; }));
  BOOST_TEST(!with([](auto& s) { s.window = 0; }));
  BOOST_TEST(!with([](auto& s) { s.window = 1'025; }));
  BOOST_TEST(with([](auto& s) { s.margin = 1'199ms; }).error().message
             == "the cluster's margin cannot be 1199 ms; give 1200 to 6000");
}

BOOST_AUTO_TEST_SUITE_END()
