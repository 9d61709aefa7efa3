// Long answers and long bodies, piece by piece.
#include "gateway/compression.hpp"
#include "gateway/errors.hpp"
#include "tests/gateway/running_server.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

namespace {

using namespace gateway_tests;
using gateway::answer;
using gateway::reply;
using gateway::request;
using gateway::server_options;

answer streamed(std::function<bool(std::string&)> more, std::string body = {}) {
  auto a = text_answer(std::move(body));
  a.more = std::move(more);
  return a;
}

/// "1\n2\n…" up to `last`, a line a piece.
std::function<bool(std::string&)> counting(int last) {
  return [n = 0, last](std::string& out) mutable {
    out += fmt::format("{}\n", ++n);
    return n < last;
  };
}

/// Says nothing until it is opened, then its last word.
struct gate {
  std::mutex guard;
  std::condition_variable changed;
  bool is_open = false;

  void open() {
    const std::lock_guard lock{guard};
    is_open = true;
    changed.notify_all();
  }
  bool next(std::string& out) {
    std::unique_lock lock{guard};
    if (!changed.wait_for(lock, std::chrono::milliseconds{50}, [&] { return is_open; }))
      return true;
    out = "at last";
    return false;
  }
};

constexpr std::string_view
  upload = "POST /api/rollcall/changes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n";

std::string chunk(std::string_view text) {
  return fmt::format("{:x}\r\n{}\r\n", text.size(), text);
}

/// Reads the whole body, however it comes, and answers with its length and its end.
void swallow(const request& asked, const reply& done) {
  auto all = asked.body;
  const bool is_streamed = static_cast<bool>(asked.more);
  while (asked.more && asked.more(all)) {
  }
  done(text_answer(fmt::format("{} {} {}", is_streamed ? "streamed" : "whole", all.size(),
                               all.substr(all.size() - std::min<std::size_t>(all.size(), 5)))));
}

} // namespace

BOOST_AUTO_TEST_SUITE(server_streaming_test)

BOOST_AUTO_TEST_CASE(pieces_come_as_chunks_in_order_and_the_connection_is_kept) {
  running_server server{
    [](const request&, const reply& done) { done(streamed(counting(3), "first\n")); }};
  auto c = server.connect();
  for (int i = 0; i < 2; ++i) {
    const auto r = c.ask(get("/"));
    BOOST_TEST(r.header("transfer-encoding") == "chunked");
    BOOST_TEST(r.is_whole);
    BOOST_TEST(r.body == "first\n1\n2\n3\n");
  }
  BOOST_TEST(eventually([&] { return server.it->figures().streams == 0; }));
}

BOOST_AUTO_TEST_CASE(http_1_0_gets_the_pieces_until_the_end_of_the_connection) {
  running_server server{[](const request&, const reply& done) { done(streamed(counting(3))); }};
  const auto r = server.connect().ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  BOOST_TEST(r.headers.count("transfer-encoding") == 0U);
  BOOST_TEST(r.is_whole);
  BOOST_TEST(r.body == "1\n2\n3\n");
}

BOOST_AUTO_TEST_CASE(head_of_a_long_answer_does_not_make_it) {
  std::atomic<int> made = 0;
  running_server server{[&](const request&, const reply& done) {
    done(streamed([&](std::string&) {
      ++made;
      return false;
    }));
  }};
  auto c = server.connect();
  BOOST_TEST(c.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200);
  BOOST_TEST(c.ask("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n").status == 200);
  BOOST_TEST(made == 0);
}

BOOST_AUTO_TEST_CASE(packed_pieces_can_be_read_as_they_come) {
  gate wait;
  running_server server{[&](const request&, const reply& done) {
    done(streamed([&](std::string& out) { return wait.next(out); }, "at first, "));
  }};
  auto c = server.connect();
  c.send(get("/", {"Accept-Encoding: gzip"}));
  const auto beginning = c.receive_some();
  BOOST_TEST(beginning.find("Content-Encoding: gzip") != std::string::npos);
  BOOST_TEST(beginning.ends_with("\r\n"));
  wait.open();
  // The same once more, whole.
  auto again = server.connect();
  const auto r = again.ask(get("/", {"Accept-Encoding: gzip"}));
  BOOST_TEST(r.is_whole);
  BOOST_TEST(gateway::unpack(gateway::coding::gzip, r.body, 1000).body == "at first, at last");
}

