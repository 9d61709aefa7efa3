// `rollcall serve` and `rollcall config` from outside.
#include "tests/node/program.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

namespace {

using namespace node_tests;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using std::chrono::milliseconds;

constexpr milliseconds patience{20'000};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// One that runs on a port of its own.
struct served {
  scratch_directory scratch;
  running_program program;
  std::string line;
  std::uint16_t port = 0;

  explicit served(std::vector<std::string> more = {"--open"})
    : program(words(std::move(more)), scratch / "log") {
    line = program.read_line(patience).value_or("");
    const auto colon = line.rfind(':');
    BOOST_REQUIRE_MESSAGE(colon != std::string::npos,
                          "no line: " << line << read_file(scratch / "log"));
    port = static_cast<std::uint16_t>(std::stoul(line.substr(colon + 1)));
  }
  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all{"serve", "--listen", "127.0.0.1:0"};
    if (std::ranges::find(more, "--data") == more.end())
      all.insert(all.end(), {"--data", scratch / "store"});
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  [[nodiscard]] http::response<http::string_body> ask(http::verb method, std::string_view target,
                                                      std::string body = {}) const {
    boost::asio::io_context context;
    tcp::socket socket{context};
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    http::request<http::string_body> request{method, {target.data(), target.size()}, 11};
    request.set(http::field::host, "127.0.0.1");
    request.body() = std::move(body);
    request.prepare_payload();
    http::write(socket, request);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(socket, buffer, response);
    return response;
  }
  [[nodiscard]] std::string log() const {
    return read_file(scratch / "log");
  }
  [[nodiscard]] bool logs(std::string_view part) const {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!contains(log(), part)) {
      if (std::chrono::steady_clock::now() > until)
        return false;
      std::this_thread::sleep_for(milliseconds{5});
    }
    return true;
  }
};

/// What a service manager hears: datagrams at the address that NOTIFY_SOCKET names meanwhile.
class service_manager {
public:
  explicit service_manager(const std::string& path)
    : socket_(context_, boost::asio::local::datagram_protocol::endpoint{path}) {
    ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~service_manager() {
    ::unsetenv("NOTIFY_SOCKET");
  }
  service_manager(const service_manager&) = delete;
  service_manager& operator=(const service_manager&) = delete;

  /// The next message; empty when none comes.
  std::string hear() {
    std::string text(256, ' ');
    std::size_t size = 0;
    socket_.async_receive(boost::asio::buffer(text),
                          [&](boost::system::error_code, std::size_t n) { size = n; });
    context_.restart();
    context_.run_for(patience);
    if (!context_.stopped()) {
      socket_.cancel();
      context_.run();
    }
    text.resize(size);
    return text;
  }

private:
  boost::asio::io_context context_;
  boost::asio::local::datagram_protocol::socket socket_;
};

} // namespace

BOOST_AUTO_TEST_SUITE(serve_test)

BOOST_AUTO_TEST_CASE(a_service_manager_hears_when_it_is_ready_and_when_it_stops) {
  const scratch_directory scratch;
  service_manager manager{scratch / "notify"};
  served s;
  BOOST_TEST(manager.hear() == "READY=1");
  s.program.send(SIGTERM);
  BOOST_TEST(manager.hear() == "STOPPING=1");
  BOOST_TEST(s.program.wait() == 0);
}

BOOST_AUTO_TEST_CASE(inspect_gives_orders_once_they_are_confirmed_and_the_audit_log_tells_them) {
  const scratch_directory scratch;
  const auto made = rollcall(
    {"key", "create", "--data", scratch / "store", "--name", "ops", "--json"});
  const auto key = boost::json::parse(made.out).at("key").as_string();
  served s{{"--data", scratch / "store"}};
  const auto order = [&](std::vector<std::string> words, std::string_view input = {}) {
    words.insert(words.begin(), {"inspect", "--url", "http://127.0.0.1:" + std::to_string(s.port),
                                 "--key", std::string{key}});
    return rollcall(words, input);
  };
  const auto refused = order({"--restart", "profile/0"}, "profile/1\n");
  BOOST_TEST(refused.status != 0);
  BOOST_TEST(contains(refused.err, "nothing was done: that was not profile/0"));
  BOOST_TEST(!contains(s.log(), "restarted"));
  const auto typed = order({"--restart", "profile/0"}, "profile/0\n");
  BOOST_TEST(typed.status == 0, typed.err);
  BOOST_TEST(typed.out == "profile/0 was restarted\n");
  BOOST_TEST(contains(s.log(), "profile/0: restarted"));
  BOOST_TEST(order({"--restart", "clock", "--yes"}).status == 0);
  const auto account = order({"--restart", "account", "--yes"});
  BOOST_TEST(account.status == 4);
  BOOST_TEST(contains(account.err, "restart the whole server"));
  BOOST_TEST(order({"--stop", "report/9", "--yes"}).status == 3);
  BOOST_TEST(order({"--log-level", "error"}).out == "The server logs at error now\n");
  BOOST_TEST(order({"--log-level", "loud"}).status == 1);
  BOOST_TEST(order({"--log-level", "info", "--stop", "report/9"}).status == 2);
  BOOST_TEST(order({"--top", "colour"}).status == 2);
  const auto list = boost::json::parse(
                      order({"--filter", "profile", "--top", "actor", "--json"}).out)
                      .at("actors")
                      .as_array();
  BOOST_TEST(list.size() == 4U);
  BOOST_TEST(list.front().at("name").as_string() == "profile/0");
  s.program.send(SIGTERM);
  BOOST_TEST(s.program.wait() == 0);
  const auto audit = read_file(scratch / "store/audit.log");
  BOOST_TEST(contains(
    audit, R"("route":"/api/rollcall/actors/{name}/restart","about":"profile/0","request":)"));
  BOOST_TEST(contains(audit, R"("about":"error")"));
  BOOST_TEST(contains(audit, R"(/restart","status":409)"));
}

BOOST_AUTO_TEST_CASE(it_says_where_it_listens_answers_and_ends_in_order) {
  served s;
  BOOST_TEST(s.line.starts_with("Rollcall listens on http://127.0.0.1:"));
  BOOST_TEST(s.ask(http::verb::get, "/healthz").body() == R"({"status":"alive"})");
  BOOST_TEST(s.ask(http::verb::get, "/readyz").result_int() == 200U);
  BOOST_TEST(contains(s.ask(http::verb::get, "/metrics").body(), "rollcall_profiles{"));
  BOOST_TEST(s.ask(http::verb::get, "/api/nothing?email=ann@example.org").result_int() == 404U);
  s.program.send(SIGTERM);
  BOOST_TEST(s.program.wait() == 0);
  BOOST_TEST(contains(s.log(), "method=GET route=/healthz status=200 ms="));
  BOOST_TEST(contains(s.log(), "method=GET route=- status=404 ms="));
  BOOST_TEST(!contains(s.log(), "ann@"));
  BOOST_TEST(rollcall({"check", "--data", s.scratch / "store"}).status == 0);
}

BOOST_AUTO_TEST_CASE(nobody_but_probes_gets_in_without_open) {
  served s{{}};
  BOOST_TEST(s.ask(http::verb::get, "/readyz").result_int() == 200U);
  BOOST_TEST(s.ask(http::verb::get, "/api/rollcall/log-level").result_int() == 401U);
  s.program.send(SIGINT);
  BOOST_TEST(s.program.wait() == 0);
}

BOOST_AUTO_TEST_CASE(the_log_level_follows_the_file_on_a_hangup_and_a_request_at_once) {
  const scratch_directory scratch;
  const auto file = scratch / "rollcall.toml";
  write_file(file, "log = \"error\"\n");
  served s{{"--open", "--config", file}};
  BOOST_TEST(contains(s.ask(http::verb::get, "/api/rollcall/log-level").body(), "error"));
  write_file(file, "log = \"info\"\n");
  s.program.send(SIGHUP);
  BOOST_TEST(s.logs("serve: reloaded: log level\n"));
  BOOST_TEST(!contains(s.log(), "reloaded: certificate"));
  BOOST_TEST(contains(s.ask(http::verb::get, "/api/rollcall/log-level").body(), "info"));
  // A file that is wrong changes nothing and ends nothing.
  write_file(file, "log = \"loud\"\n");
  s.program.send(SIGHUP);
  BOOST_TEST(s.logs("serve: settings stay as they were: " + file + ":1: log: found \"loud\""));
  const auto told = s.log();
  BOOST_TEST(told.find("serve: reloaded") == told.rfind("serve: reloaded"));
  const auto changed = s.ask(http::verb::put, "/api/rollcall/log-level",
                             R"({"data":{"type":"log-level","attributes":{"level":"off"}}})");
  BOOST_TEST(changed.result_int() == 200U);
  const auto before = s.log();
  BOOST_TEST(s.ask(http::verb::get, "/healthz").result_int() == 200U);
  BOOST_TEST(s.log() == before);
  s.program.send(SIGTERM);
  BOOST_TEST(s.program.wait() == 0);
}

BOOST_AUTO_TEST_CASE(a_taken_address_and_a_taken_directory_have_their_own_statuses) {
  const served s;
  const auto address = rollcall({"serve", "--data", s.scratch / "other", "--open", "--listen",
                                 "127.0.0.1:" + std::to_string(s.port)});
  BOOST_TEST(address.status == 4);
  BOOST_TEST(contains(address.err, "cannot listen on 127.0.0.1"));
  BOOST_TEST(address.out.empty());
  const auto directory = rollcall(s.words({"--open"}));
  BOOST_TEST(directory.status == 7);
}

BOOST_AUTO_TEST_CASE(wrong_settings_are_told_all_at_once) {
  setenv("ROLLCALL_WORKERS", "none", 1);
  const auto run = rollcall({"serve", "--listen", "here", "--open", "--tls-key", "k.pem"});
  const auto as_json = rollcall({"serve", "--listen", "here", "--json"});
  unsetenv("ROLLCALL_WORKERS");
  BOOST_TEST(run.status == 2);
  BOOST_TEST(run.out.empty());
  for (const auto* part : {"--listen: found \"here\"", "ROLLCALL_WORKERS: found \"none\"",
                           "--tls-key: tls-key is given without tls-certificate", "data: "})
    BOOST_TEST(contains(run.err, part), part);
  BOOST_TEST(as_json.status == 2);
  const auto parsed = boost::json::parse(as_json.out);
  BOOST_TEST(parsed.at("error").at("faults").as_array().size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_certificate_that_is_missing_is_told) {
  const scratch_directory scratch;
  const auto run = rollcall({"serve", "--data", scratch / "store", "--tls-certificate",
                             scratch / "c.pem", "--tls-key", scratch / "k.pem"});
  BOOST_TEST(run.status == 2);
  BOOST_TEST(contains(run.err, "the certificate " + (scratch / "c.pem") + " cannot be used"));
}

BOOST_AUTO_TEST_CASE(config_show_tells_every_setting_and_whence_it_came) {
  const scratch_directory scratch;
  const auto file = scratch / "rollcall.toml";
  write_file(file, "workers = 8\n");
  setenv("ROLLCALL_THREADS", "3", 1);
  const std::vector<std::string> words{"config", "show",     "--config", file,
                                       "--open", "--listen", "[::1]:80"};
  const auto table = rollcall(words);
  auto with_json = words;
  with_json.emplace_back("--json");
  const auto list = rollcall(with_json);
  unsetenv("ROLLCALL_THREADS");
  BOOST_TEST(table.status == 0);
  BOOST_TEST(contains(table.out, file + ":1"));
  std::map<std::string, std::pair<std::string, std::string>> by_name;
  const auto parsed = boost::json::parse(list.out);
  for (const auto& each : parsed.as_array())
    by_name[each.at("setting").as_string().c_str()] = {each.at("value").as_string().c_str(),
                                                       each.at("from").as_string().c_str()};
  using pair = std::pair<std::string, std::string>;
  BOOST_TEST((by_name.at("workers") == pair{"8", file + ":1"}));
  BOOST_TEST((by_name.at("threads") == pair{"3", "ROLLCALL_THREADS"}));
  BOOST_TEST((by_name.at("listen") == pair{"[::1]:80", "--listen"}));
  BOOST_TEST((by_name.at("open") == pair{"true", "--open"}));
  BOOST_TEST((by_name.at("log") == pair{"info", "default"}));
  BOOST_TEST(rollcall({"config", "show", "--log", "debug"}).out.find("--log") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
