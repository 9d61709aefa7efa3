#pragma once

#include "model/outcome.hpp"

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace node {

struct http_options {
  std::string url;            // "http://127.0.0.1:8787", perhaps with a path before all others.
  std::string certificates{}; // PEM file of whom to believe; empty = whom the system does.
  std::chrono::milliseconds deadline{30'000}; // Of one request with its answer.
};

using http_headers = std::map<std::string, std::string, std::less<>>;

struct http_answer {
  unsigned status = 0;
  http_headers headers; // Names in lower case.
  std::string body;
};

inline constexpr std::size_t http_answer_bytes_max = std::size_t{64} << 20;

/// Asks an HTTP server, one connection a request. For commands of the command line.
class http_client {
public:
  /// Refuses an address that cannot be read.
  static model::outcome<http_client> of(const http_options& wanted);

  /// Waits for the whole answer, whatever its status. Fails with `unavailable` when there is none.
  [[nodiscard]] model::outcome<http_answer> ask(std::string_view method, std::string_view target,
                                                const http_headers& headers = {},
                                                std::string body = {}) const;

private:
  struct address {
    bool is_tls = false;
    std::string host;
    std::string port;
    std::string prefix; // Of every target.
  };
  static model::outcome<address> address_of(std::string_view url);
  http_client(http_options wanted, address to) : options_(std::move(wanted)), to_(std::move(to)) {
  }

  http_options options_;
  address to_;
};

} // namespace node
