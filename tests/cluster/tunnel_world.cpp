#include "tests/cluster/tunnel_world.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <iterator>
#include <memory>
#include <poll.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace cluster_tests {

namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

constexpr std::size_t piece_bytes = std::size_t{64} << 10;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

int connected(std::uint16_t port) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto at = loopback(port);
  if (made < 0 || ::connect(made, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
    throw std::runtime_error(fmt::format("cannot connect to port {}", port));
  ::fcntl(made, F_SETFL, O_NONBLOCK);
  return made;
}

class pem_file {
public:
  pem_file(const std::filesystem::path& file, const char* mode)
    : file_(std::fopen(file.c_str(), mode), std::fclose) {
  }
  [[nodiscard]] FILE* get() const {
    return file_.get();
  }

private:
  std::unique_ptr<FILE, int (*)(FILE*)> file_;
};

std::string openssl_error() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text != nullptr ? text : "closed";
}

} // namespace

bool eventually(const std::function<bool()>& is_so) {
  for (const auto until = steady_clock::now() + patience; steady_clock::now() < until;) {
    if (is_so())
      return true;
    std::this_thread::sleep_for(2ms);
  }
  return is_so();
}

// --- plain_socket

plain_socket::plain_socket(std::uint16_t port) : descriptor_(connected(port)) {
}

bool plain_socket::wait(short what, std::chrono::milliseconds most) const {
  pollfd asked{descriptor_, what, 0};
  return ::poll(&asked, 1, static_cast<int>(most.count())) > 0;
}

bool plain_socket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait(POLLOUT, patience))
      return false;
    const auto n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
      return false;
    bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
  }
  return true;
}

