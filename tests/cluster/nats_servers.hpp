#pragma once

#include "cluster/nats_log.hpp"
#include "tests/cluster/host_network.hpp"
#include "tests/storage/temporary_directory.hpp"

#include <boost/test/tree/decorator.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace cluster_tests {

/// The nats-server to try things with: $ROLLCALL_NATS_SERVER, what scripts/install-nats fetched, or
/// one in PATH, if it is new enough.
std::optional<std::filesystem::path> nats_server_program();

/// Skips a suite with a reason that is shown where there is no such program.
boost::unit_test::decorator::precondition where_nats_is();

struct nats_servers_options {
  std::size_t count = 3;
  bool sync_always = true;
  /// Further lines of each server's file.
  std::string lines{};
  /// Server i is on host i of it; null = all are on loopback.
  const host_network* network = nullptr;
  /// Where each keeps its records; of those beyond, in a directory of the test's.
  std::vector<std::filesystem::path> stores{};
};

/// What has to be well. A server may go on for ever to find fault with a consumer that went with
/// its reader while the servers were apart.
enum class nats_health : std::uint8_t { everything, servers };

/// NATS servers on loopback, or each on a host of its own, as one group, with a directory of their
/// own. They end with the test.
class nats_servers {
public:
  /// Returns when the group is whole and healthy.
  explicit nats_servers(nats_servers_options options = {});
  ~nats_servers();
  nats_servers(const nats_servers&) = delete;
  nats_servers& operator=(const nats_servers&) = delete;

  /// How clients reach them.
  [[nodiscard]] cluster::nats_settings settings() const;

  [[nodiscard]] std::size_t size() const {
    return servers_.size();
  }

  void kill(std::size_t which);
  /// In order.
  void stop(std::size_t which);
  void pause(std::size_t which);
  void resume(std::size_t which);
  /// Starts a killed one again, on the same ports and data.
  void start(std::size_t which);
  /// Until all of them run as one group, each with everything; throws when that takes too long.
  void wait_until_whole(std::chrono::seconds patience = std::chrono::seconds{60},
                        nats_health what = nats_health::everything);
  /// The one that leads a stream at the moment.
  [[nodiscard]] std::optional<std::size_t> leader_of(const std::string& stream) const;
  [[nodiscard]] std::string log_of(std::size_t which) const;

private:
  struct server {
    std::string name;
    std::string address;
    std::uint16_t client_port;
    std::uint16_t monitoring_port;
    std::uint16_t route_port;
    std::filesystem::path file;
    pid_t pid = -1;
  };

  [[nodiscard]] std::vector<std::uint16_t> ports() const;
  void end(std::size_t which, int signal);
  void write_file(const server& s, const std::filesystem::path& store) const;
  [[nodiscard]] bool is_whole(std::string& why, nats_health what) const;

  tests::temporary_directory directory_;
  nats_servers_options options_;
  std::vector<server> servers_;
};

/// The body of what a server answers to `path` on its monitoring port; nothing when it does not.
std::optional<std::string> ask_monitoring(std::uint16_t port, std::string_view path,
                                          const std::string& address = "127.0.0.1");

/// TCP ports of loopback that nobody listens on.
std::vector<std::uint16_t> free_ports(std::size_t count);

} // namespace cluster_tests
