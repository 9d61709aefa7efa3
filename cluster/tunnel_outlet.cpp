#include "cluster/record.hpp"
#include "cluster/tunnel.hpp"
#include "cluster/tunnel_link.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace cluster {

namespace asio = boost::asio;

namespace {

constexpr std::string_view loopback = "127.0.0.1";

/// Where an outlet leads to, and how that went last. Any thread.
class destination {
public:
  destination(std::string node_there, std::string service_there, std::string host,
              std::uint16_t port)
    : node(std::move(node_there)), service(std::move(service_there)), host_(std::move(host)),
      port_(port) {
  }
  const std::string node;
  const std::string service;

  [[nodiscard]] std::pair<std::string, std::uint16_t> address() const {
    const std::lock_guard lock{guard_};
    return {host_, port_};
  }
  void change_address(const std::string& host, std::uint16_t port) {
    const std::lock_guard lock{guard_};
    host_ = host;
    port_ = port;
  }
  [[nodiscard]] std::optional<std::string> last_error() const {
    const std::lock_guard lock{guard_};
    return last_error_;
  }
  void remember(std::optional<std::string> error) {
    const std::lock_guard lock{guard_};
    last_error_ = std::move(error);
  }

private:
  mutable std::mutex guard_;
  std::string host_;
  std::uint16_t port_;
  std::optional<std::string> last_error_;
};

using resolver = asio::ip::basic_resolver<tcp, strand>;

struct resolution {
  explicit resolution(const strand& on) : by(on) {
  }
  resolver by;
  boost::system::error_code failed;
  std::vector<tcp::endpoint> found;
};

struct refusal_text {
  tunnel_refusal why;
  std::string_view detail;
};

/// None = the peer carries.
std::optional<refusal_text> meaning_of(tunnel_answer answer) {
  switch (answer) {
  case tunnel_answer::carried:
    return std::nullopt;
  case tunnel_answer::unknown_service:
    return refusal_text{tunnel_refusal::unknown_service, "it has no such service"};
  case tunnel_answer::service_down:
    return refusal_text{tunnel_refusal::service_down, "the service takes no connections there"};
  case tunnel_answer::too_many:
    return refusal_text{tunnel_refusal::too_many, "it has too many connections"};
  case tunnel_answer::malformed:
    break;
  }
  return refusal_text{tunnel_refusal::malformed, "it speaks the tunnel in another way"};
}

/// Somebody on this machine who wants to reach the peer.
class traveller : public tunnel_link {
public:
  traveller(std::shared_ptr<tunnel_core> core, tcp_socket socket, std::shared_ptr<destination> to)
    : tunnel_link(std::move(core), socket.get_executor()), to_(std::move(to)), woken_(strand_) {
    local_ = std::move(socket);
    check_.judge = [to = to_](std::string_view node) {
      return node == to->node ? std::nullopt : std::optional{tunnel_refusal::wrong_node};
    };
  }

private:
  task<void> shake_hands() override {
    std::tie(host_, port_) = to_->address();
    if (!core_->admit(this, to_->node))
      co_return cut(tunnel_refusal::too_many, "there are too many connections here");
    doing_ = "looking its address up";
    const auto endpoints = co_await resolve();
    if (is_closed())
      co_return;
    doing_ = "connecting";
    if (!co_await connect(endpoints))
      co_return;
    doing_ = "the handshake of TLS";
    if (!co_await secure(tls_stream::client, check_))
      co_return;
    doing_ = "waiting for its answer";
    co_await ask();
  }

  task<std::vector<tcp::endpoint>> resolve() {
    error_code failed;
    const auto address = asio::ip::make_address(host_, failed);
    if (!failed)
      co_return std::vector{tcp::endpoint{address, port_}};
    // The system's look-up cannot be called off. Whoever gives up leaves it behind.
    const auto asked = std::make_shared<resolution>(strand_);
    woken_.expires_at(std::chrono::steady_clock::time_point::max());
    asked->by.async_resolve(
      host_, std::to_string(port_),
      [asked, self = weak_from_this()](const error_code& why, const resolver::results_type& all) {
        asked->failed = why;
        for (const auto& each : all)
          asked->found.push_back(each.endpoint());
        if (const auto link = self.lock())
          static_cast<traveller&>(*link).woken_.cancel();
      });
    co_await woken_.async_wait(returned);
    if (asked->found.empty() && !is_closed())
      cut(tunnel_refusal::unreachable, asked->failed.message());
    co_return asked->found;
  }

