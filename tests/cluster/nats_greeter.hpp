#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <atomic>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>

namespace cluster_tests {

/// Greets like a NATS server and says nothing else.
class greeter {
public:
  greeter(std::string line, std::uint16_t port = 0)
    : line_{std::move(line)}, acceptor_{context_, {boost::asio::ip::address_v4::loopback(), port}} {
    thread_ = std::jthread{[this] {
      while (!stop_) {
        boost::system::error_code failed;
        boost::asio::ip::tcp::socket guest{context_};
        acceptor_.accept(guest, failed);
        if (failed)
          return;
        boost::asio::write(guest, boost::asio::buffer(line_), failed);
        ++greeted_;
      }
    }};
  }
  ~greeter() {
    stop_ = true;
    ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
    thread_.join();
  }
  greeter(const greeter&) = delete;
  greeter& operator=(const greeter&) = delete;

  [[nodiscard]] std::string url() const {
    return fmt::format("nats://127.0.0.1:{}", acceptor_.local_endpoint().port());
  }
  [[nodiscard]] int greeted() const {
    return greeted_;
  }

private:
  std::string line_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::atomic<bool> stop_ = false;
  std::atomic<int> greeted_ = 0;
  std::jthread thread_;
};

inline std::string greeting_of(std::string_view version) {
  return fmt::format("INFO {{\"server_id\":\"OLD\",\"version\":\"{}\",\"jetstream\":true,"
                     "\"max_payload\":8388608,\"headers\":true}}\r\n",
                     version);
}

} // namespace cluster_tests
