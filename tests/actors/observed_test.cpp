#include "actors/observed.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <stdexcept>

struct add_number {
  int number = 0;
};
struct raise_trouble {};
struct make_child {};
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(add_number)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(raise_trouble)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(make_child)

BOOST_AUTO_TEST_SUITE(observed_test)

namespace {

using adder_actor = caf::typed_actor<caf::replies_to<add_number>::with<int>,
                                     caf::reacts_to<raise_trouble>, caf::reacts_to<make_child>>;
struct adder_state {
  static constexpr const char* name = "adder";
  int total = 0;
  std::vector<adder_actor> children;
};
using adder_pointer = actors::observed_pointer<adder_actor, adder_state>;

adder_actor::behavior_type adder(adder_pointer self, std::string called) {
  self->call_it("adder", std::move(called));
  return {
    [self](const add_number& n) { return self->state.total += n.number; },
    [](const raise_trouble&) { throw std::runtime_error("something broke"); },
    [self](const make_child&) { self->state.children.push_back(self->spawn(adder, "child")); },
  };
}

struct fixture {
  actors::system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  adder_actor first;

  fixture() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    scheduler = &dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
    first = system->spawn(adder, "first");
  }
  ~fixture() {
    config.directory->stop_all();
    scheduler->run();
  }
  actors::actor_record::reading read(std::string_view name) const {
    for (auto& r : config.directory->read())
      if (r.name == name)
        return r;
    BOOST_FAIL("no actor is called " << name);
    return {};
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(messages_are_counted_by_type_and_wait_until_they_are_handled, fixture) {
  scheduler->run();
  for (int i = 0; i < 5; ++i)
    caf::anon_send(first, add_number{i});
  BOOST_CHECK_EQUAL(read("first").depth, 5u);
  scheduler->run();
  caf::anon_send(first, make_child{});
  scheduler->run();
  const auto r = read("first");
  BOOST_CHECK_EQUAL(r.depth, 0u);
  BOOST_CHECK_EQUAL(r.depth_max, 5u);
  BOOST_CHECK_EQUAL(r.arrived, 6u);
  BOOST_REQUIRE_EQUAL(r.by_type.size(), 2u);
  BOOST_CHECK_EQUAL(r.by_type[0].first, "add_number");
  BOOST_CHECK_EQUAL(r.by_type[0].second, 5u);
  BOOST_CHECK_EQUAL(r.by_type[1].first, "make_child");
  BOOST_CHECK_GT(r.busy.count(), 0);
  BOOST_CHECK(r.running_since == actors::actor_record::clock::time_point{});
}

BOOST_FIXTURE_TEST_CASE(a_child_knows_its_parent, fixture) {
  caf::anon_send(first, make_child{});
  scheduler->run();
  BOOST_CHECK_EQUAL(read("first").parent, 0u);
  BOOST_CHECK_EQUAL(read("child").parent, read("first").id);
}

BOOST_FIXTURE_TEST_CASE(an_actor_that_broke_stays_visible_with_its_error, fixture) {
  caf::anon_send(first, raise_trouble{});
  scheduler->run();
  const auto r = read("first");
  BOOST_CHECK(!r.alive);
  BOOST_CHECK_NE(r.last_error.find("something broke"), std::string::npos);
  const auto later = system->spawn(adder, "later");
  scheduler->run();
  BOOST_CHECK_EQUAL(read("later").parent, 0u); // Not a child of the one that broke.
}

BOOST_FIXTURE_TEST_CASE(a_message_that_nobody_expects_is_noted_and_harms_nothing, fixture) {
  caf::anon_send(caf::actor_cast<caf::actor>(first), std::string{"hello"});
  caf::anon_send(first, add_number{1});
  scheduler->run();
  const auto r = read("first");
  BOOST_CHECK(r.alive);
  BOOST_CHECK_NE(r.last_error.find("hello"), std::string::npos);
  BOOST_CHECK_EQUAL(r.arrived, 2u);
}

BOOST_FIXTURE_TEST_CASE(stopping_all_leaves_nobody, fixture) {
  caf::anon_send(first, make_child{});
  scheduler->run();
  config.directory->stop_all();
  scheduler->run();
  for (const auto& r : config.directory->read())
    BOOST_CHECK(!r.alive);
}

BOOST_AUTO_TEST_CASE(of_many_that_ended_the_last_hundred_are_kept) {
  actors::actor_directory directory;
  for (std::uint64_t id = 1; id <= 150; ++id) {
    directory.add(std::make_shared<actors::actor_record>(id, 0), [] {});
    directory.retire(id);
  }
  const auto all = directory.read();
  BOOST_REQUIRE_EQUAL(all.size(), actors::actor_directory::ended_max);
  BOOST_CHECK_EQUAL(all.front().id, 51u);
  BOOST_CHECK_EQUAL(all.back().id, 150u);
}

BOOST_AUTO_TEST_SUITE_END()
