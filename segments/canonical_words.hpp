#pragma once

#include "segments/definition.hpp"

#include <string_view>

namespace segments {

/// The words of the canonical text. Ids hang on them: add, never rename.
std::string_view word(comparison op);
std::string_view word(text_operator op);
std::string_view word(list_operator op);
std::string_view word(date_operator op);
std::string_view word(date_unit unit);
std::string_view word(measure what);
std::string_view word(channel on);
std::string_view word(subscription state);
std::string_view word(reachability status);
std::string_view word(region area);

} // namespace segments
