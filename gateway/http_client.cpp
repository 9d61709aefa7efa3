#include "gateway/http_client.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <optional>

namespace gateway {

namespace {

namespace asio = boost::asio;
namespace ssl = boost::asio::ssl;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using clock = std::chrono::steady_clock;
using model::failure;
using model::failure_code;

constexpr std::size_t answer_bytes_max = std::size_t{64} << 10; // Nobody reads them.

failure wrong(std::string_view url, std::string_view why) {
  return {failure_code::invalid_input, fmt::format("'{}' {}", url, why)};
}

bool is_usual(const http_address& a) {
  return a.port == (a.is_secure ? "443" : "80");
}

bool is_address(const std::string& host) {
  error_code is_name;
  asio::ip::make_address(host, is_name);
  return !is_name;
}

std::string bracketed(const http_address& a) {
  const bool is_v6 = a.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]", a.host) : a.host;
}

/// Takes "host", "host:port" or "[::1]:port" apart; false = it is none.
bool read_authority(std::string_view text, http_address& into) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos)
      return false;
    into.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (into.host.find(':') == std::string::npos || !is_address(into.host))
      return false;
  } else {
    const auto end = std::min(text.find(':'), text.size());
    into.host = text.substr(0, end);
    port = text.substr(end);
    const auto is_fitting = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
          || c == '.' || c == '_';
    };
    if (into.host.empty() || !std::ranges::all_of(into.host, is_fitting))
      return false;
  }
  into.port = into.is_secure ? "443" : "80";
  if (port.empty())
    return true;
  std::uint16_t number = 0;
  const auto* end = port.data() + port.size();
  const auto read = std::from_chars(port.data() + 1, end, number);
  if (!port.starts_with(':') || read.ec != std::errc{} || read.ptr != end || number == 0)
    return false;
  into.port = std::to_string(number);
  return true;
}

} // namespace

std::string http_address::origin() const {
  const auto start = fmt::format("{}://{}", is_secure ? "https" : "http", bracketed(*this));
  return is_usual(*this) ? start : start + ':' + port;
}

bool http_address::is_loopback() const {
  error_code is_name;
  const auto address = asio::ip::make_address(host, is_name);
  return is_name ? host == "localhost" : address.is_loopback();
}

model::outcome<http_address> read_http_address(std::string_view url) {
  http_address a;
  auto rest = url;
  for (const bool is_secure : {true, false}) {
    const std::string_view scheme = is_secure ? "https://" : "http://";
    if (url.starts_with(scheme)) {
      a.is_secure = is_secure;
      rest.remove_prefix(scheme.size());
    }
  }
  if (rest.size() == url.size())
    return wrong(url, "must begin with https://");
  if (!std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7F; }))
    return wrong(url, "has characters that must be encoded");
  if (url.find_first_of("#\\\"<>^`{|}") != std::string_view::npos)
    return wrong(url, "has a fragment, or characters that must be encoded");
  const auto end = std::min(rest.find_first_of("/?"), rest.size());
  if (rest.substr(0, end).find('@') != std::string_view::npos)
    return wrong(url, "must not name a user");
  if (!read_authority(rest.substr(0, end), a))
    return wrong(url, "names no host, or no port from 1 to 65535");
  a.target = rest.substr(end);
  if (!a.target.starts_with('/'))
    a.target.insert(0, "/");
  return a;
}

// --- the client ---

struct http_client::parts {
  ssl::context tls{ssl::context::tls_client};
  asio::io_context context; // Gone before what its handlers use.
  std::atomic<bool> is_cancelled = false;

  failure failed(const http_post& what, std::string_view at, const error_code& why) const {
    if (is_cancelled)
      return {failure_code::cancelled, "the request was cancelled"};
    return {failure_code::unavailable,
            fmt::format("{} {}: {}", what.to.origin(), at, why.message())};
  }

  /// Begins something and waits until its handler is called, or until the deadline; then closes.
  template <class Begin>
  error_code wait(tcp::socket& socket, clock::time_point until, const Begin& begin) {
    std::optional<error_code> done;
    begin([&done](const error_code& why, auto&&...) { done = why; });
    context.restart();
    while (!done && !is_cancelled && context.run_one_until(until) != 0) {
    }
    if (done)
      return *done;
    error_code ignored;
    socket.close(ignored);
    while (!done) { // The handler speaks of our stack.
      context.restart();
      context.run_one();
    }
    return asio::error::timed_out;
  }

