#include "gateway/tls.hpp"
#include "tests/gateway/certificate.hpp"
#include "tests/gateway/running_server.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/unit_test.hpp>

#include <fstream>
#include <thread>

namespace {

using namespace gateway_tests;
using transport = client::transport;

/// A server with TLS whose certificate says "first".
struct tls_server {
  tests::temporary_directory directory;
  std::filesystem::path certificate = directory.path() / "certificate.pem";
  std::filesystem::path private_key = directory.path() / "key.pem";
  std::unique_ptr<running_server> server;

  explicit tls_server(gateway::server_options options = {},
                      gateway::server::handler handle = echo) {
    write_certificate("first", certificate, private_key);
    options.certificate = certificate;
    options.private_key = private_key;
    server = std::make_unique<running_server>(std::move(handle), std::move(options));
  }
  [[nodiscard]] gateway::server& it() const {
    return *server->it;
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(tls_test)

BOOST_AUTO_TEST_CASE(requests_and_answers_go_through_tls) {
  tls_server s{{}, [](const gateway::request& asked, const gateway::reply& done) {
                 done(text_answer(asked.origin + std::string(3'000'000, 'x')));
               }};
  auto c = s.server->connect(transport::tls);
  for (int i = 0; i < 3; ++i) {
    const auto r = c.ask(post("/x", std::string(2'000'000, 'a')));
    BOOST_TEST(r.is_whole);
    BOOST_TEST(r.body.starts_with("https://shop.examplexxx"));
    BOOST_TEST(r.body.size() == 3'000'020U);
  }
  c.send(get("/a") + get("/b", {"Connection: close"}));
  BOOST_TEST(c.receive().is_whole);
  BOOST_TEST(c.receive().is_whole);
  BOOST_TEST(c.sees_end()); // With the word of TLS that says so.
}

BOOST_AUTO_TEST_CASE(a_new_certificate_is_for_new_connections_and_disturbs_no_old_one) {
  tls_server s;
  auto old = s.server->connect(transport::tls);
  BOOST_TEST(old.server_name() == "/CN=first");
  BOOST_TEST(old.ask(get("/x")).status == 200);
  write_certificate("second", s.certificate, s.private_key);
  BOOST_TEST(s.it().reload_certificate().has_value());
  auto fresh = s.server->connect(transport::tls);
  BOOST_TEST(fresh.server_name() == "/CN=second");
  BOOST_TEST(fresh.ask(get("/x")).status == 200);
  BOOST_TEST(old.ask(get("/x")).status == 200);
  // A broken one leaves the last good one in use.
  std::ofstream{s.certificate} << "no certificate";
  const auto failed = s.it().reload_certificate();
  BOOST_REQUIRE(!failed);
  BOOST_TEST(failed.error().message.find(s.certificate.string()) != std::string::npos);
  BOOST_TEST(s.server->connect(transport::tls).server_name() == "/CN=second");
}

BOOST_AUTO_TEST_CASE(a_handshake_that_does_not_come_is_given_up) {
  gateway::server_options options;
  options.handshake_timeout = std::chrono::milliseconds{100};
  tls_server s{options};
  auto silent = s.server->connect();
  BOOST_TEST(silent.sees_end());
  auto half = s.server->connect();
  half.send(std::string{"\x16\x03\x01\x02\x00\x01\x00", 7});
  BOOST_TEST(half.sees_end());
  BOOST_TEST(eventually([&] { return s.it().figures().connections == 0; }));
}

BOOST_AUTO_TEST_CASE(plain_http_to_a_tls_port_is_dropped_and_counted) {
  tls_server s;
  auto c = s.server->connect();
  c.send(get("/x"));
  c.receive_some(); // Perhaps an alert of TLS.
  BOOST_TEST(eventually([&] { return s.it().figures().handshakes_failed == 1; }));
  BOOST_TEST(eventually([&] { return s.it().figures().connections == 0; }));
  BOOST_TEST(s.server->connect(transport::tls).ask(get("/x")).status == 200);
}

BOOST_AUTO_TEST_CASE(a_late_head_is_408_inside_of_tls_too) {
  gateway::server_options options;
  options.header_timeout = std::chrono::milliseconds{150};
  tls_server s{options};
  auto c = s.server->connect(transport::tls);
  BOOST_TEST(c.ask("GET /x HTTP/1.1\r\nHos").status == 408);
  BOOST_TEST(eventually([&] { return s.it().figures().connections == 0; }));
}

BOOST_AUTO_TEST_CASE(files_that_are_missing_or_do_not_fit_are_named) {
  const tests::temporary_directory directory;
  const auto at = [&](const char* name) { return directory.path() / name; };
  write_certificate("one", at("one.pem"), at("one.key"));
  write_certificate("two", at("two.pem"), at("two.key"));
  BOOST_TEST(gateway::make_tls_context(at("one.pem"), at("one.key")).has_value());
  for (const auto& [certificate, key] :
       {std::pair{"none.pem", "one.key"}, {"one.pem", "none.key"}, {"one.pem", "two.key"}}) {
    const auto made = gateway::make_tls_context(at(certificate), at(key));
    BOOST_REQUIRE(!made);
    BOOST_TEST((made.error().code == model::failure_code::invalid_input));
    BOOST_TEST(made.error().message.find(directory.path().string()) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(many_connections_with_tls_end_in_order) {
  tls_server s;
  std::vector<client> all;
  for (int i = 0; i < 30; ++i) {
    all.push_back(s.server->connect(transport::tls));
    BOOST_REQUIRE(all.back().ask(get("/x")).status == 200);
  }
  s.it().stop();
  for (auto& each : all)
    BOOST_TEST(each.receive_some().empty());
}

BOOST_AUTO_TEST_SUITE_END()
