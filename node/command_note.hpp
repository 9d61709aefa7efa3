#pragma once

#include "gateway/audit.hpp"

#include <string_view>

namespace node {

/// Tells an account's audit log what a command did in the account's directory, as a server tells it
/// what a key did: which command, the status with which a server would have answered, and the key
/// or account that it is about.
void note_command(gateway::audit_log& log, std::string_view command, unsigned status,
                  std::string_view about);

} // namespace node
