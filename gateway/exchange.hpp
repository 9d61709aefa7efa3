#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What goes through an HTTP server, without the HTTP: handlers see nothing else.
namespace gateway {

/// Names and values as decoded (`+` and `%20` are spaces), in the order in which they came.
using named_texts = std::vector<std::pair<std::string, std::string>>;

struct request {
  std::string method; // Upper case.
  std::string path;   // Decoded, begins with a slash, has none at its end.
  named_texts query;
  named_texts headers; // Names in lower case.
  std::string body;    // Uncompressed.
  std::string id;      // Of this request, for logs and answers.
  std::string peer;    // Address of who asks.
  std::string origin;  // "http://127.0.0.1:8080": how links begin, by the Host header.
  /// When set, it follows the body, on paths that take bodies without an end in sight: appends the
  /// next piece to `out` once there is one; false = that was the last. For the handler's own
  /// thread, until it answers. Throws a refusal when what comes is broken, too slow, or cut off.
  std::function<bool(std::string& out)> more{};
  std::chrono::steady_clock::time_point arrived{}; // When all of it, or its head, was there.

  /// The first of that name; null = none.
  [[nodiscard]] const std::string* parameter(std::string_view name) const;
  [[nodiscard]] const std::string* header(std::string_view lower_case_name) const;
};

inline constexpr std::string_view json_api_type = "application/vnd.api+json";
inline constexpr std::string_view json_type = "application/json";

struct answer {
  unsigned status = 200;
  std::string content_type{json_api_type};
  std::string body{};
  named_texts headers{};
  /// When set, it follows the body: appends the next piece to `out`; false = that was the last.
  /// Called on a worker, again only once the piece before is on its way; may wait up to a second
  /// for something to happen, and leaves `out` empty when nothing did.
  std::function<bool(std::string& out)> more{};
  /// With it, `more` need not wait: called after `more` had nothing to say, with a function to call
  /// once there may be something, from any thread, at once if there is already. Must not wait. A
  /// later call replaces the earlier. `more` is asked again without it too, about once a second.
  std::function<void(std::function<void()> wake)> await_news{};
  /// Whose turns `more` takes: at most half of the workers at a time are with one owner's streams.
  /// Only tells owners apart. Null = nobody's, who takes as many as there are.
  std::shared_ptr<const void> owner{};
};

/// Hands the answer in; to be called once, from any thread.
using reply = std::function<void(answer)>;

} // namespace gateway
