#include "node/service_manager.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace node {

void tell_service_manager(std::string_view state) {
  const char* named = std::getenv("NOTIFY_SOCKET");
  const std::string_view path = named != nullptr ? named : "";
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < 2 || path.size() >= sizeof address.sun_path
      || (path[0] != '/' && path[0] != '@'))
    return;
  std::ranges::copy(path, address.sun_path);
  if (path[0] == '@') // Of the abstract name space, whose names begin with zero.
    address.sun_path[0] = '\0';
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool is_told = socket >= 0
                    && ::sendto(socket, state.data(), state.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), length)
                         == static_cast<ssize_t>(state.size());
  if (!is_told)
    spdlog::warn("serve: cannot tell the service manager {}: {}", state, std::strerror(errno));
  if (socket >= 0)
    ::close(socket);
}

} // namespace node