BOOST_AUTO_TEST_CASE(no_more_is_made_than_the_client_reads) {
  std::atomic<int> made = 0;
  running_server server{[&](const request&, const reply& done) {
    done(streamed([&](std::string& out) {
      out.assign(1 << 20, 'a');
      return ++made < 1000;
    }));
  }};
  auto c = server.connect();
  c.send(get("/"));
  BOOST_TEST(!c.receive_some().empty());
  c.reset();
  BOOST_TEST(eventually([&] { return server.it->figures().streams == 0; }));
  BOOST_TEST(made < 100);
}

BOOST_AUTO_TEST_CASE(a_client_that_left_while_there_was_nothing_to_say_is_noticed) {
  server_options options;
  options.peer_check_interval = std::chrono::seconds{1};
  const auto kept = std::make_shared<int>(0);
  running_server server{[weak = std::weak_ptr{kept}](const request&, const reply& done) {
                          done(streamed([held = weak.lock()](std::string&) { return true; }));
                        },
                        options};
  {
    auto c = server.connect();
    c.send(get("/"));
    BOOST_TEST(!c.receive_some().empty());
    BOOST_TEST(kept.use_count() == 2);
  }
  BOOST_TEST(eventually([&] { return server.it->figures().streams == 0; }));
  BOOST_TEST(eventually([&] { return kept.use_count() == 1; }));
}

BOOST_AUTO_TEST_CASE(an_answer_that_fails_on_its_way_is_seen_not_to_be_whole) {
  running_server server{[](const request& asked, const reply& done) {
    done(streamed([n = 0, path = asked.path](std::string& out) mutable {
      out = "piece";
      if (++n < 3)
        return true;
      if (path == "/refused")
        throw gateway::refusal{gateway::invalid_body("", "no")};
      throw std::runtime_error("broken");
    }));
  }};
  for (const auto* path : {"/refused", "/broken"}) {
    auto c = server.connect();
    const auto r = c.ask(get(path));
    BOOST_TEST(r.body == "piecepiece");
    BOOST_TEST(!r.is_whole);
  }
}

BOOST_AUTO_TEST_CASE(followers_do_not_keep_requests_waiting) {
  server_options options;
  options.workers = 1;
  options.stream_workers = 1;
  gate wait;
  running_server server{[&](const request& asked, const reply& done) {
                          if (asked.path == "/follow")
                            done(streamed([&](std::string& out) { return wait.next(out); }));
                          else
                            echo(asked, done);
                        },
                        options};
  std::vector<client> followers;
  for (int i = 0; i < 20; ++i) {
    followers.push_back(server.connect());
    followers.back().send(get("/follow"));
  }
  BOOST_TEST(eventually([&] { return server.it->figures().streams == 20; }));
  auto c = server.connect();
  for (int i = 0; i < 100; ++i)
    BOOST_REQUIRE(c.ask(get("/x")).status == 200);
  wait.open();
  for (auto& each : followers)
    BOOST_TEST(each.receive().body == "at last");
}

/// Streams of the account that the path names. Those of "/slow" keep their worker until it is
/// opened.
struct slow_streams {
  std::mutex guard;
  std::condition_variable changed;
  bool is_open = false;
  int at_work = 0;
  int at_work_most = 0;
  std::map<std::string, std::shared_ptr<const int>> accounts{
    {"/slow", std::make_shared<const int>(1)}, {"/quick", std::make_shared<const int>(2)}};

  gateway::server::handler handler() {
    return [this](const request& asked, const reply& done) {
      auto a = streamed(counting(3));
      if (asked.path == "/slow")
        a.more = [this](std::string& out) {
          std::unique_lock lock{guard};
          at_work_most = std::max(at_work_most, ++at_work);
          changed.wait(lock, [&] { return is_open; });
          --at_work;
          out = "at last";
          return false;
        };
      a.owner = accounts.at(asked.path);
      done(std::move(a));
    };
  }
  void open() {
    const std::lock_guard lock{guard};
    is_open = true;
    changed.notify_all();
  }
  int busy() {
    const std::lock_guard lock{guard};
    return at_work;
  }
};

