#include "tests/node/chaos_faults.hpp"
#include "tests/node/chaos_traffic.hpp"
#include "tests/node/replica_check.hpp"
#include "tests/node/small_cluster.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <thread>

// Three nodes as users run them, programs of their own with NATS servers beside them, each pair on
// a host of its own, with everything that can go wrong there.
namespace node_tests {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;

constexpr auto served_again_within = 120s;
constexpr std::uint64_t served_again = 30; // Acknowledged changes.
constexpr auto followers_read_within = 30s;
constexpr auto told_when_not_sound_after = 10s;
// Orders leave the last hour six seconds after they were written, or when they are taken.
constexpr auto leaves_within = 12s;

unsigned long environment_or(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoul(text, nullptr, 10) : otherwise;
}

/// How long nobody was answered, by kind of fault.
class pauses {
public:
  void add(const std::vector<chaos_fault>& by, std::chrono::milliseconds pause) {
    all_[by.size() == 1 ? by.front().kind : "several at once"].push_back(pause.count());
  }
  /// A table, and into the file that ROLLCALL_CHAOS_FIGURES names.
  void tell() {
    json::object figures;
    fmt::print("{:<24} {:>6} {:>8} {:>8} {:>8}\n", "pause after", "times", "p50 ms", "p99 ms",
               "max ms");
    for (auto& [kind, list] : all_) {
      std::ranges::sort(list);
      const auto at = [&, &of = list](std::size_t percent) {
        return of[std::min(of.size() - 1, of.size() * percent / 100)];
      };
      fmt::print("{:<24} {:>6} {:>8} {:>8} {:>8}\n", kind, list.size(), at(50), at(99),
                 list.back());
      figures[kind] = json::value_from(list);
    }
    std::fflush(stdout);
    if (const char* file = std::getenv("ROLLCALL_CHAOS_FIGURES"))
      write_file(file, json::serialize(figures) + '\n');
  }

private:
  std::map<std::string, std::vector<std::int64_t>> all_;
};

/// One cluster, from nothing to the comparison of its replicas.
class chaos_round {
public:
  chaos_round(unsigned long seed, bool on_hosts)
    : chance_{seed}, cluster_{{.snapshot_records = 1'000,
                               .log_mebibytes_max = 256,
                               .on_hosts = on_hosts,
                               .seed = seed}},
      faults_{cluster_} {
    cluster_.start_all();
    for (const auto& [name, definition] : chaos_traffic::segments()) {
      const auto made = cluster_.post(
        1, "/api/segments",
        fmt::format(
          R"({{"data":{{"type":"segment","attributes":{{"name":"{}","definition":{}}}}}}})", name,
          definition));
      BOOST_REQUIRE_MESSAGE(made.status == 201, made.head << made.body);
    }
    traffic_.emplace(cluster_, seed);
    BOOST_REQUIRE(serves_again(0));
  }

  [[nodiscard]] std::mt19937_64& chance() {
    return chance_;
  }
  [[nodiscard]] chaos_faults& faults() {
    return faults_;
  }

  /// Whatever happens, everything is sound and served again. False = something went wrong.
  bool live_through(std::size_t cycle, std::vector<chaos_fault> all, pauses& figures) {
    std::vector<std::string> names;
    for (const auto& one : all)
      names.push_back(one.what);
    fmt::print("cycle {:>3}: {}", cycle, fmt::join(names, " + "));
    std::fflush(stdout);
    const auto before = traffic_->acknowledged();
    const auto begun = std::chrono::steady_clock::now();
    traffic_->mark();
    for (const auto& one : all) {
      one.begin();
      if (all.size() > 1)
        std::this_thread::sleep_for(std::chrono::milliseconds{chance_() % 400});
    }
    std::this_thread::sleep_for(hold(all));
    std::ranges::shuffle(all, chance_);
    for (const auto& one : all)
      one.end();
    cluster_.servers().wait_until_whole(served_again_within, cluster_tests::nats_health::servers);
    cluster_.until_sound([&](const std::string& wrong) {
      const auto after = std::chrono::steady_clock::now() - begun;
      if (after > told_when_not_sound_after)
        fmt::print("\n  after {} s: {}",
                   std::chrono::duration_cast<std::chrono::seconds>(after).count(),
                   wrong.substr(0, wrong.find('\n')));
      std::fflush(stdout);
    });
    const bool is_served = serves_again(traffic_->acknowledged());
    const auto pause = traffic_->longest_pause();
    figures.add(all, pause);
    fmt::print(": paused {} ms, took {} ms, {} acknowledged, epoch {}\n", pause.count(),
               std::chrono::duration_cast<std::chrono::milliseconds>(
                 std::chrono::steady_clock::now() - begun)
                 .count(),
               traffic_->acknowledged() - before, traffic_->epochs());
    std::fflush(stdout);
    BOOST_TEST(is_served, "hardly anything is acknowledged after " << fmt::format("{}", names));
    for (const auto& wrong : traffic_->contradictions())
      BOOST_ERROR(wrong);
    return is_served && traffic_->contradictions().empty();
  }

