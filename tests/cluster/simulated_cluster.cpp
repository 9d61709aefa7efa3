#include "tests/cluster/simulated_cluster.hpp"

#include "cluster/octets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

namespace cluster_tests {

using namespace std::chrono_literals;
using cluster::decision;
using cluster::record_kind;
using model::failure_code;

namespace {

constexpr auto faults_last = 30s;
constexpr std::size_t nodes_max = 6;
constexpr std::uint32_t operations_on_their_way_max = 8;
constexpr std::uint64_t records_per_read = 64;
constexpr auto grace = 5s; // So long a node that died keeps its place.

std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  return cluster::chain::next_hash(a, b);
}

std::string operation(std::uint32_t sender, std::uint32_t count) {
  std::string bytes;
  cluster::put_number(bytes, sender);
  cluster::put_number(bytes, count);
  return bytes;
}

} // namespace

void add(simulation_figures& to, const simulation_figures& more) {
  to.events += more.events;
  to.acknowledged += more.acknowledged;
  to.unknown += more.unknown;
  to.markers += more.markers;
  to.stale += more.stale;
  to.cut_off += more.cut_off;
  to.refused += more.refused;
  to.late += more.late;
  to.releases += more.releases;
  to.snapshots += more.snapshots;
  to.trimmed += more.trimmed;
  to.bootstraps += more.bootstraps;
  to.longest_recovery = std::max(to.longest_recovery, more.longest_recovery);
  to.strong_checks += more.strong_checks;
}

