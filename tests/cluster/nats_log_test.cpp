#include "cluster/nats_log.hpp"
#include "tests/cluster/nats_servers.hpp"
#include "tests/cluster/partition_log_contract.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <atomic>
#include <thread>

// The logs of one group of three servers, each case with a partition of its own.
BOOST_AUTO_TEST_SUITE(nats_log_test, *cluster_tests::where_nats_is())

namespace {

using namespace cluster_tests;
using cluster::nats_connection;
using cluster::nats_settings;
using cluster::partition_log;
using model::failure_code;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr milliseconds moment{50};
constexpr milliseconds long_enough{30000};

nats_servers& servers() {
  // Tried once: what does not start will not start for the next case either.
  static std::unique_ptr<nats_servers> group;
  static bool tried = false;
  if (!std::exchange(tried, true))
    group = std::make_unique<nats_servers>();
  BOOST_REQUIRE_MESSAGE(group, "the servers did not start for an earlier case");
  return *group;
}

std::shared_ptr<nats_connection> connect(nats_settings settings = servers().settings()) {
  auto made = cluster::connect_nats(std::move(settings));
  BOOST_REQUIRE_MESSAGE(made, reason_of(made));
  return *made;
}

std::unique_ptr<partition_log> open_log(std::shared_ptr<nats_connection> connection,
                                        std::uint32_t partition) {
  auto made = cluster::open_nats_log(std::move(connection), partition);
  BOOST_REQUIRE_MESSAGE(made, reason_of(made));
  return std::move(*made);
}

std::uint32_t next_partition() {
  static std::uint32_t last = 0;
  return last++;
}

log_opener one_log() {
  return [connection = connect(), partition = next_partition()] {
    return open_log(connection, partition);
  };
}

std::string stream_of(std::uint32_t partition) {
  return fmt::format("ROLLCALL_P{:02}", partition);
}

// Appends until it succeeds, and says where the log then ends. A leader is elected for seconds.
std::uint64_t append_again(partition_log& log, std::string_view bytes) {
  const auto until = steady_clock::now() + long_enough;
  for (;;) {
    if (const auto is = log.extent())
      if (const auto told = log.append(is->last, bytes))
        return *told;
    BOOST_REQUIRE_MESSAGE(steady_clock::now() < until, "nothing can be appended any more");
    std::this_thread::sleep_for(moment);
  }
}

} // namespace

BOOST_AUTO_TEST_CASE(it_is_a_log_like_any_other) {
  an_empty_log_has_nothing_to_read(one_log());
  appends_come_back_as_they_went(one_log());
  an_append_elsewhere_than_at_the_end_is_a_conflict(one_log());
  records_without_bytes_and_too_large_ones_are_refused(one_log());
  submitted_records_are_each_answered_once(one_log());
  nothing_follows_a_record_that_was_refused(one_log());
  reading_stops_when_told_and_goes_on_from_there(one_log());
  a_reader_gets_what_is_appended_while_it_reads(one_log());
  to_read_behind_the_end_is_a_conflict(one_log());
  what_was_trimmed_is_not_found(one_log());
  a_trim_never_moves_the_end(one_log());
  a_reader_that_was_overtaken_by_a_trim_hears_of_it(one_log());
}

BOOST_AUTO_TEST_CASE(of_three_nodes_that_append_at_one_place_one_succeeds) {
  const auto partition = next_partition();
  // Each at another server.
  auto settings = servers().settings();
  std::vector<std::shared_ptr<nats_connection>> connections;
  for (int i = 0; i < 3; ++i) {
    connections.push_back(connect(settings));
    std::ranges::rotate(settings.servers, settings.servers.begin() + 1);
  }
  std::size_t opened = 0;
  of_three_who_append_at_one_place_one_succeeds(
    [&] { return open_log(connections[opened++ % connections.size()], partition); }, 200);
}

