#include "tests/cluster/nats_servers.hpp"
#include "tests/gateway/client.hpp"
#include "tests/node/program.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <random>
#include <set>
#include <system_error>
#include <thread>

// Three nodes as users run them: programs of their own, with NATS servers on loopback.
namespace node_tests {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using gateway_tests::client;
using gateway_tests::received;

constexpr std::size_t node_count = 3;
constexpr auto patience = 120s;

/// A cluster of three nodes that can be killed, frozen and started again.
class small_cluster {
public:
  small_cluster() {
    peers_ = cluster_tests::free_ports(2 * node_count);
    std::vector<std::string> words{"cluster",      "init",   directory_ / "cluster",
                                   "--partitions", "2",      "--ttl-ms",
                                   "3000",         "--nodes"};
    for (std::size_t i = 0; i < node_count; ++i)
      words.push_back(fmt::format("{}=127.0.0.1:{}", name(i), peers_[i]));
    const auto nats = servers.settings();
    words.emplace_back("--nats");
    words.insert(words.end(), nats.servers.begin(), nats.servers.end());
    words.emplace_back("--monitoring");
    words.insert(words.end(), nats.monitoring.begin(), nats.monitoring.end());
    const auto made = rollcall(words);
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.err);
    auto text = read_file(file());
    const std::string_view section = "[nats]\n";
    text.insert(text.find(section) + section.size(), "log_mebibytes_max = 64\n");
    write_file(file(), text);
    for (std::size_t i = 0; i < node_count; ++i)
      start(i);
    until_sound();
    key_ = make_key();
  }

  static std::string name(std::size_t node) {
    return fmt::format("n{}", node + 1);
  }
  [[nodiscard]] std::string file() const {
    return directory_ / "cluster/cluster.toml";
  }
  [[nodiscard]] std::string data(std::size_t node) const {
    return directory_ / name(node);
  }
  void start(std::size_t node) {
    nodes_[node] = std::make_unique<running_program>(
      std::vector<std::string>{"serve", "--cluster", file(), "--node", name(node), "--data",
                               data(node), "--listen", fmt::format("127.0.0.1:{}", port(node)),
                               "--rate-limits", "off", "--log", "warn"},
      directory_ / (name(node) + ".log"));
  }
  void kill(std::size_t node) {
    nodes_[node]->send(SIGKILL);
    nodes_[node]->wait();
  }
  void stop(std::size_t node) {
    nodes_[node]->send(SIGTERM);
    BOOST_TEST(nodes_[node]->wait() == 0);
  }
  void send(std::size_t node, int signal) {
    nodes_[node]->send(signal);
  }
  [[nodiscard]] std::uint16_t port(std::size_t node) const {
    return peers_[node_count + node];
  }

  finished_run ask(const std::string& what, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"cluster", what};
    words.insert(words.end(), more.begin(), more.end());
    words.insert(words.end(), {"--cluster", file(), "--node", name(0), "--json"});
    return rollcall(words);
  }
  void until_sound() const {
    const auto until = std::chrono::steady_clock::now() + patience;
    finished_run told;
    do
      told = ask("check");
    while (told.status != 0 && std::chrono::steady_clock::now() < until);
    BOOST_REQUIRE_MESSAGE(told.status == 0, told.out << told.err);
  }
  /// Who leads the default account's partition; nothing = nobody, or nobody tells.
  [[nodiscard]] std::optional<std::size_t> leader() const {
    const auto told = ask("status");
    const auto all = json::parse(told.out);
    std::size_t node = 0;
    for (const auto& one : all.as_array()) {
      if (const auto* partitions = one.as_object().if_contains("partitions"))
        for (const auto& p : partitions->as_array())
          if (p.at("leads").as_bool() && !p.at("accounts").as_array().empty())
            return node;
      ++node;
    }
    return std::nullopt;
  }

  /// Status 0 = the node is not there, or has broken off.
  received post(std::size_t node, std::string_view target, std::string_view body) const {
    try {
      return client{port(node)}.ask(gateway_tests::post(target, body, headers()));
    } catch (const std::system_error&) {
      return {};
    }
  }
  /// A request that the account's leader answers.
  [[nodiscard]] std::string question() const {
    return gateway_tests::get("/api/segments", headers());
  }
  /// An event, sent again until some node takes it. False = none did in time.
  bool order(std::mt19937& chance, const std::string& id) const {
    const auto body = fmt::format(
      R"({{"data":{{"type":"event","attributes":{{"properties":{{}},"unique_id":"{0}","metric":)"
      R"({{"data":{{"type":"metric","attributes":{{"name":"Placed Order"}}}}}},"profile":{{"data":)"
      R"({{"type":"profile","attributes":{{"external_id":"{0}"}}}}}}}}}}}})",
      id);
    const auto until = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < until) {
      const auto told = post(chance() % node_count, "/api/events", body);
      if (told.status == 202)
        return true;
      BOOST_REQUIRE_MESSAGE(told.status == 0 || told.status == 503, told.head << told.body);
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }

  cluster_tests::nats_servers servers;

