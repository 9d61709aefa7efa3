// A server on real loopback sockets: what it takes, in which order it answers, how it ends.
#include "gateway/errors.hpp"
#include "tests/gateway/running_server.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <future>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace {

using namespace gateway_tests;
using gateway::request;

/// Keeps replies for the test to give.
struct held_replies {
  std::mutex guard;
  std::vector<gateway::reply> all;

  gateway::server::handler handler() {
    return [this](const request&, const gateway::reply& done) {
      const std::lock_guard lock{guard};
      all.push_back(done);
    };
  }
  std::size_t size() {
    const std::lock_guard lock{guard};
    return all.size();
  }
};

} // namespace

BOOST_AUTO_TEST_SUITE(server_test)

BOOST_AUTO_TEST_CASE(a_request_reaches_the_handler_and_its_answer_comes_back) {
  running_server server{echo};
  auto c = server.connect();
  const auto r = c.ask(post("/api/events/?a=1%2B1&b=x+y&fields%5Bevent%5D=z&c[d]=e", "12345"));
  BOOST_TEST(r.status == 200);
  BOOST_TEST(r.body == "POST /api/events a=1+1 b=x y fields[event]=z c[d]=e 5");
  BOOST_TEST(r.header("content-type") == "text/plain");
  BOOST_TEST(r.header("x-request-id").size() == 36);
  BOOST_TEST(r.header("date").ends_with(" GMT"));
  BOOST_TEST(r.header("connection").empty());
}

BOOST_AUTO_TEST_CASE(a_connection_is_kept_and_its_pipelined_requests_are_answered_in_order) {
  // The first is answered last, by another thread; the others wait for it.
  std::vector<std::thread> late;
  std::mutex guard;
  running_server server{[&](request asked, gateway::reply done) {
    if (asked.path != "/0")
      return echo(asked, done);
    const std::lock_guard lock{guard};
    late.emplace_back([asked = std::move(asked), done = std::move(done)] {
      pause_shortly();
      echo(asked, done);
    });
  }};
  auto c = server.connect();
  std::string all;
  for (int i = 0; i < 20; ++i)
    all += i % 2 == 0 ? get(fmt::format("/{}", i)) : post(fmt::format("/{}", i), "body");
  c.send(all);
  for (int i = 0; i < 20; ++i) {
    const auto r = c.receive();
    BOOST_TEST(r.body == fmt::format("{} /{} {}", i % 2 == 0 ? "GET" : "POST", i, i % 2 * 4));
  }
  BOOST_TEST(server.it->figures().connections_accepted == 1U);
  for (auto& each : late)
    each.join();
}

BOOST_AUTO_TEST_CASE(an_answer_says_what_its_direction_says_and_the_next_one_its_own) {
  gateway::server_options options;
  options.direct = [](const request& asked) {
    gateway::direction here;
    if (asked.path == "/led")
      here.headers = {{"Rollcall-Node", "n1"}};
    return here;
  };
  running_server server{echo, options};
  auto c = server.connect();
  BOOST_TEST(c.ask(get("/led")).header("rollcall-node") == "n1");
  BOOST_TEST(c.ask(get("/other")).header("rollcall-node").empty());
}

BOOST_AUTO_TEST_CASE(a_request_that_comes_byte_by_byte_is_one) {
  running_server server{echo};
  auto c = server.connect();
  for (const char byte : post("/x", "abc"))
    c.send({&byte, 1});
  BOOST_TEST(c.receive().body == "POST /x 3");
}

