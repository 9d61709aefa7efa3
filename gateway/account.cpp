#include "gateway/account.hpp"

#include "gateway/audit.hpp"
#include "gateway/intake.hpp"
#include "gateway/keys.hpp"

namespace gateway {

account::account() = default;
account::~account() = default;

} // namespace gateway
