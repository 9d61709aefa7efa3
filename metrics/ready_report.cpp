#include "metrics/ready_report.hpp"

#include "segments/json_reader.hpp"

#include <algorithm>

namespace metrics {

std::optional<std::string> request_with(std::string_view request, std::string_view changes,
                                        std::vector<segments::definition_error>& errors) {
  using segments::json_kind;
  auto base = segments::read_json(request, errors);
  auto wanted = segments::read_json(changes, errors);
  if (!base || !wanted)
    return std::nullopt;
  if (base->kind != json_kind::object || wanted->kind != json_kind::object) {
    errors.push_back({"", segments::shortened(*wanted), "an object with fields of a request"});
    return std::nullopt;
  }
  const auto remove = [&](std::string_view key) {
    std::erase_if(base->members, [&](const auto& m) { return m.key == key; });
  };
  // An order goes with the columns that it names.
  const bool has_other_columns = wanted->find("statistics") || wanted->find("group_by")
                              || wanted->find("rollups");
  if (has_other_columns)
    remove("order");
  for (auto& change : wanted->members) {
    remove(change.key);
    if (change.key == "group_by")
      remove("rollups");
    if (change.key == "rollups")
      remove("group_by");
    if (change.value.kind != json_kind::null)
      base->members.push_back(std::move(change));
  }
  return segments::json_text(*base);
}

} // namespace metrics
