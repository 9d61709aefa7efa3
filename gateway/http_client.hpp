#pragma once

#include "model/outcome.hpp"

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway {

/// Where a request goes.
struct http_address {
  bool is_secure = false;
  std::string host; // Without brackets.
  std::string port;
  std::string target; // Path and query.

  /// "https://example.com:8443", the port where it is not the usual one.
  [[nodiscard]] std::string origin() const;
  /// Whether it can be reached from this machine only.
  [[nodiscard]] bool is_loopback() const;
};

/// Reads "https://host:port/path?query" or the same with http. Fails on a user, a fragment, and
/// characters that would have to be encoded.
model::outcome<http_address> read_http_address(std::string_view url);

struct http_post {
  http_address to;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  std::chrono::milliseconds deadline{10'000}; // Of everything, but for finding the host's address.
};

/// Sends requests, one at a time and each on a connection of its own. Follows no redirections.
class http_client {
public:
  /// Believes the certificates that the system does, and those that the file's authorities have
  /// signed.
  explicit http_client(const std::filesystem::path& authorities = {});
  ~http_client();
  http_client(const http_client&) = delete;
  http_client& operator=(const http_client&) = delete;

  /// The answer's status. The message of a failure says how far it came.
  model::outcome<unsigned> post(const http_post& what);
  /// Ends what is under way, and whatever comes later, with `cancelled`. Any thread.
  void cancel();

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace gateway
