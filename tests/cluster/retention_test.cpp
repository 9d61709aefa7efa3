#include "cluster/retention.hpp"

#include <boost/test/unit_test.hpp>

#include <ostream>
#include <vector>

namespace cluster {

static std::ostream& operator<<(std::ostream& to, const retention& r) {
  return to << "cut up to " << r.cut_up_to << ", keep from " << r.keep_from;
}

} // namespace cluster

BOOST_AUTO_TEST_SUITE(retention_test)

namespace {

using namespace cluster;
using snapshots = std::vector<held_snapshot>;
using positions = std::vector<replica_position>;

const positions far_ahead{{"a", 1'000}, {"b", 1'000}};

} // namespace

BOOST_AUTO_TEST_CASE(the_log_is_kept_from_the_snapshot_before_the_newest) {
  const snapshots three{{100, {"a", "b"}}, {300, {"b", "c"}}, {200, {"a", "c"}}};
  BOOST_TEST(retained(three, far_ahead, 3) == (retention{200, 200}));
}

BOOST_AUTO_TEST_CASE(a_single_snapshot_cuts_nothing) {
  BOOST_TEST(retained(snapshots{}, far_ahead, 3) == retention{});
  BOOST_TEST(retained(snapshots{{100, {"a", "b"}}}, far_ahead, 3) == retention{});
  BOOST_TEST(retained(snapshots{{100, {"a", "b"}}, {100, {"b", "c"}}}, far_ahead, 3)
             == retention{});
}

BOOST_AUTO_TEST_CASE(a_snapshot_on_one_node_does_not_count) {
  const snapshots some{{100, {"a", "b"}}, {200, {"b", "b"}}, {300, {"a", "c"}}, {400, {"c"}}};
  BOOST_TEST(retained(some, far_ahead, 3) == (retention{100, 100}));
  BOOST_TEST(retained(some, far_ahead, 2) == (retention{100, 100}));
}

BOOST_AUTO_TEST_CASE(where_there_is_one_node_one_copy_will_do) {
  const snapshots some{{100, {"a"}}, {200, {"a"}}, {300, {}}};
  BOOST_TEST(retained(some, far_ahead, 1) == (retention{100, 100}));
}

BOOST_AUTO_TEST_CASE(nothing_is_cut_that_a_replica_has_not_read) {
  const snapshots two{{100, {"a", "b"}}, {200, {"a", "b"}}};
  BOOST_TEST(retained(two, positions{{"a", 500}, {"b", 70}}, 2) == (retention{69, 100}));
  BOOST_TEST(retained(two, positions{{"a", 500}, {"b", 101}}, 2) == (retention{100, 100}));
  BOOST_TEST(retained(two, positions{{"a", 500}, {"b", 0}}, 2) == (retention{0, 100}));
  BOOST_TEST(retained(two, positions{}, 2) == (retention{100, 100}));
}

namespace {

using reports = std::vector<replica_report>;
using namespace std::chrono_literals;

replica_report told(std::string node, std::uint64_t settled, std::vector<std::uint64_t> at = {},
                    std::chrono::seconds silence = 1s) {
  return {std::move(node), settled, std::move(at), silence};
}

const cut_settings day{};

} // namespace

BOOST_AUTO_TEST_CASE(standbys_need_no_snapshots_at_the_same_place) {
  const reports two{told("b", 900, {200, 100}), told("c", 900, {250, 150})};
  // From 150 on either can start, by its own snapshot or the other one's.
  BOOST_TEST(cut_by_reports(told("a", 950), two, day) == 150);
}

BOOST_AUTO_TEST_CASE(one_of_two_standbys_with_snapshots_is_not_enough) {
  BOOST_TEST(
    cut_by_reports(told("a", 950), reports{told("b", 900, {200, 100}), told("c", 900)}, day) == 0);
  // The only one there is has to do.
  BOOST_TEST(cut_by_reports(told("a", 950), reports{told("b", 900, {200, 100})}, day) == 100);
}

BOOST_AUTO_TEST_CASE(the_log_waits_a_day_for_who_is_away) {
  const auto b = told("b", 900, {600, 500});
  BOOST_TEST(cut_by_reports(told("a", 950), reports{b, told("c", 70, {60, 50}, 23h)}, day) == 50);
  BOOST_TEST(cut_by_reports(told("a", 950), reports{b, told("c", 20, {60, 50}, 23h)}, day) == 19);
  BOOST_TEST(cut_by_reports(told("a", 950), reports{b, told("c", 70, {60, 50}, 24h)}, day) == 500);
}

BOOST_AUTO_TEST_CASE(who_was_never_heard_of_holds_everything) {
  const reports two{told("b", 900, {600, 500}), told("c", 0, {}, 1h)};
  BOOST_TEST(cut_by_reports(told("a", 950), two, day) == 0);
}

BOOST_AUTO_TEST_CASE(an_owner_by_itself_keeps_some_records) {
  BOOST_TEST(cut_by_reports(told("a", 25'000), reports{}, day) == 14'999);
  BOOST_TEST(cut_by_reports(told("a", 10'000), reports{}, day) == 0);
  BOOST_TEST(cut_by_reports(told("a", 25'000), reports{told("b", 3, {}, 25h)}, day) == 14'999);
}

BOOST_AUTO_TEST_SUITE_END()
