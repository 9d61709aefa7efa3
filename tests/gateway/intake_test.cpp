#include "gateway/intake.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <rollcall/batch_builder.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

BOOST_AUTO_TEST_SUITE(intake_test)

namespace {

using gateway::intake;
using gateway::intake_bounds;
using gateway::piece_receipt;
using model::failure;
using model::failure_code;
using rollcall::receipt;
using answer = model::outcome<piece_receipt>;

/// Stands for an engine: keeps what is submitted until the test answers it.
class held_engine {
public:
  struct held {
    model::change_batch batch;
    std::function<void(const model::outcome<receipt>&)> done;
  };

  intake::submit taker() {
    return [this](model::change_batch batch, auto done) -> model::status {
      const std::lock_guard lock{guard_};
      if (refuses_)
        return *refuses_;
      held_.push_back({std::move(batch), std::move(done)});
      changed_.notify_all();
      return model::nothing{};
    };
  }
  /// Waits for the next batch.
  held take() {
    std::unique_lock lock{guard_};
    changed_.wait(lock, [this] { return !held_.empty(); });
    auto next = std::move(held_.front());
    held_.pop_front();
    return next;
  }
  std::size_t waiting() {
    const std::lock_guard lock{guard_};
    return held_.size();
  }
  void refuse(failure why) {
    const std::lock_guard lock{guard_};
    refuses_ = std::move(why);
  }

private:
  std::mutex guard_;
  std::condition_variable changed_;
  std::deque<held> held_;
  std::optional<failure> refuses_;
};

model::change_batch events(std::initializer_list<const char*> people) {
  rollcall::batch_builder builder;
  for (const auto* who : people)
    builder.event({who}, "Placed Order", {}, 1.0, who);
  return builder.take();
}

/// Adds a piece, and the answer to come.
std::future<answer> add(intake& to, model::change_batch piece) {
  const auto promise = std::make_shared<std::promise<answer>>();
  to.add(std::move(piece), [promise](answer a) { promise->set_value(std::move(a)); });
  return promise->get_future();
}

bool is_ready(const std::future<answer>& f) {
  return f.wait_for(std::chrono::seconds{0}) == std::future_status::ready;
}

receipt all_applied(const model::change_batch& batch) {
  receipt r;
  r.applied = batch.records.size();
  return r;
}

std::vector<std::string> people_in(const model::change_batch& batch) {
  std::vector<std::string> all;
  for (const auto& r : batch.records)
    all.emplace_back(batch.text(r.who.external_id));
  return all;
}

using names = std::vector<std::string>;

} // namespace

BOOST_AUTO_TEST_CASE(what_comes_while_a_batch_is_under_way_goes_together_in_order) {
  held_engine engine;
  intake changes{engine.taker(), {.batches_in_flight_max = 1}};
  auto first = add(changes, events({"ada"}));
  auto held = engine.take();
  std::vector<std::future<answer>> later;
  for (const auto* who : {"bob", "cyd", "dee"})
    later.push_back(add(changes, events({who})));
  BOOST_TEST(engine.waiting() == 0U); // One at a time.
  held.done(all_applied(held.batch));
  BOOST_TEST(first.get()->applied == 1U);
  held = engine.take();
  BOOST_TEST(people_in(held.batch) == (names{"bob", "cyd", "dee"}),
             boost::test_tools::per_element());
  held.done(all_applied(held.batch));
  for (auto& one : later)
    BOOST_TEST(one.get()->applied == 1U);
  BOOST_TEST(changes.counted().batches == 2U);
}

BOOST_AUTO_TEST_CASE(several_batches_are_under_way_at_once_and_no_more_than_allowed) {
  held_engine engine;
  intake changes{engine.taker(), {.batches_in_flight_max = 2}};
  auto first = add(changes, events({"ada"}));
  auto one = engine.take();
  auto second = add(changes, events({"bob"}));
  auto two = engine.take();
  auto third = add(changes, events({"cyd"}));
  BOOST_TEST(changes.counted().in_flight == 2U);
  two.done(all_applied(two.batch));
  BOOST_TEST(second.get()->applied == 1U);
  BOOST_TEST(!is_ready(first));
  auto three = engine.take();
  three.done(all_applied(three.batch));
  one.done(all_applied(one.batch));
  BOOST_TEST(third.get()->applied == 1U);
  BOOST_TEST(first.get()->applied == 1U);
}

