#include "gateway/account.hpp"

#include "gateway/audit.hpp"
#include "gateway/intake.hpp"
#include "gateway/keys.hpp"
#include "gateway/leaving.hpp"

#include <utility>
#include <vector>

namespace gateway {

namespace {

struct farewell {
  std::mutex guard;
  std::vector<std::function<void(const account&)>> acts;
};

/// Deletes an account; whoever has a share in it finds the acts here.
struct leaving {
  std::shared_ptr<farewell> said = std::make_shared<farewell>();

  void operator()(account* whose) const {
    for (const auto& act : said->acts)
      act(*whose);
    delete whose;
  }
};

} // namespace

account::account() = default;
account::~account() = default;

std::shared_ptr<account> make_leaving_account() {
  return {new account, leaving{}};
}

bool at_leaving(const std::shared_ptr<account>& whose, std::function<void(const account&)> act) {
  const auto* how = std::get_deleter<leaving>(whose);
  if (!how)
    return false;
  const std::lock_guard lock{how->said->guard};
  how->said->acts.push_back(std::move(act));
  return true;
}

} // namespace gateway
