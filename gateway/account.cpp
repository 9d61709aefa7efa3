#include "gateway/account.hpp"

namespace gateway {

/// Nothing gathers changes yet, so `account::changes` stays empty. Its own header takes the place
/// of this line.
class intake {};

account::account() = default;
account::~account() = default;

} // namespace gateway
