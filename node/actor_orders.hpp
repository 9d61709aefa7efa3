#pragma once

#include "node/remote.hpp"

#include <functional>
#include <string>

namespace node {

/// What `rollcall inspect --url` is to do instead of showing: at most one of them.
struct actor_order {
  std::string log_level{};
  std::string restart{}; // Names of actors.
  std::string stop{};
  bool is_confirmed = false; // --yes
};

bool is_wanted(const actor_order& order);

/// Does it, and says so on standard output. Before an actor is restarted or stopped, `next_line`
/// has to give its name, unless that was confirmed beforehand.
exit_status carry_out(const actor_order& order, const common_options& common,
                      const remote_options& remote, const std::function<std::string()>& next_line);

/// As a part of a path.
std::string path_segment(std::string_view text);

} // namespace node
