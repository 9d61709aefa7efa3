// Feeds of segments over HTTP: pages, waiting for the next flip, streams of events.
#include "gateway/feeds.hpp"
#include "gateway/identity.hpp"
#include "tests/gateway/served_account.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>
#include <future>
#include <vector>

BOOST_AUTO_TEST_SUITE(feeds_test)

namespace {

using namespace gateway_tests;

/// A segment of everybody who bought twice.
struct followed_segment : served_account {
  explicit followed_segment(gateway::feed_settings how = {})
    : served_account(
      {[how](gateway::route_table& routes) { gateway::add_feed_routes(routes, how); }}) {
    id = create("Twice", bought_twice);
  }
  std::string id;

  [[nodiscard]] std::string feed(std::string_view query = {}) const {
    return fmt::format("/api/rollcall/segments/{}/feed{}", id, query);
  }
  void buys_twice(const std::string& who) const {
    batch_maker batch;
    batch.event({who}, "Placed Order", "2025-12-20", {}, "1")
      .event({who}, "Placed Order", "2025-12-21", {}, "2");
    apply(batch);
  }
  [[nodiscard]] std::string place_id(std::string_view who) const {
    const auto found = engine().find_profile(who);
    need(found);
    return gateway::profile_id(*found);
  }
};

/// Server-sent events, as they come.
class event_reader {
public:
  struct event {
    std::string id;
    std::string kind;
    std::string data;
  };
  event_reader(client by, std::string_view target, const std::vector<std::string>& headers = {})
    : by_(std::move(by)) {
    auto all = headers;
    all.emplace_back("Accept: text/event-stream");
    BOOST_REQUIRE(by_.send(gateway_tests::get(target, all)));
  }
  /// Waits for the next event; one without a kind is a comment.
  event next() {
    for (;;) {
      if (const auto end = text_.find("\n\n"); end != std::string::npos) {
        auto block = text_.substr(0, end);
        text_.erase(0, end + 2);
        if (block.starts_with("retry:"))
          continue;
        return read(block);
      }
      const auto some = by_.receive_some();
      BOOST_REQUIRE_MESSAGE(!some.empty(), "the stream ended or fell silent: " << raw_);
      raw_ += some;
      take_chunks();
    }
  }
  [[nodiscard]] const std::string& raw() const {
    return raw_;
  }

private:
  static event read(std::string_view block) {
    event e;
    while (!block.empty()) {
      const auto line = block.substr(0, block.find('\n'));
      block.remove_prefix(std::min(line.size() + 1, block.size()));
      const auto colon = line.find(": ");
      const auto name = line.substr(0, colon);
      const auto value = std::string{line.substr(colon + 2)};
      (name == "id" ? e.id : name == "event" ? e.kind : e.data) = value;
    }
    return e;
  }
  /// From the wire's frames to the text.
  void take_chunks() {
    if (!is_in_body_) {
      const auto head = raw_.find("\r\n\r\n");
      if (head == std::string::npos)
        return;
      used_ = head + 4;
      is_in_body_ = true;
    }
    for (;;) {
      const auto line = raw_.find("\r\n", used_);
      if (line == std::string::npos)
        return;
      const auto size = std::stoul(raw_.substr(used_, line - used_), nullptr, 16);
      if (raw_.size() < line + 2 + size + 2)
        return;
      text_ += raw_.substr(line + 2, size);
      used_ = line + 2 + size + 2;
    }
  }

  client by_;
  std::string raw_;
  std::size_t used_ = 0;
  bool is_in_body_ = false;
  std::string text_;
};

} // namespace

BOOST_AUTO_TEST_CASE(pages_tell_every_flip_once_and_the_cursor_goes_on) {
  followed_segment segment;
  for (int i = 0; i < 7; ++i)
    segment.buys_twice(fmt::format("u{}", i));
  std::vector<std::string> told;
  std::string cursor;
  for (;;) {
    const auto page = segment.get(segment.feed("?limit=2&cursor=" + cursor));
    BOOST_REQUIRE(page.status == 200);
    BOOST_TEST(page.text("/segment/id") == segment.id);
    BOOST_TEST(page.text("/segment/name") == "Twice");
    BOOST_TEST(page.text("/as_of") == "2026-01-01T00:00:00Z");
    BOOST_TEST(page.at("/log_positions").as_array().size() == 3U);
    const auto& flips = page.at("/flips").as_array();
    if (flips.empty()) {
      BOOST_TEST(page.text("/cursor") == cursor);
      break;
    }
    BOOST_TEST(flips.size() <= 2U);
    for (const auto& flip : flips) {
      told.push_back(std::string{flip.at("profile").as_string()});
      BOOST_TEST(flip.at("profile_id").as_string() == segment.place_id(told.back()));
      BOOST_TEST(flip.at("change").as_string() == "joined");
      BOOST_TEST(flip.at("cause").as_string() == "event");
      BOOST_TEST(flip.at("detail").as_string() == "2");
    }
    BOOST_TEST(flips.back().at("cursor").as_string() == page.text("/cursor"));
    cursor = page.text("/cursor");
  }
  std::ranges::sort(told);
  BOOST_TEST(fmt::format("{}", fmt::join(told, " ")) == "u0 u1 u2 u3 u4 u5 u6");
}

