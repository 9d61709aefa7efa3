#pragma once

#include "gateway/account.hpp"

#include <functional>
#include <memory>

namespace gateway {

/// An account that says when it goes.
std::shared_ptr<account> make_leaving_account();

/// Calls `act` once, when nobody holds the account any more and everything in it is still there.
/// False for an account that does not say when it goes.
bool at_leaving(const std::shared_ptr<account>& whose, std::function<void(const account&)> act);

} // namespace gateway
