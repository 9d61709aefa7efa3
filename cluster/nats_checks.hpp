#pragma once

#include "model/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cluster {

/// Says that the servers do not answer, or not so that it can be read. Later they may.
model::failure unavailable(std::string message);

/// Of a NATS server. Greater is newer.
struct nats_version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  std::uint32_t patch = 0;
  bool released = true; // Not one of the candidates before it.
  friend auto operator<=>(const nats_version&, const nats_version&) = default;
};

/// Older ones were seen to lose and to replace acknowledged records.
inline constexpr nats_version oldest_nats_version{2, 10, 27};

/// Reads "2.10.27" and "2.11.0-RC.1".
std::optional<nats_version> parse_nats_version(std::string_view text);

/// Where a server listens.
struct nats_address {
  std::string host;
  std::string port;
};

/// Reads `scheme://host:port` where the scheme is one of `schemes`.
model::outcome<nats_address> parse_nats_address(std::string_view url,
                                                std::span<const std::string_view> schemes);
model::outcome<nats_address> parse_nats_address(std::string_view url);

/// What a server says of itself to everybody who connects, even before TLS.
struct nats_greeting {
  std::string server_id; // Another one for every start of the server.
  std::string version;
  std::uint64_t payload_bytes_max = 0;
  bool has_jetstream = false;
};

/// Reads the greeting of the server at `url`; it need not be one that we accept.
model::outcome<nats_greeting> greet_nats_server(const std::string& url,
                                                std::chrono::milliseconds patience);

/// Whether we keep records with a server that greets like this; the failure (invalid_input) says
/// what to do.
model::status accept_nats_greeting(const nats_greeting& greeting, std::string_view url);

/// Whether a server keeps what it acknowledges: `varz` and `jsz` are what its monitoring endpoint
/// answers under these names, `servers` how many the group has.
model::status accept_nats_monitoring(std::string_view varz, std::string_view jsz,
                                     std::size_t servers, std::string_view url);

/// What a stream answered to a record that was sent behind record `last`.
model::outcome<std::uint64_t> read_nats_answer(std::string_view answer, std::string_view stream,
                                               std::uint64_t last);

/// The sequence in the reply subject of what a consumer was sent.
std::optional<std::uint64_t> nats_sequence_of(std::string_view reply);

/// Reads all of `text`.
std::optional<std::uint64_t> parse_nats_number(std::string_view text);

} // namespace cluster
