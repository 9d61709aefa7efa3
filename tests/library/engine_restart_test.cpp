// Actors that are restarted one by one while an account is at work.
#include "tests/library/engine_fixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>

BOOST_AUTO_TEST_SUITE(engine_restart_test)

namespace {

constexpr int people = 200;
constexpr int batches = 240;

struct told_flip {
  std::uint64_t sequence = 0;
  std::string what;
  bool operator==(const told_flip&) const = default;
};
using told_flips = std::map<std::uint32_t, std::vector<told_flip>>; // By partition.

told_flip told(const rollcall::flip_record& f) {
  return {f.sequence, fmt::format("{}{} {} {}", f.joined ? '+' : '-', f.profile,
                                  model::format_instant(f.at), model::name_of(f.cause))};
}

/// An account that is told the same story each time: people buy, days pass, people fall silent.
struct storyteller : engine_fixture {
  std::mutex guard;
  told_flips heard;
  rollcall::subscription subscribed;

  void begin() {
    create("Lately", bought_lately);
    create("Twice", bought_twice);
    auto made = engine->subscribe("Lately", [this](const rollcall::flip_record& f) {
      const std::lock_guard lock{guard};
      heard[f.partition].push_back(told(f));
    });
    need(made);
    subscribed = std::move(*made);
  }
  void tell() {
    auto now = instant("2026-01-01");
    for (int i = 0; i < batches; ++i) {
      batch_maker batch;
      for (int k = 0; k < 8; ++k) {
        const auto who = fmt::format("u{}", (i * 31 + k * 57) % people);
        batch.event({who}, "Placed Order", model::format_instant(now), 1.0,
                    fmt::format("order {} {}", i, k));
      }
      const auto taken = engine->apply(batch.take());
      need(taken);
      BOOST_TEST(taken->applied == 8U);
      if (i % 4 == 3) {
        now += std::chrono::hours{10 * 24};
        need(engine->advance(now));
      }
      // The definition of one segment changes to and fro.
      if (i % 40 == 20)
        need(engine->edit("Twice", i % 80 == 20 ? bought_lately : bought_twice));
    }
    wait("Twice");
  }
  told_flips feed(std::string_view segment) {
    told_flips all;
    for (std::string cursor;;) {
      const auto page = engine->feed(segment, cursor, 1'000);
      need(page);
      if (page->flips.empty())
        return all;
      for (const auto& f : page->flips)
        all[f.partition].push_back(told(f));
      cursor = page->cursor;
    }
  }
  /// Waits until everything in the feed has been heard.
  told_flips all_heard(const told_flips& feed) {
    for (int patience = 0; patience < 500; ++patience) {
      {
        const std::lock_guard lock{guard};
        if (heard == feed)
          break;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    const std::lock_guard lock{guard};
    return heard;
  }
};

std::size_t count_of(const told_flips& all) {
  std::size_t count = 0;
  for (const auto& [partition, flips] : all)
    count += flips.size();
  return count;
}

void check_sequences(const told_flips& all) {
  for (const auto& [partition, flips] : all)
    for (std::size_t i = 0; i < flips.size(); ++i)
      BOOST_TEST(flips[i].sequence == i + 1);
}

} // namespace

BOOST_AUTO_TEST_CASE(restarts_while_changes_stream_in_alter_no_member_and_no_feed) {
  storyteller calm;
  calm.begin();
  calm.tell();
  const auto feed = calm.feed("Lately");
  BOOST_TEST(count_of(feed) > 300U); // Many leave, and come back.

  storyteller shaken;
  shaken.begin();
  std::atomic<bool> is_over{false};
  std::map<std::string, int> restarted;
  std::thread restarter{[&] {
    const std::vector<std::string> names{
      "profile/0",     "segment/Lately",    "profile/1",          "clock",    "profile/2",
      "segment/Twice", "build_coordinator", "metric_coordinator", "profile/3"};
    for (std::size_t i = 0; !is_over; ++i) {
      const auto& name = names[i % names.size()];
      if (const auto done = shaken.engine->restart_actor(name); done)
        ++restarted[name];
      else if (name != "segment/Twice") // Which is there while somebody asks.
        BOOST_ERROR(done.error().message);
    }
  }};
  shaken.tell();
  is_over = true;
  restarter.join();
  for (const auto* name : {"profile/0", "profile/3", "segment/Lately", "clock", "build_coordinator",
                           "metric_coordinator"})
    BOOST_CHECK_MESSAGE(restarted[name] > 0, name << " was never restarted");

  BOOST_CHECK((shaken.members("Lately") == calm.members("Lately")));
  BOOST_CHECK((shaken.members("Twice") == calm.members("Twice")));
  const auto shaken_feed = shaken.feed("Lately");
  check_sequences(shaken_feed);
  BOOST_CHECK((shaken_feed == feed));
  BOOST_CHECK((shaken.all_heard(feed) == feed));
  shaken.check_everything();
  // What was there before the restarts is there after the next opening too.
  shaken.subscribed = {};
  shaken.reopen();
  BOOST_CHECK((shaken.feed("Lately") == feed));
  shaken.check_everything();
}

BOOST_FIXTURE_TEST_CASE(a_definition_that_no_partition_has_written_survives_their_restart,
                        engine_fixture) {
  batch_maker batch;
  for (int i = 0; i < 3'000; ++i)
    batch.event({fmt::format("u{}", i)}, "Placed Order", "2025-12-20");
  apply(batch);
  for (int i = 0; i < 10; ++i) {
    const auto name = fmt::format("Lately {}", i);
    need(engine->create(name, bought_lately));
    for (int p = 0; p < 4; ++p)
      need(engine->restart_actor(fmt::format("profile/{}", p)));
    need(engine->restart_actor("build_coordinator"));
    wait(name);
    const auto count = engine->count(name);
    need(count);
    BOOST_TEST(*count == 3'000U);
  }
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(time_goes_on_after_the_clock_was_restarted, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"ann"}, "Placed Order", "2025-12-20"));
  create("Lately", bought_lately);
  need(engine->restart_actor("clock"));
  need(engine->restart_actor("profile/0"));
  need(engine->restart_actor("profile/1"));
  need(engine->restart_actor("profile/2"));
  need(engine->restart_actor("profile/3"));
  advance("2026-01-25");
  BOOST_CHECK((members("Lately") == names{}));
}

BOOST_FIXTURE_TEST_CASE(a_report_that_is_stopped_refuses_whoever_waits_for_it, engine_fixture) {
  batch_maker batch;
  for (int i = 0; i < 20'000; ++i)
    batch.event({fmt::format("u{}", i)}, "Placed Order", "2025-12-20", 1.0);
  apply(batch);
  std::atomic<bool> is_refused{false};
  std::thread asks{[&] {
    // One that is made before anybody stops it is asked for again.
    for (int i = 0; i < 2'000 && !is_refused; ++i) {
      const auto made = engine->report(
        R"({"datasource":"account","metric":"Placed Order","timeframe":{"key":"last_30_days"},)"
        R"("group_by":[],"statistics":["count","unique"],"interval":"daily"})");
      if (made)
        continue;
      is_refused = true;
      BOOST_CHECK(made.error().code == model::failure_code::cancelled);
      BOOST_CHECK_EQUAL(made.error().message, "the report was stopped; ask again");
    }
  }};
  for (int i = 0; i < 20'000 && !is_refused; ++i)
    for (const auto& a : engine->inspect())
      if (a.kind == "report" && a.alive)
        (void)engine->stop_actor(a.name);
  asks.join();
  BOOST_TEST(is_refused.load());
}

BOOST_FIXTURE_TEST_CASE(what_cannot_be_restarted_or_stopped_says_why, engine_fixture) {
  const auto refused = [&](const model::status& done, model::failure_code code,
                           std::string_view says) {
    BOOST_REQUIRE(!done);
    BOOST_CHECK(done.error().code == code);
    BOOST_CHECK_MESSAGE(done.error().message.find(says) != std::string::npos, done.error().message);
  };
  using enum model::failure_code;
  batch_maker batch;
  apply(batch.profile({"ann"})); // By then these actors have their names.
  refused(engine->restart_actor("account"), conflict, "restart the whole server");
  refused(engine->restart_actor("batch_port"), conflict, "restart the whole server");
  refused(engine->restart_actor("profile/99"), not_found, "no actor \"profile/99\"");
  refused(engine->restart_actor("segment/Nobody"), not_found, "no actor");
  refused(engine->stop_actor("profile/0"), conflict, "cannot be stopped");
  refused(engine->stop_actor("report/7"), not_found, "no actor");
}

BOOST_AUTO_TEST_SUITE_END()
