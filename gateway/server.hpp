#pragma once

#include "gateway/exchange.hpp"
#include "model/outcome.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gateway {

/// Who is to answer a request.
struct direction {
  enum class whither : std::uint8_t {
    here,
    there, // Another server: `port` of this machine leads to it.
    wait,  // Nobody for the moment; to be asked again soon.
  } to = whither::here;
  std::uint16_t port = 0;
  std::string why{};     // Of `wait`: what the client is told when that takes too long.
  named_texts headers{}; // Of `here`: they come with the answer.
};

/// Where a server listens and what it puts up with. Every bound of a connection is here.
struct server_options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0; // 0 = any free one.
  /// PEM files of TLS; both or none.
  std::filesystem::path certificate{};
  std::filesystem::path private_key{};
  /// How links begin when something stands in front of us; empty = by the Host header.
  std::string public_origin{};

  std::uint32_t io_threads = 2;      // Serve sockets and never wait.
  std::uint32_t workers = 16;        // Run handlers, which may wait.
  std::uint32_t stream_workers = 16; // Run `answer::more`, so that followers block no request.

  std::uint32_t connections_max = 4096;
  std::size_t header_bytes_max = std::size_t{16} << 10;
  std::size_t body_bytes_max = std::size_t{10} << 20;        // As sent, and again once unpacked.
  std::uint64_t bodies_bytes_max = std::uint64_t{512} << 20; // Of all requests under way together.
  /// Paths whose bodies may be of any length, since their handlers read them by `request::more`. A
  /// body whose length is told and within `body_bytes_max` comes whole here too.
  std::vector<std::string> streamed_paths{"/api/rollcall/changes"};
  /// Requests whose handler waits for nothing: an I/O thread runs it itself, which saves waking a
  /// worker, as long as the body is short and was not packed. Asked with the whole request.
  std::function<bool(const request&)> is_quick{};

  /// Asked with the head of each request, on an I/O thread; without it all are answered here. A
  /// connection that was led elsewhere stays there until it ends.
  std::function<direction(const request&)> direct{};
  std::chrono::milliseconds direct_timeout{20'000}; // Of `wait`.

  std::chrono::milliseconds handshake_timeout{10'000};
  std::chrono::milliseconds header_timeout{10'000}; // For the whole of it.
  std::chrono::milliseconds body_timeout{20'000};   // For every 16 KiB of it.
  std::chrono::milliseconds write_timeout{20'000};  // For every 16 KiB of an answer.
  std::chrono::milliseconds idle_timeout{75'000};   // Between requests.
  std::chrono::milliseconds linger_timeout{2'000};  // For the other side to take what we said last.
  /// Of asking a silent peer whether it is there. A client that has said it will say no more hears
  /// a streamed answer as long as it never pauses longer than this.
  std::chrono::seconds peer_check_interval{15};
  std::chrono::milliseconds shutdown_grace{20'000};
};

struct server_figures {
  std::uint64_t connections = 0; // Open now.
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_refused = 0; // Beyond `connections_max`.
  std::uint64_t requests = 0;            // Handed to the handler.
  std::uint64_t requests_under_way = 0;
  std::uint64_t streams = 0; // Answers that are being streamed.
  std::uint64_t relayed = 0; // Requests led elsewhere.
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t handshakes_failed = 0;
  /// Requests that never reached the handler, by status.
  std::map<unsigned, std::uint64_t> refusals;
};

struct server_core;

/// An HTTP/1.1 server. Each connection belongs to one I/O thread; a request goes from there to a
/// worker, and its answer straight back.
class server {
public:
  /// Runs on a worker, or where `is_quick` says. Must call `reply` once, then or later and from any
  /// thread; when it throws or forgets, the answer is 500.
  using handler = std::function<void(request, reply)>;

  /// Listens when it returns. Fails with `conflict` when the address is taken, with `invalid_input`
  /// when it is none of this machine's or the certificate does not fit.
  static model::outcome<std::unique_ptr<server>> start(server_options options, handler handle);

  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  /// Reads the files again; connections that are open keep what they have. When it fails, the old
  /// certificate stays in use.
  model::status reload_certificate();
  /// Ends in order: takes no connection more, lets requests under way finish within the grace,
  /// refuses others with 503, closes. Waits for it, and for handlers that still run.
  void stop();
  [[nodiscard]] server_figures figures() const;

private:
  explicit server(std::shared_ptr<server_core> core);
  std::shared_ptr<server_core> core_;
};

} // namespace gateway
