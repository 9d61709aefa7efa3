#pragma once

#include "node/serving.hpp"
#include "tests/gateway/client.hpp"
#include "tests/node/program.hpp"

#include <boost/json/value.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace node_tests {

/// An account and what somebody else should never hear of it.
struct shop {
  std::string mark; // Stands in every name and text of it.
  std::shared_ptr<gateway::account> account;
  std::string key;
  std::map<std::string, std::string> ids; // By kind: "list", "profile", …
};

struct heard {
  unsigned status = 0;
  std::string text;
  boost::json::value body{}; // Null when it is no JSON.
};

/// `rollcall serve` in this process, with two accounts that have something of every kind, under
/// different names. Neither is the default one.
class two_accounts {
public:
  two_accounts();

  /// Requests have all the same id, and so have errors.
  [[nodiscard]] heard ask(const shop& by, std::string_view method, std::string_view target,
                          std::string_view body = {}) const;

  [[nodiscard]] node::serving& running() const {
    return *running_;
  }

  shop ours;
  shop theirs;

private:
  shop open(std::string_view mark, int people);
  void fill(shop& s, int people);
  void note_what_was_sent(shop& s) const;
  /// Makes something, and notes its id.
  std::string make(shop& s, const std::string& kind, std::string_view target,
                   const std::string& body) const;
  void want(const shop& s, std::string_view method, std::string_view target,
            const std::string& body) const;

  scratch_directory scratch_;
  std::unique_ptr<node::serving> running_;
};

/// Ids of the same shapes that nobody has.
std::map<std::string, std::string> ids_of_nothing(const shop& like);

} // namespace node_tests
