// Clients that mean harm or are broken, before the whole server: each is refused with a reason or
// closed within its time, others are served meanwhile, and nothing of it stays.
#include "gateway/compression.hpp"
#include "node/serving.hpp"
#include "tests/gateway/client.hpp"
#include "tests/node/program.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <sys/resource.h>
#include <thread>
#include <vector>

namespace {

using namespace node_tests;
using gateway_tests::client;
using gateway_tests::eventually;
using gateway_tests::received;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds short_while{200};
/// Of a refusal, with every timeout shrunk; the machine may be busy.
constexpr std::chrono::seconds refused_within{8};

node::serve_settings settings(const scratch_directory& scratch) {
  node::serve_settings s;
  s.data = scratch / "store";
  s.is_open = true;
  s.server.header_timeout = short_while;
  s.server.body_timeout = short_while;
  s.server.write_timeout = short_while;
  s.server.linger_timeout = short_while;
  s.server.header_bytes_max = 4'096;
  s.server.body_bytes_max = 65'536;
  return s;
}

struct attacked {
  scratch_directory scratch;
  node::serve_settings wanted = settings(scratch);
  std::unique_ptr<node::serving> running;

  void start() {
    gateway::set_log_level("off");
    auto started = node::serving::start(wanted);
    if (!started)
      BOOST_FAIL(started.error().message);
    running = std::move(*started);
  }
  [[nodiscard]] client connect() const {
    return client{running->server().port()};
  }
  [[nodiscard]] gateway::server_figures figures() const {
    return running->server().figures();
  }
  [[nodiscard]] bool is_quiet() const {
    const auto f = figures();
    return f.connections == 0 && f.requests_under_way == 0 && f.streams == 0;
  }
};

/// Somebody who goes on asking while others attack.
class witness {
public:
  explicit witness(const attacked& where)
    : thread_([this, &where] {
        while (!is_over_) {
          try {
            auto c = where.connect();
            for (int i = 0; i < 10 && !is_over_; ++i)
              c.ask(gateway_tests::get("/healthz")).status == 200 ? ++answers_ : ++failures_;
          } catch (const std::exception&) {
            ++failures_;
          }
        }
      }) {
  }
  ~witness() {
    is_over_ = true;
    thread_.join();
  }
  witness(const witness&) = delete;
  witness& operator=(const witness&) = delete;

