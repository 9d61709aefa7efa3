#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Load on an HTTP server on loopback, from one thread.
namespace bench {

/// Where requests come from, and where their answers go.
class request_source {
public:
  request_source() = default;
  request_source(const request_source&) = delete;
  request_source& operator=(const request_source&) = delete;
  virtual ~request_source() = default;

  /// The next request of a connection, whole, as bytes of HTTP/1.1. Valid until the next call.
  virtual std::string_view next(std::size_t connection) = 0;

  /// Called with the body of each answer of status 2xx.
  virtual void answered(std::size_t connection, std::string_view body) {
    static_cast<void>(connection);
    static_cast<void>(body);
  }
};

struct load_plan {
  std::uint16_t port = 0; // On 127.0.0.1.
  std::size_t connections = 1;
  /// Requests a second, sent when they are due whether or not earlier ones are answered; when no
  /// connection is free, the time that one waits for it counts. 0 = each connection sends its next
  /// request as soon as it has its answer.
  double rate = 0;
  double seconds = 10;
};

struct load_result {
  double seconds = 0;           // From the first request to the last answer.
  std::uint64_t answers = 0;    // With status 2xx.
  std::uint64_t refused = 0;    // With another status.
  std::uint64_t unanswered = 0; // Waiting 10 s after the end, or on a connection that was closed.
  std::string first_refusal;    // Status line and body.
  std::vector<double> milliseconds; // Of each answer with 2xx: from when it was due; ascending.
};

/// Exits with a message when it cannot connect.
load_result run_load(const load_plan& plan, request_source& requests);

/// Connections that have asked for /healthz once and then are only open.
class idle_connections {
public:
  idle_connections(std::uint16_t port, std::size_t count);
  idle_connections(const idle_connections&) = delete;
  idle_connections& operator=(const idle_connections&) = delete;
  ~idle_connections();

  /// How many of them still get an answer.
  [[nodiscard]] std::size_t still_served();

private:
  std::vector<int> sockets_;
};

} // namespace bench
