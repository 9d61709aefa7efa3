#pragma once

#include "gateway/fair_queue.hpp"
#include "gateway/lane.hpp"
#include "gateway/server.hpp"
#include "gateway/tls.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

// Inside the folder only.
namespace gateway {

inline constexpr unsigned statuses = 600;
/// Connections beyond the limit that are told so at a time; more are closed without a word.
inline constexpr std::uint64_t surplus_max = 64;
/// What has to come, or go, within a timeout.
inline constexpr std::size_t progress_bytes = std::size_t{16} << 10;
/// Pieces of bodies that are streamed.
inline constexpr std::size_t piece_bytes = std::size_t{64} << 10;

/// What the connections of a server share. Any thread.
struct server_core {
  server_core(server_options wanted, server::handler called)
    : options(std::move(wanted)), handle(std::move(called)), workers(options.workers),
      streamers(options.stream_workers),
      stream_turns({.at_work_max = std::max<std::size_t>(options.stream_workers / 2, 1),
                    .waiting_max = options.connections_max}, // Each has one piece to make.
                   [this](fair_queue::work w) { streamers.post(std::move(w)); }) {
  }

  const server_options options;
  const server::handler handle;
  worker_pool workers;
  worker_pool streamers;
  fair_queue stream_turns; // Before the streamers, so that no account has them all.
  std::vector<std::shared_ptr<lane>> lanes;
  std::optional<boost::asio::ip::tcp::acceptor> acceptor; // On the first lane.
  std::uint16_t port = 0;
  std::atomic<bool> is_stopping = false;

  std::atomic<std::uint64_t> connections = 0;
  std::atomic<std::uint64_t> connections_accepted = 0;
  std::atomic<std::uint64_t> connections_refused = 0;
  std::atomic<std::uint64_t> surplus = 0;
  std::atomic<std::uint64_t> requests = 0;
  std::atomic<std::uint64_t> streams = 0;
  std::atomic<std::uint64_t> relayed = 0;
  std::atomic<std::uint64_t> uploads = 0; // Bodies that are being streamed.
  std::atomic<std::uint64_t> body_bytes = 0;
  std::atomic<std::uint64_t> bytes_in = 0;
  std::atomic<std::uint64_t> bytes_out = 0;
  std::atomic<std::uint64_t> handshakes_failed = 0;
  std::array<std::atomic<std::uint64_t>, statuses> refusals{};

  /// A request was accepted; `finish_request` when its answer is out or nobody wants it any more.
  void begin_request();
  void finish_request();
  /// Waits until no request is under way, or `patience` is over.
  void wait_quiet(std::chrono::milliseconds patience);

  [[nodiscard]] tls_context tls();
  void change_tls(tls_context to);

  [[nodiscard]] std::shared_ptr<lane> idlest();

private:
  std::mutex guard_;
  std::condition_variable quiet_;
  std::atomic<std::uint64_t> under_way_ = 0;
  tls_context tls_;

  friend class server;
};

} // namespace gateway
