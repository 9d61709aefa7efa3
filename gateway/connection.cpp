#include "gateway/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <poll.h>
#include <sys/socket.h>
#include <utility>

namespace gateway {

namespace asio = boost::asio;

namespace {

constexpr std::size_t read_bytes_min = std::size_t{4} << 10;
constexpr std::size_t read_bytes = std::size_t{64} << 10; // While a long body comes.
constexpr std::size_t input_bytes_kept = std::size_t{16} << 10;
constexpr int checks_unanswered_max = 3;

/// Asks a silent peer now and then whether it is there: one that went away without a word, or
/// closed while we had nothing to say, is noticed.
void watch_peer(tcp_socket& socket, std::chrono::seconds interval) {
  const auto set = [&](int level, int name, int value) {
    // One that does not take it is watched by timeouts alone.
    (void)::setsockopt(socket.native_handle(), level, name, &value, sizeof value);
  };
  set(IPPROTO_TCP, TCP_NODELAY, 1);
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(interval.count()));
  set(IPPROTO_TCP, TCP_KEEPINTVL,
      static_cast<int>(std::max<std::int64_t>(interval.count() / 3, 1)));
  set(IPPROTO_TCP, TCP_KEEPCNT, checks_unanswered_max);
}

std::string text_of(const asio::ip::tcp::endpoint& at) {
  return at.address().is_v6() ? '[' + at.address().to_string() + "]:" + std::to_string(at.port())
                              : at.address().to_string() + ':' + std::to_string(at.port());
}

} // namespace

connection::connection(std::shared_ptr<server_core> core, std::shared_ptr<lane> on,
                       tcp_socket socket, bool is_surplus)
  : core_(std::move(core)), lane_(std::move(on)), socket_(std::move(socket)),
    is_surplus_(is_surplus), pause_(lane_->executor()) {
  ++(is_surplus_ ? core_->surplus : core_->connections);
}

connection::~connection() {
  release_body_bytes();
  --(is_surplus_ ? core_->surplus : core_->connections);
}

void connection::start() {
  if (!lane_->add(shared_from_this())) {
    stage_ = stage::closed;
    return;
  }
  error_code failed;
  const auto from = socket_.remote_endpoint(failed);
  if (failed)
    return close(); // It has gone already.
  const auto to = socket_.local_endpoint(failed);
  peer_ = from.address().to_string();
  own_address_ = text_of(to);
  watch_peer(socket_, core_->options.peer_check_interval);
  if (is_surplus_)
    return refuse({503, "unavailable", "Too many connections.",
                   "The server has as many connections as it takes; try again later."});
  tls_context_ = core_->tls();
  if (tls_context_)
    return begin_handshake();
  set_deadline(core_->options.header_timeout);
  read();
}

void connection::begin_handshake() {
  tls_.emplace(socket_, *tls_context_);
  stage_ = stage::handshake;
  set_deadline(core_->options.handshake_timeout);
  tls_->async_handshake(asio::ssl::stream_base::server,
                        [self = shared_from_this()](error_code failed) {
                          if (self->stage_ == stage::closed)
                            return;
                          if (failed) {
                            ++self->core_->handshakes_failed;
                            return self->close();
                          }
                          self->stage_ = stage::idle;
                          self->set_deadline(self->core_->options.header_timeout);
                          self->read();
                        });
}

void connection::read() {
  is_reading_ = true;
  const auto room = stage_ == stage::idle || stage_ == stage::head ? read_bytes_min : read_bytes;
  const auto buffer = input_.prepare(room);
  auto done = [self = shared_from_this()](error_code failed, std::size_t size) {
    self->on_read(failed, size);
  };
  if (tls_)
    tls_->async_read_some(buffer, std::move(done));
  else
    socket_.async_read_some(buffer, std::move(done));
}

void connection::on_read(error_code failed, std::size_t size) {
  is_reading_ = false;
  core_->bytes_in.fetch_add(size, std::memory_order_relaxed);
  if (stage_ == stage::closed)
    return;
  if (stage_ == stage::closing)
    return failed ? close() : drain();
  input_.commit(size);
  if (failed)
    return on_end();
  progress_ += size;
  proceed();
}

/// The client will say no more; what it has said wholly is still answered.
void connection::on_end() {
  if (upload_ && stage_ == stage::handed_in) {
    keeps_alive_ = false;
    return upload_->fail({400, "malformed", "Malformed request.",
                          "The connection ended before the body of the request did."});
  }
  if (stage_ == stage::head || stage_ == stage::body)
    return refuse(
      {400, "malformed", "Malformed request.", "The connection ended before the request did."});
  if (stage_ == stage::idle)
    close();
}

void connection::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = std::chrono::steady_clock::now() + from_now;
  progress_ = 0;
}

void connection::look(time now) {
  if (now < deadline_)
    return;
  deadline_ = time::max();
  const auto is_body = stage_ == stage::body || (upload_ && stage_ == stage::handed_in);
  if (stage_ != stage::head && !is_body)
    return close();
  error_entry late{408, "timeout", "The request took too long."};
  late.detail = is_body ? "The body of the request came too slowly."
                        : "The head of the request was not there in time.";
  if (stage_ == stage::handed_in)
    return upload_->fail(std::move(late));
  refuse(late);
}

void connection::close() {
  if (stage_ == stage::closed)
    return;
  const auto self = shared_from_this();
  stage_ = stage::closed;
  deadline_ = time::max();
  release_upload({503, "unavailable", "The connection is gone.", "The connection is gone."});
  pause_.cancel();
  drop_relay();
  drop_stream();
  if (is_counted_)
    core_->finish_request();
  is_counted_ = false;
  error_code ignored;
  socket_.close(ignored);
  lane_->remove(self);
}

void connection::close_unless_closing() {
  if (stage_ != stage::closing)
    close();
}

/// Says that we are done, then waits for the client to be: closing with unread bytes would take
/// back what it has not read yet.
void connection::close_gently() {
  stage_ = stage::closing;
  set_deadline(core_->options.linger_timeout);
  const auto shut = [self = shared_from_this()] {
    if (self->stage_ == stage::closed)
      return;
    error_code failed;
    self->socket_.shutdown(tcp_socket::shutdown_send, failed);
    if (failed)
      return self->close();
    if (!self->is_reading_)
      self->drain();
  };
  if (!tls_ || is_reading_)
    return shut();
  tls_->async_shutdown([shut](error_code) { shut(); });
}

void connection::drain() {
  is_reading_ = true;
  input_.clear();
  // Of TLS too the bare bytes: nobody will look at them.
  socket_.async_read_some(input_.prepare(read_bytes),
                          [self = shared_from_this()](error_code failed, std::size_t size) {
                            self->on_read(failed, size);
                          });
}

/// Whether nobody hears the stream any more. A client that has closed and one that only has no more
/// to say look the same until we write; the latter is believed for a while.
bool connection::is_peer_gone() const {
  pollfd asked{const_cast<tcp_socket&>(socket_).native_handle(), POLLRDHUP, 0};
  if (::poll(&asked, 1, 0) <= 0)
    return false;
  if ((asked.revents & (POLLERR | POLLHUP)) != 0)
    return true;
  const auto quiet = std::chrono::steady_clock::now() - stream_->quiet_since;
  return (asked.revents & POLLRDHUP) != 0 && quiet >= core_->options.peer_check_interval;
}

void connection::release_upload(error_entry why) {
  if (!upload_)
    return;
  --core_->uploads;
  upload_->fail(std::move(why));
  upload_.reset();
}

void connection::release_body_bytes() {
  core_->body_bytes -= std::exchange(held_bytes_, 0);
}

} // namespace gateway
