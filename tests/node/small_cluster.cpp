#include "tests/node/small_cluster.hpp"

#include "cluster/placement.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <system_error>

namespace node_tests {

namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using cluster_tests::host_network;
using gateway_tests::client;
using gateway_tests::received;

constexpr auto patience_for_all = 120s;
constexpr std::size_t disk_bytes = std::size_t{3} << 30; // Memory is taken as it is written.
constexpr auto start_again_after = 2s;                   // As packaging/rollcall.service says.
constexpr int ended_by_signal = 128;
constexpr std::uint16_t usual_peer_port = 7100;
constexpr std::uint16_t usual_port = 8787;

/// Set by ctest, where the program runs with it.
std::string clock_library() {
  const char* found = std::getenv("ROLLCALL_SHIFTED_CLOCK");
  return found ? found : "";
}

} // namespace

small_cluster::small_cluster(small_cluster_options wanted)
  : options_{std::move(wanted)}, nodes_(options_.nodes), started_(options_.nodes) {
  cluster_tests::nats_servers_options servers{.count = options_.servers};
  if (options_.on_hosts) {
    network_ = std::make_unique<host_network>(options_.nodes + 1, options_.seed);
    with_clients_.emplace(network_->space(options_.nodes));
    make_disks();
    servers.network = network_.get();
    for (std::size_t i = 0; i < options_.servers; ++i)
      servers.stores.emplace_back(scratch_ / fmt::format("server-disk-{}", i + 1));
    clock_library_ = clock_library();
    for (std::size_t i = 0; i < options_.nodes; ++i) {
      addresses_.push_back(host_network::address(i));
      peer_ports_.push_back(usual_peer_port);
      ports_.push_back(usual_port);
      set_clock(i, 0s);
    }
  } else {
    addresses_.assign(options_.nodes, "127.0.0.1");
    peer_ports_ = cluster_tests::free_ports(2 * options_.nodes);
    const auto half = peer_ports_.begin() + static_cast<std::ptrdiff_t>(options_.nodes);
    ports_.assign(half, peer_ports_.end());
  }
  servers_ = std::make_unique<cluster_tests::nats_servers>(std::move(servers));
  init();
}

small_cluster::~small_cluster() {
  for (auto& one : nodes_)
    if (one) {
      one->send(SIGKILL);
      one->wait();
    }
  // Logs outlive a run that somebody wants to look at.
  if (const char* kept = std::getenv("ROLLCALL_CHAOS_LOGS")) {
    std::error_code ignored;
    std::filesystem::create_directories(kept, ignored);
    for (std::size_t i = 0; i < options_.nodes; ++i)
      write_file(std::filesystem::path{kept} / (name(i) + ".log"), log_of(i));
    for (std::size_t i = 0; i < options_.servers; ++i)
      write_file(std::filesystem::path{kept} / fmt::format("nats-{}.log", i + 1),
                 servers_->log_of(i));
  }
}

void small_cluster::make_disks() {
  const auto make = [&](const std::string& which, std::size_t number) {
    const std::filesystem::path place = scratch_ / fmt::format("{}disk-{}", which, number + 1);
    std::filesystem::create_directory(place);
    disks_.push_back(std::make_unique<sized_disk>(place, disk_bytes));
  };
  for (std::size_t i = 0; i < options_.nodes; ++i)
    make("", i);
  for (std::size_t i = 0; i < options_.servers; ++i)
    make("server-", i);
}

void small_cluster::init() {
  std::vector<std::string> words{"cluster",
                                 "init",
                                 scratch_ / "cluster",
                                 "--partitions",
                                 std::to_string(options_.partitions),
                                 "--ttl-ms",
                                 std::to_string(options_.ttl_ms),
                                 "--nodes"};
  for (std::size_t i = 0; i < options_.nodes; ++i)
    words.push_back(fmt::format("{}={}:{}", name(i), addresses_[i], peer_ports_[i]));
  const auto nats = servers_->settings();
  words.emplace_back("--nats");
  words.insert(words.end(), nats.servers.begin(), nats.servers.end());
  words.emplace_back("--monitoring");
  words.insert(words.end(), nats.monitoring.begin(), nats.monitoring.end());
  const auto made = rollcall(words);
  BOOST_REQUIRE_MESSAGE(made.status == 0, made.err);
  auto text = read_file(file());
  const std::string_view section = "[nats]\n";
  text.insert(text.find(section) + section.size(),
              fmt::format("log_mebibytes_max = {}\n", options_.log_mebibytes_max));
  if (options_.snapshot_records != 0)
    text.insert(0, fmt::format("snapshot_records = {}\n", options_.snapshot_records));
  write_file(file(), options_.more_lines + text);
}

std::string small_cluster::name(std::size_t node) {
  return fmt::format("n{}", node + 1);
}

std::string small_cluster::file() const {
  return scratch_ / "cluster/cluster.toml";
}

std::filesystem::path small_cluster::data(std::size_t node) const {
  return options_.on_hosts ? scratch_ / fmt::format("disk-{}/data", node + 1)
                           : scratch_ / name(node);
}

std::string small_cluster::log_of(std::size_t node) const {
  return read_file(scratch_ / (name(node) + ".log"));
}

