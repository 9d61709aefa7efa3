#include "cluster/ownership.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <utility>

namespace cluster {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds ttl_min = 3s;
constexpr std::chrono::milliseconds ttl_max = 5min;
constexpr std::chrono::milliseconds rank_step_min = 10ms;
constexpr std::uint32_t window_max = 1'024;
/// An owner with nothing to say writes this often within the ttl.
constexpr int heartbeats_per_ttl = 3;

template <class Value>
model::status within(std::string_view setting, std::string_view unit, Value value, Value low,
                     Value high) {
  if (low <= value && value <= high)
    return model::nothing{};
  return model::failure{model::failure_code::invalid_input,
                        fmt::format("the cluster's {} cannot be {} {}; give {} to {}", setting,
                                    value, unit, low, high)};
}

} // namespace

model::status check(const ownership_settings& settings) {
  const auto ttl = settings.ttl;
  if (auto fine = within("ttl", "ms", ttl.count(), ttl_min.count(), ttl_max.count()); !fine)
    return fine;
  if (auto fine = within("margin", "ms", settings.margin.count(), (ttl / 10).count(),
                         (ttl / 2).count());
      !fine)
    return fine;
  if (auto fine = within("rank step", "ms", settings.rank_step.count(), rank_step_min.count(),
                         ttl.count());
      !fine)
    return fine;
  return within("window", "appends", settings.window, 1U, window_max);
}

ownership::ownership(const ownership_settings& settings, node_identity node, const chain& read,
                     steady_instant at)
  : settings_(settings), node_(std::move(node)), id_(node_id(node_.name)), log_(read),
    heard_at_(at), ticked_at_(at), pause_until_(at) {
  assert(check(settings));
  assert(is_node_name(node_.name));
}

// --- what happened --------------------------------------------------------------

/// Whether the latest epoch of the log, as it was read, is of this process.
bool ownership::is_latest_in_log() const {
  return log_.epoch() != 0 && log_.owner() == node_.name && log_.incarnation() == node_.incarnation;
}

/// Whether it began with our last marker.
bool ownership::owns_in_log() const {
  return log_.epoch() == epoch_ && is_latest_in_log();
}

void ownership::heard(const chain& now, decision decided, steady_instant at) {
  assert(decided != decision::broken);
  log_ = now;
  if (decided == decision::apply)
    heard_at_ = at;
  if (phase_ != phase::owner && phase_ != phase::releasing)
    return;
  if (log_.epoch() > epoch_)
    return end(again::when_silent, at);
  const auto cut_off = owns_in_log() && !log_.open() && !log_.released();
  if (cut_off)
    end(phase_ == phase::owner ? again::at_once : again::when_silent, at);
}

void ownership::appended(std::uint64_t ticket, const model::outcome<std::uint64_t>& position,
                         steady_instant at) {
  const auto found = std::find_if(on_their_way_.begin(), on_their_way_.end(),
                                  [&](const sent& s) { return s.ticket == ticket; });
  if (found == on_their_way_.end())
    return; // Of an epoch that this node gave up, and reported so.
  if (phase_ == phase::attempting)
    return marker_appended(sent{*found}, position, at);
  if (!position || *position != found->position)
    return end(phase_ == phase::owner ? again::at_once : again::when_silent, at);
  found->acknowledged = true;
  acknowledge_in_order(at);
}

void ownership::marker_appended(const sent& marker, const model::outcome<std::uint64_t>& position,
                                steady_instant at) {
  const auto there = position && *position == marker.position;
  if (!position && position.error().code == model::failure_code::conflict)
    refused_at_ = marker.position - 1;
  const auto overtaken = log_.epoch() > epoch_
                      || (log_.epoch() == epoch_ && !(owns_in_log() && log_.open()));
  if (!there || overtaken)
    return end(again::at_once, at + settings_.rank_step);
  phase_ = phase::owner;
  lease_until_ = steady_instant::min();
  lapsed_at_.reset();
  on_their_way_.front().acknowledged = true;
  acknowledge_in_order(at);
  if (at >= lease_until_)
    end(again::when_silent, at + settings_.ttl); // Too far from the log: others first.
}

void ownership::acknowledge_in_order(steady_instant at) {
  while (!on_their_way_.empty() && on_their_way_.front().acknowledged) {
    const auto& s = on_their_way_.front();
    acknowledged_ = s.position;
    lease_until_ = std::max(lease_until_, s.at + settings_.ttl - settings_.margin);
    if (s.asked_for)
      settled_.push_back({s.ticket, s.position});
    on_their_way_.pop_front();
  }
  if (at < lease_until_)
    lapsed_at_.reset();
  if (phase_ == phase::releasing && on_their_way_.empty())
    end(again::when_silent, at);
}

