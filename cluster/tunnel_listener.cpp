#include "cluster/tunnel.hpp"
#include "cluster/tunnel_link.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <memory>
#include <mutex>
#include <utility>

namespace cluster {

namespace asio = boost::asio;

namespace {

/// What there is to come for. Any thread.
class service_table {
public:
  explicit service_table(std::map<std::string, tunnel_service> services)
    : services_(std::move(services)) {
  }
  void offer(const std::string& service, const tunnel_service& at) {
    const std::lock_guard lock{guard_};
    services_.insert_or_assign(service, at);
  }
  void withdraw(const std::string& service) {
    const std::lock_guard lock{guard_};
    services_.erase(service);
  }
  [[nodiscard]] std::optional<tunnel_service> find(const std::string& service) const {
    const std::lock_guard lock{guard_};
    const auto at = services_.find(service);
    return at != services_.end() ? std::optional{at->second} : std::nullopt;
  }

private:
  mutable std::mutex guard_;
  std::map<std::string, tunnel_service> services_;
};

/// Somebody who came in.
class guest : public tunnel_link {
public:
  guest(std::shared_ptr<tunnel_core> core, tcp_socket socket,
        std::shared_ptr<const service_table> services,
        const std::function<bool(std::string_view)>& may_come)
    : tunnel_link(std::move(core), socket.get_executor()), services_(std::move(services)) {
    incoming_ = std::move(socket);
    check_.judge = [may_come](std::string_view node) {
      return may_come && may_come(node) ? std::nullopt
                                        : std::optional{tunnel_refusal::unknown_node};
    };
  }

private:
  task<void> shake_hands() override {
    // Whoever says nothing gets nothing but a socket.
    co_await incoming_.async_wait(tcp_socket::wait_read, returned);
    if (is_closed() || !co_await secure(tls_stream::server, check_))
      co_return;
    const auto is_admitted = core_->admit(this, check_.node);
    const auto service = co_await read_greeting();
    if (is_closed())
      co_return;
    if (!is_admitted)
      co_return co_await refuse(tunnel_answer::too_many, tunnel_refusal::too_many);
    if (!service)
      co_return co_await refuse(tunnel_answer::malformed, tunnel_refusal::malformed);
    const auto where = services_->find(*service);
    if (!where)
      co_return co_await refuse(tunnel_answer::unknown_service, tunnel_refusal::unknown_service);
    if (!co_await connect(*where))
      co_return co_await refuse(tunnel_answer::service_down, tunnel_refusal::service_down);
    co_await say(tunnel_answer::carried);
  }

  /// The service that is asked for. None = it is no greeting, or there came none.
  task<std::optional<std::string>> read_greeting() {
    std::array<char, greeting_bytes_max> bytes{};
    std::size_t size = 0;
    while (size < bytes.size() && !is_closed()) {
      const auto [failed, came] = co_await peer_->async_read_some(
        asio::buffer(bytes.data() + size, bytes.size() - size), returned);
      if (failed) {
        cut(tunnel_refusal::not_tls, failed.message());
        break;
      }
      size += came;
      const std::string_view text{bytes.data(), size};
      const auto end = text.find('\n');
      if (end == std::string_view::npos)
        continue;
      const auto service = text.substr(0, end);
      if (end + 1 != size || !service.starts_with(greeting_start))
        break; // Nothing may follow before we have answered.
      co_return std::string{service.substr(greeting_start.size())};
    }
    co_return std::nullopt;
  }

  task<bool> connect(const tunnel_service& to) {
    error_code failed;
    const auto address = asio::ip::make_address(to.address, failed);
    if (!failed) {
      const auto [refused] = co_await local_.async_connect({address, to.port}, returned);
      failed = refused;
    }
    if (!failed)
      prepare(local_);
    co_return !failed;
  }

  task<void> say(tunnel_answer answer) {
    const auto byte = static_cast<unsigned char>(answer);
    const auto [failed, size] = co_await asio::async_write(*peer_, asio::buffer(&byte, 1),
                                                           returned);
    if (failed)
      cut(tunnel_refusal::cut_off, failed.message());
  }

  task<void> refuse(tunnel_answer answer, tunnel_refusal why) {
    if (!is_closed())
      co_await say(answer);
    cut(why);
  }

  std::shared_ptr<const service_table> services_;
  peer_check check_;
};

std::string address_of(const tcp_socket& socket) {
  boost::system::error_code failed;
  const auto from = socket.remote_endpoint(failed);
  return failed ? std::string{} : from.address().to_string();
}

} // namespace

struct tunnel_listener::parts {
  std::shared_ptr<tunnel_threads::parts> threads;
  std::shared_ptr<tunnel_core> core;
  std::shared_ptr<service_table> services;
};

tunnel_listener::tunnel_listener(std::unique_ptr<parts> made) : parts_(std::move(made)) {
}

tunnel_listener::~tunnel_listener() {
  stop();
}

model::outcome<std::unique_ptr<tunnel_listener>>
tunnel_listener::start(const tunnel_threads& on, tunnel_listener_options options) {
  auto made = std::make_unique<parts>();
  made->threads = on.inside();
  made->core = std::make_shared<tunnel_core>(on.inside()->context, options.node, options.files,
                                             options.limits);
  made->services = std::make_shared<service_table>(std::move(options.services));
  auto& core = *made->core;
  if (auto loaded = core.reload(); !loaded)
    return loaded.error();
  if (auto listening = core.listen(options.address, options.port); !listening)
    return listening.error();
  // The core owns what takes for it.
  core.begin(
    [&core, services = made->services, may_come = std::move(options.may_come)](tcp_socket socket) {
      prepare(socket);
      const auto from = address_of(socket);
      const auto link = std::make_shared<guest>(core.shared_from_this(), std::move(socket),
                                                services, may_come);
      if (core.add(link, from))
        link->start();
    });
  return std::unique_ptr<tunnel_listener>{new tunnel_listener{std::move(made)}};
}

std::uint16_t tunnel_listener::port() const {
  return parts_->core->port();
}

model::status tunnel_listener::reload() {
  return parts_->core->reload();
}

void tunnel_listener::offer(const std::string& service, const tunnel_service& at) {
  parts_->services->offer(service, at);
}

void tunnel_listener::withdraw(const std::string& service) {
  parts_->services->withdraw(service);
}

void tunnel_listener::drop(std::string_view node) {
  parts_->core->drop(node);
}

tunnel_figures tunnel_listener::figures() const {
  return parts_->core->figures();
}

void tunnel_listener::stop(std::chrono::milliseconds grace) {
  parts_->core->stop(grace);
}

} // namespace cluster
