#pragma once

#include "tests/library/batch_maker.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>
#include <rollcall/rollcall.hpp>

#include <memory>
#include <set>
#include <string>
#include <vector>

inline constexpr const char* bought_lately = R"({"condition_groups": [{"conditions": [
  {"type": "profile-metric", "metric_id": "Placed Order", "measurement": "count",
   "measurement_filter": {"type": "numeric", "operator": "greater-than-or-equal", "value": 1},
   "timeframe_filter": {"type": "date", "operator": "in-the-last", "quantity": 30, "unit": "day"},
   "metric_filters": null}]}]})";

inline constexpr const char* bought_twice = R"({"condition_groups": [{"conditions": [
  {"type": "profile-metric", "metric_id": "Placed Order", "measurement": "count",
   "measurement_filter": {"type": "numeric", "operator": "greater-than-or-equal", "value": 2},
   "timeframe_filter": {"type": "date", "operator": "alltime"}, "metric_filters": null}]}]})";

/// Ends the test with the failure's sentence.
template <class T>
void need(const model::outcome<T>& o) {
  if (!o)
    BOOST_FAIL(o.error().message);
}

/// An engine in a directory of its own, with a manual clock that starts on 1 January 2026.
struct engine_fixture {
  tests::temporary_directory directory;
  std::unique_ptr<rollcall::engine> engine;

  engine_fixture() {
    open();
  }
  [[nodiscard]] rollcall::options options() const {
    rollcall::options o;
    o.directory = directory.path() / "store";
    o.clock = rollcall::clock_kind::manual;
    o.start = instant("2026-01-01");
    return o;
  }
  void open() {
    auto opened = rollcall::engine::open(options());
    need(opened);
    engine = std::move(*opened);
  }
  void reopen() {
    engine.reset();
    open();
  }
  static model::instant instant(const char* text) {
    return *model::parse_instant(text);
  }

  rollcall::receipt apply(batch_maker& batch, std::string_view source = {},
                          std::uint64_t sequence = 0) {
    auto taken = engine->apply(batch.take(), source, sequence);
    need(taken);
    return std::move(*taken);
  }
  void create(std::string_view name, std::string_view json) {
    auto made = engine->create(name, json);
    need(made);
    wait(name);
  }
  void wait(std::string_view name) {
    const auto built = engine->wait_built(name);
    need(built);
  }
  void advance(const char* to) {
    const auto moved = engine->advance(instant(to));
    need(moved);
  }
  std::set<std::string> members(std::string_view segment) {
    std::set<std::string> all;
    std::string cursor;
    do {
      auto page = engine->members(segment, cursor, 2); // Small pages, so that cursors are used.
      need(page);
      for (const auto& m : page->members)
        BOOST_CHECK_MESSAGE(all.insert(m.profile).second, m.profile << " came twice");
      cursor = page->cursor;
    } while (!cursor.empty());
    auto count = engine->count(segment);
    need(count);
    BOOST_CHECK_EQUAL(*count, all.size());
    return all;
  }
  /// "+u1 event", "-u1 clock", … from `cursor` on, which moves to the end.
  std::vector<std::string> flips(std::string_view segment, std::string& cursor) {
    std::vector<std::string> all;
    for (;;) {
      auto page = engine->feed(segment, cursor, 3);
      need(page);
      if (page->cursor == cursor || page->flips.empty())
        return all;
      for (const auto& f : page->flips)
        all.push_back((f.joined ? "+" : "-") + f.profile + " " + model::name_of(f.cause));
      cursor = page->cursor;
    }
  }
  void check_everything() {
    auto faults = engine->check(1);
    need(faults);
    for (const auto& line : *faults)
      BOOST_ERROR(line);
  }
};

using names = std::set<std::string>;