/// Gives the epoch up, and everything on its way with it.
void ownership::end(again next, steady_instant pause_until) {
  for (const auto& s : on_their_way_)
    if (s.asked_for)
      settled_.push_back({s.ticket, 0});
  on_their_way_.clear();
  phase_ = phase::standby;
  next_ = next;
  pause_until_ = pause_until;
  needed_ = acknowledged_;
}

// --- time -----------------------------------------------------------------------

std::optional<wanted_append> ownership::tick(steady_instant at) {
  const auto frozen = at - ticked_at_ > settings_.ttl - settings_.margin;
  ticked_at_ = at;
  if (frozen)
    heard_at_ = at; // Who slept knows nothing of silence.
  if (phase_ == phase::owner)
    return tick_owner(at);
  if (phase_ == phase::standby && takeover_is_due(at))
    return send_marker(at);
  return std::nullopt;
}

std::optional<wanted_append> ownership::tick_owner(steady_instant at) {
  const auto lapsed = at >= lease_until_;
  if (lapsed) {
    if (!lapsed_at_)
      lapsed_at_ = at;
    if (at - *lapsed_at_ >= settings_.ttl) {
      end(again::when_silent, at + settings_.ttl);
      return std::nullopt;
    }
    // One alone, to see whether the epoch is still in force. More would come in late together.
    if (!on_their_way_.empty())
      return std::nullopt;
    return send(record_kind::heartbeat, {}, false, at);
  }
  if (at - sent_at_ < settings_.ttl / heartbeats_per_ttl || room() == 0)
    return std::nullopt;
  return send(record_kind::heartbeat, {}, false, at);
}

bool ownership::takeover_is_due(steady_instant at) const {
  if (!rank_ || at < pause_until_ || log_.position() < needed_
      || (refused_at_ && log_.position() <= *refused_at_))
    return false;
  const auto turn = *rank_ * settings_.rank_step;
  if (log_.epoch() == 0)
    return silence(at) >= turn; // Nobody ever had a lease; if somebody has, the log refuses us.
  if (log_.released() && log_.owner() != node_.name) {
    if (log_.successor() == node_.name)
      return true;
    if (log_.successor().empty())
      return silence(at) >= turn;
  }
  // Also after attempts that failed, as they do while the log's servers elect a leader.
  if (next_ == again::at_once && is_latest_in_log() && !log_.released())
    return true;
  return silence(at) >= settings_.ttl + turn;
}

// --- appends --------------------------------------------------------------------

wanted_append ownership::send(record_kind kind, std::string_view payload, bool asked_for,
                              steady_instant at) {
  record r;
  r.partition = log_.partition();
  r.kind = kind;
  r.epoch = epoch_;
  r.number = number_++;
  r.previous = hash_;
  r.writer = id_;
  r.payload = payload;
  wanted_append wanted{++ticket_, position_, kind, encode(r)};
  hash_ = chain::next_hash(hash_, checksum_in(wanted.bytes));
  ++position_;
  sent_at_ = at;
  on_their_way_.push_back({wanted.ticket, position_, asked_for, false, at});
  return wanted;
}

wanted_append ownership::send_marker(steady_instant at) {
  phase_ = phase::attempting;
  epoch_ = log_.epoch() + 1;
  number_ = 0;
  position_ = log_.position();
  hash_ = log_.hash();
  return send(record_kind::marker, encode(marker_payload{node_.name, node_.incarnation}), false,
              at);
}

std::optional<wanted_append> ownership::append(record_kind kind, std::string_view payload,
                                               steady_instant at) {
  assert(kind != record_kind::marker && kind != record_kind::heartbeat
         && kind != record_kind::release);
  if (!may_answer_strongly(at) || room() == 0)
    return std::nullopt;
  return send(kind, payload, true, at);
}

std::optional<wanted_append> ownership::release(std::string_view successor, steady_instant at) {
  if (!may_answer_strongly(at) || room() == 0)
    return std::nullopt;
  phase_ = phase::releasing;
  return send(record_kind::release, encode(release_payload{std::string{successor}}), false, at);
}

std::vector<settled_append> ownership::take_settled() {
  return std::exchange(settled_, {});
}

} // namespace cluster
