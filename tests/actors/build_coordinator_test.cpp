#include "actors/build_coordinator.hpp"
#include "actors/observed.hpp"
#include "actors/profile_actor.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <fmt/format.h>

BOOST_AUTO_TEST_SUITE(build_coordinator_test)

namespace {

using calls = std::vector<std::string>;

/// A build coordinator over one partition that writes down what it is asked and builds when the
/// test says so. The scheduler runs when it is told to.
struct fixture {
  actors::system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  actors::build_coordinator_actor builds;
  caf::actor partition;
  calls asked;
  calls heard;
  std::uint64_t unusable = 0; // A segment whose definitions are refused.

  fixture() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    scheduler = &dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
    builds = system->spawn(actors::build_coordinator, 1u);
    partition = system->spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {
        [this](const actors::define_segments& order) -> caf::result<actors::finished> {
          return define(order);
        },
        [this](const actors::stop_build& order) {
          asked.push_back("stop " + std::to_string(order.segment));
          return actors::finished{};
        },
      };
    });
    caf::anon_send(builds,
                   actors::meet_profiles{{caf::actor_cast<actors::profile_actor>(partition)}});
    scheduler->run();
  }
  ~fixture() {
    caf::anon_send_exit(partition, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(builds, caf::exit_reason::user_shutdown);
    scheduler->run();
  }

  caf::result<actors::finished> define(const actors::define_segments& order) {
    std::string call = "define";
    for (const auto& d : order.all)
      call += " " + std::to_string(d.segment);
    asked.push_back(std::move(call));
    for (const auto& d : order.all)
      if (d.segment == unusable)
        return actors::to_error({model::failure_code::invalid_input, "cannot be used"});
    return actors::finished{};
  }
  /// The partition says that segments have come into force.
  void switched(const std::vector<std::uint64_t>& segments) {
    actors::build_moved moved;
    moved.is_done = true;
    for (const auto segment : segments)
      moved.switched.push_back({segment, 3});
    caf::anon_send(builds, moved);
    scheduler->run();
  }

  static actors::begin_builds order(const std::vector<std::uint64_t>& segments) {
    actors::begin_builds all;
    for (const auto segment : segments)
      all.all.push_back({segment, 3, std::make_shared<const std::string>("{}"), {}});
    return all;
  }
  /// Asks, and writes down what is answered.
  template <class Answer, class Question>
  void ask(Question question) {
    system->spawn(
      [this, question](caf::event_based_actor* self, const actors::build_coordinator_actor& to) {
        self->request(to, caf::infinite, question)
          .then(
            [this](const Answer& answer) { note(answer); },
            [this](const caf::error& e) { heard.push_back(actors::to_failure(e, "ask").message); });
      },
      builds);
  }
  void note(const actors::finished&) {
    heard.emplace_back("finished");
  }
  void note(const actors::build_state& s) {
    heard.push_back(to_word(s));
  }
  void note(const actors::build_list& list) {
    std::string all;
    for (const auto& b : list.builds)
      all += fmt::format("{}:{} {} ", b.segment, b.version, to_word(b.state));
    heard.push_back(std::move(all));
  }
  static std::string to_word(const actors::build_state& s) {
    return !s.trouble.empty()      ? s.trouble
         : s.is_cancelled          ? "cancelled"
         : s.is_going              ? "going"
         : s.version_in_force == 3 ? "in force"
                                   : "unknown";
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_restart_begins_everything_but_what_was_cancelled, fixture) {
  caf::anon_send(builds, order({7, 8, 9}));
  scheduler->run();
  switched({7});
  caf::anon_send(builds, actors::cancel_build{8});
  scheduler->run();
  asked.clear();
  auto everything = order({7, 8, 9});
  everything.is_everything = true;
  everything.all[0].known = {{7, 3}};
  caf::anon_send(builds, everything);
  scheduler->run();
  BOOST_CHECK((asked == calls{"define 9"}));
}

BOOST_FIXTURE_TEST_CASE(definitions_that_come_together_are_recorded_together, fixture) {
  ask<actors::finished>(order({7, 8, 9}));
  scheduler->run();
  BOOST_CHECK(heard == (calls{"finished"}));
  BOOST_CHECK(asked == (calls{"define 7 8 9"}));
}

BOOST_FIXTURE_TEST_CASE(one_that_cannot_be_used_does_not_keep_the_others_out, fixture) {
  unusable = 8;
  ask<actors::finished>(order({7, 8}));
  scheduler->run();
  BOOST_CHECK(heard == (calls{"cannot be used"}));
  BOOST_CHECK(asked == (calls{"define 7 8", "define 7", "define 8"}));
  switched({7});
  heard.clear();
  ask<actors::build_state>(actors::await_build{7});
  ask<actors::build_state>(actors::await_build{8});
  scheduler->run();
  BOOST_CHECK(heard == (calls{"in force", "cannot be used"}));
}

BOOST_FIXTURE_TEST_CASE(who_waits_is_told_when_the_build_ends_and_not_before, fixture) {
  caf::anon_send(builds, order({7, 8}));
  ask<actors::build_state>(actors::await_build{7});
  scheduler->run();
  switched({8});
  BOOST_CHECK(heard.empty());
  switched({7});
  BOOST_CHECK(heard == (calls{"in force"}));
}

BOOST_FIXTURE_TEST_CASE(who_waits_for_long_is_told_how_far_it_is, fixture) {
  caf::anon_send(builds, order({7}));
  ask<actors::build_state>(actors::await_build{7});
  scheduler->run();
  scheduler->advance_time(std::chrono::milliseconds{149});
  scheduler->run();
  BOOST_CHECK(heard.empty());
  scheduler->advance_time(std::chrono::milliseconds{1});
  scheduler->run();
  BOOST_CHECK(heard == (calls{"going"}));
}

BOOST_FIXTURE_TEST_CASE(a_list_of_builds_has_those_that_are_not_at_their_end, fixture) {
  caf::anon_send(builds, order({7, 8, 9}));
  scheduler->run();
  switched({8});
  ask<actors::build_list>(actors::list_builds{});
  scheduler->run();
  switched({7, 9});
  ask<actors::build_list>(actors::list_builds{});
  scheduler->run();
  BOOST_CHECK(heard == (calls{"7:3 going 9:3 going ", ""}));
}

BOOST_FIXTURE_TEST_CASE(who_waits_is_told_what_keeps_a_partition_from_going_on, fixture) {
  caf::anon_send(builds, order({7}));
  ask<actors::build_state>(actors::await_build{7});
  scheduler->run();
  actors::build_moved stuck;
  stuck.trouble = "the disk is full";
  caf::anon_send(builds, stuck);
  scheduler->run();
  BOOST_CHECK(heard == (calls{"the disk is full"}));
  // It goes on, and nobody hears of it any more.
  caf::anon_send(builds, actors::build_moved{});
  ask<actors::build_state>(actors::await_build{7});
  scheduler->run();
  BOOST_CHECK_EQUAL(heard.size(), 1U);
  switched({7});
  BOOST_CHECK(heard == (calls{"the disk is full", "in force"}));
}

BOOST_FIXTURE_TEST_CASE(who_waits_for_a_build_that_is_cancelled_is_told_so, fixture) {
  caf::anon_send(builds, order({7}));
  ask<actors::build_state>(actors::await_build{7});
  scheduler->run();
  caf::anon_send(builds, actors::cancel_build{7});
  scheduler->run();
  BOOST_CHECK(heard == (calls{"cancelled"}));
  BOOST_CHECK_EQUAL(asked.back(), "stop 7");
}

BOOST_AUTO_TEST_SUITE_END()
