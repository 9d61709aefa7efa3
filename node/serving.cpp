#include "node/serving.hpp"

#include "gateway/all_routes.hpp"

#include <boost/asio/ip/address.hpp>
#include <fmt/format.h>

#include <utility>

namespace node {

namespace {

/// As long as there are no keys: lets everybody in, or nobody but probes.
gateway::door door_of(bool is_open, const std::shared_ptr<gateway::account>& account) {
  return [is_open, account](const gateway::route& to, gateway::call& asks) {
    gateway::admission a;
    if (to.by == gateway::entrance::open)
      return a;
    if (!is_open) {
      gateway::error_entry e{401, "not_authenticated", "Not authenticated."};
      e.detail = "This server was started without --open, and there are no keys.";
      a.refused = gateway::to_answer({e}, asks.asked.id);
      return a;
    }
    asks.whose = account;
    return a;
  };
}

std::function<std::vector<gateway::watched_engine>()>
watch(const std::shared_ptr<gateway::account>& account) {
  return [account] {
    // The engine lives as long as its account does.
    const std::shared_ptr<rollcall::engine> engine{account, account->engine.get()};
    return std::vector<gateway::watched_engine>{{account->id, engine}};
  };
}

std::string url_of(const serve_settings& settings, std::uint16_t port) {
  const auto& address = settings.server.address;
  const auto is_v6 = address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}", settings.server.certificate.empty() ? "http" : "https",
                     is_v6 ? "[" : "", address, is_v6 ? "]" : "", port);
}

} // namespace

model::outcome<std::unique_ptr<serving>> serving::start(const serve_settings& wanted) {
  auto opened = rollcall::engine::open({.directory = wanted.data});
  if (!opened)
    return opened.error();
  std::unique_ptr<serving> made{new serving};
  made->account_ = std::make_shared<gateway::account>();
  made->account_->id = "default";
  made->account_->name = "default";
  made->account_->engine = std::move(*opened);
  made->operations_ = std::make_unique<gateway::operations>(watch(made->account_), wanted.figures);
  auto routes = std::make_shared<gateway::route_table>();
  gateway::add_all_routes(*routes);
  made->operations_->add_routes(*routes);
  routes->open(made->account_);
  gateway::dispatcher dispatch{
    routes, door_of(wanted.is_open, made->account_),
    [to = made->operations_.get()](const gateway::finished_request& r) { to->observe(r); }};
  auto started = gateway::server::start(wanted.server, std::move(dispatch));
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
