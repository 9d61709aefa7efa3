#pragma once

#include "cluster/tunnel_core.hpp"

#include <boost/asio/ssl/stream.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

// Inside the folder only.
namespace cluster {

// On the wire, inside of TLS: the outlet says "rollcall-tunnel 1 SERVICE" and a line feed, and the
// listener answers with one byte. Then each side sends frames: the length as four bytes, the
// highest first, and so many bytes. A frame of length 0 says that nothing follows in this
// direction, so that an end is told apart from a break.

inline constexpr std::string_view greeting_start = "rollcall-tunnel 1 ";
inline constexpr std::size_t greeting_bytes_max = 128;
inline constexpr std::size_t frame_head_bytes = 4;
inline constexpr std::size_t frame_bytes_max = std::size_t{1} << 20;

/// The listener's answer.
enum class tunnel_answer : std::uint8_t {
  carried = '+',
  malformed = 'm',
  unknown_service = 's',
  service_down = 'd',
  too_many = 'n',
};

/// Takes the frames' heads out of what is read.
class frame_reader {
public:
  enum class finding : std::uint8_t { bytes_of_frame, nothing, end, malformed };
  /// Takes the next of `rest`: bytes of a frame, which are left in `bytes`, or of a head.
  finding take(std::span<const unsigned char>& rest, std::span<const unsigned char>& bytes);

private:
  std::uint32_t head_ = 0;
  std::size_t head_size_ = 0;
  std::size_t left_ = 0; // Of the frame.
};

/// One connection: TCP on this machine, TLS to the peer. Its functions run on its strand, other
/// than those for which something else is said.
class tunnel_link : public std::enable_shared_from_this<tunnel_link> {
public:
  tunnel_link(std::shared_ptr<tunnel_core> core, const strand& on);
  virtual ~tunnel_link();
  tunnel_link(const tunnel_link&) = delete;
  tunnel_link& operator=(const tunnel_link&) = delete;

  /// Shakes hands, and carries if that went well. Any thread.
  void start();
  /// Any thread.
  void cut_soon(tunnel_refusal why);

protected:
  using tls_stream = boost::asio::ssl::stream<tcp_socket>;
  using error_code = boost::system::error_code;

  /// Until bytes may be carried. What it refuses it cuts.
  virtual task<void> shake_hands() = 0;
  /// Was refused, or broken off. Called once at most.
  virtual void on_cut(tunnel_refusal why, const std::string& detail);

  /// TLS with whoever is connected; false = it was cut.
  task<bool> secure(boost::asio::ssl::stream_base::handshake_type as, peer_check& check);
  /// Whatever is under way ends, and who is connected to us sees that it is no regular end.
  void cut(tunnel_refusal why, const std::string& detail = {});
  [[nodiscard]] bool is_closed() const {
    return is_closed_;
  }
  [[nodiscard]] bool is_carrying() const {
    return is_carrying_;
  }

  std::shared_ptr<tunnel_core> core_;
  strand strand_;
  tcp_socket local_;
  tcp_socket incoming_; // The peer's, until there is TLS.
  tls_context context_;
  std::optional<tls_stream> peer_;

private:
  using time = std::chrono::steady_clock::time_point;

  task<void> live();
  task<void> carry_out();
  task<void> watch_local();
  task<void> carry_in();
  task<bool> pass_on(std::span<const unsigned char> rest);
  void carry();
  void spawn(task<void> work);
  void end_direction(bool& has_ended);
  void close();
  void set_deadline(std::chrono::milliseconds from_now);
  void count_moved(std::atomic<std::uint64_t>& bytes, std::size_t size);
  void watch();

  io_timer timer_;
  time deadline_ = time::max();
  frame_reader frames_;
  bool is_carrying_ = false;
  bool is_out_ending_ = false; // The last frame is being written.
  bool has_out_ended_ = false;
  bool has_in_ended_ = false;
  bool is_closed_ = false;
};

/// Small packets go at once, and a peer whose machine is gone is noticed.
void prepare(tcp_socket& socket);

} // namespace cluster
