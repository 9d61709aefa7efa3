#pragma once

#include "cluster/tunnel.hpp"
#include "cluster/tunnel_tls.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

// Inside the folder only.
namespace cluster {

using tcp = boost::asio::ip::tcp;
/// One connection's work is never done by two threads at once.
using strand = boost::asio::strand<boost::asio::io_context::executor_type>;
using tcp_socket = boost::asio::basic_stream_socket<tcp, strand>;
using tcp_acceptor = boost::asio::basic_socket_acceptor<tcp, strand>;
using io_timer = boost::asio::basic_waitable_timer<
  std::chrono::steady_clock, boost::asio::wait_traits<std::chrono::steady_clock>, strand>;
template <class T>
using task = boost::asio::awaitable<T, strand>;

/// For co_await: errors are returned.
inline constexpr boost::asio::as_tuple_t<boost::asio::use_awaitable_t<strand>> returned{};

struct tunnel_threads::parts {
  explicit parts(unsigned count);
  ~parts();
  parts(const parts&) = delete;
  parts& operator=(const parts&) = delete;

  [[nodiscard]] strand new_strand() {
    return strand{context.get_executor()};
  }

  boost::asio::io_context context;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work;
  std::vector<std::thread> threads;
};

class tunnel_link;

/// What the connections of one listener or outlet share. Any thread.
class tunnel_core : public std::enable_shared_from_this<tunnel_core> {
public:
  tunnel_core(boost::asio::io_context& context, std::string node, certificate_files files,
              tunnel_limits limits);

  const tunnel_limits limits;
  std::atomic<std::uint64_t> bytes_in = 0;
  std::atomic<std::uint64_t> bytes_out = 0;

  // --- certificates
  model::status reload();
  [[nodiscard]] tls_context tls() const;

  // --- taking connections
  using taker = std::function<void(tcp_socket)>;
  /// Opens the port; connections are taken from `begin` on.
  model::status listen(const std::string& address, std::uint16_t port);
  void begin(taker take);
  [[nodiscard]] std::uint16_t port() const {
    return port_;
  }

  // --- connections
  /// A connection that begins to shake hands. False = the tunnel is stopping.
  bool add(const std::shared_ptr<tunnel_link>& link, const std::string& from);
  /// Its peer is known now. False = there are too many.
  bool admit(const tunnel_link* link, std::string_view peer);
  void carries(const tunnel_link* link);
  /// It is closed, and takes no place any more.
  void leave(const tunnel_link* link);
  /// It is no more.
  void remove(const tunnel_link* link);
  void count(tunnel_refusal why);
  void drop(std::string_view peer);

  [[nodiscard]] tunnel_figures figures() const;
  void stop(std::chrono::milliseconds grace);

private:
  enum class stage : std::uint8_t { shaking_hands, leaving, admitted, carrying };
  struct entry {
    std::weak_ptr<tunnel_link> link;
    std::string from; // Address.
    std::string peer;
    std::uint64_t number = 0; // Of its arrival.
    stage at = stage::shaking_hands;
  };

  task<void> accept_all(taker take);
  void accept_on(const taker& take);
  [[nodiscard]] std::shared_ptr<tunnel_link> make_room();
  void change(entry& of, stage to);
  void cut_all();

  strand strand_; // The acceptor's.
  boost::asio::io_context& context_;
  const std::string node_;
  const certificate_files files_;
  tcp_acceptor acceptor_;
  io_timer pause_;
  std::uint16_t port_ = 0;

  mutable std::mutex guard_;
  std::condition_variable changed_;
  tls_identity identity_;
  std::unordered_map<const tunnel_link*, entry> links_;
  std::size_t shaking_hands_ = 0;
  std::uint64_t accepted_ = 0;
  std::uint64_t carried_ = 0;
  bool is_accepting_ = false;
  bool is_stopping_ = false;
  std::array<std::uint64_t, tunnel_refusals> refusals_{};
};

} // namespace cluster