private:
  [[nodiscard]] std::vector<std::string> headers() const {
    return {"Authorization: Klaviyo-API-Key " + key_, "revision: 2025-07-15",
            "Content-Type: application/json"};
  }
  std::string make_key() const {
    const auto until = std::chrono::steady_clock::now() + patience;
    finished_run made;
    do
      made = ask("key", {"--name", "a key & more"});
    while (made.status != 0 && std::chrono::steady_clock::now() < until);
    BOOST_REQUIRE_MESSAGE(made.status == 0, made.out << made.err);
    return std::string{json::parse(made.out).at("key").as_string()};
  }

  scratch_directory directory_;
  std::vector<std::uint16_t> peers_; // Peer tunnels, then HTTP.
  std::string key_;
  std::unique_ptr<running_program> nodes_[node_count];
};

unsigned long environment_or(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoul(text, nullptr, 10) : otherwise;
}

/// What a node's replicas hold, read without the cluster.
std::string told_by(const std::string& data) {
  std::string all;
  std::set<std::filesystem::path> accounts;
  for (const auto& at : std::filesystem::recursive_directory_iterator{data})
    if (at.path().filename() == "default" && at.path().parent_path().filename() == "accounts")
      accounts.insert(at.path());
  BOOST_TEST(accounts.size() == 1U);
  for (const auto& account : accounts) {
    const auto checked = rollcall({"check", "--data", account});
    BOOST_TEST(checked.status == 0, checked.out << checked.err);
    for (const auto& words : {std::vector<std::string>{"metrics"},
                              {"segment", "list"},
                              {"segment", "members", "Buyers", "--limit", "100000"},
                              {"segment", "feed", "Buyers", "--limit", "100000"}}) {
      auto whole = words;
      whole.insert(whole.end(), {"--data", account, "--json"});
      all += rollcall(whole).out;
    }
  }
  return all;
}

constexpr std::string_view buyers =
  R"({"data":{"type":"segment","attributes":{"name":"Buyers","definition":{"condition_groups":[)"
  R"({"conditions":[{"type":"profile-metric","metric_id":"Placed Order","measurement":"count",)"
  R"("measurement_filter":{"type":"numeric","operator":"greater-than-or-equal","value":1},)"
  R"("timeframe_filter":{"type":"date","operator":"in-the-last","unit":"day","quantity":30}}]}]}}}})";

} // namespace

BOOST_AUTO_TEST_SUITE(cluster_test, *cluster_tests::where_nats_is())

