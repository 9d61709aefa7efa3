#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// What `fields[type]` may name (klaviyo-api.md, appendix B, and klaviyo-openapi.json for
/// flow-message, webhook-topic and the suppression jobs), `id` and nested names included; none for
/// another type. Names in `without` are left out with everything below them:
/// field_names("profile", {"subscriptions", "predictive_analytics"}).
std::vector<std::string> field_names(std::string_view type,
                                     std::initializer_list<std::string_view> without = {});

} // namespace gateway
