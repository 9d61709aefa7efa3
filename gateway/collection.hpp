#pragma once

#include "gateway/document.hpp"
#include "gateway/exchange.hpp"
#include "gateway/query.hpp"

#include <boost/json/value.hpp>

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

/// Collections that fit into memory: segments, lists, tags, campaigns and the like.
namespace gateway {

struct collection_rules {
  /// What a field of a filter stands for, where it is neither `id` nor an attribute by its path.
  std::function<std::optional<boost::json::value>(const resource&, std::string_view field)> field{};
  /// Adds what the query includes of one shown resource, and may fill in its relationships' data.
  std::function<void(resource&, included_resources&)> include{};
  std::string_view sort_preset = "id";
  bool shows_ids_only = false; // {type, id} of each.
};

/// Filters, sorts and pages `all` by what their attributes say. Text is compared byte by byte;
/// instants are told apart from text by the filter. A resource without the field comes last in
/// every order and passes no filter but a comparison that names nothing. Pages go on behind the
/// last resource's key, so that what comes or goes meanwhile shifts nothing.
answer collection_answer(const request& asked, const parsed_query& query, std::vector<resource> all,
                         const collection_rules& rules = {});

/// In the order of the query's sort; as they are without one.
void sort_resources(std::vector<resource>& all, const parsed_query& query);

/// Whether a resource passes every term.
bool passes(const resource& r, const std::vector<filter_term>& terms,
            const collection_rules& rules = {});

/// `{data: [{type, id}…], links}` of things that are related to one: all of them, on one page.
answer identifiers_answer(const request& asked, std::string_view type,
                          const std::vector<std::string>& ids);

} // namespace gateway