void small_cluster::start(std::size_t node) {
  std::optional<host_network::stay> there;
  if (network_)
    there.emplace(network_->space(node));
  std::vector<std::string> environment;
  if (has_clocks())
    environment = {"LD_PRELOAD=" + clock_library_,
                   "ROLLCALL_CLOCK_FILE=" + (scratch_ / (name(node) + ".clock"))};
  started_.at(node) = std::chrono::steady_clock::now();
  nodes_.at(node) = std::make_unique<running_program>(
    std::vector<std::string>{"serve", "--cluster", file(), "--node", name(node), "--data",
                             data(node).string(), "--listen",
                             fmt::format("{}:{}", addresses_[node], ports_[node]), "--rate-limits",
                             "off", "--log", options_.log_level},
    scratch_ / (name(node) + ".log"), environment);
}

bool small_cluster::listens(std::size_t node) {
  return nodes_.at(node)->read_line(30s).value_or("").find("listens on") != std::string::npos;
}

void small_cluster::start_all() {
  for (std::size_t i = 0; i < options_.nodes; ++i)
    start(i);
  until_sound();
  make_key();
}

void small_cluster::kill(std::size_t node) {
  nodes_.at(node)->send(SIGKILL);
  nodes_.at(node)->wait();
  nodes_.at(node).reset();
}

int small_cluster::stop(std::size_t node) {
  nodes_.at(node)->send(SIGTERM);
  const auto status = nodes_.at(node)->wait();
  nodes_.at(node).reset();
  return status;
}

void small_cluster::send(std::size_t node, int signal) {
  nodes_.at(node)->send(signal);
}

finished_run small_cluster::ask(const std::string& what, std::vector<std::string> more) const {
  std::vector<std::string> words{"cluster", what};
  words.insert(words.end(), more.begin(), more.end());
  words.insert(words.end(), {"--cluster", file(), "--node", name(0), "--json"});
  return rollcall(words);
}

json::array small_cluster::status() const {
  std::error_code wrong;
  auto all = json::parse(ask("status").out, wrong);
  return !wrong && all.is_array() ? std::move(all.as_array()) : json::array{};
}

std::optional<json::object> small_cluster::replica(std::size_t node) const {
  for (const auto& one : status())
    if (one.at("node").as_string() == name(node) && one.as_object().contains("partitions"))
      return one.at("partitions").at(0).as_object();
  return std::nullopt;
}

std::optional<std::size_t> small_cluster::leader() const {
  for (std::size_t i = 0; i < options_.nodes; ++i)
    if (nodes_[i])
      if (const auto r = replica(i); r && r->at("leads").as_bool())
        return i;
  return std::nullopt;
}

std::optional<std::size_t> small_cluster::leader_of_account() const {
  std::size_t node = 0;
  for (const auto& one : status()) {
    if (const auto* partitions = one.as_object().if_contains("partitions"))
      for (const auto& p : partitions->as_array())
        if (p.at("leads").as_bool() && !p.at("accounts").as_array().empty())
          return node;
    ++node;
  }
  return std::nullopt;
}

std::string small_cluster::account_stream() const {
  return fmt::format("ROLLCALL_P{:02}", cluster::partition_of("default", options_.partitions));
}

bool small_cluster::is_sound() const {
  return ask("check").status == 0;
}

void small_cluster::supervise() {
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (!nodes_[i] || !nodes_[i]->has_ended()
        || std::chrono::steady_clock::now() - started_[i] < start_again_after)
      continue;
    const auto status = nodes_[i]->wait();
    BOOST_TEST(status < ended_by_signal, name(i) << " ends with " << status << ": " << log_of(i));
    start(i);
  }
}

void small_cluster::until_sound(const std::function<void(std::string)>& tell) {
  finished_run told;
  const auto sound = comes_true(
    [&] {
      supervise();
      auto now = ask("check");
      if (tell && now.status != 0 && now.out != told.out)
        tell(now.out + now.err);
      told = std::move(now);
      return told.status == 0;
    },
    patience_for_all);
  BOOST_REQUIRE_MESSAGE(sound, told.out << told.err);
}

void small_cluster::make_key() {
  finished_run made;
  const auto there = comes_true(
    [&] {
      return (made = ask("key", {"--name", "a key & more"})).status == 0;
    },
    patience_for_all);
  BOOST_REQUIRE_MESSAGE(there, made.out << made.err);
  key_ = json::parse(made.out).at("key").as_string();
}

std::vector<std::string> small_cluster::headers() const {
  return {"Authorization: Klaviyo-API-Key " + key_, "revision: 2025-07-15",
          "Content-Type: application/json"};
}

received small_cluster::exchange(std::size_t node, const std::string& text,
                                 std::chrono::milliseconds patience) const {
  try {
    return client{addresses_.at(node), ports_.at(node), patience}.ask(text);
  } catch (const std::system_error&) {
    return {};
  }
}

received small_cluster::get(std::size_t node, std::string_view target,
                            std::chrono::milliseconds patience) const {
  return exchange(node, gateway_tests::get(target, headers()), patience);
}

received small_cluster::post(std::size_t node, std::string_view target, std::string_view body,
                             std::chrono::milliseconds patience) const {
  return exchange(node, gateway_tests::post(target, body, headers()), patience);
}

void small_cluster::set_clock(std::size_t node, std::chrono::seconds off_by) const {
  const auto nanoseconds = std::chrono::nanoseconds{off_by}.count();
  std::array<char, sizeof nanoseconds> bytes{};
  std::memcpy(bytes.data(), &nanoseconds, sizeof nanoseconds);
  // In place: nodes have it in their memory.
  const auto at = scratch_ / (name(node) + ".clock");
  std::ofstream file{at, std::filesystem::exists(at)
                           ? std::ios::in | std::ios::out | std::ios::binary
                           : std::ios::out | std::ios::binary};
  file.write(bytes.data(), bytes.size());
}

} // namespace node_tests