  /// Stops everything in order and compares what the replicas hold.
  void end() {
    traffic_->let_nobody_leave();
    std::this_thread::sleep_for(leaves_within); // Whoever leaves the last hour does.
    auto wrong = traffic_->finish();
    cluster_.until_sound();
    BOOST_TEST(
      small_cluster::comes_true([&] { return have_read_the_same(); }, followers_read_within));
    for (std::size_t node = 0; node < cluster_.size(); ++node)
      BOOST_TEST(cluster_.stop(node) == 0);
    std::vector<told_replica> replicas;
    for (std::size_t node = 0; node < cluster_.size(); ++node) {
      std::vector<std::string> here;
      replicas.push_back(read_replica(cluster_.data(node), traffic_->account(), here));
      hold_against(traffic_->account(), replicas.back(), here);
      compare(replicas.front(), replicas.back(), here);
      for (const auto& what : here)
        wrong.push_back(fmt::format("n{}: {}", node + 1, what));
    }
    for (const auto& what : wrong)
      BOOST_ERROR(what);
    BOOST_TEST(traffic_->epochs() > 0);
    const auto& sent = traffic_->account();
    fmt::print("{} changes acknowledged; {} orders, {} more that were sent once, {} of which "
               "nobody knows; answers",
               traffic_->acknowledged(), sent.ordered.size(), sent.sent_once.size(),
               sent.perhaps.size());
    for (const auto& [status, count] : traffic_->statuses())
      fmt::print(" {}: {}", status, count);
    fmt::print("\n");
    std::fflush(stdout);
  }

private:
  [[nodiscard]] static std::chrono::milliseconds hold(const std::vector<chaos_fault>& all) {
    // Long enough for another to take over, unless nobody has to.
    const bool is_short = std::ranges::all_of(all, [](const chaos_fault& one) {
      return one.kind.find("stopped") != std::string::npos
          || one.kind.find("clock") != std::string::npos || one.kind.starts_with("node")
          || one.kind.starts_with("server") || one.kind.starts_with("log");
    });
    return is_short ? 1500ms : 4500ms;
  }

  [[nodiscard]] bool serves_again(std::uint64_t from) const {
    return small_cluster::comes_true(
      [&] { return traffic_->acknowledged() >= from + served_again; }, served_again_within);
  }

  /// All are at one place, and it is not only the passing of time that they wait for.
  [[nodiscard]] bool have_read_the_same() const {
    std::set<std::uint64_t> places;
    for (const auto& node : cluster_.status()) {
      const auto* partitions = node.as_object().if_contains("partitions");
      if (!partitions)
        return false;
      for (const auto& p : partitions->as_array())
        if (!p.at("accounts").as_array().empty())
          places.insert(p.at("position").to_number<std::uint64_t>());
    }
    return !places.empty() && *places.rbegin() - *places.begin() <= 2;
  }