BOOST_AUTO_TEST_CASE(a_chunked_body_is_put_together) {
  running_server server{echo};
  auto c = server.connect();
  const auto r = c.ask("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "3\r\nabc\r\n10;some=thing\r\n0123456789abcdef\r\n0\r\n\r\n");
  BOOST_TEST(r.body == "POST /x 19");
  BOOST_TEST(c.ask(get("/y")).body == "GET /y 0");
}

BOOST_AUTO_TEST_CASE(head_is_answered_like_get_without_the_body) {
  running_server server{echo};
  auto c = server.connect();
  const auto r = c.ask("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  BOOST_TEST(r.status == 200);
  BOOST_TEST(r.header("content-length") == "9");
  BOOST_TEST(c.ask(get("/y")).body == "GET /y 0");
}

BOOST_AUTO_TEST_CASE(answers_without_a_body_have_none) {
  running_server server{[](const request& asked, const gateway::reply& done) {
    gateway::answer a;
    a.status = asked.path == "/202" ? 202 : 204;
    done(a);
  }};
  auto c = server.connect();
  const auto accepted = c.ask(post("/202", "x"));
  BOOST_TEST(accepted.status == 202);
  BOOST_TEST(accepted.header("content-length") == "0");
  BOOST_TEST(accepted.header("content-type").empty());
  const auto nothing = c.ask(post("/204", "x"));
  BOOST_TEST(nothing.status == 204);
  BOOST_TEST(nothing.headers.count("content-length") == 0U);
  BOOST_TEST(c.ask(post("/202", "x")).status == 202);
}

BOOST_AUTO_TEST_CASE(http_1_0_is_closed_unless_it_asks_otherwise) {
  running_server server{echo};
  auto closed = server.connect();
  BOOST_TEST(closed.ask("GET /x HTTP/1.0\r\n\r\n").body == "GET /x 0");
  BOOST_TEST(closed.sees_end());
  auto kept = server.connect();
  const auto r = kept.ask("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  BOOST_TEST(r.header("connection") == "keep-alive");
  BOOST_TEST(kept.ask("GET /y HTTP/1.0\r\n\r\n").body == "GET /y 0");
}

BOOST_AUTO_TEST_CASE(connection_close_is_honoured) {
  running_server server{echo};
  auto c = server.connect();
  BOOST_TEST(c.ask(get("/x", {"Connection: close"})).header("connection") == "close");
  BOOST_TEST(c.sees_end());
}

BOOST_AUTO_TEST_CASE(who_expects_a_continue_gets_one_before_the_body) {
  running_server server{echo};
  auto c = server.connect();
  c.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  BOOST_TEST(c.receive().status == 100);
  c.send("abc");
  BOOST_TEST(c.receive().body == "POST /x 3");
  BOOST_TEST(
    c.ask("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 200-maybe\r\n\r\n").status
    == 417);
}

BOOST_AUTO_TEST_CASE(a_sane_request_id_is_kept_and_another_one_replaced) {
  running_server server{
    [](const request& asked, const gateway::reply& done) { done(text_answer(asked.id)); }};
  auto c = server.connect();
  const auto kept = c.ask(get("/", {"X-Request-Id: order-17:a"}));
  BOOST_TEST(kept.body == "order-17:a");
  BOOST_TEST(kept.header("x-request-id") == "order-17:a");
  std::set<std::string> made;
  for (const auto& bad : std::vector<std::string>{"", "a b", "<script>", std::string(129, 'a')}) {
    const auto r = c.ask(get("/", {"X-Request-Id: " + bad}));
    BOOST_TEST(r.body.size() == 36);
    BOOST_TEST(r.header("x-request-id") == r.body);
    made.insert(r.body);
  }
  BOOST_TEST(made.size() == 4);
}

BOOST_AUTO_TEST_CASE(links_begin_as_the_host_header_or_the_settings_say) {
  const auto origin = [](const request& asked, const gateway::reply& done) {
    done(text_answer(asked.origin));
  };
  running_server server{origin};
  auto c = server.connect();
  BOOST_TEST(c.ask("GET / HTTP/1.1\r\nHost: shop.example:8080\r\n\r\n").body
             == "http://shop.example:8080");
  BOOST_TEST(c.ask("GET / HTTP/1.0\r\n\r\n").body
             == fmt::format("http://127.0.0.1:{}", server.it->port()));
  gateway::server_options options;
  options.public_origin = "https://shop.example";
  running_server behind{origin, options};
  BOOST_TEST(behind.connect().ask(get("/")).body == "https://shop.example");
}

BOOST_AUTO_TEST_CASE(half_closed_sockets_still_get_their_answer) {
  running_server server{echo};
  auto c = server.connect();
  c.send(post("/x", "abc"));
  c.half_close();
  BOOST_TEST(c.receive().body == "POST /x 3");
  BOOST_TEST(c.sees_end());
  auto cut = server.connect();
  cut.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
  cut.half_close();
  BOOST_TEST(cut.receive().status == 400);
  BOOST_TEST(cut.sees_end());
}

BOOST_AUTO_TEST_CASE(quick_requests_need_no_worker_and_others_wait_for_one) {
  std::promise<void> go_on;
  const auto gate = go_on.get_future().share();
  std::atomic<int> slow = 0;
  gateway::server_options options;
  options.workers = 1;
  options.is_quick = [](const request& asked) { return asked.path == "/quick"; };
  running_server server{[&](const request& asked, const gateway::reply& done) {
                          if (asked.path == "/slow") {
                            ++slow;
                            gate.wait();
                          }
                          echo(asked, done);
                        },
                        options};
  auto first = server.connect();
  first.send(get("/slow"));
  while (slow == 0)
    std::this_thread::yield();
  auto c = server.connect();
  c.send(post("/quick", "abc") + post("/quick", "abcd"));
  BOOST_TEST(c.receive().body == "POST /quick 3");
  BOOST_TEST(c.receive().body == "POST /quick 4");
  // A long body would keep the I/O thread from the other connections.
  auto long_one = server.connect();
  long_one.send(post("/quick", std::string(20'000, 'a')));
  BOOST_TEST(server.connect().ask(post("/quick", "ab")).body == "POST /quick 2");
  BOOST_TEST(server.it->figures().requests_under_way >= 1U);
  std::this_thread::sleep_for(std::chrono::milliseconds{50});
  BOOST_TEST(server.it->figures().requests_under_way == 2U);
  go_on.set_value();
  BOOST_TEST(first.receive().status == 200);
  BOOST_TEST(long_one.receive().body == "POST /quick 20000");
}

BOOST_AUTO_TEST_CASE(a_client_that_goes_away_leaves_nothing_behind) {
  held_replies held;
  running_server server{held.handler()};
  {
    auto gone = server.connect();
    gone.send(get("/x"));
    BOOST_TEST(eventually([&] { return held.size() == 1; }));
    gone.reset();
    auto early = server.connect();
    early.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc");
    early.reset();
    auto silent = server.connect();
  }
  // What is answered now has nobody to go to.
  held.all.front()(text_answer(std::string(1 << 20, 'x')));
  held.all.clear();
  BOOST_TEST(eventually([&] { return server.it->figures().connections == 0; }));
  BOOST_TEST(server.it->figures().requests_under_way == 0U);
}

BOOST_AUTO_TEST_CASE(garbage_is_refused_and_the_server_goes_on) {
  running_server server{echo};
  for (const std::string& garbage :
       {std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11}, std::string(5000, '\0'),
        std::string{"GET / HTTP/9.9\r\n\r\n"}, std::string{"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"},
        std::string{"GET /%ff HTTP/1.1\r\nHost: a\r\n\r\n"},
        std::string{"GET /a?b=%2 HTTP/1.1\r\nHost: a\r\n\r\n"},
        std::string{"GET / HTTP/1.1\r\n\r\n"}, std::string{"GET / HTTP/1.1\r\nHost: <>\r\n\r\n"},
        std::string{"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
        std::string{"GET x HTTP/1.1\r\nHost: a\r\n\r\n"},
        std::string{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n"},
        std::string{
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd"},
        std::string{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                    "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
        std::string{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}}) {
    auto c = server.connect();
    const auto r = c.ask(garbage);
    BOOST_TEST_CONTEXT(garbage) {
      BOOST_TEST(r.status == 400);
      BOOST_TEST(r.header("content-type") == "application/vnd.api+json");
      BOOST_TEST(r.body.find(R"("errors":[{"id":")" + r.header("x-request-id")) == 1);
      BOOST_TEST(c.sees_end());
    }
  }
  auto c = server.connect();
  BOOST_TEST(c.ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n").status == 501);
  BOOST_TEST(server.connect().ask(get("/x")).status == 200);
  BOOST_TEST(server.it->figures().refusals.at(400) == 14U);
}

BOOST_AUTO_TEST_CASE(a_handler_that_throws_or_forgets_answers_500) {
  running_server server{[](const request& asked, const gateway::reply& done) {
    if (asked.path == "/throws")
      throw std::runtime_error("the secret");
    if (asked.path == "/refuses")
      throw gateway::refusal{gateway::invalid_parameter("sort", "cannot sort")};
    if (asked.path == "/twice")
      done(text_answer("first"));
    if (asked.path == "/twice")
      done(text_answer("second"));
  }};
  auto c = server.connect();
  for (const auto* path : {"/throws", "/forgets"}) {
    const auto r = c.ask(get(path));
    BOOST_TEST(r.status == 500);
    BOOST_TEST(r.body.find("secret") == std::string::npos);
  }
  BOOST_TEST(c.ask(get("/refuses")).status == 400);
  BOOST_TEST(c.ask(get("/twice")).body == "first");
  BOOST_TEST(c.ask(get("/twice")).body == "first");
}

BOOST_AUTO_TEST_CASE(headers_of_an_answer_cannot_break_out_of_their_line) {
  running_server server{[](const request&, const gateway::reply& done) {
    auto a = text_answer("x");
    a.headers = {{"X-Good", "yes"}, {"X-Bad", "a\r\nX-Evil: b"}, {"X Bad", "c"}};
    done(a);
  }};
  const auto r = server.connect().ask(get("/"));
  BOOST_TEST(r.header("x-good") == "yes");
  BOOST_TEST(r.head.find("Evil") == std::string::npos);
  BOOST_TEST(r.headers.count("x bad") == 0U);
}

BOOST_AUTO_TEST_CASE(paths_for_browsers_are_open_to_every_page) {
  running_server server{echo};
  auto c = server.connect();
  const auto asked = c.ask("OPTIONS /client/events?company_id=AbC123 HTTP/1.1\r\nHost: a\r\n"
                           "Origin: https://shop.example\r\n"
                           "Access-Control-Request-Method: POST\r\n"
                           "Access-Control-Request-Headers: content-type,revision\r\n\r\n");
  BOOST_TEST(asked.status == 204);
  BOOST_TEST(asked.header("access-control-allow-origin") == "*");
  BOOST_TEST(asked.header("access-control-allow-methods") == "GET, POST, OPTIONS");
  BOOST_TEST(asked.header("access-control-allow-headers") == "content-type,revision");
  BOOST_TEST(c.ask(post("/client/events", "{}")).header("access-control-allow-origin") == "*");
  const auto refused = c.ask(post("/client/events", "x", {"Content-Encoding: br"}));
  BOOST_TEST(refused.status == 415);
  BOOST_TEST(refused.header("access-control-allow-origin") == "*");
  auto other = server.connect();
  BOOST_TEST(other.ask(get("/api/events")).header("access-control-allow-origin").empty());
}

BOOST_AUTO_TEST_CASE(two_hundred_idle_connections_do_not_disturb_the_others) {
  running_server server{echo};
  std::vector<client> idle;
  for (int i = 0; i < 200; ++i) {
    idle.push_back(server.connect());
    if (i % 2 == 0)
      BOOST_TEST(idle.back().ask(get("/x")).status == 200);
  }
  BOOST_TEST(eventually([&] { return server.it->figures().connections == 200; }));
  auto busy = server.connect();
  for (int i = 0; i < 100; ++i)
    BOOST_REQUIRE(busy.ask(post("/y", "z")).status == 200);
  for (auto& each : idle)
    BOOST_REQUIRE(each.ask(get("/x")).status == 200);
}

BOOST_AUTO_TEST_CASE(an_address_that_is_taken_or_not_ours_is_told) {
  running_server server{echo};
  gateway::server_options options;
  options.port = server.it->port();
  const auto taken = gateway::server::start(options, echo);
  BOOST_REQUIRE(!taken);
  BOOST_TEST((taken.error().code == model::failure_code::conflict));
  options.address = "192.0.2.1";
  const auto foreign = gateway::server::start(options, echo);
  BOOST_REQUIRE(!foreign);
  BOOST_TEST((foreign.error().code == model::failure_code::invalid_input));
}

BOOST_AUTO_TEST_CASE(stopping_lets_requests_under_way_finish_and_refuses_new_ones) {
  held_replies held;
  running_server server{held.handler()};
  auto under_way = server.connect();
  auto kept = server.connect();
  kept.send(get("/first"));
  BOOST_TEST(eventually([&] { return held.size() == 1; }));
  held.all.front()(text_answer("done"));
  BOOST_TEST(kept.receive().body == "done");
  under_way.send(get("/x"));
  BOOST_TEST(eventually([&] { return held.size() == 2; }));
  auto stopping = std::async(std::launch::async, [&] { server.it->stop(); });
  // From the moment on at which it no longer listens, kept connections are refused.
  BOOST_TEST(eventually([&] {
    try {
      auto late = server.connect();
      return false;
    } catch (const std::system_error&) {
      return true;
    }
  }));
  const auto refused = kept.ask(get("/y"));
  BOOST_TEST(refused.status == 503);
  BOOST_TEST(refused.header("connection") == "close");
  BOOST_TEST(refused.header("retry-after") == "1");
  BOOST_TEST((stopping.wait_for(std::chrono::seconds{0}) == std::future_status::timeout));
  held.all.back()(text_answer("after all"));
  const auto last = under_way.receive();
  BOOST_TEST(last.body == "after all");
  BOOST_TEST(last.header("connection") == "close");
  BOOST_TEST(under_way.sees_end());
  stopping.get();
}

BOOST_AUTO_TEST_CASE(a_request_that_outlives_the_grace_is_cut_off) {
  held_replies held;
  gateway::server_options options;
  options.shutdown_grace = std::chrono::milliseconds{50};
  running_server server{held.handler(), options};
  auto c = server.connect();
  c.send(get("/x"));
  BOOST_TEST(eventually([&] { return held.size() == 1; }));
  server.it->stop();
  BOOST_TEST(c.sees_end());
  server.it.reset();
  held.all.front()(text_answer("too late")); // The server is gone; nothing happens.
}

BOOST_AUTO_TEST_SUITE_END()
