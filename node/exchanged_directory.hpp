#pragma once

#include "model/outcome.hpp"

#include <cstdint>
#include <filesystem>

namespace node {

/// A directory that is replaced wholly: after a crash there is the old one or the new one. The new
/// one is got ready at `being_made`; where a crash came in between, `finish_exchange` finds out.
std::filesystem::path being_made(const std::filesystem::path& directory);

enum class old_directory : std::uint8_t { removed, set_aside };

/// Puts what is at `being_made`, durable already, in the place of the directory. One that is set
/// aside stays beside it, under a name with the time.
model::status exchange_directory(const std::filesystem::path& directory, old_directory what);

/// Before a directory is opened: finishes an exchange that was begun, or takes it back.
model::status finish_exchange(const std::filesystem::path& directory);

} // namespace node
