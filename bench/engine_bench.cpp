/// What only a running engine shows: builds without the program's start, live rates with a thousand
/// segments, how soon a flip is heard, a midnight at which a million memberships end, memory.
/// Prints one JSON object a line (bench/README.md).
#include "bench/generated_store.hpp"
#include "bench/live_changes.hpp"
#include "bench/many_segments.hpp"
#include "bench/memory_read.hpp"
#include "bench/question_files.hpp"
#include "include/rollcall/rollcall.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;

constexpr std::size_t live_criteria = 200;
using std::chrono::duration;

double milliseconds_since(steady::time_point start) {
  return duration<double, std::milli>(steady::now() - start).count();
}

void say(const std::string& work, double value, const char* unit) {
  fmt::print("{{\"work\":\"{}\",\"value\":{:.6g},\"unit\":\"{}\"}}\n", work, value, unit);
  std::fflush(stdout);
}

double percentile(std::vector<double> values, double share) {
  if (values.empty())
    return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1,
                         static_cast<std::size_t>(share * static_cast<double>(values.size())))];
}

template <class T>
T must(model::outcome<T> o, const char* what) {
  if (!o) {
    fmt::print(stderr, "{}: {}\n", what, o.error().message);
    std::exit(1);
  }
  return std::move(*o);
}

struct arguments {
  std::filesystem::path data;
  std::filesystem::path questions;
  std::uint32_t profiles = 100'000;
  std::uint64_t seed = 1;
  int runs = 5;
  int seconds = 10;
  std::string only; // One of the parts below; empty = all.
};

arguments read_arguments(int count, char** words) {
  std::map<std::string, std::string> given;
  for (int i = 1; i + 1 < count; i += 2)
    given[words[i]] = words[i + 1];
  arguments a;
  a.data = given["--data"];
  a.questions = given["--questions"];
  if (given.contains("--profiles"))
    a.profiles = static_cast<std::uint32_t>(std::stoul(given["--profiles"]));
  if (given.contains("--seed"))
    a.seed = std::stoull(given["--seed"]);
  if (given.contains("--runs"))
    a.runs = std::stoi(given["--runs"]);
  if (given.contains("--seconds"))
    a.seconds = std::stoi(given["--seconds"]);
  a.only = given["--only"];
  return a;
}

// --- builds

void create(rollcall::engine& engine, const char* name,
            const std::vector<std::string>& definitions) {
  std::vector<rollcall::new_segment> all;
  for (std::size_t i = 0; i < definitions.size(); ++i)
    all.push_back({fmt::format("{} {}", name, i), definitions[i]});
  must<std::vector<rollcall::segment_info>>(engine.create(std::move(all)), "create");
}

double build_once(rollcall::engine& engine, const std::vector<std::string>& definitions) {
  const auto start = steady::now();
  create(engine, "bench", definitions);
  for (std::size_t i = 0; i < definitions.size(); ++i)
    must(engine.wait_built(fmt::format("bench {}", i)), "build");
  const auto took = milliseconds_since(start);
  for (std::size_t i = 0; i < definitions.size(); ++i)
    must(engine.drop(fmt::format("bench {}", i)), "drop");
  return took;
}

void measure_builds(rollcall::engine& engine, const arguments& a) {
  const auto bandwidth = bench::memory_bandwidth();
  say("memory bandwidth, two threads reading", bandwidth / 1e9, "GB/s");
  for (const auto& file : bench::question_files(a.questions)) {
    const auto definitions = bench::definitions_of(bench::read_question(file));
    build_once(engine, definitions);
    std::vector<double> times;
    for (int run = 0; run < a.runs; ++run)
      times.push_back(build_once(engine, definitions));
    const auto forgotten = bench::forget_touched_pages();
    build_once(engine, definitions);
    const auto touched = forgotten ? static_cast<double>(bench::touched_bytes(a.data)) : 0;
    fmt::print(
      "{{\"question\":\"{}\",\"store_ms\":{:.3f},\"read_bytes\":{:.0f},\"read_ms\":{:.3f}}}\n",
      file.stem().string(), percentile(times, 0.5), touched, touched / bandwidth * 1000);
    std::fflush(stdout);
  }
}

// --- live

