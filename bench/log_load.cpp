/// Appends to a log of its own on NATS servers, several records on their way at once as a leader
/// has them, and prints how many a second they take: one JSON object.
#include "cluster/nats_log.hpp"
#include "cluster/ownership.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace {

using clock = std::chrono::steady_clock;

struct order {
  std::vector<std::string> servers, monitoring;
  std::string prefix = "bench";
  std::size_t bytes = 256;
  double seconds = 5;
  std::size_t window = cluster::ownership_settings{}.window;
};

[[noreturn]] void give_up(const model::failure& why) {
  fmt::print(stderr, "bench_log_load: {}\n", why.message);
  std::exit(1);
}

/// What became of the appends that are on their way.
class answers {
public:
  void settle(const model::outcome<std::uint64_t>& position) {
    const std::lock_guard lock{guard_};
    ++settled_;
    if (!position && !failed_)
      failed_ = position.error();
    came_.notify_one();
  }
  /// Until at most `waiting` of `sent` have no answer.
  void wait(std::uint64_t sent, std::uint64_t waiting) {
    std::unique_lock lock{guard_};
    came_.wait(lock, [&] { return sent - settled_ <= waiting || failed_; });
    if (failed_)
      give_up(*failed_);
  }

private:
  std::mutex guard_;
  std::condition_variable came_;
  std::uint64_t settled_ = 0;
  std::optional<model::failure> failed_;
};

int measure(const order& wanted) {
  cluster::nats_settings settings;
  settings.servers = wanted.servers;
  settings.monitoring = wanted.monitoring;
  settings.prefix = wanted.prefix;
  auto connection = cluster::connect_nats(settings);
  if (!connection)
    give_up(connection.error());
  auto log = cluster::open_nats_log(*connection, 0);
  if (!log)
    give_up(log.error());
  const auto extent = (*log)->extent();
  if (!extent)
    give_up(extent.error());

  answers all;
  auto last = extent->last;
  std::uint64_t sent = 0;
  const auto begun = clock::now();
  const auto until = begun
                   + std::chrono::duration_cast<clock::duration>(
                       std::chrono::duration<double>{wanted.seconds});
  while (clock::now() < until) {
    all.wait(sent, wanted.window - 1);
    (*log)->submit(last, std::string(wanted.bytes, 'x'),
                   [&all](const model::outcome<std::uint64_t>& position) { all.settle(position); });
    ++last;
    ++sent;
  }
  all.wait(sent, 0);
  const std::chrono::duration<double> took = clock::now() - begun;
  // The rest of the servers' room is for others.
  if (auto cut = (*log)->trim(last); !cut)
    give_up(cut.error());
  const auto rate = static_cast<double>(sent) / took.count();
  fmt::print(R"({{"bytes":{},"records_per_s":{:.6g},"mb_per_s":{:.6g}}})"
             "\n",
             wanted.bytes, rate, rate * static_cast<double>(wanted.bytes) / 1e6);
  return 0;
}

} // namespace

int main(int count, char** words) {
  order wanted;
  CLI::App line{"Appends to a log of its own on NATS servers."};
  line.add_option("--servers", wanted.servers, "nats://HOST:PORT")->delimiter(',')->required();
  line.add_option("--monitoring", wanted.monitoring, "http://HOST:PORT")
    ->delimiter(',')
    ->required();
  line.add_option("--prefix", wanted.prefix, "Of the stream's name");
  line.add_option("--bytes", wanted.bytes, "Of a record")
    ->check(CLI::Range(std::size_t{1}, cluster::partition_log::record_bytes_max));
  line.add_option("--seconds", wanted.seconds, "How long");
  line.add_option("--window", wanted.window, "Records on their way at once")
    ->check(CLI::Range(std::size_t{1}, std::size_t{1024}));
  CLI11_PARSE(line, count, words);
  return measure(wanted);
}
