#include "tests/library/engine_fixture.hpp"

#include <condition_variable>
#include <mutex>

BOOST_AUTO_TEST_SUITE(engine_rename_test)

namespace {

/// Writes down which segment name every flip came with.
class listener {
public:
  std::function<void(const rollcall::flip_record&)> note() {
    return [this](const rollcall::flip_record& f) {
      const std::lock_guard lock{guard_};
      heard_.push_back(f.segment + " +" + f.profile);
      one_more_.notify_all();
    };
  }
  std::vector<std::string> wait_for(std::size_t count) {
    std::unique_lock lock{guard_};
    BOOST_CHECK(
      one_more_.wait_for(lock, std::chrono::minutes{2}, [&] { return heard_.size() >= count; }));
    return heard_;
  }

private:
  std::mutex guard_;
  std::condition_variable one_more_;
  std::vector<std::string> heard_;
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_renamed_segment_keeps_its_id_members_and_history, engine_fixture) {
  batch_maker batch;
  apply(
    batch.event({"u1"}, "Placed Order", "2025-12-20").event({"u2"}, "Placed Order", "2025-12-21"));
  create("Buyers", bought_lately);
  const auto id = engine->show("Buyers")->id;
  const auto renamed = engine->rename("Buyers", "Customers");
  need(renamed);
  BOOST_CHECK_EQUAL(renamed->name, "Customers");
  BOOST_CHECK_EQUAL(renamed->id, id);
  BOOST_CHECK(renamed->state == rollcall::segment_state::live);
  const auto check = [&] {
    BOOST_CHECK(engine->show("Buyers").error().code == model::failure_code::not_found);
    BOOST_CHECK(members("Customers") == (names{"u1", "u2"}));
    BOOST_CHECK(members(id) == (names{"u1", "u2"}));
    const auto shown = engine->show(id);
    need(shown);
    BOOST_CHECK_EQUAL(shown->name, "Customers");
    BOOST_CHECK_EQUAL(shown->version, 1u);
    BOOST_CHECK_EQUAL(shown->json, bought_lately);
    const auto feed = engine->feed(id, {}, 10);
    need(feed);
    BOOST_REQUIRE_EQUAL(feed->flips.size(), 2u);
    BOOST_CHECK_EQUAL(feed->flips[0].segment, "Customers");
    BOOST_CHECK_EQUAL(feed->flips[0].segment_id, id);
  };
  check();
  reopen();
  check();
  need(engine->rename(id, "Customers")); // It is called that already.
  need(engine->rename("Customers", "Buyers"));
  BOOST_CHECK(members("Buyers") == (names{"u1", "u2"}));
}

BOOST_FIXTURE_TEST_CASE(definitions_go_on_to_mean_a_renamed_segment, engine_fixture) {
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20").profile({"u2"}));
  create("Buyers", bought_lately);
  const auto id = engine->show("Buyers")->id;
  create("Others", R"({"none_of": [{"segment": "Buyers"}]})");
  create("Others by id", R"({"none_of": [{"segment": ")" + id + R"("}]})");
  need(engine->rename("Buyers", "Customers"));
  create("Buyers", bought_twice); // Somebody else has the name now.
  const auto check = [&] {
    for (const auto* name : {"Others", "Others by id"}) {
      BOOST_CHECK(members(name) == (names{"u2"}));
      const auto shown = engine->show(name);
      need(shown);
      BOOST_CHECK_EQUAL(shown->version, 1u);
      BOOST_CHECK(shown->references == (std::vector<std::string>{"Customers"}));
    }
    BOOST_CHECK_EQUAL(engine->show("Others")->json, R"({"none_of": [{"segment": "Customers"}]})");
  };
  check();
  reopen();
  check();
  // A new definition of what was renamed still reaches those who stand on it.
  need(engine->edit("Customers", bought_twice));
  for (const auto* name : {"Customers", "Others", "Others by id"}) {
    wait(name);
    BOOST_CHECK(members(name) == (name == std::string{"Customers"} ? names{} : names{"u1", "u2"}));
  }
  BOOST_CHECK(engine->drop("Customers").error().code == model::failure_code::conflict);
  BOOST_CHECK(engine->drop("Buyers"));
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(a_name_that_is_taken_or_impossible_is_refused, engine_fixture) {
  create("Buyers", bought_lately);
  create("Twice", bought_twice);
  BOOST_CHECK(engine->rename("Buyers", "Twice").error().code == model::failure_code::conflict);
  BOOST_CHECK(engine->rename("Buyers", "").error().code == model::failure_code::invalid_input);
  BOOST_CHECK(engine->rename("Nobody", "New").error().code == model::failure_code::not_found);
  BOOST_CHECK_EQUAL(engine->list()->size(), 2u);
  BOOST_CHECK(engine->show("Buyers"));
}

BOOST_FIXTURE_TEST_CASE(subscribers_hear_the_new_name_from_then_on, engine_fixture) {
  create("Buyers", bought_lately);
  listener of_one;
  listener of_all;
  const auto one = engine->subscribe("Buyers", of_one.note());
  need(one);
  const auto all = engine->subscribe("", of_all.note());
  need(all);
  batch_maker batch;
  apply(batch.event({"u1"}, "Placed Order", "2025-12-20"));
  of_one.wait_for(1);
  of_all.wait_for(1);
  need(engine->rename("Buyers", "Customers"));
  apply(batch.event({"u2"}, "Placed Order", "2025-12-20"));
  const std::vector<std::string> expected{"Buyers +u1", "Customers +u2"};
  BOOST_TEST(of_one.wait_for(2) == expected, boost::test_tools::per_element());
  BOOST_TEST(of_all.wait_for(2) == expected, boost::test_tools::per_element());
  names actors;
  for (const auto& actor : engine->inspect())
    if (actor.alive)
      actors.insert(actor.name);
  BOOST_CHECK(actors.contains("segment/Customers"));
  BOOST_CHECK(!actors.contains("segment/Buyers"));
}

BOOST_AUTO_TEST_SUITE_END()
