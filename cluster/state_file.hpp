#pragma once

#include "model/outcome.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace cluster {

/// Replaces a small file wholly and durably: after a crash there is the old content or the new.
model::status write_state(const std::filesystem::path& file, std::string_view bytes);

/// Empty = there is no such file.
model::outcome<std::string> read_state(const std::filesystem::path& file);

} // namespace cluster
