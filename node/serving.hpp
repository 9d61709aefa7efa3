#pragma once

#include "gateway/accounts.hpp"
#include "gateway/door.hpp"
#include "gateway/operations.hpp"
#include "gateway/server.hpp"
#include "model/outcome.hpp"
#include "node/cluster_member.hpp"
#include "node/settings.hpp"

#include <memory>
#include <string>

namespace node {

/// Everything that `rollcall serve` has running: the accounts, their door and routes, and the
/// server before them.
class serving {
public:
  static model::outcome<std::unique_ptr<serving>> start(const serve_settings& wanted);
  /// Stops in order.
  ~serving();
  serving(const serving&) = delete;
  serving& operator=(const serving&) = delete;

  /// "http://127.0.0.1:8787"
  [[nodiscard]] const std::string& url() const {
    return url_;
  }
  model::status reload_certificate();

  [[nodiscard]] gateway::accounts& accounts() {
    return *accounts_;
  }
  [[nodiscard]] const gateway::route_table& routes() const {
    return *routes_;
  }
  [[nodiscard]] const gateway::server& server() const {
    return *server_;
  }

private:
  serving() = default;
  model::status open_accounts(const serve_settings& wanted);
  model::status join(const serve_settings& wanted, const gateway::dispatcher& dispatch);

  std::unique_ptr<cluster_member> member_; // Null = the server is by itself.
  std::unique_ptr<gateway::accounts> accounts_;
  std::unique_ptr<gateway::doorkeeper> doorkeeper_;
  std::unique_ptr<gateway::operations> operations_;
  std::shared_ptr<const gateway::route_table> routes_;
  std::unique_ptr<gateway::server> server_;
  std::unique_ptr<gateway::server> for_peers_; // Behind the peer tunnel.
  std::string url_;
};

} // namespace node
