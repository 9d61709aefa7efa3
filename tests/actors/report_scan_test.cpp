#include "actors/partition.hpp"
#include "metrics/answer.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

BOOST_AUTO_TEST_SUITE(report_scan_test)

namespace {

using actors::partition;

constexpr std::uint32_t people = 9'000; // Three blocks, so that a report needs three slices.
const model::instant now = model::from_ms(1'750'000'000'000);

std::uint32_t name(model::change_batch& batch, std::string_view text) {
  batch.names.push_back(batch.add_text(text));
  return static_cast<std::uint32_t>(batch.names.size() - 1);
}

/// An order of 10 of everybody in [from, to) at the instant `at`.
model::change_batch orders(std::uint32_t from, std::uint32_t to, model::instant at) {
  model::change_batch batch;
  const auto metric = name(batch, "Placed Order");
  for (auto profile = from; profile < to; ++profile) {
    model::change_record r;
    r.kind = model::change_kind::event;
    r.profile = profile;
    r.name = metric;
    r.has_time = r.has_value = true;
    r.time = model::to_ms(at);
    r.value = 10;
    batch.records.push_back(r);
  }
  return batch;
}

metrics::fold_order order() {
  static const auto words = metrics::read_dictionary(metrics::standard_files());
  BOOST_REQUIRE(words.read);
  metrics::request_context context;
  context.words = &*words.read;
  const auto asked = metrics::read_request(
    R"({"datasource":"account","timeframe":{"start":"2025-01-01","end":"2025-12-31"},
        "group_by":[],"statistics":["orders","buyers","revenue"]})",
    context);
  BOOST_REQUIRE(asked.read);
  return metrics::plan(*asked.read, *words.read, model::to_ms(now));
}

struct fixture {
  tests::temporary_directory directory;
  std::unique_ptr<partition> owned;

  fixture() {
    actors::partition_options options;
    options.directory = directory.path() / "partition";
    auto opened = partition::open(options);
    BOOST_REQUIRE(opened);
    owned = std::move(*opened);
    commit(orders(0, people, now));
  }
  void commit(const model::change_batch& batch) {
    const actors::incoming_batch incoming{&batch};
    BOOST_REQUIRE(owned->commit({&incoming, 1}, now));
  }
  void fold_delta() {
    for (int i = 0; i < 10'000; ++i) {
      const auto done = owned->merge_slice(std::chrono::seconds{1});
      BOOST_REQUIRE(done);
      if (*done)
        return;
    }
    BOOST_FAIL("the merge does not end");
  }
  partition::report_result slice() {
    return owned->report_slice(std::chrono::microseconds{0});
  }
  /// Orders, buyers, revenue by the names of the order's measures.
  std::map<std::string, double> finish() {
    for (int i = 0; i < 100; ++i) {
      const auto result = slice();
      if (result.found.empty())
        continue;
      const auto& sums = result.found.front().added_up;
      std::map<std::string, double> values;
      const auto measures = order().measures;
      for (std::size_t m = 0; m < measures.size(); ++m) {
        const auto& p = sums.rollups.at(0).at(0).measures.at(m);
        values[measures[m].name] = measures[m].counts == metrics::counting::sum
                                   ? p.sum.value()
                                   : static_cast<double>(p.count);
      }
      return values;
    }
    BOOST_FAIL("the report does not end");
    return {};
  }
};

} // namespace

BOOST_FIXTURE_TEST_CASE(a_report_tells_what_there_was_when_it_began, fixture) {
  for (const bool in_columns : {false, true}) {
    if (in_columns)
      fold_delta();
    const double already = in_columns ? 6 : 0; // Orders of the first round.
    owned->begin_fold(order(), {});
    BOOST_REQUIRE(slice().found.empty()); // The first block is read.
    // In the block that was read, in one that was not, and of somebody new.
    const auto later = now + std::chrono::seconds{in_columns ? 20 : 10};
    for (const auto profile : {5u, 5'000u, 8'999u})
      commit(orders(profile, profile + 1, later));
    for (const auto profile : {5u, 5'000u, 8'999u}) // And once more, when it was read early.
      commit(orders(profile, profile + 1, later + std::chrono::seconds{1}));
    const auto values = finish();
    BOOST_CHECK_EQUAL(values.at("orders"), people + already);
    BOOST_CHECK_EQUAL(values.at("buyers"), people);
    BOOST_CHECK_EQUAL(values.at("revenue"), 10.0 * (people + already));
  }
  owned->begin_fold(order(), {});
  BOOST_CHECK_EQUAL(finish().at("orders"), people + 12);
}

BOOST_FIXTURE_TEST_CASE(whoever_is_erased_while_a_report_runs_is_still_in_it, fixture) {
  owned->begin_fold(order(), {});
  BOOST_REQUIRE(slice().found.empty());
  model::change_batch batch;
  for (const auto profile : {7u, 6'000u}) {
    model::change_record r;
    r.kind = model::change_kind::erase;
    r.profile = profile;
    batch.records.push_back(r);
  }
  commit(batch);
  BOOST_CHECK_EQUAL(finish().at("buyers"), people);
  owned->begin_fold(order(), {});
  BOOST_CHECK_EQUAL(finish().at("buyers"), people - 2);
}

BOOST_FIXTURE_TEST_CASE(reports_run_beside_each_other, fixture) {
  const auto first = owned->begin_fold(order(), {});
  const auto second = owned->begin_fold(order(), {});
  BOOST_CHECK_NE(first, second);
  std::size_t found = 0;
  for (int i = 0; i < 100 && found < 2; ++i)
    found += slice().found.size();
  BOOST_CHECK_EQUAL(found, 2);
  BOOST_CHECK(slice().done);
}

BOOST_AUTO_TEST_SUITE_END()
