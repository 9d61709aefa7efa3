#include "cluster/tunnel_link.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <netinet/tcp.h>

#include <algorithm>
#include <exception>
#include <sys/socket.h>
#include <utility>
#include <vector>

namespace cluster {

namespace asio = boost::asio;

namespace {

using std::chrono::steady_clock;

// A peer whose machine is gone is noticed after so long without a word from its system.
constexpr int keepalive_after_seconds = 10;
constexpr int keepalive_every_seconds = 5;
constexpr int keepalive_tries = 3;
constexpr int unacknowledged_ms_max = 25'000;

void set_option(int socket, int level, int name, int value) {
  ::setsockopt(socket, level, name, &value, sizeof value);
}

/// When it is closed, what is under way is not delivered, and the other end learns that it is so.
void mark_as_broken(tcp_socket& socket) {
  boost::system::error_code ignored;
  if (socket.is_open())
    socket.set_option(asio::socket_base::linger{true, 0}, ignored);
}

void write_head(std::vector<unsigned char>& frame, std::size_t size) {
  for (std::size_t i = 0; i < frame_head_bytes; ++i)
    frame.at(i) = static_cast<unsigned char>(size >> (8 * (frame_head_bytes - 1 - i)));
}

} // namespace

frame_reader::finding frame_reader::take(std::span<const unsigned char>& rest,
                                         std::span<const unsigned char>& bytes) {
  if (left_ > 0) {
    bytes = rest.first(std::min(left_, rest.size()));
    rest = rest.subspan(bytes.size());
    left_ -= bytes.size();
    return finding::bytes_of_frame;
  }
  head_ = head_ << 8 | rest.front();
  rest = rest.subspan(1);
  if (++head_size_ < frame_head_bytes)
    return finding::nothing;
  left_ = std::exchange(head_, 0);
  head_size_ = 0;
  if (left_ > frame_bytes_max)
    return finding::malformed;
  return left_ > 0 ? finding::nothing : finding::end;
}

void prepare(tcp_socket& socket) {
  const auto number = socket.native_handle();
  set_option(number, IPPROTO_TCP, TCP_NODELAY, 1);
  set_option(number, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(number, IPPROTO_TCP, TCP_KEEPIDLE, keepalive_after_seconds);
  set_option(number, IPPROTO_TCP, TCP_KEEPINTVL, keepalive_every_seconds);
  set_option(number, IPPROTO_TCP, TCP_KEEPCNT, keepalive_tries);
  set_option(number, IPPROTO_TCP, TCP_USER_TIMEOUT, unacknowledged_ms_max);
}

tunnel_link::tunnel_link(std::shared_ptr<tunnel_core> core, const strand& on)
  : core_(std::move(core)), strand_(on), local_(on), incoming_(on), timer_(on) {
}

tunnel_link::~tunnel_link() {
  core_->remove(this);
}

void tunnel_link::start() {
  asio::post(strand_, [self = shared_from_this()] {
    self->set_deadline(self->core_->limits.handshake_deadline);
    self->spawn(self->live());
  });
}

void tunnel_link::cut_soon(tunnel_refusal why) {
  asio::post(strand_, [self = shared_from_this(), why] { self->cut(why); });
}

void tunnel_link::spawn(task<void> work) {
  asio::co_spawn(strand_, std::move(work),
                 [self = shared_from_this()](const std::exception_ptr& failed) {
                   if (failed)
                     self->cut(tunnel_refusal::cut_off, "there is no memory for it");
                 });
}

task<void> tunnel_link::live() {
  if (!is_closed_)
    co_await shake_hands();
  if (!is_closed_)
    carry();
}

task<bool> tunnel_link::secure(asio::ssl::stream_base::handshake_type as, peer_check& check) {
  context_ = core_->tls();
  peer_.emplace(std::move(incoming_), *context_);
  error_code failed;
  peer_->set_verify_callback(
    [&check](bool is_fine, asio::ssl::verify_context& asked) { return check(is_fine, asked); },
    failed);
  if (!failed) {
    const auto [broken] = co_await peer_->async_handshake(as, returned);
    failed = broken;
  }
  if (is_closed_)
    co_return false;
  if (failed)
    cut(check.refusal.value_or(refusal_of(failed)),
        check.detail.empty() ? failed.message() : check.detail);
  co_return !failed;
}

// --- carrying

void tunnel_link::carry() {
  is_carrying_ = true;
  core_->carries(this);
  set_deadline(core_->limits.idle_deadline);
  spawn(carry_out());
  spawn(carry_in());
}

task<void> tunnel_link::carry_out() {
  std::vector<unsigned char> frame(frame_head_bytes + core_->limits.buffer_bytes);
  while (!is_closed_ && !has_out_ended_) {
    const auto [failed, size] = co_await local_.async_read_some(
      asio::buffer(frame.data() + frame_head_bytes, core_->limits.buffer_bytes), returned);
    if (failed && failed != asio::error::eof)
      co_return cut(tunnel_refusal::cut_off, failed.message());
    is_out_ending_ = failed == asio::error::eof;
    write_head(frame, size);
    const auto [broken, written] = co_await asio::async_write(
      *peer_, asio::buffer(frame.data(), frame_head_bytes + size), returned);
    if (broken)
      co_return cut(tunnel_refusal::cut_off, broken.message());
    count_moved(core_->bytes_out, size);
    if (is_out_ending_)
      end_direction(has_out_ended_);
  }
  if (!is_closed_)
    co_await watch_local();
}

/// Nothing comes from this machine any more, so that reading does not tell when it breaks off.
task<void> tunnel_link::watch_local() {
  co_await local_.async_wait(tcp_socket::wait_error, returned);
  if (is_closed_)
    co_return;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(local_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0)
    cut(tunnel_refusal::cut_off, error_code{error, boost::system::system_category()}.message());
}

task<void> tunnel_link::carry_in() {
  std::vector<unsigned char> buffer(core_->limits.buffer_bytes);
  while (!is_closed_) {
    const auto [failed, size] = co_await peer_->async_read_some(asio::buffer(buffer), returned);
    // Having said its last word the peer closes as soon as it has ours, which carry_out watches.
    if (failed && has_in_ended_ && is_out_ending_)
      co_return;
    if (failed)
      co_return cut(tunnel_refusal::cut_off, failed.message());
    if (!co_await pass_on({buffer.data(), size}))
      co_return;
  }
}

/// What the peer sent, to this machine. False = nothing is to be read any more.
task<bool> tunnel_link::pass_on(std::span<const unsigned char> rest) {
  using enum frame_reader::finding;
  while (!rest.empty() && !is_closed_) {
    std::span<const unsigned char> bytes;
    const auto found = has_in_ended_ ? malformed : frames_.take(rest, bytes);
    if (found == malformed) {
      cut(tunnel_refusal::malformed, "what the peer sends are no frames");
    } else if (found == end) {
      error_code ignored;
      local_.shutdown(tcp_socket::shutdown_send, ignored);
      end_direction(has_in_ended_);
    } else if (found == bytes_of_frame) {
      const auto [failed, size] = co_await asio::async_write(
        local_, asio::buffer(bytes.data(), bytes.size()), returned);
      if (failed)
        cut(tunnel_refusal::cut_off, failed.message());
      else
        count_moved(core_->bytes_in, size);
    }
  }
  co_return !is_closed_;
}

void tunnel_link::end_direction(bool& has_ended) {
  has_ended = true;
  if (has_in_ended_ && has_out_ended_)
    close();
}

// --- the end

void tunnel_link::close() {
  if (is_closed_)
    return;
  is_closed_ = true;
  core_->leave(this); // First, so that whoever sees the end finds the place free.
  error_code ignored;
  timer_.cancel();
  local_.close(ignored);
  incoming_.close(ignored);
  if (peer_)
    peer_->next_layer().close(ignored);
}

void tunnel_link::cut(tunnel_refusal why, const std::string& detail) {
  if (is_closed_)
    return;
  core_->count(why);
  on_cut(why, detail);
  mark_as_broken(local_);
  close();
}

void tunnel_link::on_cut(tunnel_refusal, const std::string&) {
}

void tunnel_link::count_moved(std::atomic<std::uint64_t>& bytes, std::size_t size) {
  bytes.fetch_add(size, std::memory_order_relaxed);
  if (core_->limits.idle_deadline.count() > 0)
    deadline_ = steady_clock::now() + core_->limits.idle_deadline;
}

/// 0 = none.
void tunnel_link::set_deadline(std::chrono::milliseconds from_now) {
  deadline_ = from_now.count() > 0 ? steady_clock::now() + from_now : time::max();
  timer_.cancel();
  if (from_now.count() > 0)
    watch();
}

/// The deadline moves with every byte, the timer only when it has run out.
void tunnel_link::watch() {
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](const error_code& failed) {
    if (failed || self->is_closed_)
      return;
    if (steady_clock::now() < self->deadline_)
      self->watch();
    else
      self->cut(self->is_carrying_ ? tunnel_refusal::idle : tunnel_refusal::late);
  });
}

} // namespace cluster