  /// Whether it is answered now.
  [[nodiscard]] bool is_served() const {
    const auto before = answers_.load();
    return eventually([&] { return answers_ > before; }) && failures_ == 0;
  }

private:
  std::atomic<bool> is_over_ = false;
  std::atomic<std::uint64_t> answers_ = 0;
  std::atomic<std::uint64_t> failures_ = 0;
  std::thread thread_;
};

/// A refusal has a reason and ends the connection.
bool is_refusal(const received& r, unsigned status) {
  return r.status == status && r.is_whole && r.header("connection") == "close"
      && r.body.find(fmt::format("\"status\":{}", status)) != std::string::npos
      && r.body.find("\"detail\":\"\"") == std::string::npos;
}

struct attack {
  std::string name;
  std::string bytes;
  unsigned status = 400;
  bool half_closes = false;
};

std::string posted(std::string_view headers, std::string_view body = {}) {
  return fmt::format("POST /api/lists HTTP/1.1\r\nHost: a\r\n{}\r\n{}", headers, body);
}

constexpr std::string_view chunked = "Transfer-Encoding: chunked\r\n";
/// What a server in front might take for a request of its own.
constexpr std::string_view
  smuggled = "POST /api/lists HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
             "Content-Length: 60\r\n\r\n"
             R"({"data":{"type":"list","attributes":{"name":"smuggled"}}}   )";

std::string packed(std::string_view bytes) {
  return posted(fmt::format("Content-Encoding: gzip\r\nContent-Length: {}\r\n", bytes.size()),
                bytes);
}

std::vector<attack> broken_heads() {
  std::string many;
  for (int i = 0; i < 5'000; ++i)
    many += fmt::format("X-{}: y\r\n", i);
  const std::string nul(1, '\0');
  return {
    {"a head without an end", "GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x'), 431},
    {"a first line without an end", "GET /" + std::string(100'000, 'x'), 431},
    {"a huge header", gateway_tests::get("/healthz", {"X: " + std::string(5'000, 'x')}), 431},
    {"too many headers", "GET /healthz HTTP/1.1\r\nHost: a\r\n" + many + "\r\n", 431},
    {"half a head, then nothing more", "GET / HTTP/1.1\r\nHo", 400, true},
    {"bare line feeds", "GET /healthz HTTP/1.1\nHost: a\n\n"},
    {"a bare line feed among the headers", "GET /healthz HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"},
    {"a carriage return inside a value", "GET /healthz HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n"},
    {"NUL in a value", "GET /healthz HTTP/1.1\r\nHost: a\r\nX: y" + nul + "z\r\n\r\n"},
    {"NUL in a name", "GET /healthz HTTP/1.1\r\nHost: a\r\nX" + nul + ": y\r\n\r\n"},
    {"NUL in the target", "GET /health" + nul + "z HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a line that is folded on", "GET /healthz HTTP/1.1\r\nHost: a\r\n Y: z\r\n\r\n"},
    {"a blank before the colon", "GET /healthz HTTP/1.1\r\nHost : a\r\n\r\n"},
    {"no version", "GET /healthz\r\nHost: a\r\n\r\n"},
    {"a target of an authority", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n"},
    {"a target with a control character", "GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n"},
  };
}

std::vector<attack> broken_lengths() {
  const auto with = [](std::string_view headers) { return posted(headers, smuggled); };
  return {
    {"two lengths that differ", with("Content-Length: 3\r\nContent-Length: 4\r\n")},
    {"two lengths in one line", with("Content-Length: 3, 4\r\n")},
    {"a length with a sign", with("Content-Length: +3\r\n")},
    {"a negative length", with("Content-Length: -3\r\n")},
    {"a length that is no number", with("Content-Length: 3x\r\n")},
    {"a hexadecimal length", with("Content-Length: 0x3\r\n")},
    {"an empty length", with("Content-Length: \r\n")},
    {"a length beyond 64 bits", with("Content-Length: 99999999999999999999999\r\n")},
    {"a length beyond the limit", with("Content-Length: 18446744073709551615\r\n"), 413},
    {"a body beyond the limit", posted("Content-Length: 65537\r\n", std::string(65'537, 'x')), 413},
    {"a length and chunks", posted("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                                   "0\r\n\r\n" + std::string{smuggled})},
    {"chunks and a length", posted("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
                                   "0\r\n\r\n" + std::string{smuggled})},
    {"a coding that is unknown", with("Transfer-Encoding: xchunked\r\n"), 501},
    {"chunked twice", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")},
    {"chunked and another", with("Transfer-Encoding: chunked, identity\r\n"), 501},
    {"another and chunked", with("Transfer-Encoding: gzip, chunked\r\n"), 501},
    {"a coding behind a tab", with("Transfer-Encoding:\tchunked;x\r\n"), 501},
    {"a blank before the coding's colon", with("Transfer-Encoding : chunked\r\n")},
    {"chunks of HTTP/1.0", "POST /api/lists HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
                             + std::string{smuggled}},
    {"half a body, then nothing more", posted("Content-Length: 9\r\n", "abc"), 400, true},
  };
}

std::vector<attack> broken_chunks() {
  const auto with = [](std::string_view body) { return posted(chunked, body); };
  std::string many;
  for (int i = 0; i < 10'000; ++i)
    many += "9\r\nabcdefghi\r\n";
  return {
    {"a size that is no number", with("zz\r\n")},
    {"a negative size", with("-1\r\nabc\r\n")},
    {"a size with a prefix", with("0x3\r\nabc\r\n\r\n")},
    {"a size beyond 64 bits", with("fffffffffffffffff\r\nabc\r\n")},
    {"an empty size", with("\r\nabc\r\n")},
    {"a chunk that is longer than told", with("3\r\nabcde\r\n0\r\n\r\n")},
    {"a chunk without its line end", with("3\r\nabc0\r\n\r\n")},
    {"bare line feeds between chunks", with("3\nabc\n0\n\n"), 408},
    {"an extension without an end", with("1;" + std::string(100'000, 'x'))},
    {"a trailer without an end", with("0\r\nX: " + std::string(100'000, 'x'))},
    {"chunks without an end", with(many), 413},
    {"half a chunk, then nothing more", with("9\r\nabc"), 400, true},
    {"no last chunk, then nothing more", with("3\r\nabc\r\n"), 400, true},
  };
}

std::vector<attack> broken_packing() {
  const auto whole = gateway::gzip(R"({"data":{"type":"list","attributes":{"name":"x"}}})");
  auto wrong_sum = whole;
  wrong_sum[wrong_sum.size() - 8] ^= 1;
  auto inside = whole;
  inside[inside.size() / 2] ^= 0x55;
  return {
    {"a bomb", packed(gateway::gzip(std::string(50'000'000, 'x'))), 413},
    {"a bomb in members",
     [] {
       std::string all;
       for (int i = 0; i < 200; ++i)
         all += gateway::gzip(std::string(60'000, 'x'));
       return packed(all);
     }(),
     413},
    {"a packed body that is cut", packed(whole.substr(0, whole.size() - 9))},
    {"a packed body without its end", packed(whole.substr(0, whole.size() - 1))},
    {"a packed body that is damaged", packed(inside)},
    {"a wrong checksum", packed(wrong_sum)},
    {"something else behind it", packed(whole + "x")},
    {"no gzip at all", packed("plain")},
    {"packed twice", posted("Content-Encoding: gzip, gzip\r\nContent-Length: 3\r\n", "abc"), 415},
    {"an unknown packing", posted("Content-Encoding: br\r\nContent-Length: 3\r\n", "abc"), 415},
  };
}

/// Sends bytes one by one until it is answered, or `count` of them.
received drip(client& c, const std::function<std::string()>& next,
              const std::function<bool()>& is_answered) {
  for (int i = 0; i < 5'000 && !is_answered(); ++i) {
    if (!c.send(next()))
      break;
    gateway_tests::pause_shortly();
  }
  return c.receive();
}

} // namespace

BOOST_AUTO_TEST_SUITE(hostile_clients_test)

BOOST_FIXTURE_TEST_CASE(what_is_broken_is_refused_with_a_reason_and_then_closed, attacked) {
  start();
  {
    const witness other{*this};
    for (const auto& kind : {broken_heads(), broken_lengths(), broken_chunks()})
      for (const auto& one : kind) {
        const auto begun = steady_clock::now();
        auto c = connect();
        c.send(one.bytes);
        if (one.half_closes)
          c.half_close();
        const auto r = c.receive();
        BOOST_TEST(is_refusal(r, one.status), one.name << ": " << r.head << r.body);
        BOOST_TEST(c.sees_end(), one.name);
        BOOST_TEST((steady_clock::now() - begun < refused_within), one.name);
      }
    BOOST_TEST(other.is_served());
  }
  auto c = connect();
  BOOST_TEST(c.ask(gateway_tests::get("/api/lists")).body.find("smuggled") == std::string::npos);
  c.reset();
  BOOST_TEST(eventually([&] { return is_quiet(); }));
}

BOOST_FIXTURE_TEST_CASE(what_is_packed_badly_is_refused_and_the_connection_goes_on, attacked) {
  start();
  {
    const witness other{*this};
    const auto all = broken_packing(); // Takes its time, which no connection has.
    auto c = connect();
    for (const auto& one : all) {
      const auto r = c.ask(one.bytes);
      BOOST_TEST(r.status == one.status, one.name << ": " << r.body);
      BOOST_TEST(r.is_whole, one.name);
      if (r.header("connection") == "close")
        c = connect();
    }
    BOOST_TEST(c.ask(gateway_tests::get("/healthz")).status == 200U);
    BOOST_TEST(other.is_served());
  }
  BOOST_TEST(eventually([&] { return is_quiet(); }));
}

BOOST_FIXTURE_TEST_CASE(who_sends_a_byte_now_and_then_is_told_that_it_took_too_long, attacked) {
  start();
  {
    const witness other{*this};
    const auto late = [this](std::uint64_t before) {
      return [this, before] {
        const auto f = figures();
        const auto found = f.refusals.find(408);
        return found != f.refusals.end() && found->second > before;
      };
    };
    std::uint64_t before = 0;
    for (const auto& [begin, next] : std::vector<std::pair<std::string, std::string>>{
           {"GET /healthz HTTP/1.1\r\nX: ", "x"},
           {posted("Content-Length: 60000\r\n"), "x"},
           {posted(chunked), "1\r\nx\r\n"},
           {posted(chunked) + "1;", "x"},
           {posted(chunked) + "ea60\r\n", "x"}}) {
      const auto begun = steady_clock::now();
      auto c = connect();
      c.send(begin);
      const auto r = drip(
        c, [text = next] { return text; }, late(before++));
      BOOST_TEST(is_refusal(r, 408), begin << ": " << r.head << r.body);
      BOOST_TEST((steady_clock::now() - begun < refused_within), begin);
    }
    BOOST_TEST(other.is_served());
  }
  BOOST_TEST(eventually([&] { return is_quiet(); }));
}

BOOST_FIXTURE_TEST_CASE(sockets_that_are_half_closed_hold_nothing, attacked) {
  start();
  {
    const witness other{*this};
    auto before = connect();
    before.half_close();
    BOOST_TEST(before.sees_end());
    auto after = connect();
    after.send(gateway_tests::get("/healthz") + gateway_tests::get("/readyz"));
    after.half_close();
    BOOST_TEST(after.receive().status == 200U);
    BOOST_TEST(after.receive().status == 200U);
    BOOST_TEST(after.sees_end());
    std::vector<client> gone;
    for (int i = 0; i < 50; ++i) {
      gone.push_back(connect());
      gone.back().send(i % 2 == 0 ? gateway_tests::get("/api/lists") : posted(chunked, "3\r\nab"));
      gone.back().reset();
    }
    BOOST_TEST(other.is_served());
  }
  BOOST_TEST(eventually([&] { return is_quiet(); }));
}

BOOST_FIXTURE_TEST_CASE(targets_of_every_form_are_read_or_refused, attacked) {
  start();
  auto c = connect();
  const auto status = [&](std::string_view first_line) {
    return c.ask(fmt::format("{} HTTP/1.1\r\nHost: a\r\n\r\n", first_line)).status;
  };
  BOOST_TEST(status("GET http://shop.example/healthz") == 200U);
  BOOST_TEST(status("GET http://shop.example") == 404U);
  BOOST_TEST(status("GET http://a/healthz?x=y") == 200U);
  BOOST_TEST(status("OPTIONS *") == 404U);
  BOOST_TEST(status("GET *") == 404U);
  BOOST_TEST(status("GET //healthz") == 404U);
  BOOST_TEST(status("GET /api/lists/../accounts") == 404U);
  BOOST_TEST(status("BREW /healthz") == 405U);
}

BOOST_FIXTURE_TEST_CASE(a_hundred_requests_in_one_go_are_answered_in_order, attacked) {
  start();
  {
    const witness other{*this};
    auto c = connect();
    std::string all;
    for (int i = 0; i < 100; ++i)
      all += gateway_tests::get(i % 3 == 0 ? "/api/lists" : "/nowhere",
                                {fmt::format("X-Request-Id: {}", i)});
    c.send(all);
    for (int i = 0; i < 100; ++i) {
      const auto r = c.receive();
      BOOST_TEST(r.header("x-request-id") == std::to_string(i));
      BOOST_TEST(r.status == (i % 3 == 0 ? 200U : 404U));
    }
    BOOST_TEST(other.is_served());
  }
  BOOST_TEST(eventually([&] { return is_quiet(); }));
}

BOOST_FIXTURE_TEST_CASE(long_bodies_that_are_broken_or_unpack_without_end_are_told_so, attacked) {
  wanted.server.idle_timeout = short_while;
  start();
  const auto upload = [](std::string_view headers) {
    return fmt::format("POST /api/rollcall/changes HTTP/1.1\r\nHost: a\r\n{}{}\r\n", headers,
                       chunked);
  };
  const auto chunk = [](std::string_view bytes) {
    return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes);
  };
  {
    const witness other{*this};
    const auto bomb = gateway::gzip(std::string(200'000'000, 'x'));
    auto packed_bomb = connect();
    packed_bomb.send(upload("Content-Encoding: gzip\r\n") + chunk(bomb) + "0\r\n\r\n");
    const auto r = packed_bomb.receive();
    // It is a line that is too long, of which no more is kept than tells so.
    BOOST_TEST(r.body.find(R"({"refused":1,"field":"","reason":"a line of 5242881 bytes)") == 0U,
               r.body);
    for (const auto& broken : {chunk("{}\n") + "zz\r\n", std::string{"5\r\n{}\n"}}) {
      auto c = connect();
      c.send(upload("") + broken);
      const auto told = c.receive();
      BOOST_TEST(told.status / 100 == 4U, told.body);
      BOOST_TEST(told.body.find("\"error\"") != std::string::npos, told.body);
    }
    auto cut = connect();
    cut.send(upload("Content-Encoding: gzip\r\n") + chunk(bomb.substr(0, bomb.size() / 2))
             + "0\r\n\r\n");
    BOOST_TEST(cut.receive().status / 100 == 4U);
    BOOST_TEST(other.is_served());
  }
  BOOST_TEST(eventually([&] { return is_quiet(); }));
}

BOOST_FIXTURE_TEST_CASE(a_thousand_idle_connections_keep_nobody_waiting, attacked) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  wanted.server.header_timeout = std::chrono::minutes{5}; // They wait before their first request.
  wanted.server.connections_max = 1'100;
  start();
  {
    std::vector<client> idle;
    for (int i = 0; i < 1'000; ++i) {
      idle.push_back(connect());
      if (i % 2 == 0)
        BOOST_REQUIRE(idle.back().ask(gateway_tests::get("/healthz")).status == 200U);
    }
    BOOST_TEST(eventually([&] { return figures().connections == 1'000; }));
    auto c = connect();
    for (int i = 0; i < 100; ++i)
      BOOST_REQUIRE(c.ask(gateway_tests::get("/api/lists")).status == 200U);
    // Further ones are told that there are too many, or closed; those that are there are served.
    std::vector<client> surplus;
    for (int i = 0; i < 300; ++i)
      surplus.push_back(connect());
    std::size_t told = 0;
    std::size_t closed = 0;
    std::size_t taken = 0;
    for (auto& one : surplus) {
      one.send(gateway_tests::get("/healthz"));
      const auto r = one.receive();
      ++(r.status == 200 ? taken : is_refusal(r, 503) ? told : closed);
    }
    BOOST_TEST(taken == 99U);
    BOOST_TEST(told >= 64U);
    BOOST_TEST(told + closed == 201U);
    BOOST_REQUIRE(c.ask(gateway_tests::get("/api/lists")).status == 200U);
    for (auto& one : idle)
      BOOST_REQUIRE(one.ask(gateway_tests::get("/healthz")).status == 200U);
  }
  BOOST_TEST(eventually([&] { return is_quiet(); }));
}

BOOST_AUTO_TEST_SUITE_END()