BOOST_AUTO_TEST_CASE(each_piece_hears_its_own_share_numbered_within_it) {
  held_engine engine;
  intake changes{engine.taker(), {.batches_in_flight_max = 1}};
  auto before = add(changes, events({"zoe"}));
  auto held = engine.take();
  auto a = add(changes, events({"a0", "a1", "a2"}));
  auto b = add(changes, events({"b0"}));
  auto c = add(changes, events({"c0", "c1"}));
  held.done(all_applied(held.batch));
  held = engine.take();
  BOOST_REQUIRE_EQUAL(held.batch.records.size(), 6U);
  receipt r;
  r.applied = 2;
  r.duplicates = 2;
  r.duplicate_records = {2, 5};
  r.rejected = {{0, 1, "of a0"}, {3, 1, "of b0"}};
  held.done(r);
  const auto of_a = a.get();
  BOOST_TEST(of_a->applied == 1U);
  BOOST_TEST(of_a->duplicates == 1U);
  BOOST_TEST(of_a->duplicate_records.at(0) == 2U);
  BOOST_TEST(of_a->rejected.at(0).record == 0U);
  BOOST_TEST(of_a->rejected.at(0).reason == "of a0");
  const auto of_b = b.get();
  BOOST_TEST(of_b->applied == 0U);
  BOOST_TEST(of_b->rejected.at(0).record == 0U);
  BOOST_TEST(of_b->rejected.at(0).reason == "of b0");
  const auto of_c = c.get();
  BOOST_TEST(of_c->applied == 1U);
  BOOST_TEST(of_c->duplicate_records.at(0) == 1U);
  BOOST_TEST(of_c->rejected.empty());
  BOOST_TEST(before.get()->applied == 1U);
}

BOOST_AUTO_TEST_CASE(a_batch_that_fails_is_told_to_its_pieces_and_to_no_other) {
  held_engine engine;
  intake changes{engine.taker(), {.batches_in_flight_max = 1}};
  auto lost = add(changes, events({"ada"}));
  auto held = engine.take();
  auto kept = add(changes, events({"bob"}));
  held.done(failure{failure_code::storage_full, "the disk is full"});
  BOOST_CHECK(lost.get().error().code == failure_code::storage_full);
  held = engine.take();
  held.done(all_applied(held.batch));
  BOOST_TEST(kept.get()->applied == 1U);
}

BOOST_AUTO_TEST_CASE(an_engine_that_takes_nothing_is_told_to_the_pieces) {
  held_engine engine;
  engine.refuse({failure_code::unavailable, "stopping"});
  intake changes{engine.taker()};
  BOOST_TEST(add(changes, events({"ada"})).get().error().message == "stopping");
  BOOST_TEST(add(changes, events({"bob"})).get().error().message == "stopping");
}