/// Hears every flip and tells how long after its event was sent, and after it was acknowledged,
/// that was. An event counts once, with its last flip.
class ear {
public:
  explicit ear(std::uint64_t first) : first_(first) {
  }
  void sent(std::uint64_t event, steady::time_point at) {
    const std::lock_guard lock{guard_};
    times_.resize(event - first_ + 1);
    times_.back().sent = at;
  }
  void acknowledged(std::uint64_t first, std::uint64_t count, steady::time_point at) {
    const std::lock_guard lock{guard_};
    for (auto n = first; n < first + count; ++n)
      times_[n - first_].acknowledged = at;
  }
  void heard(const rollcall::flip_record& flip) {
    if (flip.cause != model::flip_cause::event || !flip.detail.starts_with("live-"))
      return;
    ++flips_;
    const auto event = std::strtoull(flip.detail.c_str() + 5, nullptr, 10);
    const std::lock_guard lock{guard_};
    if (event >= first_ && event - first_ < times_.size())
      times_[event - first_].heard = steady::now();
  }
  /// How long each event's last flip was heard after the event was sent, or acknowledged.
  [[nodiscard]] std::vector<double> waits(bool after_acknowledging) {
    const std::lock_guard lock{guard_};
    std::vector<double> all;
    for (const auto& m : times_)
      if (m.heard != steady::time_point{} && m.acknowledged != steady::time_point{})
        all.push_back(std::max(0.0, duration<double, std::milli>(
                                      m.heard - (after_acknowledging ? m.acknowledged : m.sent))
                                      .count()));
    return all;
  }
  std::uint64_t flips_ = 0;

private:
  struct moments {
    steady::time_point sent{}, acknowledged{}, heard{};
  };
  std::mutex guard_;
  std::uint64_t first_; // Of the events.
  std::deque<moments> times_;
};

/// Sends live changes for `seconds`; at `rate` changes a second, or as fast as they are taken when
/// it is 0. Returns changes/s.
double send_live(rollcall::engine& engine, const bench::generated_store& store, std::uint64_t& next,
                 double rate, int seconds, std::size_t batch_size, ear* listener) {
  const auto start = steady::now();
  std::uint64_t count = 0;
  while (milliseconds_since(start) < seconds * 1000.0) {
    if (rate > 0) {
      const auto due = start
                     + std::chrono::duration_cast<steady::duration>(
                         duration<double>(static_cast<double>(count) / rate));
      std::this_thread::sleep_until(due);
    }
    auto batch = bench::live_changes(store, next, batch_size);
    const auto first = next;
    next += batch_size;
    count += batch_size;
    if (listener != nullptr)
      for (std::size_t i = 0; i < batch_size; ++i)
        listener->sent(first + i, steady::now());
    must(
      engine.submit(std::move(batch), {}, 0,
                    [listener, first, batch_size](const model::outcome<rollcall::receipt>& done) {
                      if (done && listener != nullptr)
                        listener->acknowledged(first, batch_size, steady::now());
                    }),
      "submit");
  }
  must(engine.flush(), "flush");
  return static_cast<double>(count) / (milliseconds_since(start) / 1000);
}

