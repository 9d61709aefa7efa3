#include "actors/segment_actor.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace actors {

namespace {

using self_pointer = observed_pointer<segment_actor, segment_actor_state>;
using subscriber = segment_actor_state::subscriber;

constexpr std::chrono::seconds unused_after{60};
constexpr std::size_t
  ready_max = 4'096; // Flips that wait for one subscriber; beyond, they are read from the feed.
constexpr std::size_t read_limit = 1'000;

// --- questions over all partitions ---------------------------------------------------------------

void count(self_pointer self, caf::typed_response_promise<std::uint64_t> reply) {
  struct sum {
    std::size_t waits_for;
    std::uint64_t members = 0;
    bool has_failed = false;
  };
  auto all = std::make_shared<sum>(sum{self->state.profiles.size()});
  for (const auto& who : self->state.profiles)
    self->request(who, caf::infinite, count_members{self->state.segment->number})
      .then(
        [=](std::uint64_t n) mutable {
          all->members += n;
          if (--all->waits_for == 0 && !all->has_failed)
            reply.deliver(std::uint64_t{all->members});
        },
        [=](caf::error& e) mutable {
          --all->waits_for;
          if (!std::exchange(all->has_failed, true))
            reply.deliver(std::move(e));
        });
}

struct member_walk {
  list_all asked;
  all_members found;
  caf::typed_response_promise<all_members> reply;
};

/// Goes from partition to partition until the page is full.
void list(self_pointer self, std::shared_ptr<member_walk> walk) {
  const auto partition = walk->asked.partition;
  const auto left = walk->asked.limit - walk->found.members.size();
  if (partition >= self->state.profiles.size() || left == 0) {
    if (left == 0 && !walk->found.members.empty())
      walk->found.next = {partition, *walk->asked.after};
    walk->reply.deliver(std::move(walk->found));
    return;
  }
  self
    ->request(self->state.profiles[partition], caf::infinite,
              list_members{self->state.segment->number, walk->asked.after, left})
    .then(
      [=](member_list& page) {
        if (page.members.size() < left) {
          ++walk->asked.partition;
          walk->asked.after.reset();
        } else
          walk->asked.after = page.members.back().place.profile;
        std::move(page.members.begin(), page.members.end(),
                  std::back_inserter(walk->found.members));
        list(self, walk);
      },
      [=](caf::error& e) mutable { walk->reply.deliver(std::move(e)); });
}

struct feed_walk {
  /// A partition's part of its feed, as far as it was asked for.
  struct piece {
    std::vector<named_flip> flips;
    std::size_t at = 0;      // Of the flip that is next.
    std::size_t limit = 0;   // Flips that were asked for.
    std::uint64_t after = 0; // Where it begins.