std::size_t plain_socket::send_until_stuck(std::size_t bytes_max, std::chrono::milliseconds quiet) {
  const std::string piece(piece_bytes, 'x');
  std::size_t sent = 0;
  while (sent < bytes_max && wait(POLLOUT, quiet)) {
    const auto n = ::send(descriptor_, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN)
      break;
    sent += n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  return sent;
}

void plain_socket::end_sending() {
  ::shutdown(descriptor_, SHUT_WR);
}

void plain_socket::close() {
  if (descriptor_ >= 0)
    ::close(std::exchange(descriptor_, -1));
}

void plain_socket::reset() {
  const linger at_once{1, 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

/// False = there is nothing at the moment, or nothing more.
bool plain_socket::receive_some(std::string& into, std::size_t bytes_max) {
  std::array<char, piece_bytes> bytes{};
  const auto n = ::recv(descriptor_, bytes.data(), std::min(bytes.size(), bytes_max), 0);
  if (n > 0)
    into.append(bytes.data(), static_cast<std::size_t>(n));
  else if (n == 0)
    ended_ = ending::regular;
  else if (errno != EAGAIN)
    ended_ = ending::broken;
  return n > 0;
}

std::string plain_socket::receive(std::size_t bytes_max) {
  std::string all;
  while (ended_ == ending::none && all.size() < bytes_max && wait(POLLIN, patience))
    receive_some(all, bytes_max - all.size());
  return all;
}

std::string plain_socket::receive_all() {
  return receive(std::string::npos);
}

std::string plain_socket::exchange_all(std::string_view bytes) {
  std::string all;
  bool is_sending = true;
  while (is_sending || ended_ == ending::none) {
    if (is_sending && bytes.empty()) {
      end_sending();
      is_sending = false;
    }
    pollfd asked{descriptor_, static_cast<short>(is_sending ? POLLIN | POLLOUT : POLLIN), 0};
    if (::poll(&asked, 1, static_cast<int>(patience.count())) <= 0)
      break;
    if (asked.revents & (POLLIN | POLLHUP | POLLERR))
      receive_some(all, piece_bytes);
    if (ended_ == ending::broken)
      break;
    if (is_sending && (asked.revents & POLLOUT)) {
      const auto n = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN)
        break;
      bytes.remove_prefix(n > 0 ? static_cast<std::size_t>(n) : 0);
    }
  }
  return all;
}

// --- plain_service

plain_service::plain_service(conversation talk) : talk_(std::move(talk)) {
  listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto at = loopback(0);
  socklen_t size = sizeof at;
  if (::bind(listening_, reinterpret_cast<sockaddr*>(&at), size) != 0
      || ::listen(listening_, SOMAXCONN) != 0
      || ::getsockname(listening_, reinterpret_cast<sockaddr*>(&at), &size) != 0)
    throw std::runtime_error("cannot listen");
  port_ = ntohs(at.sin_port);
  accepting_ = std::thread{[this] {
    for (;;) {
      const int taken = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
      if (taken < 0)
        return;
      ++connections_;
      talks_.emplace_back([this, taken] {
        plain_socket with{taken, nullptr};
        talk_(with);
      });
    }
  }};
}

plain_service::~plain_service() {
  ::shutdown(listening_, SHUT_RDWR);
  accepting_.join();
  ::close(listening_);
  for (auto& each : talks_)
    each.join();
}

void echo(plain_socket& with) {
  while (with.ended() == plain_socket::ending::none) {
    const auto came = with.receive(1);
    if (came.empty() || !with.send(came))
      return;
    // The rest of what is there, in large pieces.
    std::string more(piece_bytes, '\0');
    for (;;) {
      const auto n = ::recv(with.descriptor(), more.data(), more.size(), MSG_DONTWAIT);
      if (n <= 0)
        break;
      if (!with.send({more.data(), static_cast<std::size_t>(n)}))
        return;
    }
  }
}

// --- authority

authority::authority() {
  if (const auto made = cluster::make_authority(directory()); !made)
    throw std::runtime_error(made.error().message);
}

cluster::certificate_files authority::node(std::string_view name, std::chrono::days from,
                                           std::chrono::days until) const {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const std::vector<std::string> hosts{"127.0.0.1", "localhost"};
  if (const auto made = cluster::make_node_certificate(directory(), name, hosts,
                                                       {now + from, now + until});
      !made)
    throw std::runtime_error(made.error().message);
  return cluster::files_of(directory(), name);
}

cluster::certificate_files authority::named(std::string_view name,
                                            const std::string& alternative_names) const {
  const auto files = node(name);
  const pem_file of_node{files.certificate, "r"};
  const pem_file of_key{directory() / "authority.key", "r"};
  const std::unique_ptr<X509, void (*)(X509*)> made{
    PEM_read_X509(of_node.get(), nullptr, nullptr, nullptr), X509_free};
  const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key{
    PEM_read_PrivateKey(of_key.get(), nullptr, nullptr, nullptr), EVP_PKEY_free};
  X509_EXTENSION_free(
    X509_delete_ext(made.get(), X509_get_ext_by_NID(made.get(), NID_subject_alt_name, -1)));
  auto* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                    alternative_names.c_str());
  X509_add_ext(made.get(), names, -1);
  X509_EXTENSION_free(names);
  const pem_file to{files.certificate, "w"};
  if (X509_sign(made.get(), key.get(), EVP_sha256()) == 0
      || PEM_write_X509(to.get(), made.get()) != 1)
    throw std::runtime_error("cannot make a certificate");
  return files;
}

// --- tls_probe

struct tls_probe::parts {
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context{SSL_CTX_new(TLS_client_method()),
                                                       SSL_CTX_free};
  std::unique_ptr<SSL, void (*)(SSL*)> tls{nullptr, SSL_free};
  plain_socket socket;

  explicit parts(std::uint16_t port) : socket(port) {
    ::fcntl(socket.descriptor(), F_SETFL, 0);
    const timeval most{std::chrono::duration_cast<std::chrono::seconds>(patience).count(), 0};
    ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    std::signal(SIGPIPE, SIG_IGN);
  }
};

tls_probe::tls_probe(std::uint16_t port, const std::optional<cluster::certificate_files>& files,
                     int version_max)
  : parts_(std::make_unique<parts>(port)) {
  auto* context = parts_->context.get();
  SSL_CTX_set_max_proto_version(context, version_max);
  if (files
      && (SSL_CTX_use_certificate_chain_file(context, files->certificate.c_str()) != 1
          || SSL_CTX_use_PrivateKey_file(context, files->private_key.c_str(), SSL_FILETYPE_PEM)
               != 1))
    throw std::runtime_error("cannot use " + files->certificate.string());
  parts_->tls.reset(SSL_new(context));
  SSL_set_fd(parts_->tls.get(), parts_->socket.descriptor());
  if (SSL_connect(parts_->tls.get()) != 1)
    error_ = openssl_error();
}

tls_probe::~tls_probe() = default;

bool tls_probe::send(std::string_view bytes) {
  ERR_clear_error();
  if (SSL_write(parts_->tls.get(), bytes.data(), static_cast<int>(bytes.size())) > 0)
    return true;
  error_ = openssl_error();
  return false;
}

std::string tls_probe::receive(std::size_t bytes_max) {
  std::string all;
  while (all.size() < bytes_max) {
    char byte = 0;
    ERR_clear_error();
    if (SSL_read(parts_->tls.get(), &byte, 1) != 1) {
      error_ = openssl_error();
      break;
    }
    all += byte;
  }
  return all;
}

std::string tls_probe::receive_all() {
  return receive(std::string::npos);
}

// --- of this process

std::size_t open_descriptors() {
  return static_cast<std::size_t>(std::distance(
    std::filesystem::directory_iterator{"/proc/self/fd"}, std::filesystem::directory_iterator{}));
}

std::size_t resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  std::size_t all = 0;
  std::size_t resident = 0;
  in >> all >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::chrono::microseconds processor_time() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto of = [](const timeval& t) {
    return std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_usec};
  };
  return of(used.ru_utime) + of(used.ru_stime);
}

} // namespace cluster_tests
