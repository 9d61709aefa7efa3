#pragma once

#include "model/instant.hpp"

#include <string>

namespace gateway {

/// A ULID of this instant that nobody has: for jobs and webhooks.
std::string new_ulid(model::instant now);

} // namespace gateway
