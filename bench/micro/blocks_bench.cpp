// What blocks cost: bytes an event, nanoseconds a merged event, how fast columns are read. Uses
// processor time, so that neighbours on the machine disturb less.
#include "model/limits.hpp"
#include "storage/attribute_block.hpp"
#include "storage/event_block.hpp"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <deque>
#include <random>
#include <string>
#include <vector>

namespace {

constexpr std::uint32_t old_events = 400'000; // About a hundred a profile.
constexpr std::uint32_t new_events = 20'000;
constexpr int repeats = 9;

double processor_seconds() {
  timespec t{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

/// Best of several runs, in nanoseconds.
template <class F>
double best(const F& f) {
  double least = 1e300;
  for (int i = 0; i < repeats; ++i) {
    const auto start = processor_seconds();
    f();
    least = std::min(least, processor_seconds() - start);
  }
  return least * 1e9;
}

[[noreturn]] void stop(const model::failure& why) {
  fmt::print(stderr, "{}\n", why.message);
  std::exit(1);
}

template <class T>
T must(model::outcome<T> o) {
  if (!o)
    stop(o.error());
  return std::move(*o);
}

/// Events as an importer hands them over: texts in one arena, properties in one array.
class input {
public:
  input(std::uint32_t count, std::uint64_t seed, std::uint64_t first_id, std::int64_t from,
        std::int64_t seconds) {
    std::mt19937_64 random{seed};
    for (int i = 0; i < 40; ++i)
      campaigns_.push_back(fmt::format("campaign {}", i));
    for (int i = 0; i < 4; ++i)
      variants_.push_back(fmt::format("variant {}", i));
    struct draft {
      std::uint32_t row;
      std::int64_t time;
    };
    std::vector<draft> drafts(count);
    for (auto& d : drafts)
      d = {static_cast<std::uint32_t>(random() % model::block_rows),
           from + static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(seconds)) * 1000};
    std::sort(drafts.begin(), drafts.end(), [](const draft& a, const draft& b) {
      return a.row != b.row ? a.row < b.row : a.time < b.time;
    });
    properties_.resize(std::size_t{count} * 2);
    events_.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
      auto* const own = &properties_[std::size_t{i} * 2];
      own[0] = {1, {model::value_kind::text, 0, campaigns_[random() % campaigns_.size()]}};
      own[1] = {2, {model::value_kind::text, 0, variants_[random() % variants_.size()]}};
      const auto& id = ids_.emplace_back(
        fmt::format("evt-{:010}", first_id + i * 64 + random() % 64));
      events_.push_back({drafts[i].row,
                         drafts[i].time,
                         static_cast<double>(random() % 50'000) / 100,
                         id,
                         {own, 2}});
    }
  }
  [[nodiscard]] std::span<const storage::new_event> events() const {
    return events_;
  }

private:
  std::vector<std::string> campaigns_;
  std::vector<std::string> variants_;
  std::deque<std::string> ids_;
  std::vector<storage::new_property> properties_;
  std::vector<storage::new_event> events_;
};

void measure_events() {
  constexpr std::int64_t start = 1'600'000'000'000;
  constexpr std::int64_t two_years = 63'072'000;
  const input first{old_events, 1, 12'345'678, start, two_years};
  const input later{new_events, 2, 60'000'000, start + two_years * 1000, 600};
  const input among{new_events, 3, 60'000'000, start, two_years};

  std::vector<storage::word> words;
  const auto fresh = best([&] {
    words = must(storage::merge_events(nullptr, model::block_rows, first.events(), {}, 1));
  });
  const auto bytes = static_cast<double>(words.size() * sizeof(storage::word));
  fmt::print("events: {} in a block of {} profiles, an id, a value and two properties each\n",
             old_events, model::block_rows);
  fmt::print("  size                         {:7.2f} bytes an event\n", bytes / old_events);
  fmt::print("  first merge                  {:7.2f} ns a new event\n", fresh / old_events);

  const auto block = must(storage::event_block::open(words));
  const auto rewrite = best(
    [&] { must(storage::merge_events(&block, model::block_rows, {}, {}, 2)); });
  fmt::print("  merge, nothing new           {:7.2f} ns an old event\n", rewrite / old_events);
  const auto merge = [&](const char* what, const input& added) {
    const auto time = best(
      [&] { must(storage::merge_events(&block, model::block_rows, added.events(), {}, 2)); });
    fmt::print("  merge of {} {:<16}{:7.2f} ns an old event, {:.2f} ns a new one beyond that\n",
               new_events, what, time / old_events, (time - rewrite) / new_events);
  };
  merge("latest", later);
  merge("in between", among);

  std::uint64_t sum = 0;
  const auto open = best([&] {
    for (int i = 0; i < 1000; ++i)
      sum += must(storage::event_block::open(words)).size();
  });
  fmt::print("  open                         {:7.2f} ns a block\n", open / 1000);
  const auto times = best([&] {
    for (std::uint32_t i = 0; i < block.size(); ++i)
      sum += static_cast<std::uint64_t>(block.times.at(i));
  });
  fmt::print("  read every time              {:7.2f} ns an event, {:.2f} GB/s of column\n",
             times / old_events, block.times.width * double{old_events} / times);
  const auto campaign = block.property(1);
  const auto codes = best([&] {
    for (std::uint32_t i = 0; i < block.size(); ++i)
      sum += campaign.code(i) == 3 ? 1 : 0;
  });
  fmt::print("  compare every code           {:7.2f} ns an event, {:.2f} GB/s of column\n",
             codes / old_events, campaign.width * double{old_events} / codes);
  const auto values = best([&] {
    double total = 0;
    for (std::uint32_t i = 0; i < block.size(); ++i)
      total += block.values.at(i);
    sum += static_cast<std::uint64_t>(total);
  });
  fmt::print("  sum every value              {:7.2f} ns an event\n", values / old_events);
  const auto find = best([&] {
    for (const auto& e : later.events())
      sum += block.find(e.row, e.unique_id) ? 1 : 0;
  });
  fmt::print("  look for an unknown id       {:7.2f} ns, {:.2f} ns an event of the profile\n",
             find / new_events, find / new_events / (double{old_events} / model::block_rows));
  const auto validate = best([&] { sum += block.validate() ? 1 : 0; });
  fmt::print("  validate                     {:7.2f} ns an event\n", validate / old_events);
  fmt::print("  ({})\n", sum % 10);
}

void measure_attributes() {
  std::mt19937_64 random{4};
  std::deque<std::string> mails;
  std::vector<storage::new_value> all;
  std::vector<storage::new_value> some;
  for (std::uint32_t row = 0; row < model::block_rows; ++row)
    all.push_back(
      {row,
       {model::value_kind::text, 0,
        mails.emplace_back(fmt::format("person{}@example.org", random() % 10'000'000))}});
  for (int i = 0; i < 100; ++i)
    some.push_back(
      {static_cast<std::uint32_t>(random() % model::block_rows),
       {model::value_kind::text, 0,
        mails.emplace_back(fmt::format("other{}@example.org", random() % 10'000'000))}});
  std::vector<storage::word> words;
  const auto fresh = best(
    [&] { words = must(storage::merge_attributes(nullptr, model::block_rows, all, 1)); });
  const auto block = must(storage::attribute_block::open(words));
  const auto merge = best(
    [&] { must(storage::merge_attributes(&block, model::block_rows, some, 2)); });
  fmt::print("attributes: {} different e-mail addresses\n", model::block_rows);
  fmt::print("  size                         {:7.2f} bytes a profile\n",
             static_cast<double>(words.size() * sizeof(storage::word)) / model::block_rows);
  fmt::print("  first merge                  {:7.2f} us a block\n", fresh / 1000);
  fmt::print("  merge of 100                 {:7.2f} us a block\n", merge / 1000);
}

} // namespace

int main() {
  measure_events();
  measure_attributes();
}
