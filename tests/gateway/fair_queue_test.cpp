#include "gateway/fair_queue.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

BOOST_AUTO_TEST_SUITE(fair_queue_test)

namespace {

using gateway::fair_queue;
using place = gateway::fair_queue::place;

/// Workers that do one thing when the test says so.
struct hand_workers {
  std::deque<fair_queue::work> queue;

  std::function<void(fair_queue::work)> taker() {
    return [this](fair_queue::work w) { queue.push_back(std::move(w)); };
  }
  void one() {
    auto next = std::move(queue.front());
    queue.pop_front();
    next();
  }
};

const int one_account = 1;
const int other_account = 2;

} // namespace

BOOST_AUTO_TEST_CASE(an_account_has_so_many_at_work_and_the_rest_waits_in_order) {
  hand_workers workers;
  fair_queue queue{{.at_work_max = 2, .waiting_max = 10}, workers.taker()};
  std::string done;
  const auto later = [&](char name) { return [&done, name] { done += name; }; };
  BOOST_CHECK(queue.enter(&one_account, later('a')) == place::at_work);
  BOOST_CHECK(queue.enter(&one_account, later('b')) == place::at_work);
  BOOST_CHECK(queue.enter(&one_account, later('c')) == place::waiting);
  BOOST_CHECK(queue.enter(&one_account, later('d')) == place::waiting);
  BOOST_CHECK(queue.enter(&other_account, later('e')) == place::at_work);
  BOOST_TEST(queue.counted(&one_account).waiting == 2U);
  BOOST_TEST(workers.queue.empty());
  queue.leave(&one_account);
  BOOST_TEST(queue.counted(&one_account).at_work == 2U);
  workers.one();
  BOOST_TEST(done == "c"); // Those that were told to go on do their work themselves.
  queue.leave(&one_account);
  workers.one();
  BOOST_TEST(done == "cd");
  queue.leave(&one_account);
  queue.leave(&one_account);
  BOOST_TEST(queue.counted(&one_account).at_work == 0U);
  BOOST_TEST(queue.counted(&other_account).at_work == 1U);
}

BOOST_AUTO_TEST_CASE(a_full_line_takes_no_more_and_other_accounts_do_not_notice) {
  hand_workers workers;
  fair_queue queue{{.at_work_max = 1, .waiting_max = 2}, workers.taker()};
  const auto nothing = [] {};
  for (const auto expected :
       {place::at_work, place::waiting, place::waiting, place::full, place::full})
    BOOST_CHECK(queue.enter(&one_account, nothing) == expected);
  BOOST_CHECK(queue.enter(&other_account, nothing) == place::at_work);
  queue.leave(&one_account);
  BOOST_CHECK(queue.enter(&one_account, nothing) == place::waiting);
}

BOOST_AUTO_TEST_CASE(at_the_end_what_waits_is_forgotten_with_what_it_holds) {
  hand_workers workers;
  fair_queue queue{{.at_work_max = 1, .waiting_max = 2}, workers.taker()};
  const auto held = std::make_shared<int>(0);
  const auto hold = [held] {};
  BOOST_CHECK(queue.enter(&one_account, hold) == place::at_work);
  BOOST_CHECK(queue.enter(&one_account, hold) == place::waiting);
  BOOST_TEST(held.use_count() == 3);
  queue.forget_waiting();
  BOOST_TEST(held.use_count() == 2);
  queue.leave(&one_account);
  BOOST_TEST(workers.queue.empty());
  BOOST_TEST(queue.counted(&one_account).at_work == 0U);
}

BOOST_AUTO_TEST_CASE(many_threads_do_everything_once_and_never_too_much_at_a_time) {
  std::mutex guard;
  std::condition_variable changed;
  std::deque<fair_queue::work> ready;
  bool is_over = false;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i)
    workers.emplace_back([&] {
      for (;;) {
        std::unique_lock lock{guard};
        changed.wait(lock, [&] { return !ready.empty() || is_over; });
        if (ready.empty())
          return;
        auto next = std::move(ready.front());
        ready.pop_front();
        lock.unlock();
        next();
      }
    });
  constexpr int requests = 20'000;
  std::atomic<int> at_work = 0;
  std::atomic<int> too_many = 0;
  std::atomic<int> done = 0;
  fair_queue queue{{.at_work_max = 2, .waiting_max = requests}, [&](fair_queue::work w) {
                     const std::lock_guard lock{guard};
                     ready.push_back(std::move(w));
                     changed.notify_one();
                   }};
  const auto work = [&] {
    if (at_work.fetch_add(1) >= 2)
      ++too_many;
    at_work.fetch_sub(1);
    ++done;
    queue.leave(&one_account);
  };
  std::vector<std::thread> askers;
  for (int i = 0; i < 4; ++i)
    askers.emplace_back([&] {
      for (int n = 0; n < requests / 4; ++n)
        if (queue.enter(&one_account, work) == place::at_work)
          work();
    });
  for (auto& one : askers)
    one.join();
  while (done.load() != requests)
    std::this_thread::yield();
  {
    const std::lock_guard lock{guard};
    is_over = true;
    changed.notify_all();
  }
  for (auto& one : workers)
    one.join();
  BOOST_TEST(too_many.load() == 0);
  BOOST_TEST(queue.counted(&one_account).at_work == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
