#include "messages/batch_codec.hpp"
#include "messages/line_source.hpp"
#include "messages/ndjson.hpp"

#include <boost/test/unit_test.hpp>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

BOOST_AUTO_TEST_SUITE(real_data_test)

namespace {

namespace fs = std::filesystem;

/// Where the real data sets are; empty = nowhere, and the case says so.
fs::path data_folder() {
  const char* named = std::getenv("ROLLCALL_SHARED");
  const auto folder = (named ? fs::path{named} : fs::path{ROLLCALL_SOURCE_DIR} / ".." / "shared")
                    / "data";
  if (fs::is_directory(folder))
    return folder;
  std::cout << "NOT CHECKED: real data, there is no " << folder << "; set ROLLCALL_SHARED\n";
  return {};
}

struct metric_totals {
  std::uint64_t events = 0;
  std::set<std::string, std::less<>> profiles;
  double value_sum = 0;
  std::int64_t first = std::numeric_limits<std::int64_t>::max();
  std::int64_t last = std::numeric_limits<std::int64_t>::min();
};

struct totals {
  std::uint64_t profiles = 0;
  std::uint64_t events = 0;
  std::set<std::string, std::less<>> unique_ids;
  std::map<std::string, metric_totals, std::less<>> metrics;
};

void add(totals& all, const model::change_batch& batch) {
  for (const auto& r : batch.records) {
    if (r.kind == model::change_kind::profile) {
      ++all.profiles;
      continue;
    }
    BOOST_REQUIRE((r.kind == model::change_kind::event));
    ++all.events;
    all.unique_ids.emplace(batch.text(r.unique_id));
    auto& metric = all.metrics[std::string{batch.name(r.name)}];
    ++metric.events;
    metric.profiles.emplace(batch.text(r.who.external_id));
    BOOST_REQUIRE(r.has_time);
    metric.first = std::min(metric.first, r.time);
    metric.last = std::max(metric.last, r.time);
    if (r.has_value)
      metric.value_sum += r.value;
  }
}

void read_file(const fs::path& file, totals& all) {
  auto source = messages::line_source::open(file.string());
  BOOST_REQUIRE(source.has_value());
  messages::ndjson_reader reader;
  messages::line_block block;
  std::vector<messages::line_error> errors;
  model::change_batch batch;
  model::change_batch back;
  while (source->next(block, errors)) {
    batch.clear();
    reader.read(block, batch, errors);
    BOOST_REQUIRE(block.is_empty());
    // Through the codec, as on its way to the log.
    BOOST_REQUIRE(messages::decode(messages::encode(batch, {}), back).has_value());
    BOOST_REQUIRE(back.properties.size() == batch.properties.size());
    add(all, back);
  }
  BOOST_REQUIRE_MESSAGE(errors.empty(), (errors.empty() ? "" : describe(errors.front())));
}

} // namespace

BOOST_AUTO_TEST_CASE(every_real_set_is_read_without_an_error_and_its_sums_are_those_expected) {
  const auto folder = data_folder();
  if (folder.empty())
    return;
  int sets = 0;
  for (const auto& entry : fs::directory_iterator{folder}) {
    if (!fs::exists(entry.path() / "expected.json"))
      continue;
    ++sets;
    BOOST_TEST_CONTEXT(entry.path().filename()) {
      totals all;
      read_file(entry.path() / "profiles.ndjson.gz", all);
      read_file(entry.path() / "events.ndjson.gz", all);
      simdjson::dom::parser parser;
      simdjson::dom::element expected;
      BOOST_REQUIRE(parser.load((entry.path() / "expected.json").string()).get(expected)
                    == simdjson::SUCCESS);
      const auto count = [](const simdjson::dom::element& of, std::string_view field) {
        std::uint64_t number = 0;
        BOOST_REQUIRE(of[field].get(number) == simdjson::SUCCESS);
        return number;
      };
      const auto instant = [](const simdjson::dom::element& of, std::string_view field) {
        std::string_view text;
        BOOST_REQUIRE(of[field].get(text) == simdjson::SUCCESS);
        return model::to_ms(model::parse_instant(text).value());
      };
      BOOST_TEST(all.profiles == count(expected, "profiles"));
      BOOST_TEST(all.events == count(expected, "events"));
      BOOST_TEST(all.unique_ids.size() == count(expected, "distinct_unique_ids"));
      simdjson::dom::object metrics;
      BOOST_REQUIRE(expected["metrics"].get(metrics) == simdjson::SUCCESS);
      BOOST_TEST(all.metrics.size() == metrics.size());
      for (const auto& [name, facts] : metrics)
        BOOST_TEST_CONTEXT(name) {
          const auto& found = all.metrics[std::string{name}];
          BOOST_TEST(found.events == count(facts, "events"));
          BOOST_TEST(found.profiles.size() == count(facts, "profiles"));
          double value_sum = 0;
          BOOST_REQUIRE(facts["value_sum"].get(value_sum) == simdjson::SUCCESS);
          BOOST_TEST(std::fabs(found.value_sum - value_sum) < 0.005);
          BOOST_TEST(found.first == instant(facts, "first"));
          BOOST_TEST(found.last == instant(facts, "last"));
        }
    }
  }
  BOOST_TEST(sets >= 7);
}

BOOST_AUTO_TEST_SUITE_END()