BOOST_AUTO_TEST_CASE(slow_streams_of_one_account_leave_half_of_the_workers_to_others) {
  server_options options;
  options.stream_workers = 4;
  slow_streams streams;
  running_server server{streams.handler(), options};
  std::vector<client> slow;
  for (int i = 0; i < 8; ++i) {
    slow.push_back(server.connect());
    slow.back().send(get("/slow"));
  }
  BOOST_TEST(eventually([&] { return server.it->figures().streams == 8; }));
  BOOST_TEST(eventually([&] { return streams.busy() == 2; }));
  for (int i = 0; i < 3; ++i)
    BOOST_TEST(server.connect().ask(get("/quick")).body == "1\n2\n3\n");
  streams.open();
  for (auto& each : slow)
    BOOST_TEST(each.receive().body == "at last");
  BOOST_TEST(streams.at_work_most == 2);
  BOOST_TEST(eventually([&] { return server.it->figures().streams == 0; }));
}

BOOST_AUTO_TEST_CASE(streams_that_wait_for_their_turn_end_with_the_server) {
  server_options options;
  options.stream_workers = 1;
  options.shutdown_grace = std::chrono::milliseconds{50};
  slow_streams streams;
  const auto& account = streams.accounts.at("/slow");
  std::vector<client> slow;
  {
    running_server server{streams.handler(), options};
    for (int i = 0; i < 8; ++i) {
      slow.push_back(server.connect());
      slow.back().send(get("/slow"));
    }
    BOOST_TEST(eventually([&] { return server.it->figures().streams == 8; }));
    BOOST_TEST(account.use_count() == 9);
    std::thread stopping{[&] { server.it->stop(); }};
    BOOST_TEST(slow.back().receive().status == 200);
    BOOST_TEST(slow.back().sees_end());
    streams.open();
    stopping.join();
  }
  BOOST_TEST(account.use_count() == 1); // None of them holds on to it.
}