simulated_cluster::simulated_cluster(std::uint64_t seed) : seed_(seed), random_(seed) {
  settings_.ttl = std::chrono::milliseconds{3'000 + 1'000 * below(4)};
  settings_.margin = settings_.ttl / (chance(2) ? 10 : 6);
  settings_.rank_step = chance(2) ? 20ms : 300ms;
  settings_.window = 4 + static_cast<std::uint32_t>(below(5));
  tick_every_ = between(40ms, 200ms);
  patience_ = between(500ms, 2'000ms);
  partition_ = static_cast<std::uint32_t>(below(32));
  const auto count = 1 + below(nodes_max);
  replicas_ = std::min<std::size_t>(3, 1 + below(4));
  if (count > 1)
    replicas_ = std::max<std::size_t>(replicas_, 2);
  nodes_.resize(nodes_max);
  for (std::size_t i = 0; i < nodes_max; ++i) {
    auto& n = nodes_[i];
    n.name = fmt::format("node-{}", static_cast<char>('a' + i));
    n.speed = std::array{0.95, 1.0, 1.05}[below(3)];
    n.clock_start = between(1s, 1'000s);
    n.latency = between(1ms, 25ms);
    n.member = i < count;
    if (n.member)
      revive(static_cast<std::uint32_t>(i), true);
  }
  senders_.resize(1 + below(3));
  taken_at_.resize(senders_.size());
  truth_.resize(1);
  for (std::uint32_t s = 0; s < senders_.size(); ++s)
    later(between(0ms, 1s), what::traffic, s);
  later(3s, what::snapshot);
  later(4s, what::retain);
  later(between(1s, 4s), what::fault);
  later(faults_last, what::calm);
}

// --- chance and the queue --------------------------------------------------------

std::uint64_t simulated_cluster::below(std::uint64_t n) {
  return random_() % n;
}

bool simulated_cluster::chance(std::uint64_t one_in) {
  return below(one_in) == 0;
}

simulated_cluster::duration simulated_cluster::between(std::chrono::milliseconds low,
                                                       std::chrono::milliseconds high) {
  const auto span = static_cast<std::uint64_t>(duration{high - low}.count());
  return low + duration{static_cast<std::int64_t>(below(span + 1))};
}

void simulated_cluster::later(duration in, what kind, std::uint32_t at, std::uint64_t a,
                              std::uint64_t b) {
  const auto life = at < nodes_.size() ? nodes_[at].life : 0;
  queue_.push({now_ + in, ++order_, kind, at, life, a, b});
}

void simulated_cluster::complain(const std::string& about) {
  if (complaint_.empty())
    complaint_ = fmt::format("at {} ms: {}\n{}", now_ / 1ms, about, state());
}

std::string simulated_cluster::run() {
  // Whoever is on its way when faults stop may have to time out, take over twice and hand over.
  const auto deadline = faults_last + 3 * settings_.ttl + 12s;
  while (complaint_.empty()) {
    if (calm_ && all_is_well()) {
      figures_.longest_recovery = std::chrono::duration_cast<std::chrono::milliseconds>(
        now_ - faults_last);
      return {};
    }
    if (now_ > deadline) {
      complain("not all is well long after the last fault");
      break;
    }
    const auto e = queue_.top();
    queue_.pop();
    now_ = e.at;
    ++figures_.events;
    handle(e);
    watch();
  }
  return complaint_;
}

void simulated_cluster::handle(const event& e) {
  switch (e.kind) {
  case what::arrive:
    return arrive(e);
  case what::traffic:
    return traffic(e.node);
  case what::snapshot:
    return take_snapshot();
  case what::retain:
    return retain();
  case what::trim:
    return trim(e.a, duration{static_cast<std::int64_t>(e.b)});
  case what::fault:
    return fault();
  case what::calm:
    return calm();
  case what::tick:
  case what::outcome:
  case what::read:
  case what::started:
    break;
  }
  auto& n = nodes_[e.node];
  if (!n.alive || n.life != e.life)
    return;
  if (now_ < n.frozen_until) { // Waits for it, in no particular order.
    queue_.push({n.frozen_until + between(0ms, 20ms), ++order_, e.kind, e.node, e.life, e.a, e.b});
    return;
  }
  if (e.kind == what::tick)
    tick(e.node);
  else if (e.kind == what::outcome)
    answer(e);
  else if (e.kind == what::read)
    read(e.node);
  else
    replica_started(e.node);
}

// --- the log ---------------------------------------------------------------------

simulated_cluster::duration simulated_cluster::latency_of(const node& n) {
  const auto base = n.latency + between(0ms, 5ms);
  return now_ < n.slow_until ? base + between(50ms, 600ms) : base;
}

bool simulated_cluster::reaches_log(const node& n) const {
  return now_ >= n.cut_until && now_ >= log_down_until_;
}

void simulated_cluster::submit(std::uint32_t index, cluster::wanted_append wanted) {
  auto& n = nodes_[index];
  const auto id = requests_.size();
  requests_.push_back({index, n.life, std::move(wanted), false});
  later(patience_, what::outcome, index, id, static_cast<outcome_code>(failure_code::unavailable));
  if (!calm_ && chance(150))
    return; // Lost.
  if (now_ < n.withheld_until && requests_[id].wanted.kind != record_kind::marker) {
    if (!std::exchange(n.withheld_head, true))
      return;
    withheld_.push_back(id);
    return;
  }
  auto takes = latency_of(n);
  if (now_ < n.cut_until) {
    // What the link had taken already is lost, what follows waits in a buffer until it is back:
    // the tail of a pipeline may arrive without its head.
    if (std::exchange(n.cut_takes_more, !chance(2)) || chance(10))
      return;
    takes += n.cut_until - now_;
  }
  if (!calm_ && chance(150)) {
    takes += between(100ms, 12s); // In some server's queue.
  } else {
    n.last_arrival = std::max(now_ + takes, n.last_arrival);
    takes = n.last_arrival - now_;
  }
  later(takes, what::arrive, index, id);
}

void simulated_cluster::arrive(const event& e) {
  if (now_ < log_down_until_) {
    if (!chance(3))
      queue_.push({log_down_until_ + between(0ms, 20ms), ++order_, e.kind, e.node, e.life, e.a, 0});
    return;
  }
  auto& waiting = requests_[e.a];
  auto& n = nodes_[waiting.node];
  outcome_code code = 0;
  if (waiting.wanted.last != log_.size()) {
    code = static_cast<outcome_code>(failure_code::conflict);
    ++figures_.refused;
  } else if (!calm_ && chance(400)) {
    code = static_cast<outcome_code>(failure_code::storage_full);
  } else {
    log_.push_back({waiting.wanted.bytes, {}});
    const auto r = cluster::decode(log_.back().bytes);
    if (!r)
      return complain(r.error().message);
    log_.back().r = *r;
    figures_.late += waiting.answered;
    if (log_.back().r.kind == record_kind::marker)
      for (const auto id : std::exchange(withheld_, {}))
        queue_.push({now_ + 1ms, ++order_, what::arrive, 0, 0, id, 0});
    for (std::uint32_t i = 0; i < nodes_.size(); ++i)
      wake_reader(i);
  }
  if (now_ < n.cut_until || (!calm_ && chance(100)))
    return; // The answer is lost.
  if (n.alive && n.life == waiting.life)
    later(latency_of(n), what::outcome, waiting.node, e.a, code);
}

void simulated_cluster::answer(const event& e) {
  auto& waiting = requests_[e.a];
  if (std::exchange(waiting.answered, true))
    return;
  auto& n = nodes_[waiting.node];
  if (!n.own)
    return;
  if (e.b == 0)
    n.own->appended(waiting.wanted.ticket, waiting.wanted.last + 1, clock(n));
  else
    n.own->appended(waiting.wanted.ticket,
                    model::failure{static_cast<failure_code>(e.b), "simulated"}, clock(n));
  settle(n);
}

void simulated_cluster::wake_reader(std::uint32_t index) {
  auto& n = nodes_[index];
  if (!n.alive || !n.memory || n.read_is_due || n.memory->log.position() >= log_.size())
    return;
  n.read_is_due = true;
  later(latency_of(n), what::read, index);
}

void simulated_cluster::read(std::uint32_t index) {
  auto& n = nodes_[index];
  n.read_is_due = false;
  if (!n.memory)
    return;
  if (!reaches_log(n)) {
    n.read_is_due = true;
    return later(std::max(n.cut_until, log_down_until_) - now_ + 1ms, what::read, index);
  }
  auto& mine = *n.memory;
  if (mine.log.position() + 1 < first_) {
    drop_replica(n);
    return start_replica(index);
  }
  if (const auto known = mine.log.position(); known >= first_ && chance(20)) {
    // A client library that delivers again.
    const auto again = known - below(std::min<std::uint64_t>(known - first_ + 1, 3));
    if (mine.log.accept(again, log_[again - 1].r) != decision::drop)
      return complain(fmt::format("{} takes record {} twice", n.name, again));
  }
  for (std::uint64_t i = 0; i < records_per_read && mine.log.position() < log_.size(); ++i) {
    const auto position = mine.log.position() + 1;
    const auto& r = log_[position - 1].r;
    const auto decided = mine.log.accept(position, r);
    if (decided == decision::broken)
      return complain(fmt::format("{} is broken: {}", n.name, mine.log.reason()));
    apply(mine, position, r, decided);
    n.own->heard(mine.log, decided, clock(n));
  }
  settle(n);
  wake_reader(index);
}

// --- replicas --------------------------------------------------------------------

void simulated_cluster::apply(replica& to, std::uint64_t position, const cluster::record& r,
                              decision decided) {
  if (decided == decision::apply && r.kind == record_kind::operations) {
    cluster::octet_reader from{r.payload};
    const auto s = from.number<std::uint32_t>();
    const auto count = from.number<std::uint32_t>();
    if (count > to.counts[s] + 1)
      complain(fmt::format("record {} brings operation {} of sender {} behind {}", position, count,
                           s, to.counts[s]));
    if (count > to.counts[s]) {
      to.counts[s] = count;
      to.digest = mixed(to.digest, mixed(s, count));
      auto& taken = taken_at_[s];
      if (taken.size() <= count)
        taken.resize(count + 1);
      if (taken[count] != 0 && taken[count] != position)
        complain(fmt::format("operation {} of sender {} counts at {} and at {}", count, s,
                             taken[count], position));
      taken[count] = position;
    }
  }
  if (decided == decision::apply && r.kind == record_kind::snapshot)
    to.snapshots.push_back(cluster::snapshot_of(r));
  if (decided == decision::apply && r.kind == record_kind::digest) {
    const auto said = cluster::digest_of(r);
    if (said.position < position && truth_[said.position].digest != said.digest)
      complain(fmt::format("record {} brings another digest of {}", position, said.position));
  }
  hold_against_truth(to, position, decided);
}

void simulated_cluster::hold_against_truth(const replica& r, std::uint64_t position,
                                           decision decided) {
  const auto& stored = log_[position - 1].r;
  if (position == truth_.size()) {
    truth_.push_back({r.log.hash(), r.digest, decided});
    if (decided == decision::drop)
      ++(stored.epoch < r.log.epoch() ? figures_.stale : figures_.cut_off);
    else if (stored.kind == record_kind::marker)
      ++figures_.markers;
    else if (stored.kind == record_kind::release)
      ++figures_.releases;
    else if (stored.kind == record_kind::snapshot)
      ++figures_.snapshots;
    if (const auto promise = promised_.find(position); promise != promised_.end()) {
      if (decided != decision::apply)
        complain(fmt::format("record {} was acknowledged and is dropped", position));
      promised_.erase(promise);
    }
  }
  const auto& t = truth_[position];
  if (t.hash != r.log.hash() || t.digest != r.digest || t.decided != decided)
    complain(fmt::format("replicas differ at record {}", position));
}

void simulated_cluster::drop_replica(node& n) {
  for (const auto& [ticket, whose] : n.asked_for)
    if (whose.count != 0)
      senders_[whose.sender].sent = senders_[whose.sender].acknowledged;
  n.asked_for.clear();
  n.memory.reset();
  n.durable.reset();
  n.own.reset();
}

/// Finds a snapshot, or a replica that makes one; from nothing while the log is whole.
void simulated_cluster::start_replica(std::uint32_t index) {
  auto& n = nodes_[index];
  const replica* best = nullptr;
  for (const auto& other : nodes_) {
    if (!running(other))
      continue;
    if (!other.snapshots.empty()) {
      const auto& newest = other.snapshots.rbegin()->second;
      if (!best || newest.log.position() > best->log.position())
        best = &newest;
    }
  }
  if (!best)
    for (const auto& other : nodes_)
      if (running(other) && other.memory)
        best = &*other.memory;
  if (best && (best->log.position() + 1 >= first_))
    n.incoming = *best;
  else if (first_ == 1)
    n.incoming = replica{
      cluster::chain{partition_}, std::vector<std::uint32_t>(senders_.size()), 0, {}};
  else
    return;
  n.incoming_since = now_;
  later(between(50ms, 2s), what::started, index);
}

void simulated_cluster::replica_started(std::uint32_t index) {
  auto& n = nodes_[index];
  if (!n.incoming)
    return;
  auto fetched = *std::exchange(n.incoming, std::nullopt);
  if (fetched.log.position() + 1 < first_)
    return; // Cut meanwhile; looks for another one.
  figures_.bootstraps += fetched.log.position() > 0;
  n.memory = n.durable = std::move(fetched);
  n.own.emplace(settings_, cluster::node_identity{n.name, n.life}, n.memory->log, clock(n));
  wake_reader(index);
}

// --- nodes -----------------------------------------------------------------------

cluster::steady_instant simulated_cluster::clock(const node& n) const {
  return n.clock_start
       + duration{static_cast<std::int64_t>(static_cast<double>(now_.count()) * n.speed)};
}

bool simulated_cluster::running(const node& n) const {
  return n.alive && now_ >= n.frozen_until;
}

std::uint32_t simulated_cluster::index_of(const node& n) const {
  return static_cast<std::uint32_t>(&n - nodes_.data());
}

simulated_cluster::node* simulated_cluster::owner() {
  for (auto& n : nodes_)
    if (running(n) && n.own && n.own->may_answer_strongly(clock(n)))
      return &n;
  return nullptr;
}

/// What is on disk: a node that dies goes back to there.
std::vector<cluster::replica_position> simulated_cluster::live_positions() const {
  std::vector<cluster::replica_position> positions;
  for (const auto& n : nodes_) {
    if (!n.alive)
      continue;
    if (n.durable)
      positions.push_back({n.name, n.durable->log.position()});
    else if (n.incoming)
      positions.push_back({n.name, n.incoming->log.position()});
  }
  return positions;
}

void simulated_cluster::tick(std::uint32_t index) {
  auto& n = nodes_[index];
  later(tick_every_, what::tick, index);
  if (n.ranked.empty() || chance(8))
    look_around(n);
  if (!n.own)
    return;
  if (chance(4))
    n.durable = n.memory;
  if (auto wanted = n.own->tick(clock(n)))
    submit(index, std::move(*wanted));
  settle(n);
  if (n.own->is_owner()) {
    if (n.owned_epoch != n.own->epoch()) {
      n.owned_epoch = n.own->epoch();
      n.owner_since = now_;
    }
    hand_over(index);
  }
}

/// Learns who is there, and whether it should hold the partition.
void simulated_cluster::look_around(node& n) {
  std::vector<cluster::roster_entry> roster;
  for (const auto& other : nodes_)
    if (other.member && (other.alive || now_ - other.died_at < grace))
      roster.push_back({other.name, other.draining});
  n.ranked = cluster::ranked(partition_, roster);
  const auto rank = cluster::rank_of(n.name, n.ranked, replicas_);
  if (rank && !n.memory && !n.incoming)
    start_replica(index_of(n));
  if (!n.own)
    return;
  n.own->stand(rank);
  if (!n.own->is_owner()
      && cluster::is_spare(n.name, n.ranked, replicas_, live_positions(), log_.size(), 8))
    drop_replica(n);
}

void simulated_cluster::hand_over(std::uint32_t index) {
  auto& n = nodes_[index];
  cluster::hand_over_settings how;
  how.lag_max = 8;
  how.tenure_min = 5s;
  const auto to = cluster::better_owner(n.name, n.ranked, replicas_, live_positions(), log_.size(),
                                        now_ - n.owner_since, how);
  if (!to)
    return;
  if (auto wanted = n.own->release(*to, clock(n)))
    submit(index, std::move(*wanted));
}

/// Tells senders what became of their operations.
void simulated_cluster::settle(node& n) {
  if (!n.own)
    return;
  for (const auto& settled : n.own->take_settled()) {
    const auto found = n.asked_for.find(settled.ticket);
    if (found == n.asked_for.end())
      continue;
    const auto whose = found->second;
    n.asked_for.erase(found);
    if (whose.count == 0)
      continue;
    auto& s = senders_[whose.sender];
    if (settled.position == 0) {
      ++figures_.unknown;
      s.sent = s.acknowledged; // All over again, in order.
      continue;
    }
    if (whose.count > s.acknowledged + 1)
      complain(fmt::format("operation {} of sender {} is acknowledged before those ahead of it",
                           whose.count, whose.sender));
    s.acknowledged = std::max(s.acknowledged, whose.count);
    ++figures_.acknowledged;
    if (settled.position >= truth_.size())
      promised_.emplace(settled.position, whose);
    else if (truth_[settled.position].decided != decision::apply)
      complain(fmt::format("record {} is acknowledged and was dropped", settled.position));
    const auto& stored = log_[settled.position - 1].r;
    if (stored.payload != operation(whose.sender, whose.count))
      complain(fmt::format("record {} is acknowledged and is another one", settled.position));
  }
}

void simulated_cluster::kill(std::uint32_t index) {
  auto& n = nodes_[index];
  auto durable = std::move(n.durable);
  drop_replica(n);
  n.durable = std::move(durable);
  n.incoming.reset();
  n.alive = false;
  n.read_is_due = false;
  n.died_at = now_;
  n.frozen_until = {};
  ++n.life;
}

bool simulated_cluster::may_lose_disk(std::uint32_t index) const {
  return std::any_of(nodes_.begin(), nodes_.end(), [&](const node& other) {
    return index_of(other) != index && other.member && other.durable
        && other.durable->log.position() + 1 >= first_;
  });
}

void simulated_cluster::revive(std::uint32_t index, bool with_disk) {
  auto& n = nodes_[index];
  n.alive = true;
  n.alive_since = now_;
  ++n.life;
  n.ranked.clear();
  if (!with_disk) {
    n.durable.reset();
    n.snapshots.clear();
  }
  n.memory = n.durable;
  if (n.memory)
    n.own.emplace(settings_, cluster::node_identity{n.name, n.life}, n.memory->log, clock(n));
  wake_reader(index);
  later(between(0ms, 200ms), what::tick, index);
}

// --- the rest of the world --------------------------------------------------------

void simulated_cluster::traffic(std::uint32_t index) {
  auto& s = senders_[index];
  if (!calm_)
    s.goal = s.acknowledged + 1'000;
  later(between(50ms, 600ms), what::traffic, index);
  // Whoever thinks that it is the owner; now and then that is not the true one.
  std::vector<std::uint32_t> owners;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i)
    if (running(nodes_[i]) && nodes_[i].own && nodes_[i].own->is_owner())
      owners.push_back(i);
  if (owners.empty())
    return;
  const auto at = owners[below(owners.size())];
  if (s.sent > s.acknowledged && s.at_node != at)
    return;
  s.at_node = at;
  auto& n = nodes_[at];
  for (auto more = 1 + below(operations_on_their_way_max); more > 0; --more) {
    if (s.sent - s.acknowledged >= operations_on_their_way_max || s.sent >= s.goal)
      break;
    auto wanted = n.own->append(record_kind::operations, operation(index, s.sent + 1), clock(n));
    if (!wanted)
      break;
    ++s.sent;
    n.asked_for[wanted->ticket] = {index, s.sent};
    submit(at, std::move(*wanted));
  }
}

void simulated_cluster::take_snapshot() {
  later(between(1s, 4s), what::snapshot);
  auto* const first = owner();
  std::vector<node*> takers;
  for (auto& n : nodes_)
    if (running(n) && n.memory && n.memory->log.position() > 0 && (&n != first || takers.empty()))
      takers.push_back(&n);
  if (!first || takers.empty())
    return;
  auto& taker = *takers[below(takers.size())];
  const auto position = taker.memory->log.position();
  cluster::snapshot_payload said{position, taker.memory->digest, {taker.name}};
  taker.snapshots.insert_or_assign(position, *taker.memory);
  std::vector<node*> others;
  for (auto& n : nodes_)
    if (running(n) && n.member && &n != &taker)
      others.push_back(&n);
  if (!others.empty()) {
    auto& other = *others[below(others.size())];
    other.snapshots.insert_or_assign(position, *taker.memory);
    said.nodes.push_back(other.name);
  }
  for (const auto kind : {record_kind::snapshot, record_kind::digest}) {
    const auto payload = kind == record_kind::snapshot
                         ? cluster::encode(said)
                         : cluster::encode(cluster::digest_payload{position, said.digest});
    if (auto wanted = first->own->append(kind, payload, clock(*first)))
      submit(index_of(*first), std::move(*wanted));
  }
}

void simulated_cluster::retain() {
  later(between(1s, 3s), what::retain);
  auto* const first = owner();
  if (!first || !first->memory)
    return;
  std::vector<cluster::held_snapshot> held;
  for (const auto& said : first->memory->snapshots) {
    cluster::held_snapshot h{said.position, {}};
    for (const auto& n : nodes_)
      if (n.alive && n.snapshots.contains(said.position)
          && std::find(said.nodes.begin(), said.nodes.end(), n.name) != said.nodes.end())
        h.nodes.push_back(n.name);
    held.push_back(std::move(h));
  }
  const auto members = static_cast<std::size_t>(
    std::count_if(nodes_.begin(), nodes_.end(), [](const node& n) { return n.member; }));
  const auto keep = cluster::retained(held, live_positions(), members);
  if (keep.cut_up_to >= first_ && usable_snapshots(keep.cut_up_to) < 2)
    complain(fmt::format("the log is to be cut up to {} without a spare snapshot", keep.cut_up_to));
  for (auto& n : nodes_)
    if (running(n))
      n.snapshots.erase(n.snapshots.begin(), n.snapshots.lower_bound(keep.keep_from));
  if (keep.cut_up_to >= first_)
    later(chance(4) ? between(10ms, 3s) : between(1ms, 20ms), what::trim, 0, keep.cut_up_to,
          static_cast<std::uint64_t>(now_.count()));
}

/// From which a replica could start when the log is cut up to there: on two nodes, where there are
/// two.
std::size_t simulated_cluster::usable_snapshots(std::uint64_t cut_up_to) const {
  std::map<std::uint64_t, std::size_t> copies;
  std::size_t members = 0;
  for (const auto& n : nodes_) {
    members += n.member;
    for (auto s = n.snapshots.lower_bound(cut_up_to); n.alive && s != n.snapshots.end(); ++s)
      ++copies[s->first];
  }
  return static_cast<std::size_t>(std::count_if(copies.begin(), copies.end(), [&](const auto& c) {
    return c.second >= std::min<std::size_t>(members, 2);
  }));
}

void simulated_cluster::trim(std::uint64_t up_to, duration decided_at) {
  if (up_to < first_)
    return;
  for (const auto& n : nodes_) {
    if (!n.alive || n.alive_since > decided_at)
      continue;
    if (n.durable && n.durable->log.position() < up_to)
      complain(fmt::format("the log is cut up to {} above {}", up_to, n.name));
    if (n.incoming && n.incoming_since <= decided_at && n.incoming->log.position() < up_to)
      complain(fmt::format("the log is cut up to {} above {}, which starts", up_to, n.name));
  }
  figures_.trimmed += up_to + 1 - first_;
  first_ = up_to + 1;
}

void simulated_cluster::fault() {
  if (calm_)
    return;
  later(between(100ms, 2'500ms), what::fault);
  const auto index = static_cast<std::uint32_t>(below(nodes_.size()));
  auto& n = nodes_[index];
  const auto members = std::count_if(nodes_.begin(), nodes_.end(),
                                     [](const node& m) { return m.member; });
  if (!n.member) { // Joins.
    if (chance(3)) {
      n.member = true;
      n.draining = false;
      revive(index, false);
    }
    return;
  }
  if (!n.alive) {
    revive(index, chance(2) || !may_lose_disk(index));
    return;
  }
  switch (below(10)) {
  case 0:
    cut(n);
    break;
  case 1:
    n.slow_until = now_ + between(1s, 8s);
    break;
  case 2:
    n.frozen_until = now_ + between(200ms, 12s);
    break;
  case 3:
    kill(index);
    break;
  case 4:
    log_down_until_ = now_ + between(100ms, 6s);
    break;
  case 5:
    n.draining = !n.draining;
    break;
  case 6: // Leaves for good, once there is nothing on it.
    if (n.draining && !n.memory && !n.incoming && members > 1 && may_lose_disk(index)) {
      kill(index);
      n.durable.reset();
      n.snapshots.clear();
      n.member = false;
    }
    break;
  case 7: // What the owner appends comes in behind the next marker, without its head.
    if (auto* const first = owner()) {
      first->withheld_until = now_ + 2s;
      first->withheld_head = false;
    }
    break;
  default: // The owner's link goes while appends are on their way.
    if (auto* const first = owner())
      cut(*first);
  }
}

void simulated_cluster::cut(node& n) {
  n.cut_until = now_ + between(500ms, 12s);
  n.cut_takes_more = true;
}

void simulated_cluster::calm() {
  calm_ = true;
  withheld_.clear();
  log_down_until_ = now_;
  for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
    auto& n = nodes_[i];
    n.cut_until = n.slow_until = n.withheld_until = now_;
    n.frozen_until = std::min(n.frozen_until, now_ + 1s);
    n.draining = false;
    if (n.member && !n.alive)
      revive(i, true);
  }
  for (auto& s : senders_)
    s.goal = s.acknowledged + 20;
}

/// What must hold at every moment.
void simulated_cluster::watch() {
  const node* strong = nullptr;
  for (const auto& n : nodes_) {
    if (!running(n) || !n.own || !n.own->may_answer_strongly(clock(n)))
      continue;
    if (strong)
      complain(fmt::format("{} and {} both answer as the owner", strong->name, n.name));
    strong = &n;
    if (n.memory->log.position() < n.own->acknowledged_up_to())
      continue;
    ++figures_.strong_checks;
    for (std::size_t s = 0; s < senders_.size(); ++s)
      if (n.memory->counts[s] < senders_[s].acknowledged)
        complain(fmt::format("{} answers as the owner without operation {} of sender {}", n.name,
                             senders_[s].acknowledged, s));
  }
}

bool simulated_cluster::all_is_well() {
  for (const auto& s : senders_)
    if (s.acknowledged < s.goal)
      return false;
  const auto* const first = owner();
  if (!first || !promised_.empty())
    return false;
  std::size_t caught_up = 0;
  for (const auto& n : nodes_) {
    if (!n.own)
      continue;
    if (n.own->is_owner() && &n != first)
      return false;
    caught_up += n.memory->log.position() == log_.size();
  }
  const auto members = static_cast<std::size_t>(
    std::count_if(nodes_.begin(), nodes_.end(), [](const node& n) { return n.member; }));
  return caught_up >= std::min(replicas_, members);
}

std::string simulated_cluster::state() {
  auto text = fmt::format("log {} to {}, ttl {} ms\n", first_, log_.size(), settings_.ttl.count());
  for (const auto& n : nodes_) {
    if (!n.member)
      continue;
    text += fmt::format("{}:{}{}{}{}{}", n.name, n.alive ? "" : " dead",
                        now_ < n.frozen_until ? " frozen" : "", now_ < n.cut_until ? " cut" : "",
                        n.draining ? " draining" : "", n.incoming ? " starting" : "");
    if (n.memory)
      text += fmt::format(" read {} epoch {} of {}{}", n.memory->log.position(),
                          n.memory->log.epoch(), n.memory->log.owner(),
                          n.memory->log.open() ? "" : " closed");
    if (n.own && n.own->is_owner())
      text += fmt::format(" OWNER of {}, acknowledged {}{}", n.own->epoch(),
                          n.own->acknowledged_up_to(),
                          n.own->may_answer_strongly(clock(n)) ? "" : ", lapsed");
    text += '\n';
  }
  for (const auto& s : senders_)
    text += fmt::format("sender: {} of {} acknowledged, {} sent\n", s.acknowledged, s.goal, s.sent);
  const auto from = log_.size() > 12 ? log_.size() - 12 : 0;
  for (auto i = from; i < log_.size(); ++i)
    text += fmt::format("  {}: {} of epoch {} number {}\n", i + 1, cluster::name_of(log_[i].r.kind),
                        log_[i].r.epoch, log_[i].r.number);
  return text;
}

} // namespace cluster_tests
