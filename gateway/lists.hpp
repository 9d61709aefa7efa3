#pragma once

#include "gateway/document.hpp"
#include "gateway/router.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Static lists and their members (klaviyo-api.md §2.10).
void add_list_routes(route_table& routes);

/// A list as the API has it. The engine keeps members under the name that the list first had; it
/// may be called otherwise since.
struct known_list {
  std::string id;
  std::string name;
  std::string engine_name;
  std::optional<std::string> created{};
  std::optional<std::string> updated{};
  std::optional<std::string> opt_in_process{};
};

/// Refuses with 404.
known_list find_list(const account& whose, std::string_view id);
/// Every list, in the order in which they came.
std::vector<known_list> all_lists(const account& whose);
/// By the definition that says so, which any number of them makes exact.
std::uint64_t count_members(const account& whose, const known_list& list);
resource list_resource(const known_list& list);

} // namespace gateway