/// `criteria`: what the conditions are like, in a word or two.
void measure_live(rollcall::engine& engine, const bench::generated_store& store, const arguments& a,
                  const std::string& criteria, const std::vector<std::string>& conditions,
                  std::uint64_t& next) {
  constexpr std::size_t segments = 1'000;
  const auto start = steady::now();
  const auto definitions = bench::many_segments(segments, conditions);
  create(engine, "live", definitions);
  for (std::size_t i = 0; i < segments; ++i)
    must(engine.wait_built(fmt::format("live {}", i)), "build");
  const auto over = fmt::format("1,000 segments over {} {}", conditions.size(), criteria);
  say("build of " + over, milliseconds_since(start), "ms");

  const auto rate = send_live(engine, store, next, 0, a.seconds, 2'000, nullptr);
  say("live changes, " + over + ", durable", rate, "changes/s");

  ear listener{next};
  auto subscribed = must(
    engine.subscribe({}, [&](const rollcall::flip_record& f) { listener.heard(f); }), "subscribe");
  const auto half = rate / 2;
  send_live(engine, store, next, half, a.seconds, 200, &listener);
  std::this_thread::sleep_for(std::chrono::milliseconds{500});
  subscribed = {};
  const auto with = [&](std::string_view what) { return fmt::format("{}, {}", what, criteria); };
  say(with("changes offered for these latencies"), half, "changes/s");
  say(with("flips heard"), static_cast<double>(listener.flips_), "flips");
  for (const bool after_acknowledging : {true, false}) {
    auto waits = listener.waits(after_acknowledging);
    const std::string what = after_acknowledging ? "acknowledged to flip heard"
                                                 : "sent to flip heard";
    say(with(what + ", p50"), percentile(waits, 0.5), "ms");
    say(with(what + ", p99"), percentile(waits, 0.99), "ms");
  }

  for (std::size_t i = 0; i < segments; ++i)
    must(engine.drop(fmt::format("live {}", i)), "drop");
}

/// Everybody (up to a million) joins a list now; "joined today" ends for all of them at one
/// midnight.
void measure_midnight(rollcall::engine& engine, const bench::generated_store& store) {
  const auto people = std::min<std::uint32_t>(store.profiles(), 1'000'000);
  constexpr std::uint32_t at_once = 10'000;
  for (std::uint32_t from = 0; from < people; from += at_once)
    must(engine.submit(
           bench::list_joins("Midnight", from, std::min(people, from + at_once), engine.now()), {},
           0, {}),
         "submit");
  must(engine.flush(), "flush");
  must<rollcall::segment_info>(
    engine.create(
      "midnight",
      R"({"type":"profile-group-membership","is_member":true,"group_ids":["Midnight"],)"
      R"("timeframe_filter":{"type":"date","operator":"in-the-last","quantity":0,"unit":"day"}})"),
    "create");
  must(engine.wait_built("midnight"), "build");
  const auto before = must(engine.count("midnight"), "count");

  std::atomic<bool> stop{false};
  std::vector<double> waits;
  std::uint64_t next = 1'000'000'000;
  std::thread traffic([&] {
    while (!stop) {
      const auto sent = steady::now();
      must(engine.apply(bench::live_changes(store, next, 20)), "apply");
      next += 20;
      waits.push_back(milliseconds_since(sent));
      std::this_thread::sleep_for(std::chrono::milliseconds{2});
    }
  });
  const auto midnight = std::chrono::ceil<std::chrono::days>(engine.now()
                                                             + std::chrono::milliseconds{1});
  const auto start = steady::now();
  must(engine.advance(midnight), "advance");
  const auto took = milliseconds_since(start);
  stop = true;
  traffic.join();
  const auto after = must(engine.count("midnight"), "count");
  say("memberships that ended at one midnight", static_cast<double>(before - after), "flips");
  say("all of them out after", took, "ms");
  say("live changes during it, acknowledged p99", percentile(waits, 0.99), "ms");
  must(engine.drop("midnight"), "drop");
}

/// Memory of this process that is not a mapped file.
double anonymous_mib() {
  std::ifstream status{"/proc/self/status"};
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("RssAnon:"))
      return std::stod(line.substr(8)) / 1024;
  return 0;
}

} // namespace

int main(int count, char** words) {
  const auto a = read_arguments(count, words);
  const bench::generated_store store{a.seed, a.profiles};
  auto start = steady::now();
  auto engine = must(rollcall::engine::open({.directory = a.data}), "open");
  say("open", milliseconds_since(start), "ms");
  const auto is_wanted = [&](std::string_view part) { return a.only.empty() || a.only == part; };
  // What an earlier part left is merged as soon as nobody comes; that is no part of a build.
  start = steady::now();
  must(engine->fold(), "fold");
  say("fold of what was in the log", milliseconds_since(start), "ms");
  if (is_wanted("builds")) {
    measure_builds(*engine, a);
    say("memory beyond the page cache after the builds", anonymous_mib(), "MiB");
  }
  if (is_wanted("live")) {
    // What the first change after a start waits for, unless somebody asked before.
    start = steady::now();
    (void)engine->find_profile("nobody is called that");
    say("learning who is called what", milliseconds_since(start), "ms");
    std::uint64_t next = 0; // Of the live events.
    measure_live(*engine, store, a, "criteria of every kind",
                 bench::conditions_of_questions(a.questions, live_criteria), next);
    measure_live(*engine, store, a, "counts of events", bench::counting_conditions(live_criteria),
                 next);
    say("memory beyond the page cache after live traffic", anonymous_mib(), "MiB");
  }
  if (is_wanted("midnight"))
    measure_midnight(*engine, store);
  start = steady::now();
  must(engine->fold(), "fold");
  say("fold of the delta", milliseconds_since(start), "ms");
  say("memory beyond the page cache at the end", anonymous_mib(), "MiB");
}
