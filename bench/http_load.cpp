/// Load on a server that runs: one kind of request at a time, at a rate or as fast as answers come.
/// Prints one JSON object a line (bench/README.md). Ends with 1 when a request was refused or left
/// unanswered.
#include "bench/api_requests.hpp"
#include "bench/generated_store.hpp"
#include "bench/many_segments.hpp"
#include "bench/open_loop.hpp"
#include "bench/question_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace {

constexpr auto
  usage = "bench_http_load --load single|jobs|lines|pages|posts --port N --key KEY --name TEXT\n"
          "    [--rate R] [--connections N] [--seconds S] [--idle N] [--profiles N] [--seed N]\n"
          "    [--first N] [--per-request N] [--path PATH] [--bodies FILE]\n"
          "bench_http_load --load segments --questions FOLDER\n\n"
          "  single, jobs, lines  events: POST /api/events, /api/event-bulk-create-jobs,\n"
          "                       /api/rollcall/changes; numbered from --first on\n"
          "  pages                GET PATH, and on along links.next\n"
          "  posts                POST to PATH of each line of FILE in turn\n"
          "  segments             prints 1,000 segments for `rollcall segment create --many`\n";

struct arguments {
  std::map<std::string, std::string> given;

  [[nodiscard]] std::string text(const std::string& name) const {
    const auto found = given.find(name);
    return found == given.end() ? std::string{} : found->second;
  }
  [[nodiscard]] double number(const std::string& name, double otherwise) const {
    const auto found = given.find(name);
    return found == given.end() ? otherwise : std::stod(found->second);
  }
  [[nodiscard]] std::uint64_t count(const std::string& name, std::uint64_t otherwise) const {
    const auto found = given.find(name);
    return found == given.end() ? otherwise : std::stoull(found->second);
  }
};

void say(const std::string& work, double value, const char* unit) {
  fmt::print("{{\"work\":\"{}\",\"value\":{:.6g},\"unit\":\"{}\"}}\n", work, value, unit);
}

/// Of ascending values.
double percentile(const std::vector<double>& values, double share) {
  if (values.empty())
    return 0;
  const auto rank = std::ceil(share * static_cast<double>(values.size()));
  return values[std::min(values.size(), std::max<std::size_t>(1, static_cast<std::size_t>(rank)))
                - 1];
}

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in{file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    if (!line.empty())
      lines.push_back(line);
  return lines;
}

int print_segments(const arguments& a) {
  constexpr std::size_t segments = 1'000;
  constexpr std::size_t criteria = 200;
  const auto conditions = bench::conditions_of_questions(a.text("questions"), criteria);
  const auto definitions = bench::many_segments(segments, conditions);
  for (std::size_t i = 0; i < definitions.size(); ++i)
    fmt::print("{{\"name\":\"live {}\",\"definition\":{}}}\n", i, definitions[i]);
  return 0;
}

std::unique_ptr<bench::request_source>
source_of(const arguments& a, const bench::generated_store& store, std::size_t connections) {
  const auto load = a.text("load");
  const auto key = a.text("key");
  const auto first = a.count("first", 0);
  if (load == "single")
    return std::make_unique<bench::single_events>(store, key, first);
  if (load == "jobs" || load == "lines")
    return std::make_unique<bench::bulk_events>(
      store, key, load == "jobs" ? bench::bulk_events::form::jobs : bench::bulk_events::form::lines,
      first, a.count("per-request", 1'000));
  if (load == "pages")
    return std::make_unique<bench::pages>(key, a.text("path"), connections);
  if (load == "posts")
    return std::make_unique<bench::posts>(key, a.text("path"), lines_of(a.text("bodies")));
  return nullptr;
}

int measure(const arguments& a) {
  const bench::generated_store store{a.count("seed", 1),
                                     static_cast<std::uint32_t>(a.count("profiles", 100'000))};
  bench::load_plan plan;
  plan.port = static_cast<std::uint16_t>(a.count("port", 8787));
  plan.connections = a.count("connections", 1);
  plan.rate = a.number("rate", 0);
  plan.seconds = a.number("seconds", 10);
  const auto source = source_of(a, store, plan.connections);
  if (!source) {
    fmt::print(stderr, "{}", usage);
    return 2;
  }
  bench::idle_connections idle{plan.port, a.count("idle", 0)};
  const auto result = bench::run_load(plan, *source);

  const auto load = a.text("load");
  const bool in_bulk = load == "jobs" || load == "lines";
  const auto name = a.text("name");
  const auto each = static_cast<double>(in_bulk ? a.count("per-request", 1'000) : 1);
  const auto taken = static_cast<double>(result.answers) * each;
  fmt::print(R"({{"work":"{}","value":{:.6g},"unit":"{}","taken":{},"seconds":{:.6g}}})"
             "\n",
             name, taken / std::max(result.seconds, 1e-3), in_bulk ? "events/s" : "requests/s",
             taken, result.seconds);
  say(name + ", p50", percentile(result.milliseconds, 0.5), "ms");
  say(name + ", p99", percentile(result.milliseconds, 0.99), "ms");
  say(name + ", p99.9", percentile(result.milliseconds, 0.999), "ms");
  if (a.count("idle", 0) > 0)
    say(name + ", idle connections that were still served",
        static_cast<double>(idle.still_served()), "connections");
  if (result.refused + result.unanswered == 0)
    return 0;
  fmt::print(stderr, "{}: {} refused, {} unanswered; the first refusal: {}\n", name, result.refused,
             result.unanswered, result.first_refusal);
  return 1;
}

} // namespace

int main(int count, char** words) {
  arguments a;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string name = words[i];
    if (!name.starts_with("--")) {
      fmt::print(stderr, "{}", usage);
      return 2;
    }
    a.given[name.substr(2)] = words[i + 1];
  }
  return a.text("load") == "segments" ? print_segments(a) : measure(a);
}
