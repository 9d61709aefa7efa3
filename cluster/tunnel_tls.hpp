#pragma once

#include "cluster/certificates.hpp"
#include "cluster/tunnel.hpp"
#include "model/outcome.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/verify_context.hpp>
#include <boost/system/error_code.hpp>
#include <openssl/types.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Inside the folder only.
namespace cluster {

using tls_context = std::shared_ptr<boost::asio::ssl::context>;

/// In front of a node's name, in the alternative names of its certificate.
inline constexpr std::string_view node_uri_start = "rollcall://node/";
std::string node_uri(std::string_view node);
std::optional<std::string> node_of(X509& certificate);
certificate_facts facts_of(X509& certificate);

struct tls_identity {
  tls_context context; // TLS 1.3, for both sides.
  std::chrono::sys_seconds expires{};
};

/// What the node of this name needs for TLS. Fails when a file cannot be used, the key does not
/// belong to the certificate, or no peer would believe it.
model::outcome<tls_identity> load_identity(const certificate_files& files, std::string_view node);

/// Judges a peer's certificate while TLS asks for it, and remembers what was wrong.
struct peer_check {
  /// None = the node is welcome.
  std::function<std::optional<tunnel_refusal>(std::string_view node)> judge;
  std::string node;
  std::optional<tunnel_refusal> refusal;
  std::string detail;

  /// For ssl::stream::set_verify_callback.
  bool operator()(bool is_fine, boost::asio::ssl::verify_context& asked);
};

/// Why the other side broke TLS off, or we did, as far as the error says.
tunnel_refusal refusal_of(const boost::system::error_code& failed);

} // namespace cluster
