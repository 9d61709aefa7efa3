#include "cluster/nats_log.hpp"
#include "tests/node/small_cluster.hpp"

#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <thread>

// Nodes as processes, on a NATS server: what becomes of a node for which the log does not go back
// far enough.
BOOST_AUTO_TEST_SUITE(cluster_snapshots_test, *cluster_tests::where_nats_is())

namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using namespace node_tests;
using namespace std::chrono_literals;

constexpr auto request_patience = 30s;

/// A cluster with one partition on one server, whose nodes are started one by one.
class small_log_cluster : public small_cluster {
public:
  small_log_cluster(std::size_t nodes, std::uint64_t records)
    : small_cluster{{.nodes = nodes,
                     .servers = 1,
                     .partitions = 1,
                     .snapshot_records = records,
                     .log_level = "info"}} {
  }

  [[nodiscard]] std::vector<std::uint64_t> snapshots(std::size_t i) const {
    std::vector<std::uint64_t> all;
    if (const auto r = replica(i))
      for (const auto& position : r->at("snapshots").as_array())
        all.push_back(position.to_number<std::uint64_t>());
    return all;
  }
  /// From a snapshot, and then all is well.
  [[nodiscard]] bool starts_anew(std::size_t i) const {
    return comes_true([&] {
      return log_of(i).find("starts from the snapshot at") != std::string::npos && is_sound();
    });
  }
  void start_and_wait(std::size_t i) {
    start(i);
    BOOST_REQUIRE_MESSAGE(listens(i), log_of(i));
  }

  /// An event of a new person; the status of the answer.
  [[nodiscard]] unsigned send_event(std::size_t i, int person) const {
    return post(i, "/api/events",
                fmt::format(R"({{"data":{{"type":"event","attributes":{{"properties":{{}},)"
                            R"("unique_id":"e{0}","metric":{{"data":{{"type":"metric",)"
                            R"("attributes":{{"name":"Placed Order"}}}}}},"profile":{{"data":)"
                            R"({{"type":"profile","attributes":{{"external_id":"p{0}"}}}}}}}}}}}})",
                            person),
                request_patience)
      .status;
  }
  /// External ids, as this node tells them.
  [[nodiscard]] std::set<std::string> people(std::size_t i) const {
    std::set<std::string> all;
    for (std::string target = "/api/profiles?page[size]=100"; !target.empty();) {
      const auto told = get(i, target, request_patience);
      if (told.status != 200)
        return {};
      const auto page = json::parse(told.body);
      for (const auto& one : page.at("data").as_array())
        all.emplace(one.at("attributes").at("external_id").as_string());
      const auto& next = page.at("links").at("next");
      target = next.is_string() ? std::string{next.as_string()} : std::string{};
      if (const auto at = target.find("/api/"); at != std::string::npos)
        target = target.substr(at);
    }
    return all;
  }

  /// The log as the servers have it.
  std::unique_ptr<cluster::partition_log> log() {
    if (!connection_) {
      auto made = cluster::connect_nats(servers().settings());
      BOOST_REQUIRE(made);
      connection_ = std::move(*made);
    }
    auto opened = cluster::open_nats_log(connection_, 0);
    BOOST_REQUIRE(opened);
    return std::move(*opened);
  }

private:
  std::shared_ptr<cluster::nats_connection> connection_;
};

/// Everybody from 0 on.
std::set<std::string> first_people(int count) {
  std::set<std::string> all;
  for (int i = 0; i < count; ++i)
    all.insert(fmt::format("p{}", i));
  return all;
}

/// The node leads, and what it tells comes from its own state.
void lead_with(const small_log_cluster& of, std::size_t i) {
  BOOST_REQUIRE(small_cluster::comes_true([&] {
    if (of.leader() == i)
      return true;
    static_cast<void>(node_tests::rollcall({"cluster", "move", "--cluster", of.file(), "--node",
                                            small_cluster::name(0), "0", small_cluster::name(i)}));
    return of.leader() == i;
  }));
}

} // namespace

