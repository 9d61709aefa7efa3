// Segments that are not processed, and processed again.
#include "tests/library/engine_fixture.hpp"

BOOST_AUTO_TEST_SUITE(engine_activation_test)

namespace {

constexpr const char* not_bought = R"({"condition_groups": [{"conditions": [
  {"type": "profile-metric", "metric_id": "Placed Order", "measurement": "count",
   "measurement_filter": {"type": "numeric", "operator": "equals", "value": 0},
   "timeframe_filter": {"type": "date", "operator": "alltime"}, "metric_filters": null}]}]})";

struct shop : engine_fixture {
  shop() {
    batch_maker batch;
    for (const auto* who : {"ann", "bob", "cat"})
      batch.event({who}, "Placed Order", "2025-12-20", {}, who);
    apply(batch);
    create("Lately", bought_lately);
  }
  void set_active(std::string_view segment, bool is_active) {
    const auto set = engine->set_active(segment, is_active);
    need(set);
    BOOST_TEST(set->is_active == is_active);
    wait(segment);
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(nobody_joins_or_leaves_a_segment_that_is_not_active, shop) {
  set_active("Lately", false);
  std::string end;
  flips("Lately", end);
  batch_maker batch;
  apply(batch.event({"dan"}, "Placed Order", "2025-12-30"));
  advance("2026-02-20");
  BOOST_CHECK((members("Lately") == names{"ann", "bob", "cat"}));
  BOOST_CHECK(flips("Lately", end).empty());
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(made_active_again_it_is_true_again_and_the_feed_tells_the_difference,
                        shop) {
  set_active("Lately", false);
  std::string end;
  flips("Lately", end);
  batch_maker batch;
  apply(batch.event({"ann"}, "Placed Order", "2026-01-01")
          .event({"dan"}, "Placed Order", "2026-01-01"));
  advance("2026-01-25");
  set_active("Lately", true);
  BOOST_CHECK((members("Lately") == names{"ann", "dan"}));
  const auto told = flips("Lately", end);
  BOOST_CHECK((std::set<std::string>(told.begin(), told.end())
               == names{"+dan edit", "-bob edit", "-cat edit"}));
  apply(batch.event({"eve"}, "Placed Order", "2026-01-25"));
  BOOST_CHECK((members("Lately") == names{"ann", "dan", "eve"}));
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(it_stays_inactive_across_openings_restarts_and_edits, shop) {
  create("Never", not_bought);
  set_active("Lately", false);
  set_active("Never", false);
  reopen();
  batch_maker batch;
  apply(batch.profile({"ann"})); // By then these actors have their names.
  need(engine->restart_actor("profile/1"));
  need(engine->restart_actor("build_coordinator"));
  apply(batch.event({"dan"}, "Placed Order", "2025-12-30").profile({"nobody"}));
  need(engine->edit("Lately", bought_twice));
  wait("Lately");
  BOOST_CHECK((members("Lately") == names{"ann", "bob", "cat"}));
  BOOST_CHECK((members("Never") == names{}));
  const auto shown = engine->show("Lately");
  need(shown);
  BOOST_TEST(!shown->is_active);
  BOOST_TEST(shown->json == bought_twice);
  BOOST_CHECK(shown->state == rollcall::segment_state::live);
  check_everything();
  set_active("Lately", true);
  set_active("Never", true);
  BOOST_CHECK((members("Lately") == names{}));
  BOOST_CHECK((members("Never") == names{"nobody"}));
}

BOOST_FIXTURE_TEST_CASE(whoever_is_erased_leaves_all_the_same, shop) {
  set_active("Lately", false);
  need(engine->erase_profile("bob"));
  BOOST_CHECK((members("Lately") == names{"ann", "cat"}));
  need(engine->fold());
  reopen();
  BOOST_CHECK((members("Lately") == names{"ann", "cat"}));
  check_everything();
}

BOOST_FIXTURE_TEST_CASE(segments_that_refer_to_it_go_by_its_definition, shop) {
  create("Same", R"({"all_of": [{"segment": "Lately"}]})");
  set_active("Lately", false);
  advance("2026-02-20");
  BOOST_CHECK((members("Lately") == names{"ann", "bob", "cat"}));
  BOOST_CHECK((members("Same") == names{}));
}

BOOST_FIXTURE_TEST_CASE(what_is_so_already_changes_nothing, shop) {
  set_active("Lately", true);
  BOOST_TEST(engine->show("Lately")->version == 1U);
  set_active("Lately", false);
  set_active("Lately", false);
  BOOST_TEST(engine->show("Lately")->version == 2U);
  const auto why = engine->explain("Lately", "ann");
  need(why);
  BOOST_TEST(why->find(R"("member":true)") != std::string::npos);
  BOOST_CHECK(!engine->set_active("Nobody", false));
}

BOOST_AUTO_TEST_SUITE_END()
