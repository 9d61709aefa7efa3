/// Reports on a loaded directory: one after the other, many at once, and while changes stream in.
/// Prints one JSON object a line (bench/README.md).
#include "bench/generated_store.hpp"
#include "include/rollcall/batch_builder.hpp"
#include "include/rollcall/rollcall.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace {

namespace json = boost::json;
using steady = std::chrono::steady_clock;

double milliseconds_since(steady::time_point start) {
  return std::chrono::duration<double, std::milli>(steady::now() - start).count();
}

/// What this process has used of its cores in user mode, in milliseconds: what others do beside it
/// hardly changes that.
double user_milliseconds() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_utime.tv_sec) * 1e3
       + static_cast<double>(used.ru_utime.tv_usec) / 1e3;
}

double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values.empty()
         ? 0
         : values[std::min(values.size() - 1,
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

struct report {
  std::string name;
  std::string request;
};

std::vector<report> read_reports(const std::string& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  std::vector<report> reports;
  const auto read = json::parse(text.str());
  for (const auto& one : read.as_array())
    reports.push_back(
      {std::string{one.at("name").as_string()}, json::serialize(one.at("request"))});
  return reports;
}

/// Rows over all groupings, and every statistic added up over them: what the rivals must have too.
std::string check_of(const std::string& answer) {
  const auto read = json::parse(answer);
  const auto* rollups = read.as_object().if_contains("rollups");
  std::uint64_t rows = 0;
  std::map<std::string, double> sums;
  const auto add = [&](const json::value& rollup) {
    for (const auto& row : rollup.at("results").as_array()) {
      ++rows;
      for (const auto& [name, value] : row.at("statistics").as_object())
        if (!value.is_null())
          sums[std::string{name}] += value.to_number<double>();
    }
  };
  if (rollups)
    for (const auto& rollup : rollups->as_array())
      add(rollup);
  else
    add(read);
  std::string text = fmt::format("\"rows\":{}", rows);
  for (const auto& [name, sum] : sums)
    text += fmt::format(",\"{}\":{:.0f}", name, sum);
  return text;
}

void one_by_one(rollcall::engine& engine, const std::vector<report>& reports, int runs) {
  for (const auto& r : reports) {
    auto answer = must(engine.report(r.request), "report");
    std::vector<double> times;
    for (int run = 0; run < runs; ++run) {
      const auto start = steady::now();
      answer = must(engine.report(r.request), "report");
      times.push_back(milliseconds_since(start));
    }
    fmt::print("{{\"report\":\"{}\",\"ms\":{:.3f},{}}}\n", r.name, percentile(times, 0.5),
               check_of(answer));
    std::fflush(stdout);
  }
}

/// Sixteen askers, each with reports of its own timeframe, so that nothing is shared.
std::vector<double> many_at_once(rollcall::engine& engine, const std::vector<report>& reports,
                                 std::chrono::seconds how_long) {
  constexpr unsigned askers = 16;
  std::vector<std::vector<double>> times(askers);
  const auto end = steady::now() + how_long;
  {
    std::vector<std::jthread> threads;
    for (unsigned a = 0; a < askers; ++a)
      threads.emplace_back([&, a] {
        for (std::size_t i = a; steady::now() < end; ++i) {
          const auto changed = must(
            rollcall::engine::changed_request(
              reports[i % reports.size()].request,
              fmt::format(R"({{"timeframe":{{"start":"2025-07-{:02}","end":"2026-05-30"}}}})",
                          a + 1)),
            "request");
          const auto start = steady::now();
          must(engine.report(changed), "report");
          times[a].push_back(milliseconds_since(start));
        }
      });
  }
  std::vector<double> all;
  for (const auto& t : times)
    all.insert(all.end(), t.begin(), t.end());
  return all;
}

void say(const std::string& work, double value, const char* unit) {
  fmt::print("{{\"work\":\"{}\",\"value\":{:.6g},\"unit\":\"{}\"}}\n", work, value, unit);
  std::fflush(stdout);
}

void say_latencies(const std::string& work, const std::vector<double>& times) {
  say(work + ", p50", percentile(times, 0.5), "ms");
  say(work + ", p99", percentile(times, 0.99), "ms");
  say(work + ", reports", static_cast<double>(times.size()), "reports");
}

} // namespace

int main(int count, char** words) {
  std::map<std::string, std::string> given;
  for (int i = 1; i + 1 < count; i += 2)
    given[words[i]] = words[i + 1];
  if (given["--data"].empty() || given["--reports"].empty()) {
    fmt::print(stderr, "usage: bench_report --data DIR --reports FILE --profiles N [--seed S] "
                       "[--runs N] [--seconds N]\n");
    return 2;
  }
  const auto reports = read_reports(given["--reports"]);
  const auto number = [&](const char* name, unsigned long otherwise) {
    return given.contains(name) ? std::stoul(given[name]) : otherwise;
  };
  const int runs = static_cast<int>(number("--runs", 5));
  const std::chrono::seconds seconds{static_cast<long>(number("--seconds", 10))};
  rollcall::options wanted;
  wanted.directory = given["--data"];
  auto engine = must(rollcall::engine::open(wanted), "open");
  must(engine->fold(), "fold");
  one_by_one(*engine, reports, runs);
  const auto used_before = user_milliseconds();
  const auto alone = many_at_once(*engine, reports, seconds);
  const auto used = user_milliseconds() - used_before;
  say_latencies("16 different reports at once", alone);
  say("16 different reports at once, core time of each", used / static_cast<double>(alone.size()),
      "ms");

  // The same while changes stream in.
  constexpr std::uint64_t changes_per_second = 50'000;
  constexpr std::uint64_t batch_records = 500;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> applied{0};
  const auto profiles = number("--profiles", 100'000);
  const auto began = steady::now();
  std::jthread traffic{[&] {
    std::uint64_t sent = 0;
    while (!stop) {
      rollcall::batch_builder batch;
      for (std::uint64_t i = 0; i < batch_records; ++i, ++sent) {
        const auto who = fmt::format("cust-{:08}", sent * 7'919 % profiles);
        batch.event({.external_id = who}, "Viewed Product", engine->now(), {},
                    fmt::format("live-{}-{}", began.time_since_epoch().count(), sent));
      }
      must(engine->submit(batch.take(), "", 0,
                          [&](const model::outcome<rollcall::receipt>& done) {
                            if (done)
                              applied += done->applied;
                          }),
           "submit");
      std::this_thread::sleep_until(
        began + std::chrono::microseconds{sent * 1'000'000 / changes_per_second});
    }
  }};
  const auto times = many_at_once(*engine, reports, seconds);
  stop = true;
  traffic.join();
  must(engine->flush(), "flush");
  const auto took = std::chrono::duration<double>(steady::now() - began).count();
  say_latencies("16 different reports during live changes", times);
  say("live changes beside them", static_cast<double>(applied) / took, "changes/s");
  return 0;
}
