#include "cluster/nats_checks.hpp"
#include "tests/cluster/nats_greeter.hpp"
#include "tests/cluster/nats_servers.hpp"
#include "tests/cluster/partition_log_contract.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <string>

BOOST_AUTO_TEST_SUITE(nats_checks_test)

namespace {

using namespace cluster;
using namespace cluster_tests;
using model::failure_code;
using std::chrono::seconds;

std::string varz(std::string_view version) {
  return fmt::format(R"({{"server_id":"N1","version":"{}"}})", version);
}

std::string jsz(bool sync_always, std::size_t group) {
  return fmt::format(R"({{"config":{{"sync_always":{}}},"meta_cluster":{{"cluster_size":{}}}}})",
                     sync_always, group);
}

} // namespace

BOOST_AUTO_TEST_CASE(versions_are_compared_by_their_numbers) {
  const auto accepted = [](std::string_view text) {
    const auto version = parse_nats_version(text);
    return version && *version >= oldest_nats_version;
  };
  for (const auto* text :
       {"2.10.27", "2.10.28", "2.10.100", "2.11.0", "2.11.0-RC.1", "3.0.0", "2.10.27+deb13"})
    BOOST_CHECK_MESSAGE(accepted(text), text);
  for (const auto* text : {"2.9.10", "2.10.26", "2.10.3", "2.10.27-RC.3", "1.99.99", "", "2.10",
                           "2.10.x", "v2.10.27", "2.10.27.1", "99999999999.0.0"})
    BOOST_CHECK_MESSAGE(!accepted(text), text);
}

BOOST_AUTO_TEST_CASE(addresses_are_a_host_and_a_port) {
  const auto fine = parse_nats_address("nats://nats-1.example.com:4222");
  BOOST_REQUIRE(fine);
  BOOST_CHECK_EQUAL(fine->host, "nats-1.example.com");
  BOOST_CHECK_EQUAL(fine->port, "4222");
  BOOST_CHECK_EQUAL(parse_nats_address("tls://[::1]:4222/")->host, "::1");
  for (const auto* url :
       {"10.0.0.1:4222", "nats://10.0.0.1", "nats://:4222", "http://10.0.0.1:4222",
        "nats://user:password@10.0.0.1:4222", "nats://10.0.0.1:0", "nats://10.0.0.1:99999",
        "nats://10.0.0.1:42x", "nats://a:1/path", ""}) {
    const auto told = parse_nats_address(url);
    BOOST_CHECK_MESSAGE(failure_of(told) == failure_code::invalid_input, url);
    BOOST_CHECK(says(told, "nats://10.0.0.1:4222"));
  }
}

BOOST_AUTO_TEST_CASE(a_greeting_is_refused_with_what_to_do) {
  const nats_greeting fine{"N1", "2.10.27", 8 << 20, true};
  BOOST_CHECK(accept_nats_greeting(fine, "nats://a:1"));
  auto old = fine;
  old.version = "2.9.10";
  auto told = accept_nats_greeting(old, "nats://a:1");
  BOOST_CHECK_EQUAL(failure_of(told), failure_code::invalid_input);
  BOOST_CHECK(says(told, "nats://a:1: this is nats-server 2.9.10."));
  BOOST_CHECK(says(told, "Install Debian 13's nats-server"));
  auto without = fine;
  without.has_jetstream = false;
  BOOST_CHECK(says(accept_nats_greeting(without, "nats://a:1"), "jetstream {"));
  auto small = fine;
  small.payload_bytes_max = 1 << 20; // The default. Headers have to fit in as well.
  BOOST_CHECK(says(accept_nats_greeting(small, "nats://a:1"), "max_payload: 8MB"));
}

