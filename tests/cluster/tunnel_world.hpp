#pragma once

#include "cluster/certificates.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace cluster_tests {

/// Nothing in a test takes longer, unless it hangs.
inline constexpr std::chrono::milliseconds patience{30'000};

/// Looks again and again, until it is so or `patience` is over.
bool eventually(const std::function<bool()>& is_so);

/// A TCP connection that waits, and gives up after `patience`.
class plain_socket {
public:
  /// To a port of this machine.
  explicit plain_socket(std::uint16_t port);
  plain_socket(int descriptor, std::nullptr_t) : descriptor_(descriptor) {
  }
  plain_socket(plain_socket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {
  }
  plain_socket& operator=(plain_socket&&) = delete;
  ~plain_socket() {
    close();
  }

  /// False = the other side broke off.
  bool send(std::string_view bytes);
  /// Sends what can be sent until nothing moves for `quiet`; how much that was.
  std::size_t send_until_stuck(std::size_t bytes_max, std::chrono::milliseconds quiet);
  void end_sending();
  void close();
  void reset(); // So that the other side sees it.

  enum class ending : std::uint8_t { regular, broken, none };
  /// So many bytes, or fewer when it ends.
  std::string receive(std::size_t bytes_max);
  /// All until the end.
  std::string receive_all();
  /// How it ended, as far as was received.
  [[nodiscard]] ending ended() const {
    return ended_;
  }
  /// Sends and receives at once until both directions have ended.
  std::string exchange_all(std::string_view bytes);
  [[nodiscard]] int descriptor() const {
    return descriptor_;
  }

private:
  bool wait(short what, std::chrono::milliseconds most) const;
  bool receive_some(std::string& into, std::size_t bytes_max);

  int descriptor_ = -1;
  ending ended_ = ending::none;
};

/// A service on loopback with a thread for each connection.
class plain_service {
public:
  using conversation = std::function<void(plain_socket&)>;
  explicit plain_service(conversation talk);
  ~plain_service(); // Waits for the conversations.
  plain_service(const plain_service&) = delete;
  plain_service& operator=(const plain_service&) = delete;

  [[nodiscard]] std::uint16_t port() const {
    return port_;
  }
  [[nodiscard]] unsigned connections() const {
    return connections_;
  }

private:
  conversation talk_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<unsigned> connections_ = 0;
  std::list<std::thread> talks_;
  std::thread accepting_;
};

/// Gives back what comes, and ends when the other side does.
void echo(plain_socket& with);

/// A cluster's authority and its nodes' certificates.
class authority {
public:
  authority();
  [[nodiscard]] const std::filesystem::path& directory() const {
    return directory_.path();
  }
  [[nodiscard]] cluster::certificate_files
  node(std::string_view name, std::chrono::days from = std::chrono::days{-1},
       std::chrono::days until = std::chrono::days{30}) const;
  /// A certificate of this authority whose alternative names are those, and nothing is made sure.
  [[nodiscard]] cluster::certificate_files named(std::string_view name,
                                                 const std::string& alternative_names) const;

private:
  tests::temporary_directory directory_;
};

/// A client that speaks TLS by itself and does as it is told.
class tls_probe {
public:
  /// Without files it has no certificate. Believes everybody.
  tls_probe(std::uint16_t port, const std::optional<cluster::certificate_files>& files,
            int version_max = 0);
  ~tls_probe();
  tls_probe(const tls_probe&) = delete;
  tls_probe& operator=(const tls_probe&) = delete;

  bool send(std::string_view bytes);
  /// What comes until the end.
  std::string receive_all();
  std::string receive(std::size_t bytes_max);
  /// Of what went wrong last, as OpenSSL says it.
  [[nodiscard]] const std::string& error() const {
    return error_;
  }

private:
  struct parts;
  std::unique_ptr<parts> parts_;
  std::string error_;
};

std::size_t open_descriptors();
std::size_t resident_bytes();
std::chrono::microseconds processor_time();

} // namespace cluster_tests
