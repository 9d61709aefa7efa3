#pragma once

#include "segments/parse.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// What the tests of the definitions side share.
namespace definition_support {

/// The text of a file in tests/segments/.
std::string file_text(const std::string& name);

/// Lines without their ends.
std::vector<std::string> lines_of(const std::string& text);

/// Klaviyo's published conditions by name, from the shared reference; nothing (and a loud message)
/// when it is not beside the checkout.
std::map<std::string, std::string> klaviyo_examples();

/// The conditions that golden/canonical.txt pins, as JSON. They cover every condition and filter.
std::vector<std::string> golden_definitions();

/// An account that knows the metric "Placed Order" as PLCORD, the list "Newsletter" as NWSLTR and
/// these segments, by id or name: each {id, name, JSON}.
segments::parse_context account_with(std::vector<segments::parse_context::referred> known = {});

/// The canonical texts of the criteria of a valid definition; fails the test for another.
std::vector<std::string> canonical_texts(std::string_view json);

} // namespace definition_support
