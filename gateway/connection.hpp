#pragma once

#include "gateway/answer_text.hpp"
#include "gateway/lane.hpp"
#include "gateway/request_head.hpp"
#include "gateway/server_core.hpp"
#include "gateway/upload.hpp"

#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

// Inside the folder only.
namespace gateway {

/// One client's connection: reads a request, hands it to a worker, writes its answer, then reads
/// the next, which may be there already. Lives on its lane's thread; what other threads may call is
/// said.
class connection : public std::enable_shared_from_this<connection> {
public:
  connection(std::shared_ptr<server_core> core, std::shared_ptr<lane> on, tcp_socket socket,
             bool is_surplus);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  void start();
  /// Ends what takes longer than it may.
  void look(std::chrono::steady_clock::time_point now);
  /// At once, whatever is under way.
  void close();
  /// The same, but lets the client hear out what was said last.
  void close_unless_closing();

  /// The answer to the request that was handed in. Any thread.
  void take(answer a);

private:
  enum class stage : std::uint8_t {
    handshake, // Of TLS.
    idle,      // No byte of a request is there.
    head,
    directed, // Somebody is to be found who answers.
    relaying, // Somebody else answers; the connection carries bytes.
    body,
    handed_in, // A handler has the request.
    answering,
    closing, // All is said; what the client still says is read and dropped.
    closed,
  };
  using time = std::chrono::steady_clock::time_point;
  using error_code = boost::beast::error_code;

  // --- life (connection.cpp)
  void begin_handshake();
  void read();
  void on_read(error_code failed, std::size_t size);
  void on_end();
  void set_deadline(std::chrono::milliseconds from_now);
  void close_gently();
  void drain();
  [[nodiscard]] bool is_peer_gone() const;
  void release_body_bytes();
  void release_upload(error_entry why);

  // --- reading (connection_reading.cpp)
  void proceed();
  bool read_first_byte();
  bool read_head_bytes();
  void on_head();
  void on_directed();
  [[nodiscard]] std::optional<error_entry> admit_body() const;
  [[nodiscard]] bool is_streamed() const;
  bool read_body_bytes();
  bool parse_body(std::size_t room, error_code& failed);
  bool is_input_too_long();
  void hand_in();
  [[nodiscard]] bool is_quick() const;
  void hand_in_upload();
  void piece_wanted();
  bool give_piece();
  void run_handler(request asked);

  // --- relaying (connection_relaying.cpp)
  bool is_for_us();
  void begin_relay(std::uint16_t port);
  void carry_there();
  void carry_back();
  void drop_relay();

  // --- answering (connection_answering.cpp)
  void refuse(const error_entry& why);
  void answer_here(answer a);
  void begin_answer(answer a);
  void write_continue();
  void write();
  void on_written(error_code failed, std::size_t size);
  void on_answer_written();
  void want_piece();
  bool take_turn();
  void make_piece();
  void on_piece(std::string piece, bool is_last, bool is_broken, std::chrono::nanoseconds took);
  void wait_for_news();
  void on_news();
  void drop_stream();
  void next_request();

  std::shared_ptr<server_core> core_;
  std::shared_ptr<lane> lane_;
  tcp_socket socket_;
  tls_context tls_context_;
  std::optional<boost::asio::ssl::stream<tcp_socket&>> tls_;
  bool is_surplus_;
  std::string peer_;
  std::string own_address_;

  stage stage_ = stage::idle;
  bool is_reading_ = false;
  bool is_writing_ = false;
  bool is_counted_ = false; // As a request under way.
  time deadline_ = time::max();
  std::size_t progress_ = 0;
  std::size_t requests_ = 0;

  boost::beast::flat_buffer input_;
  std::optional<request_parser> parser_;
  request asked_;
  framing how_;
  bool is_open_to_browsers_ = false;
  std::size_t body_used_ = 0;    // Of asked_.body or the piece, whose size is room.
  std::uint64_t held_bytes_ = 0; // Counted in core_->body_bytes.
  std::shared_ptr<upload> upload_;
  bool is_piece_wanted_ = false;
  std::string piece_;

  std::string id_;               // Of the request; asked_ leaves with the handler.
  named_texts directed_headers_; // Of its answer.
  std::string out_;
  std::string out_body_;
  std::size_t written_ = 0;
  bool keeps_alive_ = false;
  std::optional<answer> waiting_; // For "100 Continue" to be out.

  /// An answer that is streamed. A stream worker has it between `want_piece` and `on_piece`.
  struct streamed {
    std::function<bool(std::string&)> more;
    std::function<void(std::function<void()>)> await_news;
    std::shared_ptr<const void> owner;
    std::optional<deflater> packing;
    bool is_chunked = true;
    bool is_being_made = false;
    bool is_awaiting_news = false;
    bool was_last = false;
    time quiet_since{}; // When there was something to say last.
  };
  std::shared_ptr<streamed> stream_;
  struct relay;
  std::shared_ptr<relay> relay_;
  io_timer pause_;
};

} // namespace gateway