BOOST_AUTO_TEST_CASE(a_page_from_now_on_is_empty_and_a_wrong_cursor_is_refused) {
  followed_segment segment;
  segment.buys_twice("u1");
  const auto now = segment.get(segment.feed("?cursor=now"));
  BOOST_TEST(now.at("/flips").as_array().empty());
  BOOST_TEST(now.text("/cursor").size() == 5U);
  const auto wrong = segment.get(segment.feed("?cursor=1.2"));
  BOOST_TEST(wrong.status == 400U);
  BOOST_TEST(wrong.error().find(R"({"parameter":"cursor"})") != std::string::npos);
  for (const char* query : {"?cursor=9.9.9", "?cursor=9.9.9&wait=1"}) {
    const auto ahead = segment.get(segment.feed(query));
    BOOST_TEST(ahead.status == 400U);
    BOOST_TEST(ahead.error().find("no cursor of this segment") != std::string::npos);
  }
  const auto stream = segment.get(segment.feed(),
                                  {"Accept: text/event-stream", "Last-Event-ID: 9.9.9"});
  BOOST_TEST(stream.status == 400U);
  BOOST_TEST(stream.error().find("Last-Event-ID") != std::string::npos);
  BOOST_TEST(segment.get("/api/rollcall/segments/XXXXXX/feed").status == 404U);
  const auto limit = segment.get(segment.feed("?limit=0"));
  BOOST_TEST(limit.error().find("a whole number from 1 to 10000") != std::string::npos);
  const auto unknown = segment.get(segment.feed("?page=0"));
  BOOST_TEST(unknown.error().find("Allowed: cursor, limit, wait") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(who_waits_hears_of_the_next_flip_at_once) {
  followed_segment segment;
  segment.buys_twice("u1");
  const auto start = segment.get(segment.feed()).text("/cursor");
  auto c = segment.connect();
  BOOST_REQUIRE(c.send(get(segment.feed("?wait=60&cursor=" + start))));
  // The head is out when the server waits.
  BOOST_TEST(eventually([&] { return segment.server().figures().streams == 1; }));
  segment.buys_twice("u2");
  const auto page = served_account::show(c.receive());
  BOOST_TEST(page.status == 200U);
  BOOST_TEST(page.text("/flips/0/profile") == "u2");
  BOOST_TEST(page.at("/flips").as_array().size() == 1U);
  BOOST_TEST(page.text("/as_of") == "2026-01-01T00:00:00Z");
  // What is there already is not waited for, and a wait ends.
  BOOST_TEST(segment.get(segment.feed("?wait=60")).at("/flips").as_array().size() == 2U);
  BOOST_TEST(segment.get(segment.feed("?wait=1&cursor=now")).at("/flips").as_array().empty());
}

BOOST_AUTO_TEST_CASE(a_stream_tells_what_was_and_then_what_comes) {
  followed_segment segment;
  segment.buys_twice("u1");
  event_reader events{segment.connect(), segment.feed()};
  const auto first = events.next();
  BOOST_TEST(first.kind == "joined");
  BOOST_TEST(first.data.find(R"("profile":"u1")") != std::string::npos);
  BOOST_TEST(events.raw().find("Content-Type: text/event-stream") != std::string::npos);
  segment.buys_twice("u2");
  const auto second = events.next();
  BOOST_TEST(second.data.find(R"("profile":"u2")") != std::string::npos);
  batch_maker batch;
  batch.erase({"u1"});
  segment.apply(batch);
  const auto third = events.next();
  BOOST_TEST(third.kind == "left");
  BOOST_TEST(third.data.find(R"("cause":"erasure")") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stream_goes_on_behind_the_last_event_that_was_heard) {
  followed_segment segment;
  std::vector<std::string> all;
  for (int i = 0; i < 20; ++i)
    segment.buys_twice(fmt::format("u{}", i));
  {
    event_reader events{segment.connect(), segment.feed()};
    for (int i = 0; i < 20; ++i)
      all.push_back(events.next().data);
  }
  // Breaking off behind any event and going on loses nothing and repeats nothing.
  for (int cut = 1; cut < 20; cut += 6) {
    std::vector<std::string> parts;
    std::string last;
    {
      event_reader events{segment.connect(), segment.feed()};
      for (int i = 0; i < cut; ++i) {
        const auto e = events.next();
        parts.push_back(e.data);
        last = e.id;
      }
    }
    event_reader rest{segment.connect(), segment.feed(), {"Last-Event-ID: " + last}};
    while (parts.size() < 20)
      parts.push_back(rest.next().data);
    BOOST_TEST(std::ranges::is_permutation(parts, all));
  }
}

BOOST_AUTO_TEST_CASE(a_silent_stream_says_how_fresh_the_silence_is) {
  followed_segment segment{{.heartbeat = std::chrono::milliseconds{1}}};
  event_reader events{segment.connect(), segment.feed("?cursor=now")};
  const auto beat = events.next();
  BOOST_TEST(beat.kind.empty());
  BOOST_TEST(beat.data.find("2026-01-01T00:00:00Z log_positions ") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_stream_ends_when_its_segment_does) {
  followed_segment segment{{.heartbeat = std::chrono::milliseconds{1}}};
  event_reader events{segment.connect(), segment.feed("?cursor=now")};
  events.next();
  need(segment.engine().drop("Twice"));
  auto last = events.next();
  while (last.kind.empty())
    last = events.next();
  BOOST_TEST(last.kind == "end");
}

BOOST_AUTO_TEST_CASE(far_more_listeners_than_threads_all_hear_a_flip) {
  followed_segment segment;
  std::vector<event_reader> all;
  for (int i = 0; i < 200; ++i)
    all.emplace_back(segment.connect(), segment.feed("?cursor=now"));
  BOOST_TEST(eventually([&] { return segment.server().figures().streams == 200; }));
  segment.buys_twice("u1");
  for (auto& each : all)
    BOOST_TEST(each.next().data.find(R"("profile":"u1")") != std::string::npos);
  // Nobody else was kept waiting meanwhile.
  BOOST_TEST(segment.get(segment.feed()).status == 200U);
}

BOOST_AUTO_TEST_SUITE_END()