  std::mt19937_64 chance_;
  small_cluster cluster_;
  chaos_faults faults_;
  std::optional<chaos_traffic> traffic_;
};

bool may_have_hosts() {
  const auto why = cluster_tests::host_network::why_not();
  if (why)
    fmt::print("NOT CHECKED: faults of network, disks and clocks in a cluster: {}\n", *why);
  else if (!std::getenv("ROLLCALL_SHIFTED_CLOCK"))
    fmt::print("NOT CHECKED: clocks that jump in a cluster: this build has no clock for it\n");
  return !why;
}

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_test, *cluster_tests::where_nats_is())

// Whatever goes wrong while changes come in through all nodes: each that was acknowledged is there
// once, no answer contradicts an earlier one, and all replicas tell the same, to the feed's last
// flip.
BOOST_AUTO_TEST_CASE(what_was_acknowledged_is_there_once_whatever_goes_wrong) {
  const auto seed = environment_or("ROLLCALL_CHAOS_SEED", 1);
  const auto cycles = environment_or("ROLLCALL_CHAOS_CYCLES", 0);
  const auto cycles_per_round = environment_or("ROLLCALL_CHAOS_ROUND", 20);
  const bool on_hosts = may_have_hosts();
  pauses figures;
  if (const char* kind = std::getenv("ROLLCALL_CHAOS_KIND")) { // One alone, again and again.
    chaos_round round{seed, on_hosts};
    for (unsigned long cycle = 1; cycle <= std::max(cycles, 1UL); ++cycle) {
      round.faults().forget();
      std::vector<chaos_fault> all;
      for (std::string_view rest{kind}; !rest.empty();) {
        const auto end = std::min(rest.find('+'), rest.size());
        if (auto made = round.faults().make(std::string{rest.substr(0, end)}, round.chance()))
          all.push_back(std::move(*made));
        rest.remove_prefix(std::min(end + 1, rest.size()));
      }
      if (!round.live_through(cycle, std::move(all), figures))
        break;
    }
    round.end();
    return figures.tell();
  }
  if (cycles == 0) { // One each of what matters most.
    fmt::print("ROLLCALL_CHAOS_SEED={}\n", seed);
    chaos_round round{seed, on_hosts};
    const auto known = round.faults().kinds();
    std::size_t cycle = 0;
    for (const auto& kinds : std::vector<std::vector<std::string>>{
           {"leader killed", "leader's clock ahead", "node's disk full"},
           {"leader frozen", "log's leader killed"},
           {"nobody hears leader", "node killed"},
           {"slow and lossy links", "leader stopped"}}) {
      round.faults().forget();
      std::vector<chaos_fault> all;
      for (const auto& kind : kinds)
        if (std::ranges::find(known, kind) != known.end())
          if (auto made = round.faults().make(kind, round.chance()))
            all.push_back(std::move(*made));
      if (!all.empty() && !round.live_through(++cycle, std::move(all), figures))
        break;
    }
    round.end();
    return;
  }
  for (unsigned long done = 0, number = 0; done < cycles; ++number) {
    fmt::print("ROLLCALL_CHAOS_SEED={}\n", seed + number);
    chaos_round round{seed + number, on_hosts};
    bool is_fine = true;
    for (unsigned long i = 0; is_fine && i < cycles_per_round && done < cycles; ++i)
      is_fine = round.live_through(++done, round.faults().draw(round.chance()), figures);
    round.end();
    figures.tell();
    if (!is_fine)
      break;
  }
}

// A connection that was led to another node stays with it as long as its client does.
BOOST_AUTO_TEST_CASE(a_node_leads_many_clients_elsewhere) {
  constexpr std::size_t clients = 300;
  small_cluster it;
  it.start_all();
  BOOST_REQUIRE(small_cluster::comes_true([&] { return it.leader_of_account().has_value(); }));
  const auto node = (*it.leader_of_account() + 1) % it.size();
  std::vector<gateway_tests::client> all;
  BOOST_TEST_REQUIRE(small_cluster::comes_true(
    [&] {
      while (all.size() < clients) {
        gateway_tests::client one{it.port(node)};
        if (one.ask(gateway_tests::get("/api/segments", it.headers())).status != 200)
          return false; // A busy machine may be late to shake hands.
        all.push_back(std::move(one));
      }
      return true;
    },
    served_again_within));
  it.until_sound(); // The nodes still hear each other.
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace node_tests
