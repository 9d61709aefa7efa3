#include "actors/account_store.hpp"
#include "actors/partition.hpp"
#include "tests/library/engine_fixture.hpp"

#include <chrono>
#include <csignal>
#include <random>
#include <sys/stat.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

BOOST_AUTO_TEST_SUITE(engine_durability_test)

BOOST_FIXTURE_TEST_CASE(a_directory_that_is_opened_again_goes_on_where_it_was, engine_fixture) {
  batch_maker batch;
  apply(
    batch.event({"u1"}, "Placed Order", "2025-12-20").event({"u2"}, "Placed Order", "2025-12-30"));
  create("Buyers", bought_lately);
  std::string cursor;
  flips("Buyers", cursor);
  advance("2026-01-25T12:00:00Z");
  reopen();
  BOOST_CHECK_EQUAL(model::format_instant(engine->now()), "2026-01-25T12:00:00Z");
  BOOST_CHECK(members("Buyers") == (names{"u2"}));
  BOOST_CHECK(flips("Buyers", cursor) == (std::vector<std::string>{"-u1 clock"}));
  apply(batch.event({"u1"}, "Placed Order", "2026-01-25"));
  BOOST_CHECK(flips("Buyers", cursor) == (std::vector<std::string>{"+u1 event"}));
  const auto back = engine->advance(instant("2026-01-01"));
  BOOST_REQUIRE(!back);
  BOOST_CHECK(back.error().code == model::failure_code::invalid_input);
}

BOOST_AUTO_TEST_CASE(a_new_directory_is_for_its_owner_and_his_group) {
  const tests::temporary_directory directory;
  const auto store = directory.path() / "above" / "store";
  const auto before = ::umask(0);
  need(rollcall::engine::open({.directory = store}));
  ::umask(before);
  const auto mode_of = [](const std::filesystem::path& path) {
    return static_cast<unsigned>(std::filesystem::status(path).permissions());
  };
  BOOST_CHECK_EQUAL(mode_of(store), 0750U);
  for (const char* file : {"account/data.mdb", "account/lock", "account/lock.mdb",
                           "partition-0/data.mdb", "partition-3/lock.mdb"})
    BOOST_CHECK_MESSAGE(mode_of(store / file) == 0640U, file << " has another mode");
}

