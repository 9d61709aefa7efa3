#include "node/http_client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <exception>
#include <optional>
#include <utility>

namespace node {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ssl = asio::ssl;
using asio::use_awaitable;
using asio::ip::tcp;
using model::failure;
using model::failure_code;
using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;
using http_request = http::request<http::string_body>;

http_answer plain_copy(http::response<http::string_body> message) {
  http_answer a;
  a.status = message.result_int();
  for (const auto& field : message) {
    std::string name{field.name_string()};
    std::ranges::transform(name, name.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    a.headers.emplace(std::move(name), field.value());
  }
  a.body = std::move(message.body());
  return a;
}

template <class Stream>
asio::awaitable<http_answer> talk(Stream& stream, const http_request& message) {
  co_await http::async_write(stream, message, use_awaitable);
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(http_answer_bytes_max);
  co_await http::async_read(stream, buffer, parser, use_awaitable);
  co_return plain_copy(parser.release());
}

struct place {
  std::string host;
  std::string port;
};

asio::awaitable<tcp::resolver::results_type> find(const place& to) {
  tcp::resolver resolver{co_await asio::this_coro::executor};
  co_return co_await resolver.async_resolve(to.host, to.port, use_awaitable);
}

asio::awaitable<http_answer> ask_plain(const place& to, const http_request& message) {
  plain_stream stream{co_await asio::this_coro::executor};
  co_await stream.async_connect(co_await find(to), use_awaitable);
  co_return co_await talk(stream, message);
}

asio::awaitable<http_answer> ask_tls(const place& to, const http_request& message,
                                     ssl::context& context) {
  tls_stream stream{co_await asio::this_coro::executor, context};
  stream.set_verify_mode(ssl::verify_peer);
  stream.set_verify_callback(ssl::host_name_verification{to.host});
  if (SSL_set_tlsext_host_name(stream.native_handle(), to.host.c_str()) != 1)
    throw std::runtime_error("the host's name cannot be used for TLS");
  co_await beast::get_lowest_layer(stream).async_connect(co_await find(to), use_awaitable);
  co_await stream.async_handshake(ssl::stream_base::client, use_awaitable);
  co_return co_await talk(stream, message);
}

ssl::context tls_of(const std::string& certificates) {
  ssl::context context{ssl::context::tls_client};
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  if (certificates.empty())
    context.set_default_verify_paths();
  else if (boost::system::error_code failed; context.load_verify_file(certificates, failed), failed)
    throw std::runtime_error(
      fmt::format("the certificates in {} cannot be used: {}", certificates, failed.message()));
  return context;
}

} // namespace

/// "https://example.org:8443/behind"
model::outcome<http_client::address> http_client::address_of(std::string_view url) {
  const failure unreadable{failure_code::invalid_input,
                           fmt::format("\"{}\" is no address of a server; write it like "
                                       "http://127.0.0.1:8787 or https://example.org",
                                       url)};
  address to;
  auto rest = url;
  if (rest.starts_with("https://"))
    to.is_tls = true;
  else if (!rest.starts_with("http://"))
    return unreadable;
  rest.remove_prefix(rest.find("://") + 3);
  const auto path = std::min(rest.find('/'), rest.size());
  to.prefix = rest.substr(path);
  while (to.prefix.ends_with('/'))
    to.prefix.pop_back();
  rest = rest.substr(0, path);
  const auto is_v6 = rest.starts_with('[');
  const auto colon = rest.find(':', is_v6 ? std::min(rest.find(']'), rest.size()) : 0);
  to.host = rest.substr(0, colon);
  to.port = to.is_tls ? "443" : "80";
  if (colon != std::string_view::npos)
    to.port = rest.substr(colon + 1);
  if (is_v6)
    to.host = to.host.ends_with(']') ? to.host.substr(1, to.host.size() - 2) : "";
  const auto is_port = !to.port.empty() && to.port.size() <= 5
                    && std::ranges::all_of(to.port,
                                           [](unsigned char c) { return std::isdigit(c) != 0; });
  if (to.host.empty() || !is_port || to.host.find_first_of("@?# ") != std::string::npos)
    return unreadable;
  return to;
}

model::outcome<http_client> http_client::of(const http_options& wanted) {
  auto to = address_of(wanted.url);
  if (!to)
    return to.error();
  return http_client{wanted, std::move(*to)};
}

model::outcome<http_answer> http_client::ask(std::string_view method, std::string_view target,
                                             const http_headers& headers, std::string body) const {
  const auto unanswered = [this](std::string_view why) {
    return failure{failure_code::unavailable,
                   fmt::format("no answer from {}: {}", options_.url, why)};
  };
  http_request message;
  message.method_string(beast::string_view{method.data(), method.size()});
  message.target(fmt::format("{}{}", to_.prefix, target));
  const auto is_v6 = to_.host.find(':') != std::string::npos;
  message.set(http::field::host,
              fmt::format("{}{}{}:{}", is_v6 ? "[" : "", to_.host, is_v6 ? "]" : "", to_.port));
  message.set(http::field::connection, "close");
  for (const auto& [name, value] : headers)
    message.set(name, value);
  message.body() = std::move(body);
  message.prepare_payload();

  const place to{to_.host, to_.port};
  std::optional<http_answer> answer;
  std::exception_ptr failed;
  try {
    auto tls = to_.is_tls ? std::optional{tls_of(options_.certificates)} : std::nullopt;
    asio::io_context context;
    asio::co_spawn(context, tls ? ask_tls(to, message, *tls) : ask_plain(to, message),
                   [&](std::exception_ptr why, http_answer a) {
                     failed = why;
                     if (!why)
                       answer = std::move(a);
                   });
    context.run_for(options_.deadline);
    if (failed)
      std::rethrow_exception(failed);
  } catch (const boost::system::system_error& e) {
    return unanswered(e.code().message());
  } catch (const std::exception& e) {
    return unanswered(e.what());
  }
  if (!answer)
    return unanswered(fmt::format("nothing for {} seconds",
                                  std::chrono::duration<double>(options_.deadline).count()));
  return std::move(*answer);
}

} // namespace node
