#include "cluster/tunnel_core.hpp"

#include "cluster/tunnel_link.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace cluster {

namespace asio = boost::asio;

namespace {

/// Of waiting when the system has no descriptors left.
constexpr std::chrono::milliseconds accept_pause{50};

constexpr std::size_t buffer_bytes_min = 1'024;

tunnel_limits within_reason(tunnel_limits limits) {
  limits.buffer_bytes = std::clamp(limits.buffer_bytes, buffer_bytes_min, frame_bytes_max);
  limits.handshakes_max = std::max<std::size_t>(limits.handshakes_max, 1);
  return limits;
}

/// What threw has been cleaned up behind, and the others go on.
void run(asio::io_context& context) {
  for (bool is_done = false; !is_done;)
    try {
      context.run();
      is_done = true;
    } catch (const std::exception& failed) {
      spdlog::error("tunnel: a connection was given up: {}", failed.what());
    }
}

model::failure cannot_listen(const std::string& address, std::uint16_t port,
                             const boost::system::error_code& why) {
  const auto code = why == asio::error::address_in_use ? model::failure_code::conflict
                                                       : model::failure_code::invalid_input;
  return {code,
          fmt::format("the tunnel cannot listen on {}, port {}: {}", address, port, why.message())};
}

} // namespace

// --- threads

tunnel_threads::parts::parts(unsigned count) : work(context.get_executor()) {
  for (unsigned i = 0; i < std::max(count, 1U); ++i)
    threads.emplace_back([this] { run(context); });
}

tunnel_threads::parts::~parts() {
  work.reset();
  for (auto& each : threads)
    each.join();
}

tunnel_threads::tunnel_threads(unsigned count) : parts_(std::make_shared<parts>(count)) {
}

tunnel_threads::~tunnel_threads() = default;

// --- certificates

tunnel_core::tunnel_core(asio::io_context& context, std::string node, certificate_files files,
                         tunnel_limits wanted)
  : limits(within_reason(wanted)), strand_(context.get_executor()), context_(context),
    node_(std::move(node)), files_(std::move(files)), acceptor_(strand_), pause_(strand_) {
}

model::status tunnel_core::reload() {
  auto loaded = load_identity(files_, node_);
  if (!loaded)
    return loaded.error();
  const std::lock_guard lock{guard_};
  identity_ = std::move(*loaded);
  return model::nothing{};
}

tls_context tunnel_core::tls() const {
  const std::lock_guard lock{guard_};
  return identity_.context;
}

// --- taking connections

model::status tunnel_core::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code failed;
  const auto where = asio::ip::make_address(address, failed);
  if (failed)
    return cannot_listen(address, port, failed);
  const tcp::endpoint at{where, port};
  if (!acceptor_.open(at.protocol(), failed)
      && !acceptor_.set_option(tcp_acceptor::reuse_address{true}, failed)
      && !acceptor_.bind(at, failed))
    acceptor_.listen(asio::socket_base::max_listen_connections, failed);
  if (failed)
    return cannot_listen(address, port, failed);
  port_ = acceptor_.local_endpoint(failed).port();
  return model::nothing{};
}

void tunnel_core::begin(taker take) {
  is_accepting_ = true;
  accept_on(take);
}

void tunnel_core::accept_on(const taker& take) {
  asio::co_spawn(strand_, accept_all(take),
                 [self = shared_from_this(), take](const std::exception_ptr& failed) {
                   if (failed) { // For want of memory.
                     self->accept_on(take);
                     return;
                   }
                   const std::lock_guard lock{self->guard_};
                   self->is_accepting_ = false;
                   self->changed_.notify_all();
                 });
}

task<void> tunnel_core::accept_all(taker take) {
  while (acceptor_.is_open()) {
    auto [failed, socket] = co_await acceptor_.async_accept(strand{context_.get_executor()},
                                                            returned);
    if (!failed) {
      take(std::move(socket));
    } else if (failed != asio::error::connection_aborted && acceptor_.is_open()) {
      spdlog::warn("tunnel: cannot take connections at the moment: {}", failed.message());
      pause_.expires_after(accept_pause);
      co_await pause_.async_wait(returned);
    }
  }
}

// --- connections

bool tunnel_core::add(const std::shared_ptr<tunnel_link>& link, const std::string& from) {
  std::shared_ptr<tunnel_link> displaced;
  {
    const std::lock_guard lock{guard_};
    if (is_stopping_)
      return false;
    if (shaking_hands_ >= limits.handshakes_max)
      displaced = make_room();
    ++accepted_;
    ++shaking_hands_;
    links_.emplace(link.get(), entry{.link = link, .from = from, .peer = {}, .number = accepted_});
  }
  if (displaced)
    displaced->cut_soon(tunnel_refusal::displaced);
  return true;
}

