#pragma once

#include "gateway/filter.hpp"

#include <string_view>
#include <vector>

namespace gateway {

/// What is the same in a report of values and one of series.
struct report_family {
  std::string_view datasource; // "campaign"
  std::string_view scope;
  std::vector<std::string_view> statistics{};
  std::vector<std::string_view> group_by{}; // Everything that is allowed.
  std::vector<std::string_view> group_by_preset{};
  std::vector<std::string_view> group_by_needed{}; // When group_by is given.
  /// Groupings that may be asked for and of which nobody has any.
  std::vector<std::string_view> unknown_groups{};
  std::vector<filter_rule> filters{};
  bool has_conversion = false;
  bool has_pages = false;
  bool has_series = true;
  /// Related resources: name of the relationship, type, grouping.
  struct relation {
    std::string_view name;
    std::string_view type;
    std::string_view grouping;
  };
  std::vector<relation> relations{};
};

/// Of campaigns, flows, segments and forms (klaviyo-api.md §2.15).
std::vector<report_family> report_families();

} // namespace gateway
