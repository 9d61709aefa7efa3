#include "gateway/registry.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>
#include <thread>

namespace {

using namespace gateway;

} // namespace

BOOST_AUTO_TEST_SUITE(registry_test)

BOOST_AUTO_TEST_CASE(a_family_has_its_meaning_its_kind_and_its_samples) {
  exposition out;
  out.begin("rollcall_profiles", figure_kind::gauge, "Living profiles.");
  out.sample({{"account", "a1"}}, 3);
  out.sample({{"account", "b2"}, {"partition", "0"}}, 0.5);
  out.sample({}, 1e18);
  BOOST_TEST(out.text()
             == "# HELP rollcall_profiles Living profiles.\n# TYPE rollcall_profiles gauge\n"
                "rollcall_profiles{account=\"a1\"} 3\n"
                "rollcall_profiles{account=\"b2\",partition=\"0\"} 0.5\n"
                "rollcall_profiles 1e+18\n");
}

BOOST_AUTO_TEST_CASE(what_has_a_meaning_in_the_format_is_escaped) {
  exposition out;
  out.begin("x", figure_kind::counter, "one \\ two\nthree \"four\"");
  out.sample({{"name", "a\"b\\c\nd{e}"}}, 1);
  BOOST_TEST(out.text()
             == "# HELP x one \\\\ two\\nthree \"four\"\n# TYPE x counter\n"
                "x{name=\"a\\\"b\\\\c\\nd{e}\"} 1\n");
}

BOOST_AUTO_TEST_CASE(numbers_that_are_none_have_their_names) {
  exposition out;
  out.begin("x", figure_kind::gauge, "x");
  out.sample({}, std::numeric_limits<double>::infinity());
  out.sample({}, -std::numeric_limits<double>::infinity());
  out.sample({}, std::numeric_limits<double>::quiet_NaN());
  BOOST_TEST(out.text() == "# HELP x x\n# TYPE x gauge\nx +Inf\nx -Inf\nx NaN\n");
}

BOOST_AUTO_TEST_CASE(counters_count_by_labels) {
  counter_family requests{"r_total", "Requests.", {"route", "status"}};
  requests.add({"/a", "200"});
  requests.add({"/a", "404"}, 2);
  requests.add({"/a", "200"}, 4);
  exposition out;
  requests.write(out);
  BOOST_TEST(out.text()
             == "# HELP r_total Requests.\n# TYPE r_total counter\n"
                "r_total{route=\"/a\",status=\"200\"} 5\n"
                "r_total{route=\"/a\",status=\"404\"} 2\n");
}

BOOST_AUTO_TEST_CASE(buckets_of_a_histogram_hold_everything_below) {
  histogram_family durations{"d", "Durations.", {"route"}, {0.25, 1}};
  for (const double value : {0.125, 0.25, 0.5, 1.5})
    durations.observe({"/a"}, value);
  exposition out;
  durations.write(out);
  BOOST_TEST(out.text()
             == "# HELP d Durations.\n# TYPE d histogram\n"
                "d_bucket{route=\"/a\",le=\"0.25\"} 2\nd_bucket{route=\"/a\",le=\"1\"} 3\n"
                "d_bucket{route=\"/a\",le=\"+Inf\"} 4\nd_sum{route=\"/a\"} 2.375\n"
                "d_count{route=\"/a\"} 4\n");
}

BOOST_AUTO_TEST_CASE(counting_on_many_threads_loses_nothing) {
  counter_family n{"n_total", "N.", {"of"}};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int k = 0; k < 10'000; ++k)
        n.add({k % 2 == 0 ? "even" : "odd"});
    });
  for (auto& each : threads)
    each.join();
  exposition out;
  n.write(out);
  BOOST_TEST(out.text().ends_with("n_total{of=\"even\"} 20000\nn_total{of=\"odd\"} 20000\n"));
}

BOOST_AUTO_TEST_CASE(a_registry_asks_its_sources_each_time) {
  registry all;
  int asked = 0;
  all.add([&](exposition& to) {
    to.begin("a", figure_kind::gauge, "A.");
    to.sample({}, ++asked);
  });
  BOOST_TEST(all.text().ends_with("a 1\n"));
  BOOST_TEST(all.text().ends_with("a 2\n"));
}

BOOST_AUTO_TEST_SUITE_END()
