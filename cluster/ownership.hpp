#pragma once

#include "cluster/chain.hpp"
#include "cluster/record.hpp"
#include "model/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

/// Since some moment, on this node's own clock: one that nobody sets, and that goes on while the
/// machine sleeps (CLOCK_BOOTTIME).
using steady_instant = std::chrono::nanoseconds;

struct ownership_settings {
  /// How long a standby hears nothing before it takes over; 3 s to 5 min. An election among the
  /// log's servers takes 4 to 9 s, during which no owner can write.
  std::chrono::milliseconds ttl{12'000};
  /// By how much the owner's lease ends earlier; a tenth to half of the ttl. Pays for clocks of
  /// different speed: a tenth for two that are off by 5 % each, in opposite directions.
  std::chrono::milliseconds margin{2'000};
  /// How much longer the next in rank waits, and anybody between two attempts; 10 ms to the ttl.
  std::chrono::milliseconds rank_step{500};
  /// Appends on their way at once; 1 to 1,024.
  std::uint32_t window = 32;
};

/// Failure: invalid_input, with the setting and its range.
model::status check(const ownership_settings& settings);

/// Who a node is.
struct node_identity {
  std::string name;
  std::uint64_t incarnation = 0; // Another one for every process: random, or when it started.
};

/// An append that is wanted: partition_log::submit(last, bytes), its outcome to
/// ownership::appended with the ticket.
struct wanted_append {
  std::uint64_t ticket = 0; // Never given twice.
  std::uint64_t last = 0;   // The record it must stand behind. It will be record last + 1.
  record_kind kind = record_kind::heartbeat;
  std::string bytes;
};

/// What became of an append that was wanted by others than ownership itself.
struct settled_append {
  std::uint64_t ticket = 0;
  /// Where the record is, for good. 0 = not known: it may be in the log or come into it, and then
  /// counts or not; whoever asked for it must be told so.
  std::uint64_t position = 0;
};

/// Who owns one partition, as one node sees it: decides when to take over, when to give up, what
/// may be appended and how long strong reads are right. It does nothing by itself and knows no
/// clock: it is told what was read, what became of appends, and the instant.
///
/// Why there is one owner at any instant: every append says behind which record it belongs, so of
/// several markers for one place one gets in. A standby tries only when it has heard nothing in
/// force for the ttl; the owner's lease counts from when it sent its last acknowledged append,
/// which is before anybody heard of it, and ends a margin earlier.
class ownership {
public:
  /// A node that has read as far as `read` says.
  ownership(const ownership_settings& settings, node_identity node, const chain& read,
            steady_instant at);

  /// The rank among those who may own the partition, 0 first. None = it must not: it holds no
  /// replica, is being drained, or is only preparing.
  void stand(std::optional<std::uint32_t> rank) {
    rank_ = rank;
  }

  // --- what happened -------------------------------------------------------------

  /// A record was read, and the chain, which stands behind it now, decided so. For every record in
  /// order, own ones too. Not for `broken`; a replica that is broken gets a new ownership.
  void heard(const chain& now, decision decided, steady_instant at);

  /// What became of an append. Once for each ticket, in any order.
  void appended(std::uint64_t ticket, const model::outcome<std::uint64_t>& position,
                steady_instant at);

  /// Time passes. Several times in each rank step, also when nothing happens. Returns a marker or a
  /// heartbeat to append, if one is due.
  /// Whoever was frozen for a while finds its lease run out here, and writes a single heartbeat to
  /// see whether it is still the owner before anything else.
  [[nodiscard]] std::optional<wanted_append> tick(steady_instant at);

  // --- what the owner does -------------------------------------------------------

  /// A record of the owner's. None when this node may not append now: not the owner, the lease has
  /// run out, or the window is full.
  [[nodiscard]] std::optional<wanted_append> append(record_kind kind, std::string_view payload,
                                                    steady_instant at);

  /// Gives up in order, in favour of a node or (empty) of whoever ranks first. From here on this
  /// node is no owner, whatever becomes of the append; what is on its way is still settled. None
  /// when append() would refuse.
  [[nodiscard]] std::optional<wanted_append> release(std::string_view successor, steady_instant at);

  /// What became of appends since the last call, in the order of their places. Of those on their
  /// way, all before the first that failed are there; behind it nothing is ever reported as there.
  [[nodiscard]] std::vector<settled_append> take_settled();

  // --- questions -----------------------------------------------------------------

  [[nodiscard]] bool is_owner() const {
    return phase_ == phase::owner;
  }
  /// Whether an answer that is worked out now is the partition's, provided that everything up to
  /// acknowledged_up_to() has been applied.
  [[nodiscard]] bool may_answer_strongly(steady_instant at) const {
    return is_owner() && at < lease_until_;
  }
  /// When that ends, unless an append is acknowledged before.
  [[nodiscard]] steady_instant lease_until() const {
    return lease_until_;
  }
  /// The last record that was reported as there, the marker at least. Owner only.
  [[nodiscard]] std::uint64_t acknowledged_up_to() const {
    return acknowledged_;
  }
  /// Of the owner: its own. Of others: the latest that was read of.
  [[nodiscard]] std::uint64_t epoch() const {
    return is_owner() ? epoch_ : log_.epoch();
  }
  /// How long nothing in force was heard.
  [[nodiscard]] std::chrono::nanoseconds silence(steady_instant at) const {
    return at - heard_at_;
  }
  /// How many more appends the window takes.
  [[nodiscard]] std::size_t room() const {
    return on_their_way_.size() >= settings_.window ? 0 : settings_.window - on_their_way_.size();
  }

private:
  enum class phase : std::uint8_t {
    standby,
    attempting, // A marker is on its way.
    owner,
    releasing, // The release is on its way, perhaps others before it.
  };
  /// An append on its way.
  struct sent {
    std::uint64_t ticket = 0;
    std::uint64_t position = 0;
    bool asked_for = false; // By others, who want to hear what became of it.
    bool acknowledged = false;
    steady_instant at{};
  };
  /// When this node may take over an epoch that is its own.
  enum class again : std::uint8_t {
    at_once,     // Nobody else can have a lease.
    when_silent, // As any standby, so that others come first.
  };

  wanted_append send(record_kind kind, std::string_view payload, bool asked_for, steady_instant at);
  wanted_append send_marker(steady_instant at);
  void marker_appended(const sent& marker, const model::outcome<std::uint64_t>& position,
                       steady_instant at);
  void acknowledge_in_order(steady_instant at);
  void end(again next, steady_instant pause_until);
  [[nodiscard]] bool is_latest_in_log() const;
  [[nodiscard]] bool owns_in_log() const;
  [[nodiscard]] bool takeover_is_due(steady_instant at) const;
  std::optional<wanted_append> tick_owner(steady_instant at);

  ownership_settings settings_;
  node_identity node_;
  std::uint64_t id_; // node_id
  chain log_;        // As read.
  std::optional<std::uint32_t> rank_;
  phase phase_ = phase::standby;

  steady_instant heard_at_; // A record in force, or the start.
  steady_instant ticked_at_;
  steady_instant pause_until_;              // No attempt before that,
  std::uint64_t needed_ = 0;                // nor before so much was read,
  std::optional<std::uint64_t> refused_at_; // nor behind the place where one was refused.
  again next_ = again::when_silent;

  std::uint64_t ticket_ = 0;       // The last one given.
  std::uint64_t epoch_ = 0;        // Of our last marker.
  std::uint64_t position_ = 0;     // Of the last append.
  std::uint64_t number_ = 0;       // Of the next one.
  std::uint64_t hash_ = 0;         // What the chain will be behind the last append.
  std::uint64_t acknowledged_ = 0; // Up to here without a gap.
  std::deque<sent> on_their_way_;
  std::vector<settled_append> settled_;

  steady_instant sent_at_{}; // The last append.
  steady_instant lease_until_{};
  std::optional<steady_instant> lapsed_at_; // When a tick first found the lease run out.
};

} // namespace cluster
