#include "node/command_note.hpp"

#include "gateway/door.hpp"

#include <fmt/format.h>

#include <unistd.h>

namespace node {

void note_command(gateway::audit_log& log, std::string_view command, unsigned status,
                  std::string_view about) {
  const auto who = fmt::format("uid:{}", ::getuid());
  log.add({.at = gateway::moment::now().calendar,
           .key_id = who,
           .method = "COMMAND",
           .route = command,
           .status = status,
           .about = about});
}

} // namespace node
