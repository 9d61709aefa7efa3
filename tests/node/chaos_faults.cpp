#include "tests/node/chaos_faults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>

namespace node_tests {

namespace {

using namespace std::chrono_literals;
using cluster_tests::host_network;
using cluster_tests::link_weather;

constexpr link_weather cut{.lost_permille = 1'000};
constexpr std::string_view account_stream_of = "rollcall-";

} // namespace

std::vector<std::string> chaos_faults::kinds() const {
  std::vector<std::string> all{"leader killed",  "leader frozen", "leader stopped",
                               "node killed",    "node frozen",   "server killed",
                               "server stopped", "server frozen", "log's leader killed"};
  if (on_.network())
    all.insert(all.end(),
               {"leader cut off", "leader hears nobody", "nobody hears leader", "node cut off",
                "two nodes cut apart", "host lost", "slow and lossy links", "slow leader",
                "node's disk full", "server's disk full"});
  if (on_.has_clocks())
    all.insert(all.end(), {"leader's clock ahead", "leader's clock back", "node's clock ahead"});
  return all;
}

void chaos_faults::forget() {
  nodes_hit_.clear();
  servers_hit_.clear();
  is_network_hit_ = false;
  is_leader_known_ = false;
}

std::optional<std::size_t> chaos_faults::node(whom which, std::mt19937_64& chance) {
  if (!std::exchange(is_leader_known_, true))
    leader_ = on_.leader_of_account();
  std::vector<std::size_t> free;
  for (std::size_t i = 0; i < on_.size(); ++i)
    if (std::ranges::find(nodes_hit_, i) == nodes_hit_.end()
        && (which == whom::any || !leader_ || (which == whom::leader) == (i == *leader_)))
      free.push_back(i);
  if (free.empty())
    return std::nullopt;
  nodes_hit_.push_back(free[chance() % free.size()]);
  return nodes_hit_.back();
}

std::optional<std::size_t> chaos_faults::server(bool is_leading, std::mt19937_64& chance) {
  std::vector<std::size_t> free;
  const auto leading = is_leading ? on_.servers().leader_of(on_.account_stream()) : std::nullopt;
  for (std::size_t i = 0; i < on_.servers().size(); ++i)
    if (std::ranges::find(servers_hit_, i) == servers_hit_.end() && (!leading || *leading == i))
      free.push_back(i);
  if (free.empty())
    return std::nullopt;
  servers_hit_.push_back(free[chance() % free.size()]);
  return servers_hit_.back();
}

chaos_fault chaos_faults::kill_node(std::string kind, std::size_t node) {
  return {kind, fmt::format("{} ({})", kind, small_cluster::name(node)),
          [this, node] { on_.kill(node); }, [this, node] { on_.start(node); }};
}

std::vector<std::size_t> chaos_faults::hosts_but(std::size_t host, bool with_clients) const {
  std::vector<std::size_t> others;
  for (std::size_t i = 0; i < on_.size() + (with_clients ? 1 : 0); ++i)
    if (i != host)
      others.push_back(i);
  return others;
}

chaos_fault chaos_faults::on_network(std::string kind, std::string hit,
                                     std::function<void(host_network&)> begin) {
  is_network_hit_ = true;
  return {kind, fmt::format("{} ({})", kind, hit),
          [this, begin = std::move(begin)] { begin(*on_.network()); },
          [this] { on_.network()->change_all({}); }};
}

std::optional<chaos_fault> chaos_faults::make(const std::string& kind, std::mt19937_64& chance) {
  const auto is = [&](std::string_view begin) { return kind.starts_with(begin); };
  const auto has = [&](std::string_view part) { return kind.find(part) != std::string::npos; };
  const auto told = [&](std::size_t number) { return fmt::format("{} (n{})", kind, number + 1); };
  if (kind == "slow and lossy links" && !is_network_hit_) {
    const link_weather bad{static_cast<unsigned>(5 + chance() % 30),
                           std::chrono::milliseconds{5 + chance() % 60},
                           std::chrono::milliseconds{1 + chance() % 60}};
    return on_network(kind,
                      fmt::format("{} of 1000, {} to {} ms", bad.lost_permille,
                                  bad.delay.count() / 1'000,
                                  (bad.delay + bad.jitter).count() / 1'000),
                      [bad](host_network& n) { n.change_all(bad); });
  }
  if (is("server") || is("log's leader")) {
    const auto s = server(is("log's leader"), chance);
    if (!s)
      return std::nullopt;
    auto& servers = on_.servers();
    if (has("frozen"))
      return chaos_fault{kind, told(*s), [&servers, s = *s] { servers.pause(s); },
                         [&servers, s = *s] { servers.resume(s); }};
    if (has("disk"))
      return chaos_fault{kind, told(*s), [this, s = *s] { on_.server_disk(s).fill(); },
                         // It takes no records before it is started again.
                         [this, &servers, s = *s] {
                           on_.server_disk(s).make_room();
                           servers.kill(s);
                           servers.start(s);
                         }};
    return chaos_fault{kind, told(*s),
                       [&servers, s = *s, in_order = has("stopped")] {
                         in_order ? servers.stop(s) : servers.kill(s);
                       },
                       [&servers, s = *s] { servers.start(s); }};
  }
  const bool is_of_network = has("cut") || has("hears") || has("host") || has("slow");
  if (is_of_network && is_network_hit_)
    return std::nullopt;
  const auto n = node(has("leader")                            ? whom::leader
                      : is("node killed") || is("node frozen") ? whom::other
                                                               : whom::any,
                      chance);
  if (!n)
    return std::nullopt;
  const auto hit = small_cluster::name(*n);
  if (has("killed"))
    return kill_node(kind, *n);
  if (has("frozen"))
    return chaos_fault{kind, told(*n), [this, n = *n] { on_.send(n, SIGSTOP); },
                       [this, n = *n] { on_.send(n, SIGCONT); }};
  if (has("stopped"))
    return chaos_fault{kind, told(*n), [this, n = *n] { on_.stop(n); },
                       [this, n = *n] { on_.start(n); }};
  if (has("disk"))
    return chaos_fault{kind, told(*n), [this, n = *n] { on_.disk(n).fill(); },
                       [this, n = *n] { on_.disk(n).make_room(); }};
  if (has("clock")) {
    // Ahead by less than a window takes; what a clock has said cannot be taken back.
    const std::chrono::seconds off{has("ahead")
                                     ? static_cast<std::int64_t>(5 + chance() % 20)
                                     : -static_cast<std::int64_t>(60 + chance() % 7'000)};
    return chaos_fault{kind, fmt::format("{} ({} by {} s)", kind, hit, off.count()),
                       [this, n = *n, off] { on_.set_clock(n, off); },
                       [this, n = *n] { on_.set_clock(n, 0s); }};
  }
  if (has("host")) {
    const auto s = std::ranges::find(servers_hit_, *n) == servers_hit_.end();
    servers_hit_.push_back(*n);
    is_network_hit_ = true;
    return chaos_fault{kind, told(*n),
                       [this, n = *n, s] {
                         on_.kill(n);
                         if (s)
                           on_.servers().kill(n);
                       },
                       [this, n = *n, s] {
                         if (s)
                           on_.servers().start(n);
                         on_.start(n);
                       }};
  }
  const bool with_clients = chance() % 2 == 0;
  const auto others = hosts_but(*n, with_clients);
  const auto shown = with_clients ? hit + " and clients" : hit;
  if (kind == "two nodes cut apart")
    return on_network(kind, hit, [n = *n, other = (*n + 1) % on_.size()](host_network& net) {
      net.change_both(n, {other}, cut);
    });
  if (has("cut off"))
    return on_network(kind, shown,
                      [n = *n, others](host_network& net) { net.change_both(n, others, cut); });
  if (has("slow"))
    return on_network(kind, hit, [n = *n, others = hosts_but(*n, true)](host_network& net) {
      net.change_both(n, others, {20, 150ms, 150ms});
    });
  const bool hears_nobody = has("hears nobody");
  return on_network(kind, shown, [n = *n, others, hears_nobody](host_network& net) {
    for (const auto other : others)
      hears_nobody ? net.change(other, n, cut) : net.change(n, other, cut);
  });
}

std::vector<chaos_fault> chaos_faults::draw(std::mt19937_64& chance) {
  forget();
  const auto all = kinds();
  // As often alone as together with others.
  const auto roll = chance() % 4;
  const std::size_t count = roll < 2 ? 1 : roll;
  std::vector<chaos_fault> drawn;
  for (std::size_t tries = 0; drawn.size() < count && tries < 20; ++tries)
    if (auto made = make(all[chance() % all.size()], chance))
      drawn.push_back(std::move(*made));
  return drawn;
}

} // namespace node_tests
