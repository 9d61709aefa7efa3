#pragma once

#include "model/outcome.hpp"

#include <cstddef>
#include <string_view>

namespace actors {

inline constexpr std::size_t document_bytes_max = std::size_t{1} << 20;

/// What keeps these from naming documents of the account: `invalid_input`, with what is allowed.
model::status check_document_kind(std::string_view kind);
model::status check_document_id(std::string_view id);
/// The same for what a document holds.
model::status check_document_json(std::string_view json);

} // namespace actors