// Whatever node or server dies or freezes while orders come in through all nodes: each order that
// was taken is there once, and all replicas tell the same, to the feed's last flip.
BOOST_AUTO_TEST_CASE(orders_are_taken_once_whoever_dies) {
  const auto seed = environment_or("ROLLCALL_CHAOS_SEED", 1);
  const auto cycles = environment_or("ROLLCALL_CHAOS_CYCLES", 5);
  BOOST_TEST_MESSAGE("ROLLCALL_CHAOS_SEED=" << seed);
  std::mt19937 chance{static_cast<unsigned>(seed)};
  small_cluster it;
  BOOST_REQUIRE(it.order(chance, "first"));
  const auto made = it.post(1, "/api/segments", buyers);
  BOOST_REQUIRE_MESSAGE(made.status == 201, made.head << made.body);

  std::atomic<bool> is_over = false;
  std::atomic<std::size_t> taken = 1; // "first"
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 2; ++sender)
    senders.emplace_back([&, sender] {
      std::mt19937 own{static_cast<unsigned>(seed * 10 + static_cast<unsigned>(sender))};
      for (int i = 0; !is_over; ++i) {
        BOOST_TEST_REQUIRE(it.order(own, fmt::format("order-{}-{}", sender, i)));
        ++taken;
        std::this_thread::sleep_for(5ms);
      }
    });
  for (unsigned long cycle = 0; cycle < cycles; ++cycle) {
    const auto before = taken.load();
    const auto node = it.leader().value_or(0);
    switch (cycle % 5) {
    case 0: // The leader's plug is pulled.
      it.kill(node);
      std::this_thread::sleep_for(4s);
      it.start(node);
      break;
    case 1: // The leader freezes, and wakes up when another leads.
      it.send(node, SIGSTOP);
      std::this_thread::sleep_for(5s);
      it.send(node, SIGCONT);
      break;
    case 2: // A follower's plug is pulled.
      it.kill((node + 1) % node_count);
      it.start((node + 1) % node_count);
      break;
    case 3: { // A server of the log dies.
      const auto server = chance() % 3;
      it.servers.kill(server);
      std::this_thread::sleep_for(1s);
      it.servers.start(server);
      it.servers.wait_until_whole();
      break;
    }
    default: // The leader is stopped in order.
      it.stop(node);
      it.start(node);
    }
    it.until_sound();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (taken < before + 10 && std::chrono::steady_clock::now() < until)
      std::this_thread::sleep_for(20ms);
    BOOST_TEST_REQUIRE(taken >= before + 10, "no order was taken after cycle " << cycle);
  }
  is_over = true;
  for (auto& one : senders)
    one.join();
  it.until_sound();
  std::this_thread::sleep_for(3s); // Followers read to the end.
  for (std::size_t node = 0; node < node_count; ++node)
    it.stop(node);
  const auto first = told_by(it.data(0));
  BOOST_TEST(first.find(fmt::format(R"("name":"Placed Order","count":{})", taken.load()))
               != std::string::npos,
             taken << " orders were taken; found " << first.substr(0, 300));
  for (std::size_t node = 1; node < node_count; ++node)
    BOOST_TEST(told_by(it.data(node)) == first, "node " << node << " tells something else");
}

// A connection that was led to another node stays with it as long as its client does.
BOOST_AUTO_TEST_CASE(a_node_leads_many_clients_elsewhere) {
  constexpr std::size_t clients = 300;
  std::mt19937 chance{1};
  small_cluster it;
  BOOST_REQUIRE(it.order(chance, "first"));
  const auto leader = it.leader();
  BOOST_REQUIRE(leader);
  const auto node = (*leader + 1) % node_count;
  std::vector<client> all;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (all.size() < clients) {
    client one{it.port(node)};
    const auto told = one.ask(it.question());
    if (told.status == 200)
      all.push_back(std::move(one));
    else // A busy machine may be late to shake hands.
      BOOST_TEST_REQUIRE((std::chrono::steady_clock::now() < until),
                         all.size() << " clients were served; then " << told.head);
  }
  it.until_sound(); // The nodes still hear each other.
}

BOOST_AUTO_TEST_SUITE_END()

} // namespace node_tests
