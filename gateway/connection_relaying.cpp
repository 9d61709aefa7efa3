#include "gateway/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <string>
#include <utility>

// Leading a request to another server: from then on the connection only carries bytes.
namespace gateway {

namespace asio = boost::asio;

namespace {

constexpr std::chrono::milliseconds ask_again_after{100}; // Who is to answer.
constexpr std::size_t relayed_bytes = std::size_t{32} << 10;

/// A head that was read, as it came.
std::string text_of(const request_parser& parsed) {
  const auto& head = parsed.get();
  std::string text{head.method_string()};
  text += ' ';
  text += std::string_view{head.target().data(), head.target().size()};
  text += head.version() == 10 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  for (const auto& field : head) {
    text.append(field.name_string().data(), field.name_string().size());
    text += ": ";
    text.append(field.value().data(), field.value().size());
    text += "\r\n";
  }
  return text + "\r\n";
}

} // namespace

/// The way to the other server.
struct connection::relay {
  explicit relay(const io_executor& on) : other(on) {
  }
  tcp_socket other;
  std::array<char, relayed_bytes> there; // On their way to it.
  std::array<char, relayed_bytes> back;
  bool is_there_done = false;
  bool is_back_done = false;
};

/// Whether this server answers the request. Otherwise somebody sees to it.
bool connection::is_for_us() {
  const auto& direct = core_->options.direct;
  if (!direct)
    return true;
  auto towards = direct(asked_);
  if (towards.to == direction::whither::here) {
    directed_headers_ = std::move(towards.headers);
    return true;
  }
  if (towards.to == direction::whither::there) {
    begin_relay(towards.port);
    return false;
  }
  if (std::chrono::steady_clock::now() - asked_.arrived >= core_->options.direct_timeout) {
    refuse({503, "unavailable", "Nobody can answer at the moment.", std::move(towards.why)});
    return false;
  }
  stage_ = stage::directed;
  deadline_ = time::max();
  pause_.expires_after(ask_again_after);
  pause_.async_wait([self = shared_from_this()](error_code failed) {
    if (failed || self->stage_ != stage::directed)
      return;
    if (self->is_for_us())
      self->on_directed();
    self->proceed();
  });
  return false;
}

void connection::begin_relay(std::uint16_t port) {
  stage_ = stage::relaying;
  deadline_ = time::max();
  ++core_->relayed;
  relay_ = std::make_shared<relay>(lane_->executor());
  if (std::exchange(is_counted_, false))
    core_->finish_request(); // Nobody waits for it when this server stops.
  out_ = text_of(*parser_);
  out_.append(static_cast<const char*>(input_.data().data()), input_.size());
  input_.consume(input_.size());
  relay_->other.async_connect(
    {asio::ip::address_v4::loopback(), port},
    [self = shared_from_this(), way = relay_](error_code failed) {
      if (self->stage_ != stage::relaying)
        return;
      if (failed) {
        self->relay_.reset();
        return self->refuse({503, "unavailable", "The answering node cannot be reached.",
                             "The node that has the account cannot be reached; ask again."});
      }
      asio::async_write(way->other, asio::buffer(self->out_),
                        [self, way](error_code broken, std::size_t) {
                          if (self->stage_ != stage::relaying)
                            return;
                          if (broken)
                            return self->close();
                          self->carry_there();
                        });
      self->carry_back();
    });
}

void connection::carry_there() {
  const auto carried = [self = shared_from_this(), way = relay_](error_code failed,
                                                                 std::size_t size) {
    if (self->stage_ != stage::relaying)
      return;
    if (failed) {
      error_code ignored;
      way->other.shutdown(tcp_socket::shutdown_send, ignored);
      way->is_there_done = true;
      return way->is_back_done ? self->close() : void();
    }
    self->core_->bytes_in.fetch_add(size, std::memory_order_relaxed);
    asio::async_write(way->other, asio::buffer(way->there, size),
                      [self](error_code broken, std::size_t) {
                        if (self->stage_ != stage::relaying)
                          return;
                        if (broken)
                          return self->close();
                        self->carry_there();
                      });
  };
  if (tls_)
    tls_->async_read_some(asio::buffer(relay_->there), carried);
  else
    socket_.async_read_some(asio::buffer(relay_->there), carried);
}

void connection::carry_back() {
  relay_->other.async_read_some(
    asio::buffer(relay_->back),
    [self = shared_from_this(), way = relay_](error_code failed, std::size_t size) {
      if (self->stage_ != stage::relaying)
        return;
      if (failed) { // It has said everything; whoever waits for more is told so.
        way->is_back_done = true;
        return self->close_gently();
      }
      self->core_->bytes_out.fetch_add(size, std::memory_order_relaxed);
      auto written = [self](error_code broken, std::size_t) {
        if (self->stage_ != stage::relaying)
          return;
        if (broken)
          return self->close();
        self->carry_back();
      };
      if (self->tls_)
        asio::async_write(*self->tls_, asio::buffer(way->back, size), std::move(written));
      else
        asio::async_write(self->socket_, asio::buffer(way->back, size), std::move(written));
    });
}

void connection::drop_relay() {
  if (!relay_)
    return;
  error_code ignored;
  relay_->other.close(ignored);
  relay_.reset();
}

} // namespace gateway
