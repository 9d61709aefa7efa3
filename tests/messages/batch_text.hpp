#pragma once

#include "model/change.hpp"

#include <string>
#include <string_view>

/// What the tests of messages/ share.
namespace messages_test {

/// A batch to read and compare, one record a line: its kind and name, who, and in braces its
/// properties or attributes in the order in which they stand. Arena and name numbers do not show.
std::string shown(const model::change_batch& batch);

/// The records that a few lines of NDJSON make, shown; or their errors, `! line, field: reason`.
std::string read_and_shown(std::string_view lines);

} // namespace messages_test
