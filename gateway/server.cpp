#include "gateway/server.hpp"

#include "gateway/connection.hpp"
#include "gateway/server_core.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <utility>

namespace gateway {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

/// Of waiting when the system has no descriptors left.
constexpr std::chrono::milliseconds accept_pause{50};

/// How often deadlines are looked at: often enough for the shortest.
std::chrono::milliseconds tick_of(const server_options& o) {
  using std::chrono::milliseconds;
  const auto shortest = std::min({o.handshake_timeout, o.header_timeout, o.body_timeout,
                                  o.write_timeout, o.idle_timeout, o.linger_timeout});
  return std::clamp(shortest / 4, milliseconds{5}, milliseconds{250});
}

void accept_next(const std::shared_ptr<server_core>& core);

void begin_connection(const std::shared_ptr<server_core>& core, const std::shared_ptr<lane>& on,
                      tcp_socket socket) {
  const auto is_surplus = core->connections >= core->options.connections_max;
  if (is_surplus) {
    ++core->connections_refused;
    // Saying so inside of TLS would cost more than the connection.
    if (core->tls() || core->surplus >= surplus_max)
      return;
  } else {
    ++core->connections_accepted;
  }
  const auto made = std::make_shared<connection>(core, on, std::move(socket), is_surplus);
  on->post([made] { made->start(); });
}

void accept_later(const std::shared_ptr<server_core>& core, const boost::system::error_code& why) {
  spdlog::warn("gateway: cannot take connections at the moment: {}", why.message());
  auto timer = std::make_shared<io_timer>(core->lanes.front()->executor(), accept_pause);
  timer->async_wait([core, timer](const boost::system::error_code&) { accept_next(core); });
}

void accept_next(const std::shared_ptr<server_core>& core) {
  if (core->is_stopping)
    return;
  const auto on = core->idlest();
  core->acceptor->async_accept(
    on->executor(), [core, on](const boost::system::error_code& failed, tcp_socket socket) {
      if (core->is_stopping)
        return;
      if (!failed)
        begin_connection(core, on, std::move(socket));
      else if (failed != asio::error::connection_aborted)
        return accept_later(core, failed);
      accept_next(core);
    });
}

model::failure cannot_listen(const server_options& options, const boost::system::error_code& why) {
  const auto code = why == asio::error::address_in_use ? model::failure_code::conflict
                                                       : model::failure_code::invalid_input;
  return {code, fmt::format("cannot listen on {}, port {}: {}", options.address, options.port,
                            why.message())};
}

model::status listen(server_core& core) {
  const auto& options = core.options;
  boost::system::error_code failed;
  const auto address = asio::ip::make_address(options.address, failed);
  if (failed)
    return cannot_listen(options, failed);
  const tcp::endpoint at{address, options.port};
  auto& acceptor = core.acceptor.emplace(core.lanes.front()->executor());
  if (!acceptor.open(at.protocol(), failed)
      && !acceptor.set_option(tcp::acceptor::reuse_address{true}, failed)
      && !acceptor.bind(at, failed))
    acceptor.listen(asio::socket_base::max_listen_connections, failed);
  if (failed)
    return cannot_listen(options, failed);
  core.port = acceptor.local_endpoint(failed).port();
  return model::nothing{};
}

} // namespace

void server_core::begin_request() {
  ++under_way_;
}

void server_core::finish_request() {
  if (--under_way_ == 0 && is_stopping) {
    const std::lock_guard lock{guard_};
    quiet_.notify_all();
  }
}

void server_core::wait_quiet(std::chrono::milliseconds patience) {
  std::unique_lock lock{guard_};
  quiet_.wait_for(lock, patience, [&] { return under_way_ == 0; });
}

tls_context server_core::tls() {
  const std::lock_guard lock{guard_};
  return tls_;
}

void server_core::change_tls(tls_context to) {
  const std::lock_guard lock{guard_};
  tls_ = std::move(to);
}

std::shared_ptr<lane> server_core::idlest() {
  return *std::ranges::min_element(lanes, {}, [](const auto& l) { return l->load(); });
}

model::outcome<std::unique_ptr<server>> server::start(server_options options, handler handle) {
  auto core = std::make_shared<server_core>(std::move(options), std::move(handle));
  std::unique_ptr<server> made{new server{core}};
  if (!core->options.certificate.empty())
    if (auto loaded = made->reload_certificate(); !loaded)
      return loaded.error();
  for (std::uint32_t i = 0; i < std::max(core->options.io_threads, 1U); ++i)
    core->lanes.push_back(std::make_shared<lane>(tick_of(core->options)));
  if (auto listening = listen(*core); !listening)
    return listening.error();
  for (const auto& each : core->lanes)
    each->begin();
  core->lanes.front()->post([core] { accept_next(core); });
  return made;
}

server::server(std::shared_ptr<server_core> core) : core_(std::move(core)) {
}

server::~server() {
  stop();
}

std::uint16_t server::port() const {
  return core_->port;
}

model::status server::reload_certificate() {
  if (core_->options.certificate.empty())
    return model::nothing{};
  auto made = make_tls_context(core_->options.certificate, core_->options.private_key);
  if (!made)
    return made.error();
  core_->change_tls(std::move(*made));
  return model::nothing{};
}

void server::stop() {
  if (core_->is_stopping.exchange(true))
    return;
  if (!core_->lanes.empty())
    core_->lanes.front()->post([core = core_] {
      boost::system::error_code ignored;
      core->acceptor->close(ignored);
    });
  core_->wait_quiet(core_->options.shutdown_grace);
  for (const auto& each : core_->lanes)
    each->end();
  core_->workers.end();
  core_->streamers.end();
  core_->stream_turns.forget_waiting();
}

server_figures server::figures() const {
  server_figures f;
  f.connections = core_->connections;
  f.connections_accepted = core_->connections_accepted;
  f.connections_refused = core_->connections_refused;
  f.requests = core_->requests;
  f.requests_under_way = core_->under_way_;
  f.streams = core_->streams;
  f.relayed = core_->relayed;
  f.bytes_in = core_->bytes_in;
  f.bytes_out = core_->bytes_out;
  f.handshakes_failed = core_->handshakes_failed;
  for (unsigned status = 0; status < statuses; ++status)
    if (const auto n = core_->refusals.at(status).load(); n > 0)
      f.refusals[status] = n;
  return f;
}

} // namespace gateway
