#include "actors/batch_port.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/send.hpp>

#include <stdexcept>

BOOST_AUTO_TEST_SUITE(batch_port_test)

namespace {

using actors::batch_answer;

struct taker_state {
  static constexpr const char* name = "taker";
  std::vector<caf::typed_response_promise<batch_answer>> kept;
};

/// Answers a batch with its sequence; keeps sequence 0 for ever, and breaks at sequence 13.
actors::batch_taker_actor::behavior_type
taker(actors::observed_pointer<actors::batch_taker_actor, taker_state> self, int) {
  return {
    [self](const actors::take_batch& batch) {
      if (batch.sequence == 13)
        throw std::runtime_error("an accident");
      auto reply = self->make_response_promise<caf::typed_response_promise<batch_answer>>();
      if (batch.sequence == 0)
        self->state.kept.push_back(reply);
      else
        reply.deliver(batch_answer{batch.sequence, 0, {}, {}});
      return reply;
    },
  };
}

struct fixture {
  actors::system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  actors::batch_port_actor port;
  std::vector<std::string> answers;

  fixture() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    scheduler = &dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
    port = system->spawn(actors::batch_port, system->spawn(taker, 0));
  }
  ~fixture() {
    config.directory->stop_all();
    scheduler->run();
  }
  void offer(std::uint64_t sequence) {
    caf::anon_send(port, actors::offer_batch{{nullptr, "shop", sequence},
                                             [this](const model::outcome<batch_answer>& a) {
                                               answers.push_back(a ? std::to_string(a->applied)
                                                                   : "refused");
                                             }});
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(every_offer_is_answered_in_order, fixture) {
  for (const std::uint64_t sequence : {1, 2, 3})
    offer(sequence);
  scheduler->run();
  BOOST_CHECK(answers == (std::vector<std::string>{"1", "2", "3"}));
}

BOOST_FIXTURE_TEST_CASE(nobody_waits_for_an_account_that_has_ended, fixture) {
  offer(0);
  scheduler->run();
  BOOST_CHECK(answers.empty());
  offer(13);
  scheduler->run();
  BOOST_CHECK(answers == (std::vector<std::string>{"refused", "refused"}));
  offer(4);
  scheduler->run();
  BOOST_CHECK_EQUAL(answers.size(), 3u);
  BOOST_CHECK_EQUAL(answers.back(), "refused");
}

BOOST_AUTO_TEST_SUITE_END()