BOOST_AUTO_TEST_CASE(a_clock_that_was_stored_behind_the_system_s_is_set_right) {
  const tests::temporary_directory directory;
  const rollcall::options wanted{.directory = directory.path() / "store"};
  need(rollcall::engine::open(wanted)); // And closes it.
  const auto stored = [&] { return actors::account_store::open(wanted.directory / "account", {}); };
  need((*stored())->save_clock({false, -5'000}));
  need(rollcall::engine::open(wanted));
  const auto clock = (*stored())->settings().clock;
  BOOST_CHECK(!clock.is_manual);
  BOOST_CHECK_EQUAL(clock.ms, 0);
}

BOOST_FIXTURE_TEST_CASE(a_directory_belongs_to_one_engine_and_keeps_what_it_was_made_with,
                        engine_fixture) {
  const auto second = rollcall::engine::open(options());
  BOOST_REQUIRE(!second);
  BOOST_CHECK(second.error().code == model::failure_code::in_use);
  engine.reset();
  auto other = options();
  other.partitions = 7;
  BOOST_CHECK(rollcall::engine::open(other).error().code == model::failure_code::conflict);
  other = options();
  other.account_zone = "Mars/Olympus";
  BOOST_CHECK(rollcall::engine::open(other).error().code == model::failure_code::invalid_input);
  open();
}

BOOST_FIXTURE_TEST_CASE(a_directory_with_other_things_in_it_is_left_alone, engine_fixture) {
  const auto foreign = directory.path() / "foreign";
  std::filesystem::create_directories(foreign / "photos");
  const auto refused = rollcall::engine::open({.directory = foreign});
  BOOST_REQUIRE(!refused);
  BOOST_CHECK(refused.error().code == model::failure_code::conflict);
  BOOST_CHECK(!std::filesystem::exists(foreign / "account"));
  std::filesystem::create_directories(foreign / "account" / "invoices");
  BOOST_CHECK(!rollcall::engine::open({.directory = foreign}));
  // What a kill leaves of an account that was just being made is no such thing.
  std::filesystem::remove(foreign / "photos");
  std::filesystem::remove(foreign / "account" / "invoices");
  BOOST_CHECK(rollcall::engine::open({.directory = foreign}));
}

/// A crash may leave one partition ahead of the others. Another batch under the same number would
/// be passed off there as known.
BOOST_FIXTURE_TEST_CASE(the_highest_sequence_is_that_of_the_partition_that_is_ahead,
                        engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20"), "shop", 7);
  engine.reset();
  {
    actors::partition_options ahead;
    ahead.directory = directory.path() / "store" / "partition-2";
    ahead.index = 2;
    auto opened = actors::partition::open(ahead);
    need(opened);
    const model::change_batch nothing;
    const actors::incoming_batch part{&nothing, model::flip_cause::event, "shop",
                                      std::uint64_t{1008} << 20 | ((1 << 20) - 1)};
    need((*opened)->commit({&part, 1}, instant("2026-01-01")));
  }
  open();
  BOOST_CHECK_EQUAL(*engine->last_sequence("shop"), 7u);
  BOOST_CHECK_EQUAL(*engine->highest_sequence("shop"), 1008u);
  BOOST_CHECK_EQUAL(*engine->highest_sequence("nobody"), 0u);
  for (int i = 0; i < 20; ++i)
    batch.event({"n" + std::to_string(i)}, "Placed Order", "2025-12-20");
  const auto taken = apply(batch, "shop", *engine->highest_sequence("shop") + 1);
  BOOST_CHECK_EQUAL(taken.applied, 20u);
  BOOST_CHECK_EQUAL(taken.duplicates, 0u);
}

BOOST_AUTO_TEST_CASE(a_real_clock_goes_on_from_where_a_manual_one_stood) {
  tests::temporary_directory directory;
  rollcall::options o;
  o.directory = directory.path() / "store";
  const auto future = model::floor_second(std::chrono::floor<std::chrono::milliseconds>(
                        std::chrono::system_clock::now()))
                    + std::chrono::hours{1000};
  {
    o.clock = rollcall::clock_kind::manual;
    auto opened = rollcall::engine::open(o);
    BOOST_REQUIRE(opened);
    BOOST_REQUIRE((*opened)->advance(future));
  }
  o.clock = rollcall::clock_kind::real;
  auto opened = rollcall::engine::open(o);
  BOOST_REQUIRE(opened);
  BOOST_CHECK((*opened)->now() >= future);
  BOOST_CHECK((*opened)->now() < future + std::chrono::hours{1});
}

namespace {

constexpr int batch_records = 40;

model::change_batch numbered_batch(std::uint64_t number) {
  batch_maker batch;
  std::mt19937_64 random{number};
  for (int i = 0; i < batch_records; ++i)
    batch.event({"u" + std::to_string(random() % 500)}, "Placed Order", "2025-12-20T10:00:00Z", 1,
                std::to_string(number) + "-" + std::to_string(i));
  const auto lost = "gone" + std::to_string(number);
  batch.event({lost}, "Lost", "2025-12-20").merge({lost}, {"u0"});
  return batch.take();
}

/// Sends batches for ever and says through the pipe which are acknowledged; ends by being killed.
[[noreturn]] void send_for_ever(const rollcall::options& options, int pipe) {
  auto opened = rollcall::engine::open(options);
  if (!opened)
    _exit(2);
  auto& engine = **opened;
  (void)engine.create("Twice", bought_twice);
  for (auto sequence = *engine.last_sequence("storm") + 1;; ++sequence) {
    const auto sent = engine.submit(
      numbered_batch(sequence), "storm", sequence,
      [pipe, sequence](const model::outcome<rollcall::receipt>& r) {
        if (r && ::write(pipe, &sequence, sizeof sequence) != sizeof sequence)
          _exit(3);
      });
    if (!sent)
      _exit(4);
  }
}

} // namespace

BOOST_FIXTURE_TEST_CASE(what_was_acknowledged_before_a_kill_is_there_once, engine_fixture) {
  batch_maker batch;
  apply(batch.profile({"u0"}));
  engine.reset();
  const auto seed = std::random_device{}();
  BOOST_TEST_MESSAGE("seed " << seed);
  std::mt19937 random{seed};
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 6; ++round) {
    int ends[2];
    BOOST_REQUIRE_EQUAL(::pipe(ends), 0);
    const auto child = ::fork();
    BOOST_REQUIRE_GE(child, 0);
    if (child == 0) {
      ::close(ends[0]);
      send_for_ever(options(), ends[1]);
    }
    ::close(ends[1]);
    const auto patience = std::chrono::milliseconds{300 + random() % 1'500};
    std::thread killer{[&] {
      std::this_thread::sleep_for(patience);
      ::kill(child, SIGKILL);
    }};
    std::uint64_t sequence = 0;
    while (::read(ends[0], &sequence, sizeof sequence) == sizeof sequence)
      acknowledged = std::max(acknowledged, sequence);
    killer.join();
    int status = 0;
    ::waitpid(child, &status, 0);
    BOOST_REQUIRE_MESSAGE(WIFSIGNALED(status),
                          "the child ended by itself with " << WEXITSTATUS(status));
    ::close(ends[0]);
  }
  open();
  const auto whole = *engine->last_sequence("storm");
  BOOST_TEST_MESSAGE(acknowledged << " batches were acknowledged, " << whole << " are whole");
  BOOST_CHECK_GE(whole, acknowledged);
  BOOST_REQUIRE_GT(whole, 0u);
  // What the kill has cut short is sent again; then every event is there once.
  const auto last = whole + 40;
  for (auto again = whole; again <= last; ++again)
    BOOST_REQUIRE(engine->apply(numbered_batch(again), "storm", again));
  const auto metrics = engine->metrics();
  BOOST_REQUIRE(metrics);
  for (const auto& m : *metrics) {
    if (m.name == "Placed Order")
      BOOST_CHECK_EQUAL(m.events, last * batch_records);
    if (m.name == "Lost") {
      BOOST_CHECK_EQUAL(m.profiles, 1u);
      BOOST_CHECK_EQUAL(m.events,
                        1u); // Without unique ids, events of the same second are the same.
    }
  }
  wait("Twice");
  check_everything();
  // The feed without a gap leads to the members.
  names replayed;
  std::string cursor;
  for (const auto& flip : flips("Twice", cursor)) {
    const auto who = flip.substr(1, flip.find(' ') - 1);
    if (flip[0] == '+')
      BOOST_CHECK_MESSAGE(replayed.insert(who).second, who << " joined twice, seed " << seed);
    else
      BOOST_CHECK_EQUAL(replayed.erase(who), 1u);
  }
  BOOST_CHECK(replayed == members("Twice"));
}

BOOST_AUTO_TEST_SUITE_END()
