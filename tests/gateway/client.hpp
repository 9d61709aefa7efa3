#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway_tests {

/// One answer as it came over the wire.
struct received {
  unsigned status = 0;
  std::string head;                                // Status line and headers.
  std::multimap<std::string, std::string> headers; // Names in lower case.
  std::string body;                                // Without chunks' frames; still packed.
  bool is_whole = false;                           // It ended as its head promised.

  /// The first of that name; empty = none.
  [[nodiscard]] std::string header(std::string_view lower_case_name) const;
};

/// A client of our own, on one real socket, that can misbehave. Reads give up after some seconds,
/// so that no test hangs.
class client {
public:
  enum class transport { plain, tls };

  explicit client(std::uint16_t port, transport by = transport::plain);
  /// Elsewhere than on this machine's loopback; `patience` of connecting and of each read.
  client(const std::string& address, std::uint16_t port, std::chrono::milliseconds patience);
  ~client();
  client(client&&) noexcept;
  client& operator=(client&&) noexcept;

  /// False = the other side does not take it any more.
  bool send(std::string_view bytes);
  /// The next answer; `has_body` is false for those to HEAD.
  received receive(bool has_body = true);
  /// Sends a request and reads its answer.
  received ask(std::string_view bytes);
  /// The next bytes, whatever they are; empty = the end, or nothing for some seconds.
  std::string receive_some();
  /// Whether the server closes: true = the end came; false = something else, or nothing.
  bool sees_end();
  /// Says that nothing more will come.
  void half_close();
  /// Closes with a reset, as a program that is killed does.
  void reset();

  /// Of TLS: the subject of the server's certificate, "CN=first".
  [[nodiscard]] std::string server_name() const;

private:
  struct state;
  void connect(std::uint32_t address, std::uint16_t port, std::chrono::milliseconds patience);
  std::unique_ptr<state> state_;
};

/// "GET /x HTTP/1.1" with a Host and the given headers.
std::string get(std::string_view target, const std::vector<std::string>& headers = {});
std::string post(std::string_view target, std::string_view body,
                 const std::vector<std::string>& headers = {});

void pause_shortly();

/// Waits up to ten seconds until it is true.
template <class Condition>
bool eventually(const Condition& is_true) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (!is_true()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    pause_shortly();
  }
  return true;
}

} // namespace gateway_tests
