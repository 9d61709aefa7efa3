#pragma once

#include "tests/segments/plain_evaluator.hpp"

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// The data files once more, read as plainly as possible and without messages/: what the program
/// answers is compared with what the plain evaluator says about these.
namespace node_tests {

/// People by external id.
using plain_account = std::map<std::string, plain::profile>;

/// Adds the records of NDJSON `lines`: events and profiles with location, properties, consent,
/// predictions and lists.
void add_lines(plain_account& account, std::string_view lines);

/// The text of a file, unpacked when it is gzip.
std::string unpacked(const std::filesystem::path& file);

/// External ids of the members of a definition at `now`, sorted. Throws when the definition has
/// mistakes.
std::vector<std::string> members_of(const plain_account& account, std::string_view definition,
                                    std::int64_t now_ms);

} // namespace node_tests
