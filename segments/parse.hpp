#pragma once

#include "model/outcome.hpp"
#include "segments/definition.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace segments {

/// Bounds of one definition, so that no text can hold up or exhaust the reader.
inline constexpr std::size_t definition_bytes_max = 1 << 20;
/// How deep all_of, any_of, none_of and segments in segments may nest.
inline constexpr std::size_t expression_depth_max = 64;
/// Conditions and boolean nodes, those of segments that are folded in counted at each place.
inline constexpr std::size_t expression_nodes_max = 10'000;

/// One mistake in a definition.
struct definition_error {
  std::string pointer; // JSON pointer to the exact place, "" = the whole document.
  std::string found;   // What stands there, shortened.
  std::string allowed; // What may stand there.
};

/// What the parser asks the account about.
struct parse_context {
  /// Name of the metric with this id or name; nothing = unknown, then the text is taken as a name
  /// that has no events yet.
  std::function<std::optional<std::string>(std::string_view)> metric_name;
  /// The same for static lists.
  std::function<std::optional<std::string>(std::string_view)> list_name;
  /// JSON definition and canonical id of the segment with this id or name; nothing = unknown (an
  /// error).
  struct referred {
    std::string id;
    std::string name;
    std::string json;
  };
  std::function<std::optional<referred>(std::string_view)> segment;
  /// Id and name of the segment being defined, for the cycle check; empty for a preview.
  std::string self_id{};
  std::string self_name{};
};

struct parse_result {
  std::optional<definition> rule; // Nothing when there are errors.
  std::vector<definition_error> errors;
};

/// Reads Klaviyo's form (`condition_groups`) or the wider one (`all_of`, `any_of`, `none_of` at any
/// depth, `{"segment": …}`, conditions of both). Collects every error. Total: never throws on any
/// text.
parse_result parse_definition(std::string_view json, const parse_context& context);

/// All errors as lines: `/condition_groups/0/conditions/1/filter/operator: found "eq"; allowed:
/// "equals", …`.
std::string describe(const std::vector<definition_error>& errors);

} // namespace segments
