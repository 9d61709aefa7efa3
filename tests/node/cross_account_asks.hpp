#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace node_tests {

/// What a key of one account asks a route for. In target and body, `$their.list` stands for the id
/// of the other account's list, `$our.list` for that of the asking one's.
struct cross_ask {
  std::string route; // Method and pattern, as in the table of routes.
  std::string target;
  std::string body{};
  /// 404, 400 where a body names what is not there, 403 for what the default account may; 2xx where
  /// nothing of the others is asked for, or a filter by it finds nothing.
  unsigned status = 404;
};

/// At least one for each route. Those that delete come last.
std::vector<cross_ask> cross_asks();

/// Ids by what they are called.
using names = std::map<std::string, std::string>;
/// `$our.` and `$their.` replaced by ids.
std::string filled(std::string text, const names& our, const names& their);
void replace_all(std::string& text, std::string_view from, std::string_view to);

/// False for routes whose answers change by themselves, or that stand for the whole server.
bool tells_of_account_only(std::string_view route);

} // namespace node_tests
