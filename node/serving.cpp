#include "node/serving.hpp"

#include "gateway/all_routes.hpp"
#include "gateway/events.hpp"
#include "gateway/key_routes.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace node {

namespace {

/// With `--open`, whoever comes may do everything with the default account.
gateway::door open_door(const gateway::accounts& all) {
  return [&all](const gateway::route& to, gateway::call& asks) {
    gateway::admission a;
    if (to.by == gateway::entrance::open)
      return a;
    asks.whose = all.by_name(gateway::default_account);
    if (!asks.whose)
      throw gateway::refusal{gateway::to_error(
        {model::failure_code::unavailable, "The default account could not be opened."})};
    return a;
  };
}

gateway::door kept_door(gateway::doorkeeper& keeper) {
  return
    [&keeper](const gateway::route& to, gateway::call& asks) { return keeper.admit(to, asks); };
}

/// Of a cluster, where an account may go elsewhere while a request is on its way to this door: its
/// key is as good as before, and whoever asks again finds the account.
gateway::door member_door(gateway::doorkeeper& keeper, const cluster_member& member) {
  return [&keeper, &member](const gateway::route& to, gateway::call& asks) {
    auto in = keeper.admit(to, asks);
    if (!in.refused || asks.whose)
      return in;
    if (!member.has_elsewhere(asks.asked))
      return keeper.admit(to, asks); // Nobody's, or it has just come back.
    auto gone = gateway::to_answer({{503, "unavailable", "The account is elsewhere by now.",
                                     "Another node leads the account; ask again."}},
                                   asks.asked.id);
    gone.headers.emplace_back("Retry-After", "1");
    in.refused = std::move(gone);
    return in;
  };
}

std::vector<gateway::watched_engine> watched(const gateway::accounts& all) {
  std::vector<gateway::watched_engine> engines;
  for (const auto& one : all.all())
    // The engine lives as long as its account does.
    engines.push_back({one->id, {one, one->engine.get()}});
  for (const auto& one : all.closed())
    engines.push_back({one.name, nullptr, one.why.message});
  return engines;
}

std::string url_of(const serve_settings& settings, std::uint16_t port) {
  const auto& address = settings.server.address;
  const auto is_v6 = address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", settings.server.certificate.empty() ? "http" : "https",
                     is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
}

/// Only `advance` moves such a clock, and that cannot be done while the server has the directory.
void warn_of_manual_clock(const gateway::account& of) {
  if (const auto figures = of.engine->figures();
      figures && figures->clock == rollcall::clock_kind::manual)
    spdlog::warn("serve: account {}: its clock is manual and stands still at {}", of.id,
                 model::format_instant(figures->now));
}

/// An engine learns who is called what when somebody asks first; with millions of people that takes
/// seconds, which the first client should not wait.
void learn_names(const gateway::account& of) {
  if (const auto found = of.engine->find_profile(" ");
      !found && found.error().code != model::failure_code::not_found)
    spdlog::warn("serve: account {}: {}", of.id, found.error().message);
}

} // namespace

model::outcome<std::unique_ptr<serving>> serving::start(const serve_settings& wanted) {
  std::unique_ptr<serving> made{new serving};
  if (auto opened = made->open_accounts(wanted); !opened)
    return opened.error();
  auto& all = *made->accounts_;
  made->doorkeeper_ = std::make_unique<gateway::doorkeeper>(all, wanted.limits);
  made->operations_ = std::make_unique<gateway::operations>([&all] { return watched(all); },
                                                            wanted.figures);
  if (made->member_)
    made->operations_->add_figures(
      [&member = *made->member_](gateway::exposition& to) { member.write_figures(to); });
  auto routes = std::make_shared<gateway::route_table>();
  gateway::add_all_routes(*routes);
  gateway::add_key_routes(*routes, all);
  made->operations_->add_routes(*routes);
  for (const auto& account : all.all()) {
    routes->open(account);
    learn_names(*account);
    warn_of_manual_clock(*account);
  }
  made->routes_ = routes;
  gateway::dispatcher dispatch{routes,
                               wanted.is_open  ? open_door(all)
                               : made->member_ ? member_door(*made->doorkeeper_, *made->member_)
                                               : kept_door(*made->doorkeeper_),
                               [to = made->operations_.get()](const gateway::finished_request& r) {
                                 to->observe(r);
                                 if (r.to != nullptr)
                                   gateway::doorkeeper::note(*r.to, *r.asked, r.status);
                               },
                               {.at_work_max = std::max(1U, wanted.server.workers / 2)}};
  auto served = wanted.server;
  served.is_quick = gateway::sends_event_at_once;
  if (made->member_) {
    if (auto joined = made->join(wanted, dispatch); !joined)
      return joined.error();
    served.direct = [&member = *made->member_](const gateway::request& asked) {
      return member.direct(asked, false);
    };
  }
  auto started = gateway::server::start(std::move(served), std::move(dispatch));
  if (!started)
    return started.error();
  made->server_ = std::move(*started);
  made->operations_->watch(*made->server_);
  made->url_ = url_of(wanted, made->server_->port());
  return made;
}

model::status serving::open_accounts(const serve_settings& wanted) {
  gateway::accounts_options options;
  options.data = wanted.data;
  if (wanted.cluster.empty()) {
    auto opened = gateway::accounts::open(std::move(options));
    if (!opened)
      return opened.error();
    accounts_ = std::move(*opened);
    return model::nothing{};
  }
  auto settings = cluster::read_cluster_file(wanted.cluster);
  if (!settings)
    return settings.error();
  auto member = cluster_member::start(
    {std::move(*settings), wanted.node, wanted.data, wanted.server.connections_max});
  if (!member)
    return member.error();
  member_ = std::move(*member);
  options.make_elsewhere = [this](std::string_view name) { return member_->make_account(name); };
  accounts_ = gateway::accounts::hosted(std::move(options));
  return model::nothing{};
}

/// Opens the door for peers and begins to serve what this node leads.
model::status serving::join(const serve_settings& wanted, const gateway::dispatcher& dispatch) {
  auto inside = wanted.server;
  inside.address = "127.0.0.1";
  inside.port = 0;
  inside.connections_max = member_->peer_connections_max();
  inside.certificate.clear();
  inside.private_key.clear();
  inside.is_quick = gateway::sends_event_at_once;
  inside.direct = [this](const gateway::request& asked) { return member_->direct(asked, true); };
  auto started = gateway::server::start(
    std::move(inside), [this, dispatch](gateway::request asked, const gateway::reply& done) {
      if (asked.path.starts_with(cluster_paths))
        return done(member_->obey(asked));
      dispatch(std::move(asked), done);
    });
  if (!started)
    return started.error();
  for_peers_ = std::move(*started);
  if (auto received = member_->receive_peers(for_peers_->port()); !received)
    return received;
  member_->serve(
    *accounts_,
    [this](const std::shared_ptr<gateway::account>& account) {
      routes_->open(account);
      learn_names(*account);
    },
    [this](const std::shared_ptr<gateway::account>& account) { routes_->close(account); });
  return model::nothing{};
}

serving::~serving() {
  if (server_)
    server_->stop();
  if (for_peers_)
    for_peers_->stop(); // It asks the member, which therefore goes last.
  member_.reset();
}

model::status serving::reload_certificate() {
  return server_->reload_certificate();
}

} // namespace node
