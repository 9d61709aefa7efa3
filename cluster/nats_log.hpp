#pragma once

#include "cluster/partition_log.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace cluster {

/// How to reach the NATS servers that keep the logs, and how to keep them.
struct nats_settings {
  /// Of every server of the group, `nats://host:port`.
  std::vector<std::string> servers{};
  /// The monitoring endpoint of every one of them, `http://host:port`.
  std::vector<std::string> monitoring{};

  // Of mutual TLS; files in PEM, all three or none. The servers' certificates have to name their
  // hosts.
  std::string authority_file{};
  std::string certificate_file{};
  std::string key_file{};

  // Who we are to the servers: a user with a password, an nkey, or neither.
  std::string user{};
  std::string password{};
  std::string nkey{};           // The public one, "U…".
  std::string nkey_seed_file{}; // Its secret half.

  /// Streams are named after it: "rollcall" makes ROLLCALL_P07 with the subject rollcall.p.07.
  /// Lower case letters, digits and '_'.
  std::string prefix = "rollcall";
  /// A full log takes nothing until it is trimmed.
  std::uint64_t log_bytes_max = std::uint64_t{4} << 30;
  /// After this an append that nobody answered is `unavailable`.
  std::chrono::milliseconds append_patience{3000};
  /// For every other question to the servers.
  std::chrono::milliseconds answer_patience{5000};
};

/// A connection to the servers, shared by the logs of a node. It finds its way to another server
/// by itself; until then its logs say `unavailable`. So they do while it is at a server that is
/// too old.
class nats_connection;

/// Connects, unless a server that can be reached is older than 2.10.27 or takes too little at once.
/// Failures: invalid_input (something has to be changed first), unavailable (nobody answers).
/// Says so with `unavailable` when the program was built without NATS.
model::outcome<std::shared_ptr<nats_connection>> connect_nats(nats_settings settings);

/// Asks the monitoring endpoint of every server for what clients are not told: whether it has
/// every record on disk before it acknowledges, whether all of them are one group, how old it is.
/// Failures as above. A group that is still coming together is `unavailable`.
enum class nats_check : std::uint8_t {
  every_server,
  most_servers, // A minority may be away, or a lost machine would keep others from starting.
};
model::status check_nats_servers(const nats_settings& settings,
                                 nats_check what = nats_check::every_server);

/// The log of `partition`, a stream of its own that is made where it does not exist yet. A stream
/// that exists with settings under which records could vanish is refused (invalid_input). Threads
/// may share the log; `done` of its appends must not destroy it.
model::outcome<std::unique_ptr<partition_log>>
open_nats_log(std::shared_ptr<nats_connection> connection, std::uint32_t partition);

} // namespace cluster
