#pragma once

#include <string_view>

namespace node {

/// Tells the service manager that started the program how it is: "READY=1", "STOPPING=1"
/// (sd_notify(3)). Does nothing where the environment's NOTIFY_SOCKET names no socket.
void tell_service_manager(std::string_view state);

} // namespace node