  task<bool> connect(const std::vector<tcp::endpoint>& endpoints) {
    error_code failed = asio::error::host_not_found;
    for (const auto& each : endpoints) {
      error_code ignored;
      incoming_.close(ignored);
      const auto [refused] = co_await incoming_.async_connect(each, returned);
      failed = refused;
      if (!failed || is_closed())
        break;
    }
    if (is_closed())
      co_return false;
    if (failed)
      cut(tunnel_refusal::unreachable, failed.message());
    else
      prepare(incoming_);
    co_return !failed;
  }

  task<void> ask() {
    const auto greeting = fmt::format("{}{}\n", greeting_start, to_->service);
    // A peer that does not want us breaks off; why, it has said before.
    co_await asio::async_write(*peer_, asio::buffer(greeting), returned);
    unsigned char byte = 0;
    const auto [failed, size] = co_await asio::async_read(*peer_, asio::buffer(&byte, 1), returned);
    if (is_closed())
      co_return;
    if (failed)
      co_return cut(tunnel_refusal::refused, "it does not want us: " + failed.message());
    if (const auto refused = meaning_of(static_cast<tunnel_answer>(byte)))
      co_return cut(refused->why, std::string{refused->detail});
    to_->remember(std::nullopt);
  }

  void on_cut(tunnel_refusal why, const std::string& detail) override {
    woken_.cancel();
    if (is_carrying() || why == tunnel_refusal::stopping)
      return;
    to_->remember(fmt::format(
      "cannot reach {} of {} at {}, port {}: {} ({})", to_->service, to_->node, host_, port_,
      why == tunnel_refusal::late ? fmt::format("{} takes too long", doing_) : detail,
      name_of(why)));
  }

  std::shared_ptr<destination> to_;
  std::string host_;
  std::uint16_t port_ = 0;
  std::string_view doing_ = "taking the connection";
  io_timer woken_;
  peer_check check_;
};

model::status check_names(const tunnel_outlet_options& options) {
  for (const auto& name : {options.peer, options.service})
    if (!is_node_name(name))
      return model::failure{model::failure_code::invalid_input,
                            fmt::format("\"{}\" is no name of a node or service", name)};
  return model::nothing{};
}

} // namespace

struct tunnel_outlet::parts {
  std::shared_ptr<tunnel_threads::parts> threads;
  std::shared_ptr<tunnel_core> core;
  std::shared_ptr<destination> to;
};

tunnel_outlet::tunnel_outlet(std::unique_ptr<parts> made) : parts_(std::move(made)) {
}

tunnel_outlet::~tunnel_outlet() {
  stop();
}

model::outcome<std::unique_ptr<tunnel_outlet>> tunnel_outlet::start(const tunnel_threads& on,
                                                                    tunnel_outlet_options options) {
  if (auto fine = check_names(options); !fine)
    return fine.error();
  auto limits = options.limits; // Those on this machine are all welcome.
  limits.handshakes_max = limits.connections_max;
  limits.connections_per_peer_max = limits.connections_max;
  auto made = std::make_unique<parts>();
  made->threads = on.inside();
  made->core = std::make_shared<tunnel_core>(on.inside()->context, options.node, options.files,
                                             limits);
  made->to = std::make_shared<destination>(options.peer, options.service, options.host,
                                           options.port);
  auto& core = *made->core;
  if (auto loaded = core.reload(); !loaded)
    return loaded.error();
  if (auto listening = core.listen(std::string{loopback}, 0); !listening)
    return listening.error();
  // The core owns what takes for it.
  core.begin([&core, to = made->to](tcp_socket socket) {
    prepare(socket);
    const auto link = std::make_shared<traveller>(core.shared_from_this(), std::move(socket), to);
    if (core.add(link, std::string{loopback}))
      link->start();
  });
  return std::unique_ptr<tunnel_outlet>{new tunnel_outlet{std::move(made)}};
}

std::uint16_t tunnel_outlet::port() const {
  return parts_->core->port();
}

void tunnel_outlet::change_peer(const std::string& host, std::uint16_t port) {
  parts_->to->change_address(host, port);
}

model::status tunnel_outlet::reload() {
  return parts_->core->reload();
}

std::optional<std::string> tunnel_outlet::last_error() const {
  return parts_->to->last_error();
}

tunnel_figures tunnel_outlet::figures() const {
  return parts_->core->figures();
}

void tunnel_outlet::stop(std::chrono::milliseconds grace) {
  parts_->core->stop(grace);
}

} // namespace cluster
