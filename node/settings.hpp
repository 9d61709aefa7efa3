#pragma once

#include "gateway/operations.hpp"
#include "gateway/rate_limit.hpp"
#include "gateway/server.hpp"

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace node {

/// Everything that `rollcall serve` can be told.
struct serve_settings {
  std::filesystem::path data;
  gateway::server_options server;
  gateway::limit_setting limits;
  bool is_open = false; // No keys are asked for.
  gateway::figures_for figures = gateway::figures_for::loopback;
  std::string log = "info";
  std::filesystem::path cluster; // Empty = this server is by itself.
  std::string node;              // Its name in the cluster.
};

/// One setting under its one name: `tls-key` is the flag `--tls-key`, the environment variable
/// `ROLLCALL_TLS_KEY` and the key `tls-key` of a file.
struct setting {
  std::string_view name;
  std::string_view type_name; // Empty = a flag.
  std::string otherwise;      // The value when nobody gives one.
  std::string_view purpose;
  std::string_view allowed;
  /// Puts the value in; false = it is none that is allowed.
  std::function<bool(std::string_view text, serve_settings& into)> take;
};

/// In the order in which they are shown. `config`, the file of settings, is none of them.
const std::vector<setting>& all_settings();

struct setting_in_force {
  std::string name;
  std::string value;
  std::string origin; // "--listen", "ROLLCALL_LISTEN", "rollcall.toml:3", "default".
};

struct gathered_settings {
  serve_settings made;
  std::vector<setting_in_force> in_force;
  std::vector<std::string> faults;   // Each begins with where it came from.
  std::vector<std::string> warnings; // What looks like a setting and is none.
};

/// Environment variables by name.
using environment = std::map<std::string, std::string, std::less<>>;
environment process_environment();

/// Flags beat the environment, that beats the file that `config` names, that beats what is usual.
/// What is beaten is checked nevertheless. `flags` are by the names of settings.
gathered_settings gather_settings(const std::map<std::string, std::string>& flags,
                                  const environment& around);

} // namespace node
