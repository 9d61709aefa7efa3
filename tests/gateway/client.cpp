#include "tests/gateway/client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>

namespace gateway_tests {

namespace {

constexpr std::chrono::milliseconds usual_patience{10'000};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::string lowered(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::tolower(c); });
  return out;
}

std::string request_text(std::string_view method, std::string_view target,
                         const std::vector<std::string>& headers) {
  std::string out;
  out.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: shop.example\r\n");
  for (const auto& header : headers)
    out.append(header).append("\r\n");
  return out;
}

} // namespace

struct client::state {
  int socket = -1;
  SSL_CTX* context = nullptr;
  SSL* tls = nullptr;
  std::string unread;
  bool is_at_end = false;

  ~state() {
    SSL_free(tls);
    SSL_CTX_free(context);
    if (socket >= 0)
      ::close(socket);
  }

  void begin_tls() {
    context = SSL_CTX_new(TLS_client_method());
    tls = SSL_new(context);
    SSL_set_fd(tls, socket);
    if (SSL_connect(tls) != 1)
      throw std::runtime_error("no TLS");
  }

  /// Reads what there is; false = the end, or patience is over.
  bool read_more() {
    std::array<char, 65536> buffer{};
    const auto size = tls ? SSL_read(tls, buffer.data(), static_cast<int>(buffer.size()))
                          : ::recv(socket, buffer.data(), buffer.size(), 0);
    if (size <= 0) {
      is_at_end = tls ? SSL_get_error(tls, static_cast<int>(size)) == SSL_ERROR_ZERO_RETURN
                      : size == 0 || errno == ECONNRESET;
      return false;
    }
    unread.append(buffer.data(), static_cast<std::size_t>(size));
    return true;
  }

  /// Everything up to and with `end`; nothing when it does not come.
  std::optional<std::string> take_until(std::string_view end) {
    std::size_t found = 0;
    while ((found = unread.find(end)) == std::string::npos)
      if (!read_more())
        return std::nullopt;
    auto taken = unread.substr(0, found + end.size());
    unread.erase(0, taken.size());
    return taken;
  }

  bool take(std::size_t size, std::string& out) {
    while (unread.size() < size)
      if (!read_more()) {
        out += std::exchange(unread, {});
        return false;
      }
    out += unread.substr(0, size);
    unread.erase(0, size);
    return true;
  }

  bool take_chunks(std::string& out) {
    for (;;) {
      const auto line = take_until("\r\n");
      if (!line)
        return false;
      const auto size = std::stoul(*line, nullptr, 16);
      std::string frame;
      if (!take(size, out) || !take(2, frame))
        return false;
      if (size == 0)
        return true;
    }
  }
};

client::client(std::uint16_t port, transport by) : state_(std::make_unique<state>()) {
  connect(htonl(INADDR_LOOPBACK), port, usual_patience);
  if (by == transport::tls)
    state_->begin_tls();
}

client::client(const std::string& address, std::uint16_t port, std::chrono::milliseconds patience)
  : state_(std::make_unique<state>()) {
  connect(inet_addr(address.c_str()), port, patience);
}

void client::connect(std::uint32_t address, std::uint16_t port,
                     std::chrono::milliseconds patience) {
  signal(SIGPIPE, SIG_IGN);
  state_->socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (state_->socket < 0)
    fail("socket");
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(patience);
  const timeval limit{seconds.count(), std::chrono::microseconds{patience - seconds}.count()};
  setsockopt(state_->socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(state_->socket, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = address;
  if (::connect(state_->socket, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0)
    fail("connect");
}

client::~client() = default;
client::client(client&&) noexcept = default;
client& client::operator=(client&&) noexcept = default;

bool client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const auto size = state_->tls
                      ? SSL_write(state_->tls, bytes.data(), static_cast<int>(bytes.size()))
                      : ::send(state_->socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (size <= 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return true;
}

received client::receive(bool has_body) {
  received r;
  const auto head = state_->take_until("\r\n\r\n");
  if (!head || !head->starts_with("HTTP/1.1 "))
    return r;
  r.head = *head;
  r.status = static_cast<unsigned>(std::stoul(head->substr(9, 3)));
  for (auto at = head->find("\r\n") + 2; at + 2 < head->size();) {
    const auto end = head->find("\r\n", at);
    const auto colon = head->find(": ", at);
    r.headers.emplace(lowered(head->substr(at, colon - at)),
                      head->substr(colon + 2, end - colon - 2));
    at = end + 2;
  }
  if (!has_body || r.status == 204 || r.status == 100)
    r.is_whole = true;
  else if (r.header("transfer-encoding") == "chunked")
    r.is_whole = state_->take_chunks(r.body);
  else if (const auto length = r.header("content-length"); !length.empty())
    r.is_whole = state_->take(std::stoul(length), r.body);
  else {
    while (state_->read_more()) {
    }
    r.body = std::exchange(state_->unread, {});
    r.is_whole = state_->is_at_end;
  }
  return r;
}

received client::ask(std::string_view bytes) {
  send(bytes);
  return receive(!bytes.starts_with("HEAD"));
}

std::string client::receive_some() {
  if (state_->unread.empty())
    state_->read_more();
  return std::exchange(state_->unread, {});
}

bool client::sees_end() {
  return state_->unread.empty() && !state_->read_more() && state_->is_at_end;
}

void client::half_close() {
  ::shutdown(state_->socket, SHUT_WR);
}

void client::reset() {
  const linger at_once{1, 0};
  setsockopt(state_->socket, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(std::exchange(state_->socket, -1));
}

std::string client::server_name() const {
  auto* certificate = SSL_get_peer_certificate(state_->tls);
  std::array<char, 256> name{};
  X509_NAME_oneline(X509_get_subject_name(certificate), name.data(), static_cast<int>(name.size()));
  X509_free(certificate);
  return name.data();
}

std::string received::header(std::string_view lower_case_name) const {
  const auto found = headers.find(std::string{lower_case_name});
  return found == headers.end() ? std::string{} : found->second;
}

std::string get(std::string_view target, const std::vector<std::string>& headers) {
  return request_text("GET", target, headers) + "\r\n";
}

std::string post(std::string_view target, std::string_view body,
                 const std::vector<std::string>& headers) {
  auto with_length = headers;
  with_length.push_back("Content-Length: " + std::to_string(body.size()));
  return request_text("POST", target, with_length) + "\r\n" + std::string{body};
}

void pause_shortly() {
  std::this_thread::sleep_for(std::chrono::milliseconds{2});
}

} // namespace gateway_tests
