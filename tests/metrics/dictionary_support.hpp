#pragma once

#include "metrics/dictionary.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dictionary_support {

/// The file that a test adds to the standard ones.
inline constexpr std::string_view my_file = "mine.toml";

/// The standard files and one more.
metrics::dictionary_result with_mine(std::string_view text);

/// The standard dictionary, with one more file if there is one. The test fails when it has faults.
metrics::dictionary standard(std::string_view mine = {});

/// `file:line: message` of every fault, a line each.
std::string told(const std::vector<metrics::dictionary_fault>& faults);

/// `[table]` and three lines with the facts that every entry has; `rest` begins on line 5.
std::string entry(std::string_view table, std::string_view rest);

/// Whether a fault of `my_file` at that line tells `part`.
bool tells(const metrics::dictionary_result& result, unsigned line, std::string_view part);

} // namespace dictionary_support
