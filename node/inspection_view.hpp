#pragma once

#include <boost/json/object.hpp>

#include <array>
#include <string>
#include <string_view>

namespace node {

/// What actors can be ordered by, greatest first.
inline constexpr std::array<std::string_view, 7> inspection_columns{
  "waiting", "most", "messages", "rate", "busy", "running", "age"};

struct inspection_choice {
  std::string top{};    // One of the columns; empty = the tree.
  std::string filter{}; // Only actors whose name or kind has it, and those above them.
};

/// What GET /api/rollcall/inspection answered, for a terminal: partitions, builds, and the actors
/// as a tree or, by a column, as a list. Throws what Boost.JSON throws when it is something else.
std::string inspection_text(const boost::json::object& inspection, const inspection_choice& choice);

} // namespace node