BOOST_AUTO_TEST_CASE(a_server_has_to_sync_always_and_to_know_its_group) {
  const auto accepted = [](const std::string& general, const std::string& jetstream,
                           std::size_t servers) {
    return accept_nats_monitoring(general, jetstream, servers, "http://a:1");
  };
  BOOST_CHECK(accepted(varz("2.10.27"), jsz(true, 3), 3));
  BOOST_CHECK(accepted(varz("2.10.27"), R"({"config":{"sync_always":true}})", 1));
  BOOST_CHECK(says(accepted(varz("2.9.10"), jsz(true, 3), 3), "2.9.10"));
  auto told = accepted(varz("2.10.27"), jsz(false, 3), 3);
  BOOST_CHECK_EQUAL(failure_of(told), failure_code::invalid_input);
  BOOST_CHECK(says(told, "Write `sync_interval: always`"));
  BOOST_CHECK(says(accepted(varz("2.10.27"), R"({"config":{}})", 1), "sync_interval"));
  BOOST_CHECK(says(accepted(varz("2.10.27"), R"({"disabled":true})", 1), "no JetStream"));
  told = accepted(varz("2.10.27"), jsz(true, 2), 3);
  BOOST_CHECK_EQUAL(failure_of(told), failure_code::unavailable);
  BOOST_CHECK(says(told, "knows a group of 2, but the configuration names 3"));
  BOOST_CHECK(!accepted(varz("2.10.27"), R"({"config":{"sync_always":true}})", 3));
  BOOST_CHECK(!accepted("", jsz(true, 3), 3));
  BOOST_CHECK(!accepted(varz("2.10.27"), "<html>", 3));
}

BOOST_AUTO_TEST_CASE(answers_of_a_stream_are_believed_only_when_they_fit) {
  const auto read = [](std::string_view answer) { return read_nats_answer(answer, "S", 4); };
  const auto told = read(R"({"stream":"S","seq":5})");
  BOOST_REQUIRE_MESSAGE(told, reason_of(told));
  BOOST_CHECK_EQUAL(*told, 5u);
  const auto with_code = [&](int code, std::string_view text) {
    return failure_of(read(fmt::format(
      R"({{"error":{{"code":400,"err_code":{},"description":"{}"}},"stream":"S","seq":0}})", code,
      text)));
  };
  BOOST_CHECK_EQUAL(with_code(10071, "wrong last sequence: 7"), failure_code::conflict);
  BOOST_CHECK_EQUAL(with_code(10077, "maximum bytes exceeded"), failure_code::storage_full);
  BOOST_CHECK_EQUAL(with_code(10047, "insufficient storage"), failure_code::storage_full);
  BOOST_CHECK_EQUAL(with_code(10054, "message size exceeds"), failure_code::invalid_input);
  // The same number for what may have been stored by others.
  BOOST_CHECK_EQUAL(with_code(10077, "store is closed"), failure_code::unavailable);
  BOOST_CHECK_EQUAL(with_code(10008, "temporarily unavailable"), failure_code::unavailable);
  for (const auto* unknown :
       {R"({"stream":"S","seq":0,"duplicate":true})", R"({"stream":"S","seq":6})",
        R"({"stream":"S","seq":4})", R"({"stream":"T","seq":5})", R"({"seq":5})", "{}", "", "[]"})
    BOOST_CHECK_MESSAGE(failure_of(read(unknown)) == failure_code::unavailable, unknown);
}

BOOST_AUTO_TEST_CASE(the_sequence_is_in_the_reply_subject) {
  BOOST_CHECK_EQUAL(nats_sequence_of("$JS.ACK.S.C.1.77.3.1700000000.0").value(), 77u);
  BOOST_CHECK_EQUAL(nats_sequence_of("$JS.ACK.D.A.S.C.1.78.3.1700000000.0").value(), 78u);
  BOOST_CHECK_EQUAL(nats_sequence_of("$JS.ACK.D.A.S.C.1.79.3.1700000000.0.random").value(), 79u);
  for (const auto* reply :
       {"", "$JS.FC.S.C.x", "$JS.ACK.S.C.1", "$JS.ACK.S.C.1.x.3.17.0", "A.B.S.C.1.77.3.17.0"})
    BOOST_CHECK_MESSAGE(!nats_sequence_of(reply), reply);
}

BOOST_AUTO_TEST_CASE(who_does_not_greet_like_nats_is_not_there) {
  const greeter other{"220 mail.example.com ESMTP\r\n"};
  BOOST_CHECK_EQUAL(failure_of(greet_nats_server(other.url(), seconds{5})),
                    failure_code::unavailable);
  const auto nobody = fmt::format("nats://127.0.0.1:{}", free_ports(1).front());
  BOOST_CHECK_EQUAL(failure_of(greet_nats_server(nobody, seconds{5})), failure_code::unavailable);
}

BOOST_AUTO_TEST_SUITE_END()
