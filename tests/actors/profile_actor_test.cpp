#include "actors/profile_actor.hpp"
#include "tests/actors/fake_partition.hpp"

#include <boost/test/unit_test.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <caf/scoped_actor.hpp>

BOOST_AUTO_TEST_SUITE(profile_actor_test)

namespace {

using calls = std::vector<std::string>;

struct listener_state {
  static constexpr const char* name = "listener";
};
using listener_actor = caf::typed_actor<caf::reacts_to<actors::due_changed>,
                                        caf::reacts_to<actors::build_moved>,
                                        caf::reacts_to<actors::flips_happened>>;

/// One profile actor on a scheduler that runs when it is told to and a clock that stands still.
struct fixture {
  actors::system_config config;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  std::shared_ptr<fake_partition::script> script = std::make_shared<fake_partition::script>();
  listener_actor listener;
  actors::profile_actor who;
  std::vector<std::string> heard;

  fixture() {
    config.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(config);
    scheduler = &dynamic_cast<caf::scheduler::test_coordinator&>(system->scheduler());
    listener = system->spawn(
      [this](actors::observed_pointer<listener_actor, listener_state>,
             int) -> listener_actor::behavior_type {
        return {
          [this](const actors::due_changed& d) {
            heard.push_back(d.next_due ? "due " + model::format_instant(*d.next_due) : "never due");
          },
          [this](const actors::build_moved& b) {
            heard.push_back(!b.trouble.empty() ? b.trouble : b.is_done ? "built" : "building");
          },
          [this](const actors::flips_happened& f) {
            for (const auto& flip : *f.flips)
              heard.push_back((flip.what.joined ? "+" : "-") + flip.profile);
          },
        };
      },
      0);
    auto parts = std::make_shared<actors::profile_actor_parts>();
    parts->owned = std::make_unique<fake_partition>(script);
    parts->clock = std::make_shared<actors::account_clock>(actors::account_clock::setting{true, 0});
    parts->due_listener = listener;
    parts->build_listener = listener;
    parts->reopen = [s = script]() -> model::outcome<std::unique_ptr<actors::partition>> {
      s->calls.emplace_back("open");
      if (s->fails)
        return *s->fails;
      return std::unique_ptr<actors::partition>{std::make_unique<fake_partition>(s)};
    };
    who = system->spawn(actors::profile, std::move(parts));
    scheduler->run();
    script->calls.clear();
    heard.clear();
  }
  ~fixture() {
    caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
    caf::anon_send_exit(listener, caf::exit_reason::user_shutdown);
    scheduler->run();
  }

