#include "actors/clock_actor.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>

BOOST_AUTO_TEST_SUITE(clock_actor_test)

namespace {

using calls = std::vector<std::string>;

/// A clock over one partition that is always due a second ago, and says so once or when asked to.
/// The scheduler runs when it is told to.
struct fixture {
  actors::system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  actors::clock_actor clock;
  caf::actor partition;
  calls asked;
  bool is_told = false;

  fixture() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    scheduler = &dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
    auto time = std::make_shared<actors::account_clock>(actors::account_clock::setting{false, 0});
    clock = system->spawn(actors::clock_of, time,
                          [](auto) -> model::status { return model::nothing{}; });
    partition = system->spawn([this](caf::event_based_actor* self) -> caf::behavior {
      return {
        [this, self](const actors::tick& t) {
          asked.emplace_back(t.tells_due ? "tick and tell" : "tick");
          if (std::exchange(is_told, true) && !t.tells_due)
            return actors::ticked{};
          self->send(clock, actors::due_changed{
                              0, model::floor_second(actors::account_clock::system_now())});
          return actors::ticked{};
        },
      };
    });
    caf::anon_send(clock,
                   actors::meet_profiles{{caf::actor_cast<actors::profile_actor>(partition)}});
  }
  ~fixture() {
    caf::anon_send_exit(partition, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(clock, caf::exit_reason::user_shutdown);
    scheduler->run();
  }
  /// Lets so much time pass that everybody who is to be woken is.
  void wait() {
    scheduler->run();
    scheduler->advance_time(std::chrono::seconds{2});
    scheduler->run();
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(whoever_is_due_is_woken_again_after_a_restart, fixture) {
  wait();
  BOOST_TEST(asked.size() >= 2U);
  asked.clear();
  caf::anon_send(clock, actors::begin_anew{});
  wait();
  BOOST_REQUIRE(asked.size() >= 2U);
  BOOST_TEST(asked[0] == "tick and tell");
  BOOST_TEST(asked[1] == "tick");
}

BOOST_AUTO_TEST_CASE(a_clock_that_goes_with_the_system_never_lags_behind_it) {
  using actors::account_clock;
  const auto passed = account_clock::system_now() - std::chrono::milliseconds{999};
  const account_clock real{{false, 0}};
  BOOST_TEST(real.moved_to(passed).ms == 0);
  BOOST_TEST(account_clock({false, 3'600'000}).moved_to(passed).ms == 3'600'000);
  BOOST_TEST(account_clock({false, -5'000}).moved_to(passed).ms == 0); // As older versions left it.
  const auto ahead = real.moved_to(passed + std::chrono::hours{1}).ms;
  BOOST_TEST(ahead > 3'500'000);
  BOOST_TEST(ahead <= 3'600'000);
}

BOOST_AUTO_TEST_SUITE_END()
