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

/// An engine learns who is called what when somebody asks first; with millions of people that takes
/// seconds, which the first client should not wait.
void learn_names(const gateway::account& of) {
  if (const auto found = of.engine->find_profile(" ");
      !found && found.error().code != model::failure_code::not_found)
    spdlog::warn("serve: account {}: {}", of.id, found.error().message);
}

} // namespace

model::outcome<std::unique_ptr<serving>> serving::start(const serve_settings& wanted) {
  gateway::accounts_options options;
  options.data = wanted.data;
  auto opened = gateway::accounts::open(std::move(options));
  if (!opened)
    return opened.error();
  std::unique_ptr<serving> made{new serving};
  made->accounts_ = std::move(*opened);
  auto& all = *made->accounts_;
  made->doorkeeper_ = std::make_unique<gateway::doorkeeper>(all, wanted.limits);
  made->operations_ = std::make_unique<gateway::operations>([&all] { return watched(all); },
                                                            wanted.figures);
  auto routes = std::make_shared<gateway::route_table>();
  gateway::add_all_routes(*routes);
  gateway::add_key_routes(*routes, all);
  made->operations_->add_routes(*routes);
  for (const auto& account : all.all()) {
    routes->open(account);
    learn_names(*account);
  }
  made->routes_ = routes;
  gateway::dispatcher dispatch{routes,
                               wanted.is_open ? open_door(all) : kept_door(*made->doorkeeper_),
                               [to = made->operations_.get()](const gateway::finished_request& r) {
                                 to->observe(r);
                                 if (r.to != nullptr)
                                   gateway::doorkeeper::note(*r.to, *r.asked, r.status);
                               },
                               {.at_work_max = std::max(1U, wanted.server.workers / 2)}};
  auto served = wanted.server;
  served.is_quick = gateway::sends_event_at_once;
  auto started = gateway::server::start(std::move(served), std::move(dispatch));
  if (!started)
    return started.error();
  made->server_ = std::move(*started);
  made->operations_->watch(*made->server_);
  made->url_ = url_of(wanted, made->server_->port());
  return made;
}

serving::~serving() {
  if (server_)
    server_->stop();
}

model::status serving::reload_certificate() {
  return server_->reload_certificate();
}

} // namespace node