BOOST_AUTO_TEST_CASE(a_full_log_takes_records_again_after_a_trim) {
  auto settings = servers().settings();
  settings.log_bytes_max = 1 << 20;
  const auto log = open_log(connect(settings), next_partition());
  const std::string bytes(100'000, 'x');
  std::uint64_t last = 0;
  model::outcome<std::uint64_t> told = last;
  while (last < 20 && (told = log->append(last, bytes)))
    last = *told;
  BOOST_CHECK_GT(last, 5u);
  BOOST_CHECK_EQUAL(failure_of(told), failure_code::storage_full);
  answers more;
  for (std::uint64_t i = 0; i < 4; ++i)
    log->submit(last + i, bytes, more.expect(last + i));
  BOOST_REQUIRE(more.wait());
  for (const auto& each : more.all())
    BOOST_CHECK_MESSAGE(failure_of(each.front()) == failure_code::storage_full
                          || failure_of(each.front()) == failure_code::conflict,
                        reason_of(each.front()));
  BOOST_REQUIRE_EQUAL(log->extent()->last, last);
  BOOST_REQUIRE(log->trim(last / 2));
  told = log->append(last, bytes);
  BOOST_CHECK_MESSAGE(told, reason_of(told));
}

BOOST_AUTO_TEST_CASE(a_stream_that_could_lose_records_is_refused) {
  const auto partition = next_partition();
  open_log(connect(), partition);
  auto settings = servers().settings();
  settings.servers.resize(1);
  const auto told = cluster::open_nats_log(connect(settings), partition);
  BOOST_CHECK_EQUAL(failure_of(told), failure_code::invalid_input);
  BOOST_CHECK_NE(reason_of(told).find("it has 3 replicas instead of 1"), std::string::npos);
}

BOOST_AUTO_TEST_CASE(records_that_wait_when_a_log_closes_are_answered) {
  answers told;
  const auto partition = next_partition();
  {
    const auto log = open_log(connect(), partition);
    for (std::uint64_t last = 0; last < 100; ++last)
      log->submit(last, std::string(10'000, 'x'), told.expect(last));
  }
  BOOST_CHECK_EQUAL(told.answered(), 100u);
}

// One writer with many records on their way and one reader, while the leader of their stream is
// killed: the reader's server, too.
BOOST_AUTO_TEST_CASE(nothing_acknowledged_is_lost_with_the_leader) {
  const auto partition = next_partition();
  const auto log = open_log(connect(), partition);
  const auto leader = servers().leader_of(stream_of(partition));
  BOOST_REQUIRE(leader);
  auto settings = servers().settings();
  std::swap(settings.servers.front(), settings.servers[*leader]);
  const auto reading = open_log(connect(settings), partition);
  std::map<std::uint64_t, std::string> read;
  std::atomic<bool> stop = false;
  std::jthread reader{[&] {
    std::uint64_t next = 1;
    while (!stop)
      (void)reading->read(next, milliseconds{500}, [&](std::uint64_t sequence, auto bytes) {
        next = sequence == next ? next + 1 : 0; // With 0 nothing fits any more.
        read.emplace(sequence, bytes);
        return !stop;
      });
  }};

  std::map<std::uint64_t, std::string> acknowledged;
  std::uint64_t written = 0;
  std::size_t failed = 0;
  bool killed = false;
  const auto until = steady_clock::now() + long_enough;
  // Until some have been written after the kill.
  for (std::uint64_t after = 0; after < 500;) {
    BOOST_REQUIRE(steady_clock::now() < until);
    const auto is = log->extent();
    if (!is)
      continue;
    answers told;
    std::vector<std::string> sent;
    for (std::uint64_t i = 0; i < 32; ++i) {
      sent.push_back(fmt::format("{} {}", ++written, std::string(2000, 'x')));
      log->submit(is->last + i, sent.back(), told.expect(is->last + i));
      if (written == 400) {
        servers().kill(*leader);
        killed = true;
      }
    }
    BOOST_REQUIRE(told.wait());
    BOOST_REQUIRE_EQUAL(told.answered(), told.expected());
    for (std::size_t i = 0; i < sent.size(); ++i) {
      const auto& answer = told.all()[i].front();
      if (answer) {
        BOOST_REQUIRE(acknowledged.emplace(*answer, sent[i]).second);
        after += killed ? 1 : 0;
      } else
        ++failed;
    }
  }
  BOOST_CHECK_GT(failed, 0u);
  servers().start(*leader);
  const auto is = log->extent();
  BOOST_REQUIRE_MESSAGE(is, reason_of(is));
  const auto all = read_all(*log, 1, is->last, long_enough);
  BOOST_REQUIRE_EQUAL(all.size(), is->last);
  for (const auto& [sequence, bytes] : acknowledged)
    BOOST_CHECK(all.at(sequence - 1).bytes == bytes);
  servers().wait_until_whole();

  append_again(*log, "the last one");
  std::this_thread::sleep_for(milliseconds{100});
  stop = true;
  reader.join();
  BOOST_CHECK_GT(read.size(), acknowledged.size());
  for (const auto& [sequence, bytes] : read)
    BOOST_CHECK(sequence > all.size() || all[sequence - 1].bytes == bytes);
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_is_left) {
  const auto partition = next_partition();
  // The first is the one that everybody is connected to.
  const auto connection = connect();
  const auto log = open_log(connection, partition);
  std::uint64_t last = append_again(*log, "before");
  servers().pause(0);
  answers told;
  // More than what fits in between, so that writing comes to a stop as well.
  for (int i = 0; i < 16; ++i, ++last)
    log->submit(last, std::string(partition_log::record_bytes_max, 'x'), told.expect(last));
  BOOST_CHECK(told.wait());
  BOOST_CHECK_EQUAL(told.answered(), told.expected());
  const auto end = append_again(*log, "after");
  servers().resume(0);
  servers().wait_until_whole();
  BOOST_CHECK_EQUAL(read_all(*log, end, 1, long_enough).at(0).bytes, "after");
}

BOOST_AUTO_TEST_CASE(what_was_acknowledged_survives_the_end_of_all_servers) {
  const auto log = open_log(connect(), next_partition());
  constexpr std::uint64_t count = 100;
  answers told;
  for (std::uint64_t last = 0; last < count; ++last)
    log->submit(last, fmt::format("record {}", last + 1), told.expect(last));
  BOOST_REQUIRE(told.wait());
  for (std::size_t i = 0; i < 3; ++i)
    servers().kill(i);
  BOOST_CHECK_EQUAL(failure_of(log->append(count, "to nobody")), failure_code::unavailable);
  BOOST_CHECK_EQUAL(failure_of(log->read(1, moment, [](auto, auto) { return true; })),
                    failure_code::unavailable);
  BOOST_CHECK_EQUAL(failure_of(log->extent()), failure_code::unavailable);
  for (std::size_t i = 0; i < 3; ++i)
    servers().start(i);
  servers().wait_until_whole();
  BOOST_CHECK_EQUAL(append_again(*log, "again"), count + 1);
  const auto all = read_all(*log, 1, count + 1, long_enough);
  BOOST_REQUIRE_EQUAL(all.size(), count + 1);
  for (std::uint64_t i = 0; i < count; ++i)
    BOOST_CHECK_EQUAL(all[i].bytes, fmt::format("record {}", i + 1));
}

BOOST_AUTO_TEST_SUITE_END()
