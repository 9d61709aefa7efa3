// Webhooks of a real server that is killed, and of a receiver that goes away: each flip is told at
// least once, those of a partition in order, each message signed.
#include "gateway/webhook_message.hpp"
#include "tests/node/program.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/json.hpp>
#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

namespace {

using namespace node_tests;
namespace http = boost::beast::http;
namespace json = boost::json;
using boost::asio::ip::tcp;
using std::chrono::milliseconds;

constexpr milliseconds patience{60'000};
constexpr std::string_view secret = "a secret of some length";

/// Takes what a webhook tells, at a port that it keeps when it goes away and comes back.
class listener {
public:
  explicit listener(std::uint16_t port = 0) {
    come(port);
  }
  ~listener() {
    go();
  }
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;

  void go() {
    is_away_ = true;
    if (!thread_.joinable())
      return;
    boost::system::error_code ignored;
    tcp::socket wakes{context_}; // Whoever accepts waits for somebody.
    wakes.connect({boost::asio::ip::address_v4::loopback(), port_}, ignored);
    thread_.join();
    acceptor_.close(ignored);
  }
  void come(std::uint16_t port) {
    acceptor_ = tcp::acceptor{context_, {boost::asio::ip::address_v4::loopback(), port}};
    port_ = acceptor_.local_endpoint().port();
    is_away_ = false;
    thread_ = std::thread{[this] { listen(); }};
  }
  [[nodiscard]] std::uint16_t port() const {
    return port_;
  }
  [[nodiscard]] std::vector<http::request<http::string_body>> heard() {
    const std::lock_guard lock{guard_};
    return heard_;
  }

private:
  void listen() {
    while (!is_away_) {
      boost::system::error_code failed;
      tcp::socket socket{context_};
      acceptor_.accept(socket, failed);
      boost::beast::flat_buffer buffer;
      while (!failed && !is_away_) {
        http::request<http::string_body> request;
        http::read(socket, buffer, request, failed);
        if (failed)
          break;
        {
          const std::lock_guard lock{guard_};
          heard_.push_back(request);
        }
        http::response<http::empty_body> response{http::status::no_content, 11};
        response.keep_alive(request.keep_alive());
        http::write(socket, response, failed);
        if (!request.keep_alive())
          break;
      }
    }
  }

  boost::asio::io_context context_;
  tcp::acceptor acceptor_{context_};
  std::uint16_t port_ = 0;
  std::atomic<bool> is_away_{true};
  std::mutex guard_;
  std::vector<http::request<http::string_body>> heard_;
  std::thread thread_;
};

/// A server on a directory that outlives it.
struct shop {
  scratch_directory scratch;
  std::unique_ptr<running_program> program;
  std::uint16_t port = 0;

  shop() {
    start();
  }
  void start() {
    program = std::make_unique<running_program>(
      std::vector<std::string>{"serve", "--data", scratch / "store", "--listen", "127.0.0.1:0",
                               "--open"},
      scratch / "log");
    const auto line = program->read_line(patience).value_or("");
    const auto colon = line.rfind(':');
    BOOST_REQUIRE_MESSAGE(colon != std::string::npos, read_file(scratch / "log"));
    port = static_cast<std::uint16_t>(std::stoul(line.substr(colon + 1)));
  }
  void kill() {
    program->send(SIGKILL);
    program->wait();
  }
  [[nodiscard]] json::value ask(http::verb method, const std::string& target,
                                const std::string& body = {}) const {
    boost::asio::io_context context;
    tcp::socket socket{context};
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    http::request<http::string_body> request{method, target, 11};
    request.set(http::field::host, "127.0.0.1");
    request.set(http::field::content_type, "application/json");
    request.body() = body;
    request.prepare_payload();
    http::write(socket, request);
    boost::beast::flat_buffer buffer;
    http::response<http::string_body> response;
    http::read(socket, buffer, response);
    BOOST_REQUIRE_MESSAGE(response.result_int() < 300, response.body());
    return response.body().empty() ? json::value{} : json::parse(response.body());
  }
  /// Those of `first` to `last` order something, one after the other.
  void order(int first, int last) const {
    for (int i = first; i <= last; ++i)
      (void)ask(http::verb::post, "/api/events",
                fmt::format(R"({{"data":{{"type":"event","attributes":{{"properties":{{}},)"
                            R"("unique_id":"order {0}","metric":{{"data":{{"type":"metric",)"
                            R"("attributes":{{"name":"Placed Order"}}}}}},"profile":{{"data":)"
                            R"({{"type":"profile","attributes":{{"external_id":"u{0}"}}}}}}}}}}}})",
                            i));
  }
};

/// Sequences by partition, in the order in which they were told first; repeats too.
struct told {
  std::map<std::int64_t, std::vector<std::int64_t>> sequences;
  std::set<std::string> ids;
};

told read(const std::vector<http::request<http::string_body>>& messages) {
  told all;
  for (const auto& message : messages) {
    BOOST_TEST(message["Klaviyo-Signature"]
               == gateway::signature_of(message.body(), message["Klaviyo-Timestamp"], secret));
    const auto body = json::parse(message.body());
    for (const auto& one : body.at("data").as_array()) {
      if (!all.ids.insert(std::string{one.at("external_id").as_string()}).second)
        continue;
      const auto& attributes = one.at("payload").at("data").at("attributes");
      all.sequences[attributes.at("partition").to_number<std::int64_t>()].push_back(
        attributes.at("sequence").to_number<std::int64_t>());
    }
  }
  return all;
}

constexpr const char* buyers =
  R"({"data":{"type":"segment","attributes":{"name":"Buyers","definition":{"condition_groups":[)"
  R"({"conditions":[{"type":"profile-metric","metric_id":"Placed Order","measurement":"count",)"
  R"("measurement_filter":{"type":"numeric","operator":"greater-than","value":0},)"
  R"("timeframe_filter":{"type":"date","operator":"alltime"}}]}]}}}})";

} // namespace

BOOST_AUTO_TEST_SUITE(webhooks_test)

BOOST_AUTO_TEST_CASE(nothing_is_lost_when_server_and_receiver_come_and_go) {
  shop s;
  listener there;
  s.order(0, 0); // So that the metric is known.
  const auto made = s.ask(http::verb::post, "/api/segments", buyers);
  const auto segment = "/api/segments/" + std::string{made.at("data").at("id").as_string()};
  while (s.ask(http::verb::get, segment).at("data").at("attributes").at("is_processing").as_bool())
    std::this_thread::sleep_for(milliseconds{5});
  (void)s.ask(
    http::verb::post, "/api/webhooks",
    fmt::format(R"({{"data":{{"type":"webhook","attributes":{{"name":"hook",)"
                R"("endpoint_url":"http://127.0.0.1:{}/hook","secret_key":"{}"}},"relationships":)"
                R"({{"webhook-topics":{{"data":[{{"type":"webhook-topic",)"
                R"("id":"rollcall.segment.joined"}}]}}}}}}}})",
                there.port(), secret));
  s.order(1, 40);
  s.kill(); // Perhaps while it tells.
  s.start();
  s.order(41, 80);
  there.go();
  s.order(81, 120);
  s.kill(); // While nobody takes what it tells.
  s.start();
  s.order(121, 160);
  there.come(there.port());

  // The first of all was a member before the webhook was made.
  told all;
  for (const auto until = std::chrono::steady_clock::now() + patience;
       all.ids.size() < 160 && std::chrono::steady_clock::now() < until;) {
    std::this_thread::sleep_for(milliseconds{20});
    all = read(there.heard());
  }
  BOOST_TEST(all.ids.size() == 160U);
  std::size_t count = 0;
  for (const auto& [partition, sequences] : all.sequences) {
    count += sequences.size();
    for (std::size_t i = 1; i < sequences.size(); ++i)
      BOOST_TEST(sequences[i] == sequences[i - 1] + 1);
  }
  BOOST_TEST(count == 160U);
  s.program->send(SIGTERM);
  BOOST_TEST(s.program->wait() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