    [[nodiscard]] bool is_used_up() const {
      return at == flips.size();
    }
    [[nodiscard]] bool may_go_on() const {
      return flips.size() == limit;
    }
  };
  std::size_t limit = 0;
  std::vector<piece> pieces; // By partition.
  all_flips out;
  std::size_t waits_for = 0;
  bool has_failed = false;
  caf::typed_response_promise<all_flips> reply;
};

/// Puts the partitions' flips together by instant, each partition's in its own order. Stops where a
/// partition has to be asked for more, so that all of them together are in order too: false then.
bool merge_pieces(feed_walk& walk) {
  auto& out = walk.out;
  while (out.flips.size() < walk.limit) {
    auto first = walk.pieces.size();
    for (std::size_t p = 0; p < walk.pieces.size(); ++p) {
      const auto& piece = walk.pieces[p];
      if (piece.is_used_up()) {
        if (piece.may_go_on())
          return false;
        continue;
      }
      if (first == walk.pieces.size()
          || piece.flips[piece.at].what.at
               < walk.pieces[first].flips[walk.pieces[first].at].what.at)
        first = p;
    }
    if (first == walk.pieces.size())
      break;
    auto& piece = walk.pieces[first];
    auto& flip = piece.flips[piece.at++];
    out.next[first] = flip.what.sequence;
    out.flips.push_back({static_cast<std::uint32_t>(first), std::move(flip)});
  }
  return true;
}

void go_on_reading(self_pointer self, const std::shared_ptr<feed_walk>& walk);

void read_piece(self_pointer self, const std::shared_ptr<feed_walk>& walk, std::size_t p,
                std::size_t limit) {
  auto& piece = walk->pieces[p];
  piece = {{}, 0, limit, walk->out.next[p]};
  ++walk->waits_for;
  self
    ->request(self->state.profiles[p], caf::infinite,
              read_feed{self->state.segment->number, piece.after, limit})
    .then(
      [=](feed_piece& read) {
        walk->pieces[p].flips = std::move(read.flips);
        if (--walk->waits_for == 0 && !walk->has_failed)
          go_on_reading(self, walk);
      },
      [=](caf::error& e) {
        --walk->waits_for;
        if (!std::exchange(walk->has_failed, true))
          walk->reply.deliver(std::move(e));
      });
}

void go_on_reading(self_pointer self, const std::shared_ptr<feed_walk>& walk) {
  if (merge_pieces(*walk)) {
    walk->reply.deliver(std::move(walk->out));
    return;
  }
  // Whoever had more than its share gives the rest at once, so none is asked a third time.
  const auto left = walk->limit - walk->out.flips.size();
  for (std::size_t p = 0; p < walk->pieces.size(); ++p)
    if (walk->pieces[p].is_used_up() && walk->pieces[p].may_go_on())
      read_piece(self, walk, p, left);
}

void read(self_pointer self, const read_all& asked, caf::typed_response_promise<all_flips> reply) {
  const auto partitions = self->state.profiles.size();
  auto walk = std::make_shared<feed_walk>();
  walk->limit = asked.limit;
  walk->out.next = asked.after;
  walk->pieces.resize(partitions);
  walk->reply = std::move(reply);
  const auto share = std::max<std::size_t>(1, (asked.limit + partitions - 1) / partitions);
  for (std::size_t p = 0; p < partitions; ++p)
    read_piece(self, walk, p, share);
}

void find_end(self_pointer self, caf::typed_response_promise<feed_end_answer> reply) {
  struct walk {
    feed_end_answer answer;
    std::size_t waits_for;
    bool has_failed = false;
  };
  const auto partitions = self->state.profiles.size();
  auto all = std::make_shared<walk>(walk{{feed_cursor(partitions)}, partitions});
  for (std::size_t p = 0; p < partitions; ++p)
    self->request(self->state.profiles[p], caf::infinite, read_segments{})
      .then(
        [=](const segment_statuses& told) mutable {
          for (const auto& s : told.segments)
            if (s.id == self->state.segment->number)
              all->answer.end[p] = s.last_sequence;
          if (--all->waits_for == 0 && !all->has_failed)
            reply.deliver(std::move(all->answer));
        },
        [=](caf::error& e) mutable {
          --all->waits_for;
          if (!std::exchange(all->has_failed, true))
            reply.deliver(std::move(e));
        });
}

// --- subscribers ---------------------------------------------------------------------------------

subscriber* find_subscriber(self_pointer self, const caf::actor_addr& who) {
  const auto found = self->state.subscribers.find(who);
  return found == self->state.subscribers.end() ? nullptr : &found->second;
}

void serve(self_pointer self, const caf::actor_addr& who);

void send_ready(self_pointer self, subscriber& s) {
  s.is_busy = true;
  s.ready_flips = 0;
  const auto address = s.who.address();
  const auto goes_on = [=] {
    if (auto* served = find_subscriber(self, address)) {
      served->is_busy = false;
      serve(self, address);
    }
  };
  self
    ->request(s.who, caf::infinite, segment_flips{self->state.segment, std::exchange(s.ready, {})})
    .then([=](finished) { goes_on(); }, [=](const caf::error&) { goes_on(); });
}

/// Flips are sent on when they are the next ones of their partition; others wait in the feed.
void offer(subscriber& s, std::uint32_t partition,
           const std::shared_ptr<const std::vector<named_flip>>& flips) {
  auto& told = s.told[partition];
  const auto next = std::ranges::find_if(
    *flips, [&](const named_flip& flip) { return flip.what.sequence > told; });
  flip_piece piece{partition, flips, static_cast<std::size_t>(next - flips->begin()), 0};
  for (auto flip = next;
       flip != flips->end() && flip->what.sequence == told + 1 && s.ready_flips < ready_max;
       ++flip) {
    ++told;
    ++piece.count;
    ++s.ready_flips;
  }
  if (piece.count != 0)
    s.ready.push_back(std::move(piece));
}

void read_behind(self_pointer self, subscriber& s, std::uint32_t partition) {
  s.is_reading = true;
  const auto address = s.who.address();
  const auto after = s.told[partition];
  self
    ->request(self->state.profiles[partition], caf::infinite,
              read_feed{self->state.segment->number, after, read_limit})
    .then(
      [=](feed_piece& piece) {
        auto* served = find_subscriber(self, address);
        if (!served)
          return;
        served->is_reading = false;
        const bool is_empty = piece.flips.empty();
        offer(*served, partition,
              std::make_shared<const std::vector<named_flip>>(std::move(piece.flips)));
        // The feed was cut short of what we heard; what is not there cannot be told.
        if (is_empty && served->told[partition] == after)
          served->told[partition] = std::max(served->told[partition], served->known[partition]);
        serve(self, address);
      },
      [=](const caf::error& e) {
        if (auto* served = find_subscriber(self, address)) {
          served->is_reading = false;
          served->known[partition] = served->told[partition];
          self->note_error(self->system().render(e));
        }
      });
}

void serve(self_pointer self, const caf::actor_addr& who) {
  auto* s = find_subscriber(self, who);
  if (!s)
    return;
  if (!s->is_busy && !s->ready.empty())
    send_ready(self, *s);
  if (s->is_busy || s->is_reading)
    return;
  for (std::uint32_t p = 0; p < s->told.size(); ++p)
    if (s->told[p] < s->known[p]) {
      read_behind(self, *s, p);
      return;
    }
}

void enlist(self_pointer self, const subscribe_to_flips& order,
            caf::typed_response_promise<finished> reply) {
  auto& state = self->state;
  self->monitor(order.who);
  subscriber s;
  s.who = order.who;
  s.known = state.watched_from;
  s.told = order.after.value_or(state.watched_from);
  const auto address = order.who.address();
  state.subscribers[address] = std::move(s);
  reply.deliver(finished{});
  serve(self, address);
}

void enlist_waiting(self_pointer self) {
  for (auto& [order, reply] : std::exchange(self->state.wait_for_watch, {}))
    enlist(self, order, reply);
}

/// The partitions have said up to where their feeds go.
void begin_serving(self_pointer self) {
  auto& state = self->state;
  std::vector<caf::actor_addr> before;
  for (auto& [address, s] : state.subscribers) {
    for (std::size_t p = 0; p < s.known.size(); ++p)
      s.known[p] = std::max(s.known[p], state.watched_from[p]);
    before.push_back(address);
  }
  enlist_waiting(self);
  for (const auto& address : before)
    serve(self, address);
}

/// Asks the partitions for their flips; subscribers are served once all have said from where on.
void start_watching(self_pointer self) {
  auto& state = self->state;
  state.is_watching = true;
  state.watched_from.assign(state.profiles.size(), 0);
  state.watch_answers = 0;
  const auto watch = ++state.watches;
  const auto answered = [self, watch](std::size_t p, std::uint64_t last) {
    auto& now = self->state;
    if (watch != now.watches)
      return;
    now.watched_from[p] = std::max(now.watched_from[p], last);
    if (++now.watch_answers == now.profiles.size())
      begin_serving(self);
  };
  for (std::size_t p = 0; p < state.profiles.size(); ++p)
    self
      ->request(state.profiles[p], caf::infinite,
                watch_flips{state.segment->number, caf::actor_cast<flip_listener_actor>(self)})
      .then([=](std::uint64_t last) { answered(p, last); },
            [=](const caf::error& e) {
              self->note_error(self->system().render(e));
              answered(p, 0);
            });
}

void stop_watching(self_pointer self) {
  self->state.is_watching = false;
  for (const auto& who : self->state.profiles)
    self->send(who, unwatch_flips{self->state.segment->number});
}

void subscribe(self_pointer self, subscribe_to_flips& order,
               caf::typed_response_promise<finished> reply) {
  auto& state = self->state;
  const bool is_complete = state.is_watching && state.watch_answers == state.profiles.size();
  state.wait_for_watch.emplace_back(std::move(order), std::move(reply));
  if (!state.is_watching)
    start_watching(self);
  else if (is_complete)
    enlist_waiting(self);
}

/// What waits for a subscriber is read from the feed again, so that it is told from where it was.
void forget_ready(subscriber& s) {
  for (auto piece = s.ready.rbegin(); piece != s.ready.rend(); ++piece)
    s.told[piece->partition] = piece->flips().front().what.sequence - 1;
  s.ready.clear();
  s.ready_flips = 0;
}

finished restart(self_pointer self) {
  auto& state = self->state;
  for (auto& [address, s] : state.subscribers) {
    forget_ready(s);
    s.known = s.told;
  }
  if (state.is_watching)
    start_watching(self);
  return finished{};
}

void hear(self_pointer self, const flips_happened& happened) {
  auto& state = self->state;
  if (happened.partition >= state.watched_from.size())
    return;
  auto& from = state.watched_from[happened.partition];
  from = std::max(from, happened.last_sequence);
  for (auto& [address, s] : state.subscribers) {
    s.known[happened.partition] = from;
    offer(s, happened.partition, happened.flips);
  }
  std::vector<caf::actor_addr> addresses;
  for (const auto& [address, s] : state.subscribers)
    addresses.push_back(address);
  for (const auto& address : addresses)
    serve(self, address);
}

void note_question(self_pointer self) {
  self->state.last_asked = segment_actor_state::steady::now();
}

} // namespace