/// The oldest of those that shake hands, from the address that has most of them.
std::shared_ptr<tunnel_link> tunnel_core::make_room() {
  std::unordered_map<std::string_view, std::size_t> by_address;
  for (const auto& [key, each] : links_)
    if (each.at == stage::shaking_hands)
      ++by_address[each.from];
  const auto rank = [&](const entry& e) { return std::pair{by_address[e.from], ~e.number}; };
  entry* chosen = nullptr;
  for (auto& [key, each] : links_)
    if (each.at == stage::shaking_hands && (chosen == nullptr || rank(each) > rank(*chosen)))
      chosen = &each;
  if (chosen == nullptr)
    return nullptr;
  change(*chosen, stage::leaving);
  return chosen->link.lock();
}

bool tunnel_core::admit(const tunnel_link* link, std::string_view peer) {
  const std::lock_guard lock{guard_};
  const auto at = links_.find(link);
  if (at == links_.end() || at->second.at != stage::shaking_hands)
    return false;
  std::size_t admitted = 0;
  std::size_t of_peer = 0;
  for (const auto& [key, each] : links_)
    if (each.at >= stage::admitted) {
      ++admitted;
      of_peer += each.peer == peer ? 1 : 0;
    }
  if (of_peer >= limits.connections_per_peer_max || admitted >= limits.connections_max)
    return false;
  change(at->second, stage::admitted);
  at->second.peer = peer;
  return true;
}

void tunnel_core::carries(const tunnel_link* link) {
  const std::lock_guard lock{guard_};
  if (const auto at = links_.find(link); at != links_.end()) {
    change(at->second, stage::carrying);
    ++carried_;
  }
}

void tunnel_core::leave(const tunnel_link* link) {
  const std::lock_guard lock{guard_};
  if (const auto at = links_.find(link); at != links_.end())
    change(at->second, stage::leaving);
}

void tunnel_core::change(entry& of, stage to) {
  shaking_hands_ -= of.at == stage::shaking_hands ? 1 : 0;
  of.at = to;
}

void tunnel_core::remove(const tunnel_link* link) {
  const std::lock_guard lock{guard_};
  links_.erase(link);
  changed_.notify_all();
}

void tunnel_core::count(tunnel_refusal why) {
  const std::lock_guard lock{guard_};
  ++refusals_.at(static_cast<std::size_t>(why));
}

void tunnel_core::drop(std::string_view peer) {
  std::vector<std::shared_ptr<tunnel_link>> dropped;
  {
    const std::lock_guard lock{guard_};
    for (const auto& [key, each] : links_)
      if (each.peer == peer)
        dropped.push_back(each.link.lock());
  }
  for (const auto& each : dropped)
    if (each)
      each->cut_soon(tunnel_refusal::unknown_node);
}

tunnel_figures tunnel_core::figures() const {
  tunnel_figures f;
  f.bytes_in = bytes_in;
  f.bytes_out = bytes_out;
  const std::lock_guard lock{guard_};
  for (const auto& [key, each] : links_) {
    f.handshakes += each.at == stage::shaking_hands || each.at == stage::admitted ? 1 : 0;
    if (each.at == stage::carrying) {
      ++f.connections;
      ++f.peers[each.peer];
    }
  }
  f.connections_accepted = accepted_;
  f.connections_carried = carried_;
  for (std::size_t i = 0; i < refusals_.size(); ++i)
    if (refusals_.at(i) > 0)
      f.refusals[static_cast<tunnel_refusal>(i)] = refusals_.at(i);
  f.certificate_expires = identity_.expires;
  return f;
}

void tunnel_core::cut_all() {
  std::vector<std::shared_ptr<tunnel_link>> all;
  {
    const std::lock_guard lock{guard_};
    for (const auto& [key, each] : links_)
      all.push_back(each.link.lock());
  }
  for (const auto& each : all)
    if (each)
      each->cut_soon(tunnel_refusal::stopping);
}

void tunnel_core::stop(std::chrono::milliseconds grace) {
  std::unique_lock lock{guard_};
  is_stopping_ = true;
  asio::post(strand_, [self = shared_from_this()] {
    boost::system::error_code ignored;
    self->acceptor_.close(ignored);
    self->pause_.cancel();
  });
  changed_.wait_for(lock, grace, [&] { return links_.empty(); });
  lock.unlock();
  cut_all();
  lock.lock();
  changed_.wait(lock, [&] { return links_.empty() && !is_accepting_; });
}

} // namespace cluster