BOOST_AUTO_TEST_CASE(too_much_that_waits_is_turned_away_at_once_until_there_is_room) {
  held_engine engine;
  intake changes{engine.taker(), {.batches_in_flight_max = 1, .waiting_bytes_max = 1'000}};
  auto first = add(changes, events({"ada"}));
  auto held = engine.take();
  std::vector<std::future<answer>> waiting;
  for (;;) {
    auto next = add(changes, events({"bob"}));
    if (is_ready(next)) {
      BOOST_CHECK(next.get().error().code == failure_code::unavailable);
      break;
    }
    waiting.push_back(std::move(next));
    BOOST_REQUIRE(waiting.size() < 100);
  }
  BOOST_TEST(!waiting.empty());
  BOOST_TEST(changes.counted().turned_away == 1U);
  held.done(all_applied(held.batch));
  held = engine.take();
  held.done(all_applied(held.batch));
  for (auto& one : waiting)
    BOOST_TEST(one.get()->applied == 1U);
  first.wait();
  BOOST_TEST(add(changes, {}).valid()); // Without records it still is a piece.
  held = engine.take();
  held.done(all_applied(held.batch));
}

BOOST_AUTO_TEST_CASE(a_piece_larger_than_everything_allowed_goes_alone) {
  held_engine engine;
  intake changes{engine.taker(),
                 {.batch_records_max = 2, .batch_bytes_max = 10, .waiting_bytes_max = 10}};
  auto large = add(changes, events({"ada", "bob", "cyd"}));
  auto held = engine.take();
  BOOST_TEST(held.batch.records.size() == 3U);
  held.done(all_applied(held.batch));
  BOOST_TEST(large.get()->applied == 3U);
}

BOOST_AUTO_TEST_CASE(a_batch_ends_before_it_becomes_larger_than_allowed) {
  held_engine engine;
  intake changes{engine.taker(), {.batch_records_max = 4, .batches_in_flight_max = 1}};
  auto first = add(changes, events({"x"}));
  auto held = engine.take();
  std::vector<std::future<answer>> later;
  for (int i = 0; i < 3; ++i)
    later.push_back(add(changes, events({"a", "b", "c"})));
  for (int i = 0; i < 3; ++i) {
    held.done(all_applied(held.batch));
    held = engine.take();
    BOOST_TEST(held.batch.records.size() == 3U);
  }
  held.done(all_applied(held.batch));
  for (auto& one : later)
    BOOST_TEST(one.get()->applied == 3U);
}

BOOST_AUTO_TEST_CASE(a_piece_that_does_not_hold_together_harms_no_other) {
  held_engine engine;
  intake changes{engine.taker()};
  auto torn = events({"ada"});
  torn.records[0].who.external_id.size = 1'000'000;
  BOOST_CHECK(add(changes, std::move(torn)).get().error().code == failure_code::invalid_input);
  auto whole = add(changes, events({"bob"}));
  auto held = engine.take();
  BOOST_TEST(people_in(held.batch) == names{"bob"}, boost::test_tools::per_element());
  held.done(all_applied(held.batch));
  BOOST_TEST(whole.get()->applied == 1U);
}

BOOST_AUTO_TEST_CASE(who_ends_it_answers_everybody_first) {
  held_engine engine;
  std::vector<std::future<answer>> all;
  std::thread answers;
  {
    intake changes{engine.taker(), {.batches_in_flight_max = 1}};
    all.push_back(add(changes, events({"ada"})));
    auto held = engine.take();
    for (int i = 0; i < 10; ++i)
      all.push_back(add(changes, events({"bob"})));
    answers = std::thread{[&engine, held = std::move(held)] {
      held.done(all_applied(held.batch));
      const auto last = engine.take();
      last.done(all_applied(last.batch));
    }};
  }
  for (auto& one : all)
    BOOST_TEST(is_ready(one));
  answers.join();
}

// --- with an engine ------------------------------------------------------------------------------

namespace {

struct live_engine {
  tests::temporary_directory directory;
  std::unique_ptr<rollcall::engine> engine;

  live_engine() {
    open();
  }
  void open() {
    engine.reset();
    auto opened = rollcall::engine::open({.directory = directory.path() / "store"});
    if (!opened)
      BOOST_FAIL(opened.error().message);
    engine = std::move(*opened);
  }
  std::uint64_t events_known() {
    auto metrics = engine->metrics();
    BOOST_REQUIRE(metrics);
    std::uint64_t sum = 0;
    for (const auto& m : *metrics)
      sum += m.events;
    return sum;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(many_threads_lose_nothing_and_hear_once, live_engine) {
  constexpr int threads = 8;
  constexpr int pieces = 1'500;
  std::vector<std::atomic<int>> answered(threads * pieces);
  std::atomic<std::uint64_t> applied = 0;
  std::atomic<std::uint64_t> duplicates = 0;
  std::atomic<std::uint64_t> rejected = 0;
  std::atomic<int> wrong = 0;
  {
    intake changes{*engine, {.batch_records_max = 100}};
    std::vector<std::thread> all;
    for (int t = 0; t < threads; ++t)
      all.emplace_back([&, t] {
        for (int i = 0; i < pieces; ++i) {
          const auto who = "u" + std::to_string(i % 50);
          const auto unique = std::to_string(t) + "/" + std::to_string(i);
          const auto what = i % 10; // 7: nobody is named. 8: both events are the same one.
          rollcall::batch_builder builder;
          builder.event({what == 7 ? "" : std::string_view{who}}, "Placed Order", {}, 1.0, unique);
          builder.event({who}, "Placed Order", {}, 1.0, what == 8 ? unique : unique + "b");
          changes.add(builder.take(), [&, t, i, what](const answer& a) {
            answered[static_cast<std::size_t>(t * pieces + i)].fetch_add(1);
            if (!a || a->rejected.size() != (what == 7 ? 1U : 0U)
                || a->duplicates != (what == 8 ? 1U : 0U)
                || a->applied + a->duplicates + a->rejected.size() != 2) {
              ++wrong;
              return;
            }
            applied += a->applied;
            duplicates += a->duplicates;
            rejected += a->rejected.size();
          });
        }
      });
    for (auto& one : all)
      one.join();
  }
  for (const auto& one : answered)
    BOOST_REQUIRE_EQUAL(one.load(), 1);
  BOOST_TEST(wrong.load() == 0);
  constexpr std::uint64_t tenth = threads * pieces / 10;
  BOOST_TEST(applied.load() == 18 * tenth);
  BOOST_TEST(duplicates.load() == tenth);
  BOOST_TEST(rejected.load() == tenth);
  open(); // What was answered is on the disk.
  BOOST_TEST(events_known() == 18 * tenth);
}

BOOST_FIXTURE_TEST_CASE(pieces_of_one_thread_count_in_their_order, live_engine) {
  std::atomic<int> taken = 0;
  {
    intake changes{*engine, {.batch_records_max = 7}};
    for (int i = 0; i <= 500; ++i) {
      rollcall::batch_builder builder;
      builder.profile({"ada"}).set("properties['step']", static_cast<double>(i));
      changes.add(builder.take(), [&taken](const answer& a) { taken += a ? 1 : 0; });
    }
  }
  BOOST_TEST(taken.load() == 501);
  const auto ada = engine->profile("ada");
  BOOST_REQUIRE(ada);
  BOOST_TEST(ada->find("\"step\":500") != std::string::npos, *ada);
}

BOOST_FIXTURE_TEST_CASE(an_answer_comes_when_questions_see_the_change, live_engine) {
  intake changes{*engine};
  BOOST_REQUIRE(add(changes, events({"ada", "bob"})).get());
  BOOST_TEST(events_known() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
