#include "model/instant.hpp"
#include "model/limits.hpp"
#include "segments/evaluate.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

/// How fast criteria are, one core, data made in memory: scans of blocks of columns, and one
/// profile at a time. Usage: evaluate_bench [blocks] (default 64 blocks of 4096 profiles with 20
/// events each).
namespace {

using segments::date_operator;

constexpr std::uint32_t rows = model::block_rows;
constexpr std::uint32_t events_per_row = 20;
constexpr std::int64_t second_ms = 1'000;
constexpr std::int64_t day_ms = 86'400 * second_ms;
constexpr std::int64_t now = 19'800 * day_ms + 43'200 * second_ms;
constexpr std::int64_t history_days = 365;

constexpr std::uint32_t orders = 0; // The only metric.

class known_names final : public model::name_binder {
public:
  std::uint32_t metric(std::string_view) override {
    return orders;
  }
  std::uint32_t attribute(std::string_view path) override {
    return path == "created" ? 1 : 0;
  }
  std::uint32_t event_property(std::string_view key) override {
    return key == "Item" ? 1 : 0;
  }
};

class text_dictionary final : public model::value_dictionary {
public:
  [[nodiscard]] std::uint32_t size() const override {
    return static_cast<std::uint32_t>(texts.size());
  }
  [[nodiscard]] model::value_view entry(std::uint32_t code) const override {
    return {model::value_kind::text, 0, texts[code - 1]};
  }
  std::vector<std::string> texts;
};

/// One profile out of vectors; stands in for the live path's view.
class vector_profile final : public model::profile_view {
public:
  [[nodiscard]] model::value_view attribute(std::uint32_t) const override {
    return {model::value_kind::text, 0, "brand 7"};
  }
  [[nodiscard]] std::span<const model::event_view> events(std::uint32_t) const override {
    return list;
  }
  [[nodiscard]] model::value_view property(std::uint32_t, const model::event_view& event,
                                           std::uint32_t) const override {
    return {model::value_kind::text, 0, brands[event.handle]};
  }
  [[nodiscard]] span_of_time event_times() const override {
    return {list.front().time, list.back().time};
  }
  std::vector<model::event_view> list;
  std::vector<std::string> brands;
};

class made_block final : public model::block_view, public model::event_columns {
public:
  explicit made_block(std::mt19937_64& random) {
    for (std::uint32_t i = 0; i < 40; ++i)
      brands_.texts.push_back("brand " + std::to_string(i));
    for (std::int64_t day = 0; day < history_days; ++day)
      dates_.texts.push_back(
        model::format_instant(model::from_ms((19'500 + day) * day_ms)).substr(0, 10));
    for (std::uint32_t row = 0; row < rows; ++row) {
      offsets_.push_back(row * events_per_row);
      attribute_codes_.push_back(static_cast<std::uint8_t>(random() % 41));
      date_codes_.push_back(static_cast<std::uint16_t>(random() % (history_days + 1)));
      std::vector<std::uint32_t> drawn(events_per_row);
      for (auto& t : drawn)
        t = static_cast<std::uint32_t>(random() % (history_days * 86'400));
      std::sort(drawn.begin(), drawn.end());
      times_.insert(times_.end(), drawn.begin(), drawn.end());
      for (std::uint32_t i = 0; i < events_per_row; ++i) {
        brand_codes_.push_back(static_cast<std::uint8_t>(1 + random() % 40));
        cents_.push_back(static_cast<std::uint16_t>(random() % 20'000));
      }
    }
    offsets_.push_back(rows * events_per_row);
    first = offsets_;
    model::event_columns::times = {reinterpret_cast<const std::byte*>(times_.data()), 4,
                                   now - history_days * day_ms, second_ms};
    values.integers = {reinterpret_cast<const std::byte*>(cents_.data()), 2, 0, 1};
    values.divisor = 100;
    values.all_none = false;
    alive_.assign(rows / 64, ~std::uint64_t{0});
    dirty_.assign(rows / 64, 0);
  }

  [[nodiscard]] std::uint32_t profiles() const override {
    return rows;
  }
  [[nodiscard]] const model::event_columns* events(std::uint32_t) const override {
    return this;
  }
  [[nodiscard]] model::coded_column attribute(std::uint32_t attribute) const override {
    if (attribute == 1)
      return {&dates_, reinterpret_cast<const std::byte*>(date_codes_.data()), 2, 0};
    return {&brands_, reinterpret_cast<const std::byte*>(attribute_codes_.data()), 1, 0};
  }
  [[nodiscard]] model::coded_column property(std::uint32_t) const override {
    return {&brands_, reinterpret_cast<const std::byte*>(brand_codes_.data()), 1, 0};
  }
  [[nodiscard]] std::span<const std::uint32_t> metrics() const override {
    static constexpr std::uint32_t only[] = {orders};
    return only;
  }
  [[nodiscard]] std::span<const std::uint64_t> dirty() const override {
    return dirty_;
  }
  [[nodiscard]] std::span<const std::uint64_t> alive() const override {
    return alive_;
  }
  [[nodiscard]] const model::profile_view& profile(std::uint32_t) const override {
    std::abort(); // No row is dirty.
  }

  [[nodiscard]] vector_profile profile_of(std::uint32_t row) const {
    vector_profile p;
    for (std::uint32_t i = 0; i < events_per_row; ++i) {
      const std::size_t at = offsets_[row] + i;
      p.list.push_back({model::event_columns::times.at(at), values.at(at), i});
      p.brands.push_back(brands_.texts[brand_codes_[at] - 1u]);
    }
    return p;
  }

private:
  text_dictionary brands_;
  text_dictionary dates_;
  std::vector<std::uint32_t> offsets_;
  std::vector<std::uint32_t> times_;
  std::vector<std::uint16_t> cents_;
  std::vector<std::uint8_t> brand_codes_;
  std::vector<std::uint8_t> attribute_codes_;
  std::vector<std::uint16_t> date_codes_;
  std::vector<std::uint64_t> alive_;
  std::vector<std::uint64_t> dirty_;
};

/// Processor seconds of the quickest of several runs; a busy machine then disturbs little.
double quickest(const std::function<void()>& run) {
  double best = 1e9;
  for (int n = 0; n < 7; ++n) {
    const std::clock_t start = std::clock();
    run();
    best = std::min(best, static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC);
  }
  return best;
}

segments::event_criterion orders_in(date_operator op, std::int64_t days) {
  segments::event_criterion c;
  c.events.metric = "Placed Order";
  c.during.op = op;
  c.during.from = days;
  c.holds = {segments::comparison::greater_equal, 2, {}};
  return c;
}

} // namespace

int main(int argc, char** argv) {
  const std::size_t block_count = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 64;
  std::mt19937_64 random{1};
  std::vector<std::unique_ptr<made_block>> blocks;
  for (std::size_t n = 0; n < block_count; ++n)
    blocks.push_back(std::make_unique<made_block>(random));
  known_names names;

  const auto scan = [&](const char* title, const segments::criterion& c, double per_row) {
    const auto compiled = segments::compile(c, names, "UTC");
    std::vector<std::uint64_t> holds(rows / 64);
    std::vector<segments::compiled_criterion::due_row> due;
    std::size_t members = 0;
    std::size_t due_rows = 0;
    const double seconds = quickest([&] {
      members = due_rows = 0;
      for (const auto& block : blocks) {
        std::fill(holds.begin(), holds.end(), 0);
        due.clear();
        compiled->scan(*block, now, INT64_MAX, holds, due);
        for (const std::uint64_t word : holds)
          members += static_cast<std::size_t>(__builtin_popcountll(word));
        due_rows += due.size();
      }
    });
    const double all_rows = static_cast<double>(rows) * static_cast<double>(block_count);
    std::printf("%-52s %8.0f M %s/s %7.1f M rows/s  %5.1f %% hold, %5.1f %% due\n", title,
                all_rows * per_row / seconds / 1e6, per_row > 1 ? "events" : "rows  ",
                all_rows / seconds / 1e6, 100 * static_cast<double>(members) / all_rows,
                100 * static_cast<double>(due_rows) / all_rows);
  };

  auto count = orders_in(date_operator::in_the_last, 30);
  scan("count >= 2 in the last 30 days", count, events_per_row);
  scan("count >= 2 at least 30 days ago", orders_in(date_operator::at_least, 30), events_per_row);
  auto fixed = orders_in(date_operator::after, 0);
  fixed.during.start = model::from_ms(now - 40 * day_ms);
  scan("count >= 2 after a date", fixed, events_per_row);
  auto never = orders_in(date_operator::in_the_last, 10);
  never.holds = {segments::comparison::equal, 0, {}};
  scan("count = 0 in the last 10 days", never, events_per_row);
  auto brand = count;
  brand.events.where = {
    {"Brand", segments::text_filter{segments::text_operator::equals, {"brand 7"}}}};
  scan("count >= 2 of a brand in the last 30 days", brand, events_per_row);
  auto brand_ever = brand;
  brand_ever.during = {};
  scan("count >= 2 of a brand over all time", brand_ever, events_per_row);
  auto sum = orders_in(date_operator::in_the_last, 90);
  sum.what = segments::measure::sum;
  sum.holds = {segments::comparison::greater, 300, {}};
  scan("sum > 300 in the last 90 days", sum, events_per_row);
  sum.during = {};
  sum.holds.operand = 2'000;
  scan("sum > 2000 over all time", sum, events_per_row);
  auto average = sum;
  average.what = segments::measure::average;
  average.holds.operand = 100;
  scan("average > 100 over all time", average, events_per_row);
  auto distinct = orders_in(date_operator::in_the_last, 90);
  distinct.what = segments::measure::distinct;
  distinct.property = "Brand";
  scan("5 and more brands in the last 90 days", distinct, events_per_row);
  segments::sequence_criterion sequence;
  sequence.during = count.during;
  for (const char* text : {"brand 1", "brand 2"}) {
    segments::sequence_step step;
    step.events.metric = "Placed Order";
    step.events.where = {
      {"Brand", segments::text_filter{segments::text_operator::not_equals, {text}}}};
    sequence.steps.push_back(step);
  }
  scan("two steps in the last 30 days", sequence, events_per_row);

  scan("attribute equals a text, codes of 1 byte",
       segments::attribute_criterion{
         "brand", segments::text_filter{segments::text_operator::equals, {"brand 7"}}},
       1);
  scan("attribute contains a text (13 of 40), codes of 1 byte",
       segments::attribute_criterion{
         "brand", segments::text_filter{segments::text_operator::contains, {"brand 1"}}},
       1);
  segments::date_filter recent;
  recent.op = date_operator::in_the_last;
  recent.from = 60;
  scan("attribute date in the last 60 days, codes of 2 bytes",
       segments::attribute_criterion{"created", recent}, 1);
  recent.op = date_operator::before;
  recent.start = model::from_ms(now - 100 * day_ms);
  scan("attribute date before a day, codes of 2 bytes",
       segments::attribute_criterion{"created", recent}, 1);
  scan(
    "last event at least 30 days ago",
    segments::attribute_criterion{"last_event_date", orders_in(date_operator::at_least, 30).during},
    events_per_row);

  std::vector<vector_profile> people;
  for (std::uint32_t row = 0; row < 512; ++row)
    people.push_back(blocks.front()->profile_of(row));
  const auto one = [&](const char* title, const segments::criterion& c) {
    const auto compiled = segments::compile(c, names, "UTC");
    constexpr int rounds = 200;
    std::int64_t sink = 0;
    const double seconds = quickest([&] {
      for (int n = 0; n < rounds; ++n)
        for (const auto& p : people)
          sink += compiled->evaluate(p, now).next_flip & 1;
    });
    std::printf("%-52s %8.1f ns a profile%s\n", title,
                seconds * 1e9 / (rounds * static_cast<double>(people.size())),
                sink == -1 ? " " : "");
  };
  one("evaluate: count >= 2 in the last 30 days", count);
  one("evaluate: count >= 2 of a brand in the last 30 days", brand);
  one("evaluate: count >= 2 of a brand over all time", brand_ever);
  one("evaluate: sum > 300 in the last 90 days", [&] {
    auto c = sum;
    c.during = orders_in(date_operator::in_the_last, 90).during;
    c.holds.operand = 300;
    return c;
  }());
  one("evaluate: two steps in the last 30 days", sequence);
  one("evaluate: attribute equals a text",
      segments::attribute_criterion{
        "brand", segments::text_filter{segments::text_operator::equals, {"brand 7"}}});
}
