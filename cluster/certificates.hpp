#pragma once

#include "model/outcome.hpp"

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cluster {

// A cluster has an authority of its own, and each node a certificate of it that says
// "URI:rollcall://node/NAME" among its alternative names. Hosts, which other programs check, stand
// beside it as DNS and IP, so that no host name makes anybody a node.

/// The PEM files with which a node shows who it is, and knows who others are.
struct certificate_files {
  std::filesystem::path authority;   // Whoever it signed may be a node; nobody else is believed.
  std::filesystem::path certificate; // Of this node; what is between it and the authority follows.
  std::filesystem::path private_key; // Of this node.
};

struct certificate_validity {
  std::chrono::sys_seconds from;
  std::chrono::sys_seconds until;

  /// From an hour ago, for clocks that go differently, to so many days from now.
  static certificate_validity of(std::chrono::days days);
};

constexpr std::chrono::days authority_days{3653};
constexpr std::chrono::days node_certificate_days{825};

/// Makes the key and the certificate of a cluster's authority: authority.pem, and authority.key
/// (0600), which need not be on any node. Fails with `conflict` when there is one already.
model::status
make_authority(const std::filesystem::path& directory,
               const certificate_validity& valid = certificate_validity::of(authority_days));

/// Makes NODE.pem and NODE.key (0600), signed by the authority in the directory; replaces older
/// ones. `hosts` are the names and addresses under which the node is reached.
model::status make_node_certificate(
  const std::filesystem::path& directory, std::string_view node, std::span<const std::string> hosts,
  const certificate_validity& valid = certificate_validity::of(node_certificate_days));

/// What the two functions above write for a node.
certificate_files files_of(const std::filesystem::path& directory, std::string_view node);

struct certificate_facts {
  std::optional<std::string> node; // None = it is for no node, or for several.
  certificate_validity valid;
};

/// Reads the first certificate of a PEM file. Fails when there is none.
model::outcome<certificate_facts> read_certificate(const std::filesystem::path& file);

} // namespace cluster
