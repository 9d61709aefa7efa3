#pragma once

#include "gateway/exchange.hpp"
#include "gateway/fair_queue.hpp"
#include "gateway/router.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

namespace gateway {

/// What the door says about a request.
struct admission {
  std::optional<answer> refused{}; // Nothing = let in.
  named_texts headers{};           // For the answer, whoever gives it.
};

/// Asked before the handler, on a worker. Fills `whose` and `key_id` of the call it lets in. May
/// throw a refusal.
using door = std::function<admission(const route&, call&)>;

/// A request whose answer is on its way. Texts live as long as the call that tells of it.
struct finished_request {
  std::string_view method;  // "other" when it is none that we know.
  std::string_view pattern; // Of the route, never the path itself; empty = there is none.
  unsigned status = 0;
  std::chrono::nanoseconds took{};
  std::string_view id;
  std::string_view account;  // Empty = none, or not known.
  const route* to = nullptr; // Null = there is none.
  const call* asked = nullptr;
};

/// From a request to its route's handler. What a server calls; copies share everything.
class dispatcher {
public:
  /// `told` hears of every request once, on the thread that answers. `bounds`: how many requests of
  /// one account may be with handlers at once, on the server's workers and a few of the
  /// dispatcher's own; whatever is beyond them is answered with 429.
  dispatcher(std::shared_ptr<const route_table> routes, door let_in,
             std::function<void(const finished_request&)> told = {}, fair_bounds bounds = {});

  void operator()(request asked, reply done) const;

private:
  struct parts;
  class exchange;
  std::shared_ptr<parts> parts_;
};

} // namespace gateway
