#pragma once

#include "cluster/certificates.hpp"
#include "model/outcome.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cluster {

// Services that trust whoever reaches them listen on loopback only. Between nodes their bytes go
// through the tunnel: an outlet at the node that asks, a listener at the node that serves, and
// TLS 1.3 between them in which each shows the other a certificate of the cluster's authority.

/// The threads that tunnels share. Lives as long as the last tunnel on it needs.
class tunnel_threads {
public:
  explicit tunnel_threads(unsigned count = 2);
  ~tunnel_threads();
  tunnel_threads(const tunnel_threads&) = delete;
  tunnel_threads& operator=(const tunnel_threads&) = delete;

  struct parts; // Inside only.
  [[nodiscard]] const std::shared_ptr<parts>& inside() const {
    return parts_;
  }

private:
  std::shared_ptr<parts> parts_;
};

struct tunnel_limits {
  std::size_t connections_max = 1'024;
  std::size_t connections_per_peer_max = 128; // A listener's.
  /// Connections to a listener that have not shown yet who they are. When more come, the oldest
  /// goes of those from the address that has most, so that whoever is quick gets in.
  std::size_t handshakes_max = 256;
  /// From the first packet to the first byte that is carried: the connection itself, TLS, the name
  /// of the service, the connection to the service.
  std::chrono::milliseconds handshake_deadline{3'000};
  /// How long a connection may carry nothing in either direction. 0 = for ever.
  std::chrono::milliseconds idle_deadline{0};
  std::size_t buffer_bytes = std::size_t{64} << 10; // For each direction of each connection.
};

/// Why a connection was not carried, or not to its end. Both sides count.
enum class tunnel_refusal : std::uint8_t {
  late,            // It did not come as far as it should within the handshake's deadline.
  displaced,       // Others were waiting to shake hands.
  not_tls,         // Or broken off, or no common version.
  no_certificate,  // The peer showed none.
  untrusted,       // Not from the cluster's authority.
  expired,         // Or not valid yet.
  unknown_node,    // The certificate is for no node, or for none that may come.
  wrong_node,      // An outlet reached another node than it was to.
  malformed,       // The peer does not speak as tunnels do.
  unknown_service, // The peer has none of this name.
  service_down,    // The peer's service does not take connections.
  too_many,        // The limit of connections.
  unreachable,     // No connection to the peer.
  refused,         // The peer did not want us, and TLS does not say more.
  idle,            // Nothing was carried for too long.
  cut_off,         // An end broke off, or the way between did.
  stopping,        // The tunnel here was stopped.
};
constexpr std::size_t tunnel_refusals = 17;

/// As an inspector shows it: "unknown_node".
std::string_view name_of(tunnel_refusal why);

struct tunnel_figures {
  std::uint64_t connections = 0;          // That carry, now.
  std::uint64_t handshakes = 0;           // Connections that do not carry yet, now.
  std::uint64_t connections_accepted = 0; // Since the start, whatever became of them.
  std::uint64_t connections_carried = 0;
  std::uint64_t bytes_in = 0;  // From the peer.
  std::uint64_t bytes_out = 0; // To the peer.
  std::map<tunnel_refusal, std::uint64_t> refusals;
  std::map<std::string, std::uint64_t> peers; // Connections that carry, by node.
  std::chrono::sys_seconds certificate_expires{};
};

/// An address and a port on this machine.
struct tunnel_service {
  std::string address = "127.0.0.1"; // Digits, no name.
  std::uint16_t port = 0;
};

struct tunnel_listener_options {
  std::string address = "0.0.0.0"; // Digits, no name.
  std::uint16_t port = 0;          // 0 = any that is free.
  std::string node;                // Our name, which the certificate has to have.
  certificate_files files;
  /// Whether the node of this name may come now. Called by the tunnel's threads, several at once;
  /// must not wait.
  std::function<bool(std::string_view node)> may_come;
  std::map<std::string, tunnel_service> services{}; // Names are as those of nodes.
  tunnel_limits limits{};
};

/// Where peers come in. Whoever is no peer gets nothing: he is counted and closed.
class tunnel_listener {
public:
  /// Fails when it cannot listen there, and when the files are missing, broken, do not belong
  /// together, are expired, or are for another node.
  static model::outcome<std::unique_ptr<tunnel_listener>> start(const tunnel_threads& on,
                                                                tunnel_listener_options options);
  ~tunnel_listener(); // Stops.
  tunnel_listener(const tunnel_listener&) = delete;
  tunnel_listener& operator=(const tunnel_listener&) = delete;

  [[nodiscard]] std::uint16_t port() const;

  /// Reads the files again, for connections from now on. After a failure the old ones stay in use.
  model::status reload();
  /// Adds a service or says where it is now; connections that are there stay.
  void offer(const std::string& service, const tunnel_service& at);
  void withdraw(const std::string& service);
  /// Cuts off what a node has open. It comes again unless `may_come` says no.
  void drop(std::string_view node);

  [[nodiscard]] tunnel_figures figures() const;

  /// Takes nobody any more, lets connections end by themselves for as long as `grace` and cuts off
  /// the others. Afterwards nothing of it runs. Not from a tunnel's thread.
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds{0});

private:
  struct parts;
  explicit tunnel_listener(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

struct tunnel_outlet_options {
  std::string host; // Name or address of the peer.
  std::uint16_t port = 0;
  std::string peer;    // The node that has to be there.
  std::string service; // Of the peer.
  std::string node;    // Our name, which the certificate has to have.
  certificate_files files;
  tunnel_limits limits{}; // The handshake's deadline is that of the connect, too.
};

/// A port on loopback behind which is a service of a peer. Whoever connects to it while the peer
/// cannot be reached, or does not want us, is closed at once.
class tunnel_outlet {
public:
  /// Fails like tunnel_listener::start. The peer need not be there.
  static model::outcome<std::unique_ptr<tunnel_outlet>> start(const tunnel_threads& on,
                                                              tunnel_outlet_options options);
  ~tunnel_outlet(); // Stops.
  tunnel_outlet(const tunnel_outlet&) = delete;
  tunnel_outlet& operator=(const tunnel_outlet&) = delete;

  [[nodiscard]] std::uint16_t port() const; // On 127.0.0.1.
  /// Where the peer is from now on; connections that are there stay.
  void change_peer(const std::string& host, std::uint16_t port);
  model::status reload(); // As tunnel_listener's.

  /// Why the last connection that was not carried was not. None = the last one was.
  [[nodiscard]] std::optional<std::string> last_error() const;
  [[nodiscard]] tunnel_figures figures() const;

  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds{0}); // As above.

private:
  struct parts;
  explicit tunnel_outlet(std::unique_ptr<parts> made);
  std::unique_ptr<parts> parts_;
};

} // namespace cluster
