#include "gateway/feeds.hpp"

#include "gateway/flip_bell.hpp"
#include "gateway/identity.hpp"
#include "gateway/json_text.hpp"
#include "gateway/ours.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

namespace gateway {

namespace json = boost::json;

namespace {

using steady = std::chrono::steady_clock;

constexpr number_rule limit_rule{1'000, 1, 10'000};
constexpr number_rule wait_rule{0, 0, 60}; // Seconds.
constexpr std::size_t flips_at_once = 500; // Of a stream; they are in memory until they are sent.
constexpr std::string_view from_now_on = "now";

/// A cursor taken apart, to tell the one behind each flip.
class feed_position {
public:
  explicit feed_position(std::string_view cursor) {
    while (!cursor.empty()) {
      std::uint64_t sequence = 0;
      const auto end = std::min(cursor.find('.'), cursor.size());
      std::from_chars(cursor.data(), cursor.data() + end, sequence);
      sequences_.push_back(sequence);
      cursor.remove_prefix(std::min(end + 1, cursor.size()));
    }
  }
  void pass(const rollcall::flip_record& flip) {
    if (sequences_.size() <= flip.partition)
      sequences_.resize(flip.partition + 1);
    sequences_[flip.partition] = flip.sequence;
  }
  /// As many parts as a cursor of the engine has.
  void widen(std::string_view cursor) {
    const auto parts = static_cast<std::size_t>(std::ranges::count(cursor, '.')) + 1;
    sequences_.resize(std::max(parts, sequences_.size()));
  }
  [[nodiscard]] std::string text() const {
    return fmt::format("{}", fmt::join(sequences_, "."));
  }

private:
  std::vector<std::uint64_t> sequences_;
};

json::object flip_object(const rollcall::flip_record& flip, std::string cursor) {
  return {{"cursor", std::move(cursor)},
          {"partition", flip.partition},
          {"sequence", flip.sequence},
          {"profile_id", profile_id(flip.place)},
          {"profile", flip.profile},
          {"change", flip.joined ? "joined" : "left"},
          {"cause", model::name_of(flip.cause)},
          {"detail", flip.detail},
          {"at", model::format_instant(flip.at)}};
}

/// Somebody who reads a segment's feed from a cursor on.
class follower {
public:
  follower(std::shared_ptr<account> whose, rollcall::segment_info segment, std::string cursor,
           std::size_t limit)
    : whose_(std::move(whose)), segment_(std::move(segment)), cursor_(std::move(cursor)),
      limit_(limit) {
  }
  ~follower() {
    if (bell_)
      bell_->forget(this);
  }
  follower(const follower&) = delete;
  follower& operator=(const follower&) = delete;

  void listen(flip_bells& bells) {
    bell_ = value_of(bells.of(whose_, segment_.id));
    has_caught_up_ = false; // Nobody heard what happened before.
  }
  /// False = the bell has not rung since the feed was read to its end.
  [[nodiscard]] bool may_have_news() const {
    return !has_caught_up_ || bell_->rung() != heard_;
  }
  void await_news(std::function<void()> wake) {
    bell_->call(this, heard_, std::move(wake));
  }
  /// The next flips; moves the cursor.
  model::outcome<std::vector<rollcall::flip_record>> read() {
    if (bell_)
      heard_ = bell_->rung(); // Before reading: what rings meanwhile is looked for once more.
    auto page = engine().feed(segment_.id, cursor_, limit_);
    if (!page)
      return page.error();
    has_caught_up_ = page->flips.empty();
    start_ = std::exchange(cursor_, page->cursor);
    return std::move(page->flips);
  }
  /// Where the flips of the last `read` begin.
  [[nodiscard]] feed_position start() const {
    feed_position at{start_};
    at.widen(cursor_);
    return at;
  }
  [[nodiscard]] const std::string& cursor() const {
    return cursor_;
  }
  [[nodiscard]] rollcall::engine& engine() const {
    return *whose_->engine;
  }
  [[nodiscard]] json::object page(std::span<const rollcall::flip_record> flips) const {
    json::object page{{"segment", {{"id", segment_.id}, {"name", segment_.name}}}};
    json::array all;
    auto at = start();
    for (const auto& flip : flips) {
      at.pass(flip);
      all.push_back(flip_object(flip, at.text()));
    }
    page["flips"] = std::move(all);
    page["cursor"] = cursor_;
    return page;
  }

private:
  std::shared_ptr<account> whose_;
  rollcall::segment_info segment_;
  std::string start_;
  std::string cursor_;
  std::size_t limit_;
  std::shared_ptr<flip_bell> bell_;
  std::uint64_t heard_ = 0;
  bool has_caught_up_ = false;
};

// --- pages ---------------------------------------------------------------------------------------

answer page_answer(const follower& who, std::span<const rollcall::flip_record> flips,
                   const rollcall::freshness& seen) {
  json::object content;
  add_freshness(content, seen);
  for (auto& [name, value] : who.page(flips))
    content[name] = std::move(value);
  return own_answer(content);
}

/// The page that a client waits for, as soon as it is not empty, or when the time is over. The head
/// is out by then: should the engine fail, the page is empty, and the next request hears why.
answer later_page(const std::shared_ptr<follower>& who, steady::time_point until) {
  answer a;
  a.content_type = json_type;
  a.await_news = [who](std::function<void()> wake) { who->await_news(std::move(wake)); };
  a.more = [who, until](std::string& out) {
    const auto is_late = steady::now() >= until;
    if (!is_late && !who->may_have_news())
      return true;
    const auto seen = who->engine().freshness();
    const auto flips = who->read();
    if (!is_late && seen && flips && flips->empty())
      return true;
    const auto none = std::vector<rollcall::flip_record>{};
    out = page_answer(*who, flips ? *flips : none, seen ? *seen : rollcall::freshness{}).body;
    return false;
  };
  return a;
}

// --- streams -------------------------------------------------------------------------------------

class feed_stream {
public:
  feed_stream(std::shared_ptr<follower> who, feed_settings how)
    : who_(std::move(who)), how_(how), spoke_(steady::now()) {
  }