BOOST_AUTO_TEST_CASE(stopping_ends_a_follower_properly_and_lets_an_export_finish) {
  gate wait;
  running_server server{[&](const request& asked, const reply& done) {
    if (asked.path == "/follow")
      done(streamed([&](std::string& out) { return wait.next(out); }, "caught up"));
    else
      done(streamed(counting(20'000)));
  }};
  auto follower = server.connect();
  auto exported = server.connect();
  follower.send(get("/follow"));
  exported.send(get("/export"));
  BOOST_TEST(eventually([&] { return server.it->figures().streams == 2; }));
  std::thread stopping{[&] { server.it->stop(); }};
  const auto whole = exported.receive();
  BOOST_TEST(whole.is_whole);
  BOOST_TEST(whole.body.ends_with("\n20000\n"));
  const auto followed = follower.receive();
  BOOST_TEST(followed.is_whole);
  BOOST_TEST(followed.body == "caught up");
  stopping.join();
}

BOOST_AUTO_TEST_CASE(a_body_without_an_end_in_sight_is_read_by_its_handler) {
  server_options options;
  options.body_bytes_max = 1000;
  running_server server{swallow, options};
  auto c = server.connect();
  std::string text{upload};
  text += "\r\n";
  for (int i = 0; i < 100; ++i)
    text += chunk(std::string(5000, 'a'));
  c.send(text + chunk("omega") + "0\r\n\r\n");
  BOOST_TEST(c.receive().body == "streamed 500005 omega");
  BOOST_TEST(c.ask(post("/api/rollcall/changes", std::string(5000, 'a'))).body
             == "streamed 5000 aaaaa");
  BOOST_TEST(c.ask(post("/api/rollcall/changes", "short")).body == "whole 5 short");
  BOOST_TEST(c.ask(std::string{upload} + "\r\n0\r\n\r\n").body == "streamed 0 ");
  BOOST_TEST(c.ask(get("/api/rollcall/changes")).body == "whole 0 ");
  BOOST_TEST(c.ask(post("/other", std::string(1001, 'a'))).status == 413);
}

BOOST_AUTO_TEST_CASE(pieces_of_a_body_reach_the_handler_as_they_come) {
  std::mutex guard;
  std::string seen;
  running_server server{[&](const request& asked, const reply& done) {
    std::string piece;
    for (bool goes_on = true; goes_on; piece.clear()) {
      goes_on = asked.more(piece);
      const std::lock_guard lock{guard};
      seen += piece;
    }
    done(text_answer("done"));
  }};
  auto c = server.connect();
  c.send(std::string{upload} + "Expect: 100-continue\r\n\r\n");
  BOOST_TEST(c.receive().status == 100);
  std::string sent;
  for (const std::string line : {"one\n", "two\n", "three\n"}) {
    c.send(chunk(line));
    sent += line;
    BOOST_TEST(eventually([&] {
      const std::lock_guard lock{guard};
      return seen == sent;
    }));
  }
  c.send("0\r\n\r\n");
  BOOST_TEST(c.receive().body == "done");
}

BOOST_AUTO_TEST_CASE(a_long_packed_body_is_unpacked_on_its_way) {
  server_options options;
  options.body_bytes_max = 1000;
  running_server server{swallow, options};
  auto c = server.connect();
  const auto packed = gateway::gzip(std::string(3'000'000, 'a') + "omega");
  c.send(std::string{upload} + "Content-Encoding: gzip\r\n\r\n");
  for (std::size_t at = 0; at < packed.size(); at += 700)
    c.send(chunk(packed.substr(at, 700)));
  c.send("0\r\n\r\n");
  BOOST_TEST(c.receive().body == "streamed 3000005 omega");
}

BOOST_AUTO_TEST_CASE(a_handler_that_does_not_read_the_body_is_heard_nevertheless) {
  running_server server{[](const request& asked, const reply&) {
    throw gateway::refusal{gateway::invalid_parameter("source", asked.path)};
  }};
  auto c = server.connect();
  c.send(std::string{upload} + "\r\n" + chunk(std::string(1'000'000, 'a')));
  const auto r = c.receive();
  BOOST_TEST(r.status == 400);
  BOOST_TEST(r.header("connection") == "close");
  auto expecting = server.connect();
  // Nothing of the body was asked for, so there is no "100 Continue".
  BOOST_TEST(expecting.ask(std::string{upload} + "Expect: 100-continue\r\n\r\n").status == 400);
}

BOOST_AUTO_TEST_CASE(a_long_body_that_is_cut_off_broken_or_late_is_refused) {
  server_options options;
  options.idle_timeout = std::chrono::milliseconds{100};
  running_server server{swallow, options};
  const auto begun = std::string{upload} + "\r\n" + chunk("abc");
  auto cut = server.connect();
  cut.send(begun);
  cut.half_close();
  BOOST_TEST(cut.receive().status == 400);
  auto broken = server.connect();
  BOOST_TEST(broken.ask(begun + "xyz\r\n").status == 400);
  auto late = server.connect();
  BOOST_TEST(late.ask(begun).status == 408);
  auto gone = server.connect();
  gone.send(begun);
  gone.reset();
  BOOST_TEST(eventually([&] { return server.it->figures().requests_under_way == 0; }));
}

BOOST_AUTO_TEST_CASE(long_bodies_leave_some_workers_to_others) {
  server_options options;
  options.workers = 4;
  running_server server{swallow, options};
  std::vector<client> slow;
  for (int i = 0; i < 2; ++i) {
    slow.push_back(server.connect());
    slow.back().send(std::string{upload} + "\r\n" + chunk("abc"));
  }
  BOOST_TEST(eventually([&] { return server.it->figures().requests == 2; }));
  auto third = server.connect();
  BOOST_TEST(third.ask(std::string{upload} + "\r\n").status == 503);
  BOOST_TEST(server.connect().ask(post("/x", "abc")).body == "whole 3 abc");
  for (auto& each : slow) {
    each.send("0\r\n\r\n");
    BOOST_TEST(each.receive().body == "streamed 3 abc");
  }
  BOOST_TEST(server.connect().ask(std::string{upload} + "\r\n0\r\n\r\n").status == 200);
}

BOOST_AUTO_TEST_CASE(stopping_does_not_wait_for_a_body_beyond_the_grace) {
  server_options options;
  options.shutdown_grace = std::chrono::milliseconds{50};
  running_server server{swallow, options};
  auto c = server.connect();
  c.send(std::string{upload} + "\r\n" + chunk("abc"));
  BOOST_TEST(eventually([&] { return server.it->figures().requests == 1; }));
  server.it->stop(); // Would hang if the handler were not woken.
  BOOST_TEST(c.sees_end());
}

BOOST_AUTO_TEST_SUITE_END()
