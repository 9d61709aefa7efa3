#pragma once

#include "model/outcome.hpp"

#include <rollcall/rollcall.hpp>

#include <string>
#include <vector>

namespace node {

/// Segments as `segment create --many` takes them: one a line, {"name":"Buyers","definition":{…}};
/// empty lines are passed over. Definitions keep their spelling. Fails with the first line that
/// cannot be read.
model::outcome<std::vector<rollcall::new_segment>> read_segments(const std::string& text);

} // namespace node