  bool more(std::string& out) {
    // A feed that is gone rings no bell, so we look from time to time.
    const auto is_beat_due = steady::now() - spoke_ >= how_.heartbeat;
    if (who_->may_have_news() || is_beat_due) {
      const auto flips = who_->read();
      if (!flips) {
        append_end(out, flips.error());
        return false;
      }
      append_events(out, *flips);
    }
    if (out.empty() && is_beat_due)
      append_heartbeat(out);
    if (!out.empty())
      spoke_ = steady::now();
    return true;
  }

private:
  void append_events(std::string& out, std::span<const rollcall::flip_record> flips) const {
    auto at = who_->start();
    for (const auto& flip : flips) {
      at.pass(flip);
      auto cursor = at.text();
      out += fmt::format("id: {}\nevent: {}\ndata: ", cursor, flip.joined ? "joined" : "left");
      append_json(out, flip_object(flip, std::move(cursor)));
      out += "\n\n";
    }
  }
  /// A comment, for proxies and for those who want to know how fresh the silence is.
  void append_heartbeat(std::string& out) const {
    const auto seen = who_->engine().freshness();
    if (!seen)
      out += ": the engine does not answer: " + one_line(seen.error().message) + "\n\n";
    else
      out += fmt::format(": as_of {} log_positions {}\n\n", model::format_instant(seen->as_of),
                         fmt::join(seen->log_positions, ","));
  }
  /// Said before the stream is closed; a client that connects again hears it with a status.
  static void append_end(std::string& out, const model::failure& why) {
    out += "event: end\ndata: ";
    append_json(out, json::object{{"reason", why.message}});
    out += "\n\n";
  }
  static std::string one_line(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
  }

  std::shared_ptr<follower> who_;
  feed_settings how_;
  steady::time_point spoke_;
};

answer stream_answer(const std::shared_ptr<follower>& who, feed_settings how) {
  answer a;
  a.content_type = "text/event-stream";
  a.headers = {{"Cache-Control", "no-cache"}, {"X-Accel-Buffering", "no"}};
  a.body = "retry: 1000\n\n";
  const auto stream = std::make_shared<feed_stream>(who, how);
  a.more = [stream](std::string& out) { return stream->more(out); };
  a.await_news = [who](std::function<void()> wake) { who->await_news(std::move(wake)); };
  return a;
}

// --- the route -----------------------------------------------------------------------------------

bool wants_stream(const request& asked) {
  const auto* accept = asked.header("accept");
  return accept != nullptr && accept->find("text/event-stream") != std::string::npos;
}

std::string start_of(const call& c, const rollcall::segment_info& segment, bool is_stream) {
  const auto* cursor = c.asked.parameter("cursor");
  const auto* last = c.asked.header("last-event-id");
  if (is_stream && last != nullptr && !last->empty())
    cursor = last;
  if (cursor == nullptr)
    return {};
  auto& engine = *c.whose->engine;
  if (*cursor == from_now_on)
    return value_of(engine.feed_end(segment.id));
  // Nothing else can be wrong with these arguments.
  if (const auto checked = engine.feed(segment.id, *cursor, 1);
      !checked && checked.error().code == model::failure_code::invalid_input)
    throw refusal{invalid_parameter(
      cursor == last ? "Last-Event-ID" : "cursor",
      checked.error().message + fmt::format("; or '{}', for what comes from now on", from_now_on))};
  return *cursor;
}

answer show_feed(const call& c, flip_bells& bells, feed_settings how) {
  check_parameters(c.asked, {"cursor", "limit", "wait"});
  auto& engine = *c.whose->engine;
  const auto is_stream = wants_stream(c.asked);
  const auto limit = static_cast<std::size_t>(number_parameter(c.asked, "limit", limit_rule));
  const std::chrono::seconds wait{number_parameter(c.asked, "wait", wait_rule)};
  auto segment = value_of(engine.show(c.captured.front()));
  auto start = start_of(c, segment, is_stream);
  const auto who = std::make_shared<follower>(c.whose, std::move(segment), std::move(start),
                                              is_stream ? flips_at_once : limit);
  if (is_stream) {
    who->listen(bells);
    return stream_answer(who, how);
  }
  const auto until = steady::now() + wait;
  const auto seen = freshness_of(engine);
  const auto flips = value_of(who->read());
  if (!flips.empty() || wait.count() == 0)
    return page_answer(*who, flips, seen);
  who->listen(bells);
  return later_page(who, until);
}

} // namespace

void add_feed_routes(route_table& routes, feed_settings how) {
  const auto bells = std::make_shared<flip_bells>();
  routes.add("GET", "/api/rollcall/segments/{id}/feed", {reading_scope},
             [bells, how](const call& c) { return show_feed(c, *bells, how); });
}

} // namespace gateway
