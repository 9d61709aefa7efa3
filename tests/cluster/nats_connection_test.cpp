#include "cluster/nats_log.hpp"
#include "tests/cluster/nats_greeter.hpp"
#include "tests/cluster/nats_servers.hpp"
#include "tests/cluster/partition_log_contract.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

BOOST_AUTO_TEST_SUITE(nats_connection_test, *cluster_tests::where_nats_is())

namespace {

using namespace cluster;
using namespace cluster_tests;
using model::failure_code;
using std::chrono::seconds;
using std::chrono::steady_clock;

std::string port_of(const std::string& url) {
  return url.substr(url.rfind(':') + 1);
}

} // namespace

BOOST_AUTO_TEST_CASE(one_old_server_is_enough_to_refuse_all) {
  const nats_servers fine{{.count = 1}};
  const greeter old{greeting_of("2.9.10")};
  auto settings = fine.settings();
  BOOST_CHECK(connect_nats(settings));
  settings.servers.push_back(old.url());
  const auto told = connect_nats(settings);
  BOOST_CHECK_EQUAL(failure_of(told), failure_code::invalid_input);
  BOOST_CHECK(says(told, "this is nats-server 2.9.10"));
}

BOOST_AUTO_TEST_CASE(an_old_server_is_refused_when_a_connection_is_made_anew) {
  nats_servers servers{{.count = 1}};
  auto connection = connect_nats(servers.settings());
  BOOST_REQUIRE_MESSAGE(connection, reason_of(connection));
  auto log = open_nats_log(*connection, 0);
  BOOST_REQUIRE_MESSAGE(log, reason_of(log));
  BOOST_REQUIRE((*log)->append(0, "before"));
  servers.kill(0);
  model::outcome<std::uint64_t> told = std::uint64_t{0};
  {
    const auto port = port_of(servers.settings().servers.front());
    const greeter old{greeting_of("2.9.10"), static_cast<std::uint16_t>(std::stoi(port))};
    const auto until = steady_clock::now() + seconds{20};
    do {
      told = (*log)->append(1, "to the old one");
      BOOST_REQUIRE_EQUAL(failure_of(told), failure_code::unavailable);
    } while (!says(told, "this is nats-server 2.9.10") && steady_clock::now() < until);
    BOOST_CHECK_MESSAGE(says(told, "this is nats-server 2.9.10"), reason_of(told));
    BOOST_CHECK_GT(old.greeted(), 0);
  }
  servers.start(0);
  const auto until = steady_clock::now() + seconds{20};
  while (!told && steady_clock::now() < until)
    told = (*log)->append(1, "to the new one");
  BOOST_CHECK_MESSAGE(told, reason_of(told));
}

BOOST_AUTO_TEST_CASE(servers_that_sync_now_and_then_are_refused) {
  const nats_servers servers{{.count = 1, .sync_always = false}};
  const auto told = check_nats_servers(servers.settings());
  BOOST_CHECK_EQUAL(failure_of(told), failure_code::invalid_input);
  BOOST_CHECK(says(told, "sync_interval: always"));
}

BOOST_AUTO_TEST_CASE(every_server_has_to_be_checked) {
  const nats_servers servers{{.count = 1}};
  auto settings = servers.settings();
  BOOST_CHECK_EQUAL(reason_of(check_nats_servers(settings)), "success");
  auto missing = settings;
  missing.monitoring.clear();
  BOOST_CHECK_EQUAL(failure_of(check_nats_servers(missing)), failure_code::invalid_input);
  // A group of two where there is one; and the one named twice.
  settings.servers.push_back(settings.servers.front());
  settings.monitoring.push_back(settings.monitoring.front());
  BOOST_CHECK_EQUAL(failure_of(check_nats_servers(settings)), failure_code::unavailable);
}

// Or a machine that is lost would keep the other nodes from starting again.
BOOST_AUTO_TEST_CASE(most_servers_are_enough_to_start_with) {
  nats_servers servers;
  const auto settings = servers.settings();
  servers.kill(0);
  BOOST_CHECK_EQUAL(failure_of(check_nats_servers(settings)), failure_code::unavailable);
  BOOST_CHECK_EQUAL(reason_of(check_nats_servers(settings, nats_check::most_servers)), "success");
  servers.kill(2);
  BOOST_CHECK_EQUAL(failure_of(check_nats_servers(settings, nats_check::most_servers)),
                    failure_code::unavailable);
}

BOOST_AUTO_TEST_CASE(settings_that_cannot_work_say_so) {
  const auto refused = [](auto change) {
    nats_settings settings{.servers = {"nats://127.0.0.1:4222"}};
    change(settings);
    return failure_of(connect_nats(settings)) == failure_code::invalid_input;
  };
  BOOST_CHECK(refused([](nats_settings& s) { s.servers.clear(); }));
  BOOST_CHECK(refused([](nats_settings& s) { s.servers.front() = "127.0.0.1"; }));
  BOOST_CHECK(refused([](nats_settings& s) { s.key_file = "key.pem"; }));
  BOOST_CHECK(refused([](nats_settings& s) { s.nkey = "UABC"; }));
  BOOST_CHECK(refused([](nats_settings& s) { s.prefix = "Roll Call"; }));
}

BOOST_AUTO_TEST_SUITE_END()
