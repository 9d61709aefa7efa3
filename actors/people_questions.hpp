#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// What a PROFILE ACTOR is asked about the people of its partition, many at a time.
namespace actors {

struct show_profiles {
  std::vector<std::uint32_t> profiles; // Numbers.
};
struct profile_texts {
  std::vector<std::optional<std::string>> texts; // JSON, in the order asked; nothing = is gone.
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::show_profiles)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::profile_texts)
