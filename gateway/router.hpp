#pragma once

#include "gateway/account.hpp"
#include "gateway/errors.hpp"
#include "gateway/exchange.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// A request that was let in: it is known who asks and for which account.
struct call {
  request asked;
  std::vector<std::string> captured; // What `{…}` of the pattern stood for, in order.
  std::shared_ptr<account> whose;    // Null for routes that belong to no account.
  std::string key_id;                // Of the key that it came with; empty = none, or a public one.
};

/// Waits for its answer on a worker thread. May throw a refusal.
using plain_handler = std::function<answer(const call&)>;
/// Answers later, from any thread. May throw a refusal before it returns, and must not use `reply`
/// then.
using async_handler = std::function<void(std::shared_ptr<const call>, reply)>;

enum class entrance : std::uint8_t {
  private_key, // Authorization: Klaviyo-API-Key pk_…
  public_key,  // company_id in the query; for browsers.
  open,        // For probes.
};

struct route {
  std::string method;
  std::string pattern;             // "/api/segments/{id}/profiles"
  std::vector<std::string> scopes; // All of them are needed: "segments:read".
  async_handler act;
  entrance by = entrance::private_key;
  std::string tier = "L"; // Of rate limits, klaviyo-api.md §1.7.
};

/// All routes. Filled while starting, then only read.
class route_table {
public:
  void add(route r);
  /// The usual case.
  void add(std::string_view method, std::string_view pattern, std::vector<std::string> scopes,
           plain_handler act, std::string_view tier = "L");

  /// What a resource has to do once for each account, before anybody asks. May throw a refusal.
  using opening = std::function<void(const std::shared_ptr<account>&)>;
  void at_opening(opening act);
  /// To be called once for each account that begins to serve; what fails is logged.
  void open(const std::shared_ptr<account>& whose) const;
  /// The same, for an account that is dismissed.
  void at_closing(opening act);
  void close(const std::shared_ptr<account>& whose) const;

  struct match {
    const route* found = nullptr; // Null = none.
    std::vector<std::string> captured{};
    std::vector<std::string> allowed{}; // Methods of the path when this one is none of them.
  };
  [[nodiscard]] match find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<std::unique_ptr<route>>& all() const {
    return routes_;
  }

private:
  std::vector<std::unique_ptr<route>> routes_;
  std::vector<opening> openings_;
  std::vector<opening> closings_;
};

} // namespace gateway