std::optional<feed_cursor> parse_cursor(std::string_view text, std::size_t partitions) {
  feed_cursor cursor;
  if (text.empty())
    return feed_cursor(partitions);
  for (const char *at = text.data(), *end = at + text.size();;) {
    std::uint64_t sequence = 0;
    const auto [next, error] = std::from_chars(at, end, sequence);
    if (error != std::errc{})
      return {};
    cursor.push_back(sequence);
    if (next == end)
      break;
    if (*next != '.')
      return {};
    at = next + 1;
  }
  if (cursor.size() != partitions)
    return {};
  return cursor;
}

std::string format_cursor(const feed_cursor& cursor) {
  std::string text;
  for (const auto sequence : cursor) {
    text += text.empty() ? "" : ".";
    text += std::to_string(sequence);
  }
  return text;
}

segment_actor::behavior_type segment(self_pointer self,
                                     std::shared_ptr<const segment_identity> whose,
                                     std::vector<profile_actor> profiles) {
  self->call_it("segment", "segment/" + whose->name);
  self->state.segment = std::move(whose);
  self->state.profiles = std::move(profiles);
  note_question(self);
  self->delayed_send(self, unused_after, look_unused{});
  self->set_down_handler([self](const caf::down_msg& down) {
    self->state.subscribers.erase(down.source);
    if (self->state.subscribers.empty() && self->state.is_watching)
      stop_watching(self);
  });
  return {
    [self](const be_renamed& order) {
      self->call_it("segment", "segment/" + order.becomes->name);
      self->state.segment = order.becomes;
    },
    [self](const count_all&) {
      note_question(self);
      const auto reply = self->make_response_promise<caf::typed_response_promise<std::uint64_t>>();
      count(self, reply);
      return reply;
    },
    [self](const list_all& asked) {
      note_question(self);
      const auto reply = self->make_response_promise<caf::typed_response_promise<all_members>>();
      list(self, std::make_shared<member_walk>(member_walk{asked, {}, reply}));
      return reply;
    },
    [self](const read_all& asked) {
      note_question(self);
      const auto reply = self->make_response_promise<caf::typed_response_promise<all_flips>>();
      read(self, asked, reply);
      return reply;
    },
    [self](const ask_feed_end&) {
      note_question(self);
      const auto reply = self
                           ->make_response_promise<caf::typed_response_promise<feed_end_answer>>();
      find_end(self, reply);
      return reply;
    },
    [self](subscribe_to_flips& order) {
      note_question(self);
      const auto reply = self->make_response_promise<caf::typed_response_promise<finished>>();
      subscribe(self, order, reply);
      return reply;
    },
    [self](const flips_happened& happened) { hear(self, happened); },
    [self](const look_unused&) {
      auto& state = self->state;
      const bool is_used = !state.subscribers.empty() || !state.wait_for_watch.empty()
                        || segment_actor_state::steady::now() - state.last_asked < unused_after;
      if (is_used)
        self->delayed_send(self, unused_after, look_unused{});
      else
        self->quit();
    },
    [self](const begin_anew&) { return restart(self); },
  };
}

} // namespace actors