  model::outcome<std::vector<tcp::endpoint>> find_host(const http_post& what,
                                                       clock::time_point until) {
    error_code is_name;
    const auto address = asio::ip::make_address(what.to.host, is_name);
    std::uint16_t port = 0;
    std::from_chars(what.to.port.data(), what.to.port.data() + what.to.port.size(), port);
    if (!is_name)
      return std::vector{tcp::endpoint{address, port}};
    struct found_hosts {
      std::optional<error_code> done;
      std::vector<tcp::endpoint> all;
    };
    // A look-up cannot be broken off; when nobody waits for it any more it ends by itself.
    const auto found = std::make_shared<found_hosts>();
    tcp::resolver resolver{context};
    resolver.async_resolve(what.to.host, what.to.port,
                           [found](const error_code& why, const tcp::resolver::results_type& all) {
                             for (const auto& one : all)
                               found->all.push_back(one.endpoint());
                             found->done = why;
                           });
    context.restart();
    while (!found->done && !is_cancelled && context.run_one_until(until) != 0) {
    }
    const error_code why = found->done.value_or(asio::error::timed_out);
    if (why)
      return failed(what, "was not found", why);
    return found->all;
  }

  template <class Stream>
  model::outcome<unsigned> talk(Stream& stream, tcp::socket& socket, const http_post& what,
                                clock::time_point until) {
    http::request<http::string_body> request{http::verb::post, what.to.target, 11, what.body};
    request.set(http::field::host, is_usual(what.to)
                                     ? bracketed(what.to)
                                     : fmt::format("{}:{}", bracketed(what.to), what.to.port));
    request.set(http::field::user_agent, "rollcall");
    request.set(http::field::connection, "close");
    for (const auto& [name, value] : what.headers)
      request.set(name, value);
    request.prepare_payload();
    if (const auto why = wait(
          socket, until, [&](auto done) { http::async_write(stream, request, std::move(done)); }))
      return failed(what, "did not take the request", why);
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> answer;
    answer.body_limit(answer_bytes_max);
    const auto why = wait(
      socket, until, [&](auto done) { http::async_read(stream, buffer, answer, std::move(done)); });
    if (!answer.is_header_done())
      return failed(what, "gave no answer", why);
    return answer.get().result_int();
  }
};

http_client::http_client(const std::filesystem::path& authorities)
  : parts_(std::make_unique<parts>()) {
  auto& tls = parts_->tls;
  error_code failed;
  tls.set_default_verify_paths(failed);
  if (failed)
    spdlog::warn("gateway: the system's certificates cannot be read: {}", failed.message());
  if (!authorities.empty())
    tls.load_verify_file(authorities.string()); // Throws: a broken configuration.
  tls.set_verify_mode(ssl::verify_peer);
  SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION);
}

http_client::~http_client() = default;

void http_client::cancel() {
  parts_->is_cancelled = true;
  parts_->context.stop();
}

model::outcome<unsigned> http_client::post(const http_post& what) {
  auto& p = *parts_;
  const auto until = clock::now() + what.deadline;
  const auto hosts = p.find_host(what, until);
  if (!hosts)
    return hosts.error();
  if (!what.to.is_secure) {
    tcp::socket socket{p.context};
    if (const auto why = p.wait(
          socket, until, [&](auto done) { asio::async_connect(socket, *hosts, std::move(done)); }))
      return p.failed(what, "cannot be reached", why);
    return p.talk(socket, socket, what, until);
  }
  ssl::stream<tcp::socket> stream{p.context, p.tls};
  auto& socket = stream.next_layer();
  if (const auto why = p.wait(
        socket, until, [&](auto done) { asio::async_connect(socket, *hosts, std::move(done)); }))
    return p.failed(what, "cannot be reached", why);
  if (!is_address(what.to.host))
    SSL_set_tlsext_host_name(stream.native_handle(), what.to.host.c_str());
  error_code ignored;
  stream.set_verify_callback(ssl::host_name_verification{what.to.host}, ignored);
  if (const auto why = p.wait(socket, until, [&](auto done) {
        stream.async_handshake(ssl::stream_base::client, std::move(done));
      }))
    return p.failed(what, "is not trusted", why);
  return p.talk(stream, socket, what, until);
}

} // namespace gateway
