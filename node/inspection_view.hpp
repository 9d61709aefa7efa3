#pragma once

#include <boost/json/object.hpp>

#include <array>
#include <string>
#include <string_view>

namespace node {

/// What actors can be ordered by: texts from A to Z and empty ones last, numbers greatest first.
inline constexpr std::array<std::string_view, 10> inspection_columns{
  "actor", "kind", "waiting", "most", "messages", "rate", "busy", "running", "age", "error"};

struct inspection_choice {
  std::string top{};    // One of the columns; empty = the tree.
  std::string filter{}; // Only actors whose name or kind has it, and those above them.
};

/// What GET /api/rollcall/inspection answered, for a terminal: partitions, builds, and the actors
/// as a tree or, by a column, as a list. Throws what Boost.JSON throws when it is something else.
std::string inspection_text(const boost::json::object& inspection, const inspection_choice& choice);
/// The same answer with the actors of the choice, as a list unless all of them were chosen as they
/// are.
boost::json::object chosen(boost::json::object inspection, const inspection_choice& choice);

} // namespace node
