#include "actors/metric_coordinator.hpp"
#include "actors/observed.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>

BOOST_AUTO_TEST_SUITE(metric_coordinator_test)

namespace {

using calls = std::vector<std::string>;

/// A coordinator over one partition that writes down what it is asked. The scheduler runs when it
/// is told to.
struct fixture {
  actors::system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  caf::actor partition;
  actors::metric_coordinator_actor reports;
  calls asked;
  bool is_broken = false;

  fixture() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    scheduler = &dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
    partition = system->spawn([this](caf::event_based_actor*) -> caf::behavior {
      return {
        [this](const actors::survey_sends&) {
          asked.emplace_back("survey");
          return actors::surveyed_sends{
            std::make_shared<const std::vector<metrics::surveyed_object>>()};
        },
        [this](const actors::add_up& order) -> caf::result<actors::added_up> {
          asked.push_back("fold " + order.order->zone);
          if (is_broken)
            return actors::to_error({model::failure_code::unavailable, "the partition is gone"});
          return actors::added_up{std::make_shared<const metrics::fold_result>(), 7};
        },
      };
    });
    auto around = std::make_shared<actors::report_surroundings>();
    around->profiles = {caf::actor_cast<actors::profile_actor>(partition)};
    reports = system->spawn(actors::metric_coordinator,
                            std::shared_ptr<const actors::report_surroundings>{around});
    scheduler->run();
  }
  ~fixture() {
    caf::anon_send_exit(partition, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(reports, caf::exit_reason::user_shutdown);
    scheduler->run();
  }

  static actors::run_fold fold(const std::string& zone,
                               metrics::datasource_kind kind = metrics::datasource_kind::events) {
    auto order = std::make_shared<metrics::fold_order>();
    order->kind = kind;
    order->zone = zone;
    static const auto objects = std::make_shared<const std::vector<model::described_object>>();
    return {std::move(order), objects};
  }
  /// Sends all at once; the answers are read by `answers`.
  std::shared_ptr<calls> ask(std::vector<actors::run_fold> orders) {
    auto answers = std::make_shared<calls>();
    system->spawn(
      [=](caf::event_based_actor* self, const actors::metric_coordinator_actor& to) {
        for (const auto& order : orders)
          self->request(to, caf::infinite, order)
            .then(
              [=](const actors::folded& all) {
                answers->push_back("at " + std::to_string(all.parts->at(0).position));
              },
              [=](const caf::error& e) {
                answers->push_back(actors::to_failure(e, "fold").message);
              });
      },
      reports);
    return answers;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(what_is_in_flight_is_shared_by_all_who_want_the_same, fixture) {
  const auto answers = ask({fold("UTC"), fold("UTC"), fold("Asia/Tokyo"), fold("UTC")});
  scheduler->run();
  BOOST_CHECK((asked == calls{"fold UTC", "fold Asia/Tokyo"}));
  BOOST_CHECK((*answers == calls{"at 7", "at 7", "at 7", "at 7"}));
}

BOOST_FIXTURE_TEST_CASE(what_has_been_answered_is_added_up_anew, fixture) {
  ask({fold("UTC")});
  scheduler->run();
  ask({fold("UTC")});
  scheduler->run();
  BOOST_CHECK((asked == calls{"fold UTC", "fold UTC"}));
}

BOOST_FIXTURE_TEST_CASE(one_survey_serves_different_folds_of_messages, fixture) {
  using enum metrics::datasource_kind;
  const auto answers = ask({fold("UTC", messages), fold("Asia/Tokyo", messages)});
  scheduler->run();
  BOOST_CHECK((asked == calls{"survey", "fold UTC", "fold Asia/Tokyo"}));
  BOOST_CHECK_EQUAL(answers->size(), 2);
}

BOOST_FIXTURE_TEST_CASE(a_restart_refuses_what_is_in_flight_and_nothing_later, fixture) {
  const auto refused = ask({fold("UTC"), fold("UTC", metrics::datasource_kind::messages)});
  scheduler->run_once(); // Asks.
  scheduler->run_once(); // The partition is asked.
  caf::anon_send(reports, actors::begin_anew{});
  const auto answers = ask({fold("UTC")});
  scheduler->run();
  const std::string why = "reports were restarted meanwhile; ask again";
  BOOST_CHECK((*refused == calls{why, why}));
  BOOST_CHECK((*answers == calls{"at 7"}));
}

BOOST_FIXTURE_TEST_CASE(a_failure_is_told_to_all_who_wait_and_kept_for_nobody_else, fixture) {
  is_broken = true;
  const auto refused = ask({fold("UTC"), fold("UTC")});
  scheduler->run();
  BOOST_REQUIRE_EQUAL(refused->size(), 2);
  BOOST_CHECK_EQUAL(refused->at(0), "the partition is gone");
  is_broken = false;
  const auto answers = ask({fold("UTC")});
  scheduler->run();
  BOOST_CHECK((*answers == calls{"at 7"}));
}

BOOST_AUTO_TEST_SUITE_END()