// Three nodes; one is away until the log does not go back to it, another time its disk is new and
// the newest snapshot is damaged.
BOOST_AUTO_TEST_CASE(who_was_away_for_too_long_starts_from_a_snapshot_and_is_equal) {
  small_log_cluster it{3, 25};
  for (std::size_t i = 0; i < 3; ++i)
    it.start_and_wait(i);
  it.make_key();
  int people = 0;
  for (; people < 80; ++people)
    BOOST_REQUIRE(it.send_event(people % 3, people) == 202);
  const auto leader = it.leader();
  BOOST_REQUIRE(leader);
  const auto away = (*leader + 1) % 3;
  const auto stays = (*leader + 2) % 3;

  // With two snapshots on each that stands by, the owner cuts.
  BOOST_TEST(small_cluster::comes_true([&] { return it.log()->extent()->first > 1; }),
             "the log was not cut: " << it.log_of(*leader));

  const auto left_at = it.replica(away)->at("position").to_number<std::uint64_t>();
  it.kill(away);
  const auto older = [&] {
    const auto all = it.snapshots(stays);
    return all.size() < 2 ? 0 : all[1];
  };
  while (older() <= left_at)
    for (int i = 0; i < 5; ++i, ++people)
      BOOST_REQUIRE(it.send_event(stays, people) == 202);
  // As the owner would do after a day.
  BOOST_REQUIRE(it.log()->trim(older()));
  it.start_and_wait(away);
  BOOST_REQUIRE_MESSAGE(it.starts_anew(away), it.log_of(away));
  lead_with(it, away);
  BOOST_TEST((it.people(away) == first_people(people)));

  // A new disk. What stands by has just made a snapshot, and a byte of it flips.
  const auto now_leads = away;
  it.kill(stays);
  fs::remove_all(it.data(stays));
  const auto gives = *leader;
  const auto before = it.snapshots(gives);
  while (it.snapshots(gives).size() < 2 || it.snapshots(gives) == before)
    for (int i = 0; i < 5; ++i, ++people)
      BOOST_REQUIRE(it.send_event(now_leads, people) == 202);
  const auto damaged = it.snapshots(gives).at(0);
  const auto inside = it.data(gives) / "partition-00" / "snapshots" / std::to_string(damaged)
                    / "files" / "accounts" / "default" / "account" / "data.mdb";
  {
    std::fstream bytes{inside, std::ios::in | std::ios::out | std::ios::binary};
    bytes.seekp(9'000);
    bytes.put('!');
    BOOST_REQUIRE(bytes.good());
  }
  it.start_and_wait(stays);
  BOOST_REQUIRE_MESSAGE(it.starts_anew(stays), it.log_of(stays));
  BOOST_TEST(it.log_of(stays).find("data.mdb is damaged") != std::string::npos, it.log_of(stays));
  lead_with(it, stays);
  BOOST_TEST((it.people(stays) == first_people(people)));
}

// There is no snapshot, and only the owner could make one. It stops serving for a moment.
BOOST_AUTO_TEST_CASE(a_new_node_gets_a_snapshot_of_the_owner_while_requests_wait) {
  small_log_cluster it{2, 10'000};
  it.start_and_wait(0);
  it.make_key();
  int people = 0;
  for (; people < 30; ++people)
    BOOST_REQUIRE(it.send_event(0, people) == 202);
  const auto settled = [&] {
    const auto r = it.replica(0);
    return r ? r->at("settled").to_number<std::uint64_t>() : 0;
  };
  BOOST_REQUIRE(small_cluster::comes_true([&] { return settled() > 20; }));
  BOOST_REQUIRE(it.log()->trim(20));
  it.start_and_wait(1);
  auto sound = std::async(std::launch::async,
                          [&] { return small_cluster::comes_true([&] { return it.is_sound(); }); });
  while (sound.wait_for(0ms) != std::future_status::ready) {
    BOOST_TEST(it.send_event(0, people) == 202);
    ++people;
  }
  BOOST_REQUIRE_MESSAGE(sound.get(), it.log_of(0) + it.log_of(1));
  BOOST_TEST(it.snapshots(0).size() == 1);
  lead_with(it, 1);
  BOOST_TEST((it.people(1) == first_people(people)));
}

BOOST_AUTO_TEST_SUITE_END()
