#include "actors/document_check.hpp"

#include "segments/json_reader.hpp"
#include "storage/keyspaces.hpp"

#include <fmt/format.h>

#include <vector>

namespace actors {

namespace {

using model::failure;
using model::failure_code;

model::status check_name(std::string_view what, std::string_view name) {
  constexpr auto bytes_max = storage::short_text::bytes_max;
  if (name.empty() || name.size() > bytes_max)
    return failure{failure_code::invalid_input,
                   fmt::format("a document's {} of {} bytes: 1 to {} are possible", what,
                               name.size(), bytes_max)};
  if (name.find('\0') != std::string_view::npos)
    return failure{failure_code::invalid_input,
                   fmt::format("a document's {} holds a zero byte; any other is possible", what)};
  return model::nothing{};
}

} // namespace

model::status check_document_kind(std::string_view kind) {
  return check_name("kind", kind);
}

model::status check_document_id(std::string_view id) {
  return check_name("id", id);
}

model::status check_document_json(std::string_view json) {
  if (json.size() > document_bytes_max)
    return failure{failure_code::invalid_input,
                   fmt::format("a document of {} bytes: at most {} are possible", json.size(),
                               document_bytes_max)};
  std::vector<segments::definition_error> errors;
  if (!segments::read_json(json, errors))
    return failure{failure_code::invalid_input,
                   fmt::format("a document has to be valid JSON: {}", segments::describe(errors))};
  return model::nothing{};
}

} // namespace actors
