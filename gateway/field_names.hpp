#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// What `fields[type]` may name (klaviyo-api.md, appendix B), `id` and nested names included; none
/// for a type that appendix B does not have. Names in `without` are left out with everything below
/// them: field_names("profile", {"subscriptions", "predictive_analytics"}).
std::vector<std::string> field_names(std::string_view type,
                                     std::initializer_list<std::string_view> without = {});

} // namespace gateway
