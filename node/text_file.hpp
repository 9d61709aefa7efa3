#pragma once

#include "model/outcome.hpp"

#include <string>

namespace node {

/// The whole of a file, or of standard input for `-`.
model::outcome<std::string> text_of(const std::string& file);

} // namespace node