  static actors::commit_changes changes(std::uint64_t attempt, std::string source = {},
                                        std::uint64_t sequence = 0) {
    auto part = std::make_shared<actors::batch_part>();
    part->changes.records.emplace_back();
    part->origins.push_back(0);
    part->source = std::move(source);
    part->source_sequence = sequence;
    return {part, attempt};
  }
  /// Sends a part; the answer is read by `answers`.
  std::shared_ptr<calls> ask(std::vector<actors::commit_changes> orders) {
    auto answers = std::make_shared<calls>();
    system->spawn(
      [=](caf::event_based_actor* self, const actors::profile_actor& to) {
        for (const auto& order : orders)
          self->request(to, caf::infinite, order)
            .then(
              [=](const actors::part_committed& done) {
                answers->push_back(done.was_known ? "known"
                                                  : "committed " + std::to_string(done.sequence));
              },
              [=](const caf::error& e) {
                answers->push_back(actors::to_failure(e, "commit").message);
              });
      },
      who);
    return answers;
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(parts_that_wait_together_share_one_commit, fixture) {
  const auto answers = ask({changes(1), changes(1), changes(1)});
  scheduler->run();
  BOOST_CHECK(script->calls == (calls{"commit 3"}));
  BOOST_CHECK(*answers == (calls{"committed 1", "committed 1", "committed 1"}));
}

BOOST_FIXTURE_TEST_CASE(after_a_full_disk_no_later_part_overtakes_the_refused_one, fixture) {
  script->fails = model::failure{model::failure_code::storage_full, "the disk is full"};
  const auto refused = ask({changes(1)});
  scheduler->run();
  BOOST_CHECK(*refused == (calls{"the disk is full"}));
  script->fails.reset();
  const auto later = ask({changes(1)});
  scheduler->run();
  BOOST_CHECK(*later == (calls{"the disk is full"}));
  const auto next_attempt = ask({changes(2)});
  scheduler->run();
  BOOST_CHECK(*next_attempt == (calls{"committed 1"}));
}

BOOST_FIXTURE_TEST_CASE(what_a_source_has_brought_before_is_not_committed_again, fixture) {
  script->last_of_source = 5;
  const auto answers = ask({changes(1, "shop", 5), changes(1, "shop", 6)});
  scheduler->run();
  BOOST_CHECK(*answers == (calls{"known", "committed 1"}));
}

BOOST_FIXTURE_TEST_CASE(changes_come_through_between_the_slices_of_a_tick, fixture) {
  script->tick_slices = 3;
  caf::anon_send(who, actors::tick{model::from_ms(1'000)});
  caf::anon_send(who, changes(1));
  scheduler->run();
  BOOST_CHECK(script->calls == (calls{"tick", "commit 1", "tick", "tick"}));
}

BOOST_FIXTURE_TEST_CASE(a_tick_that_the_disk_refuses_is_tried_again, fixture) {
  script->fails = model::failure{model::failure_code::storage_full, "the disk is full"};
  caf::anon_send(who, actors::tick{model::from_ms(1'000)});
  scheduler->run();
  BOOST_CHECK(script->calls == (calls{"tick"}));
  script->fails.reset();
  scheduler->advance_time(std::chrono::seconds{2});
  scheduler->run();
  BOOST_CHECK_EQUAL(std::count(script->calls.begin(), script->calls.end(), "tick"), 2);
}

BOOST_FIXTURE_TEST_CASE(builds_and_merges_take_turns_and_builds_are_reported, fixture) {
  script->build_slices = 2;
  script->merge_slices = 2;
  caf::anon_send(who, actors::define_segments{{{7, 3, std::make_shared<const std::string>("{}")}}});
  scheduler->run();
  BOOST_CHECK(script->calls == (calls{"define 7", "build", "merge", "build", "merge"}));
  BOOST_CHECK_EQUAL(std::count(heard.begin(), heard.end(), "built"), 1);
}

BOOST_FIXTURE_TEST_CASE(a_build_tells_what_keeps_it_and_goes_on, fixture) {
  caf::anon_send(who, actors::define_segments{{{7, 3, std::make_shared<const std::string>("{}")}}});
  scheduler->run_once();
  heard.clear();
  script->fails = model::failure{model::failure_code::storage_full, "the disk is full"};
  scheduler->run();
  BOOST_CHECK_EQUAL(std::count(heard.begin(), heard.end(), "the disk is full"), 1);
  BOOST_CHECK_EQUAL(std::count(heard.begin(), heard.end(), "built"), 0);
  script->fails.reset();
  scheduler->advance_time(std::chrono::seconds{2});
  scheduler->run();
  BOOST_CHECK_EQUAL(std::count(heard.begin(), heard.end(), "built"), 1);
}

BOOST_FIXTURE_TEST_CASE(changes_come_through_between_the_slices_of_a_preview, fixture) {
  script->preview_slices = 3;
  std::vector<std::uint32_t> found;
  system->spawn(
    [&found](caf::event_based_actor* self, const actors::profile_actor& to) {
      self
        ->request(
          to, caf::infinite,
          actors::preview_members{std::make_shared<const std::string>("{}"), model::from_ms(0)})
        .then([&found](const actors::preview_answer& answer) { found = answer.profiles; });
      caf::anon_send(to, changes(1));
    },
    who);
  scheduler->run();
  BOOST_CHECK(script->calls
              == (calls{"begin preview", "preview", "commit 1", "preview", "preview"}));
  BOOST_CHECK((found == std::vector<std::uint32_t>{3, 5}));
}

BOOST_FIXTURE_TEST_CASE(changes_come_through_between_the_slices_of_a_listing, fixture) {
  script->listing_slices = 3;
  calls answers;
  system->spawn(
    [&answers](caf::event_based_actor* self, const actors::profile_actor& to) {
      self->request(to, caf::infinite, actors::list_profiles{})
        .then([&answers](const actors::profile_lines& l) {
          answers.push_back("profile " + std::to_string(l.lines.at(0).place.profile));
        });
      self->request(to, caf::infinite, actors::list_events{})
        .then([&answers](const actors::event_keys& e) {
          answers.push_back("event of " + std::to_string(e.keys.at(0).time));
        });
      self->request(to, caf::infinite, actors::sample_properties{{"Placed Order"}})
        .then([&answers](const actors::property_samples& p) {
          answers.push_back("property " + p.properties.at(0).name);
        });
      caf::anon_send(to, changes(1));
    },
    who);
  scheduler->run();
  BOOST_CHECK(script->calls
              == (calls{"begin listing", "begin listing", "begin listing", "listing", "commit 1",
                        "listing", "listing"}));
  BOOST_CHECK(answers == (calls{"profile 7", "event of 5", "property size"}));
}

BOOST_FIXTURE_TEST_CASE(events_are_read_in_the_order_asked_and_gaps_stand_for_those_that_are_gone,
                        fixture) {
  calls found;
  system->spawn(
    [&found](caf::event_based_actor* self, const actors::profile_actor& to) {
      self
        ->request(to, caf::infinite,
                  actors::read_events{{{8, {}, 1, 0}, {9, {}, 0, 0}, {7, {}, 1, 0}}})
        .then([&found](const actors::event_contents& read) {
          for (const auto& e : read.events)
            found.push_back(e ? e->unique_id : "gone");
        });
    },
    who);
  scheduler->run();
  BOOST_CHECK(found == (calls{"e8", "gone", "e7"}));
}

BOOST_FIXTURE_TEST_CASE(only_flips_of_watched_segments_are_sent, fixture) {
  caf::anon_send(who, actors::watch_flips{7, listener});
  scheduler->run();
  script->flips = {{7, 13, 4, true}, {8, 1, 5, true}, {7, 14, 6, false}};
  ask({changes(1)});
  scheduler->run();
  BOOST_CHECK(heard == (calls{"+u4", "-u6"}));
  caf::anon_send(who, actors::unwatch_flips{7});
  script->flips = {{7, 15, 4, false}};
  ask({changes(1)});
  scheduler->run();
  BOOST_CHECK_EQUAL(heard.size(), 2u);
}

BOOST_FIXTURE_TEST_CASE(changes_that_wait_are_committed_after_a_restart, fixture) {
  const auto answers = ask({changes(1)});
  scheduler->run_once(); // They are on their way.
  caf::anon_send(who, actors::begin_anew{});
  scheduler->run();
  BOOST_CHECK(script->calls == (calls{"open", "commit 1"}));
  BOOST_CHECK(*answers == (calls{"committed 1"}));
}

BOOST_FIXTURE_TEST_CASE(a_refused_attempt_stays_refused_after_a_restart, fixture) {
  script->fails = model::failure{model::failure_code::storage_full, "the disk is full"};
  ask({changes(1)});
  scheduler->run();
  script->fails.reset();
  caf::anon_send(who, actors::begin_anew{});
  const auto later = ask({changes(1)});
  scheduler->run();
  BOOST_CHECK(*later == (calls{"the disk is full"}));
}

BOOST_FIXTURE_TEST_CASE(what_was_read_in_slices_is_refused_by_a_restart, fixture) {
  script->preview_slices = script->listing_slices = 3;
  calls answers;
  system->spawn(
    [&answers](caf::event_based_actor* self, const actors::profile_actor& to) {
      const auto note = [&answers](const caf::error& e) {
        answers.push_back(actors::to_failure(e, "ask").message);
      };
      self
        ->request(
          to, caf::infinite,
          actors::preview_members{std::make_shared<const std::string>("{}"), model::from_ms(0)})
        .then([](const actors::preview_answer&) {}, note);
      self->request(to, caf::infinite, actors::list_profiles{})
        .then([](const actors::profile_lines&) {}, note);
      caf::anon_send(to, actors::begin_anew{});
    },
    who);
  scheduler->run();
  const std::string why = "partition 0 was restarted meanwhile; ask again";
  BOOST_CHECK(answers == (calls{why, why}));
}

BOOST_FIXTURE_TEST_CASE(a_tick_that_was_being_worked_on_goes_on_after_a_restart, fixture) {
  script->tick_slices = 3;
  bool is_ticked = false;
  system->spawn(
    [&is_ticked](caf::event_based_actor* self, const actors::profile_actor& to) {
      self->request(to, caf::infinite, actors::tick{model::from_ms(1'000)})
        .then([&is_ticked](const actors::ticked&) { is_ticked = true; });
      caf::anon_send(to, actors::begin_anew{});
    },
    who);
  scheduler->run();
  BOOST_CHECK(script->calls == (calls{"open", "tick", "tick", "tick"}));
  BOOST_TEST(is_ticked);
}

BOOST_FIXTURE_TEST_CASE(a_partition_that_cannot_be_opened_again_ends, fixture) {
  script->fails = model::failure{model::failure_code::storage_broken, "a checksum is wrong"};
  calls answers;
  system->spawn(
    [&answers](caf::event_based_actor* self, const actors::profile_actor& to) {
      const auto note = [&answers](const caf::error& e) {
        answers.push_back(actors::to_failure(e, "ask").message);
      };
      self->request(to, caf::infinite, actors::begin_anew{})
        .then([](const actors::finished&) {}, note);
      self->request(to, caf::infinite, actors::count_members{7}).then([](std::uint64_t) {}, note);
    },
    who);
  scheduler->run();
  BOOST_REQUIRE(answers.size() == 2U);
  BOOST_TEST(answers[0] == "a checksum is wrong");
}

BOOST_FIXTURE_TEST_CASE(a_clock_that_forgot_is_told_again_what_is_due, fixture) {
  script->next_due = model::from_ms(86'400'000);
  ask({changes(1)});
  scheduler->run();
  heard.clear();
  caf::anon_send(who, actors::tick{model::from_ms(1'000)});
  scheduler->run();
  BOOST_TEST(heard.empty());
  caf::anon_send(who, actors::tick{model::from_ms(1'000), true});
  scheduler->run();
  BOOST_CHECK(heard == (calls{"due 1970-01-02T00:00:00Z"}));
}

BOOST_FIXTURE_TEST_CASE(the_clock_hears_when_the_next_due_instant_changes, fixture) {
  script->next_due = model::from_ms(86'400'000);
  ask({changes(1)});
  scheduler->run();
  ask({changes(1)});
  scheduler->run();
  BOOST_CHECK(heard == (calls{"due 1970-01-02T00:00:00Z"}));
}

BOOST_AUTO_TEST_SUITE_END()
