#pragma once

#include "gateway/collection.hpp"
#include "gateway/router.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Tags, their groups, and what bears them (klaviyo-api.md §2.13). Campaigns and flows bear tags by
/// their descriptions, so that reports know them; segments and lists by notes.
void add_tag_routes(route_table& routes);

/// Ids of the tags that a segment, list, campaign or flow bears.
std::vector<std::string> tag_ids_of(const account& whose, std::string_view type,
                                    std::string_view id);

/// Rules of a collection whose resources, of one type, may include their tags.
collection_rules including_tags(const call& c, const parsed_query& query, std::string_view type);

/// GET …/{id}/tags and …/{id}/relationships/tags of one type. `check` refuses when the thing is not
/// there.
void add_tagged_routes(route_table& routes, const std::string& type, const std::string& scope,
                       std::function<void(const call&)> check);

} // namespace gateway
