// Every bound of a connection, by a client that goes beyond it.
#include "gateway/compression.hpp"
#include "tests/gateway/running_server.hpp"

#include <boost/test/unit_test.hpp>

#include <mutex>

namespace {

using namespace gateway_tests;
using gateway::server_options;
using std::chrono::milliseconds;

bool is_error(const received& r, unsigned status) {
  return r.status == status && r.is_whole
      && r.body.find(fmt::format("\"status\":{}", status)) != std::string::npos
      && r.header("content-type") == "application/vnd.api+json"
      && r.header("connection") == "close";
}

std::string body_of_unknown_end(std::string_view target) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", target);
}

} // namespace

BOOST_AUTO_TEST_SUITE(server_limits_test)

BOOST_AUTO_TEST_CASE(a_header_that_is_too_long_is_431) {
  server_options options;
  options.header_bytes_max = 2000;
  running_server server{echo, options};
  auto fits = server.connect();
  BOOST_TEST(fits.ask(get("/x", {"X-Long: " + std::string(1800, 'a')})).status == 200);
  for (const auto& text :
       {get("/x", {"X-Long: " + std::string(2000, 'a')}), get("/" + std::string(3000, 'a')),
        "GET / HTTP/1.1\r\nX-Endless: " + std::string(100'000, 'a')}) {
    auto c = server.connect();
    BOOST_TEST(is_error(c.ask(text), 431));
    BOOST_TEST(c.sees_end());
  }
}

BOOST_AUTO_TEST_CASE(a_body_that_is_too_long_is_413_however_it_comes) {
  server_options options;
  options.body_bytes_max = 100'000;
  running_server server{echo, options};
  auto fits = server.connect();
  BOOST_TEST(fits.ask(post("/x", std::string(100'000, 'a'))).body == "POST /x 100000");
  // It is told before the body is read, and to a client that goes on sending.
  auto told = server.connect();
  BOOST_TEST(is_error(told.ask(post("/x", std::string(5'000'000, 'a'))), 413));
  auto expecting = server.connect();
  BOOST_TEST(is_error(expecting.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100001\r\n"
                                    "Expect: 100-continue\r\n\r\n"),
                      413));
  auto chunked = server.connect();
  chunked.send(body_of_unknown_end("/x"));
  for (int i = 0; i < 3; ++i)
    chunked.send("c350\r\n" + std::string(50'000, 'a') + "\r\n");
  BOOST_TEST(is_error(chunked.receive(), 413));
  BOOST_TEST(server.it->figures().refusals.at(413) == 3U);
  BOOST_TEST(server.it->figures().requests == 1U);
}

BOOST_AUTO_TEST_CASE(a_packed_body_is_unpacked_up_to_the_limit) {
  server_options options;
  options.body_bytes_max = 100'000;
  running_server server{echo, options};
  auto c = server.connect();
  const auto send_packed = [&](const std::string& bytes, const char* coding) {
    return c.ask(post("/x", bytes, {fmt::format("Content-Encoding: {}", coding)}));
  };
  BOOST_TEST(send_packed(gateway::gzip(std::string(100'000, 'a')), "gzip").body
             == "POST /x 100000");
  const auto bomb = send_packed(gateway::gzip(std::string(50'000'000, 'a')), "gzip");
  BOOST_TEST(bomb.status == 413);
  BOOST_TEST(bomb.body.find("once unpacked") != std::string::npos);
  BOOST_TEST(send_packed("no gzip at all", "gzip").status == 400);
  BOOST_TEST(send_packed("", "gzip").body == "POST /x 0");
  BOOST_TEST(send_packed("\x78\x9c\x4b\x4c\x4a\x06", "deflate").status == 400); // Cut.
  BOOST_TEST(c.ask(post("/x", std::string("\x78\x9c\x4b\x4c\x4a\x06\x00\x02\x4d\x01\x27", 11),
                        {"Content-Encoding: deflate"}))
               .body
             == "POST /x 3");
  BOOST_TEST(send_packed("x", "br").status == 415);
}

BOOST_AUTO_TEST_CASE(long_answers_are_packed_for_who_takes_it) {
  const std::string body(5000, 'a');
  running_server server{[&](const gateway::request& asked, const gateway::reply& done) {
    auto a = text_answer(asked.path == "/short" ? "short" : body);
    if (asked.path == "/image")
      a.content_type = "image/png";
    done(a);
  }};
  auto c = server.connect();
  const std::vector<std::string> takes{"Accept-Encoding: gzip, compress, deflate, br"};
  const auto packed = c.ask(get("/long", takes));
  BOOST_TEST(packed.header("content-encoding") == "gzip");
  BOOST_TEST(packed.header("vary") == "Accept-Encoding");
  BOOST_TEST(packed.body.size() < 100U);
  BOOST_TEST((gateway::unpack(gateway::coding::gzip, packed.body, 10'000).body == body));
  const auto bare = c.ask(get("/long"));
  BOOST_TEST(bare.header("content-encoding").empty());
  BOOST_TEST(bare.header("vary") == "Accept-Encoding");
  BOOST_TEST((bare.body == body));
  BOOST_TEST(c.ask(get("/short", takes)).body == "short");
  BOOST_TEST(c.ask(get("/image", takes)).header("content-encoding").empty());
}

BOOST_AUTO_TEST_CASE(connections_beyond_the_limit_are_told_and_closed) {
  server_options options;
  options.connections_max = 2;
  running_server server{echo, options};
  {
    auto first = server.connect();
    auto second = server.connect();
    BOOST_TEST(first.ask(get("/x")).status == 200);
    BOOST_TEST(second.ask(get("/x")).status == 200);
    auto third = server.connect();
    BOOST_TEST(is_error(third.receive(), 503));
    BOOST_TEST(third.sees_end());
    BOOST_TEST(first.ask(get("/x")).status == 200);
  }
  BOOST_TEST(eventually([&] { return server.it->figures().connections == 0; }));
  BOOST_TEST(server.connect().ask(get("/x")).status == 200);
  BOOST_TEST(server.it->figures().connections_refused == 1U);
}

BOOST_AUTO_TEST_CASE(a_head_that_comes_too_slowly_is_408) {
  server_options options;
  options.header_timeout = milliseconds{200};
  running_server server{echo, options};
  auto stuck = server.connect();
  BOOST_TEST(is_error(stuck.ask("GET /x HTTP/1.1\r\nHost: a"), 408));
  BOOST_TEST(stuck.sees_end());
  // Whoever sends a byte now and then gets no more time.
  auto drip = server.connect();
  drip.send("GET /x HTTP/1.1\r\nX-Slow: ");
  int bytes = 0;
  while (server.it->figures().refusals.size() < 2 && bytes < 5000
         && server.it->figures().refusals[408] < 2) {
    drip.send("a");
    ++bytes;
    pause_shortly();
  }
  BOOST_TEST(is_error(drip.receive(), 408));
  auto silent = server.connect();
  BOOST_TEST(silent.sees_end()); // There was no request that could be answered.
}

BOOST_AUTO_TEST_CASE(a_body_that_comes_too_slowly_is_408) {
  server_options options;
  options.body_timeout = milliseconds{200};
  running_server server{echo, options};
  auto stuck = server.connect();
  BOOST_TEST(
    is_error(stuck.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"), 408));
  BOOST_TEST(stuck.sees_end());
  auto drip = server.connect();
  drip.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  for (int i = 0; i < 5000 && server.it->figures().refusals[408] < 2; ++i) {
    drip.send("a");
    pause_shortly();
  }
  BOOST_TEST(is_error(drip.receive(), 408));
  BOOST_TEST(server.it->figures().requests_under_way == 0U);
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_without_a_word) {
  server_options options;
  options.idle_timeout = milliseconds{100};
  running_server server{echo, options};
  auto c = server.connect();
  BOOST_TEST(c.ask(get("/x")).status == 200);
  BOOST_TEST(c.sees_end());
}

BOOST_AUTO_TEST_CASE(a_client_that_does_not_read_is_let_go) {
  server_options options;
  options.write_timeout = milliseconds{200};
  running_server server{[](const gateway::request&, const gateway::reply& done) {
                          done(text_answer(std::string(100'000'000, 'a')));
                        },
                        options};
  auto c = server.connect();
  c.send(get("/x"));
  BOOST_TEST(eventually([&] { return server.it->figures().requests == 1; }));
  BOOST_TEST(eventually([&] { return server.it->figures().connections == 0; }));
  BOOST_TEST(!c.receive().is_whole);
}

BOOST_AUTO_TEST_CASE(a_client_that_stays_after_the_last_word_is_let_go) {
  server_options options;
  options.linger_timeout = milliseconds{100};
  running_server server{echo, options};
  auto c = server.connect();
  BOOST_TEST(c.ask(get("/x", {"Connection: close"})).status == 200);
  BOOST_TEST(eventually([&] { return server.it->figures().connections == 0; }));
}

BOOST_AUTO_TEST_CASE(endless_lines_between_chunks_are_refused) {
  running_server server{echo};
  auto c = server.connect();
  c.send(body_of_unknown_end("/x") + "1\r\na\r\n1;" + std::string(200'000, 'x'));
  BOOST_TEST(is_error(c.receive(), 400));
}

BOOST_AUTO_TEST_CASE(bodies_of_all_requests_together_have_a_bound) {
  std::mutex guard;
  std::vector<gateway::reply> held;
  server_options options;
  options.bodies_bytes_max = 250'000;
  running_server server{[&](const gateway::request& asked, const gateway::reply& done) {
                          const std::lock_guard lock{guard};
                          if (asked.path == "/hold")
                            held.push_back(done);
                          else
                            echo(asked, done);
                        },
                        options};
  const std::string body(100'000, 'a');
  auto first = server.connect();
  auto second = server.connect();
  first.send(post("/hold", body));
  second.send(post("/hold", body));
  BOOST_TEST(eventually([&] {
    const std::lock_guard lock{guard};
    return held.size() == 2;
  }));
  auto third = server.connect();
  BOOST_TEST(is_error(third.ask(post("/x", body)), 503));
  for (const auto& done : held)
    done(text_answer("done"));
  BOOST_TEST(first.receive().body == "done");
  BOOST_TEST(second.receive().body == "done");
  BOOST_TEST(server.connect().ask(post("/x", body)).body == "POST /x 100000");
}

BOOST_AUTO_TEST_SUITE_END()
