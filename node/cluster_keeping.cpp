#include "node/cluster_member.hpp"
#include "node/exchanged_directory.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <utility>

// What keeps a node's replicas and their logs within bounds: snapshots, cutting the log, and
// starting from a snapshot where replica and log do not go together any more. One thread does it
// all, one thing after the other.
namespace node {

namespace {

using namespace std::chrono_literals;
using cluster::parting;
using model::failure;
using model::failure_code;
using model::outcome;
using model::status;

constexpr auto keep_every = 1s;
constexpr std::chrono::seconds keep_again_after{5}; // What may be over soon.
constexpr std::chrono::seconds keep_serving_for{
  300}; // An owner, after an attempt that held its clients up.
constexpr std::chrono::seconds keep_later_after{
  60};                                // What somebody has to look at, as a full disk.
constexpr auto standby_patience = 2s; // Until nobody holds an account of a partition,
constexpr auto owner_patience = 5s;   // whose requests are being finished.
constexpr auto closing_patience = 500ms;
constexpr auto admission_takes = 200ms;
constexpr std::uint64_t cuts_per_snapshot = 10; // A cut costs the log's servers a little.

} // namespace

void cluster_member::say(partition& p, std::string doing, std::uint64_t starts_from) {
  const std::lock_guard lock{guard_};
  p.doing = std::move(doing);
  p.starts_from = starts_from;
}

void cluster_member::keep() {
  for (;;) {
    {
      std::unique_lock lock{guard_};
      if (woken_.wait_for(lock, keep_every, [&] { return is_stopping_; }))
        return;
    }
    for (auto& [number, p] : partitions_)
      keep_partition(*p);
  }
}

void cluster_member::keep_partition(partition& p) {
  if (clock::now() < p.not_before)
    return;
  const auto r = running(p);
  const auto f = r ? r->it->figures() : cluster::replica_figures{};
  if (!r || f.parted != parting::none) {
    if (auto begun = start_anew(p, r); !begun) {
      say(p, begun.error().message, 0);
      spdlog::warn("cluster: partition {} does not start from a snapshot: {}", p.number,
                   begun.error().message);
      p.not_before = clock::now() + keep_again_after;
    }
    return;
  }
  const auto had = p.snapshots.positions();
  const auto newest = had.empty() ? 0 : had.front();
  bool is_due = !f.is_owner && f.position >= newest + options_.cluster.snapshot_records;
  {
    const std::lock_guard lock{guard_};
    is_due = (is_due || std::exchange(p.is_snapshot_wanted, false)) && f.position > newest;
  }
  if (is_due)
    if (auto made = make_snapshot(p, *r); !made) {
      spdlog::warn("cluster: partition {} has no new snapshot: {}", p.number, made.error().message);
      p.not_before = clock::now()
                   + (made.error().code == failure_code::unavailable ? keep_again_after
                      : f.is_owner                                   ? keep_serving_for
                                                                     : keep_later_after);
      return;
    }
  if (f.is_leading)
    cut_log(p, *r);
}

// --- snapshots -----------------------------------------------------------------------------------

/// Nothing of the partition is served or applied while its files are copied. Who leads it dismisses
/// its accounts before, and requests wait for them.
status cluster_member::make_snapshot(partition& p, const running_replica& of) {
  const auto begun = clock::now();
  const auto is_owner = of.it->figures().is_owner;
  {
    const std::lock_guard lock{guard_};
    p.is_kept_closed = true;
    p.is_served = false;
  }
  // Requests that were told to come here find their account; later ones wait.
  if (is_owner)
    std::this_thread::sleep_for(admission_takes);
  serve_partition(p, false);
  const auto patience = clock::now()
                      + (is_owner ? clock::duration{owner_patience}
                                  : clock::duration{standby_patience});
  while (!of.accounts->is_unused() && clock::now() < patience)
    std::this_thread::sleep_for(10ms);
  const auto goes_on = [this](std::uint64_t) {
    const std::lock_guard lock{guard_};
    return !is_stopping_;
  };
  std::optional<cluster::chain> read;
  auto copied = of.it->while_settled([&](const cluster::chain& at) {
    return of.accounts->while_closed(closing_patience, [&]() -> status {
      read = at;
      return p.snapshots.begin(p.directory / accounts_folder, at, goes_on);
    });
  });
  {
    const std::lock_guard lock{guard_};
    p.is_kept_closed = false;
  }
  wake();
  const auto closed_for = clock::now() - begun;
  if (copied)
    copied = p.snapshots.finish(*read, goes_on);
  if (!copied) {
    p.snapshots.abandon();
    return copied;
  }
  spdlog::info("cluster: partition {} has a snapshot at {}; it was closed for {} ms", p.number,
               read->position(),
               std::chrono::duration_cast<std::chrono::milliseconds>(closed_for).count());
  return model::nothing{};
}

void cluster_member::cut_log(partition& p, const running_replica& of) {
  std::vector<cluster::roster_entry> everybody;
  for (const auto& node : options_.cluster.nodes)
    everybody.push_back({node.name});
  const auto ranked = cluster::ranked(p.number, everybody);
  const cluster::replica_report own{options_.node, of.it->figures().settled,
                                    p.snapshots.positions(), 0s};
  std::vector<cluster::replica_report> others;
  {
    const std::lock_guard lock{guard_};
    for (const auto& [name, other] : peers_) {
      if (!cluster::rank_of(name, ranked, options_.cluster.replicas))
        continue;
      cluster::replica_report report;
      report.node = name;
      report.silence = std::chrono::duration_cast<std::chrono::seconds>(clock::now() - other.told);
      if (const auto found = other.replicas.find(p.number); found != other.replicas.end()) {
        report.settled = found->second.settled;
        report.snapshots = found->second.snapshots;
      }
      others.push_back(std::move(report));
    }
  }
  const auto up_to = cluster::cut_by_reports(own, others,
                                             {.absence_max = options_.cluster.absence_max});
  const auto worth_it = std::max<std::uint64_t>(1, options_.cluster.snapshot_records
                                                     / cuts_per_snapshot);
  if (up_to < p.cut + worth_it)
    return;
  if (auto cut = of.it->trim(up_to); !cut) {
    spdlog::warn("cluster: the log of partition {} is not cut: {}", p.number, cut.error().message);
    p.not_before = clock::now() + keep_again_after;
    return;
  }
  p.cut = up_to;
  spdlog::info("cluster: the log of partition {} is cut up to {}", p.number, up_to);
}

// --- starting anew -------------------------------------------------------------------------------

/// Newest first; of one position what is here already.
std::vector<cluster_member::snapshot_choice>
cluster_member::choices(const partition& p, const cluster::log_extent& log) const {
  std::vector<snapshot_choice> all;
  const auto consider = [&](std::uint64_t position, const std::string& node) {
    const snapshot_choice one{position, node};
    if (position + 1 >= log.first && position <= log.last && !p.passed_over.contains(one))
      all.push_back(one);
  };
  for (const auto position : p.snapshots.positions())
    consider(position, options_.node);
  const std::lock_guard lock{guard_};
  for (const auto& [name, other] : peers_)
    if (const auto found = other.replicas.find(p.number);
        found != other.replicas.end() && clock::now() - other.heard < peer_alive_for)
      for (const auto position : found->second.snapshots)
        consider(position, name);
  std::ranges::stable_sort(all, std::greater<>{}, &snapshot_choice::position);
  return all;
}

status cluster_member::obtain(partition& p, const snapshot_choice& from) {
  const wanted_snapshot wanted{p.number, from.position};
  const auto to = being_made(p.directory);
  std::uint64_t bytes = 0;
  const auto tell = [&](std::uint64_t more) {
    bytes += more;
    say(p,
        fmt::format("starts from the snapshot at {} of {}: {} MiB are here", from.position,
                    from.node, bytes >> 20),
        from.position);
    const std::lock_guard lock{guard_};
    return !is_stopping_;
  };
  if (from.node == options_.node)
    return copy_snapshot(p.snapshots, wanted, to, tell);
  return fetch_snapshot(
    [&](const std::string& what) { return ask_peer_for(from.node, "GET", what); }, wanted, to,
    tell);
}

/// Somebody who stands by, or else the owner, is to make a snapshot.
status cluster_member::order_snapshot(const partition& p) {
  std::string whom;
  {
    const std::lock_guard lock{guard_};
    for (const auto& [name, other] : peers_) {
      const auto found = other.replicas.find(p.number);
      if (found == other.replicas.end() || !found->second.is_sound
          || clock::now() - other.heard >= peer_alive_for)
        continue;
      if (whom.empty() || !found->second.leads)
        whom = name;
    }
  }
  if (whom.empty())
    return failure{failure_code::unavailable,
                   "no node that can be reached has a snapshot that goes together with the log"};
  if (auto told = ask_peer_for(whom, "POST", fmt::format("snapshots?partition={}", p.number));
      !told)
    return told.error();
  return failure{failure_code::unavailable, fmt::format("node {} makes a snapshot", whom)};
}

status cluster_member::start_anew(partition& p, const std::shared_ptr<running_replica>& broken) {
  if (!broken)
    return replace_replica(p, nullptr, false);
  const auto f = broken->it->figures();
  const auto log = broken->it->extent();
  if (!log)
    return log.error();
  if (p.came_from && f.parted != parting::cut)
    p.passed_over.insert(*std::exchange(p.came_from, std::nullopt));
  if (f.disputed)
    p.overruled = f.disputed;
  const auto aside = f.parted == parting::other;
  for (const auto& one : choices(p, *log)) {
    const auto begun = clock::now();
    if (auto here = obtain(p, one); !here) {
      spdlog::warn("cluster: the snapshot of partition {} at {} of {} is of no use: {}", p.number,
                   one.position, one.node, here.error().message);
      if (here.error().code == failure_code::cancelled
          || here.error().code == failure_code::storage_full)
        return here;
      if (here.error().code == failure_code::storage_broken)
        p.passed_over.insert(one);
      continue;
    }
    say(p, "starts from a snapshot", one.position);
    if (auto replaced = replace_replica(p, broken, aside); !replaced)
      return replaced;
    p.came_from = one;
    spdlog::info(
      "cluster: partition {} starts from the snapshot at {} of {}, which was here after "
      "{} ms",
      p.number, one.position, one.node,
      std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begun).count());
    return model::nothing{};
  }
  // A log that is whole tells everything. Unless it is another one: then nothing is thrown away.
  if (f.parted != parting::disputed || log->first != 1)
    return order_snapshot(p);
  std::error_code error;
  std::filesystem::create_directories(being_made(p.directory) / accounts_folder, error);
  if (error)
    return failure{
      failure_code::storage_broken,
      fmt::format("cannot make {}: {}", being_made(p.directory).string(), error.message())};
  spdlog::info("cluster: partition {} starts from nothing", p.number);
  return replace_replica(p, broken, false);
}

/// `broken` may be null: then what is on the disk is opened.
status cluster_member::replace_replica(partition& p, const std::shared_ptr<running_replica>& broken,
                                       bool is_set_aside) {
  if (broken) {
    serve_partition(p, false);
    {
      const std::lock_guard lock{guard_};
      p.now.reset();
      p.is_served = false;
    }
    // Whoever asked it something lets go of it soon; it ends here, not with him.
    while (broken.use_count() > 1)
      std::this_thread::sleep_for(1ms);
    broken->end();
    auto exchanged = exchange_directory(p.directory, is_set_aside ? old_directory::set_aside
                                                                  : old_directory::removed);
    if (!exchanged)
      return exchanged;
  }
  auto opened = open_replica(p);
  if (!opened)
    return opened.error();
  {
    const std::lock_guard lock{guard_};
    p.now = std::move(*opened);
    p.doing.clear();
    p.starts_from = 0;
    p.cut = 0;
  }
  wake();
  return model::nothing{};
}

} // namespace node
